"""What the paper exchange leaves on the chain, read back by the decoder of real logs; failures and reorganisations."""

import msgspec
import pytest

from tests.support.venue_orders import CONDITION, NO, START, YES, Orders, market, wallet
from whaletrader.adapters.paper.server.abi import data, topics, word
from whaletrader.adapters.paper.server.edge import Request
from whaletrader.adapters.paper.server.relayer import Relayer, Transaction
from whaletrader.adapters.paper.server.settlement_logs import FEE_RECEIVER, settling_contract
from whaletrader.adapters.paper.server.types import (
    BlockMined,
    BlockRemoved,
    PositionMoved,
    Refusal,
    SettlementFaults,
    TradeState,
    TradeUpdated,
    VenueRules,
)
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.datasets.decode.chain_logs import decode_logs
from whaletrader.datasets.decode.rows import (
    ChainResolution,
    FeeCharge,
    MatchSummary,
    PositionChange,
    TokenTransfer,
    VenueFill,
)
from whaletrader.domain.event_topics import TOPICS, ChainEvent
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.domain.venue_contracts import VenueContract

SECOND = NANOS


def make(faults=None, markets=None):
    rules = VenueRules(genesis_ns=START, faults=faults or SettlementFaults(), seed=7)
    venue, told = Venue(rules), []
    venue.listen(told.append)
    for each in markets or [market()]:
        venue.add_market(each, START)
    for number in (1, 2, 3):
        venue.open_account(wallet(number), cash_micro=1_000 * MICRO)
        venue.deposit(wallet(number), tokens={YES: 500 * MICRO, NO: 500 * MICRO})
    return venue, told


def as_json(logs):
    """Logs as a node tells them."""
    rows = []
    for log in logs:
        row = {"address": log.address, "topics": log.topics, "data": log.data, "transactionHash": log.transaction_hash}
        row |= {"blockNumber": hex(log.block), "logIndex": hex(log.log_index), "removed": log.removed}
        rows.append(row | {"blockHash": log.block_hash, "transactionIndex": hex(log.transaction_index)})
    return msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "result": rows})


def decoded(logs):
    found = decode_logs(as_json(logs))
    return list(found.rows), found.rejects


def of(rows, kind):
    return [row for row in rows if isinstance(row, kind)]


def traded(venue, orders):
    """Wallet 3 sweeps a seller of YES and a buyer of NO."""
    venue.place(orders.limit(1, "SELL", YES, 0.5, 10), START)
    venue.place(orders.limit(2, "BUY", NO, 0.45, 20), START)
    placed = venue.place(orders.limit(3, "BUY", YES, 0.6, 30), START)
    venue.advance(START + 10 * SECOND)
    return venue.trades[placed.trade_ids[0]]


def test_a_match_is_read_back_from_its_logs_leg_by_leg():
    venue, _ = make()
    trade = traded(venue, Orders())
    block, logs = venue.receipt(trade.transaction_hash)
    rows, rejects = decoded(logs)
    assert rejects == ()
    fills = of(rows, VenueFill)
    assert [
        (fill.wallet, fill.token_id, fill.side, fill.price_micro, fill.size_micro, fill.role) for fill in fills
    ] == [
        (wallet(1), YES, "SELL", 500_000, 10 * MICRO, "maker"),
        (wallet(2), NO, "BUY", 450_000, 20 * MICRO, "maker"),
        (wallet(3), YES, "BUY", 533_333, 30 * MICRO, "taker"),
    ]
    assert [fill.order_hash for fill in fills] == [*(each.order_id for each in trade.makers), trade.taker_order_id]
    assert fills[2].fee_micro == trade.fee_micro > 0
    assert {fill.block for fill in fills} == {block.number, trade.block}
    assert sum(row.amount_micro for row in of(rows, FeeCharge)) == trade.fee_micro
    summary = of(rows, MatchSummary)
    assert [(row.wallet, row.given_micro, row.received_micro) for row in summary] == [
        (wallet(3), trade.cash_micro, 30 * MICRO)
    ]
    assert [(row.kind, row.amount_micro) for row in of(rows, PositionChange)] == [("SPLIT", 20 * MICRO)]


