"""How heavy a tail is, and a location test that does not mind: Hill's index and the signed-rank test.

Independent observations are assumed; bets that settle together belong into one observation.
"""

from dataclasses import dataclass
from math import erfc, log, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TAIL_LEAST = 15
"""Fewer order statistics than this say nothing of a tail."""
TAIL_SHARE = 0.25
"""The tail is looked for in the greatest quarter."""
_CANDIDATES = 200
_EXACT_MOST = 50


@dataclass(frozen=True, slots=True)
class TailIndex:
    """Hill's index (P(X > x) falls as x ** -index), its standard error, the k behind it and the threshold.

    The index is infinite where the greatest values are all equal: such a sample has no tail to fit.
    """

    index: float
    error: float
    k: int
    threshold: float


def _positive_descending(values: Floats) -> Floats:
    values = np.asarray(values, np.float64)
    assert bool(np.all(np.isfinite(values))), "a tail index needs finite values"
    positive = values[values > 0.0]
    return np.sort(positive)[::-1]


def hill_index(values: Floats, k: int) -> TailIndex:
    """Tail index of the right tail from the k greatest values above the (k + 1)-th.

    Parameters
    ----------
    values : ndarray
        Shape (n,), finite, more than k of them positive; others are left out. For losses pass their negatives.
    k : int
        Number of order statistics, >= 1.

    Returns
    -------
    TailIndex
        Index 1 / (mean of log(X_i / threshold)); error index / sqrt(k), as k tends to infinity with k / n to 0.
        Moments of the order of the index or above do not exist: below 2 a mean has no normal limit.

    Notes
    -----
    Hill (1975), doi:10.1214/aos/1176343247; for the error Hall (1982), doi:10.1111/j.2517-6161.1982.tb01183.x.

    Examples
    --------
    >>> round(hill_index(np.array([1.0, 2.0, 4.0, 8.0]), 3).index, 4)
    0.7213
    """
    ordered = _positive_descending(values)
    assert 1 <= k < ordered.size, (k, ordered.size)
    return _fit(float(_gammas(ordered)[k - 1]), k, float(ordered[k]))


def _fit(gamma: float, k: int, threshold: float) -> TailIndex:
    index = 1.0 / gamma if gamma > 0.0 else float(np.inf)
    return TailIndex(index, index / sqrt(k), k, threshold)


def _gammas(ordered: Floats) -> Floats:
    """Hill's mean excess of logarithms for each k from 1 to n - 1, shape (n - 1,)."""
    logs = np.log(ordered)
    gammas: Floats = np.maximum(np.cumsum(logs[:-1]) / np.arange(1, ordered.size) - logs[1:], 0.0)
    return gammas


def stable_hill_index(values: Floats, beta: float = 0.3) -> TailIndex | None:
    """Tail index at the k up to which the estimates move least.

    Parameters
    ----------
    values : ndarray
        Shape (n,), finite; only the positive ones count.
    beta : float
        In [0, 0.5]: the weight i ** beta of the i-th estimate's distance.

    Returns
    -------
    TailIndex or None
        None for too few positive values (k runs from TAIL_LEAST to TAIL_SHARE of them, at most 200 evenly spaced).

    Notes
    -----
    The k that minimises the mean over i <= k of i ** beta |gamma_i - median(gamma_1 .. gamma_k)|: Reiss & Thomas
    (2007), "Statistical Analysis of Extreme Values", 3rd ed., doi:10.1007/978-3-7643-7399-3, section 5.1. Here i starts
    at TAIL_LEAST, since the first estimates are noise at any k. The error takes k as given, not as chosen.

    Examples
    --------
    >>> found = stable_hill_index(np.arange(1.0, 1001.0) ** -0.5)  # P(X > x) falls as x ** -2
    >>> bool(abs(found.index - 2.0) < found.error)
    True
    """
    assert 0.0 <= beta <= 0.5, beta
    ordered = _positive_descending(values)
    most = int(TAIL_SHARE * ordered.size)
    if most < TAIL_LEAST:
        return None
    tail = _gammas(ordered)[TAIL_LEAST - 1 : most]
    weights = np.arange(TAIL_LEAST, most + 1, dtype=np.float64) ** beta
    # A spread over fewer estimates than the first k has is no spread: the first choice is at twice that k, if there.
    first = min(2 * TAIL_LEAST, most)
    candidates = np.unique(np.linspace(first, most, _CANDIDATES).astype(np.int64))
    lengths = candidates - TAIL_LEAST + 1
    spreads = [float(np.mean(weights[:m] * np.abs(tail[:m] - np.median(tail[:m])))) for m in lengths]
    k = int(candidates[int(np.argmin(spreads))])
    return _fit(float(tail[k - TAIL_LEAST]), k, float(ordered[k]))


