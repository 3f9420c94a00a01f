"""What a follower of the followed leaders got from the bets that settled in a span of time.

A bet is told by exactly one scan, the first that knows its market's result and how an entry of it ended: a leader who
sells what rose and keeps what fell must not be told by his winners first. Bets of one event group that the same scan
tells are one outcome, with the mean of their edges.
"""

from collections.abc import Sequence

import polars as pl

from whaletrader.messages.leaders import LeaderOutcomes, SettledOutcome
from whaletrader.universe.bets import settled_bets

MAX_TOLD = 5_000
"""Outcomes that one scan tells of all leaders together, an equal part for each; a message has its limit of bytes."""


def settled_outcomes(
    frame: pl.DataFrame, addresses: pl.DataFrame, markets: pl.DataFrame, followed: Sequence[str], since_ts: int
) -> tuple[LeaderOutcomes, ...]:
    """Tell of each leader (KIND/WALLET), in the order of `followed`, what settled after `since_ts`.

    `frame` is a follower frame at the time of the scan, `addresses` and `markets` the dataset's.
    """
    if not followed:
        return ()
    outcomes = _outcomes(frame, addresses, markets, followed, since_ts)
    most = max(MAX_TOLD // len(followed), 1)
    told = []
    for leader in followed:
        kind, _, wallet = leader.partition("/")
        rows = outcomes.get((kind, wallet), [])
        newest = tuple(rows[-most:])
        told.append(LeaderOutcomes(wallet=wallet, kind=kind, outcomes=newest, n_untold=len(rows) - len(newest)))
    return tuple(told)


def _outcomes(
    frame: pl.DataFrame, addresses: pl.DataFrame, markets: pl.DataFrame, followed: Sequence[str], since_ts: int
) -> dict[tuple[str, str], list[SettledOutcome]]:
    wanted = pl.DataFrame([leader.partition("/")[::2] for leader in followed], ["kind", "address"], orient="row")
    wanted = wanted.join(addresses.select("wallet", "address"), on="address")
    kind = pl.col("kind").cast(pl.String)
    over = pl.max_horizontal("known_ts", "market_settled_ts").alias("known_ts")
    mine = frame.with_columns(kind, over).join(wanted, on=["kind", "wallet"], how="semi")
    priced = mine.filter(pl.col("market_settled") & (pl.col("reason").cast(pl.String) == "priced"))
    before = priced.filter(pl.col("known_ts") <= since_ts)
    told = settled_bets(priced).filter(pl.col("known_ts") > since_ts)
    fresh = told.join(before, on=["kind", "wallet", "token"], how="anti")
    group = pl.when(pl.col("event_group") == "").then(pl.col("condition_id")).otherwise(pl.col("event_group"))
    named = markets.select(pl.col("market"), group.alias("event_group_id"))
    bets = fresh.join(named, on="market", how="left").join(wanted, on=["kind", "wallet"])
    grouped = (
        bets.group_by("kind", "address", "event_group_id")
        .agg(
            pl.len().cast(pl.Int64).alias("n_bets"),
            pl.col("known_ts").max().alias("settled_ts"),
            pl.col("edge_micro", "cost_micro").sum(),
        )
        .with_columns(pl.col("edge_micro", "cost_micro") // pl.col("n_bets"))
        .sort("kind", "address", "settled_ts", "event_group_id")
    )
    found: dict[tuple[str, str], list[SettledOutcome]] = {}
    for row in grouped.iter_rows(named=True):
        outcome = SettledOutcome(
            event_group_id=row["event_group_id"] or "",
            settled_ts=row["settled_ts"],
            n_bets=row["n_bets"],
            edge_micro=row["edge_micro"],
            cost_micro=row["cost_micro"],
        )
        found.setdefault((row["kind"], row["address"]), []).append(outcome)
    return found
