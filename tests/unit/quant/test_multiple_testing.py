"""Adjusted p-values, q-values and e-values, against statsmodels, SciPy, the papers' numbers and plain loops."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from whaletrader.quant.multiple_testing import (
    benjamini_hochberg,
    benjamini_yekutieli,
    e_benjamini_hochberg,
    e_to_p,
    mixture_calibrator,
    null_share,
    power_calibrator,
    smoothed_null_share,
    smoothing_weights,
    storey_q_values,
)

Floats = NDArray[np.float64]
Adjustment = Callable[[Floats], Floats]

PAPER = np.array(
    [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1]
)
"""The 15 p-values of Benjamini & Hochberg (1995), sec. 3.2: thrombolysis after myocardial infarction."""


def smoothed(p_values: Floats) -> Floats:
    return storey_q_values(p_values, None)


ADJUSTMENTS = [benjamini_hochberg, benjamini_yekutieli, storey_q_values, smoothed]


def plain_rejections(p_values: Floats, level: float) -> list[int]:
    """The step-up rule as its paper states it: the largest k with p_(k) <= k level / n."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    k = max((k for k in range(1, len(order) + 1) if p_values[order[k - 1]] <= k * level / len(order)), default=0)
    return sorted(order[:k])


def plain_e_rejections(e_values: Floats, level: float) -> list[int]:
    """The e-BH rule as its paper states it: the largest k with k e_[k] / n >= 1 / level."""
    order = sorted(range(len(e_values)), key=lambda i: -e_values[i])
    k = max((k for k in range(1, len(order) + 1) if k * e_values[order[k - 1]] / len(order) >= 1 / level), default=0)
    return sorted(order[:k])


@pytest.mark.parametrize("seed", range(5))
def test_it_equals_statsmodels(seed: int) -> None:
    from statsmodels.stats.multitest import multipletests

    p_values = np.random.default_rng(seed).beta(0.4, 1.0, size=60)
    expected = multipletests(p_values, method="fdr_bh")[1]
    assert benjamini_hochberg(p_values) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_under_any_dependence_it_equals_statsmodels(seed: int) -> None:
    from statsmodels.stats.multitest import multipletests

    p_values = np.random.default_rng(seed).beta(0.2, 1.0, size=60)
    expected = multipletests(p_values, method="fdr_by")[1]
    assert benjamini_yekutieli(p_values) == pytest.approx(expected, abs=1e-12)


def test_the_papers_fifteen_p_values_give_four_rejections_where_bonferroni_gives_three() -> None:
    assert int(np.sum(PAPER <= 0.05 / 15)) == 3
    assert np.flatnonzero(benjamini_hochberg(PAPER) <= 0.05).tolist() == [0, 1, 2, 3]
    assert benjamini_hochberg(PAPER)[:4] == pytest.approx([0.0015, 0.003, 0.0095, 0.035625], abs=1e-12)
    assert np.flatnonzero(benjamini_yekutieli(PAPER) <= 0.05).tolist() == [0, 1, 2]


