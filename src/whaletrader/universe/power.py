"""What a leaderboard would have detected: so that "nothing survives" is a finding and not a blind spot.

The rule is the scoring's own: exact p-values per wallet, Benjamini-Hochberg over all trials: rows with a settled bet. A
lone skilled wallet is found where its p-value is at most rate / trials. Each event group is counted as one bet that
pays 0 or 1 at the wallet's mean cost, however many bets it holds. Nothing is scored here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import betaincinv

from whaletrader.domain.values import MICRO, LeaderEventKind
from whaletrader.errors import DataError
from whaletrader.quant.bounded_mean import Clusters, log_p_values
from whaletrader.universe.evidence import HELD
from whaletrader.universe.thresholds import THRESHOLDS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

POWERS = (0.5, 0.8, 0.95)
BET_COUNTS = (30, 50, 100, 200, 300, 500, 1_000)
PRICES = (0.3, 0.5, 0.7)
_LOG_SHARE = float(np.log1p(-0.2))
"""Log of the part of the level that the exact test has where leaders' sells end bets early; see `evidence`."""
_STEP_MICRO = 10_000
"""Costs are told apart by cents: a wallet's detectable edge hardly moves within one."""


@dataclass(frozen=True, slots=True)
class Detectable:
    """The edge per share found with a power, for the best and the median wallet tested; None where no edge would be."""

    power: float
    best: float | None
    median: float | None


@dataclass(frozen=True, slots=True)
class CertifiedNull:
    """How many of a kind's trials were tested and survived, what would have been detected, and whether anything could.

    `threshold`: p-value that a lone survivor needs. `finest`: smallest p-value that the rule can give any of those
    tested. `reaching`: how many of them it can give one as small as the threshold. `certified`: nothing survived though
    the rule could have found something.
    """

    kind: str
    tested: int
    trials: int
    survived: int
    threshold: float
    finest: float
    reaching: int
    detectable: tuple[Detectable, ...]
    sentence: str

    @property
    def certified(self) -> bool:
        """Whether "nothing survives" says something about the wallets."""
        return self.survived == 0 and self.reaching > 0


def threshold_of(trials: int, rate: float | None = None) -> float:
    """p-value at which a single wallet stands out of all trials: the first step of Benjamini-Hochberg."""
    return (THRESHOLDS.selection.false_discovery_rate if rate is None else rate) / max(trials, 1)


def finest_log_p(groups: Ints, cost: Floats, held: Bools) -> Floats:
    """Logarithm of the smallest p-value that the rule can give: every event group won.

    Shapes (U,): event groups, mean cost per share in (0, 1), and whether bets are held to resolution.
    """
    return np.asarray(groups * np.log(np.minimum(cost, 1.0)) - np.where(held, 0.0, _LOG_SHARE), np.float64)


def least_wins(groups: Ints, cost: Floats, held: Bools, threshold: float) -> Ints:
    """Fewest event groups won whose p-value is at most the threshold; groups + 1 where even all are not enough."""
    groups, cost = np.asarray(groups, np.int64), np.asarray(cost, np.float64)
    low, high = np.zeros(groups.size, np.int64), groups + 1
    while bool(np.any(high - low > 1)):
        middle = (low + high) // 2
        small = _log_p(groups, cost, held, middle) <= np.log(threshold)
        high, low = np.where(small, middle, high), np.where(small, low, middle)
    return high


def _log_p(groups: Ints, cost: Floats, held: Bools, wins: Ints) -> Floats:
    """The rule's p-value of so many groups won, as logarithm."""
    offsets = np.concatenate([np.zeros(1, np.int64), groups.cumsum()])
    place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], groups)
    payoff = (place < np.repeat(wins, groups)).astype(np.float64)
    found = log_p_values(Clusters(offsets, np.ones(payoff.size, np.int64), payoff, np.repeat(cost, groups)), held)
    return np.minimum(found - np.where(held, 0.0, _LOG_SHARE), 0.0)


def detectable_edges(groups: Ints, cost: Floats, held: Bools, threshold: float, power: float) -> Floats:
    """Edge per share at which so many event groups are won with this probability that the rule sees it, shape (U,).

    NaN where no edge is: the p-value of winning everything is above the threshold. P(wins >= k) at chance q is the
    incomplete beta function of q, so that the chance needed is its inverse. Clopper & Pearson (1934),
    doi:10.1093/biomet/26.4.404.
    """
    assert 0.0 < power < 1.0, power
    return _edges(np.asarray(groups), np.asarray(cost), least_wins(groups, cost, held, threshold), power)


def _edges(groups: Ints, cost: Floats, wins: Ints, power: float) -> Floats:
    possible = wins <= groups
    k = np.where(possible, np.maximum(wins, 1), 1).astype(np.float64)
    chance = betaincinv(k, groups - k + 1.0, power)
    return np.where(possible, np.maximum(chance - cost, 0.0), np.nan)


