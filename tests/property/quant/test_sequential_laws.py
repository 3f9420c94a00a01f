"""Whatever is observed in whatever order: one update at a time is the batch, and the interval only shrinks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant.sequential import ConfidenceSequence, EProcess, confidence_sequence, log_capital

SHARES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40)
BOUNDS = st.floats(0.02, 0.98)


@given(SHARES, BOUNDS)
@settings(max_examples=60, deadline=None)
def test_updates_are_the_batch_and_the_capital_is_never_lost_whole(xs: list[float], bound: float) -> None:
    process = EProcess(bound)
    for x in xs:
        process = process.update(x)
    batch = log_capital(np.array(xs), bound)
    assert process.log_value == pytest.approx(batch[-1], abs=1e-10)
    assert bool(np.all(np.isfinite(batch)))
    assert 0.0 < process.p_value() <= 1.0


@given(SHARES, BOUNDS)
@settings(max_examples=60, deadline=None)
def test_the_next_capital_at_the_null_is_expected_to_be_the_capital_now(xs: list[float], bound: float) -> None:
    process = EProcess(bound)
    for x in xs:
        process = process.update(x)
    won, lost = (np.exp(process.update(x).log_value - process.log_value) for x in (1.0, 0.0))
    assert bound * won + (1.0 - bound) * lost == pytest.approx(1.0, abs=1e-9)


@given(SHARES)
@settings(max_examples=40, deadline=None)
def test_the_interval_only_shrinks_and_mirrors(xs: list[float]) -> None:
    values = np.array(xs)
    lower, upper = confidence_sequence(values, grid_points=65)
    assert bool(np.all(np.diff(lower) >= 0.0))
    assert bool(np.all(np.diff(upper) <= 0.0))
    mirrored = confidence_sequence(1.0 - values, grid_points=65)
    assert mirrored[0] == pytest.approx(1.0 - upper, abs=1 / 64 + 1e-12)
    assert mirrored[1] == pytest.approx(1.0 - lower, abs=1 / 64 + 1e-12)


@given(SHARES)
@settings(max_examples=20, deadline=None)
def test_the_updated_sequence_is_the_batch(xs: list[float]) -> None:
    sequence = ConfidenceSequence(grid_points=65)
    for x in xs:
        sequence = sequence.update(x)
    lower, upper = confidence_sequence(np.array(xs), grid_points=65)
    assert sequence.lower == pytest.approx(lower[-1], abs=1 / 64 + 1e-12)
    assert sequence.upper == pytest.approx(upper[-1], abs=1 / 64 + 1e-12)
