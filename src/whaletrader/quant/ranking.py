"""How good an order is (NDCG), and how values become places in it (quantile normalisation).

Nothing here says who deserves a place; it compares an order with grades that are given.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Gain = Literal["linear", "exponential"]


def discounted_gain(gains: Floats, scores: Floats, k: int) -> float:
    """Sum of gains over log2(1 + place) among the k highest scores; equal scores share their places' discounts.

    Parameters
    ----------
    gains, scores : ndarray
        Shape (n,), finite.
    k : int
        Places that count, at least 1.

    Returns
    -------
    float
        In the unit of `gains`. McSherry & Najork (2008), doi:10.1007/978-3-540-78646-7_38, for the ties.

    Examples
    --------
    >>> discounted_gain(np.array([0.0, 4.0]), np.array([1.0, 1.0]), 1)
    2.0
    """
    discounts = 1.0 / np.log2(np.arange(2.0, gains.size + 2.0))
    discounts[k:] = 0.0
    _, group, sizes = np.unique(-scores, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    running = np.concatenate(([0.0], np.cumsum(discounts)))
    shared = (running[last] - running[last - sizes]) / sizes
    return float(np.sum(gains * shared[group]))


def ndcg_at(grades: Floats, scores: Floats, k: int, gain: Gain = "linear") -> float:
    """Normalised discounted cumulative gain of the k first, by falling score.

    Parameters
    ----------
    grades : ndarray
        Shape (n,), true relevance, at least 0: how skilled each really is.
    scores : ndarray
        Shape (n,), by which they were ranked.
    k : int
        Places that count, at least 1; more than n counts all.
    gain : "linear" or "exponential"
        The grade itself, or 2**grade - 1.

    Returns
    -------
    float
        In [0, 1], 1 for an ideal order; NaN where no grade is positive (nothing could be ranked well).

    Notes
    -----
    Järvelin & Kekäläinen (2002), doi:10.1145/582415.582418; exponential gains: Burges et al. (2005),
    doi:10.1145/1102351.1102363.

    Examples
    --------
    >>> ndcg_at(np.array([3.0, 2.0, 0.0]), np.array([9.0, 5.0, 1.0]), 3)
    1.0
    >>> round(ndcg_at(np.array([3.0, 2.0, 0.0]), np.array([1.0, 5.0, 9.0]), 3), 4)
    0.648
    """
    grades, scores = np.asarray(grades, np.float64), np.asarray(scores, np.float64)
    assert k >= 1, k
    assert grades.shape == scores.shape, (grades.shape, scores.shape)
    assert bool(np.all(np.isfinite(grades) & (grades >= 0.0))), "grades are finite and not negative"
    assert bool(np.all(np.isfinite(scores))), "every score must be finite"
    gains = grades if gain == "linear" else np.exp2(grades) - 1.0
    ideal = discounted_gain(gains, gains, k)
    return min(discounted_gain(gains, scores, k) / ideal, 1.0) if ideal > 0.0 else float("nan")


def quantile_normalised(values: Floats) -> Floats:
    """Each value's place among all known ones, as a fraction: (average rank - 1/2) / known.

    Parameters
    ----------
    values : ndarray
        Shape (n,), in any unit; infinities are the extremes, NaN is unknown.

    Returns
    -------
    ndarray
        Shape (n,), in (0, 1): 1/2 in the middle, equal values share one place, NaN stays NaN. Only the order counts.

    Notes
    -----
    Hazen's plotting position: Hyndman & Fan (1996), doi:10.1080/00031305.1996.10473566, definition 5.

    Examples
    --------
    >>> quantile_normalised(np.array([10.0, np.nan, -3.0])).tolist()
    [0.75, nan, 0.25]
    """
    values = np.asarray(values, np.float64)
    known = ~np.isnan(values)
    out = np.full(values.shape, np.nan)
    if known.any():
        out[known] = (rankdata(values[known]) - 0.5) / np.count_nonzero(known)
    return out
