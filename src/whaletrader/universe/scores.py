"""Who is worth copying: every wallet's follower edge per share, with bounds that know that bets settle together.

A wallet below the minimum of settled bets gets no bound and no verdict but INSUFFICIENT_DATA. Fills and position
signals are never pooled. The bounds are adjusted for nothing; `q_value_micro` is, for the number of wallets judged.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from whaletrader.domain.values import MICRO
from whaletrader.quant.bootstrap import cluster_bootstrap
from whaletrader.quant.mixture_prior import mixture_shrink
from whaletrader.quant.multiple_testing import benjamini_hochberg
from whaletrader.universe.bets import BetTable, bet_table
from whaletrader.universe.follower import KINDS, FollowerParams, FollowerTable, build_follower_table
from whaletrader.universe.funnel import edge_summary, funnel
from whaletrader.universe.ledger import Ledger, ledger_at
from whaletrader.universe.ledger_tape import LedgerTape, ledger_tape
from whaletrader.universe.score_frame import Judged, describe, published
from whaletrader.universe.score_kernel import STATISTICS, cluster_sums, unit_statistics
from whaletrader.universe.source import TableSource

Floats = NDArray[np.float64]

_MOST_REPLICATES = 50_000
"""How far a small p-value is followed: among a thousand wallets 1,000 replicates could never be significant."""


@dataclass(frozen=True, slots=True)
class ScoreParams:
    """What is scored, on which evidence, and how sure the bounds are; `since_ts` leaves older events out."""

    as_of_ts: int | None = None
    since_ts: int | None = None
    min_bets_fill: int = 30
    min_bets_position: int = 20
    min_groups: int = 10
    confidence: float = 0.95
    n_boot: int = 1_000
    seed: int = 20_261_122
    follower: FollowerParams = field(default_factory=FollowerParams)

    def min_bets(self, kind: str) -> int:
        """Settled bets that a wallet needs for a verdict."""
        return self.min_bets_fill if kind == KINDS[0] else self.min_bets_position


@dataclass(frozen=True, slots=True)
class Scores:
    """The leaderboard (best lower bound first, per kind), the funnel it rests on, and where it came from.

    `fee_provenance` counts priced events by kind and provenance of the fee schedule; its `assumed_spread` those of them
    that were priced without a quote.
    """

    frame: pl.DataFrame
    funnel: pl.DataFrame
    summary: pl.DataFrame
    fee_provenance: pl.DataFrame
    params: ScoreParams
    fingerprint: str


def score_universe(source: TableSource, params: ScoreParams | None = None) -> Scores:
    """Price, settle and score all wallets of a dataset as known at `params.as_of_ts`."""
    params = params or ScoreParams()
    return score_table(build_follower_table(source, params.follower), params, ledger_tape(source))


def score_table(table: FollowerTable, params: ScoreParams, tape: LedgerTape | None = None) -> Scores:
    """Scores at a date from a table priced once; without a ledger tape the wallets' own P&L stays empty."""
    frame = table.at(params.as_of_ts, params.since_ts)
    bets = bet_table(frame)
    judged = _judge(bets, params)
    book = None if tape is None else ledger_at(tape, params.as_of_ts)
    return Scores(
        frame=_with_context(published(describe(bets.units, judged)), frame, table, book),
        funnel=funnel(frame),
        summary=edge_summary(frame),
        fee_provenance=_provenance(frame),
        params=params,
        fingerprint=table.fingerprint,
    )


def _judge(bets: BetTable, params: ScoreParams) -> Judged:
    """Statistics of all units; bounds, p- and q-values of those with enough bets and event groups."""
    found = unit_statistics(
        bets.offsets, bets.group, bets.edge, bets.cost, bets.entry_price, bets.entry_day, bets.exit_day
    )
    statistics = dict(zip(STATISTICS, found, strict=True))
    kinds = bets.units["kind"].cast(pl.String)
    needed = kinds.replace_strict({kind: params.min_bets(kind) for kind in KINDS}, return_dtype=pl.Int64).to_numpy()
    enough = (statistics["n_bets"] >= needed) & (statistics["n_groups"] >= params.min_groups)
    bounds = np.full((3, enough.size), np.nan)
    chosen = np.flatnonzero(enough)
    if chosen.size:
        bounds[:, chosen] = _bounds(bets, statistics["mean_cost"], chosen, params)
    labels = kinds.to_numpy()
    return Judged(
        statistics, enough, bounds,
        q_values=_by_kind(labels, enough, lambda rows: benjamini_hochberg(bounds[2, rows])),
        shrunk=_by_kind(labels, enough, lambda rows: _shrunk(statistics["mean_edge"][rows], bounds[:, rows], params)),
        confidence=params.confidence,
    )  # fmt: skip


