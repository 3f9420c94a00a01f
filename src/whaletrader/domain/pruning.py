"""Whether a leader lost the edge that he was followed for: three detectors watch what his bets brought since then.

An observation is an event group's mean net edge per share, whether or not we copied it, because what settles together
is one draw. The promise is the shrunk edge at the time when he was first followed. The CUSUM holds him to it for ever,
so that a slow fall is not hidden; the e-detector learns from his results what he can keep, so that one who was promised
too much is not taken for one who lost his edge: its run length holds on average over what was believed of him; ADWIN
knows no promise and compares his newer with his older results.
"""

from collections.abc import Sequence
from math import log, sqrt

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from whaletrader.domain.reasons import PruneReason
from whaletrader.domain.values import MICRO
from whaletrader.quant.drift import (
    Cusum,
    EDetector,
    adwin_alarm,
    cusum_paths,
    cusum_threshold,
    e_detector_paths,
    first_at_least,
)

Ints = NDArray[np.int64]

LEAST_PROMISE_MICRO = 10_000
"""Edge below which no promise is lowered: nothing is nothing."""
FALLEN_STRENGTH = 20
"""Observations of no edge that stand against the results, where these tell how far it fell below nothing."""
WINDOW = 400
"""Newest observations that ADWIN looks at."""
LEAST_SPREAD, GREATEST_SPREAD = 0.1, 0.5
"""Limits of an observation's standard deviation; nothing within [0, 1] has more than 1/2."""
LEAST_CHANCE = 0.01
BELIEVED_LIMITS = (2 * LEAST_CHANCE, 1.0 - 2 * LEAST_CHANCE)
"""No bet is made on certainty."""


class PruningRule(msgspec.Struct, frozen=True, kw_only=True):
    """When each detector alarms, and how many must have alarmed.

    The run lengths are average numbers of observations until a false alarm; ADWIN's delta is its level per look, which
    is loose because it never prunes alone.
    """

    e_arl: float = 4_000.0
    cusum_arl: float = 1_000.0
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
    strength: int
    """Observations that the promise is worth against those that came since."""
    spread_micro: int
    cusum: Cusum
    n: int = 0
    total_micro: int = 0
    """Sum of the edges observed."""
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


