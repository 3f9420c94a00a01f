"""Adjusted p-values for many tests at once; where the p-values come from is the caller's matter."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Step-up adjusted p-values that control the false discovery rate under positive dependence.

    Parameters
    ----------
    p_values : ndarray
        Shape (n,), each in [0, 1], no NaN.

    Returns
    -------
    ndarray
        Shape (n,), in the order given, monotone in the p-values and at most 1.
        Benjamini & Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04])).tolist()
    [0.02, 0.04]
    """
    p_values = np.asarray(p_values, np.float64)
    n = p_values.size
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * n / np.arange(1, n + 1)
    adjusted = np.empty(n, np.float64)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
