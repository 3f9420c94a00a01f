"""Placebo leaders: wallets that cannot have skill by construction, scored beside the real ones by the same code.

Two kinds. *Random*: the wallets' labels are shuffled over positions opened in the same week at a similar price, so that
every placebo wallet has the real one's count, dates and prices but other wallets' picks. *Mirrored*: each entry buys
the other outcome at the complement of the print, with the same costs; a skilled wallet's mirror loses.
"""

from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl

from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.universe.follower import FollowerTable

_WEEK_NS = 7 * DAY_NS
_PRICE_BANDS = 5


def placebo_table(table: FollowerTable, how: Literal["random", "mirrored"], *, seed: int) -> FollowerTable:
    """The same events under placebo wallets; the codes stay those of the real wallets they stand beside."""
    frame = _shuffled(table.frame, seed) if how == "random" else _mirrored(table.frame)
    return replace(table, frame=frame, fingerprint=f"{table.fingerprint}/placebo:{how}:{seed}")


def placebo_wallets(table: FollowerTable, *, seeds: tuple[int, ...]) -> list[FollowerTable]:
    """The mirrored table, and one random table per seed."""
    randoms = [placebo_table(table, "random", seed=seed) for seed in seeds]
    return [placebo_table(table, "mirrored", seed=0), *randoms]


def _shuffled(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Permute wallet labels over positions (kind, wallet, token) within week and price band of their first event."""
    price = pl.coalesce("print_price_micro", "leader_price_micro")
    positions = (
        frame.group_by("kind", "wallet", "token")
        .agg(
            (pl.col("ts").min() // _WEEK_NS).alias("week"),
            (price.min() * _PRICE_BANDS // (MICRO + 1)).alias("band"),
            (pl.col("reason").cast(pl.String) == "priced").any().alias("priced"),
        )
        .sort("kind", "priced", "week", "band", "wallet", "token")
    )
    draws = np.random.default_rng(seed).random(positions.height)
    strata = ["kind", "priced", "week", "band"]
    labels = positions.with_columns(pl.Series("draw", draws)).sort(*strata, "draw", "wallet", "token")["wallet"]
    relabelled = positions.select("kind", "wallet", "token").with_columns(labels.alias("placebo"))
    return (
        frame.join(relabelled, on=["kind", "wallet", "token"], how="left", maintain_order="left")
        .with_columns(pl.col("placebo").alias("wallet"))
        .drop("placebo")
    )


def _mirrored(frame: pl.DataFrame) -> pl.DataFrame:
    """Buy the other outcome at every entry: price and settlement become complements, the costs stay.

    A sale's proceeds are its print less its costs, so the complement's are 1 - proceeds less them twice; they are taken
    to be the entry's.
    """
    extra = pl.col("cost_micro") - pl.col("print_price_micro")
    lost = pl.when(pl.col("exit_kind").cast(pl.String) == "mirror").then(2 * extra).otherwise(0)
    proceeds = (MICRO - pl.col("proceeds_micro") - lost).clip(lower_bound=0)
    return (
        frame.with_columns(
            (MICRO - pl.col("print_price_micro") + extra).alias("cost_micro"),
            (MICRO - pl.col("print_price_micro")).alias("print_price_micro"),
            (MICRO - pl.col("leader_price_micro")).alias("leader_price_micro"),
            (1 - pl.col("outcome_index")).cast(pl.Int8).alias("outcome_index"),
            proceeds.alias("proceeds_micro"),
        )
        .with_columns((pl.col("proceeds_micro") - pl.col("cost_micro")).alias("edge_micro"))
    )  # fmt: skip
