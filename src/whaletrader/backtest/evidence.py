"""What the leaderboard at the data's end says: who qualifies, what placebos look like, how small an edge is visible."""

import polars as pl

from whaletrader.backtest.metrics import rounded
from whaletrader.config.tree import Settings
from whaletrader.domain.values import MICRO
from whaletrader.errors import DataError
from whaletrader.report.model import Detectable, Overlay
from whaletrader.universe.bets import resolved_bets
from whaletrader.universe.follower import KINDS, FollowerTable
from whaletrader.universe.placebo import table_boards
from whaletrader.universe.score_params import scan_params
from whaletrader.universe.scores import ScoreParams, Scores, score_table


def refuse_thin(table: FollowerTable, settings: Settings, last_ts: int) -> None:
    """`DataError` where no wallet has enough settled bets even at the data's end."""
    needed = scan_params(settings, last_ts)
    counts = resolved_bets(table, last_ts).group_by(pl.col("kind").cast(pl.String), "wallet").len()
    most = {kind: int(counts.filter(pl.col("kind") == kind)["len"].cast(pl.Int64).max() or 0) for kind in KINDS}  # type: ignore[arg-type]
    if all(most[kind] < needed.min_bets(kind) for kind in KINDS):
        told = " and ".join(f"{most[kind]} by {kind} where {needed.min_bets(kind)} are needed" for kind in KINDS)
        raise DataError(
            f"no wallet of this dataset has enough settled bets to be scored ({told}); "
            "give a longer history, or lower discovery.min_resolved_bets_fills or _signals in the settings"
        )


def overlay(table: FollowerTable, params: ScoreParams, seeds: tuple[int, ...]) -> tuple[Scores, list[Overlay]]:
    """The real leaderboard, and the same figures of mirrored and shuffled wallets."""
    real = score_table(table, params)
    rows = _overlay_rows("real", real.frame)
    for name, board in table_boards({params.policies[0]: table}, params, seeds=seeds).items():
        rows += _overlay_rows(name, board)
    return real, rows


def _overlay_rows(which: str, board: pl.DataFrame) -> list[Overlay]:
    rows = []
    for kind in KINDS:
        judged = _judged(board, kind)
        edges = judged["mean_edge_micro"]
        rows.append(
            Overlay(
                which=which,
                kind=kind,
                judged=judged.height,
                lower_above_zero=int((judged["lower_micro"] > 0).sum()),
                high_skill=int((judged["verdict"] == "HIGH_SKILL").sum()),
                median_edge=_units(edges.median()),
                best_edge=_units(edges.max()),
            )
        )
    return rows


def detectable(scores: Scores) -> list[Detectable]:
    """How far a wallet's lower bound lies below its estimate: an edge has to be greater than that to be seen."""
    rows = []
    for kind in KINDS:
        judged = _judged(scores.frame, kind)
        width = judged["mean_edge_micro"] - judged["lower_micro"]
        rows.append(
            Detectable(kind=kind, judged=judged.height, smallest=_units(width.min()), median=_units(width.median()))
        )
    return rows


def _judged(board: pl.DataFrame, kind: str) -> pl.DataFrame:
    enough = pl.col("lower_micro").is_not_null()
    return board.filter((pl.col("kind").cast(pl.String) == kind) & enough)


def _units(micro: object) -> float | None:
    return None if micro is None else rounded(float(str(micro)) / MICRO)
