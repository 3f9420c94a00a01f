"""Exact tests and intervals of means of bounded, independent payoffs against known costs, for many units at once.

A unit's observations are clusters: cluster g holds w_g bets, each of payoff in [0, 1], and nothing is assumed of their
dependence inside it; clusters are independent. The estimand is the mean over bets. No resampling and no limit theorem:
a p-value is as valid at ten clusters as at ten thousand, and exact far below 1e-12.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from whaletrader.kernels import njit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_NEGLIGIBLE = 1e-30
"""Tilted probability below which a state is dropped: the tail sum it belongs to is above 1e-10."""
_WHOLE = 1e-9
"""A sum of payoffs this near a whole number is one."""
_STEPS = 60


class Clusters(NamedTuple):
    """Clusters of all units, one unit after the other: unit u owns offsets[u] to offsets[u + 1] - 1.

    `bets` are whole numbers >= 1, shape (C,); `payoff` in [0, bets] and `cost` > 0 are sums over a cluster's bets.
    """

    offsets: Ints
    bets: Ints
    payoff: Floats
    cost: Floats


@njit(cache=True)  # type: ignore[untyped-decorator]
def _tilt(weights: Ints, chances: Floats, target: float) -> float:
    """Tilt at which the weighted sum of coins has about the mean `target`; any tilt is exact, a near one is quick."""
    low, high, tilt = 0.0, 0.0, 0.0
    for step in range(_STEPS):
        mean, variance = 0.0, 0.0
        for g in range(weights.size):
            odds = (1.0 - chances[g]) / chances[g] * np.exp(-tilt * weights[g])
            share = 1.0 / (1.0 + odds)
            mean += weights[g] * share
            variance += weights[g] * weights[g] * share * (1.0 - share)
        if abs(mean - target) <= 0.1 * np.sqrt(variance) or (step > 0 and variance <= 0.0):
            break
        if mean < target:
            low = tilt
        else:
            high = tilt
        tilt += (target - mean) / max(variance, 1e-12)
        if tilt <= low or (high > 0.0 and tilt >= high):
            tilt = 0.5 * (low + high) if high > 0.0 else 2.0 * low + 1.0
        tilt = min(tilt, 2.0 * low + 4.0)
    return tilt


@njit(cache=True)  # type: ignore[untyped-decorator]
def _masses(weights: Ints, chances: Floats, tilt: float, pmf: Floats) -> tuple[int, int]:
    """Fill in the tilted probabilities of the weighted sum of coins; they lie in pmf[low] to pmf[high]."""
    low, high = 0, 0
    pmf[0] = 1.0
    for g in range(weights.size):
        w = weights[g]
        share = 1.0 / (1.0 + (1.0 - chances[g]) / chances[g] * np.exp(-tilt * w))
        for k in range(high + w, low - 1, -1):
            mass = pmf[k] * (1.0 - share) if k <= high else 0.0
            pmf[k] = mass + (pmf[k - w] * share if low <= k - w else 0.0)
        high += w
        while pmf[low] < _NEGLIGIBLE:
            low += 1
        while pmf[high] < _NEGLIGIBLE:
            high -= 1
    return low, high


@njit(cache=True)  # type: ignore[untyped-decorator]
def _log_generating(weights: Ints, chances: Floats, tilt: float) -> float:
    """Logarithm of the weighted sum's moment generating function."""
    total = 0.0
    for g in range(weights.size):
        total += tilt * weights[g] + np.log(chances[g] + (1.0 - chances[g]) * np.exp(-tilt * weights[g]))
    return total


@njit(cache=True)  # type: ignore[untyped-decorator]
def _log_exact_tail(pmf: Floats, low: int, high: int, tilt: float, least: int) -> float:
    """Logarithm of P(sum >= least), but for the generating function."""
    total = 0.0
    for k in range(max(least, low), high + 1):
        total += pmf[k] * np.exp(-tilt * (k - least))
    return float(-tilt * least + np.log(total)) if total > 0.0 else -np.inf


