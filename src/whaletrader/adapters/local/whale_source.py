"""Scans a dataset's universe: every leader event is priced once, each scan scores what was known at its time."""

from collections.abc import Sequence

import msgspec
import polars as pl

from whaletrader.adapters.local.settled import settled_outcomes
from whaletrader.config.tree import Settings
from whaletrader.domain.values import LeaderEventKind
from whaletrader.messages.leaders import FunnelStep, LeaderScore, UniverseScanned
from whaletrader.universe.follower import FollowerParams, FollowerTable, build_follower_table
from whaletrader.universe.score_params import scan_params
from whaletrader.universe.scores import Scores, score_table
from whaletrader.universe.source import TableSource

MAX_SCORES_PER_KIND = 100
"""A scan tells of the best so many of each kind; the counts are of all."""


class DatasetWhales:
    """Fills the port `whale_source` from a dataset."""

    def __init__(self, source: TableSource, settings: Settings) -> None:
        self._source = source
        self._settings = settings
        self._table: FollowerTable | None = None

    def scan(self, as_of_ts: int, followed: Sequence[str] = (), since_ts: int = 0) -> UniverseScanned:
        """Score everything known at `as_of_ts`, and tell what the followed leaders' bets brought since `since_ts`."""
        params = scan_params(self._settings, as_of_ts)
        table, markets = self._follower_table(), self._source.table("markets")
        told = scanned(score_table(table, params), as_of_ts)
        settled = settled_outcomes(table.at(as_of_ts), table.addresses, markets, followed, since_ts)
        return msgspec.structs.replace(told, since_ts=since_ts, settled=settled)

    def _follower_table(self) -> FollowerTable:
        """Price all events at the first scan: a run that never scans does not pay for it."""
        if self._table is None:
            follower = self._settings.follower
            params = FollowerParams(
                delay_s=float(follower.delay_s),
                window_s=float(follower.window_s),
                own_size_usd_micro=follower.own_size_usd_micro,
            )
            self._table = build_follower_table(self._source, params)
        return self._table


def scanned(scores: Scores, as_of_ts: int) -> UniverseScanned:
    """Turn a leaderboard into the message."""
    judged = scores.frame.filter(pl.col("lower_micro").is_not_null())
    told: list[LeaderScore] = []
    for kind in LeaderEventKind:
        told += _told(judged.filter(pl.col("kind").cast(pl.String) == kind))
    steps = scores.funnel.select(pl.col("kind").cast(pl.String), pl.col("reason").cast(pl.String), "events")
    return UniverseScanned(
        as_of_ts=as_of_ts,
        source=scores.fingerprint,
        n_wallets=scores.frame["wallet"].n_unique(),
        n_qualified=judged["wallet"].n_unique(),
        scores=tuple(told),
        funnel=tuple(FunnelStep(kind=kind, step=step, count=count) for kind, step, count in steps.iter_rows()),
    )


def _told(judged: pl.DataFrame) -> list[LeaderScore]:
    return [
        LeaderScore(
            wallet=row["address"],
            kind=str(row["kind"]),
            verdict=row["verdict"],
            n_bets=row["n_bets"],
            n_groups=row["n_groups"],
            edge_micro=row["mean_edge_micro"],
            edge_lower_micro=row["lower_micro"],
            edge_upper_micro=row["upper_micro"],
            edge_shrunk_micro=row["shrunk_micro"],
            psr_micro=-1 if row["psr_micro"] is None else row["psr_micro"],
            rank=row["rank"],
        )
        for row in judged.sort("rank").head(MAX_SCORES_PER_KIND).iter_rows(named=True)
    ]
