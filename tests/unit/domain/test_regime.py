"""Regimes from marks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.regime import MIN_MARKS, Regime, classify, efficiency_ratio_micro, mean_move_micro
from whaletrader.domain.values import MICRO

MARKS = st.lists(st.integers(0, MICRO), min_size=2, max_size=30)


@settings(max_examples=200, deadline=None)
@given(marks=MARKS)
def test_the_efficiency_ratio_lies_between_nothing_and_all_and_does_not_depend_on_the_outcome(marks):
    ratio = efficiency_ratio_micro(marks)
    assert 0 <= ratio <= MICRO
    assert ratio == efficiency_ratio_micro([MICRO - mark for mark in marks])
    assert classify(marks) == classify([MICRO - mark for mark in marks])


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(st.integers(1, 10_000), min_size=1, max_size=20))
def test_a_straight_path_has_ratio_one(steps):
    marks = [sum(steps[:end]) for end in range(len(steps) + 1)]
    assert efficiency_ratio_micro(marks) == MICRO
    assert mean_move_micro(marks) == sum(steps) // len(steps)


def test_a_market_that_stands_still_ranges():
    assert efficiency_ratio_micro([500_000] * 10) == 0
    assert classify([500_000] * 10) == (Regime.RANGING, 0)


def test_one_tick_up_is_no_trend():
    assert classify([500_000] * 9 + [510_000])[0] is Regime.RANGING
    assert classify([500_000] * 9 + [520_000])[0] is Regime.TRENDING


@pytest.mark.parametrize(("move", "regime"), [(29_999, Regime.RANGING), (30_000, Regime.HIGH_VOLATILITY)])
def test_a_mean_move_of_three_cents_is_volatile(move, regime):
    assert classify([500_000, 500_000 + move] * 5)[0] is regime


def test_too_few_marks_are_unknown():
    assert classify([]) == (Regime.UNKNOWN, 0)
    assert classify([500_000] * (MIN_MARKS - 1)) == (Regime.UNKNOWN, MIN_MARKS - 1)
