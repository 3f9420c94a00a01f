"""Drawdown is a fraction of the high-water mark, and positive."""

import numpy as np
import pytest

from whaletrader.quant.drawdown import drawdown_series, max_drawdown


def test_a_fall_and_a_recovery() -> None:
    assert drawdown_series(np.array([100.0, 80.0, 100.0, 120.0, 90.0])) == pytest.approx([0, 0.2, 0, 0, 0.25])
    assert max_drawdown(np.array([100.0, 80.0, 100.0, 120.0, 90.0])) == pytest.approx(0.25)


def test_a_rising_curve_has_none() -> None:
    assert max_drawdown(np.array([1.0, 2.0, 3.0])) == 0.0


def test_an_empty_curve_has_none() -> None:
    assert drawdown_series(np.zeros(0)).size == 0
    assert max_drawdown(np.zeros(0)) == 0.0


def test_it_equals_a_plain_loop() -> None:
    equity = 100 + np.random.default_rng(1).normal(size=500).cumsum()
    peak, expected = equity[0], []
    for value in equity:
        peak = max(peak, value)
        expected.append(1 - value / peak)
    assert drawdown_series(equity) == pytest.approx(expected)
    assert bool(np.all(drawdown_series(equity) >= 0))


def test_a_deeper_fall_is_a_larger_drawdown() -> None:
    depths = [max_drawdown(np.array([100.0, low, 110.0])) for low in (90.0, 70.0, 10.0)]
    assert depths == sorted(depths)


def test_a_curve_that_starts_at_zero_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        drawdown_series(np.array([0.0, 1.0]))
