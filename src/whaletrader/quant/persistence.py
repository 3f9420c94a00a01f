"""Does yesterday's skill foretell tomorrow's? Rolling-window regression and rank correlations, one-sided.

Overlapping windows share returns, so errors are Newey and West's. A slope says that better stretches follow better
ones, which a steady loser may have as well: read it beside the mean. Nothing here corrects for many wallets.
"""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr
from scipy.stats import rankdata

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class HacRegression:
    """Coefficients (k,), their covariance (k, k), t statistics (k,) and p-values against "at most 0" (k,)."""

    coefficients: Floats
    covariance: Floats
    t_statistics: Floats
    p_values: Floats


@dataclass(frozen=True, slots=True)
class Persistence:
    """Slope of the next window's mean on the past one's, the mean return, and their p-values against "at most 0"."""

    slope: float
    slope_t: float
    slope_p_value: float
    mean: float
    mean_p_value: float
    pairs: int


WITHHELD = Persistence(nan, nan, nan, nan, nan, 0)


def newey_west(response: Floats, regressors: Floats, lags: int, *, small_sample: bool = False) -> HacRegression:
    """Least squares whose errors allow for heteroscedasticity and autocorrelation up to `lags`.

    Parameters
    ----------
    response : ndarray
        Shape (n,), finite.
    regressors : ndarray
        Shape (n, k), k < n; a constant is a column like any other.
    lags : int
        Autocovariances used, with Bartlett weights 1 - j / (lags + 1); 0 is White's estimator.
    small_sample : bool
        Inflate the covariance by n / (n - k) and use Student's t with n - k degrees of freedom, not the normal.

    Returns
    -------
    HacRegression
        One-sided p-values; all NaN where the regressors are collinear. A coefficient without error has t NaN.

    Notes
    -----
    Newey & West (1987), doi:10.2307/1913610.

    Examples
    --------
    >>> found = newey_west(np.array([1.0, 2.0, 4.0, 5.0]), np.ones((4, 1)), 0)
    >>> round(float(found.coefficients[0]), 4), round(float(found.covariance[0, 0]), 4)
    (3.0, 0.625)
    """
    n, k = regressors.shape
    assert 0 <= lags < n, (lags, n)
    if n <= k or np.linalg.matrix_rank(regressors) < k:
        return HacRegression(np.full(k, nan), np.full((k, k), nan), np.full(k, nan), np.full(k, nan))
    bread = np.linalg.pinv(regressors.T @ regressors)
    coefficients = np.asarray(np.linalg.lstsq(regressors, response, rcond=None)[0], np.float64)
    covariance = bread @ _meat(regressors * (response - regressors @ coefficients)[:, None], lags) @ bread
    covariance = covariance * (n / (n - k) if small_sample else 1.0)
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0)).astype(np.float64)
    t: Floats = np.divide(coefficients, errors, out=np.full(k, nan), where=errors > 0.0)
    return HacRegression(coefficients, covariance, t, stdtr(n - k, -t) if small_sample else ndtr(-t))


def _meat(scores: Floats, lags: int) -> Floats:
    """Bartlett-weighted sum of the scores' autocovariances, (n, k) to (k, k)."""
    total: Floats = scores.T @ scores
    for lag in range(1, lags + 1):
        cross = scores[lag:].T @ scores[:-lag]
        total = total + (1.0 - lag / (lags + 1.0)) * (cross + cross.T)
    return total


