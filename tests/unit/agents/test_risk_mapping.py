"""What messages say in the kernel's values."""

import pytest

from tests.support.payloads import UNIT, YES, filled, market_data, terms
from whaletrader.agents.risk_mapping import approval_id, book_fill, fill_id, mark_of, market_view
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.spread import half_spread_micro
from whaletrader.domain.values import FeeProvenance
from whaletrader.messages.envelope import hash_id

SEEN, TOLD = 5, 9


def marked(**changes):
    return mark_of(market_data(**changes), SEEN, TOLD)


def test_a_print_is_marked_half_an_assumed_spread_below_at_its_own_time():
    mark = marked(price_micro=500_000)
    assert mark.bid_micro == 500_000 - half_spread_micro(500_000, "crypto")
    assert (mark.mid_micro, mark.ts, mark.final) == (500_000, SEEN, False)


def test_a_cheap_print_is_never_marked_below_zero():
    assert marked(price_micro=1_000).bid_micro == 0


def test_a_quote_is_marked_at_its_bid_now():
    mark = marked(bid_micro=480_000, ask_micro=500_000, quote_assumed=False)
    assert (mark.bid_micro, mark.mid_micro, mark.ts) == (480_000, 490_000, TOLD)


def test_a_crossed_quote_is_marked_at_the_lower_side():
    assert marked(bid_micro=520_000, ask_micro=500_000, quote_assumed=False).bid_micro == 500_000


def test_a_bid_without_an_ask_takes_the_print_as_its_mid():
    mark = marked(bid_micro=480_000, ask_micro=-1, quote_assumed=False)
    assert (mark.bid_micro, mark.mid_micro) == (480_000, 500_000)


def test_a_quote_without_a_bid_falls_back_to_the_print():
    assert marked(bid_micro=-1, ask_micro=500_000, quote_assumed=False).ts == SEEN


def test_an_assumed_quote_is_not_believed():
    assert marked(bid_micro=990_000, ask_micro=995_000, quote_assumed=True).mid_micro == 500_000


@pytest.mark.parametrize("price", [-1, 1_000_001])
def test_no_price_is_no_mark(price):
    assert marked(price_micro=price) is None


def test_a_market_without_a_group_is_its_own():
    assert market_view("m", terms(event_group_id=""), resolved=False).event_group_id == "m"


def test_the_fee_schedule_is_taken_with_its_provenance():
    view = market_view("m", terms(fee_rate_micro=40_000, fee_provenance="market"), resolved=False)
    assert view.fee == FeeSchedule(40_000, 1, False, FeeProvenance.MARKET)


def test_a_fill_belongs_to_the_group_that_its_market_names():
    view = market_view("m", terms(event_group_id="own"), resolved=False)
    assert book_fill(filled(event_group_id="told"), view).event_group_id == "own"
    assert book_fill(filled(event_group_id="told"), None).event_group_id == "told"
    assert book_fill(filled(event_group_id="", market_id="m"), None).event_group_id == "m"


def test_a_fill_is_identified_by_its_order_and_its_trade():
    fill = book_fill(filled(order_hash="0x1", trade_id="t"), None)
    assert fill.fill_id == fill_id("0x1", "t") == "0x1/t"
    assert (fill.token_id, fill.size_micro) == (YES, 100 * UNIT)


def test_approvals_are_named_by_what_they_answer():
    assert approval_id("p") == hash_id("approval", "p")
    assert approval_id("p", "token", "wallet", "fill") != approval_id("p", "token", "wallet", "position")
