"""Bets: the first priced entry of a wallet into a token, with equal weight however often it was added to later.

A mean over all entries would take averaging down for skill: where a price falls more entries follow, so that the mean
weighs an entry by how the price went after it. The first entry's cost is fixed before anything of its outcome is known.
Nor is a bet judged before its market has resolved: a leader who sells what rose and keeps what fell would have sold,
and so settled, his winners alone. A bet's cluster is the event group.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.domain.values import DAY_NS
from whaletrader.universe.follower import FollowerTable

Ints = NDArray[np.int64]

UNIT = ("policy", "kind", "wallet")
"""Whose bets are judged together."""
_FIRST = (
    "market", "group", "ts", "entry_ts", "known_ts", "edge_micro", "cost_micro", "proceeds_micro", "print_price_micro",
    "spread_micro",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class BetTable:
    """Bets sorted by unit (policy, kind, wallet), event group, entry and token; `offsets` bounds each unit's rows.

    `leader_price` (-1 where unknown), `spread` (half, at entry) and `waited` (ns from the leader's event to our print)
    are the first priced entry's, `stake` is the sum of the leader's dollars in all of them.
    """

    units: pl.DataFrame
    offsets: Ints
    group: Ints
    edge: Ints
    cost: Ints
    entry_price: Ints
    entry_day: Ints
    exit_day: Ints
    known_ts: Ints
    stake: Ints
    leader_price: Ints
    spread: Ints
    waited: Ints


def bets_of(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per kind, wallet and token with a priced entry: the first one's amounts, in integers.

    First is what we got into first: of two resting limits the lower one may be filled long after the higher one, and
    only where the price fell. Ties keep the order of the leader's events. `entries` counts all priced ones.
    """
    priced = frame.filter(pl.col("reason").cast(pl.String) == "priced").sort("entry_ts", maintain_order=True)
    price, own = pl.col("leader_price_micro"), pl.coalesce("leader_price_micro", "print_price_micro")
    # Ten-thousandths of a share first: the whole product of a big stake would leave 64 bits.
    stake = (pl.col("size_micro") // 100) * own // 10_000
    return (
        priced.group_by("kind", "wallet", "token")
        .agg(
            pl.len().cast(pl.Int64).alias("entries"),
            pl.col(*_FIRST).first(),
            stake.sum().alias("stake_micro"),
            price.first().fill_null(-1),
            (pl.col("entry_ts") - pl.col("ts")).first().alias("waited_ns"),
        )
        .sort("kind", "wallet", "group", "entry_ts", "token")
    )


def settled_bets(frame: pl.DataFrame) -> pl.DataFrame:
    """`bets_of` the markets that have resolved: whether a bet counts must not hang on when the leader sold it."""
    return bets_of(frame.filter("market_settled"))


def bet_table(frame: pl.DataFrame, policy: str = "taker") -> BetTable:
    """The settled bets of a follower frame as arrays, and the units they belong to."""
    return table_of(settled_bets(frame).select(pl.lit(policy).alias("policy"), pl.all()))


def table_of(bets: pl.DataFrame) -> BetTable:
    """Bets with their policy, sorted by policy, kind, wallet, group, entry and token, as arrays."""
    units = bets.group_by(UNIT, maintain_order=True).agg(pl.len().alias("bets"))
    ends = units["bets"].cast(pl.Int64).to_numpy().cumsum()
    days = {name: pl.col(name) // DAY_NS for name in ("entry_ts", "known_ts")}
    exit_day = pl.coalesce(days["known_ts"], days["entry_ts"])
    settled = pl.coalesce("known_ts", "entry_ts").alias("known_ts")
    dated = bets.select(days["entry_ts"].alias("entry_day"), exit_day.alias("exit_day"), settled)
    return BetTable(
        units=units.select(UNIT),
        offsets=np.concatenate([np.zeros(1, np.int64), ends]),
        group=bets["group"].to_numpy(),
        edge=bets["edge_micro"].to_numpy(),
        cost=bets["cost_micro"].to_numpy(),
        entry_price=bets["print_price_micro"].to_numpy(),
        entry_day=dated["entry_day"].to_numpy(),
        exit_day=dated["exit_day"].to_numpy(),
        known_ts=dated["known_ts"].to_numpy(),
        stake=bets["stake_micro"].to_numpy(),
        leader_price=bets["leader_price_micro"].to_numpy(),
        spread=bets["spread_micro"].to_numpy(),
        waited=bets["waited_ns"].to_numpy(),
    )


def resolved_bets(table: FollowerTable, as_of_ts: int | None) -> pl.DataFrame:
    """The bets that were settled at a time, as a frame."""
    return settled_bets(table.at(as_of_ts))