def rolling_persistence(returns: Floats, window: int, lags: int | None = None) -> Persistence:
    """Regress each window's mean return on that of the window just before it, stepping one period at a time.

    Parameters
    ----------
    returns : ndarray
        Shape (n,), finite, in time order.
    window : int
        Periods per window, at least 1.
    lags : int, optional
        For Newey and West; by default 2 * window for the slope, as neighbouring pairs share returns over
        2 * window - 1 steps, and 4 (n / 100)^(2/9) for the mean return, whose periods do not overlap.

    Returns
    -------
    Persistence
        Small-sample errors; withheld (NaN, 0 pairs) for fewer than 5 * window periods or constant windows.

    Notes
    -----
    Newey & West (1987), doi:10.2307/1913610; overlapping windows: Hansen & Hodrick (1980), doi:10.1086/260910; lags of
    the mean: Newey & West (1994), doi:10.2307/2297912 (with the lags of the windows it would reject twice too often).

    Examples
    --------
    >>> rolling_persistence(np.sin(np.arange(400.0) / 30.0), 5).slope_p_value < 0.01
    True
    """
    assert window >= 1, window
    returns = np.asarray(returns, np.float64)
    if returns.size < 5 * window or returns.size < 5:
        return WITHHELD
    used = 2 * window if lags is None else lags
    means = np.lib.stride_tricks.sliding_window_view(returns, window).mean(axis=1)
    past, later = means[:-window], means[window:]
    if float(np.ptp(past)) <= 1e-12 * float(np.max(np.abs(past))):
        return WITHHELD
    line = newey_west(later, np.column_stack((np.ones(past.size), past)), used, small_sample=True)
    few = int(4.0 * (returns.size / 100.0) ** (2.0 / 9.0)) if lags is None else lags
    level = newey_west(returns, np.ones((returns.size, 1)), few, small_sample=True)
    slope, t, p = (float(x[1]) for x in (line.coefficients, line.t_statistics, line.p_values))
    return Persistence(slope, t, p, float(level.coefficients[0]), float(level.p_values[0]), past.size)


def rank_ic(scores: Floats, outcomes: Floats) -> float:
    """Spearman's rank correlation of what was said and what came, over those for whom both are known.

    Parameters
    ----------
    scores, outcomes : ndarray
        Shape (S,); NaN is unknown.

    Returns
    -------
    float
        In [-1, 1], equal values sharing their average rank; NaN for fewer than three pairs or where one side is
        constant. Spearman (1904), doi:10.2307/1412159.

    Examples
    --------
    >>> rank_ic(np.array([1.0, 2.0, 3.0, np.nan]), np.array([10.0, 20.0, 15.0, 0.0]))
    0.5
    """
    known = ~(np.isnan(scores) | np.isnan(outcomes))
    if np.count_nonzero(known) < 3:
        return nan
    said, came = rankdata(scores[known]), rankdata(outcomes[known])
    said, came = said - said.mean(), came - came.mean()
    scale = sqrt(float(said @ said) * float(came @ came))
    return max(min(float(said @ came) / scale, 1.0), -1.0) if scale > 0.0 else nan


def split_half_rank_ic(returns: Floats) -> float:
    """Rank correlation, over wallets, of the mean return in the first half of the periods and in the second.

    Parameters
    ----------
    returns : ndarray
        Shape (S, n); NaN where a wallet did nothing. An odd middle period belongs to the second half.

    Returns
    -------
    float
        In [-1, 1]; see `rank_ic`. A wallet without a return in either half is left out.

    Examples
    --------
    >>> split_half_rank_ic(np.array([[0.1, 0.2], [0.0, 0.1], [-0.3, np.nan], [-0.2, -0.1]]))
    1.0
    """
    half = returns.shape[1] // 2
    return rank_ic(_known_means(returns[:, :half]), _known_means(returns[:, half:]))


def walk_forward_rank_ic(returns: Floats, train: int, test: int) -> Floats:
    """Rank correlation of each training stretch's mean with the mean of the stretch that follows, moving on by `test`.

    Parameters
    ----------
    returns : ndarray
        Shape (S, n), in time order; NaN where a wallet did nothing.
    train, test : int
        Periods of either stretch, at least 1; no period is in both, and no later one in the score.

    Returns
    -------
    ndarray
        Shape (folds,), folds = (n - train) // test, or none; each as `rank_ic`.

    Examples
    --------
    >>> walk_forward_rank_ic(np.array([[3.0, 3, 1], [2, 2, 2], [1, 1, 3]]), 1, 1).tolist()
    [1.0, -1.0]
    """
    assert min(train, test) >= 1, (train, test)
    starts = range(0, returns.shape[1] - train - test + 1, test)
    means = [
        (_known_means(returns[:, s : s + train]), _known_means(returns[:, s + train : s + train + test]))
        for s in starts
    ]
    return np.array([rank_ic(past, later) for past, later in means], np.float64)


def _known_means(returns: Floats) -> Floats:
    """Mean of each row's known values; NaN where there is none."""
    counts = np.count_nonzero(~np.isnan(returns), axis=1)
    means: Floats = np.divide(np.nansum(returns, axis=1), counts, out=np.full(counts.size, nan), where=counts > 0)
    return means
