"""Sharpe ratios that carry their period, and the probability, length and bound statistics built on them.

The deflated ratio corrects one record for the number of trials it was picked from; families of p-values are the
business of `multiple_testing`.
"""

from dataclasses import dataclass
from math import e, inf, isnan, nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]

EULER_GAMMA = 0.5772156649015329

DAYS_PER_YEAR = 365.0
"""Markets never close."""
_ROUNDING = 1e-12
"""A standard deviation below this share of the mean is the float error of constant returns."""


@dataclass(frozen=True, slots=True)
class SharpeRatio:
    """A Sharpe ratio per period, and how many of its periods a year has; comparing two needs the same period."""

    value: float
    periods_per_year: float

    def annualised(self) -> float:
        """value * sqrt(periods_per_year), under independent periods (Lo 2002, doi:10.2469/faj.v58.n4.2453)."""
        return self.value * sqrt(self.periods_per_year)

    def per(self, periods_per_year: float) -> "SharpeRatio":
        """The same ratio per another period, under independent periods."""
        return SharpeRatio(self.value * sqrt(self.periods_per_year / periods_per_year), periods_per_year)


def sharpe_ratio(returns: Floats, periods_per_year: float = DAYS_PER_YEAR) -> SharpeRatio:
    """Mean over standard deviation (n - 1) of returns.

    Parameters
    ----------
    returns : ndarray
        Shape (n,), one a period.
    periods_per_year : float
        Periods of that length in a year.

    Returns
    -------
    SharpeRatio
        Per period; its value is NaN for fewer than two or constant returns. Sharpe (1994), doi:10.3905/jpm.1994.409501.

    Examples
    --------
    >>> round(sharpe_ratio(np.array([0.01, 0.02, -0.01, 0.03])).value, 4)
    0.7319
    """
    returns = np.asarray(returns, np.float64)
    if returns.size < 2:
        return SharpeRatio(nan, periods_per_year)
    mean, spread = float(returns.mean()), float(returns.std(ddof=1))
    varies = spread > _ROUNDING * abs(mean)
    return SharpeRatio(mean / spread if varies else nan, periods_per_year)


def skewness(returns: Floats) -> float:
    """Third standardised moment (population) of returns.

    Parameters
    ----------
    returns : ndarray
        Shape (n,), n >= 1.

    Returns
    -------
    float
        Without unit; 0 where the variance is 0. Joanes & Gill (1998), doi:10.1111/1467-9884.00122, g1.

    Examples
    --------
    >>> round(skewness(np.array([0.01, 0.02, -0.01, 0.03])), 4)
    -0.4347
    """
    return _standard_moment(returns, 3)


def kurtosis(returns: Floats) -> float:
    """Fourth standardised moment (population, 3 for a normal) of returns.

    Parameters
    ----------
    returns : ndarray
        Shape (n,), n >= 1.

    Returns
    -------
    float
        Without unit; 3 where the variance is 0. Joanes & Gill (1998), doi:10.1111/1467-9884.00122, g2 + 3.

    Examples
    --------
    >>> round(kurtosis(np.array([0.01, 0.02, -0.01, 0.03])), 4)
    1.8457
    """
    moment = _standard_moment(returns, 4)
    return moment if moment > 0.0 else 3.0


def _standard_moment(returns: Floats, power: int) -> float:
    centred = np.asarray(returns, np.float64) - np.mean(returns)
    variance = float(np.mean(centred**2))
    return float(np.mean(centred**power)) / variance ** (power / 2) if variance > 0.0 else 0.0


def _variance_factor(sharpe: float, skew: float, kurt: float) -> float:
    return max(1.0 - skew * sharpe + (kurt - 1.0) / 4.0 * sharpe * sharpe, 0.0)


def probabilistic_sharpe_ratio(sharpe: float, n: int, skew: float, kurt: float, benchmark: float = 0.0) -> float:
    """Probability that the true Sharpe ratio exceeds `benchmark`.

    Parameters
    ----------
    sharpe, benchmark : float
        Both per observation (the same period), never annualised.
    n : int
        Number of independent observations; the standard error uses n - 1.
    skew, kurt : float
        Third and fourth standardised moments of the returns (kurtosis of a normal is 3).

    Returns
    -------
    float
        In [0, 1]; NaN where the ratio is NaN or n < 2.

    Notes
    -----
    Bailey & López de Prado (2012), "The Sharpe Ratio Efficient Frontier", doi:10.21314/JOR.2012.255, eq. 11.

    Examples
    --------
    >>> round(probabilistic_sharpe_ratio(0.458, 24, -2.448, 10.164), 3)
    0.913
    """
    if n < 2 or isnan(sharpe):
        return nan
    error = sqrt(_variance_factor(sharpe, skew, kurt) / (n - 1))
    if error == 0.0:
        return 1.0 if sharpe > benchmark else 0.0
    return float(ndtr((sharpe - benchmark) / error))