def signed_rank_test(differences: Floats) -> float:
    """One-sided p-value of "symmetric about at most 0" against "shifted above 0".

    Parameters
    ----------
    differences : ndarray
        Shape (n,), finite; zeros are left out, as Wilcoxon did.

    Returns
    -------
    float
        P(rank sum of the positives >= the one seen): exact, ties too, up to 50 differences that are not 0; beyond that
        by the normal limit with the variance corrected for ties. 1 where nothing is left.

    Notes
    -----
    Wilcoxon (1945), doi:10.2307/3001968; zeros and ties: Pratt (1959), doi:10.1080/01621459.1959.10501526. A test of
    the centre of a symmetric law: profits that are skewed have no such centre, and their mean is not tested.

    Examples
    --------
    >>> signed_rank_test(np.array([1.0, 2.0, 3.0, 4.0]))
    0.0625
    """
    differences = np.asarray(differences, np.float64)
    assert bool(np.all(np.isfinite(differences))), "a rank needs a finite value"
    kept = differences[differences != 0.0]
    if kept.size == 0:
        return 1.0
    doubled, ties = _doubled_midranks(np.abs(kept))
    seen = int(doubled[kept > 0.0].sum())
    if kept.size <= _EXACT_MOST:
        return _exact_tail(doubled, seen)
    n = kept.size
    variance = n * (n + 1) * (2 * n + 1) / 24.0 - float(np.sum(ties**3 - ties)) / 48.0
    return 0.5 * erfc((seen / 2.0 - n * (n + 1) / 4.0) / sqrt(2.0 * variance))


def _doubled_midranks(sizes: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Twice the midranks, shape (n,), which are whole numbers, and the sizes of the groups of ties."""
    _, groups, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    doubled: NDArray[np.int64] = (2 * last - counts + 1)[groups].astype(np.int64)
    return doubled, counts.astype(np.float64)


def _exact_tail(doubled: NDArray[np.int64], seen: int) -> float:
    """Share of the 2 ** n signs whose positive ranks sum to `seen` or more; float64 counts exactly up to n = 53."""
    ways = np.zeros(int(doubled.sum()) + 1, np.float64)
    ways[0] = 1.0
    for rank in doubled:
        ways[rank:] = ways[rank:] + ways[:-rank]
    return float(ways[seen:].sum() * 2.0 ** -int(doubled.size))


def tail_probability(fit: TailIndex, share: float, level: float) -> float:
    """P(X > level) by the fitted tail.

    Parameters
    ----------
    fit : TailIndex
        With a finite index.
    share : float
        Share of all values that lie above the threshold, k / n, in (0, 1].
    level : float
        At or above the threshold, in the values' unit.

    Returns
    -------
    float
        share * (level / threshold) ** -index. Weissman (1978), doi:10.1080/01621459.1978.10480104.

    Examples
    --------
    >>> round(tail_probability(TailIndex(1.3, 0.1, 100, 10.0), 0.1, 100.0), 5)
    0.00501
    """
    assert 0.0 < share <= 1.0, share
    assert level >= fit.threshold, (level, fit.threshold)
    return float(share * np.exp(-fit.index * log(level / fit.threshold)))
