"""Registered builder codes, and what their orders cost: by hand, order by order."""

import pytest

from tests.support.venue_orders import NO, START, YES, Orders, market, wallet
from whaletrader.adapters.paper.server.builder_codes import NO_RATES, UNKNOWN_CODE, BuilderCodes, BuilderRates
from whaletrader.adapters.paper.server.types import VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.event_topics import TOPICS, ChainEvent
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.order_hash import NO_BYTES32
from whaletrader.domain.values import MICRO, NANOS

MINE, YOURS, FREE = "ab" * 32, "cd" * 32, "ef" * 32
FREE_OF_FEES = FeeSchedule(0)


@pytest.fixture
def codes():
    return BuilderCodes()


def made(fee=FREE_OF_FEES, cash=1_000):
    """A market without a platform fee, two builders that charge and one that does not."""
    venue = Venue(VenueRules(genesis_ns=START))
    venue.add_market(market(fee=fee), START)
    venue.builders.register(MINE, 50, 100)
    venue.builders.register(YOURS, 30, 80)
    venue.builders.register(FREE)
    for number in (1, 2):
        venue.open_account(wallet(number), cash_micro=cash * MICRO)
        venue.deposit(wallet(number), tokens={YES: 500 * MICRO, NO: 500 * MICRO})
    return venue


def placed(venue, order, now=START):
    answer = venue.place(order, now)
    assert answer.refusal is None, answer.refusal
    return answer


def mined(venue):
    venue.advance(START + 20 * NANOS)
    return [log for block in venue.blocks(0, venue.block_number()) for log in block.logs]


def test_an_order_without_a_code_pays_no_builder(codes):
    assert codes.rates(NO_BYTES32) == NO_RATES == BuilderRates(0, 0)


def test_a_code_is_known_in_either_spelling(codes):
    codes.register("0x" + MINE.upper(), 50, 100)
    assert codes.rates(MINE) == codes.rates(f"0x{MINE}") == BuilderRates(50, 100)
    assert codes.rates(YOURS) is None


@pytest.mark.parametrize(("maker", "taker"), [(51, 0), (0, 101), (-1, 0), (0, -1)])
def test_a_rate_above_the_venues_cap_is_refused(codes, maker, taker):
    with pytest.raises(ValueError, match="bps"):
        codes.register(MINE, maker, taker)
    assert codes.rates(MINE) is None


@pytest.mark.parametrize("code", ["", "0x", "ab", "zz" * 32, NO_BYTES32])
def test_what_is_no_code_cannot_be_registered(codes, code):
    with pytest.raises(ValueError, match="64 hex digits"):
        codes.register(code, 1, 1)


def test_an_order_with_an_unknown_code_is_refused():
    answer = made().place(Orders().limit(1, "BUY", YES, 0.5, 10, builder="12" * 32), START)
    assert answer.refusal == UNKNOWN_CODE


def test_each_side_pays_its_own_builder_at_its_own_rate():
    venue, orders = made(), Orders()
    placed(venue, orders.limit(1, "BUY", YES, 0.5, 100, builder=YOURS))
    placed(venue, orders.limit(2, "SELL", YES, 0.5, 100, builder=MINE))
    (trade,) = venue.trades.values()
    # 50 dollars: the taker's builder takes 1 %, the maker's 0.3 %.
    assert (trade.fee_micro, trade.makers[0].fee_micro) == (500_000, 150_000)
    mined(venue)
    assert venue.accounts[wallet(1)].cash_micro == (1_000 - 50) * MICRO - 150_000
    assert venue.accounts[wallet(2)].cash_micro == (1_000 + 50) * MICRO - 500_000
    assert venue.fees_collected_micro() == 650_000


def test_a_builders_fee_comes_on_top_of_the_platforms_and_each_is_cut_by_itself():
    schedule = FeeSchedule(50_000)
    venue, orders = made(schedule), Orders()
    placed(venue, orders.limit(1, "SELL", YES, 0.37, 33.33))
    placed(venue, orders.limit(2, "BUY", YES, 0.37, 33.33, builder=MINE))
    (trade,) = venue.trades.values()
    platform = taker_fee_micro(schedule, 370_000, 33_330_000)
    assert trade.fee_micro == platform + 123_320  # 1 % of 12.3321 dollars
    assert trade.makers[0].fee_micro == 0


def test_a_code_that_charges_nothing_costs_nothing():
    venue, orders = made(), Orders()
    placed(venue, orders.limit(1, "SELL", YES, 0.5, 10, builder=FREE))
    placed(venue, orders.limit(2, "BUY", YES, 0.5, 10, builder=FREE))
    (trade,) = venue.trades.values()
    assert (trade.fee_micro, trade.makers[0].fee_micro) == (0, 0)


def test_minted_pairs_pay_both_builders():
    venue, orders = made(), Orders()
    placed(venue, orders.limit(1, "BUY", YES, 0.6, 100, builder=YOURS))
    placed(venue, orders.limit(2, "BUY", NO, 0.4, 100, builder=MINE))
    (trade,) = venue.trades.values()
    assert (trade.fee_micro, trade.makers[0].fee_micro) == (400_000, 180_000)


def test_the_chain_tells_each_sides_fee_and_who_charged_it():
    venue, orders = made(), Orders()
    placed(venue, orders.limit(1, "BUY", YES, 0.5, 100, builder=YOURS))
    placed(venue, orders.limit(2, "SELL", YES, 0.5, 100, builder=MINE))
    logs = mined(venue)
    charged = [int(log.data, 16) for log in logs if log.topics[0] == TOPICS[ChainEvent.FEE_CHARGED]]
    assert charged == [150_000, 500_000]
    filled = [log.data for log in logs if log.topics[0] == TOPICS[ChainEvent.ORDER_FILLED]]
    words = [[data.removeprefix("0x")[at : at + 64] for at in range(0, len(data) - 2, 64)] for data in filled]
    assert [(int(row[4], 16), row[5]) for row in words] == [(150_000, YOURS), (500_000, MINE)]


def test_a_resting_buy_needs_its_builders_fee_as_well():
    venue, orders = made(cash=50), Orders()
    assert venue.place(orders.limit(1, "BUY", YES, 0.5, 100, builder=YOURS), START).refusal is not None
    placed(venue, orders.limit(1, "BUY", YES, 0.5, 99, builder=YOURS))
    words = venue.place(orders.limit(1, "BUY", YES, 0.01, 50, builder=FREE), START).refusal
    assert "sum of active orders: 49648500" in words.message


def test_a_crossing_buy_needs_its_builders_fee_as_well():
    venue, orders = made(cash=50), Orders()
    placed(venue, orders.limit(2, "SELL", YES, 0.5, 100))
    refusal = venue.place(orders.limit(1, "BUY", YES, 0.5, 100, builder=MINE), START).refusal
    assert "order amount: 50500000" in refusal.message
    placed(venue, orders.limit(1, "BUY", YES, 0.5, 99, builder=MINE))
    mined(venue)
    assert venue.accounts[wallet(1)].cash_micro == 50 * MICRO - 49_500_000 - 495_000


def test_a_rate_that_changes_later_leaves_open_orders_at_theirs():
    venue, orders = made(), Orders()
    placed(venue, orders.limit(1, "BUY", YES, 0.5, 100, builder=YOURS))
    venue.builders.register(YOURS, 0, 0)
    placed(venue, orders.limit(2, "SELL", YES, 0.5, 100))
    (trade,) = venue.trades.values()
    assert trade.makers[0].fee_micro == 150_000
