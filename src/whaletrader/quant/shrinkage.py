"""Empirical-Bayes shrinkage of many means with known, unequal variances towards a common mean.

A normal prior with two numbers, fitted by Stein's unbiased risk estimate or by restricted maximum likelihood: each mean
keeps variance / (variance + its own error's variance) of its distance. Where a few are far out among many at nothing
this shrinks the few too much; `mixture_prior` does not. A bad fit costs SURE little, for it minimises the risk itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Floats = NDArray[np.float64]
Criterion = Literal["sure", "reml"]

_GRID = 81
"""Prior variances looked at before refining: the criterion may have several minima."""
_SPAN = 1e6
"""The grid goes from the least error's variance over this, to the greatest of errors and spread times it."""


@dataclass(frozen=True, slots=True, eq=False)
class NormalShrunk:
    """Posterior means, shape (n,); the prior's mean and variance, in the estimates' unit and its square.

    Variance 0 puts everybody at the common mean.
    """

    means: Floats
    prior_mean: float
    prior_variance: float


def normal_shrink(estimates: Floats, errors: Floats, criterion: Criterion = "sure") -> NormalShrunk:
    """Shrink each estimate towards a common mean by its own noise.

    Parameters
    ----------
    estimates, errors : ndarray
        Shape (n,), n >= 1: means and their standard errors (> 0), in one unit, finite.
    criterion : "sure" or "reml"
        What prior mean and variance minimise: the estimated squared error of the shrunk means, or the restricted
        likelihood of the estimates under a normal prior.

    Returns
    -------
    NormalShrunk
        Each mean lies between its estimate and the prior's mean, which lies among the estimates.

    Notes
    -----
    Xie, Kou & Brown (2012), doi:10.1080/01621459.2012.728154: the risk of shrinking to mu with variance v is estimated
    without bias by the mean of (a / (a + v))^2 (x - mu)^2 + a (v - a) / (v + a), a the error's variance; no estimator
    of this form is better in the limit, normal prior or not. Its common mean is the one that those with the greatest
    errors need, for they are shrunk most: among few of them it is noise, and the restricted likelihood, whose mean
    listens to the surest, is the better choice: Patterson & Thompson (1971), doi:10.1093/biomet/58.3.545. The variance
    is searched on a grid of 81 points and 0, then refined.

    Examples
    --------
    >>> means, errors = np.array([-1.0, 0.0, 1.0, 3.0]), np.array([0.5, 0.5, 0.5, 2.0])
    >>> normal_shrink(means, errors, "reml").means.round(2).tolist()
    [-0.73, 0.05, 0.82, 0.71]
    """
    x, variances = np.asarray(estimates, np.float64), np.square(np.asarray(errors, np.float64))
    assert x.size > 0
    assert x.shape == variances.shape, (x.shape, variances.shape)
    assert bool(np.all(np.isfinite(x) & np.isfinite(variances) & (variances > 0.0))), "finite means, positive errors"
    centre = float(np.median(x))
    scale = max(float(np.sqrt(variances.max())), float(np.ptp(x)))
    x, variances = (x - centre) / scale, variances / scale**2
    cost, mean_at = (sure, _sure_mean) if criterion == "sure" else (restricted_deviance, _weighted_mean)
    variance = _minimum(lambda v: cost(v, mean_at(v, x, variances), x, variances), variances)
    mean = mean_at(variance, x, variances)
    kept = variance / (variance + variances)
    means: Floats = centre + scale * (kept * x + (1.0 - kept) * mean)
    return NormalShrunk(means, centre + scale * mean, variance * scale**2)


def sure(variance: float, mean: float, estimates: Floats, variances: Floats) -> float:
    """Stein's unbiased estimate of the mean squared error of shrinking to `mean` with a prior variance.

    Examples
    --------
    >>> sure(1.0, 0.0, np.array([2.0]), np.array([1.0]))
    1.0
    """
    noise = variances / (variances + variance)
    return float(np.mean(noise**2 * (estimates - mean) ** 2 + noise * (variance - variances)))


def restricted_deviance(variance: float, mean: float, estimates: Floats, variances: Floats) -> float:
    """Minus twice the restricted log likelihood of a prior variance, less its constant.

    Examples
    --------
    >>> restricted_deviance(0.0, 0.0, np.array([1.0, -1.0]), np.ones(2)) == 2.0 + float(np.log(2.0))
    True
    """
    whole = variances + variance
    fit = np.sum(np.log(whole) + (estimates - mean) ** 2 / whole)
    return float(fit + np.log(np.sum(1.0 / whole)))


def _sure_mean(variance: float, x: Floats, variances: Floats) -> float:
    """The mean that minimises `sure` at a variance."""
    weights = np.square(variances / (variances + variance))
    return float(np.sum(weights * x) / np.sum(weights))


def _weighted_mean(variance: float, x: Floats, variances: Floats) -> float:
    """The mean that minimises the deviance at a variance."""
    weights = 1.0 / (variances + variance)
    return float(np.sum(weights * x) / np.sum(weights))


def _minimum(cost: Callable[[float], float], variances: Floats) -> float:
    """The prior variance of least cost: the best of a grid (0 is in it), refined between its neighbours."""
    grid = np.concatenate(([0.0], np.geomspace(float(variances.min()) / _SPAN, _SPAN, _GRID)))
    costs = [cost(float(v)) for v in grid]
    best = int(np.argmin(costs))
    below, above = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, grid.size - 1)])
    found = minimize_scalar(cost, bounds=(below, above), method="bounded", options={"xatol": 1e-10 * above})
    return float(found.x) if found.fun < costs[best] else float(grid[best])
