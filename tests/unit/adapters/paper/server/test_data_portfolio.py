"""Positions, holders, ranks and resolutions as the Data API shows them; figures worked out by hand.

The taker bought 15 Yes for 9.05 (fee 0.09); the last price of Yes is 0.603333.
"""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import venue_record as world
from whaletrader.adapters.paper.server import data_portfolio, types
from whaletrader.adapters.paper.server.holding import Holding
from whaletrader.adapters.paper.server.holdings import holdings_of
from whaletrader.adapters.paper.server.record import Card, Profile, Record, Standing
from whaletrader.adapters.paper.server.recorder import Recorder, card_of
from whaletrader.domain.values import MICRO, NANOS

LATER = world.START + 300 * NANOS


def held(recorder: Recorder, wallet: str = world.TAKER) -> Holding:
    (found,) = holdings_of(recorder.record, LATER, wallet=wallet)
    return found


def resolve(recorder: Recorder, payouts: tuple[int, int]) -> None:
    recorder.on_event(types.MarketResolved(ts=LATER, market=world.market(), payouts_micro=payouts))


def sold_out() -> Recorder:
    """The taker sold its 15 Yes again, for 10.5."""
    sale = world.trade(9, (world.fill(9, world.MAKER, world.YES, "BUY", 700_000, 15_000_000),), side="SELL")
    return world.recorder_of((world.usual_trade(),), (sale,))


def named(row: dict[str, Any], *names: str) -> tuple[object, ...]:
    return tuple(row[name] for name in names)


def test_an_open_position_tells_cost_fees_worth_and_gain() -> None:
    recorder = world.three_wallets()
    row = data_portfolio.position_v2(recorder.record, held(recorder), 0)
    assert named(row, "current_size", "avg_price", "total_size") == (15.0, 0.6033, 15.0)
    assert named(row, "entry_cost_usdc", "entry_fees_usdc", "total_cost_usdc") == (9.05, 0.09, 9.14)
    assert named(row, "current_price", "current_value") == (0.603333, 9.049995)
    assert named(row, "realized_pnl", "unrealized_pnl", "total_pnl") == (0.0, -0.000005, -0.000005)
    assert named(row, "percent_pnl", "status", "redeemable", "mergeable") == (-0.0001, "OPEN", False, False)
    assert named(row, "outcome", "opposite_outcome", "opposite_token_id") == ("Yes", "No", world.NO)
    assert named(row, "end_date", "negative_risk") == ("2026-09-24", True)


def test_v1_tells_the_same_in_its_own_names_and_numbers() -> None:
    recorder = world.three_wallets()
    row = data_portfolio.position_v1(recorder.record, held(recorder, world.SECOND_MAKER), 0)
    assert named(row, "size", "initialValue", "totalBought", "avgPrice") == (5, 1.95, 5, 0.39)
    assert named(row, "curPrice", "currentValue") == (0.396667, 1.983335)
    assert named(row, "cashPnl", "percentPnl", "realizedPnl") == (0.033335, 1.7095, 0)
    assert named(row, "outcome", "outcomeIndex", "oppositeOutcome", "oppositeAsset") == ("No", 1, "Yes", world.YES)
    assert repr(row["size"]) == "5"


def test_a_position_with_its_counterpart_is_open_and_mergeable() -> None:
    recorder = world.three_wallets()
    for other, mergeable in ((0, False), (1, True)):
        row = data_portfolio.position_v2(recorder.record, held(recorder), other)
        assert named(row, "status", "mergeable", "redeemable") == ("OPEN", mergeable, False)
        assert data_portfolio.position_v1(recorder.record, held(recorder), other)["mergeable"] is mergeable


