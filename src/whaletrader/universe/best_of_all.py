"""Is the best of all judged wallets better than the luckiest of so many would be? White's and Hansen's tests.

A model is a judged wallet under a policy, a period a day, its gain the edges of the bets that settled on that day, one
share each. A universe that does not fit into memory at once is not tested.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.domain.values import MICRO
from whaletrader.quant.reality_check import superior_ability
from whaletrader.quant.stationary import stationary_indices
from whaletrader.universe.bets import BetTable, bet_table
from whaletrader.universe.follower import follower_inputs, price_inputs
from whaletrader.universe.policies import policy_params
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.source import TableSource

Floats = NDArray[np.float64]

MEAN_BLOCK_DAYS = 10.0
RESAMPLES = 1_000
MOST_CELLS = 20_000_000
"""Days times wallets that are tested at once."""


@dataclass(frozen=True, slots=True)
class BestOfAll:
    """p-values of "no judged wallet has an edge": White's Reality Check, and Hansen's consistent one, studentised.

    One over the number of resamples stands for that or less.
    """

    reality_check_p: float
    superior_ability_p: float
    wallets: int
    days: int


def best_of_all(source: TableSource, frame: pl.DataFrame, params: ScoreParams) -> dict[str, BestOfAll]:
    """Both tests by kind of leader event, over all policies of `params`; `frame` is the leaderboard they led to."""
    inputs = follower_inputs(source)
    judged = frame.filter(pl.col("withheld").is_null())
    found: dict[str, list[BetTable]] = {}
    for policy in params.policies:
        priced = price_inputs(inputs, policy_params(policy, params.follower))
        bets = bet_table(priced.at(params.as_of_ts, params.since_ts), policy)
        own = judged.filter(pl.col("policy").cast(pl.String) == policy)
        for kind in sorted(set(own["kind"].cast(pl.String).to_list())):
            wallets = own.filter(pl.col("kind").cast(pl.String) == kind)["wallet"]
            found.setdefault(kind, []).append(_of_units(bets, kind, wallets))
    results = {kind: best_of(tables, params.seed) for kind, tables in found.items()}
    return {kind: result for kind, result in results.items() if result is not None}


def best_of(tables: list[BetTable], seed: int) -> BestOfAll | None:
    """Both tests over all units of some tables; None without units, or where they do not fit."""
    units = sum(table.offsets.size - 1 for table in tables)
    if units == 0:
        return None
    first = min(int(table.entry_day.min()) for table in tables)
    days = max(int(table.exit_day.max()) for table in tables) - first + 1
    if days * units > MOST_CELLS:
        return None
    gains = np.concatenate([daily_gains(table, first, days) for table in tables], axis=1)
    resamples = stationary_indices(days, RESAMPLES, MEAN_BLOCK_DAYS, seed=seed)
    nothing = np.zeros(days)
    white = superior_ability(nothing, -gains, resamples, mean_block=MEAN_BLOCK_DAYS, studentise=False).upper
    hansen = superior_ability(nothing, -gains, resamples, mean_block=MEAN_BLOCK_DAYS).consistent
    least = 1.0 / RESAMPLES
    return BestOfAll(max(white, least), max(hansen, least), units, days)


def daily_gains(bets: BetTable, first_day: int, days: int) -> Floats:
    """Edge per share of the bets that settled on each day, shape (days, units)."""
    units = bets.offsets.size - 1
    gains = np.zeros((days, units))
    unit = np.repeat(np.arange(units), np.diff(bets.offsets))
    np.add.at(gains, (bets.exit_day - first_day, unit), bets.edge / MICRO)
    return gains


def _of_units(bets: BetTable, kind: str, wallets: pl.Series) -> BetTable:
    """The bets of some wallets of a kind."""
    same = bets.units["kind"].cast(pl.String) == kind
    chosen = np.flatnonzero((same & bets.units["wallet"].is_in(wallets.implode())).to_numpy())
    lengths = np.diff(bets.offsets)[chosen]
    rows = np.concatenate([np.zeros(0, np.int64), *(np.arange(bets.offsets[u], bets.offsets[u + 1]) for u in chosen)])
    columns = {name: getattr(bets, name)[rows] for name in BetTable.__slots__ if name not in ("units", "offsets")}
    offsets = np.append(0, lengths.cumsum()).astype(np.int64)
    return BetTable(units=bets.units[chosen.tolist()], offsets=offsets, **columns)
