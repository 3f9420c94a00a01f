"""VaR and CVaR of discrete losses, exact, and the sum of independent discrete losses on a lattice.

A lattice loss is rounded *up* to the next step, so a risk read from it is never too small. Which losses are independent
is the caller's knowledge (event groups), not this file's.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def value_at_risk(losses: Floats, probs: Floats, level: float = 0.975) -> float:
    """Smallest loss x with P(loss <= x) >= level.

    Parameters
    ----------
    losses, probs : ndarray
        Both of shape (n,); losses in any unit (positive is a loss), probabilities that sum to 1.
    level : float
        In (0, 1).

    Returns
    -------
    float
        The quantile, in the unit of `losses`. Rockafellar & Uryasev (2002), doi:10.1016/S0378-4266(02)00271-6.
    """
    losses, probs = _checked(losses, probs, level)
    order = np.argsort(losses, kind="stable")
    return float(losses[order[_quantile_index(probs[order], level)]])


def cvar(losses: Floats, probs: Floats, level: float = 0.975) -> float:
    """Mean of the worst 1 - level of the probability mass, an atom on the border split exactly.

    Parameters
    ----------
    losses, probs : ndarray
        Both of shape (n,); losses in any unit (positive is a loss), probabilities that sum to 1.
    level : float
        In (0, 1).

    Returns
    -------
    float
        CVaR in the unit of `losses`, at least the VaR. Rockafellar & Uryasev (2002), doi:10.1016/S0378-4266(02)00271-6.

    Examples
    --------
    >>> cvar(np.array([0.0, 100.0]), np.array([0.95, 0.05]), 0.9)
    50.0
    """
    losses, probs = _checked(losses, probs, level)
    order = np.argsort(-losses, kind="stable")
    return float(_tail_mean(losses[order], probs[order], 1.0 - level))


def _checked(losses: Floats, probs: Floats, level: float) -> tuple[Floats, Floats]:
    losses, probs = np.asarray(losses, np.float64), np.asarray(probs, np.float64)
    assert losses.shape == probs.shape, (losses.shape, probs.shape)
    assert losses.size > 0
    assert 0.0 < level < 1.0, level
    assert bool(np.all(probs >= 0.0)), "negative probability"
    assert abs(float(probs.sum()) - 1.0) < 1e-6, "probabilities must sum to 1"
    return losses, probs


@njit(cache=True)  # type: ignore[untyped-decorator]
def _quantile_index(probs: Floats, level: float) -> int:
    total = 0.0
    for i in range(probs.size):
        total += probs[i]
        if total >= level - 1e-12:
            return i
    return int(probs.size - 1)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _tail_mean(losses: Floats, probs: Floats, mass: float) -> float:
    left, total = mass, 0.0
    for i in range(losses.size):
        taken = min(probs[i], left)
        total += taken * losses[i]
        left -= taken
        if left <= 0.0:
            break
    if left > 0.0:  # the probabilities fell short of 1 by rounding: the rest is the smallest loss
        total += left * losses[-1]
    return float(total / mass)


@dataclass(frozen=True, slots=True, eq=False)
class LossLattice:
    """A loss distribution on whole multiples of `step`: `probs[i]` is the chance of a loss of (origin + i) * step.

    Parameters
    ----------
    step : int
        Lattice width in micro-units, > 0.
    origin : int
        Multiple of the step that the first probability belongs to (negative for gains).
    probs : ndarray
        Shape (n,), sums to 1.
    """

    step: int
    origin: int
    probs: Floats

    def losses(self) -> Ints:
        """Loss of every lattice point in micro-units, shape (n,)."""
        return (self.origin + np.arange(self.probs.size, dtype=np.int64)) * self.step

    def cvar(self, level: float = 0.975) -> float:
        """CVaR in micro-units; see `cvar`."""
        return cvar(self.losses().astype(np.float64), self.probs, level)

    def value_at_risk(self, level: float = 0.975) -> float:
        """VaR in micro-units; see `value_at_risk`."""
        return value_at_risk(self.losses().astype(np.float64), self.probs, level)


def loss_lattice(losses_micro: Ints, probs: Floats, step: int) -> LossLattice:
    """One discrete loss distribution on the lattice, every loss rounded up to the next multiple of `step`.

    Parameters
    ----------
    losses_micro, probs : ndarray
        Both of shape (n,); losses in micro-units, probabilities that sum to 1.
    step : int
        Lattice width in micro-units, > 0.

    Returns
    -------
    LossLattice
        Stochastically no smaller than the given distribution.
    """
    shifts = -(-np.asarray(losses_micro, np.int64) // step)
    origin = int(shifts.min())
    lattice = np.zeros(int(shifts.max()) - origin + 1, np.float64)
    np.add.at(lattice, shifts - origin, np.asarray(probs, np.float64))
    return LossLattice(step, origin, lattice)


def add_independent(first: LossLattice, second: LossLattice) -> LossLattice:
    """Distribution of the sum of two independent losses on the same step (exact convolution, in fixed order)."""
    assert first.step == second.step, (first.step, second.step)
    probs = _convolve(first.probs, second.probs)
    return LossLattice(first.step, first.origin + second.origin, probs)


def sum_of_independent(losses: list[tuple[Ints, Floats]], step: int) -> LossLattice:
    """Distribution of the sum of independent discrete losses, each rounded up to the lattice before the sum.

    Parameters
    ----------
    losses : list of (ndarray, ndarray)
        Per independent group its scenario losses in micro-units and their probabilities, shapes (k,) and (k,).
    step : int
        Lattice width in micro-units; the sum is overstated by less than `step` per group.

    Returns
    -------
    LossLattice
        A certain loss of 0 where the list is empty.
    """
    total = LossLattice(step, 0, np.ones(1, np.float64))
    for group_losses, probs in losses:
        total = add_independent(total, loss_lattice(group_losses, probs, step))
    return total


@njit(cache=True)  # type: ignore[untyped-decorator]
def _convolve(first: Floats, second: Floats) -> Floats:
    out = np.zeros(first.size + second.size - 1, np.float64)
    for j in range(second.size):
        weight = second[j]
        if weight == 0.0:
            continue
        for i in range(first.size):
            out[i + j] += first[i] * weight
    return out
