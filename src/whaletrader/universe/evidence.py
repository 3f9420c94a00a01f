"""What the bets say about every wallet's edge per share: interval, exact p-value, betting e-value.

Event groups are the clusters. A unit (policy, kind and wallet) with too little for a verdict is not tested, says why,
and gets the exact interval, which holds at any number of bets. Which wallets stand out of all is `selection`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.domain.values import MICRO, LeaderEventKind
from whaletrader.quant.betting import log_e_values
from whaletrader.quant.bounded_mean import Clusters, exact_interval, log_p_values
from whaletrader.quant.studentised import cluster_bootstrap_t
from whaletrader.universe.bets import BetTable
from whaletrader.universe.evidence_kernel import EventGroups, event_groups, first_bets, flaws, groups_of, rarer_side
from whaletrader.universe.thresholds import THRESHOLDS, GroupRules

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WITHHELD = ("", "too_few_bets", "too_few_groups", "cost_not_positive", "payoff_out_of_range")
"""Why a unit is not judged, by the codes of `Evidence.withheld`; the first says that it is."""
_JUDGED, _FEW_BETS, _FEW_GROUPS, _FREE, _OUTSIDE = range(5)
INTERVALS = ("none", "bootstrap", "exact")
"""Kinds of interval, by the codes of `Evidence.interval`."""
_NONE, _BOOTSTRAP, _EXACT = range(3)
_BETTORS = 0.2
"""Share of the level that pays for the bettors' p-value where bets can end before resolution."""
HELD = "_hold"
"""End of the names of policies that never sell before the market resolves."""


@dataclass(frozen=True, slots=True)
class EvidenceParams:
    """Confidence of each bound alone, resamples behind it, the seed of their draws, and the event groups needed."""

    confidence: float = THRESHOLDS.judging.confidence
    n_boot: int = THRESHOLDS.judging.resamples
    seed: int = THRESHOLDS.judging.seed
    groups: GroupRules = THRESHOLDS.groups


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Arrays of shape (U,); amounts in micro-units.

    `lower`, `upper`: bounds of the mean edge per bet, each at the given confidence; NaN where `interval` is none (the
    bets' amounts are impossible). `p_value`, `log_p`: exact p-value of "no event group's expected edge is above 0",
    by the first bet in each. `log_e`: betting e-value of the same at the end of the data; `log_e_peak`: at its best,
    for looking at any time. These four are NaN where a unit is not judged.
    """

    enough: Bools
    withheld: Ints
    lower: Floats
    upper: Floats
    interval: Ints
    p_value: Floats
    log_p: Floats
    log_e: Floats
    log_e_peak: Floats


def evidence(
    bets: BetTable, statistics: dict[str, Floats], min_bets: Ints, params: EvidenceParams | None = None
) -> Evidence:
    """Judge every unit of a bet table; `statistics` are its `unit_statistics`, `min_bets` the bets that each needs."""
    params = params or EvidenceParams()
    bands = price_bands(statistics["mean_price"], params.groups)
    free, outside = flaws(bets.offsets, bets.edge, bets.cost)
    withheld = _withheld(statistics, min_bets, np.asarray(params.groups.needed)[bands], (free, outside))
    enough = withheld == _JUDGED
    groups = event_groups(bets.offsets, bets.group, bets.edge, bets.cost, bets.entry_day)
    covers = np.asarray(params.groups.bootstrap)[bands]
    resampled = enough & covers & (rarer_side(groups.clusters) >= params.groups.rarest)
    held, out = held_to_resolution(bets), np.full((6, enough.size), np.nan)
    rows = np.flatnonzero(~(free | outside | resampled))
    out[:2, rows] = _exact(groups_of(groups, rows).clusters, held[rows], params)
    rows = np.flatnonzero(resampled)
    keys = bets.units["wallet"].cast(pl.Int64).to_numpy()
    out[:2, rows] = _resampled(groups_of(groups, rows).clusters, keys[rows], params)
    rows = np.flatnonzero(enough)
    out[2:, rows] = _tests(groups_of(groups, rows), held[rows])
    interval = np.where(resampled, _BOOTSTRAP, np.where(np.isnan(out[0]), _NONE, _EXACT))
    return Evidence(enough, withheld, out[0], out[1], interval, *out[2:])


def price_bands(mean_price: Floats, rules: GroupRules) -> Ints:
    """Band of each unit's mean entry price (micro-units): 0 for the cheapest."""
    return np.searchsorted(np.asarray(rules.price_limits) * MICRO, mean_price, side="right").astype(np.int64)


def held_to_resolution(bets: BetTable) -> Bools:
    """Units whose bets can only end with their markets: positions, and fills under a policy that never sells."""
    position = bets.units["kind"].cast(pl.String) == str(LeaderEventKind.POSITION)
    if "policy" in bets.units.columns:
        position |= bets.units["policy"].cast(pl.String).str.ends_with(HELD)
    return np.asarray(position.to_numpy(), np.bool_)


def _withheld(statistics: dict[str, Floats], min_bets: Ints, min_groups: Ints, flawed: tuple[Bools, Bools]) -> Ints:
    """The first reason that applies: impossible amounts, then bets, then event groups."""
    codes = np.where(statistics["n_groups"] < min_groups, _FEW_GROUPS, _JUDGED)
    codes = np.where(statistics["n_bets"] < min_bets, _FEW_BETS, codes)
    return np.where(flawed[0], _FREE, np.where(flawed[1], _OUTSIDE, codes)).astype(np.int64)


def _exact(groups: Clusters, held: Bools, params: EvidenceParams) -> Floats:
    """Exact bounds, shape (2, units)."""
    return np.stack(exact_interval(groups, held, params.confidence)) * MICRO


def _tests(groups: EventGroups, held: Bools) -> Floats:
    """p-value, its logarithm, logarithms of the e-value at the end and at its peak: shape (4, units).

    Each event group counts once, by the bet entered first. Held to resolution that pays 0 or 1, so the test is exact.
    Where a leader's sells end bets early, payoffs vary less than coins do, which only a bettor who learns notices: the
    p-value is then the smaller of the bound for any payoff, paid for with 4/5 of the level, and one over the bettors'
    peak, with 1/5.
    """
    bets = first_bets(groups)
    end, peak = log_e_values(bets, groups.day)
    log_p = log_p_values(bets, held)
    either = np.minimum(log_p - np.log1p(-_BETTORS), -peak - np.log(_BETTORS))
    log_p = np.where(held, log_p, np.minimum(either, 0.0))
    return np.stack([np.exp(log_p), log_p, end, peak])


def _resampled(groups: Clusters, keys: Ints, params: EvidenceParams) -> Floats:
    """Studentised bootstrap bounds, shape (2, units), within what payoffs of 0 and 1 leave possible."""
    found = cluster_bootstrap_t(
        groups.payoff - groups.cost, groups.bets.astype(np.float64), groups.offsets, keys,
        seed=params.seed, n_boot=params.n_boot, confidence=params.confidence,
    ).studentised  # fmt: skip
    first = groups.offsets[:-1]
    price = np.add.reduceat(groups.cost, first) / np.add.reduceat(groups.bets, first) if keys.size else np.zeros(0)
    return np.stack([np.maximum(found[0], -price), np.minimum(found[1], 1.0 - price)]) * MICRO
