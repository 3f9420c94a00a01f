"""Who is worth copying: every wallet's follower edge per share, with bounds that know that bets settle together.

Three stages: `collect` prices, settles and adds up (a part of the markets at a time), `judge` looks at each wallet by
itself, `leaderboard` at all of them together. A dataset of many trades goes through files part by part, any other one
is a single part in memory; the stages are the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from whaletrader.datasets.store import Dataset
from whaletrader.ports.executor import Executor
from whaletrader.universe.collect import collect, collect_tables, tallies_added
from whaletrader.universe.follower import FollowerTable
from whaletrader.universe.judge import judge
from whaletrader.universe.leaderboard import leaderboard
from whaletrader.universe.ledger_tape import LedgerTape
from whaletrader.universe.partitions import rows_of, work_folder
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.source import TableSource
from whaletrader.universe.streaming import score_in_parts
from whaletrader.universe.tallied import edge_tallied, funnel_tallied, provenance_tallied
from whaletrader.universe.thresholds import thresholds_hash

__all__ = ["ScoreParams", "Scores", "score_table", "score_tables", "score_universe"]

TRADES_IN_MEMORY = 2_000_000
"""Beyond, a dataset is scored in parts."""
TRADES_PER_PART = 1_500_000


@dataclass(frozen=True, slots=True)
class Scores:
    """The leaderboard (best lower bound first, per policy and kind), the funnels it rests on, and where it came from.

    `funnel` and `summary` count events; `counts` counts wallets by step, `withheld` those without a verdict by reason.
    `fee_provenance` counts priced events by provenance of the fee schedule; its `assumed_spread` those of them that
    were priced without a quote. `thresholds` is the sha256 of the committed rules.
    """

    frame: pl.DataFrame
    funnel: pl.DataFrame
    summary: pl.DataFrame
    fee_provenance: pl.DataFrame
    counts: pl.DataFrame
    withheld: pl.DataFrame
    params: ScoreParams
    fingerprint: str
    thresholds: str


def score_universe(
    source: TableSource,
    params: ScoreParams | None = None,
    *,
    executor: Executor | None = None,
    work_dir: Path | None = None,
    partitions: int | None = None,
) -> Scores:
    """Price, settle and score all wallets of a dataset as known at `params.as_of_ts`.

    Many parts go through files in `work_dir` (which all machines of the executor must see), by default one part for
    every 1.5 million trades of a dataset with more than two million.
    """
    params = params or ScoreParams()
    parts = _parts(source) if partitions is None else partitions
    if parts <= 1:
        found = collect(source, params)
        judged, tallies = judge(found, params), found.tallies
    else:
        with work_folder(work_dir) as folder:
            judged, tallies = score_in_parts(source, params, parts, executor, folder)
    return _scores(judged, tallies, source.table("wallets"), params, source.fingerprint)


def score_table(
    table: FollowerTable, params: ScoreParams, tape: LedgerTape | None = None, trades: pl.DataFrame | None = None
) -> Scores:
    """Scores at a date from a table priced once, which stands for the first policy of `params`."""
    return score_tables({params.policies[0]: table}, params, tape, trades)


def score_tables(
    tables: Mapping[str, FollowerTable],
    params: ScoreParams,
    tape: LedgerTape | None = None,
    trades: pl.DataFrame | None = None,
) -> Scores:
    """Scores from tables priced once, one per policy of `params`.

    Without a ledger tape the wallets' own P&L is not known, without the usable trades not what they traded.
    """
    assert tuple(tables) == params.policies, "one table per policy, in their order"
    found = collect_tables(tables, params, tape, trades)
    first = tables[params.policies[0]]
    return _scores(judge(found, params), found.tallies, first.addresses, params, first.fingerprint)


def _parts(source: TableSource) -> int:
    trades = rows_of(source, "trades") if isinstance(source, Dataset) else 0
    return 1 if trades <= TRADES_IN_MEMORY else -(-trades // TRADES_PER_PART)


def _scores(
    judged: pl.DataFrame, parts: pl.DataFrame, wallets: pl.DataFrame, params: ScoreParams, fingerprint: str
) -> Scores:
    board, tallies = leaderboard(judged, wallets, params), tallies_added(parts)
    return Scores(
        frame=board.frame,
        funnel=funnel_tallied(tallies, params.policies),
        summary=edge_tallied(tallies),
        fee_provenance=provenance_tallied(tallies),
        counts=board.counts,
        withheld=board.withheld,
        params=params,
        fingerprint=fingerprint,
        thresholds=thresholds_hash(),
    )
