"""Event groups of every unit's bets, as clusters in shares of one dollar; nothing is judged here."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from whaletrader.quant.bounded_mean import Clusters

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_MICRO = 1e6


@njit(cache=True)  # type: ignore[untyped-decorator]
def event_groups(offsets: Ints, group: Ints, edge: Ints, cost: Ints, entry_day: Ints) -> tuple[Clusters, Ints]:
    """Sum bets, payoffs and costs by event group; also the day of each group's first entry.

    A bet's edge and cost are rounded down each, so that a payoff can come out one micro-unit short: that is mended.
    """
    clusters = 0
    for u in range(offsets.size - 1):
        for i in range(offsets[u], offsets[u + 1]):
            clusters += 1 if i == offsets[u] or group[i] != group[i - 1] else 0
    bounds, bets, day = np.zeros(offsets.size, np.int64), np.zeros(clusters, np.int64), np.zeros(clusters, np.int64)
    payoff, paid = np.zeros(clusters), np.zeros(clusters)
    at = -1
    for u in range(offsets.size - 1):
        for i in range(offsets[u], offsets[u + 1]):
            if i == offsets[u] or group[i] != group[i - 1]:
                at += 1
                day[at] = entry_day[i]
            bets[at] += 1
            payoff[at] += _payoff(edge[i] + cost[i]) / _MICRO
            paid[at] += cost[i] / _MICRO
            day[at] = min(day[at], entry_day[i])
        bounds[u + 1] = at + 1
    return Clusters(bounds, bets, payoff, paid), day


@njit(cache=True)  # type: ignore[untyped-decorator]
def _payoff(micro: int) -> int:
    if micro == -1:
        return 0
    return 1_000_000 if micro == 999_999 else micro


@njit(cache=True)  # type: ignore[untyped-decorator]
def flaws(offsets: Ints, edge: Ints, cost: Ints) -> tuple[Bools, Bools]:
    """Units with a bet that cost nothing, and with a payoff outside of 0 to 1."""
    units = offsets.size - 1
    free, outside = np.zeros(units, np.bool_), np.zeros(units, np.bool_)
    for u in range(units):
        for i in range(offsets[u], offsets[u + 1]):
            free[u] |= cost[i] <= 0
            outside[u] |= edge[i] + cost[i] < -1 or edge[i] + cost[i] > 1_000_000
    return free, outside


@njit(cache=True)  # type: ignore[untyped-decorator]
def rarer_side(clusters: Clusters) -> Ints:
    """Per unit the smaller of two numbers: of clusters that gained and of those that lost."""
    out = np.zeros(clusters.offsets.size - 1, np.int64)
    for u in range(out.size):
        gained, lost = 0, 0
        for g in range(clusters.offsets[u], clusters.offsets[u + 1]):
            gained += 1 if clusters.payoff[g] > clusters.cost[g] else 0
            lost += 1 if clusters.payoff[g] < clusters.cost[g] else 0
        out[u] = min(gained, lost)
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def clusters_of(clusters: Clusters, day: Ints, chosen: Ints) -> tuple[Clusters, Ints]:
    """The clusters of the chosen units alone."""
    bounds = np.zeros(chosen.size + 1, np.int64)
    for place in range(chosen.size):
        u = chosen[place]
        bounds[place + 1] = bounds[place] + clusters.offsets[u + 1] - clusters.offsets[u]
    rows = np.empty(bounds[-1], np.int64)
    for place in range(chosen.size):
        first = clusters.offsets[chosen[place]]
        for i in range(bounds[place], bounds[place + 1]):
            rows[i] = first + i - bounds[place]
    return Clusters(bounds, clusters.bets[rows], clusters.payoff[rows], clusters.cost[rows]), day[rows]
