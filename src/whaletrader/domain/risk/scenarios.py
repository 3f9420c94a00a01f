"""Loss scenarios of an event group, in integers: how each market's outcome moves the book against its marks.

A market is a `Leg`: its probability and what the book loses if its outcome 0 wins or not. In a neg-risk group exactly
one market's outcome 0 wins, or an unknown one's that we do not hold. In any other group of several markets the joint
law is unknown, so the markets are coupled as badly as their probabilities allow (comonotone losses): CVaR is then at
its greatest. Probabilities are integers in units of 2^-30; groups are independent of each other.
"""

from typing import NamedTuple

from whaletrader.domain.values import MICRO

PROB_BITS = 30
PROB_ONE = 1 << PROB_BITS

Scenario = tuple[int, int]
"""(loss in micro-units, probability in units of 2^-30)."""


class Leg(NamedTuple):
    """One market of a group, with everything that the book has in it."""

    prob: int
    """Chance that outcome 0 wins, in units of 2^-30."""
    loss_if_0: int
    loss_if_1: int


def probability(mid_micro: int) -> int:
    """Market-implied probability of a price in micro-units, in units of 2^-30 (rounded down, within [0, 1])."""
    return min(max(mid_micro, 0), MICRO) * PROB_ONE // MICRO


def group_scenarios(legs: list[Leg], exclusive: bool) -> list[Scenario]:
    """All scenarios of one event group.

    Parameters
    ----------
    legs : list of Leg
        The group's markets that the book is in, at least one.
    exclusive : bool
        Whether exactly one market's outcome 0 wins (neg-risk).

    Returns
    -------
    list of (int, int)
        Loss in micro-units and probability in units of 2^-30; the probabilities sum to 2^30. Where the markets' prices
        sum to more than 1 they are normalised, otherwise the rest is the unknown winner's.
    """
    if len(legs) == 1:
        leg = legs[0]
        return [(leg.loss_if_0, leg.prob), (leg.loss_if_1, PROB_ONE - leg.prob)]
    return _exclusive(legs) if exclusive else _comonotone(legs)


def _exclusive(legs: list[Leg]) -> list[Scenario]:
    total = sum(leg.prob for leg in legs)
    scale = max(total, PROB_ONE)
    nobody = sum(leg.loss_if_1 for leg in legs)
    found = [(nobody - leg.loss_if_1 + leg.loss_if_0, leg.prob * PROB_ONE // scale) for leg in legs]
    rest = PROB_ONE - sum(prob for _, prob in found)
    return [*found, (nobody, rest)]


def _comonotone(legs: list[Leg]) -> list[Scenario]:
    worse = sorted(_worse_first(leg) for leg in legs)
    loss, reached, found = sum(bad for _, bad, _ in worse), 0, []
    for prob, bad, good in worse:
        found.append((loss, prob - reached))
        loss, reached = loss - bad + good, prob
    return [*found, (loss, PROB_ONE - reached)]


def _worse_first(leg: Leg) -> tuple[int, int, int]:
    """(probability of the worse outcome, loss there, loss otherwise)."""
    if leg.loss_if_0 > leg.loss_if_1:
        return leg.prob, leg.loss_if_0, leg.loss_if_1
    return PROB_ONE - leg.prob, leg.loss_if_1, leg.loss_if_0


def loss_range(scenarios: list[Scenario]) -> int:
    """Distance between the greatest and the least loss."""
    losses = [loss for loss, _ in scenarios]
    return max(losses) - min(losses)


def deviation_risk(scenarios: list[Scenario], level_micro: int) -> int:
    """CVaR of the loss less its mean, for comparing two books of one group: exact, in an arbitrary common unit.

    Parameters
    ----------
    scenarios : list of (int, int)
        As of `group_scenarios`; only one group.
    level_micro : int
        CVaR level in micro (975000 is 97.5 %).

    Returns
    -------
    int
        (CVaR - mean) * 2^60 * (1 - level), in micro-micro-units; equal books give equal numbers, and a book whose
        spread is smaller in every scenario gives a smaller one.
    """
    tail = PROB_ONE * (MICRO - level_micro)
    left = tail
    worst = 0
    for loss, prob in sorted(scenarios, reverse=True):
        taken = min(prob * MICRO, left)
        worst += taken * loss
        left -= taken
    mean = sum(loss * prob for loss, prob in scenarios)
    return worst * PROB_ONE - mean * tail
