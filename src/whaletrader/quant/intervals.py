"""Intervals and exact tests for counts of successes; independent trials are assumed, clustering is not known here."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, betaincinv, ndtri

Floats = NDArray[np.float64]


def wilson_interval(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Two-sided score interval of a proportion.

    Parameters
    ----------
    successes, n : float
        0 <= successes <= n; fractions where `n` is an effective number of independent trials.
    confidence : float
        In (0, 1).

    Returns
    -------
    tuple of float
        Lower and upper bound in [0, 1]; (0, 1) without a trial. Wilson (1927), doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> tuple(round(x, 4) for x in wilson_interval(10, 10))
    (0.7225, 1.0)
    """
    assert 0 <= successes <= n, (successes, n)
    if n == 0:
        return 0.0, 1.0
    z = float(ndtri(0.5 + confidence / 2.0))
    share, weight = successes / n, z * z / n
    centre = (share + weight / 2.0) / (1.0 + weight)
    half = z / (1.0 + weight) * sqrt(share * (1.0 - share) / n + weight / (4.0 * n))
    lower = 0.0 if successes == 0 else max(0.0, centre - half)
    return lower, 1.0 if successes == n else min(1.0, centre + half)


def clopper_pearson_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Two-sided exact interval of a proportion, from the beta quantiles.

    Parameters
    ----------
    successes, n : int
        0 <= successes <= n.
    confidence : float
        In (0, 1).

    Returns
    -------
    tuple of float
        Lower and upper bound in [0, 1], never covering less than `confidence`; (0, 1) without a trial.
        Clopper & Pearson (1934), doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> tuple(round(x, 4) for x in clopper_pearson_interval(7, 10))
    (0.3475, 0.9333)
    """
    assert 0 <= successes <= n, (successes, n)
    tail = (1.0 - confidence) / 2.0
    lower = float(betaincinv(successes, n - successes + 1, tail)) if successes > 0 else 0.0
    upper = float(betaincinv(successes + 1, n - successes, 1.0 - tail)) if successes < n else 1.0
    return lower, upper


def sign_test(successes: int, n: int, probability: float = 0.5) -> float:
    """One-sided exact p-value of "a success is at most this probable".

    Parameters
    ----------
    successes, n : int
        0 <= successes <= n independent trials.
    probability : float
        Of one success under the null, in [0, 1].

    Returns
    -------
    float
        P(X >= successes) for X ~ Binomial(n, probability); 1 where successes is 0.
        Arbuthnot (1710), doi:10.1098/rstl.1710.0011; Conover (1999), "Practical Nonparametric Statistics", ch. 3.

    Examples
    --------
    >>> sign_test(9, 10)
    0.0107421875
    """
    assert 0 <= successes <= n, (successes, n)
    return 1.0 if successes == 0 else float(bdtrc(successes - 1, n, probability))


def wilson_intervals(successes: Floats, n: Floats, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """`wilson_interval` of many proportions at once.

    Parameters
    ----------
    successes, n : ndarray
        Shape (units,), 0 <= successes <= n; NaN is unknown.
    confidence : float
        In (0, 1), two-sided.

    Returns
    -------
    tuple of ndarray
        Lower and upper bounds in [0, 1], shape (units,); (0, 1) without a trial, NaN where unknown.

    Examples
    --------
    >>> [bounds.round(4).tolist() for bounds in wilson_intervals(np.array([10.0, 0.0]), np.array([10.0, 0.0]))]
    [[0.7225, 0.0], [1.0, 1.0]]
    """
    z = float(ndtri(0.5 + confidence / 2.0))
    trials = np.where(n > 0.0, n, np.where(np.isnan(n), np.nan, 1.0))
    share, weight = successes / trials, z * z / trials
    centre = (share + weight / 2.0) / (1.0 + weight)
    half = z / (1.0 + weight) * np.sqrt(np.maximum(share * (1.0 - share), 0.0) / trials + weight / (4.0 * trials))
    lower = np.where((successes == 0.0) | (n == 0.0), 0.0, np.maximum(0.0, centre - half))
    upper = np.where((successes == n) | (n == 0.0), 1.0, np.minimum(1.0, centre + half))
    return lower, upper
