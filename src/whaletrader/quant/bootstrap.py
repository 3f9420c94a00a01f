"""Cluster bootstrap of a mean: whole clusters (bets that settle together) are drawn, never single bets.

Draws are a counter-based hash of (seed, key, replicate, draw), so a wallet's bounds depend neither on the other
wallets nor on threads. The estimator is a ratio of sums: total edge over total bets.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_ENOUGH = 10
"""Replicates against an edge after which its p-value is known well enough (Besag & Clifford 1991)."""
_S30, _S27, _S31, _S32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)


@dataclass(frozen=True, slots=True, eq=False)
class MeanBounds:
    """Estimates, percentile bounds and one-sided p-values, each of shape (number of units,)."""

    means: Floats
    lower: Floats
    upper: Floats
    p_values: Floats


@njit(cache=True)  # type: ignore[untyped-decorator]
def mix64(value: np.uint64) -> np.uint64:
    """The splitmix64 finaliser (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195): uint64 to uint64.

    Examples
    --------
    >>> hex(int(mix64(np.uint64(0x9E3779B97F4A7C15))))  # the first word that splitmix64 gives for the seed 0
    '0xe220a8397b1dcdaf'
    """
    value = (value ^ (value >> _S30)) * _MIX_1
    value = (value ^ (value >> _S27)) * _MIX_2
    return value ^ (value >> _S31)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _replicate(sums: Floats, counts: Floats, state: np.uint64, b: int) -> float:
    """Mean per bet of replicate `b`: as many clusters as there are, drawn with replacement."""
    n = sums.size
    counter = np.uint64(b) * np.uint64(n) * _GOLDEN
    total, weight = 0.0, 0.0
    for _ in range(n):
        counter += _GOLDEN
        draw = mix64(state + counter) >> _S32
        pick = np.int64((draw * np.uint64(n)) >> _S32)
        total += sums[pick]
        weight += counts[pick]
    return float(total / weight)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _p_value(sums: Floats, counts: Floats, mean: float, state: np.uint64, n_boot: int, most: int) -> float:
    """Go on drawing after `n_boot` replicates while fewer than `_ENOUGH` of them speak against the edge."""
    centred, below, b = 0, 0, 0
    while b < n_boot or (b < most and max(centred, below) < _ENOUGH):
        draw = _replicate(sums, counts, state, b)
        centred += 1 if draw - mean >= mean else 0
        below += 1 if draw <= 0.0 else 0
        b += 1
    return (1.0 + max(centred, below)) / (1.0 + b)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _bounds_of(
    sums: Floats, counts: Floats, offsets: Ints, keys: Ints, seed: np.uint64, size: tuple[int, int], level: float
) -> Floats:
    units, n_boot = offsets.size - 1, size[0]
    out = np.empty((4, units), np.float64)
    draws = np.empty(n_boot, np.float64)
    low = max(int(np.floor((1.0 - level) * n_boot)) - 1, 0)
    for u in range(units):
        first, last = offsets[u], offsets[u + 1]
        state = mix64(mix64(seed + _GOLDEN) ^ (np.uint64(keys[u]) * _MIX_1 + _GOLDEN))
        total, weight = 0.0, 0.0
        for i in range(first, last):
            total += sums[i]
            weight += counts[i]
        for b in range(n_boot):
            draws[b] = _replicate(sums[first:last], counts[first:last], state, b)
        ordered = np.sort(draws)
        out[0, u], out[1, u], out[2, u] = total / weight, ordered[low], ordered[n_boot - 1 - low]
        out[3, u] = _p_value(sums[first:last], counts[first:last], out[0, u], state, n_boot, size[1])
    return out


def cluster_bootstrap(
    sums: Floats,
    counts: Floats,
    offsets: Ints,
    keys: Ints,
    *,
    seed: int,
    n_boot: int = 2_000,
    n_boot_most: int = 50_000,
    confidence: float = 0.95,
) -> MeanBounds:
    """Percentile bounds of the mean per bet for many units at once.

    Parameters
    ----------
    sums, counts : ndarray
        Shape (C,): each cluster's summed edge and number of bets (> 0), the units' clusters one after the other.
    offsets : ndarray
        Shape (U + 1,): unit u owns clusters offsets[u] to offsets[u + 1] - 1, at least one.
    keys : ndarray
        Shape (U,): a stable number per unit; equal keys and seeds give equal draws.
    seed : int
        Unsigned 64-bit.
    n_boot : int
        Replicates behind the bounds.
    n_boot_most : int
        Replicates behind a small p-value, which cannot be below 1 / (n_boot_most + 1); n_boot or fewer adds none.
    confidence : float
        One-sided: the lower bound is the 1 - confidence quantile, the upper the confidence quantile.

    Returns
    -------
    MeanBounds
        In the unit of `sums`. The p-value tests "mean <= 0": the larger of P(centred replicate >= estimate) and
        P(replicate <= 0), as the first alone is too small where the edges are skewed to the right.

    Notes
    -----
    Drawing stops early for p-values that are large: Besag & Clifford (1991), doi:10.1093/biomet/78.2.301.
    Field & Welsh (2007), doi:10.1111/j.1467-9868.2007.00593.x; Davison & Hinkley (1997), ch. 3.8.

    Examples
    --------
    >>> won = np.repeat([0.5, -0.5], [70, 30])
    >>> found = cluster_bootstrap(won, np.ones(100), np.array([0, 100]), np.array([7]), seed=1)
    >>> [round(float(x[0]), 2) for x in (found.lower, found.means, found.upper)]
    [0.12, 0.2, 0.28]
    """
    assert n_boot >= 100, n_boot
    assert 0.5 < confidence < 1.0, confidence
    assert bool(np.all(np.diff(offsets) > 0)), "every unit needs a cluster"
    found = _bounds_of(
        np.asarray(sums, np.float64), np.asarray(counts, np.float64), np.asarray(offsets, np.int64),
        np.asarray(keys, np.int64), np.uint64(seed), (n_boot, n_boot_most), confidence,
    )  # fmt: skip
    return MeanBounds(found[0], found[1], found[2], found[3])
