"""Imports a bundle of tables in the layout of the project's test data: which file goes where, and what has no home."""

from collections.abc import Callable, Iterator
from pathlib import Path

from whaletrader.datasets.importers.bundle_fills import stage_activity, stage_trades
from whaletrader.datasets.importers.bundle_markets import stage_markets
from whaletrader.datasets.importers.bundle_polls import stage_new_positions, stage_position_signals, stage_positions
from whaletrader.datasets.importers.bundle_prices import stage_book_levels, stage_prices, stage_quotes
from whaletrader.datasets.importers.staging import StagedPart
from whaletrader.datasets.manifest import SourceEntry

Stage = Callable[[Path, str], StagedPart]

READERS: tuple[tuple[str, Stage], ...] = (
    ("markets.parquet", stage_markets),
    ("trades.parquet", stage_trades),
    ("activity_nontrade.parquet", stage_activity),
    ("positions.parquet", stage_positions),
    ("leader_new_positions.parquet", stage_new_positions),
    ("leader_position_signals.parquet", stage_position_signals),
    ("prices_daily.parquet", stage_prices),
    ("prices_intraday.parquet", stage_prices),
    ("books/*_l2.parquet", stage_book_levels),
    ("books/*_bbo_*.parquet", stage_quotes),
)

NOT_IMPORTED: tuple[tuple[str, str], ...] = (
    ("trades_2022_midterms_amm.parquet", "times are local and the time zone is unknown"),
    ("position_history.parquet", "closed positions have no canonical table: neither snapshots nor fills"),
    ("trades_aux_whale_alerts.parquet", "most rows lack side or market"),
    ("fresh_wallet_trades.parquet", "the same fills are in the trades; wallet ages have no canonical table"),
    ("new_wallet_alerts.parquet", "third-party alerts have no canonical table"),
    ("leaderboard_snapshots.parquet", "leaderboards have no canonical table"),
    ("price_before_resolution.parquet", "a study's table: prices at offsets, not at times"),
    ("insider_labels.parquet", "third-party labels have no canonical table"),
    ("funding_transfers.parquet", "token transfers have no canonical table"),
    ("books/price_change_*.parquet", "a capture in the venue's former format"),
    ("books/*.jsonl.gz", "raw captures, read by the decoders of the live feed"),
)


def is_bundle(folder: Path) -> bool:
    """Whether the folder has the bundle's two indispensable tables."""
    return (folder / "trades.parquet").is_file() and (folder / "markets.parquet").is_file()


def bundle_files(folder: Path) -> Iterator[tuple[int, Path, Stage]]:
    """The readable files with their place in the order of assembly, markets first."""
    for place, (pattern, stage) in enumerate(READERS):
        for file in sorted(folder.glob(pattern)):
            yield place, file, stage


def skipped_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files that are there but have no home, each with the reason."""
    for pattern, reason in NOT_IMPORTED:
        for file in sorted(folder.glob(pattern)):
            yield file, reason


def stage_skipped(file: Path, sha256: str, reason: str) -> StagedPart:
    """A part without rows that keeps the reason in the manifest."""
    entry = SourceEntry(
        name=file.stem,
        file=file.name,
        sha256=sha256,
        importer="bundle/1",
        table="",
        rows_in=0,
        rows_out=0,
        not_imported=reason,
    )
    return StagedPart(sources=[entry])