@pytest.mark.parametrize("level", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("seed", range(5))
def test_the_rejected_are_those_of_the_papers_rule(seed: int, level: float) -> None:
    p_values = np.random.default_rng(seed).beta(0.3, 1.0, size=80)
    assert np.flatnonzero(benjamini_hochberg(p_values) <= level).tolist() == plain_rejections(p_values, level)
    harder = level / sum(1 / i for i in range(1, 81))
    assert np.flatnonzero(benjamini_yekutieli(p_values) <= level).tolist() == plain_rejections(p_values, harder)


def test_the_adjusted_values_are_monotone_in_the_given_ones() -> None:
    p_values = np.array([0.04, 0.001, 0.03, 0.5, 0.0301])
    adjusted = benjamini_hochberg(p_values)
    assert bool(np.all(np.diff(adjusted[np.argsort(p_values)]) >= 0))
    assert bool(np.all(adjusted >= p_values))
    assert bool(np.all(adjusted <= 1))


@pytest.mark.parametrize("adjust", ADJUSTMENTS)
@pytest.mark.parametrize("seed", range(5))
def test_every_adjustment_is_monotone_and_at_most_one(adjust: Adjustment, seed: int) -> None:
    p_values = np.random.default_rng(seed).beta(0.5, 1.0, size=200).round(3)
    adjusted = adjust(p_values)
    assert bool(np.all(np.diff(adjusted[np.argsort(p_values)]) >= 0))
    assert 0.0 <= float(adjusted.min()) <= float(adjusted.max()) <= 1.0


def test_one_or_no_test_needs_no_adjustment() -> None:
    assert benjamini_hochberg(np.array([0.03])).tolist() == [0.03]
    assert benjamini_yekutieli(np.array([0.03])).tolist() == [0.03]
    assert all(adjust(np.zeros(0)).size == 0 for adjust in ADJUSTMENTS)
    assert e_benjamini_hochberg(np.zeros(0)).size == 0


def test_equal_values_stay_equal() -> None:
    assert benjamini_hochberg(np.full(4, 0.2)).tolist() == [0.2] * 4


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan, math.inf])
def test_what_is_no_p_value_is_refused(bad: float) -> None:
    for function in (benjamini_yekutieli, storey_q_values, power_calibrator, mixture_calibrator, null_share):
        with pytest.raises(AssertionError):
            function(np.array([0.5, bad]))


def test_the_null_share_is_the_papers_count() -> None:
    p_values = np.array([0.01, 0.02, 0.03, 0.2, 0.4, 0.6, 0.7, 0.9])
    assert null_share(p_values, 0.5) == (1 + 3) / (8 * 0.5)
    assert null_share(p_values, 0.25) == (1 + 4) / (8 * 0.75)
    assert null_share(np.linspace(0, 1, 50)) == 1.0
    assert null_share(np.full(10, 1e-9)) == 0.2  # never 0: the added 1 keeps it honest


def test_the_null_share_finds_the_planted_one() -> None:
    generator = np.random.default_rng(7)
    p_values = np.concatenate([generator.random(7_000), generator.beta(0.05, 5.0, 3_000)])
    assert null_share(p_values) == pytest.approx(0.7, abs=0.03)
    assert smoothed_null_share(p_values) == pytest.approx(0.7, abs=0.05)


def test_the_smoother_is_a_natural_cubic_smoothing_spline_of_three_degrees() -> None:
    from scipy.interpolate import make_smoothing_spline
    from scipy.optimize import brentq

    knots = np.arange(1, 20) / 20
    weights = smoothing_weights(knots)
    assert np.trace(weights) == pytest.approx(3.0, abs=1e-9)

    def degrees(log_penalty: float) -> float:
        fits = [make_smoothing_spline(knots, unit, lam=math.exp(log_penalty))(knots) for unit in np.eye(19)]
        return sum(float(fit[i]) for i, fit in enumerate(fits))

    penalty = math.exp(brentq(lambda x: degrees(x) - 3.0, -12, 2, xtol=1e-13))
    observed = np.random.default_rng(3).normal(size=19)
    expected = make_smoothing_spline(knots, observed, lam=penalty)(knots)
    assert weights @ observed == pytest.approx(expected, abs=1e-8)


def test_the_smoother_keeps_a_straight_line() -> None:
    knots = np.arange(1, 20) / 20
    assert smoothing_weights(knots) @ (2 - 3 * knots) == pytest.approx(2 - 3 * knots, abs=1e-9)


def test_the_smoothed_share_is_held_in_its_bounds() -> None:
    assert smoothed_null_share(np.full(40, 1e-9)) == 1 / 40
    assert smoothed_null_share(np.full(40, 1.0)) == 1.0


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_q_values_equal_a_plain_loop(share: float) -> None:
    p_values = np.random.default_rng(11).beta(0.4, 1.0, size=50)
    null = min(1.0, (1 + sum(p > share for p in p_values)) / (50 * (1 - share)))
    expected = [
        min(min(1.0, null * 50 * q / sum(other <= q for other in p_values)) for q in p_values if q >= p)
        for p in p_values
    ]
    assert storey_q_values(p_values, share) == pytest.approx(expected, abs=1e-12)


