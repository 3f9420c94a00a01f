"""How the budget is shared among the followed leaders: Thompson sampling, and one share for leaders who bet alike.

Every leader's outcomes are seen whether or not we copy him, so nothing must be tried to be learned: draws are averaged,
which keeps the allocation's mean and takes its noise away (one draw is plain Thompson sampling). The share only ever
lessens a size; how large an order may be is the risk kernel's.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from whaletrader.domain.pruning import GREATEST_SPREAD, LEAST_SPREAD, Outcome
from whaletrader.domain.values import MICRO
from whaletrader.quant.bandit import NormalInverseGamma
from whaletrader.quant.covariance import shrunk_correlation

Floats = NDArray[np.float64]

_ROUNDING = 1e-3
"""Micro-shares that floating point may have lost of a whole number; the sum of fewer than 1,000 stays below 1."""
PRIOR_SHAPE = 3.0
"""Degrees of belief in the variance that the scan saw: six observations' worth."""
MAX_PRIOR_STRENGTH = 30
"""Most observations that the scan's edge counts as, however long its history."""
LEAST_OUTCOMES = 20
"""Event groups of all leaders together below which nobody is said to bet alike."""


class AllocationRule(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a leader's share, micro; leaders correlated from `max_correlation_micro` on have one share together."""

    max_share_micro: int = 300_000
    max_correlation_micro: int = 700_000
    draws: int = 64


def prior_belief(edge_micro: int, spread_micro: int, n_groups: int) -> NormalInverseGamma:
    """What a scan's score makes us believe of a leader's net edge per share, before anything came of following him.

    Parameters
    ----------
    edge_micro : int
        Shrunk edge: it knows that he is the best of many.
    spread_micro : int
        Standard deviation of an event group's edge, cut to [0.1, 0.5].
    n_groups : int
        Event groups that the score rests on.

    Returns
    -------
    NormalInverseGamma
        In units of one share; worth at most `MAX_PRIOR_STRENGTH` observations.
    """
    spread = min(max(spread_micro / MICRO, LEAST_SPREAD), GREATEST_SPREAD)
    strength = float(min(max(n_groups, 1), MAX_PRIOR_STRENGTH))
    return NormalInverseGamma(edge_micro / MICRO, strength, PRIOR_SHAPE, (PRIOR_SHAPE - 1.0) * spread * spread)


def thompson_scores(beliefs: Sequence[NormalInverseGamma], generator: np.random.Generator, draws: int) -> Floats:
    """Growth-optimal exposure to each leader under drawn beliefs.

    Parameters
    ----------
    beliefs : sequence of NormalInverseGamma
        One per leader, in a fixed order.
    generator : numpy.random.Generator
        Is drawn from leader by leader.
    draws : int
        At least 1.

    Returns
    -------
    ndarray
        Shape (draws, leaders): drawn mean over drawn variance (Kelly's fraction of small bets), 0 where the drawn mean
        is not positive. Russo et al. (2018), doi:10.1561/2200000070; Thorp (2006), the Kelly criterion, section 7.
    """
    assert draws >= 1, draws
    scores = np.zeros((draws, len(beliefs)), np.float64)
    for column, belief in enumerate(beliefs):
        means, variances = belief.draw(generator, draws)
        scores[:, column] = np.where(means > 0.0, means / variances, 0.0)
    return scores


def outcome_correlation(outcomes: Sequence[Sequence[Outcome]]) -> Floats:
    """Correlation between leaders of what their bets brought, by event group, shrunk.

    Parameters
    ----------
    outcomes : sequence of sequences of Outcome
        One sequence per leader. An event group in which a leader had no bet is a 0 of his: leaders who never meet are
        uncorrelated, leaders who hold the same groups on the same side are not.

    Returns
    -------
    ndarray
        Shape (leaders, leaders), Ledoit & Wolf (2004); the identity with fewer than `LEAST_OUTCOMES` event groups.
    """
    groups = sorted({outcome.event_group_id for leader in outcomes for outcome in leader})
    if len(groups) < LEAST_OUTCOMES:
        return np.eye(len(outcomes))
    place = {group: row for row, group in enumerate(groups)}
    returns = np.zeros((len(groups), len(outcomes)), np.float64)
    for column, leader in enumerate(outcomes):
        for outcome in leader:
            returns[place[outcome.event_group_id], column] += outcome.edge_micro / MICRO
    return shrunk_correlation(returns)


def allocate(scores: Floats, correlation: Floats, rule: AllocationRule) -> tuple[int, ...]:
    """Shares of the budget, quantised.

    Parameters
    ----------
    scores : ndarray
        Shape (draws, leaders), not negative, as `thompson_scores` gives them.
    correlation : ndarray
        Shape (leaders, leaders), symmetric.
    rule : AllocationRule
        Limits per leader and per bloc of leaders who bet alike.

    Returns
    -------
    tuple of int
        Micro-shares, rounded down, sum at most 1000000. Each draw is shared out in proportion to score over crowding (1
        plus the positive correlations with the other leaders who have a score), draws are averaged, then blocs and
        leaders are cut to the limit; what is cut stays in cash.
    """
    draws, leaders = scores.shape
    if not leaders:
        return ()
    alike = np.where(np.eye(leaders, dtype=bool), 1.0, np.clip(correlation, 0.0, 1.0))
    crowding = (scores > 0.0).astype(np.float64) @ alike
    fair = scores / np.maximum(crowding, 1.0)
    totals = fair.sum(axis=1, keepdims=True)
    shares = np.divide(fair, totals, out=np.zeros_like(fair), where=totals > 0.0).sum(axis=0) / draws
    limit = rule.max_share_micro / MICRO
    for bloc in blocs(correlation, rule.max_correlation_micro / MICRO):
        together = float(shares[bloc].sum())
        if together > limit:
            shares[bloc] *= limit / together
    return tuple(int(share * MICRO + _ROUNDING) for share in shares)


def blocs(correlation: Floats, limit: float) -> list[list[int]]:
    """Groups of leaders linked by correlations of at least `limit`; ascending, a leader alone is a bloc of one."""
    left, found = list(range(len(correlation))), []
    while left:
        bloc, pending = [], [left.pop(0)]
        while pending:
            one = pending.pop()
            bloc.append(one)
            linked = [other for other in left if correlation[one, other] >= limit]
            left = [other for other in left if other not in linked]
            pending += linked
        found.append(sorted(bloc))
    return found


def size_multipliers(shares_micro: Sequence[int], rule: AllocationRule) -> tuple[int, ...]:
    """What each leader's share leaves of the size of his copies.

    Parameters
    ----------
    shares_micro : sequence of int
        As `allocate` gives them, one per leader.
    rule : AllocationRule
        Its limit is what an equal part is cut to.

    Returns
    -------
    tuple of int
        Share over the equal part, at most 1000000 (all of it): nobody's size is raised by the others' weakness.
    """
    if not shares_micro:
        return ()
    equal = min(MICRO // len(shares_micro), rule.max_share_micro)
    return tuple(min(share * MICRO // equal, MICRO) for share in shares_micro)
