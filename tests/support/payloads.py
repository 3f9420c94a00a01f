"""Payloads with plausible defaults, so that a test names only what matters to it."""

from whaletrader.messages.leaders import CopySignal, LeaderScore, WhaleDiscovered
from whaletrader.messages.market import (
    MarketDataUpdate,
    MarketResolved,
    MarketTerms,
    WhalePositionChanged,
    WhaleTradeObserved,
)
from whaletrader.messages.orders import OrderFilled, SettlementUpdated
from whaletrader.messages.risk import OperatorCommand

ACCOUNT = "paper"
MARKET = "0x" + "a1" * 32
YES, NO = "1001", "1002"
ALICE, BOB = "0x" + "aa" * 20, "0x" + "bb" * 20
UNIT = 1_000_000


def terms(**changes):
    values = {
        "event_group_id": "group",
        "token_ids": (YES, NO),
        "category": "crypto",
        "market_version": "v1",
        "neg_risk": False,
        "tick_micro": 10_000,
        "min_order_micro": 5_000_000,
        "fee_rate_micro": 70_000,
        "fee_exponent": 1,
        "fee_times_price": False,
        "fee_provenance": "worst_case",
        "end_ts": -1,
    }
    return MarketTerms(**{**values, **changes})


def market_data(**changes):
    values = {
        "market_id": MARKET,
        "token_id": YES,
        "outcome_index": 0,
        "price_micro": 500_000,
        "bid_micro": -1,
        "ask_micro": -1,
        "bid_size_micro": -1,
        "ask_size_micro": -1,
        "quote_assumed": True,
        "print_wallet": "0x" + "cc" * 20,
        "terms": terms(),
        "segment_id": "segment",
        "row": 0,
    }
    values["quote_assumed"] = "bid_micro" not in changes and "ask_micro" not in changes
    return MarketDataUpdate(**{**values, **changes})


def observed(**changes):
    values = {
        "kind": "fill",
        "wallet": ALICE,
        "market_id": MARKET,
        "token_id": YES,
        "outcome_index": 0,
        "side": "BUY",
        "role": "taker",
        "price_micro": 500_000,
        "size_micro": 100 * UNIT,
        "tx_hash": "0x01",
        "prev_seen_ts": 0,
        "segment_id": "segment",
        "row": 0,
    }
    return WhaleTradeObserved(**{**values, **changes})


def changed(**changes):
    values = {
        "kind": "fill",
        "wallet": ALICE,
        "market_id": MARKET,
        "token_id": YES,
        "outcome_index": 0,
        "change": "MERGE",
        "side": "SELL",
        "size_micro": 100 * UNIT,
        "tx_hash": "0x02",
        "segment_id": "changes",
        "row": 0,
    }
    return WhalePositionChanged(**{**values, **changes})


def resolved(**changes):
    values = {"market_id": MARKET, "event_group_id": "group", "token_ids": (YES, NO), "payouts_micro": (UNIT, 0)}
    return MarketResolved(**{**values, **changes})


def score(**changes):
    values = {
        "wallet": ALICE,
        "kind": "fill",
        "verdict": "MODERATE_SKILL",
        "n_bets": 40,
        "n_groups": 30,
        "edge_micro": 60_000,
        "edge_lower_micro": 10_000,
        "edge_upper_micro": 110_000,
        "edge_shrunk_micro": 40_000,
        "psr_micro": 960_000,
        "rank": 1,
    }
    return LeaderScore(**{**values, **changes})


def discovered(**changes):
    own = score(**changes)
    return WhaleDiscovered(wallet=own.wallet, kind=own.kind, score=own, as_of_ts=0)


def copy_signal(**changes):
    values = {
        "wallet": ALICE,
        "kind": "fill",
        "market_id": MARKET,
        "token_id": YES,
        "event_group_id": "group",
        "side": "BUY",
        "leader_price_micro": 500_000,
        "leader_size_micro": 100 * UNIT,
        "reference_price_micro": 510_000,
        "edge_micro": 40_000,
        "exit_size_micro": 0,
    }
    return CopySignal(**{**values, **changes})


def filled(**changes):
    values = {
        "account_id": ACCOUNT,
        "order_hash": "0x0a",
        "approval_id": "approval",
        "trade_id": "trade",
        "wallet": ALICE,
        "kind": "fill",
        "market_id": MARKET,
        "token_id": YES,
        "event_group_id": "group",
        "side": "BUY",
        "price_micro": 500_000,
        "size_micro": 100 * UNIT,
        "fee_micro": 0,
        "role": "taker",
        "reference_price_micro": 500_000,
        "final": True,
    }
    return OrderFilled(**{**values, **changes})


def settled(**changes):
    values = {
        "account_id": ACCOUNT,
        "order_hash": "0x0a",
        "trade_id": "trade",
        "market_id": MARKET,
        "token_id": YES,
        "status": "CONFIRMED",
        "size_micro": 100 * UNIT,
        "cash_micro": 0,
    }
    return SettlementUpdated(**{**values, **changes})


def operator(command, argument=""):
    return OperatorCommand(account_id=ACCOUNT, command=command, argument=argument, operator="up")
