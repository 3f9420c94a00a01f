"""The logs of one transaction, word by word."""

import pytest

from tests.support.venue_orders import CONDITION, NO, YES, market, wallet
from whaletrader.adapters.paper.server import settlement_logs as logs
from whaletrader.adapters.paper.server.abi import data, topics, word
from whaletrader.adapters.paper.server.types import MakerFill, MatchKind, VenueTrade
from whaletrader.domain.event_topics import TOPICS, ChainEvent
from whaletrader.domain.values import MICRO
from whaletrader.domain.venue_contracts import VenueContract

ALICE, BOB = wallet(1), wallet(2)
HASHES = tuple("0x" + digit * 64 for digit in "12")


def trade(kind=MatchKind.COMPLEMENTARY, side="BUY", fee=700):
    maker_side = {"BUY": "SELL", "SELL": "BUY"}[side] if kind is MatchKind.COMPLEMENTARY else side
    same = kind is MatchKind.COMPLEMENTARY
    maker = MakerFill(
        order_id=HASHES[1],
        owner="b",
        maker=BOB,
        token_id=YES if same else NO,
        outcome_index=0 if same else 1,
        side=maker_side,
        price_micro=600_000 if same else 400_000,
        size_micro=10 * MICRO,
        cash_micro=(6 if same else 4) * MICRO,
        kind=kind,
        builder="b" * 64,
    )
    return VenueTrade(
        trade_id="t",
        taker_order_id=HASHES[0],
        condition_id=CONDITION,
        token_id=YES,
        outcome_index=0,
        owner="a",
        maker=ALICE,
        side=side,
        price_micro=600_000,
        size_micro=10 * MICRO,
        cash_micro=6 * MICRO,
        fee_micro=fee,
        builder="0" * 64,
        metadata="d" * 64,
        match_ts=0,
        transaction_hash="0xff",
        makers=(maker,),
    )


def names(found):
    events = {topic: event for event, topic in TOPICS.items()}
    return [events[log.topics[0]].name for log in found]


@pytest.mark.parametrize(
    ("kind", "side", "pair"),
    [
        (MatchKind.COMPLEMENTARY, "BUY", []),
        (MatchKind.COMPLEMENTARY, "SELL", []),
        (MatchKind.MINT, "BUY", ["POSITION_SPLIT"]),
        (MatchKind.MERGE, "SELL", ["POSITIONS_MERGE"]),
    ],
)
def test_the_makers_logs_come_before_the_takers_and_the_summary_is_last(kind, side, pair):
    found = names(logs.trade_logs(trade(kind, side), market()))
    assert [name for name in found if name not in ("TRANSFER", "TRANSFER_SINGLE")] == [
        *pair,
        "ORDER_FILLED",
        "FEE_CHARGED",
        "ORDER_FILLED",
        "ORDERS_MATCHED",
    ]
    assert found.count("TRANSFER") == 3
    assert found.count("TRANSFER_SINGLE") == 2


def test_the_takers_own_log_names_the_exchange_and_the_makers_names_the_taker():
    found = logs.trade_logs(trade(), market())
    maker, taker = (log for log in found if log.topics[0] == TOPICS[ChainEvent.ORDER_FILLED])
    assert maker.topics[1:] == (HASHES[1], "0x" + word(BOB), "0x" + word(ALICE))
    assert taker.topics[1:] == (HASHES[0], "0x" + word(ALICE), "0x" + word(VenueContract.EXCHANGE))
    assert taker.data == data(0, int(YES), 6 * MICRO, 10 * MICRO, 700, "0" * 64, "d" * 64)
    assert maker.data == data(1, int(YES), 10 * MICRO, 6 * MICRO, 0, "b" * 64, "0" * 64)
    assert {maker.address, taker.address} == {VenueContract.EXCHANGE}


def test_without_a_fee_nothing_is_charged():
    assert "FEE_CHARGED" not in names(logs.trade_logs(trade(fee=0), market()))


def test_a_neg_risk_market_is_settled_by_its_own_contracts():
    found = logs.trade_logs(trade(MatchKind.MINT), market(neg_risk=True))
    assert {log.address for log in found} == {
        VenueContract.NEG_RISK_EXCHANGE,
        VenueContract.PUSD,
        VenueContract.CONDITIONAL_TOKENS,
    }
    split = next(log for log in found if log.topics[0] == TOPICS[ChainEvent.POSITION_SPLIT])
    assert split.data == data(VenueContract.WRAPPED_COLLATERAL, (1, 2), 10 * MICRO)
    assert split.topics[3] == CONDITION


def test_a_resolution_tells_numerators_in_lowest_terms():
    for payouts, numerators in (((MICRO, 0), [1, 0]), ((500_000, 500_000), [1, 1]), ((250_000, 750_000), [1, 3])):
        (log,) = logs.resolution_logs(market(), payouts)
        assert log.data == data(2, numerators)
        assert log.topics == topics(
            ChainEvent.CONDITION_RESOLUTION, CONDITION, VenueContract.UMA_ADAPTER, market().question_id
        )


def test_a_redemption_burns_what_is_held_and_names_what_it_paid():
    found = logs.redemption_logs(market(), ALICE, (0, 5 * MICRO), 5 * MICRO)
    assert names(found) == ["TRANSFER_SINGLE", "PAYOUT_REDEMPTION", "TRANSFER"]
    assert found[1].data == data(CONDITION, (1, 2), 5 * MICRO)
    assert found[0].topics[3] == "0x" + "0" * 64