def min_track_record_length(
    sharpe: float, skew: float, kurt: float, benchmark: float = 0.0, confidence: float = 0.95
) -> float:
    """Number of observations after which PSR reaches `confidence`.

    Parameters
    ----------
    sharpe, benchmark : float
        Per observation.
    skew, kurt : float
        Third and fourth standardised moments.
    confidence : float
        In (0.5, 1).

    Returns
    -------
    float
        Observations needed; infinite where the ratio does not exceed the benchmark.
        Bailey & López de Prado (2012), doi:10.21314/JOR.2012.255, eq. 13.

    Examples
    --------
    >>> round(min_track_record_length(0.1, 0.0, 3.0), 1)
    272.9
    """
    if not sharpe > benchmark:
        return inf
    quantile = float(ndtri(confidence))
    return 1.0 + _variance_factor(sharpe, skew, kurt) * (quantile / (sharpe - benchmark)) ** 2


def sharpe_lower_bound(sharpe: float, n: int, skew: float, kurt: float, confidence: float = 0.95) -> float:
    """One-sided lower confidence bound of a Sharpe ratio per observation.

    Parameters
    ----------
    sharpe, n, skew, kurt
        As of `probabilistic_sharpe_ratio`.
    confidence : float
        In (0.5, 1).

    Returns
    -------
    float
        The benchmark against which PSR is `confidence`; NaN for n < 2. Mertens (2002), "Comments on variance of the IID
        estimator in Lo (2002)"; Bailey & López de Prado (2012), doi:10.21314/JOR.2012.255, with n - 1.

    Examples
    --------
    >>> round(sharpe_lower_bound(0.1, 500, 0.0, 3.0), 4)
    0.0262
    """
    if n < 2 or isnan(sharpe):
        return nan
    return sharpe - float(ndtri(confidence)) * sqrt(_variance_factor(sharpe, skew, kurt) / (n - 1))


def expected_maximum_sharpe(n_trials: float, variance_of_trial_sharpes: float) -> float:
    """Largest Sharpe ratio to be expected among `n_trials` independent trials none of which has any skill.

    Parameters
    ----------
    n_trials : float
        Independent trials, at least 1; an effective number, which need not be whole, is fine.
    variance_of_trial_sharpes : float
        Variance of the trials' estimated ratios, each per observation.

    Returns
    -------
    float
        Per observation, at least 0: 0 for a single trial, whatever the variance; NaN where several trials have a NaN
        variance.

    Raises
    ------
    ValueError
        Fewer than one trial (the record itself is one), a NaN or infinite number of them, or a negative or infinite
        variance.

    Notes
    -----
    Bailey & López de Prado (2014), "The Deflated Sharpe Ratio", doi:10.3905/jpm.2014.40.5.094, eq. 1. Its
    approximation falls below zero between one and some 1.5 trials, where the bound 0 holds instead.

    Examples
    --------
    >>> round(expected_maximum_sharpe(100, 0.5 / 250), 4)
    0.1132
    """
    if not 1.0 <= n_trials < inf:
        raise ValueError(f"count at least one trial (the record itself is one) and finitely many, not {n_trials}")
    if variance_of_trial_sharpes < 0.0 or variance_of_trial_sharpes == inf:
        raise ValueError(f"a variance of Sharpe ratios is finite and not negative, unlike {variance_of_trial_sharpes}")
    if n_trials == 1.0:
        return 0.0
    quantiles = -float(ndtri(1.0 / n_trials)), -float(ndtri(1.0 / (n_trials * e)))
    largest = (1.0 - EULER_GAMMA) * quantiles[0] + EULER_GAMMA * quantiles[1]
    return sqrt(variance_of_trial_sharpes) * max(largest, 0.0)


def deflated_sharpe_ratio(
    sharpe: float, n: int, skew: float, kurt: float, *, n_trials: float, variance_of_trial_sharpes: float
) -> float:
    """Probability that the true Sharpe ratio exceeds the best one that luck alone gives among `n_trials`.

    Parameters
    ----------
    sharpe : float
        The selected record's ratio per observation, never annualised.
    n : int
        Its number of independent observations.
    skew, kurt : float
        Third and fourth standardised moments of its returns (kurtosis of a normal is 3).
    n_trials, variance_of_trial_sharpes : float
        See `expected_maximum_sharpe`; the variance is per observation as well.

    Returns
    -------
    float
        In [0, 1]; NaN where the ratio or the variance is NaN, or n < 2. Without selection (one trial) it is the PSR
        against zero.

    Raises
    ------
    ValueError
        As `expected_maximum_sharpe`.

    Notes
    -----
    Bailey & López de Prado (2014), doi:10.3905/jpm.2014.40.5.094, eq. 2; the example is theirs (2.5 a year over five
    years, the best of 100 trials whose annual ratios vary by 1/2).

    Examples
    --------
    >>> record = (2.5 / sqrt(250), 1250, -3.0, 10.0)
    >>> round(deflated_sharpe_ratio(*record, n_trials=100, variance_of_trial_sharpes=0.5 / 250), 4)
    0.9004
    """
    luck = expected_maximum_sharpe(n_trials, variance_of_trial_sharpes)
    return nan if isnan(luck) else probabilistic_sharpe_ratio(sharpe, n, skew, kurt, luck)
