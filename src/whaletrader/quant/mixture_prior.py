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
MOST_FITTED = 20_000
"""Beyond so many means the prior is fitted to groups of nearly equal ones, weighted by their number."""
_ESTIMATE_CELLS = 4 * (GRID_POINTS - 1)
_ERROR_CELLS = 16
"""Per factor e of the errors."""
_BLOCK = 50_000


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

    Examples
    --------
    >>> found = mixture_shrink(np.repeat([0.0, 0.4], [50, 1]), np.full(51, 0.05))  # one far out among many at nothing
    >>> found.means[[0, -1]].round(3).tolist()
    [0.002, 0.398]
    """
    estimates, errors = np.asarray(estimates, np.float64), np.asarray(errors, np.float64)
    assert estimates.size > 0
    assert bool(np.all(errors > 0.0)), "standard errors must be positive"
    support = np.linspace(float(estimates.min()), float(estimates.max()), GRID_POINTS)
    if estimates.size <= MOST_FITTED:
        likelihood = _likelihood(estimates, errors, support)
        weights = _fitted(likelihood, None)
        means: Floats = (_posterior(likelihood, weights) * support[None, :]).sum(axis=1)
        return MixtureShrunk(means, support, weights)
    centres, spreads, counts = _cells(estimates, errors)
    weights = _fitted(_likelihood(centres, spreads, support), counts)
    blocks = [slice(first, first + _BLOCK) for first in range(0, estimates.size, _BLOCK)]
    posteriors = (_posterior(_likelihood(estimates[b], errors[b], support), weights) for b in blocks)
    found = [(posterior * support[None, :]).sum(axis=1) for posterior in posteriors]
    return MixtureShrunk(np.concatenate(found), support, weights)


def _likelihood(estimates: Floats, errors: Floats, support: Floats) -> Floats:
    """Scaled by each row's greatest value: only ratios within a row matter, and no row underflows to nothing."""
    exponent = -0.5 * ((estimates[:, None] - support[None, :]) / errors[:, None]) ** 2
    out: Floats = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return out


def _fitted(likelihood: Floats, counts: Floats | None) -> Floats:
    """The prior's weights by EM; `counts` says how many means each row stands for."""
    weights = np.full(GRID_POINTS, 1.0 / GRID_POINTS)
    for _ in range(EM_STEPS):
        posterior = _posterior(likelihood, weights)
        total = posterior if counts is None else posterior * counts[:, None]
        weights = total.mean(axis=0) if counts is None else total.sum(axis=0) / counts.sum()
    return weights


def _cells(estimates: Floats, errors: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean estimate, mean error and number of the means in each cell of a fine grid that holds any."""
    span = max(float(np.ptp(estimates)), np.finfo(np.float64).tiny)
    place = np.floor((estimates - estimates.min()) / span * _ESTIMATE_CELLS).astype(np.int64)
    level = np.rint(np.log(errors) * _ERROR_CELLS).astype(np.int64)
    level -= level.min()
    _, cell = np.unique(level * (_ESTIMATE_CELLS + 1) + place, return_inverse=True)
    counts = np.bincount(cell).astype(np.float64)
    return np.bincount(cell, estimates) / counts, np.bincount(cell, errors) / counts, counts


def _posterior(likelihood: Floats, weights: Floats) -> Floats:
    joint = likelihood * weights[None, :]
    posterior: Floats = joint / joint.sum(axis=1, keepdims=True)
    return posterior
