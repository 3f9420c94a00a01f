"""Has the mean fallen: Page's CUSUM, an e-detector, and ADWIN (river's), one observation at a time or whole streams.

All look for a fall only. Each says that something changed, with its own guarantee against false alarms; none says when
it changed, and what follows from an alarm is not decided here.
"""

from dataclasses import dataclass, replace
from math import exp, inf, log, log1p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OVERSHOOT = 1.166
"""Siegmund's correction: a sum that crosses a limit overshoots it by 0.583 standard deviations, at either end."""


@dataclass(frozen=True, slots=True)
class Cusum:
    """Page's one-sided sum of standardised falls: S = max(0, S + z - reference), an alarm at S >= threshold.

    `z` is (promised mean - observation) / standard deviation: mean 0 while all is well. Page (1954),
    doi:10.1093/biomet/41.1-2.100.
    """

    reference: float
    threshold: float
    value: float = 0.0
    peak: float = 0.0

    def update(self, z: float) -> "Cusum":
        """The sum after one more standardised fall."""
        value = max(0.0, self.value + z - self.reference)
        return replace(self, value=value, peak=max(self.peak, value))

    @property
    def alarmed(self) -> bool:
        """Whether the sum ever reached the threshold."""
        return self.peak >= self.threshold


def cusum_arl(reference: float, threshold: float, shift: float = 0.0) -> float:
    """Average number of observations until Page's sum of normal z with mean `shift` and variance 1 gives an alarm.

    Parameters
    ----------
    reference, threshold : float
        Of the sum, in standard deviations; threshold >= 0.
    shift : float
        Mean of z: 0 while all is well (the number until a *false* alarm), positive after a fall.

    Returns
    -------
    float
        Siegmund (1985), "Sequential Analysis", eq. 2.56: (exp(-2 d b) + 2 d b - 1) / (2 d^2) with drift d = shift -
        reference and b = threshold + 1.166; b^2 where d = 0.

    Examples
    --------
    >>> round(cusum_arl(0.5, 4.0))
    338
    >>> round(cusum_arl(0.5, 4.0, 1.0), 1)
    8.3
    """
    assert threshold >= 0.0, threshold
    drift, limit = shift - reference, threshold + OVERSHOOT
    twice = 2.0 * drift * limit
    if abs(twice) < 1e-6:
        return limit * limit
    if twice < -700.0:
        return inf
    return (exp(-twice) + twice - 1.0) / (2.0 * drift * drift)


def cusum_threshold(reference: float, arl: float) -> float:
    """Least threshold whose `cusum_arl` without a fall is at least `arl` (> 1.4): bisection to 1e-9."""
    low, high = 0.0, 1.0
    while cusum_arl(reference, high) < arl:
        low, high = high, 2.0 * high
    while high - low > 1e-9:
        middle = (low + high) / 2.0
        if cusum_arl(reference, middle) < arl:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True, slots=True)
class EDetector:
    """Capital of bettors of whom one enters before each observation, against "the mean never fell below the promise".

    Shiryaev-Roberts form: M = (M + 1) * e, where e is what a bet on the fall multiplies a stake by. While each
    observation's mean, given those before it, is at least promised, M less the number of observations never grows in
    expectation: so the mean time to M >= `arl` is at least `arl`, whatever the distribution, its tails and its
    dependence. Shin, Ramdas & Rinaldo (2023), doi:10.51387/23-NEJSDS51.
    """

    log_value: float = -inf
    log_peak: float = -inf

    def update(self, share: float, promised: float, fallen: float) -> "EDetector":
        """The capital after one more observation.

        Parameters
        ----------
        share : float
            The observation, scaled into [0, 1].
        promised : float
            The least mean that was promised of it, in (0, 1).
        fallen : float
            The mean that is bet on, in (0, promised].

        Returns
        -------
        EDetector
            The bet's factor is the likelihood ratio of a yes-or-no observation with these means; it is linear in
            `share`, so it is fair for any observation in [0, 1].
        """
        value = _log1p_exp(self.log_value) + log(bet_factor(share, promised, fallen))
        return EDetector(value, max(self.log_peak, value))

    def alarmed(self, arl: float) -> bool:
        """Whether the capital ever reached `arl` (> 1)."""
        assert arl > 1.0, arl
        return self.log_peak >= log(arl)


