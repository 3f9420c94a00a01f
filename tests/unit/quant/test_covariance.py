"""Ledoit-Wolf shrinkage, against scikit-learn."""

import numpy as np
import pytest

from whaletrader.quant.covariance import ledoit_wolf, shrunk_correlation


@pytest.mark.parametrize(("days", "series"), [(60, 4), (30, 25), (500, 3), (2, 5)])
def test_it_equals_scikit_learn(days: int, series: int) -> None:
    from sklearn.covariance import ledoit_wolf as oracle

    rng = np.random.default_rng(days)
    returns = rng.normal(size=(days, series)) @ rng.normal(size=(series, series))
    covariance, shrinkage = ledoit_wolf(returns)
    expected, expected_shrinkage = oracle(returns)
    assert shrinkage == pytest.approx(expected_shrinkage, abs=1e-12)
    assert np.abs(covariance - expected).max() < 1e-10


def test_correlations_lie_between_minus_one_and_one() -> None:
    rng = np.random.default_rng(8)
    common = rng.normal(size=(80, 1))
    correlation = shrunk_correlation(common + 0.1 * rng.normal(size=(80, 6)))
    assert np.diag(correlation).tolist() == [1.0] * 6
    assert np.array_equal(correlation, correlation.T)
    assert np.abs(correlation).max() <= 1.0
    assert correlation[0, 1] > 0.8


def test_opposite_outcomes_are_negatively_correlated() -> None:
    moves = np.random.default_rng(9).normal(size=200)
    assert shrunk_correlation(np.stack([moves, -moves], axis=1))[0, 1] < -0.95


def test_a_series_that_never_moves_is_uncorrelated() -> None:
    correlation = shrunk_correlation(np.zeros((70, 2)))
    assert correlation.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_one_observation_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        ledoit_wolf(np.zeros((1, 3)))


def test_a_series_of_two_values_beside_constant_ones_has_no_negative_variance():
    returns = np.zeros((24, 4))
    returns[:, 0] = [-0.5, 0.3] * 12
    covariance, shrinkage = ledoit_wolf(returns)
    assert shrinkage >= 0.0
    assert (np.diag(covariance) >= 0.0).all()
    assert np.array_equal(shrunk_correlation(returns), np.eye(4))
