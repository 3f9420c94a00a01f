"""Shrinkage under unequal errors: closed forms, brute force, unbiased risk, and no worse than not shrinking."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import minimize

from whaletrader.quant import shrinkage
from whaletrader.quant.mixture_prior import mixture_shrink
from whaletrader.quant.shrinkage import Criterion, normal_shrink, restricted_deviance, sure

Floats = NDArray[np.float64]
CRITERIA: tuple[Criterion, ...] = ("sure", "reml")


def drawn(seed: int, n: int, spread: float = 1.0, centre: float = 0.0) -> tuple[Floats, Floats, Floats]:
    """True means, estimates, errors from 0.3 to 3."""
    rng = np.random.default_rng(seed)
    truth = centre + spread * rng.normal(size=n)
    errors = np.exp(rng.uniform(np.log(0.3), np.log(3.0), n))
    return truth, truth + errors * rng.normal(size=n), errors


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 50), st.floats(0.0, 5.0), st.floats(0.1, 3.0))
def test_equal_errors_have_the_closed_form(seed: int, n: int, spread: float, error: float) -> None:
    rng = np.random.default_rng(seed)
    x = spread * rng.normal(size=n) + error * rng.normal(size=n)
    for criterion, spread_of_x in (("sure", x.var()), ("reml", x.var(ddof=1))):
        found = normal_shrink(x, np.full(n, error), criterion)  # type: ignore[arg-type]
        kept = max(1.0 - error**2 / spread_of_x, 0.0)
        np.testing.assert_allclose(found.means, x.mean() + kept * (x - x.mean()), atol=1e-6 * (1 + abs(x).max()))


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("seed", range(5))
def test_no_other_prior_is_better(criterion: Criterion, seed: int) -> None:
    """A search over mean and variance at once, from many starts, against the profile over the variance."""
    _, x, errors = drawn(seed, 30, spread=0.7, centre=2.0)
    cost = sure if criterion == "sure" else restricted_deviance
    found = normal_shrink(x, errors, criterion)
    ours = cost(found.prior_variance, found.prior_mean, x, errors**2)

    def at(point: Floats) -> float:
        return cost(float(np.exp(point[0])), float(point[1]), x, errors**2)

    starts = [(log_v, mean) for log_v in (-6.0, -2.0, 0.0, 2.0) for mean in (0.0, 2.0, 4.0)]
    theirs = min(float(minimize(at, np.array(s), method="Nelder-Mead").fun) for s in starts)
    assert ours <= theirs + 1e-7


def test_the_estimated_risk_is_unbiased() -> None:
    """The mean over draws of SURE at a fixed prior is the mean squared error of that rule."""
    rng = np.random.default_rng(1)
    truth, errors = rng.normal(size=20), rng.uniform(0.3, 2.0, 20)
    variance, mean = 0.8, 0.3
    kept = variance / (variance + errors**2)
    losses, told = [], []
    for _ in range(4_000):
        x = truth + errors * rng.normal(size=20)
        losses.append(float(np.mean((kept * x + (1 - kept) * mean - truth) ** 2)))
        told.append(sure(variance, mean, x, errors**2))
    gap = np.array(losses) - np.array(told)
    assert abs(gap.mean()) < 4.0 * gap.std() / np.sqrt(gap.size)


def test_the_deviance_is_that_of_the_contrasts() -> None:
    """Restricted likelihood is the likelihood of the differences, whatever their common mean."""
    x, variances = np.array([0.4, -1.0, 2.2, 0.1]), np.array([0.5, 1.0, 2.0, 0.7])
    contrast = np.array([[1.0, -1, 0, 0], [0, 1, -1, 0], [0, 0, 1, -1]])

    def ours(v: float) -> float:
        weights = 1 / (variances + v)
        return restricted_deviance(v, float(weights @ x / weights.sum()), x, variances)

    def theirs(v: float) -> float:
        covariance = contrast @ np.diag(variances + v) @ contrast.T
        return -2.0 * float(stats.multivariate_normal.logpdf(contrast @ x, np.zeros(3), covariance))

    steps = [(ours(v) - ours(0.3), theirs(v) - theirs(0.3)) for v in (0.0, 0.1, 1.0, 7.0)]
    for mine, other in steps:
        assert mine == pytest.approx(other, abs=1e-10)


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("spread", [0.0, 0.5, 3.0])
def test_shrinking_errs_less_than_not_shrinking(criterion: Criterion, spread: float) -> None:
    raw, shrunk = 0.0, 0.0
    for seed in range(20):
        truth, x, errors = drawn(seed, 200, spread)
        raw += float(np.mean((x - truth) ** 2))
        shrunk += float(np.mean((normal_shrink(x, errors, criterion).means - truth) ** 2))
    assert shrunk < 0.95 * raw


def test_where_the_spread_goes_with_the_error_sure_errs_less_than_likelihood() -> None:
    """Xie, Kou and Brown's example: the true means depend on the errors, and the normal prior is wrong."""
    errs = dict.fromkeys(CRITERIA, 0.0)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        errors = np.sqrt(rng.uniform(0.1, 1.0, 300))
        truth = errors**2
        x = truth + errors * rng.normal(size=300)
        for criterion in CRITERIA:
            errs[criterion] += float(np.mean((normal_shrink(x, errors, criterion).means - truth) ** 2))
    assert errs["sure"] < errs["reml"]


