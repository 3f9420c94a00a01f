"""Empirical-Bayes shrinkage under an unknown prior: many means at nothing and a few far out are both believed.

A normal prior takes its variance from the bulk and shrinks the few skilled among many unskilled to the bulk's mean; the
nonparametric prior does not. It is fitted by EM on a fixed grid, with fixed numbers of points and steps.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GRID_POINTS = 121
EM_STEPS = 200


@dataclass(frozen=True, slots=True, eq=False)
class MixtureShrunk:
    """Posterior means, shape (n,), and the prior's support and weights, shape (GRID_POINTS,)."""

    means: Floats
    support: Floats
    weights: Floats


def mixture_shrink(estimates: Floats, errors: Floats) -> MixtureShrunk:
    """Shrink each estimate by its own noise under the nonparametric maximum-likelihood prior.

    Parameters
    ----------
    estimates, errors : ndarray
        Shape (n,), n >= 1: means and their standard errors (> 0), in one unit.

    Returns
    -------
    MixtureShrunk
        Posterior means lie between the smallest and the greatest estimate.

    Notes
    -----
    Kiefer & Wolfowitz (1956), doi:10.1214/aoms/1177728066; for empirical Bayes Jiang & Zhang (2009),
    doi:10.1214/08-AOS638. EM starts from the uniform prior and stops early, which keeps the fit smooth.
    """
    estimates, errors = np.asarray(estimates, np.float64), np.asarray(errors, np.float64)
    assert estimates.size > 0
    assert bool(np.all(errors > 0.0)), "standard errors must be positive"
    support = np.linspace(float(estimates.min()), float(estimates.max()), GRID_POINTS)
    likelihood = _likelihood(estimates, errors, support)
    weights = np.full(GRID_POINTS, 1.0 / GRID_POINTS)
    for _ in range(EM_STEPS):
        weights = _posterior(likelihood, weights).mean(axis=0)
    means: Floats = (_posterior(likelihood, weights) * support[None, :]).sum(axis=1)
    return MixtureShrunk(means, support, weights)


def mixture_posterior_means(prior: MixtureShrunk, estimates: Floats, errors: Floats) -> Floats:
    """Posterior means of further estimates, shape (m,), with their errors, under a prior that was fitted before.

    Examples
    --------
    >>> fitted = mixture_shrink(np.array([0.0, 0.1, 5.0]), np.ones(3))
    >>> bool(mixture_posterior_means(fitted, np.array([5.0]), np.ones(1))[0] == fitted.means[2])
    True
    """
    likelihood = _likelihood(estimates, errors, prior.support)
    means: Floats = (_posterior(likelihood, prior.weights) * prior.support[None, :]).sum(axis=1)
    return means


def _likelihood(estimates: Floats, errors: Floats, support: Floats) -> Floats:
    """Scaled by each row's greatest value: only ratios within a row matter, and no row underflows to nothing."""
    exponent = -0.5 * ((estimates[:, None] - support[None, :]) / errors[:, None]) ** 2
    likelihood: Floats = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return likelihood


def _posterior(likelihood: Floats, weights: Floats) -> Floats:
    joint = likelihood * weights[None, :]
    posterior: Floats = joint / joint.sum(axis=1, keepdims=True)
    return posterior
