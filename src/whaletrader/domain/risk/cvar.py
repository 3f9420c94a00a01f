"""CVaR of a sum of independent event groups in integer arithmetic, so that every CPU reads the same risk.

Losses are integers in units of a stated number of micro-units (rounded up), probabilities integers in units of 2^-30,
masses in units of 2^-32 (rounded towards the worse scenario, the total kept). Up to 1,024 joint scenarios are
enumerated one by one; beyond that the sum lives on a lattice of about 1,024 cells, a loss between two cells being split
between them so that its mean is kept: a mean-preserving spread, which can only raise CVaR. What is read is never below
the exact CVaR, and above it by at most a unit per group where the scenarios are enumerated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whaletrader.domain.risk.scenarios import PROB_BITS, PROB_ONE, Scenario
from whaletrader.domain.values import MICRO
from whaletrader.kernels import njit

Ints = NDArray[np.int64]
MASS_ONE = 1 << 32
MAX_ENUMERATED = 1_024
CELLS = 1_024
UNITS = 1 << 24
"""Units between the least and the greatest loss of the whole book."""


@dataclass(frozen=True, slots=True, eq=False)
class RestOfBook:
    """The loss distribution of all groups but one, ready for asking CVaR with that one in many sizes.

    Parameters
    ----------
    base_micro : int
        Least loss of the rest in micro-units.
    unit_micro : int
        Micro-units in a unit of loss.
    points, mass_from, moment_from : ndarray
        Shapes (n,), (n + 1,), (n + 1,): losses above `base_micro` in units, rising; mass, and mass times loss, from a
        point on.
    """

    base_micro: int
    unit_micro: int
    points: Ints
    mass_from: Ints
    moment_from: Ints

    def cvar_micro(self, group: list[Scenario], level_micro: int) -> int:
        """CVaR of the rest and one more independent group.

        Parameters
        ----------
        group : list of (int, int)
            Its scenarios (see `group_scenarios`), losses within the range that was announced.
        level_micro : int
            In (0, 1) in micro.

        Returns
        -------
        int
            Micro-units, rounded up; negative where even the tail gains.
        """
        least = min([loss for loss, _ in group])
        shifts = np.array([-((least - loss) // self.unit_micro) for loss, _ in group], np.int64)
        probs = np.array([prob for _, prob in group], np.int64)
        tail = MASS_ONE * (MICRO - level_micro) // MICRO
        units = _cvar_units(self.points, self.mass_from, self.moment_from, shifts, probs, tail)
        return self.base_micro + least + self.unit_micro * int(units)


def rest_of_book(groups: list[list[Scenario]], extra_range_micro: int) -> RestOfBook:
    """Add up independent groups.

    Parameters
    ----------
    groups : list of list of (int, int)
        Scenarios of each group (see `group_scenarios`); none is a book of cash.
    extra_range_micro : int
        Greatest distance between two losses of the group that will be asked about.

    Returns
    -------
    RestOfBook
        See the module's docstring for how it is rounded.
    """
    groups = [sorted(group, reverse=True) for group in groups]
    leasts = [group[-1][0] for group in groups]
    spread = extra_range_micro + sum(group[0][0] - group[-1][0] for group in groups)
    unit = max(-(-spread // UNITS), 1)
    joint, deltas, probs, starts = 1, [], [], [0]
    for group, least in zip(groups, leasts, strict=True):
        deltas += [-(-(loss - least) // unit) for loss, _ in group]
        probs += [prob for _, prob in group]
        starts.append(len(deltas))
        joint = min(joint * len(group), MAX_ENUMERATED + 1)
    arrays = (np.array(deltas, np.int64), np.array(probs, np.int64), np.array(starts, np.int64))
    points, mass = _enumerated(*arrays, joint) if joint <= MAX_ENUMERATED else _on_lattice(*arrays, CELLS)
    mass_from, moment_from = _from_each_point(points, mass)
    return RestOfBook(sum(leasts), unit, points, mass_from, moment_from)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _share(mass: int, prob: int) -> int:
    """Mass times probability, rounded up (a scenario's share of a mass, worst scenarios first)."""
    return (mass * prob + PROB_ONE - 1) >> PROB_BITS


@njit(cache=True)  # type: ignore[untyped-decorator]
def _enumerated(deltas: Ints, probs: Ints, starts: Ints, joint: int) -> tuple[Ints, Ints]:
    """Every joint scenario with its mass, sorted by loss."""
    points, mass = np.zeros(joint, np.int64), np.zeros(joint, np.int64)
    mass[0] = MASS_ONE
    count = 1
    for g in range(starts.size - 1):
        first, last = starts[g], starts[g + 1]
        for i in range(count):
            point, whole, given, reached = points[i], mass[i], 0, 0
            for s in range(first, last):
                reached += probs[s]
                upto = _share(whole, reached)
                place = i + (last - 1 - s) * count  # the scenario with the least loss stays in place
                points[place], mass[place] = point + deltas[s], upto - given
                given = upto
        count *= last - first
    order = np.argsort(points)
    return points[order], mass[order]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _on_lattice(deltas: Ints, probs: Ints, starts: Ints, cells: int) -> tuple[Ints, Ints]:
    """Sum on a lattice; see the module's docstring. Scenarios of a group come with the greatest loss first."""
    groups = starts.size - 1
    total = 0
    for g in range(groups):
        total += deltas[starts[g]]
    width = max(1, (total + cells - 1) // cells)
    size = cells + 2 * groups + 2
    now, then = np.zeros(size, np.int64), np.zeros(size, np.int64)
    now[0] = MASS_ONE
    top = 1
    for g in range(groups):
        shifts, upto = _cells_of(deltas[starts[g] : starts[g + 1]], probs[starts[g] : starts[g + 1]], width)
        then[: top + shifts[0]] = 0
        for i in range(top):
            whole, given = now[i], 0
            if whole == 0:
                continue
            for s in range(shifts.size):
                reached = _share(whole, upto[s])
                then[i + shifts[s]] += reached - given
                given = reached
        top += shifts[0]
        now, then = then, now
    return np.arange(top) * width, now[:top].copy()


@njit(cache=True)  # type: ignore[untyped-decorator]
def _cells_of(deltas: Ints, probs: Ints, width: int) -> tuple[Ints, Ints]:
    """Split each scenario between its two cells; cells and cumulative probabilities, greatest loss first."""
    shifts, upto = np.empty(2 * deltas.size, np.int64), np.empty(2 * deltas.size, np.int64)
    reached = 0
    for s in range(deltas.size):
        cell, rest = deltas[s] // width, deltas[s] % width
        above = (probs[s] * rest + width - 1) // width
        shifts[2 * s], shifts[2 * s + 1] = cell + 1 if rest else cell, cell
        upto[2 * s], upto[2 * s + 1] = reached + above, reached + probs[s]
        reached += probs[s]
    return shifts, upto


@njit(cache=True)  # type: ignore[untyped-decorator]
def _from_each_point(points: Ints, mass: Ints) -> tuple[Ints, Ints]:
    n = points.size
    masses, moments = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    for i in range(n - 1, -1, -1):
        masses[i] = masses[i + 1] + mass[i]
        moments[i] = moments[i + 1] + mass[i] * points[i]
    return masses, moments


@njit(cache=True)  # type: ignore[untyped-decorator]
def _first_above(points: Ints, x: int) -> int:
    """Index of the first point greater than x."""
    low, high = 0, points.size
    while low < high:
        middle = (low + high) // 2
        if points[middle] > x:
            high = middle
        else:
            low = middle + 1
    return low


@njit(cache=True)  # type: ignore[untyped-decorator]
def _cvar_units(points: Ints, masses: Ints, moments: Ints, shifts: Ints, probs: Ints, tail: int) -> int:
    """CVaR of points + shifts in units, rounded up: VaR, and the mean excess over it (Rockafellar & Uryasev 2002)."""
    low, high = 0, points[-1] + shifts.max()
    while low < high:  # the least y with P(loss > y) <= tail
        y = (low + high) // 2
        above = 0
        for s in range(shifts.size):
            above += probs[s] * masses[_first_above(points, y - shifts[s])]
        if above <= tail << PROB_BITS:
            high = y
        else:
            low = y + 1
    whole, part = 0, 0  # the excess in two limbs: its terms need up to 87 bits
    for s in range(shifts.size):
        x = low - shifts[s]
        i = _first_above(points, x)
        excess = moments[i] - x * masses[i]
        whole += probs[s] * (excess >> PROB_BITS)
        part += probs[s] * (excess & (PROB_ONE - 1))
    excess = whole + ((part + PROB_ONE - 1) >> PROB_BITS)
    return low + (excess + tail - 1) // tail
