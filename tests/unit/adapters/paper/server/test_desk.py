"""Orders of the exchange's own traders: their money and tokens, limits and takes, what is refused."""

import pytest

from whaletrader.adapters.paper.server.desk import PURSE_MICRO, Desk, made_up_wallet, to_tick, whole_size
from whaletrader.adapters.paper.server.listing import shelf
from whaletrader.adapters.paper.server.types import Mode, VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import MICRO, NANOS, Side

START = 1_790_000_000 * NANOS
ADA, BOB = made_up_wallet(1, "ada"), made_up_wallet(1, "bob")


@pytest.fixture
def venue() -> Venue:
    made = Venue(VenueRules(seed=1, genesis_ns=START))
    for market in shelf(1, START):
        made.add_market(market, START)
    return made


@pytest.fixture
def desk(venue: Venue) -> Desk:
    made = Desk(venue, 1)
    made.open(ADA)
    made.open(BOB)
    return made


def token(venue: Venue) -> str:
    return next(iter(venue.markets.values())).token_ids[0]


def test_wallets_follow_from_seed_and_name() -> None:
    assert made_up_wallet(1, "ada") == ADA != made_up_wallet(2, "ada")
    assert len(ADA) == 42


def test_a_purse_is_given_once(venue: Venue, desk: Desk) -> None:
    venue.accounts[ADA].cash_micro = 5
    desk.open(ADA)
    assert venue.accounts[ADA].cash_micro == 5
    assert venue.accounts[BOB].cash_micro == PURSE_MICRO


def test_tokens_are_filled_up_and_not_piled_up(venue: Venue, desk: Desk) -> None:
    desk.give(ADA, token(venue), 10 * MICRO)
    desk.give(ADA, token(venue), 4 * MICRO)
    assert desk.held(ADA, token(venue)) == 10 * MICRO


def test_a_rest_and_a_take_make_a_trade(venue: Venue, desk: Desk) -> None:
    desk.give(ADA, token(venue), 10 * MICRO)
    rested = desk.rest(ADA, token(venue), Side.SELL, 400_000, 10 * MICRO, START)
    taken = desk.take(BOB, token(venue), Side.BUY, 400_000, 2 * MICRO, START)
    (trade,) = venue.trades.values()
    assert (trade.taker_order_id, trade.makers[0].order_id) == (taken.order_id, rested.order_id)
    assert (trade.size_micro, trade.cash_micro) == (5 * MICRO, 2 * MICRO)
    assert desk.placed == 2
    assert desk.held(ADA, token(venue)) == 5 * MICRO


def test_what_rests_can_be_withdrawn_and_a_second_time_does_no_harm(venue: Venue, desk: Desk) -> None:
    rested = desk.rest(ADA, token(venue), Side.BUY, 400_000, 10 * MICRO, START)
    assert venue.best(token(venue))[0] == 400_000
    for _ in range(2):
        desk.withdraw(ADA, [rested.order_id], START)
    assert venue.best(token(venue))[0] == 0


def test_refusals_are_counted_by_their_words(venue: Venue, desk: Desk) -> None:
    desk.take(BOB, token(venue), Side.BUY, 400_000, 2 * MICRO, START)
    desk.take(BOB, token(venue), Side.BUY, 400_000, 2 * MICRO, START)
    assert list(desk.refused.values()) == [2]
    assert "no orders found to match" in next(iter(desk.refused))


def test_prices_go_to_the_nearest_tick_inside_the_market() -> None:
    assert [to_tick(price, 10_000) for price in (1, 404_999, 405_000, 999_999)] == [10_000, 400_000, 410_000, 990_000]


def test_sizes_have_two_decimals_and_reach_the_minimum() -> None:
    assert (whole_size(7_129_999, 5 * MICRO), whole_size(3, 5 * MICRO)) == (7_120_000, 5 * MICRO)


def test_a_desk_that_goes_on_numbers_its_orders_unlike_those_that_were_refused_and_taken_before(
    venue: Venue, desk: Desk
) -> None:
    venue.set_mode(Mode.DISABLED, START)
    for _ in range(5):
        assert desk.rest(ADA, token(venue), Side.BUY, 400_000, 10 * MICRO, START).refusal is not None
    venue.set_mode(Mode.NORMAL, START)
    for _ in range(3):
        desk.rest(ADA, token(venue), Side.BUY, 400_000, 10 * MICRO, START)
    venue.advance(START + 1)
    again = Desk(venue, 1)
    for _ in range(8):
        assert again.rest(ADA, token(venue), Side.BUY, 400_000, 10 * MICRO, START + 1).refusal is None
    assert len(venue.orders) == 11
