"""Drawdown of an equity curve: a fraction of the high-water mark, never negative."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def drawdown_series(equity: Floats) -> Floats:
    """1 - equity / high-water mark.

    Parameters
    ----------
    equity : ndarray
        Shape (n,), in any unit; the high-water mark must be positive from the first value on.

    Returns
    -------
    ndarray
        Shape (n,), each >= 0 (above 1 only where equity is negative).

    Examples
    --------
    >>> drawdown_series(np.array([100.0, 80.0, 120.0])).tolist()
    [0.0, 0.19999999999999996, 0.0]
    """
    equity = np.asarray(equity, np.float64)
    if equity.size == 0:
        return np.zeros(0, np.float64)
    peaks = np.maximum.accumulate(equity)
    assert peaks[0] > 0.0, "the first equity must be positive"
    drawdowns: Floats = 1.0 - equity / peaks
    return drawdowns


def max_drawdown(equity: Floats) -> float:
    """Greatest value of `drawdown_series`, shape (n,) to a fraction; 0 for an empty curve."""
    drawdowns = drawdown_series(equity)
    return float(drawdowns.max()) if drawdowns.size else 0.0
