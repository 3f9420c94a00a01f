"""Walk forward over a labelled universe: whom weekly scans would follow, and what his bets brought from then on.

SIMULATED. A scan here is the plain core of a real one (mean edge by event group, normal bounds, shrinkage over all
wallets judged); labels and the times at which edges were switched off are only looked at to judge the result.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.datasets.simulator.universe.params import Mind, PopulationParams
from whaletrader.datasets.simulator.universe.population import Population, simulate_population
from whaletrader.domain.values import DAY_NS
from whaletrader.quant.mixture_prior import mixture_shrink
from whaletrader.universe.bets import settled_bets
from whaletrader.universe.follower import build_follower_table
from whaletrader.universe.source import FrameSource

Ints = NDArray[np.int64]

WEEK_NS = 7 * DAY_NS
LEAST_BETS, LEAST_GROUPS = 30, 10
Z95 = 1.6448536269514722


def halves(edges: tuple[float, ...], seed: int) -> Population:
    """A crowd, and per edge twenty wallets who have it, half of whom lose it in the middle of their 400 bets."""
    kept = tuple(Mind(label="skilled", wallets=10, edge=edge, bets=400) for edge in edges)
    lost = tuple(Mind(label="skilled_until", wallets=10, edge=edge, bets=400, off_at=0.5) for edge in edges)
    params = PopulationParams(
        name="halves", wallets=1_000, fills=120_000, markets=2_500, minds=(*kept, *lost), makers=5
    )
    return simulate_population(params, seed)


@dataclass(frozen=True, slots=True, eq=False)
class Leader:
    """A followed wallet: what was promised of him, and his outcomes since (arrays over event groups, in order of time).

    `since` counts the bets made after the switch that had settled by then, for those who kept their edge as well;
    `edge_micro` is the true edge while it was there, 0 where there never was one; `lost` says that he is one whose edge
    was switched off, `early` that he was first followed before that time.
    """

    label: str
    edge_micro: int
    lost: bool
    early: bool
    mean_micro: int
    promised_micro: int
    spread_micro: int
    groups: int
    edges: Ints
    costs: Ints
    since: Ints


def labelled_leaders(population: Population) -> list[Leader]:
    """Everybody whom a weekly scan of a labelled universe would begin to follow."""
    table = build_follower_table(FrameSource(population.tables, population.fingerprint))
    fills = table.frame.filter(pl.col("kind").cast(pl.String) == "fill")
    over = pl.max_horizontal("known_ts", "market_settled_ts").alias("known_ts")
    told = settled_bets(fills.with_columns(over))  # as `adapters.local.settled` tells them
    bets = told.select("wallet", "group", "ts", "known_ts", "edge_micro", "cost_micro")
    lost = population.switched_off["wallet"].implode()
    switch = population.switched_off["ts"].min()
    truth = population.tables["truth"].with_columns(pl.col("wallet").is_in(lost).alias("lost"))
    known = {row["wallet"]: row for row in truth.iter_rows(named=True)}
    first, last = bets["known_ts"].min(), bets["known_ts"].max()
    assert isinstance(first, int)
    assert isinstance(last, int)
    assert isinstance(switch, int)
    found: dict[int, Leader] = {}
    for as_of in range(first + WEEK_NS, last, WEEK_NS):
        for row in _scan(bets.filter(pl.col("known_ts") <= as_of)).iter_rows(named=True):
            if row["wallet"] not in found:
                mine = bets.filter((pl.col("wallet") == row["wallet"]) & (pl.col("known_ts") > as_of))
                found[row["wallet"]] = _leader(row, known[row["wallet"]], mine, (as_of, switch))
    return list(found.values())


def _scan(bets: pl.DataFrame) -> pl.DataFrame:
    """The wallets that pass, with mean, shrunk edge and spread of an event group's edge."""
    groups = bets.group_by("wallet", "group").agg(pl.col("edge_micro").mean(), pl.len().alias("bets"))
    judged = (
        groups.group_by("wallet")
        .agg(
            pl.col("edge_micro").mean().alias("mean"),
            pl.col("edge_micro").std().alias("spread"),
            pl.len().alias("groups"),
            pl.col("bets").sum(),
        )
        .filter((pl.col("bets") >= LEAST_BETS) & (pl.col("groups") >= LEAST_GROUPS) & (pl.col("spread") > 0.0))
        .sort("wallet")
    )
    if not judged.height:
        return judged
    errors = judged["spread"].to_numpy() / np.sqrt(judged["groups"].to_numpy())
    shrunk = mixture_shrink(judged["mean"].to_numpy(), errors).means
    lower = judged["mean"].to_numpy() - Z95 * errors
    return judged.with_columns(pl.Series("shrunk", shrunk)).filter(pl.Series(np.minimum(lower, shrunk) > 0.0))


def _leader(score: dict[str, float], truth: dict[str, int], bets: pl.DataFrame, times: tuple[int, int]) -> Leader:
    """His outcomes week by week and group by group, as scans would tell them."""
    as_of, switch = times
    told = (
        bets.with_columns(
            ((pl.col("known_ts") - as_of - 1) // WEEK_NS).alias("week"), (pl.col("ts") > switch).alias("since")
        )
        .group_by("week", "group")
        .agg(
            pl.col("known_ts").max(),
            pl.col("edge_micro", "cost_micro").sum() // pl.len(),
            pl.col("since").sum().cast(pl.Int64),
        )
        .sort("week", "known_ts", "group")
    )
    return Leader(
        label=str(truth["label"]),
        edge_micro=max(truth["edge_micro"], 0),
        lost=bool(truth["lost"]),
        early=as_of < switch,
        mean_micro=round(score["mean"]),
        promised_micro=max(round(score["shrunk"]), 1),
        spread_micro=round(score["spread"]),
        groups=int(score["groups"]),
        edges=told["edge_micro"].to_numpy().astype(np.int64),
        costs=told["cost_micro"].to_numpy().astype(np.int64),
        since=told["since"].cum_sum().to_numpy().astype(np.int64),
    )
