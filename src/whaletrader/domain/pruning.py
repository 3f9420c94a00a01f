"""Whether a leader lost the edge that he was followed for: three detectors watch what his bets brought since then.

An observation is an event group's mean net edge per share, whether or not we copied it, because what settles together
is one draw. The promise is the shrunk edge at the time when he was first followed, and is never lowered: a promise that
follows the results down would hide a slow fall. Evidence from before he was followed is not used, as it chose him.
"""

from collections.abc import Sequence
from math import log, sqrt

import msgspec
import numpy as np
from scipy.special import ndtri

from whaletrader.domain.reasons import PruneReason
from whaletrader.domain.values import MICRO
from whaletrader.quant.drift import Cusum, EDetector, adwin_alarm, cusum_threshold

PROMISED_PART = 0.75
"""Part of the promise that must be kept: the best of many is promised a little more than he can keep."""
WINDOW = 400
"""Newest observations that ADWIN looks at."""
LEAST_SPREAD, GREATEST_SPREAD = 0.1, 0.5
"""Limits of an observation's standard deviation; nothing within [0, 1] has more than 1/2."""
LEAST_CHANCE = 0.01


class PruningRule(msgspec.Struct, frozen=True, kw_only=True):
    """When each detector alarms, and how many must have alarmed.

    The run lengths are average numbers of observations until a false alarm; ADWIN's delta is its level per look, which
    is loose because it never prunes alone.
    """

    e_arl: float = 1_000.0
    cusum_arl: float = 2_000.0
    adwin_delta: float = 0.7
    agree: int = 2


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """An event group's mean net edge and mean all-in price per share, micro-units."""

    event_group_id: str
    edge_micro: int
    cost_micro: int


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """A followed leader's promise and detectors; plain values, so that a snapshot holds it."""

    promised_micro: int
    spread_micro: int
    cusum: Cusum
    e_detector: EDetector = EDetector()
    fell: bool = False
    """ADWIN saw a fall."""
    outcomes: tuple[Outcome, ...] = ()
    """The newest, at most `WINDOW`."""


def spread_of_bounds(lower_micro: int, upper_micro: int, n_groups: int, confidence_micro: int) -> int:
    """Standard deviation of an event group's edge that a score's bounds imply.

    Parameters
    ----------
    lower_micro, upper_micro : int
        One-sided bounds of the mean edge.
    n_groups : int
        Event groups that they rest on.
    confidence_micro : int
        Of each bound, above 500000.

    Returns
    -------
    int
        Half the interval over the normal quantile, times the root of `n_groups`; within [0.1, 0.5].
    """
    error = (upper_micro - lower_micro) / 2.0 / float(ndtri(confidence_micro / MICRO))
    return round(min(max(error * sqrt(max(n_groups, 1)), LEAST_SPREAD * MICRO), GREATEST_SPREAD * MICRO))


def watched(promised_micro: int, spread_micro: int, rule: PruningRule) -> Watch:
    """Begin to watch a leader.

    Parameters
    ----------
    promised_micro : int
        Net edge per share that he is followed for, positive.
    spread_micro : int
        Standard deviation of an observation, cut to [0.1, 0.5].
    rule : PruningRule
        Its average run length fixes the CUSUM's threshold, with the reference half-way between promise and nothing.

    Returns
    -------
    Watch
        Without observations.
    """
    assert promised_micro > 0, promised_micro
    spread = min(max(spread_micro / MICRO, LEAST_SPREAD), GREATEST_SPREAD)
    reference = promised_micro / MICRO / spread / 2.0
    cusum = Cusum(reference, cusum_threshold(reference, rule.cusum_arl))
    return Watch(promised_micro=promised_micro, spread_micro=round(spread * MICRO), cusum=cusum)


def observe(watch: Watch, outcomes: Sequence[Outcome], rule: PruningRule) -> Watch:
    """Fold settled outcomes, in the order of time; the same in one call or in many (while ADWIN's window holds all).

    Parameters
    ----------
    watch : Watch
        Is left alone.
    outcomes : sequence of Outcome
        Settled since the last call.
    rule : PruningRule
        The one it was begun with.

    Returns
    -------
    Watch
        CUSUM by Page (1954), e-detector by Shin, Ramdas & Rinaldo (2023), ADWIN by Bifet & Gavalda (2007).
    """
    if not outcomes:
        return watch
    cusum, capital = watch.cusum, watch.e_detector
    for outcome in outcomes:
        cusum = cusum.update((watch.promised_micro - outcome.edge_micro) / watch.spread_micro)
        capital = capital.update(*_shares(watch.promised_micro, outcome))
    newest = (*watch.outcomes, *outcomes)[-WINDOW:]
    fell = watch.fell or _fell(newest, rule.adwin_delta)
    return msgspec.structs.replace(watch, cusum=cusum, e_detector=capital, fell=fell, outcomes=newest)


def alarms(watch: Watch, rule: PruningRule) -> tuple[str, ...]:
    """Names of the detectors that have alarmed: an alarm once given stands."""
    found = {
        "cusum": watch.cusum.alarmed,
        "e_detector": watch.e_detector.log_peak >= log(rule.e_arl),
        "adwin": watch.fell,
    }
    return tuple(name for name, alarmed in found.items() if alarmed)


def prune_reason(watch: Watch, rule: PruningRule) -> PruneReason | None:
    """Return why the leader is to be pruned: as many detectors as the rule asks for agree that his edge fell."""
    return PruneReason.EDGE_DRIFTED if len(alarms(watch, rule)) >= rule.agree else None


def _fell(outcomes: tuple[Outcome, ...], delta: float) -> bool:
    return adwin_alarm(np.array([adwin_share(outcome.edge_micro) for outcome in outcomes]), delta) < len(outcomes)


def adwin_share(edge_micro: int) -> float:
    """An edge, which lies in [-1, 1], as a share of 1."""
    return min(max((edge_micro / MICRO + 1.0) / 2.0, 0.0), 1.0)


def _shares(promised_micro: int, outcome: Outcome) -> tuple[float, float, float]:
    """Proceeds per share, what they were promised to be on average, and what they are when the edge is gone."""
    cost = outcome.cost_micro / MICRO
    share = min(max(cost + outcome.edge_micro / MICRO, 0.0), 1.0)
    promised = min(max(cost + PROMISED_PART * promised_micro / MICRO, 2 * LEAST_CHANCE), 1.0 - 2 * LEAST_CHANCE)
    fallen = min(max(cost, LEAST_CHANCE), promised)
    return share, promised, fallen
