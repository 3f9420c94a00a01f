"""The book as loss scenarios: positions, orders that may not fill, payouts, unknown markets."""

import msgspec
import pytest

from tests.support.risk import NOW, hold, mark, market, reservation, world
from whaletrader.domain.risk.groups import BookLegs, market_probability, payoff_scenarios
from whaletrader.domain.risk.scenarios import PROB_ONE, probability
from whaletrader.domain.values import MICRO, Side

M = market()
FORTY = probability(400_000)


def losses(scenarios):
    return [loss for loss, _ in scenarios]


def test_an_empty_book_loses_nothing_for_certain():
    state = world([M], [400_000])
    assert BookLegs(state).scenarios("m") == [(0, PROB_ONE)]
    assert BookLegs(state).rest("m") == []


def test_a_position_loses_its_mark_or_gains_the_rest():
    state = hold(world([M], [400_000]), M)
    assert BookLegs(state).scenarios("m") == [(-60 * MICRO, FORTY), (40 * MICRO, PROB_ONE - FORTY)]


def test_the_other_outcome_is_the_mirror_image():
    state = hold(world([M], [400_000]), M, 1)
    assert losses(BookLegs(state).scenarios("m")) == [60 * MICRO, -40 * MICRO]


def test_equal_holdings_of_both_outcomes_are_no_risk():
    state = hold(hold(world([M], [400_000]), M, 0), M, 1)
    assert losses(BookLegs(state).scenarios("m")) == [0, 0]


def test_an_order_that_may_not_fill_counts_with_its_losses_only():
    state = world([M], [400_000])
    state.book.reserve("1", reservation(M, 0, size_micro=100 * MICRO, reserved_micro=42 * MICRO))
    assert losses(BookLegs(state).scenarios("m")) == [0, 42 * MICRO]


def test_an_open_sale_is_no_comfort():
    state = hold(world([M], [400_000]), M)
    before = BookLegs(state).scenarios("m")
    state.book.reserve("1", reservation(M, 0, side=Side.SELL, reserved_micro=0))
    assert BookLegs(state).scenarios("m") == before


def test_a_paid_out_position_is_no_risk():
    state = hold(world([M], [400_000]), M)
    state.book.marks["m0"] = mark(MICRO, final=True)
    assert BookLegs(state).scenarios("m") == [(0, PROB_ONE)]


def test_a_position_in_an_unknown_market_may_be_lost_whole():
    state = hold(world([M], [400_000]), M)
    del state.markets["m"]
    assert losses(BookLegs(state).scenarios("m")) == [40 * MICRO, 40 * MICRO]


def test_what_would_be_bought_comes_on_top():
    state = hold(world([M], [400_000]), M)
    found = BookLegs(state).scenarios_with(M, "m0", 10 * MICRO, 5 * MICRO)
    assert losses(found) == [-60 * MICRO - 5 * MICRO, 45 * MICRO]
    assert losses(BookLegs(state).scenarios_with(M, "m1", 10 * MICRO, 5 * MICRO)) == [-55 * MICRO, 35 * MICRO]


def test_groups_are_kept_apart_and_the_rest_leaves_one_out():
    views = [market("a"), market("b")]
    state = hold(hold(world(views, (400_000, 700_000)), views[0]), views[1])
    legs = BookLegs(state)
    assert legs.rest("a") == [legs.scenarios("b")]
    assert legs.rest("else") == [legs.scenarios("a"), legs.scenarios("b")]


def test_two_rivals_have_three_scenarios():
    views = [market(name, "g", neg_risk=True) for name in ("a", "b")]
    state = hold(hold(world(views, (400_000, 500_000)), views[0]), views[1])
    assert losses(BookLegs(state).scenarios("g")) == [-10 * MICRO, -10 * MICRO, 90 * MICRO]


def test_a_group_of_mixed_kinds_is_taken_at_its_worst():
    views = [market("a", "g", neg_risk=True), market("b", "g", neg_risk=False)]
    state = hold(hold(world(views, (400_000, 500_000)), views[0]), views[1])
    assert losses(BookLegs(state).scenarios("g"))[0] == 90 * MICRO


@pytest.mark.parametrize(("first", "second", "expected"), [(NOW, NOW - 1, 400_000), (NOW - 1, NOW, 700_000)])
def test_the_newer_quote_of_the_two_outcomes_tells_the_probability(first, second, expected):
    state = world([M], [400_000])
    state.quotes["m0"] = mark(400_000, ts=first)
    state.quotes["m1"] = mark(300_000, ts=second)
    assert market_probability(state, "m") == pytest.approx(probability(expected), abs=2)


def test_one_quote_is_enough_and_none_is_even():
    state = world([M], [400_000])
    del state.quotes["m0"]
    assert market_probability(state, "m") == PROB_ONE - probability(600_000)
    assert market_probability(msgspec.structs.replace(state, quotes={}), "m") == PROB_ONE // 2
    assert market_probability(state, "unknown") == PROB_ONE // 2


def test_selling_lessens_what_the_positions_pay():
    state = hold(world([M], [400_000]), M)
    assert losses(payoff_scenarios(state, "m", "m0", 0)) == [-100 * MICRO, 0]
    assert losses(payoff_scenarios(state, "m", "m0", 30 * MICRO)) == [-70 * MICRO, 0]
    assert payoff_scenarios(state, "else", "m0", 0) == [(0, PROB_ONE)]
