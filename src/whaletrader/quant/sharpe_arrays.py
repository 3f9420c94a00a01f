"""Sharpe ratios of many records at once, and the statistics of `sharpe` over arrays of them.

The same definitions: each function equals its namesake for one record. Where something cannot be said the value is NaN,
without a warning, so that one bad record does not stop the others.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from whaletrader.kernels import njit
from whaletrader.quant.sharpe import expected_maximum_sharpe

Floats = NDArray[np.float64]
Values = Floats | float

_CONSTANT = 1e-24
"""A variance below this share of the squared mean is the float error of constant returns."""


@dataclass(frozen=True, slots=True, eq=False)
class SharpeMoments:
    """Per record, shape (S,): Sharpe ratio per observation, number of observations, skewness and kurtosis."""

    sharpe: Floats
    n: Floats
    skew: Floats
    kurt: Floats


def sharpe_moments(returns: Floats) -> SharpeMoments:
    """Sharpe ratio (n - 1), population skewness and kurtosis of many records, in one pass.

    Parameters
    ----------
    returns : ndarray
        Shape (S, n), a row per record; NaN is a missing observation and is left out.

    Returns
    -------
    SharpeMoments
        Ratio and moments are NaN where a record is constant, holds an infinity or fewer than two observations.

    Examples
    --------
    >>> found = sharpe_moments(np.array([[1.0, 2.0, 3.0, np.nan], [1.0, 1.0, 1.0, 1.0]]))
    >>> found.sharpe.tolist(), found.n.tolist(), found.kurt.round(6).tolist()
    ([2.0, nan], [3.0, 4.0], [1.5, nan])
    """
    assert returns.ndim == 2, returns.shape
    found = _moments(np.ascontiguousarray(returns, np.float64))
    return SharpeMoments(found[0], found[1], found[2], found[3])


@njit(cache=True)  # type: ignore[untyped-decorator]
def _moments(returns: Floats) -> Floats:
    records, length = returns.shape
    out = np.full((4, records), np.nan)
    for s in range(records):
        n, total = 0, 0.0
        for t in range(length):
            if not np.isnan(returns[s, t]):
                n += 1
                total += returns[s, t]
        out[1, s] = n
        if n < 2 or not np.isfinite(total):
            continue
        mean = total / n
        second, third, fourth = 0.0, 0.0, 0.0
        for t in range(length):
            if not np.isnan(returns[s, t]):
                gap = returns[s, t] - mean
                square = gap * gap
                second += square
                third += square * gap
                fourth += square * square
        if second > n * _CONSTANT * mean * mean and np.isfinite(fourth) and second > 0.0:
            variance = second / n
            out[0, s] = mean / np.sqrt(second / (n - 1))
            out[2, s] = third / n / variance**1.5
            out[3, s] = fourth / n / variance**2
    return out


def _variance_factors(sharpe: Values, skew: Values, kurt: Values) -> Floats:
    factors = 1.0 - skew * sharpe + (kurt - 1.0) / 4.0 * np.square(sharpe)
    return np.where(np.isfinite(factors), np.maximum(factors, 0.0), np.nan)


def probabilistic_sharpe_ratios(
    sharpe: Values, n: Values, skew: Values, kurt: Values, benchmark: Values = 0.0
) -> Floats:
    """Probability that each true Sharpe ratio exceeds its benchmark; see `probabilistic_sharpe_ratio`.

    Parameters
    ----------
    sharpe, n, skew, kurt, benchmark : ndarray or float
        Shapes that broadcast to (S,): per observation, never annualised; n need not be whole (an effective number).

    Returns
    -------
    ndarray
        Shape (S,), in [0, 1]; NaN where any of them is NaN or infinite, or n < 2.

    Notes
    -----
    Bailey & López de Prado (2012), doi:10.21314/JOR.2012.255, eq. 11.

    Examples
    --------
    >>> found = probabilistic_sharpe_ratios(np.array([0.458, np.nan]), 24, np.array([-2.448, 0.0]), 10.164)
    >>> found.round(3).tolist()
    [0.913, nan]
    """
    with np.errstate(all="ignore"):
        gap = np.asarray(sharpe, np.float64) - benchmark
        error = np.sqrt(_variance_factors(sharpe, skew, kurt) / (np.asarray(n, np.float64) - 1.0))
        sure = np.where(gap > 0.0, 1.0, 0.0)
        found: Floats = np.where(error == 0.0, sure, ndtr(gap / error))
        known = np.isfinite(gap) & np.isfinite(error) & (np.asarray(n) >= 2)
    return np.where(known, found, np.nan)


def deflated_sharpe_ratios(
    sharpe: Values, n: Values, skew: Values, kurt: Values, *, n_trials: float, variance_of_trial_sharpes: float
) -> Floats:
    """Probability that each true Sharpe ratio exceeds the best one that luck gives; see `deflated_sharpe_ratio`.

    Parameters
    ----------
    sharpe, n, skew, kurt : ndarray or float
        As of `probabilistic_sharpe_ratios`.
    n_trials, variance_of_trial_sharpes : float
        As of `expected_maximum_sharpe`, which all records share; `trial_variance` gives the variance.

    Returns
    -------
    ndarray
        Shape (S,), in [0, 1]; NaN as for the PSR, and all where the variance is.

    Raises
    ------
    ValueError
        As `expected_maximum_sharpe`.

    Notes
    -----
    Bailey & López de Prado (2014), doi:10.3905/jpm.2014.40.5.094, eq. 2. Trials that resemble each other count as if
    they did not, which deflates too much rather than too little.

    Examples
    --------
    >>> best = np.array([2.5 / np.sqrt(250)])
    >>> deflated_sharpe_ratios(best, 1250, -3.0, 10.0, n_trials=100, variance_of_trial_sharpes=0.5 / 250).round(4)
    array([0.9004])
    """
    luck = expected_maximum_sharpe(n_trials, variance_of_trial_sharpes)
    return probabilistic_sharpe_ratios(sharpe, n, skew, kurt, luck)


def trial_variance(sharpe: Floats) -> float:
    """Sample variance (n - 1) of the trials' Sharpe ratios, shape (S,), over the finite ones; NaN for fewer than two.

    Examples
    --------
    >>> trial_variance(np.array([0.1, 0.3, np.nan]))
    0.019999999999999997
    """
    known = np.asarray(sharpe, np.float64)
    known = known[np.isfinite(known)]
    return float(known.var(ddof=1)) if known.size > 1 else float("nan")


def min_track_record_lengths(
    sharpe: Values, skew: Values, kurt: Values, benchmark: Values = 0.0, confidence: float = 0.95
) -> Floats:
    """Number of observations after which each PSR reaches `confidence`; see `min_track_record_length`.

    Parameters
    ----------
    sharpe, skew, kurt, benchmark : ndarray or float
        Shapes that broadcast to (S,), per observation.
    confidence : float
        In (0.5, 1).

    Returns
    -------
    ndarray
        Shape (S,): infinite where the ratio does not exceed the benchmark, NaN where any of them is NaN or infinite.

    Notes
    -----
    Bailey & López de Prado (2012), doi:10.21314/JOR.2012.255, eq. 13.

    Examples
    --------
    >>> min_track_record_lengths(np.array([0.2, -0.2, np.nan]), 0.0, 3.0).round(1).tolist()
    [70.0, inf, nan]
    """
    assert 0.5 < confidence < 1.0, confidence
    with np.errstate(all="ignore"):
        gap = np.asarray(sharpe, np.float64) - benchmark
        factors = _variance_factors(sharpe, skew, kurt)
        needed = 1.0 + factors * np.square(float(ndtri(confidence)) / gap)
        known = np.isfinite(gap) & np.isfinite(factors)
        found: Floats = np.where(known, np.where(gap > 0.0, needed, np.inf), np.nan)
    return found


def psr_and_dsr(returns: Floats) -> tuple[Floats, Floats]:
    """PSR against 0 of many records, and DSR of each against the luckiest of them all.

    Parameters
    ----------
    returns : ndarray
        Shape (S, n), a row per record, all of one period; NaN is missing.

    Returns
    -------
    tuple of ndarray
        Each of shape (S,), in [0, 1]: the records with a Sharpe ratio are the trials. NaN as of `sharpe_moments`.

    Examples
    --------
    >>> psr, dsr = psr_and_dsr(np.random.default_rng(1).normal(0.02, 1.0, (500, 250)))
    >>> bool(psr.max() > 0.99 > 0.9 > dsr.max())
    True
    """
    found = sharpe_moments(returns)
    record = (found.sharpe, found.n, found.skew, found.kurt)
    trials = int(np.count_nonzero(~np.isnan(found.sharpe)))
    psr = probabilistic_sharpe_ratios(*record)
    if trials == 0:
        return psr, psr.copy()
    variance = trial_variance(found.sharpe) if trials > 1 else 0.0
    return psr, deflated_sharpe_ratios(*record, n_trials=trials, variance_of_trial_sharpes=variance)
