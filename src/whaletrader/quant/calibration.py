"""Scores of probability forecasts and their calibration by band; where the forecasts come from is the caller's matter.

A forecast is the probability of an event, an outcome is 1 where it happened and 0 where it did not. Bets on one market
are not independent; nothing here gives an interval.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Per band, shape (B,): number of forecasts, their mean and the share that happened; NaN where a band is empty."""

    edges: Floats
    counts: Ints
    mean_forecasts: Floats
    shares: Floats


@dataclass(frozen=True, slots=True)
class MurphyDecomposition:
    """Brier score = reliability - resolution + uncertainty + within (0 where forecasts within a band are equal)."""

    reliability: float
    resolution: float
    uncertainty: float
    within: float

    def brier_score(self) -> float:
        """The score that the parts add up to."""
        return self.reliability - self.resolution + self.uncertainty + self.within


def _checked(forecasts: Floats, outcomes: Floats) -> tuple[Floats, Floats]:
    forecasts, outcomes = np.asarray(forecasts, np.float64), np.asarray(outcomes, np.float64)
    assert forecasts.ndim == 1, forecasts.shape
    assert forecasts.shape == outcomes.shape, (forecasts.shape, outcomes.shape)
    assert forecasts.size > 0, "a score needs a forecast"
    assert bool(np.all((forecasts >= 0.0) & (forecasts <= 1.0))), "forecasts are probabilities"
    assert bool(np.all((outcomes == 0.0) | (outcomes == 1.0))), "outcomes are 0 or 1"
    return forecasts, outcomes


def brier_score(forecasts: Floats, outcomes: Floats) -> float:
    """Mean squared difference of forecast and outcome, in [0, 1]; less is better.

    Parameters
    ----------
    forecasts, outcomes : ndarray
        Shape (n,), n >= 1: probabilities in [0, 1], and 0 or 1.

    Returns
    -------
    float
        Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2, halved as is usual for two outcomes.

    Examples
    --------
    >>> round(brier_score(np.array([0.9, 0.2]), np.array([1.0, 0.0])), 4)
    0.025
    """
    forecasts, outcomes = _checked(forecasts, outcomes)
    return float(np.mean((forecasts - outcomes) ** 2))


def log_score(forecasts: Floats, outcomes: Floats) -> float:
    """Mean negative logarithm (base e, nats) of the probability given to what happened; less is better.

    Parameters
    ----------
    forecasts, outcomes : ndarray
        Shape (n,), n >= 1: probabilities in [0, 1], and 0 or 1.

    Returns
    -------
    float
        >= 0; infinite where something happened that was called impossible, as nothing is clipped.
        Good (1952), doi:10.1111/j.2517-6161.1952.tb00104.x.

    Examples
    --------
    >>> round(log_score(np.array([0.9, 0.2]), np.array([1.0, 0.0])), 4)
    0.1643
    """
    forecasts, outcomes = _checked(forecasts, outcomes)
    given = np.where(outcomes == 1.0, forecasts, 1.0 - forecasts)
    return float(np.inf) if bool(np.any(given == 0.0)) else max(0.0, float(-np.mean(np.log(given))))


def reliability_by_band(forecasts: Floats, outcomes: Floats, edges: Floats) -> Reliability:
    """How often events happened, band by band of their forecast.

    Parameters
    ----------
    forecasts, outcomes : ndarray
        Shape (n,), n >= 1: probabilities in [0, 1], and 0 or 1.
    edges : ndarray
        Shape (B + 1,), strictly increasing, around every forecast. Band b holds edges[b] <= forecast < edges[b + 1],
        the last one its upper edge too.

    Returns
    -------
    Reliability
        Murphy & Winkler (1977), doi:10.2307/2346866.

    Examples
    --------
    >>> found = reliability_by_band(np.array([0.1, 0.3, 0.8]), np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.5, 1.0]))
    >>> found.counts.tolist(), found.shares.tolist()
    ([2, 1], [0.5, 1.0])
    """
    forecasts, outcomes = _checked(forecasts, outcomes)
    edges = np.asarray(edges, np.float64)
    assert edges.size >= 2, "a band has two edges"
    assert bool(np.all(np.diff(edges) > 0.0)), "edges increase"
    assert edges[0] <= forecasts.min(), "a forecast below the first edge"
    assert forecasts.max() <= edges[-1], "a forecast above the last edge"
    bands = np.searchsorted(edges[1:-1], forecasts, side="right")
    counts = np.bincount(bands, minlength=edges.size - 1).astype(np.int64)
    divisor = np.where(counts > 0, counts, np.nan)
    sums = [np.bincount(bands, weights=each, minlength=edges.size - 1) for each in (forecasts, outcomes)]
    return Reliability(edges, counts, sums[0] / divisor, sums[1] / divisor)


def murphy_decomposition(forecasts: Floats, outcomes: Floats, edges: Floats | None = None) -> MurphyDecomposition:
    """Split the Brier score into how wrong, how telling and how uncertain the forecasts' matter was.

    Parameters
    ----------
    forecasts, outcomes : ndarray
        Shape (n,), n >= 1: probabilities in [0, 1], and 0 or 1.
    edges : ndarray, optional
        Bands as of `reliability_by_band`; without them every distinct forecast is a band of its own.

    Returns
    -------
    MurphyDecomposition
        Parts that add up to `brier_score` for any bands.

    Notes
    -----
    Murphy (1973), doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2. Bands wider than one value leave a variance and
    a covariance within them: Stephenson, Coelho & Jolliffe (2008), doi:10.1175/2007WAF2006116.1; `within` is both.

    Examples
    --------
    >>> found = murphy_decomposition(np.array([0.25, 0.25, 0.75, 0.75]), np.array([0.0, 1.0, 1.0, 1.0]))
    >>> found.reliability, found.resolution, found.uncertainty, found.brier_score()
    (0.0625, 0.0625, 0.1875, 0.1875)
    """
    forecasts, outcomes = _checked(forecasts, outcomes)
    if edges is None:
        _, bands = np.unique(forecasts, return_inverse=True)
    else:
        reliability_by_band(forecasts, outcomes, edges)  # the edges' own checks
        bands = np.searchsorted(np.asarray(edges, np.float64)[1:-1], forecasts, side="right")
    counts = np.maximum(np.bincount(bands), 1)
    mean = (np.bincount(bands, weights=forecasts) / counts)[bands]
    share = (np.bincount(bands, weights=outcomes) / counts)[bands]
    base = float(outcomes.mean())
    within = (forecasts - mean) ** 2 - 2.0 * (forecasts - mean) * (outcomes - share)
    return MurphyDecomposition(
        reliability=float(np.mean((mean - share) ** 2)),
        resolution=float(np.mean((share - base) ** 2)),
        uncertainty=base * (1.0 - base),
        within=float(np.mean(within)),
    )
