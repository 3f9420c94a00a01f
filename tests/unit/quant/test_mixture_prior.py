"""Shrinkage under an unknown prior believes in the few as well as in the many."""

import numpy as np
import pytest

from whaletrader.quant import mixture_prior
from whaletrader.quant.mixture_prior import GRID_POINTS, mixture_shrink


def few_among_many(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.where(np.arange(1_000) < 40, 0.15, -0.01)
    errors = rng.uniform(0.02, 0.06, 1_000)
    return truth, errors, truth + rng.normal(size=1_000) * errors


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_few_skilled_keep_their_edge_and_the_many_lose_their_luck(seed: int) -> None:
    truth, errors, observed = few_among_many(seed)
    found = mixture_shrink(observed, errors).means
    skilled = 0.04 * np.exp(-0.5 * ((observed - 0.15) / errors) ** 2)
    unskilled = 0.96 * np.exp(-0.5 * ((observed + 0.01) / errors) ** 2)
    knowing_the_prior = (0.15 * skilled - 0.01 * unskilled) / (skilled + unskilled)
    assert found[:40].mean() == pytest.approx(knowing_the_prior[:40].mean(), abs=0.015)
    assert found[40:].mean() == pytest.approx(-0.01, abs=0.005)
    assert np.mean((found - truth) ** 2) < 1.25 * np.mean((knowing_the_prior - truth) ** 2)


@pytest.mark.parametrize("seed", [4, 5])
def test_it_beats_the_normal_prior_where_the_prior_is_not_normal(seed: int) -> None:
    truth, errors, observed = few_among_many(seed)
    bulk = max(float(np.var(observed) - np.mean(errors**2)), 0.0)
    normal = observed.mean() + bulk / (bulk + errors**2) * (observed - observed.mean())
    assert np.mean((mixture_shrink(observed, errors).means - truth) ** 2) < np.mean((normal - truth) ** 2)


def test_under_a_normal_prior_it_comes_near_the_normal_rule() -> None:
    rng = np.random.default_rng(6)
    truth = rng.normal(0.0, 0.05, 2_000)
    errors = np.full(2_000, 0.05)
    observed = truth + rng.normal(size=2_000) * errors
    best = np.mean((observed / 2.0 - truth) ** 2)
    assert np.mean((mixture_shrink(observed, errors).means - truth) ** 2) < 1.1 * best


def test_the_prior_is_a_distribution_over_the_range_of_the_estimates() -> None:
    _, errors, observed = few_among_many(7)
    found = mixture_shrink(observed, errors)
    assert found.weights.sum() == pytest.approx(1.0)
    assert found.weights.shape == found.support.shape == (GRID_POINTS,)
    assert found.support[0] == observed.min()
    assert found.support[-1] == observed.max()
    assert bool(np.all((found.means >= observed.min()) & (found.means <= observed.max())))


def test_the_rule_follows_the_plain_formula() -> None:
    estimates, errors = np.array([0.0, 1.0, 4.0]), np.array([1.0, 0.5, 2.0])
    found = mixture_shrink(estimates, errors)
    for i in range(3):
        likelihood = [np.exp(-0.5 * ((estimates[i] - s) / errors[i]) ** 2) for s in found.support]
        joint = [like * weight for like, weight in zip(likelihood, found.weights, strict=True)]
        expected = sum(j * s for j, s in zip(joint, found.support, strict=True)) / sum(joint)
        assert found.means[i] == pytest.approx(expected, rel=1e-9)


def test_one_estimate_alone_keeps_its_value_and_equal_ones_stay_equal() -> None:
    assert mixture_shrink(np.array([0.3]), np.array([0.2])).means == pytest.approx([0.3])
    assert mixture_shrink(np.full(5, -0.1), np.full(5, 0.2)).means == pytest.approx([-0.1] * 5)


def test_an_estimate_far_outside_its_noise_does_not_underflow() -> None:
    found = mixture_shrink(np.array([-1_000.0, 0.0, 1_000.0]), np.full(3, 1e-3))
    assert found.means == pytest.approx([-1_000.0, 0.0, 1_000.0], abs=20.0)


def test_an_estimate_without_an_error_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        mixture_shrink(np.array([1.0, 2.0]), np.array([0.0, 1.0]))


def test_a_prior_fitted_to_groups_of_means_shrinks_as_the_one_fitted_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    true = np.where(rng.random(6_000) < 0.03, 150_000.0, -20_000.0)
    errors = rng.uniform(20_000, 90_000, true.size)
    estimates = true + errors * rng.standard_normal(true.size)
    whole = mixture_shrink(estimates, errors)
    monkeypatch.setattr(mixture_prior, "MOST_FITTED", 1_000)
    grouped = mixture_shrink(estimates, errors)
    assert np.abs(grouped.means - whole.means).max() < 0.03 * np.median(errors)
    assert grouped.weights.sum() == pytest.approx(1.0)


def test_many_equal_means_can_be_grouped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixture_prior, "MOST_FITTED", 10)
    found = mixture_shrink(np.full(50, 3.0), np.full(50, 2.0))
    assert found.means == pytest.approx(np.full(50, 3.0))