def _bounds(bets: BetTable, mean_cost: Floats, chosen: NDArray[np.int64], params: ScoreParams) -> Floats:
    """Lower and upper bound and p-value, shape (3, chosen).

    A percentile bootstrap of forty small wins never draws a loss and calls the edge certain; so the lower bound's
    resamples hold one event group more, at the wallet's mean cost and lost, the upper bound's one that paid in full.
    """
    rows = np.concatenate([np.arange(bets.offsets[u], bets.offsets[u + 1]) for u in chosen])
    lengths = bets.offsets[chosen + 1] - bets.offsets[chosen]
    offsets = np.concatenate([np.zeros(1, np.int64), lengths.cumsum()])
    price = np.rint(mean_cost[chosen]).astype(np.int64)
    keys = bets.units["wallet"].cast(pl.Int64).to_numpy()[chosen]
    found = []
    for pseudo, most in ((-price, _MOST_REPLICATES), (MICRO - price, params.n_boot)):
        sums, counts, clusters = cluster_sums(offsets, bets.group[rows], bets.edge[rows], pseudo)
        found.append(
            cluster_bootstrap(
                sums,
                counts,
                clusters,
                keys,
                seed=params.seed,
                n_boot=params.n_boot,
                n_boot_most=most,
                confidence=params.confidence,
            )
        )
    return np.stack([found[0].lower, found[1].upper, found[0].p_values])


def _by_kind(
    kinds: NDArray[np.object_], enough: NDArray[np.bool_], of: Callable[[NDArray[np.int64]], Floats]
) -> Floats:
    """Apply a function to the judged rows of each kind; NaN for the others."""
    out = np.full(kinds.size, np.nan)
    for kind in KINDS:
        rows = np.flatnonzero(enough & (kinds == kind))
        if rows.size:
            out[rows] = of(rows)
    return out


def _shrunk(means: Floats, bounds: Floats, params: ScoreParams) -> Floats:
    """Mean edges drawn towards the judged wallets' common mean: the best of many looks better than it is.

    Half of the interval over the normal quantile stands for the standard error.
    """
    errors = (bounds[1] - bounds[0]) / 2.0 / float(ndtri(params.confidence))
    return mixture_shrink(means, np.maximum(errors, 1.0)).means


def _with_context(scored: pl.DataFrame, frame: pl.DataFrame, table: FollowerTable, book: Ledger | None) -> pl.DataFrame:
    """Add what every wallet did (events, own P&L), also for wallets without a priced bet, and the rank.

    A wallet's own P&L needs its whole history: it is withheld where `truncated` says that the tape does not hold it.
    """
    priced = (pl.col("reason").cast(pl.String) == "priced").sum().cast(pl.Int64)
    events = frame.group_by("kind", "wallet").agg(pl.len().cast(pl.Int64).alias("n_events"), priced.alias("n_priced"))
    own = {"wallet": pl.UInt32, "realised_micro": pl.Int64, "roi_micro": pl.Int64, "truncated": pl.Boolean}
    earned = pl.DataFrame(schema=own) if book is None else book.wallets.select(list(own))
    whole = pl.when(~pl.col("truncated"))
    earned = earned.with_columns(whole.then(pl.col(name)) for name in ("realised_micro", "roi_micro"))
    joined = (
        events.join(scored, on=["kind", "wallet"], how="left")
        .join(table.addresses.select("wallet", "address"), on="wallet", how="left")
        .join(
            earned.rename({"realised_micro": "own_realised_micro", "roi_micro": "own_roi_micro"}),
            on="wallet",
            how="left",
        )
        .with_columns(
            pl.col("n_bets", "n_groups").fill_null(0),
            pl.col("verdict").fill_null("INSUFFICIENT_DATA"),
        )
    )
    keys = ["kind", "lower_micro", "n_bets", "wallet"]
    ordered = joined.sort(keys, descending=[False, True, True, False], nulls_last=True)
    rank = pl.when(pl.col("lower_micro").is_not_null()).then(pl.int_range(1, pl.len() + 1).over("kind"))
    return ordered.with_columns(rank.cast(pl.Int64).alias("rank")).select(
        "kind", "rank", "wallet", "address", "verdict", pl.exclude("kind", "rank", "wallet", "address", "verdict")
    )


def _provenance(frame: pl.DataFrame) -> pl.DataFrame:
    priced = frame.filter(pl.col("reason").cast(pl.String) == "priced")
    return (
        priced.group_by("kind", "fee_provenance")
        .agg(
            pl.len().cast(pl.Int64).alias("events"),
            pl.col("spread_assumed").sum().cast(pl.Int64).alias("assumed_spread"),
        )
        .sort("kind", "fee_provenance")
    )
