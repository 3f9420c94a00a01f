"""The composite score of a wallet: five places among all judged wallets, weighted, with the interval of its edge.

What a component is made of is decided where the features are; nothing here claims that anybody is skilled.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from whaletrader.quant.ranking import quantile_normalised

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

SCALE = 100.0


@dataclass(frozen=True, slots=True)
class CompositeWeights:
    """Weight of each component, none negative, together 1; profitability's is positive, for it carries the interval."""

    profitability: float
    market_impact: float
    size: float
    risk_control: float
    liquidity: float

    def __post_init__(self) -> None:
        values = astuple(self)
        sound = all(isfinite(v) and v >= 0.0 for v in values) and self.profitability > 0.0
        if not sound or abs(sum(values) - 1.0) > 1e-9:
            raise ValueError(f"weights are not negative, add up to 1 and give profitability some, unlike {values}")


COMPONENTS = tuple(field.name for field in fields(CompositeWeights))
"""Names of the components, in the order of the weights."""


@dataclass(frozen=True, slots=True, eq=False)
class CompositeScores:
    """Per wallet, shape (U,): places in (0, 1) by component; composite and its ends in [0, 100]; rank and percentile.

    NaN is unknown; rank 0 is no rank.
    """

    places: dict[str, Floats]
    composite: Floats
    lower: Floats
    upper: Floats
    rank: Ints
    percentile: Floats


def place_among(values: Floats, at: Floats) -> Floats:
    """Share of the known values that lie below each point, those equal to it counted half.

    Parameters
    ----------
    values : ndarray
        Shape (n,), NaN unknown: what the points are placed among.
    at : ndarray
        Shape (m,), in the unit of `values`.

    Returns
    -------
    ndarray
        Shape (m,), in [0, 1]; of `values` themselves it is their `quantile_normalised`. NaN where the point is NaN or
        no value is known.

    Examples
    --------
    >>> place_among(np.array([1.0, 2.0, np.nan, 4.0, 4.0]), np.array([0.0, 2.0, 4.0])).tolist()
    [0.0, 0.375, 0.75]
    """
    ordered = np.sort(values[~np.isnan(values)])
    if ordered.size == 0:
        return np.full(at.shape, np.nan)
    below = np.searchsorted(ordered, at, "left")
    upto = np.searchsorted(ordered, at, "right")
    places: Floats = np.where(np.isnan(at), np.nan, (below + upto) / (2.0 * ordered.size))
    return places


def blended(*features: Floats) -> Floats:
    """Mean of the places that a wallet has by several features, over those that are known of it.

    Parameters
    ----------
    *features : ndarray
        Each of shape (U,), in any unit, greater is better; NaN unknown.

    Returns
    -------
    ndarray
        Shape (U,), in (0, 1); NaN where no feature is known.

    Examples
    --------
    >>> blended(np.array([1.0, 2.0]), np.array([np.nan, 7.0])).tolist()
    [0.25, 0.625]
    """
    places = np.stack([quantile_normalised(feature) for feature in features])
    known = ~np.isnan(places)
    counts = known.sum(axis=0)
    out: Floats = np.divide(
        np.where(known, places, 0.0).sum(axis=0), counts, out=np.full(counts.shape, np.nan), where=counts > 0
    )
    return out


@dataclass(frozen=True, slots=True)
class CompositeWhaleScorer:
    """Weighs five components, each turned into the wallet's place among the judged wallets, into 0 to 100.

    The interval is that of the follower's edge: at its lower bound a wallet's profitability is the place of that bound
    among all wallets' edges, or its own place where that is lower; at the upper bound likewise. A component that is
    unknown of a wallet is left out of its composite and the other weights grow in proportion; in the lower end it
    counts 0, in the upper 1, so that nobody gains by being unknown. One that is unknown of every wallet is left out of
    all. Without an edge, its bounds or profitability there is no score.
    """

    weights: CompositeWeights

    def score(self, components: Mapping[str, Floats], edge: Floats, lower: Floats, upper: Floats) -> CompositeScores:
        """Score all wallets of one kind together.

        Parameters
        ----------
        components : mapping of str to ndarray
            By name (`COMPONENTS`), each of shape (U,), in any unit, greater is better; NaN unknown. A missing name is
            unknown of every wallet.
        edge, lower, upper : ndarray
            Shape (U,), in one unit: the follower's edge per share and its bounds; NaN where a wallet is not judged: it
            gets no score and no other wallet is compared with it.

        Returns
        -------
        CompositeScores
            Ranked by the lower end, best is 1, equal ones share the better rank; the percentile is the share of the
            ranked wallets, in percent, that lie below, equal ones counted half.

        Notes
        -----
        Places (Hazen's): Hyndman & Fan (1996), doi:10.1080/00031305.1996.10473566.

        Examples
        --------
        >>> scorer = CompositeWhaleScorer(CompositeWeights(0.5, 0.0, 0.5, 0.0, 0.0))
        >>> edge = np.array([0.1, 0.3])
        >>> found = scorer.score({"profitability": edge, "size": np.array([9.0, 5.0])}, edge, edge - 0.1, edge + 0.1)
        >>> found.composite.tolist(), found.lower.tolist(), found.rank.tolist()
        ([50.0, 50.0], [37.5, 37.5], [1, 1])
        """
        judged = np.isfinite(edge) & np.isfinite(lower) & np.isfinite(upper)
        blank = np.full(edge.shape, np.nan)
        places = {
            name: quantile_normalised(np.where(judged, components.get(name, blank), np.nan)) for name in COMPONENTS
        }
        scored = judged & ~np.isnan(places["profitability"])
        everyones = np.where(judged, edge, np.nan)
        low = {**places, COMPONENTS[0]: np.fmin(places[COMPONENTS[0]], place_among(everyones, lower))}
        high = {**places, COMPONENTS[0]: np.fmax(places[COMPONENTS[0]], place_among(everyones, upper))}
        ends = [self._weighed(of, scored, unknown) for of, unknown in ((places, None), (low, 0.0), (high, 1.0))]
        rank, percentile = _ranked(ends[1])
        return CompositeScores(places, ends[0], ends[1], ends[2], rank, percentile)

    def _weighed(self, places: dict[str, Floats], scored: Mask, unknown: float | None) -> Floats:
        """Weighted mean of places in [0, 100]; unknown ones count `unknown`, or are left out where that is None."""
        total, weight = np.zeros(scored.shape), np.zeros(scored.shape)
        for name, share in zip(COMPONENTS, astuple(self.weights), strict=True):
            known = ~np.isnan(places[name])
            if not known.any():
                continue
            total += share * np.where(known, places[name], 0.0 if unknown is None else unknown)
            weight += np.where(known, share, 0.0 if unknown is None else share)
        out: Floats = np.divide(SCALE * total, weight, out=np.full(scored.shape, np.nan), where=scored & (weight > 0.0))
        return out


def _ranked(lower: Floats) -> tuple[Ints, Floats]:
    """Rank (1 is best, 0 none) and percentile by the lower end."""
    known = ~np.isnan(lower)
    rank = np.zeros(lower.size, np.int64)
    rank[known] = rankdata(-lower[known], method="min")
    return rank, SCALE * quantile_normalised(lower)
