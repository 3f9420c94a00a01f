"""Empirical-Bayes shrinkage of many noisy means towards their common mean (normal-normal model)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ShrunkMeans:
    """Posterior means and standard deviations, shape (n,), with the prior they were shrunk to."""

    means: Floats
    deviations: Floats
    prior_mean: float
    prior_variance: float


def shrink_means(estimates: Floats, errors: Floats) -> ShrunkMeans:
    """Shrink each estimate by its own noise: the prior's mean and variance come from all estimates together.

    Parameters
    ----------
    estimates, errors : ndarray
        Shape (n,), n >= 1: means and their standard errors (> 0), in one unit.

    Returns
    -------
    ShrunkMeans
        With a prior variance of 0 every mean becomes the common one. The prior variance is the moment estimate of
        DerSimonian & Laird (1986), doi:10.1016/0197-2456(86)90046-2; the model is Efron & Morris (1975),
        doi:10.1080/01621459.1975.10479864.
    """
    estimates, variances = np.asarray(estimates, np.float64), np.asarray(errors, np.float64) ** 2
    assert estimates.size > 0
    assert bool(np.all(variances > 0.0)), "standard errors must be positive"
    prior_variance = _moment_variance(estimates, variances)
    weights = 1.0 / (variances + prior_variance)
    prior_mean = float((weights * estimates).sum() / weights.sum())
    kept = prior_variance / (prior_variance + variances)
    means: Floats = prior_mean + kept * (estimates - prior_mean)
    return ShrunkMeans(means, np.sqrt(kept * variances), prior_mean, prior_variance)


def _moment_variance(estimates: Floats, variances: Floats) -> float:
    weights = 1.0 / variances
    total = weights.sum()
    centre = (weights * estimates).sum() / total
    excess = (weights * (estimates - centre) ** 2).sum() - (estimates.size - 1)
    scale = total - (weights**2).sum() / total
    return float(max(excess / scale, 0.0)) if scale > 0.0 else 0.0
