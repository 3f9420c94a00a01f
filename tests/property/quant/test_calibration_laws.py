"""Whatever is forecast: the parts add up, and telling the truth scores best."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant.calibration import brier_score, log_score, murphy_decomposition, reliability_by_band

PAIRS = st.lists(st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=60)


@given(PAIRS, st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_the_parts_add_up_for_any_bands(pairs: list[tuple[int, bool]], bands: int) -> None:
    forecasts, outcomes = np.array([f / 100 for f, _ in pairs]), np.array([float(o) for _, o in pairs])
    edges = np.linspace(0.0, 1.0, bands + 1)
    found = murphy_decomposition(forecasts, outcomes, edges)
    assert found.brier_score() == pytest.approx(brier_score(forecasts, outcomes), abs=1e-12)
    assert min(found.reliability, found.resolution, found.uncertainty) >= 0.0
    assert reliability_by_band(forecasts, outcomes, edges).counts.sum() == len(pairs)


@given(st.integers(1, 99), st.integers(1, 99))
@settings(max_examples=60, deadline=None)
def test_the_truth_has_the_best_expected_score(truth: int, told: int) -> None:
    outcomes = np.array([1.0] * truth + [0.0] * (100 - truth))
    for score in (brier_score, log_score):
        assert score(np.full(100, truth / 100), outcomes) <= score(np.full(100, told / 100), outcomes) + 1e-15


@given(PAIRS)
@settings(max_examples=40, deadline=None)
def test_the_other_outcome_has_the_same_scores(pairs: list[tuple[int, bool]]) -> None:
    forecasts, outcomes = np.array([f / 100 for f, _ in pairs]), np.array([float(o) for _, o in pairs])
    for score in (brier_score, log_score):
        assert score(1.0 - forecasts, 1.0 - outcomes) == pytest.approx(score(forecasts, outcomes), abs=1e-12)
