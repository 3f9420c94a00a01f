"""Placebo leaders: wallets that cannot have skill by construction, judged beside the real ones by the same code.

Two kinds, made of settled bets, so that nothing is priced again. *Random*: the wallets' labels are shuffled over bets
entered in the same week at a similar price, so that every placebo wallet has the real one's count, dates and prices but
other wallets' picks. *Mirrored*: each bet buys the other outcome at the complement of the print, with the same costs; a
skilled wallet's mirror loses. A passive follower has no mirror: what filled his limit would have filled no other one.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl

from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.universe.collect import Collected, collect_tables
from whaletrader.universe.follower import FollowerTable
from whaletrader.universe.judge import judge
from whaletrader.universe.leaderboard import leaderboard
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.thresholds import THRESHOLDS

How = Literal["random", "mirrored"]

OBSERVED = "observed"
LEVELS = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
"""Levels of the overlay's quantiles of log10 p, the most remarkable first."""
_WEEK_NS = 7 * DAY_NS
_PRICE_BANDS = 5
_STRATA = ("policy", "kind", "week", "band")
_PASSIVE = "passive"


def placebo_bets(bets: pl.DataFrame, how: How, *, seed: int) -> pl.DataFrame:
    """The same bets under placebo wallets; the codes stay those of the real wallets that they stand beside.

    Any part of the universe's wallets will do: labels are shuffled within it.
    """
    return _shuffled(bets, seed) if how == "random" else _mirrored(bets)


def placebo_boards(collected: Collected, params: ScoreParams, *, seeds: tuple[int, ...]) -> dict[str, pl.DataFrame]:
    """Published leaderboards of placebo wallets by name: mirrored, random-1, random-2, …; one random one per seed."""
    made = {"mirrored": placebo_bets(collected.bets, "mirrored", seed=0)}
    for number, seed in enumerate(seeds, 1):
        made[f"random-{number}"] = placebo_bets(collected.bets, "random", seed=seed)
    return {name: board_of(replace(collected, bets=bets), params) for name, bets in made.items()}


def board_of(collected: Collected, params: ScoreParams) -> pl.DataFrame:
    """The published leaderboard of collected bets, without addresses."""
    nobody = pl.DataFrame(schema={"wallet": pl.UInt32, "address": pl.String})
    return leaderboard(judge(collected, params), nobody, params).frame


def table_boards(
    tables: Mapping[str, FollowerTable], params: ScoreParams, *, seeds: tuple[int, ...]
) -> dict[str, pl.DataFrame]:
    """`placebo_boards` from follower tables by policy."""
    return placebo_boards(collect_tables(tables, params, None, None), params, seeds=seeds)


def placebo_overlay(collected: Collected, params: ScoreParams, *, seeds: tuple[int, ...]) -> pl.DataFrame:
    """What the observed leaderboard and its placebos come to, by policy and kind; see `overlay_rows`."""
    boards = {OBSERVED: board_of(collected, params), **placebo_boards(collected, params, seeds=seeds)}
    return overlay_rows(boards)


def overlay_rows(boards: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Counts, edges and quantiles of log10 p of leaderboards by name.

    Columns: which, policy, kind, judged, lower_above_zero, survived_fdr, median_edge_micro, best_edge_micro,
    best_lower_micro, log10_p_micro (a list, by `LEVELS`).
    """
    rate = round(THRESHOLDS.selection.false_discovery_rate * MICRO)
    above = pl.col("lower_micro") > 0
    quantiles = pl.concat_list(
        pl.col("log10_p_micro").quantile(level, "linear").round().cast(pl.Int64) for level in LEVELS
    )
    edge = pl.col("mean_edge_micro")
    rows = [
        frame.filter(pl.col("p_value_micro").is_not_null())
        .group_by("policy", "kind")
        .agg(
            pl.len().cast(pl.Int64).alias("judged"),
            above.sum().cast(pl.Int64).alias("lower_above_zero"),
            (above & (pl.col("q_value_micro") <= rate)).sum().cast(pl.Int64).alias("survived_fdr"),
            edge.median().round().cast(pl.Int64).alias("median_edge_micro"),
            edge.max().alias("best_edge_micro"),
            pl.col("lower_micro").max().alias("best_lower_micro"),
            quantiles.alias("log10_p_micro"),
        )
        .sort("policy", "kind")
        .select(pl.lit(which).alias("which"), pl.all())
        for which, frame in boards.items()
    ]
    return pl.concat(rows)


def _shuffled(bets: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Permute wallet labels over bets within policy, kind, week and price band of their entry."""
    placed = bets.with_columns(
        (pl.col("entry_ts") // _WEEK_NS).alias("week"),
        (pl.col("print_price_micro") * _PRICE_BANDS // (MICRO + 1)).alias("band"),
    ).sort(*_STRATA, "wallet", "token")
    draws = np.random.default_rng(seed).random(placed.height)
    shuffled = placed.select(*_STRATA, "wallet", "token", pl.Series("draw", draws)).sort(*_STRATA, "draw")
    return placed.with_columns(shuffled["wallet"]).select(bets.columns)


def _mirrored(bets: pl.DataFrame) -> pl.DataFrame:
    """Buy the other outcome at every entry: price and settlement become complements, the costs stay.

    A sale's proceeds are its print less its costs, so the complement's are 1 - proceeds less them twice; they are taken
    to be the entry's. A bet that got neither 0, a half nor 1 has been sold, if perhaps not all of it.
    """
    extra = pl.col("cost_micro") - pl.col("print_price_micro")
    whole = pl.col("proceeds_micro") % (MICRO // 2) == 0
    lost = pl.when(whole).then(0).otherwise(2 * extra)
    taken = bets.filter(~pl.col("policy").cast(pl.String).str.starts_with(_PASSIVE))
    leader = pl.col("leader_price_micro")
    return taken.with_columns(
        (MICRO - pl.col("print_price_micro") + extra).alias("cost_micro"),
        (MICRO - pl.col("print_price_micro")).alias("print_price_micro"),
        pl.when(leader >= 0).then(MICRO - leader).otherwise(leader).alias("leader_price_micro"),
        (MICRO - pl.col("proceeds_micro") - lost).clip(lower_bound=0).alias("proceeds_micro"),
    ).with_columns((pl.col("proceeds_micro") - pl.col("cost_micro")).alias("edge_micro"))