@njit(cache=True)  # type: ignore[untyped-decorator]
def _log_convex_bound(pmf: Floats, low: int, high: int, tilt: float, value: float) -> float:
    """Logarithm of the least E(sum - t)+ / (value - t) over t < value, but for the generating function.

    The ratio is quasi-convex in t and monotone between lattice points: going down from `value`, stop where it grows.
    """
    beyond, surplus, best = 0.0, 0.0, np.inf
    for t in range(high - 1, low - 2, -1):
        beyond += pmf[t + 1] * np.exp(-tilt * (t + 1 - value))
        surplus += beyond
        if t < value:
            ratio = surplus / (value - t)
            if ratio > best:
                break
            best = ratio
    return float(-tilt * value + np.log(best))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _log_p(weights: Ints, chances: Floats, value: float, exact: bool, pmf: Floats) -> float:
    mean, most, surest = 0.0, 0, 0.0
    for g in range(weights.size):
        mean += weights[g] * chances[g]
        most += weights[g]
        surest += np.log(chances[g])
    if value <= _WHOLE or (value <= mean and not exact):
        return 0.0
    if value >= most - _WHOLE:
        return float(min(surest, 0.0))
    tilt = _tilt(weights, chances, min(value, most - 0.25)) if value > mean else 0.0
    low, high = _masses(weights, chances, tilt, pmf)
    if exact:
        found = _log_exact_tail(pmf, low, high, tilt, int(np.ceil(value - _WHOLE)))
    else:
        near = np.rint(value)
        found = _log_convex_bound(pmf, low, high, tilt, near if abs(value - near) <= _WHOLE else value)
    pmf[low : high + 1] = 0.0
    return float(min(found + _log_generating(weights, chances, tilt), 0.0))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _log_p_values(clusters: Clusters, binary: Bools) -> Floats:
    units = clusters.offsets.size - 1
    out, most = np.zeros(units), 0
    for u in range(units):
        most = max(most, clusters.bets[clusters.offsets[u] : clusters.offsets[u + 1]].sum())
    pmf = np.zeros(most + 1)
    for u in range(units):
        first, last = clusters.offsets[u], clusters.offsets[u + 1]
        weights = clusters.bets[first:last]
        chances = np.minimum(clusters.cost[first:last] / weights, 1.0)
        exact, value = binary[u] and weights.size == weights.sum(), 0.0
        for g in range(first, last):
            value += np.floor(clusters.payoff[g] + _WHOLE) if exact else clusters.payoff[g]
        pmf[: weights.sum() + 1] = 0.0
        out[u] = _log_p(weights, chances, value, exact, pmf)
    return out


def log_p_values(clusters: Clusters, binary: Bools) -> Floats:
    """Exact one-sided p-values of "no cluster's expected payoff exceeds its cost", as natural logarithms.

    Parameters
    ----------
    clusters : Clusters
        Of U units, each with at least one cluster.
    binary : ndarray of bool
        Shape (U,): known beforehand that a bet of this unit pays 0 or 1 (held to resolution). Where it pays something
        between all the same (a market that is cancelled), that counts as 0. It must not be read off the payoffs.

    Returns
    -------
    ndarray
        Shape (U,), at most 0. The statistic is the sum S of all payoffs, so the estimand is the mean over bets.

    Notes
    -----
    T is the sum of independent coins that pay w_g with chance cost_g / w_g. Where a unit is binary and each cluster is
    one bet, the p-value is the Poisson-binomial tail P(T >= S). Otherwise it is the least E(T - t)+ / (S - t) over
    t < S: E f(S) <= E f(T) for each increasing convex f (Hoeffding 1963, doi:10.1080/01621459.1963.10500830), and this
    is the best bound that such functions give. It is never above the Hoeffding-Chernoff bound (f an exponential) nor,
    where all w_g are equal, above e times the interpolated tail of T, which is Bentkus' bound (2004,
    doi:10.1214/009117904000000360); Bates et al. (2021), doi:10.1145/3478535, use the smaller of those two.
    The sum over T's states is done under an exponential tilt, so that a p-value of 1e-300 keeps its digits.

    Examples
    --------
    >>> from scipy.stats import binom
    >>> one = Clusters(np.array([0, 20]), np.ones(20, np.int64), np.repeat([1.0, 0.0], [17, 3]), np.full(20, 0.5))
    >>> p = np.exp(log_p_values(one, np.array([True])))[0]
    >>> bool(abs(p / binom.sf(16, 20, 0.5) - 1) < 1e-12)
    True
    """
    clusters = _checked(clusters)
    found: Floats = _log_p_values(clusters, np.asarray(binary, np.bool_))
    return found