def promise(edge_micro: int, shrunk_micro: int, n_groups: int) -> tuple[int, int]:
    """What a leader's score promises, and how many event groups the promise is worth.

    Parameters
    ----------
    edge_micro, shrunk_micro : int
        Mean edge before and after shrinking.
    n_groups : int
        Event groups that the mean rests on.

    Returns
    -------
    tuple of int
        The shrunk edge, but at least half of the mean (among many without any edge the shrunk one is nearly nothing,
        and a leader of whom nothing is expected cannot disappoint), at least 1; and the groups over the part of the
        mean that is promised, which is the normal posterior's precision over one observation's.
    """
    promised = max(shrunk_micro, edge_micro // 2, 1)
    kept = min(promised / edge_micro, 1.0) if edge_micro > 0 else 1.0
    return promised, round(max(n_groups, 1) / max(kept, 0.5))


def watched(promised_micro: int, spread_micro: int, strength: int, rule: PruningRule) -> Watch:
    """Begin to watch a leader.

    Parameters
    ----------
    promised_micro : int
        Net edge per share that he is followed for, positive.
    spread_micro : int
        Standard deviation of an observation, cut to [0.1, 0.5].
    strength : int
        Observations that the promise is worth, positive.
    rule : PruningRule
        Its average run length fixes the CUSUM's threshold, with the reference half-way between promise and nothing.

    Returns
    -------
    Watch
        Without observations.
    """
    assert promised_micro > 0, promised_micro
    assert strength > 0, strength
    spread = min(max(spread_micro / MICRO, LEAST_SPREAD), GREATEST_SPREAD)
    reference = promised_micro / MICRO / spread / 2.0
    cusum = Cusum(reference, cusum_threshold(reference, rule.cusum_arl))
    return Watch(promised_micro=promised_micro, strength=strength, spread_micro=round(spread * MICRO), cusum=cusum)


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
    found = watch
    for outcome in outcomes:
        found = _stepped(found, outcome)
    newest = (*watch.outcomes, *outcomes)[-WINDOW:]
    fell = watch.fell or _fell(newest, rule.adwin_delta)
    return msgspec.structs.replace(found, fell=fell, outcomes=newest)


def _stepped(watch: Watch, outcome: Outcome) -> Watch:
    """CUSUM and e-detector after one more outcome."""
    believed = (watch.strength * watch.promised_micro + watch.total_micro) / (watch.strength + watch.n)
    fallen = min(watch.total_micro / (FALLEN_STRENGTH + watch.n), 0.0)
    return msgspec.structs.replace(
        watch,
        cusum=watch.cusum.update((watch.promised_micro - outcome.edge_micro) / watch.spread_micro),
        e_detector=watch.e_detector.update(*_shares(max(believed, LEAST_PROMISE_MICRO), fallen, outcome)),
        n=watch.n + 1,
        total_micro=watch.total_micro + outcome.edge_micro,
    )


def alarm_times(watch: Watch, edges_micro: Ints, costs_micro: Ints, rule: PruningRule) -> dict[str, int]:
    """How many outcomes it took each detector, and the rule, to alarm: for studies of many leaders.

    Parameters
    ----------
    watch, rule : Watch, PruningRule
        As in `observe`; the watch has seen nothing yet.
    edges_micro, costs_micro : ndarray
        Of the outcomes, shape (n,) each, in the order of time.

    Returns
    -------
    dict of str to int
        By the names of `alarms`, and "rule"; n + 1 where the alarm never came. `observe` with as many outcomes gives
        the alarm, with one less it does not (while ADWIN's window holds all).
    """
    n, edges, costs = edges_micro.size, edges_micro.astype(np.float64), costs_micro / MICRO
    sums, seen = np.cumsum(edges) - edges, np.arange(n)
    learnt = (watch.strength * watch.promised_micro + sums) / (watch.strength + seen)
    believed = np.clip(costs + np.maximum(learnt, LEAST_PROMISE_MICRO) / MICRO, *BELIEVED_LIMITS)
    gone = costs + np.minimum(sums / (FALLEN_STRENGTH + seen), 0.0) / MICRO
    fallen = np.minimum(np.maximum(gone, LEAST_CHANCE), believed)
    shares = np.clip(costs + edges / MICRO, 0.0, 1.0)
    z = (watch.promised_micro - edges) / watch.spread_micro
    falls = cusum_paths(z[None, :], watch.cusum.reference)
    capital = e_detector_paths(shares[None, :], believed[None, :], fallen[None, :])
    times = {
        "cusum": int(first_at_least(falls, watch.cusum.threshold)[0]) + 1,
        "e_detector": int(first_at_least(capital, log(rule.e_arl))[0]) + 1,
        "adwin": adwin_alarm(np.clip((edges / MICRO + 1.0) / 2.0, 0.0, 1.0), rule.adwin_delta) + 1,
    }
    return {**times, "rule": sorted(times.values())[rule.agree - 1]}


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


def _shares(believed_micro: float, fallen_micro: float, outcome: Outcome) -> tuple[float, float, float]:
    """Proceeds per share, what they are believed to be on average, and what is bet on: the edge is gone, or less."""
    cost = outcome.cost_micro / MICRO
    share = min(max(cost + outcome.edge_micro / MICRO, 0.0), 1.0)
    believed = min(max(cost + believed_micro / MICRO, BELIEVED_LIMITS[0]), BELIEVED_LIMITS[1])
    fallen = min(max(cost + fallen_micro / MICRO, LEAST_CHANCE), believed)
    return share, believed, fallen
