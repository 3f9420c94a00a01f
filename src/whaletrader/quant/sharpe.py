"""Sharpe ratios that carry their period, and the probability, length and bound statistics built on them.

Nothing here corrects for selection among many candidates; see `multiple_testing`.
"""

from dataclasses import dataclass
from math import inf, isnan, nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]

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
    """Mean over standard deviation (n - 1) of `returns`, shape (n,); NaN for fewer than two or constant returns."""
    returns = np.asarray(returns, np.float64)
    if returns.size < 2:
        return SharpeRatio(nan, periods_per_year)
    mean, spread = float(returns.mean()), float(returns.std(ddof=1))
    varies = spread > _ROUNDING * abs(mean)
    return SharpeRatio(mean / spread if varies else nan, periods_per_year)


def skewness(returns: Floats) -> float:
    """Third standardised moment (population), shape (n,) to a number; 0 where the variance is 0."""
    return _standard_moment(returns, 3)


def kurtosis(returns: Floats) -> float:
    """Fourth standardised moment (population, 3 for a normal), shape (n,) to a number; 3 where the variance is 0."""
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
    """
    if not sharpe > benchmark:
        return inf
    quantile = float(ndtri(confidence))
    return 1.0 + _variance_factor(sharpe, skew, kurt) * (quantile / (sharpe - benchmark)) ** 2


def sharpe_lower_bound(sharpe: float, n: int, skew: float, kurt: float, confidence: float = 0.95) -> float:
    """One-sided lower confidence bound of a Sharpe ratio per observation (Mertens' error, n - 1); NaN for n < 2."""
    if n < 2 or isnan(sharpe):
        return nan
    return sharpe - float(ndtri(confidence)) * sqrt(_variance_factor(sharpe, skew, kurt) / (n - 1))
