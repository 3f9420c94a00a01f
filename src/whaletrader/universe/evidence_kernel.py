"""Event groups of every unit's bets, as clusters in shares of one dollar; nothing is judged here."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit
from whaletrader.quant.bounded_mean import Clusters

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_MICRO = 1e6


class EventGroups(NamedTuple):
    """Clusters, the day of each one's first entry, and the payoff and cost of the bet entered first."""

    clusters: Clusters
    day: Ints
    first_payoff: Floats
    first_cost: Floats


@njit(cache=True)  # type: ignore[untyped-decorator]
def event_groups(offsets: Ints, group: Ints, edge: Ints, cost: Ints, entry_day: Ints) -> EventGroups:
    """Sum bets, payoffs and costs by event group; a group's bets are in the order of entry."""
    size = 0
    for u in range(offsets.size - 1):
        for i in range(offsets[u], offsets[u + 1]):
            size += 1 if i == offsets[u] or group[i] != group[i - 1] else 0
    bounds, bets, day = np.zeros(offsets.size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.int64)
    sums, first, at = np.zeros((2, size)), np.zeros((2, size)), -1
    for u in range(offsets.size - 1):
        for i in range(offsets[u], offsets[u + 1]):
            paid, got = cost[i] / _MICRO, (edge[i] + cost[i]) / _MICRO
            starts = i == offsets[u] or group[i] != group[i - 1]
            at += 1 if starts else 0
            if starts or entry_day[i] < day[at]:
                day[at], first[0, at], first[1, at] = entry_day[i], got, paid
            bets[at] += 1
            sums[0, at] += got
            sums[1, at] += paid
        bounds[u + 1] = at + 1
    return EventGroups(Clusters(bounds, bets, sums[0], sums[1]), day, first[0], first[1])


@njit(cache=True)  # type: ignore[untyped-decorator]
def flaws(offsets: Ints, edge: Ints, cost: Ints) -> tuple[Bools, Bools]:
    """Units with a bet that cost nothing, and with a payoff outside of 0 to 1."""
    units = offsets.size - 1
    free, outside = np.zeros(units, np.bool_), np.zeros(units, np.bool_)
    for u in range(units):
        for i in range(offsets[u], offsets[u + 1]):
            free[u] |= cost[i] <= 0
            outside[u] |= edge[i] + cost[i] < 0 or edge[i] + cost[i] > 1_000_000
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
def groups_of(groups: EventGroups, chosen: Ints) -> EventGroups:
    """The event groups of the chosen units alone."""
    clusters = groups.clusters
    bounds = np.zeros(chosen.size + 1, np.int64)
    for place in range(chosen.size):
        u = chosen[place]
        bounds[place + 1] = bounds[place] + clusters.offsets[u + 1] - clusters.offsets[u]
    rows = np.empty(bounds[-1], np.int64)
    for place in range(chosen.size):
        first = clusters.offsets[chosen[place]]
        for i in range(bounds[place], bounds[place + 1]):
            rows[i] = first + i - bounds[place]
    some = Clusters(bounds, clusters.bets[rows], clusters.payoff[rows], clusters.cost[rows])
    return EventGroups(some, groups.day[rows], groups.first_payoff[rows], groups.first_cost[rows])


def first_bets(groups: EventGroups) -> Clusters:
    """Each event group as the bet that was entered first.

    How many more bets follow in a group may depend on how the first one went, so that their average is not fair even
    where each bet is: who adds after a fall and stops after a rise has an average bet above its cost.
    """
    once = np.ones(groups.day.size, np.int64)
    return Clusters(groups.clusters.offsets, once, groups.first_payoff, groups.first_cost)