def test_shares_in_the_logs_add_up_to_the_balances():
    venue, told = make()
    traded(venue, Orders())
    held = {(wallet(number), token): 500 * MICRO for number in (1, 2, 3) for token in (YES, NO)}
    logs = [log for event in told if isinstance(event, BlockMined) for log in event.block.logs]
    for move in of(decoded(logs)[0], TokenTransfer):
        held[move.sender, move.token_id] = held.get((move.sender, move.token_id), 0) - move.amount_micro
        held[move.receiver, move.token_id] = held.get((move.receiver, move.token_id), 0) + move.amount_micro
    for number in (1, 2, 3):
        for token in (YES, NO):
            assert held[wallet(number), token] == venue.accounts[wallet(number)].tokens.get(token, 0)


def test_a_resolution_is_read_back():
    venue, told = make()
    venue.resolve(CONDITION, (0, MICRO), START)
    venue.advance(START + 5 * SECOND)
    logs = [log for event in told if isinstance(event, BlockMined) for log in event.block.logs]
    rows, rejects = decoded(logs)
    assert rejects == ()
    assert [(row.market_id, row.payouts_micro) for row in of(rows, ChainResolution)] == [(CONDITION, (0, MICRO))]


@pytest.mark.parametrize("neg_risk", [False, True])
def test_splits_merges_and_redemptions_move_money_and_are_read_back(neg_risk):
    venue, told = make(markets=[market(neg_risk=neg_risk)])
    venue.split(wallet(1), CONDITION, 100 * MICRO, START)
    venue.advance(START + 3 * SECOND)
    assert venue.accounts[wallet(1)].cash_micro == 900 * MICRO
    assert venue.accounts[wallet(1)].tokens == {YES: 600 * MICRO, NO: 600 * MICRO}
    venue.merge(wallet(1), CONDITION, 40 * MICRO, START + 3 * SECOND)
    venue.resolve(CONDITION, (MICRO // 2, MICRO // 2), START + 4 * SECOND)
    venue.redeem(wallet(1), CONDITION, START + 7 * SECOND)
    venue.advance(START + 20 * SECOND)
    assert venue.accounts[wallet(1)].cash_micro == 1_500 * MICRO
    moved = [(event.kind, event.cash_micro) for event in told if isinstance(event, PositionMoved)]
    assert moved == [("SPLIT", -100 * MICRO), ("MERGE", 40 * MICRO), ("REDEEM", 560 * MICRO)]
    logs = [log for event in told if isinstance(event, BlockMined) for log in event.block.logs]
    rows, rejects = decoded(logs)
    assert rejects == ()
    assert {row.kind for row in of(rows, PositionChange)} == {"SPLIT", "MERGE", "REDEEM"}


def test_what_cannot_be_moved_is_refused():
    venue, _ = make()
    for answer in (
        venue.split(wallet(1), CONDITION, 1_001 * MICRO, START),
        venue.merge(wallet(1), CONDITION, 501 * MICRO, START),
        venue.redeem(wallet(1), CONDITION, START),
        venue.split(wallet(1), CONDITION, 0, START),
        venue.convert(wallet(1), [CONDITION], MICRO, START),
    ):
        assert isinstance(answer, Refusal)


def test_no_shares_of_two_questions_become_yes_of_the_third_and_collateral():
    event = {"neg_risk": True, "neg_risk_market_id": "0x" + "ee" * 31 + "00"}
    three = [
        market(
            condition_id=f"0x{number:064x}",
            token_ids=(f"20{number}0", f"20{number}1"),
            question_id="0x" + "ee" * 31 + f"{number:02x}",
            **event,
        )
        for number in range(3)
    ]
    venue, told = make(markets=three)
    venue.deposit(wallet(1), tokens={"2001": 10 * MICRO, "2011": 10 * MICRO})
    answer = venue.convert(wallet(1), [three[0].condition_id, three[1].condition_id], 10 * MICRO, START)
    venue.advance(START + 5 * SECOND)
    assert venue.accounts[wallet(1)].tokens == {YES: 500 * MICRO, NO: 500 * MICRO, "2020": 10 * MICRO}
    assert venue.accounts[wallet(1)].cash_micro == 1_010 * MICRO
    rows, rejects = decoded(venue.receipt(answer)[1])
    assert rejects == ()
    assert [(row.kind, row.market_id, row.index_sets) for row in of(rows, PositionChange)] == [
        ("CONVERSION", three[0].neg_risk_market_id, (3,))
    ]
    assert [event.kind for event in told if isinstance(event, PositionMoved)] == ["CONVERSION"]


def test_a_settlement_that_fails_moves_nothing_and_gives_the_money_free_again():
    venue, told = make(SettlementFaults(fail_micro=MICRO))
    trade = traded(venue, Orders())
    venue.advance(START + 60 * SECOND)
    states = [event.state for event in told if isinstance(event, TradeUpdated)]
    assert states == [TradeState.MATCHED, TradeState.RETRYING, TradeState.FAILED]
    assert venue.receipt(trade.transaction_hash) is None
    for number in (1, 2, 3):
        account = venue.accounts[wallet(number)]
        assert (account.cash_micro, account.tokens) == (1_000 * MICRO, {YES: 500 * MICRO, NO: 500 * MICRO})
        assert venue.available_cash(wallet(number)) == 1_000 * MICRO


def test_a_settlement_that_is_retried_is_mined_in_the_end():
    venue, told = make(SettlementFaults(retry_micro=MICRO))
    traded(venue, Orders())
    venue.advance(START + 60 * SECOND)
    states = [event.state for event in told if isinstance(event, TradeUpdated)]
    assert states == [TradeState.MATCHED, TradeState.RETRYING, TradeState.MINED, TradeState.CONFIRMED]


def test_a_reorganisation_takes_logs_back_and_mines_them_again_once():
    venue, told = make(SettlementFaults(seed=3, reorg_micro=500_000))
    orders = Orders()
    for number in range(8):
        venue.place(orders.limit(1, "SELL", YES, 0.5, 10), START + number * SECOND)
        venue.place(orders.limit(3, "BUY", YES, 0.5, 10), START + number * SECOND)
    venue.advance(START + 200 * SECOND)
    removed = [event for event in told if isinstance(event, BlockRemoved)]
    assert removed
    assert all(log.removed for event in removed for log in event.block.logs)
    assert venue.accounts[wallet(1)].tokens[YES] == 420 * MICRO
    for trade in venue.trades.values():
        block, logs = venue.receipt(trade.transaction_hash)
        assert block.number == trade.block
        assert logs


def states_of(told, trade):
    return [event.state for event in told if isinstance(event, TradeUpdated) and event.trade is trade]


def test_a_trade_whose_block_is_taken_back_is_retried_until_a_block_stands():
    venue, told = make(SettlementFaults(seed=3, reorg_micro=500_000))
    made = traded(venue, Orders())
    venue.advance(START + 100 * SECOND)
    states = states_of(told, made)
    undone = sum(made.transaction_hash in event.block.transactions for event in told if isinstance(event, BlockRemoved))
    again = [TradeState.MINED, TradeState.RETRYING] * undone
    assert undone > 0
    assert states == [TradeState.MATCHED, *again, TradeState.MINED, TradeState.CONFIRMED]


def test_a_trade_that_is_dropped_with_its_block_fails_and_everybody_has_what_he_had():
    venue, told = make(SettlementFaults(reorg_micro=MICRO, drop_micro=MICRO))
    made = traded(venue, Orders())
    venue.advance(START + 100 * SECOND)
    assert states_of(told, made) == [TradeState.MATCHED, TradeState.MINED, TradeState.RETRYING, TradeState.FAILED]
    assert venue.receipt(made.transaction_hash) is None
    assert venue.fees_collected_micro() == 0
    for number in (1, 2, 3):
        account = venue.accounts[wallet(number)]
        assert (account.cash_micro, account.tokens) == (1_000 * MICRO, {YES: 500 * MICRO, NO: 500 * MICRO})
        assert (account.owed_cash_micro, account.owed_tokens) == (0, {})


def test_an_order_on_shares_that_were_taken_back_leaves_the_book():
    venue, _ = make(SettlementFaults(reorg_micro=MICRO))
    venue.split(wallet(1), CONDITION, 100 * MICRO, START)
    venue.advance(START + 2 * SECOND)
    placed = venue.place(Orders().limit(1, "SELL", YES, 0.5, 600), START + 2 * SECOND)
    assert placed.status == "live"
    venue.advance(START + 4 * SECOND - 1)
    assert venue.open_orders("key-1") == []


def test_what_cannot_be_paid_any_more_once_its_block_comes_reverts_and_leaves_nothing():
    venue, _ = make(SettlementFaults(reorg_micro=MICRO, drop_micro=MICRO))
    orders, mined = Orders(), START + 2 * SECOND
    venue.deposit(wallet(3), tokens={NO: 100 * MICRO})
    venue.place(orders.limit(1, "SELL", YES, 0.5, 100), START)
    venue.place(orders.limit(3, "BUY", YES, 0.5, 100), START)
    venue.advance(mined)
    merged = venue.merge(wallet(3), CONDITION, 600 * MICRO, mined)
    relayer = Relayer(venue, lambda: venue.now_ns)
    relayer.remember(Transaction("id", merged, wallet(3)))
    venue.advance(mined + 2 * SECOND)
    assert venue.has_reverted(merged)
    block, logs = venue.receipt(merged)
    assert (merged in block.transactions, logs) == (True, ())
    account = venue.accounts[wallet(3)]
    assert account.tokens == {YES: 500 * MICRO, NO: 600 * MICRO}
    assert account.owed_tokens == {}
    told = relayer.router(Request("GET", "/v1/account/transactions/id"))
    assert b'"state":"STATE_FAILED"' in told.body


def test_what_reverted_is_in_the_block_that_stands_also_after_its_first_one_was_taken_back():
    venue, _ = make(SettlementFaults(reorg_micro=MICRO, drop_micro=MICRO))
    orders, mined = Orders(), START + 2 * SECOND
    venue.place(orders.limit(1, "SELL", YES, 0.5, 100), START)
    venue.place(orders.limit(3, "BUY", YES, 0.5, 100), START)
    venue.deposit(wallet(3), tokens={NO: 100 * MICRO})
    venue.advance(mined)
    merged = venue.merge(wallet(3), CONDITION, 600 * MICRO, mined)
    numbers = []
    for seconds in (2, 4, 6):
        venue.advance(mined + seconds * SECOND)
        block, logs = venue.receipt(merged)
        assert venue.block(block.number) == block
        assert (merged in block.transactions, logs) == (True, ())
        numbers.append(block.number)
        venue.advance(mined + (seconds + 2) * SECOND - 1)
        assert venue.receipt(merged) is None
        assert venue.has_reverted(merged)
    assert len(set(numbers)) == 3
    assert venue.accounts[wallet(3)].owed_tokens == {}


def test_blocks_follow_the_clock_and_are_empty_where_nothing_happened():
    venue, _ = make()
    venue.advance(START + 9 * SECOND)
    assert venue.block_number() == venue.rules.first_block + 4
    block = venue.block(venue.block_number())
    assert (block.ts, block.logs) == (START + 8 * SECOND, ())
    assert venue.block(venue.block_number() + 1) is None
    assert venue.next_due_ns() == START + 10 * SECOND


def test_the_same_seed_and_calls_give_the_same_chain():
    chains = []
    for _ in range(2):
        venue, _ = make()
        traded(venue, Orders())
        chains.append(venue.blocks(0, 10**12))
    assert chains[0] == chains[1]


@pytest.mark.parametrize(
    ("changes", "contract"),
    [
        ({}, VenueContract.EXCHANGE),
        ({"neg_risk": True}, VenueContract.NEG_RISK_EXCHANGE),
        ({"version": "v2", "token_ids": (str((1 << 248) + 256), str((1 << 248) + 257))}, VenueContract.EXCHANGE_V3),
    ],
)
def test_every_kind_of_market_is_settled_by_its_own_contract(changes, contract):
    assert settling_contract(market(**changes)) == contract


def test_words_arrays_and_topics_are_encoded_as_the_contracts_do():
    assert word(255) == "0" * 62 + "ff"
    assert word("0xAB") == "0" * 62 + "ab"
    assert data(7, [1, 2]) == "0x" + word(7) + word(64) + word(2) + word(1) + word(2)
    assert topics(ChainEvent.FEE_CHARGED, FEE_RECEIVER) == (TOPICS[ChainEvent.FEE_CHARGED], "0x" + word(FEE_RECEIVER))
