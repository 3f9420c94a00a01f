"""How unusual an observation is against its own past: an exponentially weighted baseline and a z-score, in integers.

The baseline never holds the observation that is judged. Rational arithmetic in micro-units, so that every processor
decides the same.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import isqrt

from whaletrader.domain.values import MICRO

WEIGHT_DIVISOR = 8
"""An observation enters the baseline with weight 1/8."""
MIN_OBSERVATIONS = 8
"""Fewer observations make no baseline."""
FLOOR_DIVISOR = 4
"""The standard deviation counts as at least a quarter of the mean: few, nearly equal observations know no better."""
P3_Z_MICRO, P2_Z_MICRO, P1_Z_MICRO = 3 * MICRO, 5 * MICRO, 8 * MICRO
"""From which z on an observation has a severity."""


class Severity(StrEnum):
    """P1 stops copying in the market for a while, P2 is for a person to see, P3 is a note."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


@dataclass(frozen=True, slots=True)
class Baseline:
    """An exponentially weighted mean (micro-units) and variance (micro-units squared) of `count` observations."""

    count: int = 0
    mean_micro: int = 0
    variance_micro2: int = 0


def absorb(baseline: Baseline, value_micro: int) -> Baseline:
    """Baseline with one observation more.

    Parameters
    ----------
    baseline : Baseline
        What is known so far; the first observation is the first mean.
    value_micro : int
        The observation in micro-units.

    Returns
    -------
    Baseline
        mean + w·(x − mean) and (1 − w)·(variance + w·(x − mean)²), w = 1/8: constant input leaves the mean constant.

    Notes
    -----
    Source: the incremental weighted mean and variance of T. Finch (2009), "Incremental calculation of weighted mean and
    variance", eq. 124 and 143.
    """
    if baseline.count == 0:
        return Baseline(1, value_micro, 0)
    delta = value_micro - baseline.mean_micro
    step = abs(delta) // WEIGHT_DIVISOR
    mean = baseline.mean_micro + (step if delta > 0 else -step)
    spread = baseline.variance_micro2 + delta * delta // WEIGHT_DIVISOR
    return Baseline(baseline.count + 1, mean, spread * (WEIGHT_DIVISOR - 1) // WEIGHT_DIVISOR)


def z_micro(baseline: Baseline, value_micro: int, *, floor_micro: int = 1) -> int | None:
    """How many standard deviations a value lies above a baseline that does not hold it.

    Parameters
    ----------
    baseline : Baseline
        The past only.
    value_micro : int
        The observation in micro-units.
    floor_micro : int
        The standard deviation counts as at least this, > 0.

    Returns
    -------
    int or None
        z in micro-units (negative below the mean); None with fewer than `MIN_OBSERVATIONS`.
    """
    if baseline.count < MIN_OBSERVATIONS:
        return None
    deviation = max(isqrt(baseline.variance_micro2), abs(baseline.mean_micro) // FLOOR_DIVISOR, floor_micro)
    delta = value_micro - baseline.mean_micro
    size = abs(delta) * MICRO // deviation
    return size if delta >= 0 else -size


def severity_of(score_micro: int) -> Severity | None:
    """Severity of a z-score in micro-units, None below the first tier; a value below the mean has none."""
    tiers = ((P1_Z_MICRO, Severity.P1), (P2_Z_MICRO, Severity.P2), (P3_Z_MICRO, Severity.P3))
    return next((severity for least, severity in tiers if score_micro >= least), None)