def test_q_values_are_never_above_the_adjusted_p_values() -> None:
    p_values = np.random.default_rng(5).beta(0.4, 1.0, size=500)
    assert bool(np.all(storey_q_values(p_values) <= benjamini_hochberg(p_values)))
    assert bool(np.all(storey_q_values(p_values, None) <= benjamini_hochberg(p_values)))


@pytest.mark.parametrize("level", [0.03, 0.11, 0.31])
@pytest.mark.parametrize("seed", range(5))
def test_the_rejected_e_values_are_those_of_the_papers_rule(seed: int, level: float) -> None:
    e_values = np.exp(np.random.default_rng(seed).normal(1.0, 3.0, size=70))
    assert np.flatnonzero(e_benjamini_hochberg(e_values) <= level).tolist() == plain_e_rejections(e_values, level)


def test_one_huge_e_value_is_found_among_ten_thousand() -> None:
    e_values = np.ones(10_000)
    e_values[123], e_values[124] = 1e6, 1e5
    assert e_benjamini_hochberg(e_values)[[123, 124, 125]] == pytest.approx([0.01, 0.05, 1.0])
    e_values[7] = math.inf
    assert e_benjamini_hochberg(e_values)[7] == 0.0


def test_what_is_no_e_value_is_refused() -> None:
    for bad in (-0.1, math.nan):
        with pytest.raises(AssertionError):
            e_to_p(np.array([bad]))


def test_a_calibrated_p_value_is_an_e_value() -> None:
    from scipy.integrate import quad

    for calibrate in (power_calibrator, mixture_calibrator, lambda p: power_calibrator(p, 0.1)):
        # p = exp(-x) opens the pole at 0, of which 1e-300 cuts off the tail
        total = quad(lambda x, c=calibrate: float(c(np.array([math.exp(-x)]))[0]) * math.exp(-x), 0, 690, limit=200)[0]
        assert total == pytest.approx(1.0, abs=2e-3)
        assert total <= 1.0 + 1e-9


def test_the_mixture_is_the_average_of_the_powers() -> None:
    from scipy.integrate import quad

    for p in (1e-9, 0.001, 0.05, 0.5, 0.9):
        expected = quad(lambda k, p=p: k * p ** (k - 1), 0, 1)[0]
        assert mixture_calibrator(np.array([p]))[0] == pytest.approx(expected, rel=1e-8)


def test_the_mixture_is_smooth_where_its_formula_loses_digits() -> None:
    p_values = np.exp(-np.array([0.0, 1e-9, 9.9e-5, 1.01e-4, 1e-3]))
    found = mixture_calibrator(p_values)
    assert found == pytest.approx([0.5 + x / 6 for x in (0.0, 1e-9, 9.9e-5, 1.01e-4, 1e-3)], abs=1e-7)


def test_calibrators_fall_with_the_p_value_and_are_infinite_at_zero() -> None:
    p_values = np.array([0.0, 1e-300, 1e-7, 0.01, 0.5, 0.99, 1.0])
    for calibrate in (power_calibrator, mixture_calibrator):
        found = calibrate(p_values)
        assert bool(np.all(np.diff(found) < 0))
        assert found[0] == math.inf
    assert float(power_calibrator(np.array([1e-8]))[0]) == pytest.approx(5_000)


def test_five_hundred_nulls_that_move_together_are_rejected_no_oftener_than_the_level() -> None:
    generator, level, runs = np.random.default_rng(17), 0.1, 400
    false = {"e": 0, "by": 0}
    for _ in range(runs):
        common = generator.random()
        p_values = np.where(generator.random(500) < 0.5, common, generator.random(500))
        false["e"] += bool(np.any(e_benjamini_hochberg(mixture_calibrator(p_values)) <= level))
        false["by"] += bool(np.any(benjamini_yekutieli(p_values) <= level))
    band = level + 3 * math.sqrt(level * (1 - level) / runs)
    assert false["e"] / runs <= band
    assert false["by"] / runs <= band