def test_few_far_out_among_many_at_nothing_keep_more_under_the_free_prior() -> None:
    rng = np.random.default_rng(2)
    truth = np.concatenate([np.zeros(995), np.full(5, 0.15)])
    errors = np.full(1_000, 0.03)
    x = truth + errors * rng.normal(size=1_000)
    normal, free = normal_shrink(x, errors).means[-5:], mixture_shrink(x, errors).means[-5:]
    assert normal.mean() < 0.05
    assert free.mean() > 0.1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from(CRITERIA), st.floats(-1e3, 1e3), st.floats(1e-3, 1e4))
def test_the_unit_and_the_origin_do_not_matter(
    seed: int, n: int, criterion: Criterion, shift: float, scale: float
) -> None:
    _, x, errors = drawn(seed, n)
    found, other = normal_shrink(x, errors, criterion), normal_shrink(shift + scale * x, scale * errors, criterion)
    tolerance = 1e-5 * scale * (1 + abs(x).max()) + 1e-9 * abs(shift)
    np.testing.assert_allclose(other.means, shift + scale * found.means, atol=tolerance)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from(CRITERIA))
def test_each_mean_lies_between_its_estimate_and_the_common_one(seed: int, n: int, criterion: Criterion) -> None:
    _, x, errors = drawn(seed, n)
    found = normal_shrink(x, errors, criterion)
    low, high = np.minimum(x, found.prior_mean), np.maximum(x, found.prior_mean)
    assert np.all((found.means >= low - 1e-9) & (found.means <= high + 1e-9))
    assert x.min() - 1e-9 <= found.prior_mean <= x.max() + 1e-9
    assert found.prior_variance >= 0.0


def test_the_surer_of_two_equal_estimates_keeps_more() -> None:
    _, x, errors = drawn(3, 100)
    x[:2], errors[:2] = 3.0, (0.3, 3.0)
    means = normal_shrink(x, errors).means
    assert 3.0 > means[0] > means[1]


def test_one_mean_stays_where_it_is() -> None:
    for criterion in CRITERIA:
        assert normal_shrink(np.array([0.7]), np.array([0.2]), criterion).means.tolist() == pytest.approx([0.7])


def test_a_million_means_are_shrunk_alike_in_any_order() -> None:
    _, x, errors = drawn(4, 100_000)
    found, turned = normal_shrink(x, errors).means, normal_shrink(x[::-1].copy(), errors[::-1].copy()).means
    np.testing.assert_allclose(found, turned[::-1], atol=1e-9)


@pytest.mark.parametrize(("estimates", "errors"), [([1.0], [0.0]), ([np.nan], [1.0]), ([1.0], [np.inf]), ([], [])])
def test_what_cannot_be_shrunk_is_refused(estimates: list[float], errors: list[float]) -> None:
    with pytest.raises(AssertionError):
        normal_shrink(np.array(estimates), np.array(errors))


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(shrinkage).failed == 0
