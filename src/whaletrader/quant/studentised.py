"""Cluster bootstrap of a mean, studentised and percentile: whole clusters are drawn, never single bets.

The cluster (market, event group) is whatever the caller's key says. Draws are a counter-based hash of (seed, key,
replicate, draw), so a unit's interval depends neither on the other units nor on threads. The estimator is a ratio of
sums: total over number of bets. Where it does not cover, as with few clusters of rare wins, `bounded_mean` does.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit
from whaletrader.quant.bootstrap import mix64

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_LOW = np.uint64(0xFFFFFFFF)
_S32 = np.uint64(32)
_CONSTANT = 1e-12
"""A summed square below this share of the values' own is the float error of equal values."""


@dataclass(frozen=True, slots=True, eq=False)
class ClusterIntervals:
    """Estimates, standard errors and two intervals (lower, upper), all of shape (U,); see `cluster_bootstrap_t`."""

    means: Floats
    errors: Floats
    studentised: tuple[Floats, Floats]
    percentile: tuple[Floats, Floats]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _even_replicate(rest: Floats, state: np.uint64, b: int) -> tuple[float, float]:
    """Sums of replicate `b` where all clusters are of one size: of residuals and of their squares; two draws a word."""
    n, half = np.uint64(rest.size), rest.size // 2
    counter = state + np.uint64(b) * n * _GOLDEN
    first, second, squares, more = 0.0, 0.0, 0.0, 0.0
    for _ in range(half):
        counter += _GOLDEN
        word = mix64(counter)
        one, other = rest[((word >> _S32) * n) >> _S32], rest[((word & _LOW) * n) >> _S32]
        first += one
        second += other
        squares += one * one
        more += other * other
    if rest.size > 2 * half:
        one = rest[((mix64(counter + _GOLDEN) >> _S32) * n) >> _S32]
        first += one
        squares += one * one
    return first + second, squares + more


@njit(cache=True)  # type: ignore[untyped-decorator]
def _replicate(rest: Floats, sizes: Floats, state: np.uint64, b: int) -> tuple[float, float, float, float, float]:
    """Sums of replicate `b`: residuals, sizes, squared residuals, products, squared sizes; two draws a word."""
    n = np.uint64(rest.size)
    counter = state + np.uint64(b) * n * _GOLDEN
    total, weight, squares, products, weights = 0.0, 0.0, 0.0, 0.0, 0.0
    word = np.uint64(0)
    for i in range(rest.size):
        if i % 2 == 0:
            counter += _GOLDEN
            word = mix64(counter)
            pick = ((word >> _S32) * n) >> _S32
        else:
            pick = ((word & _LOW) * n) >> _S32
        value, size = rest[pick], sizes[pick]
        total += value
        weight += size
        squares += value * value
        products += value * size
        weights += size * size
    return total, weight, squares, products, weights


@njit(cache=True)  # type: ignore[untyped-decorator]
def _replicates(rest: Floats, sizes: Floats, state: np.uint64, gaps: Floats, ratios: Floats) -> None:
    """Each replicate's distance from the estimate, and the same over its own standard error."""
    even = sizes.min() == sizes.max()
    floor = _CONSTANT * (rest * rest).sum()
    for b in range(gaps.size):
        if even:
            total, squares = _even_replicate(rest, state, b)
            weight, products, weights = rest.size * sizes[0], total * sizes[0], rest.size * sizes[0] * sizes[0]
        else:
            total, weight, squares, products, weights = _replicate(rest, sizes, state, b)
        gap = total / weight
        spread = squares - 2.0 * gap * products + gap * gap * weights
        gaps[b] = gap
        if spread > floor:
            ratios[b] = total / np.sqrt(spread)
        else:
            ratios[b] = 0.0 if gap == 0.0 else np.sign(gap) * np.inf


@njit(cache=True)  # type: ignore[untyped-decorator]
def _quantiles(draws: Floats, low: int) -> tuple[float, float]:
    """The value above the `low` smallest draws, and the one below the `low` largest."""
    ordered = np.partition(draws, low)
    rest = np.partition(ordered[low:], draws.size - 1 - 2 * low)
    return ordered[low], rest[draws.size - 1 - 2 * low]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _intervals(
    sums: Floats, counts: Floats, offsets: Ints, keys: Ints, seed: np.uint64, size: tuple[int, int]
) -> Floats:
    n_boot, low = size
    out = np.empty((6, offsets.size - 1))
    gaps, ratios = np.empty(n_boot), np.empty(n_boot)
    for u in range(offsets.size - 1):
        first, last = offsets[u], offsets[u + 1]
        state = mix64(mix64(seed + _GOLDEN) ^ (np.uint64(keys[u]) * _MIX_1 + _GOLDEN))
        bets = counts[first:last].sum()
        mean = sums[first:last].sum() / bets
        rest = sums[first:last] - mean * counts[first:last]
        squares = (rest * rest).sum()
        if squares <= _CONSTANT * (sums[first:last] ** 2).sum():
            out[:, u] = mean, 0.0, mean, mean, mean, mean
            continue
        error = np.sqrt(squares) / bets
        _replicates(rest, counts[first:last], state, gaps, ratios)
        n = last - first
        out[0, u], out[1, u] = mean, error * np.sqrt(n / (n - 1.0))
        least, most = _quantiles(ratios, low)
        out[2, u], out[3, u] = mean - error * most, mean - error * least
        least, most = _quantiles(gaps, low)
        out[4, u], out[5, u] = mean + least, mean + most
    return out


