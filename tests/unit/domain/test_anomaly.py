"""The baseline and the z-score against it."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.anomaly import MIN_OBSERVATIONS, Baseline, Severity, absorb, severity_of, z_micro
from whaletrader.domain.values import MICRO

VALUES = st.integers(0, 10**12)


def fed(values):
    baseline = Baseline()
    for value in values:
        baseline = absorb(baseline, value)
    return baseline


@settings(max_examples=50, deadline=None)
@given(value=VALUES, count=st.integers(1, 200))
def test_constant_input_gives_a_constant_mean_and_no_variance(value, count):
    assert fed([value] * count) == Baseline(count, value, 0)


@settings(max_examples=100, deadline=None)
@given(values=st.lists(VALUES, min_size=1, max_size=50))
def test_it_follows_the_exact_recursion_within_rounding(values):
    mean, variance = Fraction(values[0]), Fraction(0)
    for value in values[1:]:
        delta = value - mean
        mean, variance = mean + delta / 8, (variance + delta * delta / 8) * 7 / 8
    baseline = fed(values)
    assert abs(baseline.mean_micro - mean) <= 8
    assert abs(baseline.variance_micro2 - variance) <= 100 + 20 * max(values) + variance / 10**6
    assert min(values) <= baseline.mean_micro <= max(values)
    assert baseline.variance_micro2 >= 0


@settings(max_examples=100, deadline=None)
@given(values=st.lists(VALUES, min_size=MIN_OBSERVATIONS, max_size=30), first=VALUES, second=VALUES)
def test_a_larger_value_never_has_a_smaller_z(values, first, second):
    baseline = fed(values)
    low, high = sorted((first, second))
    assert z_micro(baseline, low) <= z_micro(baseline, high)


def test_the_mean_itself_has_z_zero_and_both_sides_are_alike():
    baseline = Baseline(20, 100, 400)
    assert z_micro(baseline, 100) == 0
    assert z_micro(baseline, 150) == -z_micro(baseline, 50) == 2 * MICRO


def test_too_few_observations_say_nothing():
    assert z_micro(fed([5] * (MIN_OBSERVATIONS - 1)), 10**9) is None
    assert z_micro(fed([5] * MIN_OBSERVATIONS), 10**9) is not None


def test_equal_observations_have_a_deviation_of_a_quarter_of_the_mean_at_least():
    assert z_micro(fed([100] * 10), 200) == 4 * MICRO
    assert z_micro(fed([0] * 10), 50_000, floor_micro=10_000) == 5 * MICRO


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        (2_999_999, None),
        (3_000_000, Severity.P3),
        (5_000_000, Severity.P2),
        (8_000_000, Severity.P1),
        (-9_000_000, None),
    ],
)
def test_the_tiers_of_severity(score, severity):
    assert severity_of(score) is severity