def _checked(clusters: Clusters) -> Clusters:
    offsets, bets = (np.asarray(column, np.int64) for column in (clusters.offsets, clusters.bets))
    payoff, cost = (np.asarray(column, np.float64) for column in (clusters.payoff, clusters.cost))
    assert bool(np.all(np.diff(offsets) > 0)), "every unit needs a cluster"
    assert bool(np.all(bets >= 1)), "a cluster holds at least one bet"
    assert bool(np.all((payoff >= 0.0) & (payoff <= bets + _WHOLE))), "a payoff is in [0, 1] per bet and never NaN"
    assert bool(np.all(cost > 0.0)), "a bet costs something"
    return Clusters(offsets, bets, payoff, cost)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _sums(clusters: Clusters) -> Floats:
    """Per unit: bets, payoff, cost, clusters, largest cluster, squared sizes, whole payoffs, payoffs above nought."""
    out = np.zeros((8, clusters.offsets.size - 1))
    for u in range(clusters.offsets.size - 1):
        for g in range(clusters.offsets[u], clusters.offsets[u + 1]):
            bets, payoff = clusters.bets[g], clusters.payoff[g]
            out[0, u] += bets
            out[1, u] += payoff
            out[2, u] += clusters.cost[g]
            out[3, u] += 1.0
            out[4, u] = max(out[4, u], bets)
            out[5, u] += float(bets) * bets
            out[6, u] += np.floor(payoff + _WHOLE)
            out[7, u] += np.ceil(payoff - _WHOLE)
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _chernoff_lower(total: Floats, n: Floats, limit: float) -> Floats:
    """Smallest mean against which the relative entropy of the observed mean, times n, is at most `limit`."""
    out = np.zeros(total.size)
    for u in range(total.size):
        mean = total[u] / n[u]
        low, high = 0.0, mean
        for _ in range(_STEPS):
            middle = 0.5 * (low + high)
            if mean <= 0.0 or middle <= 0.0:
                break
            gap = mean * np.log(mean / middle)
            if mean < 1.0:
                gap += (1.0 - mean) * np.log((1.0 - mean) / (1.0 - middle))
            if n[u] * gap > limit:
                low = middle
            else:
                high = middle
        out[u] = low
    return out


def _lower_mean(total: Floats, sums: Floats, alpha: float) -> Floats:
    """Lower bound of the mean payoff per bet, whatever the payoffs' distribution: the best of three."""
    bets, _, _, n, largest, squares = sums[:6]
    scaled = np.minimum(total / largest, n)
    whole = np.floor(scaled + _WHOLE)
    bentkus = np.where(whole >= 1.0, betaincinv(np.maximum(whole, 1.0), n - whole + 1.0, alpha / math.e), 0.0)
    entropy = _chernoff_lower(scaled, n, -np.log(alpha))
    hoeffding = total / bets - np.sqrt(-0.5 * np.log(alpha) * squares) / bets
    best: Floats = np.maximum(np.maximum(bentkus, entropy) * n * largest / bets, hoeffding)
    return best


def exact_interval(clusters: Clusters, binary: Bools, confidence: float = 0.975) -> tuple[Floats, Floats]:
    """Bounds of the mean edge (payoff less cost) per bet that hold at any number of clusters.

    Parameters
    ----------
    clusters : Clusters
        Of U units, each with at least one cluster.
    binary : ndarray of bool
        Shape (U,), as in `log_p_values`.
    confidence : float
        Of each bound alone, in (0.8, 1): 0.975 for a two-sided 95 % interval.

    Returns
    -------
    tuple of ndarray
        Lower and upper bounds, shape (U,) each. Clusters may have different means: nothing constant is assumed.

    Notes
    -----
    Binary units of one bet per cluster: Clopper & Pearson (1934), doi:10.1093/biomet/26.4.404, which unequal chances
    only make safer (Hoeffding 1956, doi:10.1214/aoms/1177728178). Others: the best of Bentkus' bound (2004,
    doi:10.1214/009117904000000360) and the relative-entropy bound of Hoeffding (1963), both of clusters scaled by the
    largest, and Hoeffding's bound with the clusters' own ranges. All three bound the same tail, so the best is valid.

    Examples
    --------
    >>> one = Clusters(np.array([0, 10]), np.ones(10, np.int64), np.ones(10), np.full(10, 0.5))
    >>> [round(float(bound[0]), 4) for bound in exact_interval(one, np.array([True]))]
    [0.1915, 0.5]
    """
    assert 0.8 < confidence < 1.0, confidence
    clusters, alpha = _checked(clusters), 1.0 - confidence
    sums = _sums(clusters)
    bets, payoff, cost, n, largest, _, whole, above = sums
    lower, upper = _lower_mean(payoff, sums, alpha), 1.0 - _lower_mean(bets - payoff, sums, alpha)
    single = np.asarray(binary, np.bool_) & (largest == 1.0)
    least = np.where(whole > 0.0, betaincinv(np.maximum(whole, 1.0), n - whole + 1.0, alpha), 0.0)
    most = np.where(above < n, betaincinv(above + 1.0, np.maximum(n - above, 1.0), 1.0 - alpha), 1.0)
    price = cost / bets
    return np.where(single, least, lower) - price, np.where(single, most, upper) - price