def power_table(
    tested: int,
    *,
    bets: Sequence[int] = BET_COUNTS,
    prices: Sequence[float] = PRICES,
    powers: Sequence[float] = POWERS,
    held: bool = True,
    rate: float | None = None,
) -> pl.DataFrame:
    """Detectable edge by price, number of independent bets and power: null where no edge would be detected."""
    threshold = threshold_of(tested, rate)
    grid = [(price, n) for price in prices for n in bets]
    groups, cost = np.array([n for _, n in grid], np.int64), np.array([price for price, _ in grid])
    wins = least_wins(groups, cost, np.full(groups.size, held), threshold)
    columns = [
        pl.DataFrame(
            {"price_micro": _micro(cost), "bets": groups, "wins_needed": np.where(wins <= groups, wins, -1)}
        ).with_columns(
            pl.col("wins_needed").replace(-1, None),
            pl.lit(power).alias("power"),
            pl.Series("edge_micro", _micro(_edges(groups, cost, wins, power)), dtype=pl.Int64),
        )
        for power in powers
    ]
    stacked = pl.concat(columns).with_columns(pl.lit(tested, pl.Int64).alias("tested"))
    return stacked.select("tested", "price_micro", "bets", "power", "wins_needed", "edge_micro").sort(
        "price_micro", "bets", "power"
    )


def certified_null(frame: pl.DataFrame, kind: str, rate: float | None = None) -> CertifiedNull:
    """The power of a published leaderboard over one kind: every wallet and policy with a settled bet is a trial."""
    rate = THRESHOLDS.selection.false_discovery_rate if rate is None else rate
    judged = frame.filter((pl.col("kind").cast(pl.String) == kind) & pl.col("withheld").is_null())
    above = (pl.col("q_value_micro") <= round(rate * MICRO)) & (pl.col("lower_micro") > 0)
    tried = (pl.col("kind").cast(pl.String) == kind) & ((pl.col("n_bets") > 0) | pl.col("withheld").is_null())
    trials = frame.filter(tried).height
    survived, threshold = judged.filter(above).height, threshold_of(trials, rate)
    sizes = _sizes(judged)
    groups, cost, held, count = (sizes[name].to_numpy() for name in ("n_groups", "cost", "held", "wallets"))
    finest = finest_log_p(groups, cost, held)
    reaching = int(count[finest <= np.log(threshold)].sum())
    wins = least_wins(groups, cost, held, threshold)
    found = tuple(_detectable(power, _edges(groups, cost, wins, power), count) for power in POWERS)
    smallest = float(np.exp(finest.min())) if finest.size else 1.0
    told = _sentence(kind, (judged.height, trials, survived), rate, reaching, found)
    return CertifiedNull(kind, judged.height, trials, survived, threshold, smallest, reaching, found, told)


def require_resolution(found: CertifiedNull) -> None:
    """Raise `DataError` where wallets were tested by a rule that could not have found any of them."""
    if found.tested and not found.reaching:
        raise DataError(
            f"none of the {found.tested:,} rows tested by {found.kind} could have survived: a p-value of "
            f"{found.threshold:.2g} is needed, and the smallest that their bets can give is {found.finest:.2g}; "
            "score a longer history, or fewer wallets and policies"
        )


def _sizes(judged: pl.DataFrame) -> pl.DataFrame:
    """How many wallets have the same number of event groups, cost (to the cent) and way of ending bets."""
    position = pl.col("kind").cast(pl.String) == str(LeaderEventKind.POSITION)
    cents = (pl.col("mean_cost_micro") + _STEP_MICRO // 2) // _STEP_MICRO
    cost = (cents * (_STEP_MICRO / MICRO)).clip(_STEP_MICRO / MICRO, 1.0 - _STEP_MICRO / MICRO)
    return (
        judged.select(
            "n_groups",
            cost.alias("cost"),
            (position | pl.col("policy").cast(pl.String).str.ends_with(HELD)).alias("held"),
        )
        .group_by("n_groups", "cost", "held")
        .agg(pl.len().cast(pl.Int64).alias("wallets"))
        .sort("n_groups", "cost", "held")
    )


def _detectable(power: float, edges: Floats, count: Ints) -> Detectable:
    """Best and median over wallets; those in whom no edge would be detected are at the far end."""
    if not count.size:
        return Detectable(power, None, None)
    filled = np.where(np.isnan(edges), np.inf, edges)
    order = np.argsort(filled, kind="stable")
    middle = np.searchsorted(count[order].cumsum(), (int(count.sum()) + 1) // 2)
    best, median = (float(filled[order[place]]) for place in (0, middle))
    return Detectable(power, *(None if np.isinf(edge) else edge for edge in (best, median)))


def _sentence(kind: str, counts: tuple[int, int, int], rate: float, reaching: int, found: Sequence[Detectable]) -> str:
    tested, trials, survived = counts
    if not tested:
        return f"No wallet had enough settled bets to be tested by {kind}."
    first = "None" if survived == 0 else f"{survived:,}"
    among = f", among {trials:,} with a settled bet" if trials > tested else ""
    head = f"{first} of {tested:,} tested by {kind} survived at a false discovery rate of {rate:.0%}{among}."
    if not reaching:
        return f"{head} The rule could not have found any of them: their bets are too few for a p-value that small."
    likely = next(each for each in found if each.power == POWERS[1])
    best = f"an edge of {likely.best:.3f} a share" if likely.best is not None else "no edge"
    median = f"one of {likely.median:.3f}" if likely.median is not None else "no edge, having too few bets"
    where = f"{best} would have been found in the wallet with the most evidence, {median} in the median one"
    return f"{head} With {likely.power:.0%} power {where}."


def _micro(values: Floats) -> list[int | None]:
    return [None if np.isnan(value) else round(float(value) * MICRO) for value in values]
