"""Bets: all priced entries of one wallet into one token are one bet, with equal weight however often it was added to.

A bet's edge, cost and proceeds are the means over its entries, in micro-units; its cluster is the event group.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.domain.values import DAY_NS
from whaletrader.universe.follower import FollowerTable

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class BetTable:
    """Bets sorted by unit (kind and wallet), then event group, then token; `offsets` bounds each unit's rows."""

    units: pl.DataFrame
    offsets: Ints
    group: Ints
    edge: Ints
    cost: Ints
    entry_price: Ints
    entry_day: Ints
    exit_day: Ints


def bets_of(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per kind, wallet and token with a priced entry; integer sums only, so that threads cannot matter."""
    priced = frame.filter(pl.col("reason").cast(pl.String) == "priced")
    names = ("edge_micro", "cost_micro", "proceeds_micro", "print_price_micro")
    return (
        priced.group_by("kind", "wallet", "token")
        .agg(
            pl.len().cast(pl.Int64).alias("entries"),
            pl.col("market").max(),
            pl.col("group").max(),
            pl.col("ts").min(),
            pl.col("entry_ts").min(),
            pl.col("known_ts").max(),
            *(pl.col(name).sum() for name in names),
        )
        .with_columns((pl.col(name) // pl.col("entries")).alias(name) for name in names)
        .sort("kind", "wallet", "group", "token")
    )


def bet_table(frame: pl.DataFrame) -> BetTable:
    """The bets of a follower frame as arrays, and the units they belong to."""
    bets = bets_of(frame)
    units = bets.group_by("kind", "wallet", maintain_order=True).agg(pl.len().alias("bets"))
    ends = units["bets"].cast(pl.Int64).to_numpy().cumsum()
    days = {name: pl.col(name) // DAY_NS for name in ("entry_ts", "known_ts")}
    exit_day = pl.coalesce(days["known_ts"], days["entry_ts"])
    dated = bets.select(days["entry_ts"].alias("entry_day"), exit_day.alias("exit_day"))
    return BetTable(
        units=units.select("kind", "wallet"),
        offsets=np.concatenate([np.zeros(1, np.int64), ends]),
        group=bets["group"].to_numpy(),
        edge=bets["edge_micro"].to_numpy(),
        cost=bets["cost_micro"].to_numpy(),
        entry_price=bets["print_price_micro"].to_numpy(),
        entry_day=dated["entry_day"].to_numpy(),
        exit_day=dated["exit_day"].to_numpy(),
    )


def resolved_bets(table: FollowerTable, as_of_ts: int | None) -> pl.DataFrame:
    """The bets that were settled at a time, as a frame."""
    return bets_of(table.at(as_of_ts))
