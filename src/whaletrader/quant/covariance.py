"""Ledoit-Wolf shrunk covariance and correlation, summed in a fixed order, the same on every machine."""

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit

Floats = NDArray[np.float64]


def ledoit_wolf(returns: Floats) -> tuple[Floats, float]:
    """Covariance shrunk towards a multiple of the identity, with the optimal intensity.

    Parameters
    ----------
    returns : ndarray
        Shape (T, k): T observations of k series, no NaN, T >= 2.

    Returns
    -------
    tuple of (ndarray, float)
        Covariance of shape (k, k) (population, divided by T) and the shrinkage in [0, 1].

    Notes
    -----
    Ledoit & Wolf (2004), doi:10.1016/S0047-259X(03)00096-4.
    """
    returns = np.ascontiguousarray(returns, np.float64)
    assert returns.ndim == 2, returns.shape
    assert returns.shape[0] >= 2, returns.shape
    covariance, spread = _moments(returns - returns.mean(axis=0))
    k = covariance.shape[0]
    scale = float(np.trace(covariance)) / k
    distance = covariance - scale * np.eye(k)
    delta = float((distance**2).sum()) / k
    # Where the true value is 0, rounding may leave it below: the shrunk matrix would have negative variances.
    beta = max(min((spread - float((covariance**2).sum())) / (k * returns.shape[0]), delta), 0.0)
    shrinkage = beta / delta if delta > 0.0 else 0.0
    return (1.0 - shrinkage) * covariance + shrinkage * scale * np.eye(k), shrinkage


def shrunk_correlation(returns: Floats) -> Floats:
    """Correlation of `ledoit_wolf`'s covariance: shape (T, k) to (k, k); a constant series has 0s off the diagonal."""
    covariance, _ = ledoit_wolf(returns)
    deviations = np.sqrt(np.diag(covariance))
    scale = np.where(deviations > 0.0, deviations, 1.0)
    correlation: Floats = covariance / np.outer(scale, scale)
    np.fill_diagonal(correlation, 1.0)
    return correlation


@njit(cache=True)  # type: ignore[untyped-decorator]
def _moments(centred: Floats) -> tuple[Floats, float]:
    """Population covariance, and the mean over observations of the squared norm of x x'."""
    n, k = centred.shape
    covariance = np.zeros((k, k), np.float64)
    spread = 0.0
    for t in range(n):
        norm = 0.0
        for i in range(k):
            norm += centred[t, i] * centred[t, i]
            for j in range(k):
                covariance[i, j] += centred[t, i] * centred[t, j]
        spread += norm * norm
    return covariance / n, spread / n
