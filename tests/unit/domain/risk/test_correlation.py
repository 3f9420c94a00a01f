"""Correlation with open positions: exact within a group, the worst possible where unknown, a prior across groups."""

import random

import numpy as np
import pytest

from tests.support.risk import hold, limits, market, reservation, world
from whaletrader.domain.risk.correlation import (
    correlation_reaches,
    return_correlation_reaches,
    too_correlated,
)
from whaletrader.domain.risk.scenarios import PROB_ONE, probability
from whaletrader.quant.covariance import shrunk_correlation

LIMIT = 700_000


def pair(group_prices, neg_risk=True):
    views = [market(name, "g", neg_risk=neg_risk) for name in ("a", "b")]
    return views, world(views, group_prices)


def test_the_same_token_is_no_other_position():
    views, state = pair((400_000, 300_000))
    hold(state, views[0], 0)
    assert not too_correlated(state, views[0], "a0")


def test_the_other_outcome_of_a_held_market_is_a_hedge():
    views, state = pair((400_000, 300_000))
    hold(state, views[0], 0)
    assert not too_correlated(state, views[0], "a1")


def test_two_candidates_of_one_event_exclude_each_other():
    views, state = pair((400_000, 300_000))
    hold(state, views[0], 0)
    assert not too_correlated(state, views[1], "b0")


def test_the_yes_of_one_and_the_no_of_the_only_rival_are_the_same_bet():
    views, state = pair((500_000, 500_000))
    hold(state, views[0], 0)
    assert too_correlated(state, views[1], "b1")


def test_the_yes_of_a_long_shot_and_the_no_of_another_are_hardly_correlated():
    views, state = pair((30_000, 30_000))
    hold(state, views[0], 0)
    assert not too_correlated(state, views[1], "b1")


def test_the_nos_of_two_rivals_correlate_exactly():
    chances = [probability(price) for price in (450_000, 450_000)]
    both = PROB_ONE - sum(chances)
    single = [PROB_ONE - chance for chance in chances]
    exact = (both / PROB_ONE - single[0] * single[1] / PROB_ONE**2) / (0.45 * 0.55)
    assert exact < 0.7
    assert not correlation_reaches(both, *single, LIMIT)
    views, state = pair((450_000, 450_000))
    hold(state, views[0], 1)
    assert not too_correlated(state, views[1], "b1")


def test_markets_of_one_event_without_a_known_law_are_taken_at_their_worst():
    views, state = pair((500_000, 520_000), neg_risk=False)
    hold(state, views[0], 0)
    assert too_correlated(state, views[1], "b0")
    assert too_correlated(state, views[1], "b1")


def test_markets_of_one_event_with_very_different_chances_cannot_correlate_much():
    views, state = pair((50_000, 600_000), neg_risk=False)
    hold(state, views[0], 0)
    assert not too_correlated(state, views[1], "b0")


def test_an_ordered_token_counts_like_a_held_one():
    views, state = pair((500_000, 500_000))
    state.book.reserve("1", reservation(views[0]))
    assert too_correlated(state, views[1], "b1")


def test_a_paid_out_position_correlates_with_nothing():
    views, state = pair((500_000, 500_000))
    hold(state, views[0], 0)
    state.book.marks["a0"] = state.quotes["a0"].__class__(bid_micro=0, mid_micro=0, ts=0, final=True)
    assert not too_correlated(state, views[1], "b1")


def test_an_open_position_in_an_unknown_market_forbids_all():
    views, state = pair((500_000, 500_000))
    hold(state, views[0], 0)
    del state.markets["a"]
    assert too_correlated(state, views[1], "b0")


@pytest.mark.parametrize(("same", "other", "denied"), [(0, 0, False), (700_000, 0, True), (0, 700_000, False)])
def test_across_groups_the_prior_by_category_decides(same, other, denied):
    views = [market("a"), market("b")]
    rules = limits(prior_correlation_same_category_micro=same, prior_correlation_other_micro=other)
    state = world(views, (500_000, 500_000), limits=rules)
    hold(state, views[0], 0)
    assert too_correlated(state, views[1], "b0") is denied


def test_categories_that_differ_take_the_other_prior():
    views = [market("a"), market("b", category="crypto")]
    state = world(views, (500_000, 500_000), limits=limits(prior_correlation_other_micro=700_000))
    hold(state, views[0], 0)
    assert too_correlated(state, views[1], "b0")


def test_a_certain_payoff_correlates_with_nothing():
    assert not correlation_reaches(PROB_ONE // 2, PROB_ONE, PROB_ONE // 2, LIMIT)
    assert not correlation_reaches(0, 0, PROB_ONE // 2, LIMIT)


def test_equal_bets_correlate_fully():
    half = PROB_ONE // 2
    assert correlation_reaches(half, half, half, 999_999)
    assert not correlation_reaches(half // 2, half, half, 1)


def walk(draw, days, shared, own):
    marks, level = [], 500_000
    for day in range(days):
        level += shared[day] + draw.randrange(-own, own + 1)
        marks.append(level)
    return tuple(marks)


@pytest.mark.parametrize("own", [10, 2_000, 6_000, 9_000, 12_000, 40_000])
def test_measured_returns_agree_with_the_float_estimator(own):
    draw = random.Random(own)
    shared = [draw.randrange(-10_000, 10_001) for _ in range(80)]
    first, second = walk(draw, 80, shared, own), walk(draw, 80, shared, own)
    returns = np.column_stack([np.diff(np.array(marks, np.float64)) for marks in (first, second)])
    exact = shrunk_correlation(returns)[0, 1]
    for limit in (100_000, 400_000, 700_000, 950_000):
        assert return_correlation_reaches(first, second, limit) is bool(exact >= limit / 1e6)


def test_fewer_than_sixty_common_returns_measure_nothing():
    marks = tuple(range(61))
    assert return_correlation_reaches(marks[:60], marks, LIMIT) is None
    assert return_correlation_reaches(marks, marks, LIMIT) is not None


def test_constant_marks_correlate_with_nothing():
    flat = (500_000,) * 70
    assert return_correlation_reaches(flat, flat, LIMIT) is False


def test_measured_returns_take_the_place_of_the_prior():
    draw = random.Random(1)
    shared = [draw.randrange(-10_000, 10_001) for _ in range(80)]
    daily = {"a0": walk(draw, 80, shared, 10), "b0": walk(draw, 80, shared, 10)}
    views = [market("a"), market("b")]
    state = world(views, (500_000, 500_000), daily=daily)
    hold(state, views[0], 0)
    assert too_correlated(state, views[1], "b0")
