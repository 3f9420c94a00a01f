"""Empirical-Bayes shrinkage of many noisy means."""

import numpy as np
import pytest

from whaletrader.quant.shrinkage import shrink_means


def test_pure_noise_is_shrunk_to_the_common_mean() -> None:
    found = shrink_means(np.array([0.9, 1.0, 1.1]), np.full(3, 1.0))
    assert found.prior_variance == 0.0
    assert found.means == pytest.approx([1.0, 1.0, 1.0])
    assert found.deviations == pytest.approx([0.0, 0.0, 0.0])


def test_exact_estimates_are_kept() -> None:
    estimates = np.array([-3.0, 0.0, 5.0])
    assert shrink_means(estimates, np.full(3, 1e-6)).means == pytest.approx(estimates)


def test_the_noisier_estimate_is_shrunk_more() -> None:
    found = shrink_means(np.array([4.0, 4.0, -4.0, -4.0]), np.array([0.1, 3.0, 0.1, 3.0]))
    assert abs(found.means[1] - found.prior_mean) < abs(found.means[0] - found.prior_mean)
    assert bool(np.all(found.deviations <= np.array([0.1, 3.0, 0.1, 3.0])))


def test_it_recovers_the_prior_of_simulated_means() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(0.02, 0.05, 4_000)
    errors = rng.uniform(0.02, 0.1, 4_000)
    observed = truth + rng.normal(size=4_000) * errors
    found = shrink_means(observed, errors)
    assert found.prior_mean == pytest.approx(0.02, abs=0.005)
    assert found.prior_variance == pytest.approx(0.0025, rel=0.15)
    assert np.mean((found.means - truth) ** 2) < 0.6 * np.mean((observed - truth) ** 2)


def test_one_wallet_alone_keeps_its_mean() -> None:
    assert shrink_means(np.array([0.3]), np.array([0.2])).means == pytest.approx([0.3])


def test_an_estimate_without_an_error_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        shrink_means(np.array([1.0, 2.0]), np.array([0.0, 1.0]))
