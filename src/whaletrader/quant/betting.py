"""Betting e-values of "no cluster's expected payoff exceeds its cost", for many units at once.

A unit's capital starts at 1 and is bet on each cluster before its payoff is seen, so its expectation never grows under
the null, whatever the tails. `sequential` bets against one bound for one process at a time; here each cluster has its
own cost. Clusters must come in an order that was known before their payoffs (that of entry).
"""

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit
from whaletrader.quant.bounded_mean import Clusters
from whaletrader.quant.sequential import TRUNCATION

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ASSUMED_EDGES = np.array([0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64])
"""Edges per bet that the mixture's bettors believe in; each gets the same share of the capital."""
_MOST = 0.9
"""The greatest share of its capital that an assumed edge bets."""
_FAR = 1e100


@njit(cache=True)  # type: ignore[untyped-decorator]
def _learned(seen: tuple[int, float, float], cost: float) -> float:
    """Share of the capital to bet after `seen` (number, summed surplus, squares): the bet of `sequential`."""
    n, total, squares = seen
    surplus = total / (n + 1.0)
    bet = surplus / (squares / (n + 1.0) + surplus * surplus)
    return cost * min(max(bet, 0.0), TRUNCATION / cost)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _capital(payoff: Floats, cost: Floats, order: Ints, edges: Floats, capital: Floats) -> tuple[float, float]:
    """Logarithm of the mixture's capital at the end and at its peak; payoffs and costs are means over a cluster."""
    capital[:] = 1.0 / capital.size
    scale, peak, log_value = 0.0, 0.0, 0.0
    n, total, squares = 0, 0.0, 0.25
    for g in order:
        gain, held = payoff[g] / cost[g] - 1.0, 0.0
        for j in range(edges.size):
            share = _MOST if cost[g] >= 1.0 else min(edges[j] / (1.0 - cost[g]), _MOST)
            capital[j] *= 1.0 + share * gain
            held += capital[j]
        capital[-1] *= 1.0 + _learned((n, total, squares), cost[g]) * gain
        held += capital[-1]
        surplus = payoff[g] - cost[g]
        n, total = n + 1, total + surplus
        squares += (surplus - total / (n + 1.0)) ** 2
        log_value = scale + np.log(held)
        peak = max(peak, log_value)
        if held > _FAR or held < 1.0 / _FAR:
            capital /= held
            scale = log_value
    return log_value, peak


@njit(cache=True)  # type: ignore[untyped-decorator]
def _capitals(clusters: Clusters, known: Ints, edges: Floats) -> Floats:
    units = clusters.offsets.size - 1
    out, capital = np.zeros((2, units)), np.zeros(edges.size + 1)
    for u in range(units):
        first, last = clusters.offsets[u], clusters.offsets[u + 1]
        bets = clusters.bets[first:last]
        order = np.argsort(known[first:last], kind="mergesort")
        payoff, cost = clusters.payoff[first:last] / bets, clusters.cost[first:last] / bets
        out[0, u], out[1, u] = _capital(payoff, cost, order, edges, capital)
    return out


def log_e_values(clusters: Clusters, known: Ints, edges: Floats = ASSUMED_EDGES) -> tuple[Floats, Floats]:
    """Logarithms of a betting e-value at the end of the data, and of its peak.

    Parameters
    ----------
    clusters : Clusters
        Of U units; a cluster counts with the means over its bets.
    known : ndarray of int
        Shape (C,): when each cluster's first bet was made; bets are laid in this order, equal times in the order given.
    edges : ndarray
        Shape (J,), each in (0, 1), fixed beforehand: one bettor each. An empty array leaves only the one who learns.

    Returns
    -------
    tuple of ndarray
        Shape (U,) each. The first is an e-value: its expectation is at most 1 under the null. The peak is not; but
        exp(-peak) is a p-value at any time of stopping (Ville's inequality), so also for wallets that stop when ahead.

    Notes
    -----
    A mixture of J bettors who believe in a fixed edge d and bet Kelly's share d / (1 - cost), at most 0.9, and of one
    who learns mean and variance of the surplus as it goes (`sequential.log_capital`, to which it is equal where all
    costs are). Shafer (2021), doi:10.1111/rssa.12647; Waudby-Smith & Ramdas (2024), doi:10.1093/jrsssb/qkad009.

    Examples
    --------
    >>> won = Clusters(np.array([0, 40]), np.ones(40, np.int64), np.ones(40), np.full(40, 0.5))
    >>> end, peak = log_e_values(won, np.arange(40))
    >>> bool(end[0] == peak[0] > 20.0)
    True
    """
    assert bool(np.all(clusters.cost > 0.0)), "a bet costs something"
    assert bool(np.all((clusters.payoff >= 0.0) & (clusters.payoff <= clusters.bets + 1e-9))), "a payoff outside [0, 1]"
    found = _capitals(Clusters(*clusters), np.asarray(known, np.int64), np.asarray(edges, np.float64))
    return found[0], found[1]
