"""Small datasets made by hand: three wallets, two markets of one group and one alone, times in whole seconds."""

from typing import Any

import polars as pl

from whaletrader.datasets.schema import NO_ID, TABLES
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.universe.source import FrameSource

DAY_S = 86_400
START_S = 1_775_433_600
"""2026-04-06T00:00Z."""
LEADER, OTHER, THIRD = (f"0x{digit * 40}" for digit in "abc")
MARKETS = tuple(f"0x{number:064x}" for number in (1, 2, 3))
TOKENS = tuple(str(100 + number) for number in range(6))
"""Outcome 0 and 1 of each market in turn."""


def at(seconds: float) -> int:
    """Nanoseconds of a time given in seconds since the start."""
    return (START_S * NANOS) + round(seconds * NANOS)


def frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A canonical table."""
    return pl.DataFrame(rows, schema=TABLES[table]).select(list(TABLES[table]))


def trade(seconds: float, wallet: int, token: int, price: float, size: float = 10.0, **other: Any) -> dict[str, Any]:
    """One fill; `sell=True`, `transaction=…`, `dup_rank=…` and so on by name."""
    sell = other.pop("sell", False)
    row = {
        "ts": at(seconds),
        "wallet": wallet,
        "token": token,
        "market": token // 2,
        "outcome_index": token % 2,
        "side": int(sell),
        "role": -1,
        "price_micro": round(price * MICRO),
        "size_micro": round(size * MICRO),
        "fee_micro": None,
        "transaction": NO_ID,
        "dup_rank": 0,
        "source": 0,
        "source_row": 0,
    }
    return row | other


def signal(seconds: float, wallet: int, token: int, price: float, *, seen: float = 0.0) -> dict[str, Any]:
    """One position found by polling."""
    return {
        "ts": at(seconds),
        "prev_seen_ts": at(seen),
        "wallet": wallet,
        "token": token,
        "market": token // 2,
        "outcome_index": token % 2,
        "size_micro": 5 * MICRO,
        "avg_price_micro": round(price * MICRO),
        "price_micro": round(price * MICRO),
        "source": 0,
        "source_row": 0,
    }


def market(number: int, *, resolved_s: float | None = None, payout: float | None = None) -> dict[str, Any]:
    """One market; resolved where a time is given."""
    return {
        "market": number,
        "condition_id": MARKETS[number],
        "slug": f"market-{number}",
        "question": f"Question {number}?",
        "category": "sports",
        "event_group": "group" if number < 2 else MARKETS[number],
        "neg_risk": number < 2,
        "tick_micro": 10_000,
        "min_order_micro": 5 * MICRO,
        "start_ts": None,
        "end_ts": None,
        "resolved": resolved_s is not None,
        "payout0_micro": None if payout is None else round(payout * MICRO),
        "resolved_ts": None if resolved_s is None else at(resolved_s),
        "resolved_ts_kind": "exact" if resolved_s is not None else "unknown",
    }


def dataset(
    trades: list[dict[str, Any]],
    signals: list[dict[str, Any]] | None = None,
    markets: list[dict[str, Any]] | None = None,
    **others: list[dict[str, Any]],
) -> FrameSource:
    """A dataset in memory; markets that are not given are unresolved."""
    given = {row["market"]: row for row in markets or []}
    wallets = [
        {"wallet": code, "address": address, "truncated": False, "truncation_reason": ""}
        for code, address in enumerate((LEADER, OTHER, THIRD))
    ]
    tokens = [
        {"token": code, "token_id": token_id, "market": code // 2, "outcome_index": code % 2, "outcome": "Yes"}
        for code, token_id in enumerate(TOKENS)
    ]
    tables = {
        "wallets": frame("wallets", wallets),
        "markets": frame("markets", [given.get(number, market(number)) for number in range(3)]),
        "tokens": frame("tokens", tokens),
        "transactions": frame("transactions", [{"transaction": n, "tx_hash": f"0x{n:02x}"} for n in range(10)]),
        "fee_schedules": frame("fee_schedules", others.pop("fee_schedules", [])),
        "trades": frame("trades", trades).sort("ts", maintain_order=True),
        "signals": frame("signals", signals or []).sort("ts", maintain_order=True),
    }
    tables |= {name: frame(name, rows) for name, rows in others.items()}
    return FrameSource(tables, "by hand")