def bet_factor(share: float, promised: float, fallen: float) -> float:
    """What a bet on the fall multiplies its stake by: 1 in expectation where the mean is `promised`, less above it."""
    assert 0.0 <= share <= 1.0, share
    assert 0.0 < fallen <= promised < 1.0, (fallen, promised)
    return share * (fallen / promised) + (1.0 - share) * ((1.0 - fallen) / (1.0 - promised))


def _log1p_exp(x: float) -> float:
    return x + log1p(exp(-x)) if x > 0.0 else log1p(exp(x))


class Adwin:
    """River's ADWIN, which reports falls of the mean only; the window lives as long as this object.

    Bifet & Gavalda (2007), doi:10.1137/1.9781611972771.42. It needs no promise: it compares the window's newer part
    with its older part. Deterministic. Each observation lies in [0, 1].
    """

    def __init__(self, delta: float) -> None:
        from river.drift import ADWIN  # takes a second

        assert 0.0 < delta < 1.0, delta
        self._window: Any = ADWIN(delta=delta, clock=1)  # type: ignore[no-untyped-call]
        self.alarmed = False

    def update(self, share: float) -> bool:
        """Take one more observation; tells whether the mean was just found to have fallen."""
        assert 0.0 <= share <= 1.0, share
        before = self._window.estimation
        self._window.update(share)
        fell = bool(self._window.drift_detected) and self._window.estimation < before
        self.alarmed = self.alarmed or fell
        return fell


def adwin_alarm(shares: Floats, delta: float) -> int:
    """Index of the observation (shape (n,), each in [0, 1]) at which ADWIN first sees a fall; n where it never does."""
    window = Adwin(delta)
    for index, share in enumerate(shares):
        if window.update(float(share)):
            return index
    return len(shares)


def cusum_paths(z: Floats, reference: float) -> Floats:
    """Page's sum after each observation of many streams.

    Parameters
    ----------
    z : ndarray
        Shape (streams, n): standardised falls in the order of time; NaN ends a stream.
    reference : float
        As in `Cusum`.

    Returns
    -------
    ndarray
        Shape (streams, n), NaN from a stream's end on.
    """
    out: Floats = _cusum_paths(np.ascontiguousarray(z, np.float64), reference)
    return out


def e_detector_paths(shares: Floats, promised: Floats, fallen: Floats) -> Floats:
    """Log capital of `EDetector` after each observation of many streams; all shapes (streams, n), NaN ends a stream."""
    arrays = (np.ascontiguousarray(values, np.float64) for values in (shares, promised, fallen))
    out: Floats = _e_paths(*arrays)
    return out


def first_at_least(paths: Floats, threshold: float) -> Ints:
    """Index at which each stream (row) first reaches a threshold; the number of columns where it never does."""
    # A last column that is always reached stands for "never".
    reached = np.column_stack([paths >= threshold, np.ones(paths.shape[0], np.bool_)])
    first: Ints = reached.argmax(axis=1)
    return first


@njit(cache=True)  # type: ignore[untyped-decorator]
def _cusum_paths(z: Floats, reference: float) -> Floats:
    out = np.full_like(z, np.nan)
    for row in range(z.shape[0]):
        value = 0.0
        for t in range(z.shape[1]):
            if np.isnan(z[row, t]):
                break
            value = max(0.0, value + z[row, t] - reference)
            out[row, t] = value
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _e_paths(shares: Floats, promised: Floats, fallen: Floats) -> Floats:
    out = np.full_like(shares, np.nan)
    for row in range(shares.shape[0]):
        value = -np.inf
        for t in range(shares.shape[1]):
            share, q0, q1 = shares[row, t], promised[row, t], fallen[row, t]
            if np.isnan(share):
                break
            entered = value + np.log1p(np.exp(-value)) if value > 0.0 else np.log1p(np.exp(value))
            value = entered + np.log(share * (q1 / q0) + (1.0 - share) * ((1.0 - q1) / (1.0 - q0)))
            out[row, t] = value
    return out
