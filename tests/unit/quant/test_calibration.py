"""Scores of forecasts against scikit-learn, plain loops and sums done by hand."""

import math

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from whaletrader.quant.calibration import brier_score, log_score, murphy_decomposition, reliability_by_band

TENTHS = np.linspace(0.0, 1.0, 11)


def drawn(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    forecasts = rng.uniform(0.01, 0.99, n)
    return forecasts, (rng.random(n) < forecasts**1.3).astype(float)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_scores_equal_those_of_scikit_learn(seed: int) -> None:
    forecasts, outcomes = drawn(seed)
    assert brier_score(forecasts, outcomes) == pytest.approx(brier_score_loss(outcomes, forecasts), abs=1e-12)
    assert log_score(forecasts, outcomes) == pytest.approx(log_loss(outcomes, forecasts), abs=1e-12)


@pytest.mark.parametrize("seed", [4, 5])
def test_the_reliability_equals_scikit_learns_calibration_curve(seed: int) -> None:
    forecasts, outcomes = drawn(seed)
    found = reliability_by_band(forecasts, outcomes, TENTHS)
    shares, means = calibration_curve(outcomes, forecasts, n_bins=10)
    assert found.shares == pytest.approx(shares, abs=1e-12)
    assert found.mean_forecasts == pytest.approx(means, abs=1e-12)
    assert found.counts.sum() == 400


def test_the_reliability_follows_the_plain_loop() -> None:
    forecasts, outcomes = drawn(6, 57)
    edges = np.array([0.0, 0.25, 0.3, 1.0])
    found = reliability_by_band(forecasts, outcomes, edges)
    for band in range(3):
        last = band == 2
        inside = [
            i for i, f in enumerate(forecasts) if edges[band] <= f < edges[band + 1] or (last and f == edges[band + 1])
        ]
        assert found.counts[band] == len(inside)
        assert found.shares[band] == pytest.approx(sum(outcomes[i] for i in inside) / len(inside))
        assert found.mean_forecasts[band] == pytest.approx(sum(forecasts[i] for i in inside) / len(inside))


def test_a_forecast_on_an_edge_belongs_to_the_band_above_and_a_certain_one_to_the_last() -> None:
    found = reliability_by_band(np.array([0.0, 0.5, 1.0]), np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.5, 1.0]))
    assert found.counts.tolist() == [1, 2]
    assert found.shares.tolist() == [0.0, 1.0]


def test_an_empty_band_has_no_share() -> None:
    found = reliability_by_band(np.array([0.1]), np.array([0.0]), np.array([0.0, 0.5, 1.0]))
    assert found.counts.tolist() == [1, 0]
    assert math.isnan(found.shares[1])
    assert math.isnan(found.mean_forecasts[1])


@pytest.mark.parametrize("edges", [None, TENTHS, np.array([0.0, 0.37, 1.0]), np.array([0.0, 1.0])])
def test_the_parts_add_up_to_the_brier_score(edges: np.ndarray | None) -> None:
    forecasts, outcomes = drawn(7)
    found = murphy_decomposition(forecasts, outcomes, edges)
    assert found.brier_score() == pytest.approx(brier_score_loss(outcomes, forecasts), abs=1e-12)


def test_the_decomposition_by_distinct_forecasts_follows_murphys_formula() -> None:
    forecasts, outcomes = drawn(8)
    forecasts = np.round(forecasts, 1)
    base, n = sum(outcomes) / 400, 400
    reliability = resolution = 0.0
    for value in sorted(set(forecasts.tolist())):
        group = [o for f, o in zip(forecasts, outcomes, strict=True) if f == value]
        share = sum(group) / len(group)
        reliability += len(group) * (value - share) ** 2 / n
        resolution += len(group) * (share - base) ** 2 / n
    found = murphy_decomposition(forecasts, outcomes)
    assert found.reliability == pytest.approx(reliability, abs=1e-12)
    assert found.resolution == pytest.approx(resolution, abs=1e-12)
    assert found.uncertainty == pytest.approx(base * (1 - base), abs=1e-12)
    assert found.within == pytest.approx(0.0, abs=1e-12)


def test_a_forecaster_who_knows_only_the_base_rate_resolves_nothing() -> None:
    outcomes = np.array([1.0, 0.0, 0.0, 0.0])
    found = murphy_decomposition(np.full(4, 0.25), outcomes)
    assert (found.reliability, found.resolution, found.uncertainty) == (0.0, 0.0, 0.1875)


def test_a_forecaster_who_knows_all_scores_nothing_and_resolves_the_uncertainty() -> None:
    outcomes = np.array([1.0, 0.0, 1.0])
    found = murphy_decomposition(outcomes, outcomes)
    assert brier_score(outcomes, outcomes) == log_score(outcomes, outcomes) == 0.0
    assert found.reliability == 0.0
    assert found.resolution == pytest.approx(found.uncertainty)


def test_what_was_called_impossible_and_happened_costs_infinitely_much() -> None:
    assert log_score(np.array([0.0, 0.5]), np.array([1.0, 1.0])) == math.inf
    assert log_score(np.array([1.0, 0.5]), np.array([0.0, 1.0])) == math.inf


def test_even_money_costs_the_logarithm_of_two() -> None:
    assert log_score(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == pytest.approx(math.log(2))
    assert brier_score(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == 0.25


@pytest.mark.parametrize(
    ("forecasts", "outcomes"),
    [([], []), ([1.2], [1.0]), ([0.5], [0.5]), ([float("nan")], [1.0]), ([0.5, 0.5], [1.0])],
)
def test_what_is_no_forecast_or_no_outcome_is_a_bug(forecasts: list[float], outcomes: list[float]) -> None:
    with pytest.raises(AssertionError):
        brier_score(np.array(forecasts), np.array(outcomes))


@pytest.mark.parametrize("edges", [[0.0], [0.0, 0.5], [0.6, 1.0], [0.0, 0.0, 1.0]])
def test_bands_that_do_not_hold_every_forecast_are_a_bug(edges: list[float]) -> None:
    with pytest.raises(AssertionError):
        reliability_by_band(np.array([0.55]), np.array([1.0]), np.array(edges))