def cluster_bootstrap_t(
    sums: Floats,
    counts: Floats,
    offsets: Ints,
    keys: Ints,
    *,
    seed: int,
    n_boot: int = 1_000,
    confidence: float = 0.975,
) -> ClusterIntervals:
    """Studentised and percentile bounds of the mean per bet for many units at once, from the same draws.

    Parameters
    ----------
    sums, counts : ndarray
        Shape (C,): each cluster's summed value and number of bets (> 0), the units' clusters one after the other.
    offsets : ndarray
        Shape (U + 1,): unit u owns clusters offsets[u] to offsets[u + 1] - 1, at least one.
    keys : ndarray
        Shape (U,): a stable number per unit; equal keys and seeds give equal draws.
    seed : int
        Unsigned 64-bit.
    n_boot : int
        Replicates, at least 100.
    confidence : float
        Of each bound alone, in (0.5, 1): 0.975 for a two-sided 95 % interval.

    Returns
    -------
    ClusterIntervals
        In the unit of `sums`. The standard error is the linearised one of a ratio, with n / (n - 1) for n clusters. A
        studentised bound is infinite where too many replicates have no variation: the values do not bound it. Where all
        clusters have the same mean, the error is 0 and each bound is the mean: no interval at all, ask `bounded_mean`.

    Notes
    -----
    A replicate's t is (its mean - the mean) over its own standard error; the mean less the t's quantiles times the
    standard error are the bounds, right to second order in skewness. Efron (1979), doi:10.1214/aos/1176344552; Hall
    (1988), doi:10.1214/aos/1176350933; Davison & Hinkley (1997), ch. 5.2.2; clusters: Field & Welsh (2007),
    doi:10.1111/j.1467-9868.2007.00593.x; Cameron, Gelbach & Miller (2008), doi:10.1162/rest.90.3.414. Coverage by
    number of clusters: docs/validation/null.md.

    Examples
    --------
    >>> won = np.repeat([0.5, -0.5], [70, 30])
    >>> found = cluster_bootstrap_t(won, np.ones(100), np.array([0, 100]), np.array([7]), seed=1)
    >>> bool(0.09 < found.studentised[0][0] < found.means[0] < found.studentised[1][0] < 0.3)
    True
    """
    assert n_boot >= 100, n_boot
    assert 0.5 < confidence < 1.0, confidence
    assert bool(np.all(np.diff(offsets) > 0)), "every unit needs a cluster"
    low = max(int((1.0 - confidence) * (n_boot + 1) + 1e-9) - 1, 0)
    found = _intervals(
        np.asarray(sums, np.float64), np.asarray(counts, np.float64), np.asarray(offsets, np.int64),
        np.asarray(keys, np.int64), np.uint64(seed), (n_boot, low),
    )  # fmt: skip
    return ClusterIntervals(found[0], found[1], (found[2], found[3]), (found[4], found[5]))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _sums_by_cluster(values: Floats, clusters: Ints, offsets: Ints) -> tuple[Floats, Floats, Ints]:
    sums, counts = np.zeros(values.size), np.zeros(values.size)
    bounds, at = np.zeros(offsets.size, np.int64), -1
    for u in range(offsets.size - 1):
        first = offsets[u]
        order = np.argsort(clusters[first : offsets[u + 1]], kind="mergesort")
        for i in range(order.size):
            if i == 0 or clusters[first + order[i]] != clusters[first + order[i - 1]]:
                at += 1
            sums[at] += values[first + order[i]]
            counts[at] += 1.0
        bounds[u + 1] = at + 1
    return sums[: at + 1], counts[: at + 1], bounds


def sums_by_cluster(values: Floats, clusters: Ints, offsets: Ints) -> tuple[Floats, Floats, Ints]:
    """Sum each unit's values by cluster: what `cluster_bootstrap_t` takes, by market or by event group.

    Parameters
    ----------
    values : ndarray
        Shape (N,): one per bet, the units' bets one after the other, in any order within a unit.
    clusters : ndarray of int
        Shape (N,): the cluster of each bet; what settles together has one number.
    offsets : ndarray
        Shape (U + 1,): unit u owns bets offsets[u] to offsets[u + 1] - 1.

    Returns
    -------
    tuple of ndarray
        Sums and numbers of bets, shape (C,) each, and the units' bounds among the clusters, shape (U + 1,).

    Examples
    --------
    >>> sums, counts, bounds = sums_by_cluster(np.array([1.0, 2.0, 4.0]), np.array([5, 3, 5]), np.array([0, 3]))
    >>> sums.tolist(), counts.tolist(), bounds.tolist()
    ([2.0, 5.0], [1.0, 2.0], [0, 2])
    """
    found: tuple[Floats, Floats, Ints] = _sums_by_cluster(
        np.asarray(values, np.float64), np.asarray(clusters, np.int64), np.asarray(offsets, np.int64)
    )
    return found