@pytest.mark.parametrize(
    ("payouts", "status", "value"),
    [
        ((MICRO, 0), "REDEEMABLE", 15.0),
        ((0, MICRO), "REDEEMABLE_LOST", 0.0),
        ((MICRO // 2, MICRO // 2), "REDEEMABLE", 7.5),
    ],
)
def test_a_resolved_position_is_worth_its_payout(payouts: tuple[int, int], status: str, value: float) -> None:
    recorder = world.three_wallets()
    resolve(recorder, payouts)
    row = data_portfolio.position_v2(recorder.record, held(recorder), 0)
    assert named(row, "status", "redeemable", "current_value") == (status, True, value)
    assert data_portfolio.position_v1(recorder.record, held(recorder), 0)["redeemable"] is True


def test_a_sold_position_is_closed_with_its_gain() -> None:
    recorder = sold_out()
    row = data_portfolio.position_v2(recorder.record, held(recorder), 0)
    assert named(row, "status", "current_size", "avg_price", "entry_cost_usdc") == ("CLOSED", 0.0, 0.0, 0.0)
    assert named(row, "realized_pnl", "unrealized_pnl", "percent_pnl") == (1.45, 0.0, 0.0)
    closed = data_portfolio.closed_position_v1(recorder.record, held(recorder))
    assert named(closed, "avgPrice", "totalBought", "realizedPnl", "curPrice") == (0.6033, 15, 1.45, 0.7)
    assert closed["timestamp"] == world.START // NANOS + 2


def test_the_fee_of_a_sale_is_no_fee_of_an_entry() -> None:
    recorder = sold_out()
    assert recorder.record.legs.rows[-1].fee_micro == 10
    assert data_portfolio.position_v2(recorder.record, held(recorder), 0)["entry_fees_usdc"] == 0.09


def test_a_market_without_a_known_end_shows_no_day() -> None:
    recorder = world.recorder_of((world.usual_trade(),), listed=world.market(end_ts=-1))
    assert data_portfolio.position_v2(recorder.record, held(recorder), 0)["end_date"] == ""
    assert data_portfolio.position_v1(recorder.record, held(recorder), 0)["endDate"] == ""


def test_a_holder_is_public_when_it_has_a_name() -> None:
    recorder = world.three_wallets()
    recorder.record.profiles[world.TAKER] = Profile("whale", "Quiet-Sea")
    known = data_portfolio.holder_v2(recorder.record, held(recorder))
    assert named(known, "amount", "name", "pseudonym", "display_username_public") == (15.0, "whale", "Quiet-Sea", True)
    nobody = data_portfolio.holder_v2(recorder.record, held(recorder, world.MAKER))
    assert named(nobody, "name", "display_username_public") == ("", False)


@pytest.mark.parametrize(
    ("payouts", "price"), [((MICRO, 0), "1"), ((0, MICRO), "0"), ((MICRO // 2, MICRO // 2), "0.5"), (None, "69")]
)
def test_prices_of_resolutions_are_text_and_69_for_none(payouts: tuple[int, int] | None, price: str) -> None:
    card = card_of(world.market(), 1)
    row = data_portfolio.resolution_v2(card, Standing(tick_micro=10_000, payouts_micro=payouts))
    assert named(row, "price", "proposed_price", "reproposed_price") == (price, price, "69")
    assert row["status"] == ("posed" if payouts is None else "resolved")
    assert named(row, "log_index", "question_id") == ("0", world.market().question_id)


def test_a_resolution_is_dated_in_text_by_its_end_else_by_the_markets_start() -> None:
    card = card_of(world.market(), 1)
    posed = data_portfolio.resolution_v2(card, Standing(tick_micro=10_000))
    assert posed["last_update_timestamp"] == str(world.START // NANOS - 86_400)
    told = Standing(tick_micro=10_000, payouts_micro=(MICRO, 0), resolved_ts=LATER, resolved_log=7, resolved_tx="0x5")
    row = data_portfolio.resolution_v2(card, told)
    assert named(row, "last_update_timestamp", "log_index", "transaction_hash") == (str(LATER // NANOS), "7", "0x5")


def test_percentages_have_four_decimals_and_nothing_has_none() -> None:
    assert data_portfolio.percent(1, 3) == 33.3333
    assert data_portfolio.percent(-1, 8) == -12.5
    assert data_portfolio.percent(5, 0) == 0.0


def empty_market() -> Record:
    record = Record()
    card = Card(
        market_id="0x1",
        token_ids=("1", "2"),
        outcomes=("Yes", "No"),
        question="",
        slug="",
        number=1,
        event_number=1,
        event_slug="",
        event_title="",
        category="",
    )
    record.open_market(card, Standing(tick_micro=10_000, last_micro=300_000))
    return record


HOLDINGS = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.integers(0, 1),
        st.integers(0, 50).map(lambda shares: shares * MICRO),
        st.integers(0, 50 * MICRO),
        st.integers(-3, 3).map(lambda gain: gain * MICRO),
    ),
    max_size=15,
)


@settings(max_examples=200, deadline=None)
@given(HOLDINGS, st.booleans())
def test_ranks_follow_a_plain_oracle(told: list[tuple[str, int, int, int, int]], by_volume: bool) -> None:
    gains: dict[str, int] = {}
    volumes: dict[str, int] = {}
    holdings = []
    for wallet, outcome, size, cost, realized in told:
        worth = size * (3 if outcome == 0 else 7) // 10
        gains[wallet] = gains.get(wallet, 0) + realized + worth - cost
        volumes[wallet] = volumes.get(wallet, 0) + size
        holding = Holding(wallet=wallet, market_id="0x1", token_id=str(outcome + 1), outcome_index=outcome)
        holding.size_micro = holding.bought_micro = size
        holding.cost_micro, holding.realized_micro = cost, realized
        holdings.append(holding)
    rows = data_portfolio.ranks(empty_market(), holdings, by_volume=by_volume)
    assert sorted(rows) == [(wallet, gains[wallet], volumes[wallet]) for wallet in sorted(gains)]
    for (one, *first), (other, *second) in pairwise(rows):
        assert (second[by_volume], one) < (first[by_volume], other)


def test_the_rank_is_text_in_v1_and_a_number_in_v2() -> None:
    record, row = world.three_wallets().record, (world.TAKER, -1_500_000, 40_000_000)
    assert named(data_portfolio.rank_v1(record, 3, row), "rank", "pnl", "vol") == ("3", -1.5, 40)
    assert named(data_portfolio.rank_v2(record, 3, row), "rank", "pnl", "volume") == (3, -1.5, 40.0)
