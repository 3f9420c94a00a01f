"""The deflated Sharpe ratio against the worked example of Bailey and López de Prado (2014), and simulation."""

import doctest
from math import inf, isnan, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from whaletrader.quant import sharpe
from whaletrader.quant.sharpe import deflated_sharpe_ratio, expected_maximum_sharpe, probabilistic_sharpe_ratio

DAILY = 2.5 / sqrt(250)
VARIANCE = 0.5 / 250


def papers_example(n_trials: float, skew: float = -3.0, kurt: float = 10.0) -> float:
    return deflated_sharpe_ratio(DAILY, 1250, skew, kurt, n_trials=n_trials, variance_of_trial_sharpes=VARIANCE)


def test_the_papers_hundred_trials_leave_ninety_percent() -> None:
    assert expected_maximum_sharpe(100, VARIANCE) == pytest.approx(0.1132, abs=5e-5)
    assert papers_example(100) == pytest.approx(0.9004, abs=5e-5)


def test_the_papers_strategy_would_have_passed_after_46_trials_and_after_88_under_normality() -> None:
    assert papers_example(46) == pytest.approx(0.9505, abs=5e-5)
    assert papers_example(47) < 0.95
    assert papers_example(88, 0.0, 3.0) == pytest.approx(0.9505, abs=5e-4)


def test_the_expected_maximum_is_near_the_exact_one_of_independent_normals() -> None:
    for n_trials in (5, 20, 100, 1_000):

        def density(x: float, count: int = n_trials) -> float:
            return float(x * count * stats.norm.pdf(x) * stats.norm.cdf(x) ** (count - 1))

        exact, _ = integrate.quad(density, -8.0, 12.0, limit=200)
        assert expected_maximum_sharpe(n_trials, 1.0) == pytest.approx(exact, rel=0.03)


def test_the_formula_as_it_stands_in_the_paper() -> None:
    gamma = float(np.euler_gamma)
    for n_trials in (2, 10, 12_345):
        first, second = stats.norm.ppf([1 - 1 / n_trials, 1 - 1 / (n_trials * np.e)])
        expected = sqrt(0.3) * ((1 - gamma) * first + gamma * second)
        assert expected_maximum_sharpe(n_trials, 0.3) == pytest.approx(expected, abs=1e-10)


def test_a_single_trial_is_not_deflated() -> None:
    assert expected_maximum_sharpe(1, nan) == 0.0
    whole = deflated_sharpe_ratio(0.1, 100, 0.0, 3.0, n_trials=1, variance_of_trial_sharpes=nan)
    assert whole == probabilistic_sharpe_ratio(0.1, 100, 0.0, 3.0)


@pytest.mark.parametrize("n_trials", [0, -1, 0.5, nan, inf])
def test_no_trial_or_no_number_of_them_is_an_error_that_says_so(n_trials: float) -> None:
    with pytest.raises(ValueError, match="count at least one trial"):
        papers_example(n_trials)


@pytest.mark.parametrize("variance", [-1e-9, inf])
def test_an_impossible_variance_is_an_error_that_says_so(variance: float) -> None:
    with pytest.raises(ValueError, match="variance of Sharpe ratios"):
        expected_maximum_sharpe(10, variance)


def test_what_is_not_known_is_withheld() -> None:
    assert isnan(expected_maximum_sharpe(10, nan))
    assert isnan(deflated_sharpe_ratio(0.1, 100, 0.0, 3.0, n_trials=10, variance_of_trial_sharpes=nan))
    assert isnan(deflated_sharpe_ratio(nan, 100, 0.0, 3.0, n_trials=10, variance_of_trial_sharpes=0.1))
    assert isnan(deflated_sharpe_ratio(0.1, 1, 0.0, 3.0, n_trials=10, variance_of_trial_sharpes=0.1))
    # a standard error of zero must not turn an unknown benchmark into certainty
    assert isnan(deflated_sharpe_ratio(0.5, 10, 2.0, 1.0, n_trials=10, variance_of_trial_sharpes=nan))


@settings(max_examples=150, deadline=None)
@given(
    ratio=st.floats(-100, 100),
    n=st.integers(2, 10_000),
    skew=st.floats(-20, 20),
    kurt=st.floats(1, 500),
    n_trials=st.floats(1, 1e7),
    variance=st.floats(0, 100),
)
def test_it_is_a_probability_and_never_above_the_undeflated_one(
    ratio: float, n: int, skew: float, kurt: float, n_trials: float, variance: float
) -> None:
    found = deflated_sharpe_ratio(ratio, n, skew, kurt, n_trials=n_trials, variance_of_trial_sharpes=variance)
    assert 0.0 <= found <= probabilistic_sharpe_ratio(ratio, n, skew, kurt) <= 1.0


@settings(max_examples=80, deadline=None)
@given(few=st.floats(1, 1e6), more=st.floats(1, 1e6), variance=st.floats(0, 10))
def test_more_trials_never_lower_the_bar(few: float, more: float, variance: float) -> None:
    low, high = (expected_maximum_sharpe(trials, variance) for trials in sorted((few, more)))
    assert 0.0 <= low <= high + 1e-12


def test_the_best_of_many_unskilled_records_passes_rarely() -> None:
    rng = np.random.default_rng(11)
    passed, universes, trials, n = 0, 200, 50, 250
    for _ in range(universes):
        returns = rng.standard_normal((trials, n))
        ratios = returns.mean(axis=1) / returns.std(axis=1, ddof=1)
        variance = float(ratios.var(ddof=1))
        found = deflated_sharpe_ratio(
            float(ratios.max()), n, 0.0, 3.0, n_trials=trials, variance_of_trial_sharpes=variance
        )
        passed += found > 0.95
        assert probabilistic_sharpe_ratio(float(ratios.max()), n, 0.0, 3.0) > found
    assert passed <= 0.05 * universes


def test_the_examples_of_the_docstrings_hold() -> None:
    found = doctest.testmod(sharpe)
    assert (found.failed, found.attempted >= 4) == (0, True)
