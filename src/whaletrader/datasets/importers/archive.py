"""Finds what a folder of public archives holds, and who reads each file: one command for the whole history.

Every table under the folder is looked at by its columns. A cleaned or labelled form of fills whose own logs are there
too is left out, with the reason; a table that nobody knows is named.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from whaletrader.datasets.importers.archive_amm import stage_amm
from whaletrader.datasets.importers.archive_columns import ArchiveKind, is_table, kind_of_table
from whaletrader.datasets.importers.archive_fills import stage_aligned, stage_order_filled, stage_tape
from whaletrader.datasets.importers.archive_markets import numbers_of, pools_of, stage_market_table, stage_payouts
from whaletrader.datasets.importers.staging import StagedPart

Stage = Callable[[Path, str], StagedPart]
_PLAIN_LOGS = frozenset({ArchiveKind.FILLS_V1, ArchiveKind.FILLS_V2, ArchiveKind.BLOCK_FILLS})
_LOGS = _PLAIN_LOGS | {ArchiveKind.TAPE}
_FILLS = _LOGS | {ArchiveKind.NUMBERED, ArchiveKind.ALIGNED, ArchiveKind.AMM}
_PLACES = {ArchiveKind.MARKETS: 10, ArchiveKind.PAYOUTS: 11, ArchiveKind.AMM: 20}
_SAME_FILLS = "the same fills are in the logs beside it"
_TIMELESS = "splits, merges and redemptions stand there without times, and most of them name a contract, no wallet"
_UNKNOWN = "its columns are those of no archive that is known"


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A table of an archive: what it holds, in which order it is read, and by whom (None: left out, and why)."""

    path: Path
    place: int
    stage: Stage | None
    why_not: str = ""


def is_archive(place: Path) -> bool:
    """Whether a file is a table of fills of an archive, or a folder has one somewhere below it."""
    return any(kind_of_table(file) in _FILLS for file in _tables(place))


def archive_files(place: Path) -> Iterator[ArchiveFile]:
    """Every table at or below `place`, markets first, then by path."""
    kinds = [(file, kind_of_table(file)) for file in _tables(place)]
    found = {kind for _, kind in kinds}
    logs_in = {file.parent for file, kind in kinds if kind in _PLAIN_LOGS}
    tellers = [file for file, kind in kinds if kind in (ArchiveKind.POOLS, ArchiveKind.MARKETS)]
    pools = _pools(tellers) if ArchiveKind.AMM in found else None
    numbers = _numbers(kinds) if ArchiveKind.NUMBERED in found else None
    blocks = tuple(file for file, kind in kinds if kind is ArchiveKind.BLOCKS)
    for file, kind in kinds:
        why_not = _why_not(kind, found, told_beside=file.parent in logs_in)
        if kind is None or why_not:
            yield ArchiveFile(file, 90, None, why_not or _UNKNOWN)
        else:
            yield ArchiveFile(file, _PLACES.get(kind, 30), _stage(kind, pools, numbers, blocks))


def _why_not(kind: ArchiveKind | None, found: set[ArchiveKind | None], *, told_beside: bool) -> str:
    """Why a table is left out, "" where it is not: mostly because other tables tell the same in a finer form."""
    if kind is ArchiveKind.POOLS:
        return "pools tell the markets of the AMM era's trades and are no table"
    if kind is ArchiveKind.BLOCKS:
        return "blocks tell the times of logs beside them and are no table"
    if kind is ArchiveKind.CHANGES:
        return _TIMELESS
    again = (
        (kind is ArchiveKind.ALIGNED and bool(found & (_LOGS | {ArchiveKind.NUMBERED})))
        or (kind is ArchiveKind.NUMBERED and bool(found & _LOGS))
        or (kind is ArchiveKind.TAPE and told_beside)
    )
    return _SAME_FILLS if again else ""


def _stage(
    kind: ArchiveKind, pools: pl.DataFrame | None, numbers: pl.DataFrame | None, blocks: tuple[Path, ...]
) -> Stage:
    if kind is ArchiveKind.MARKETS:
        return stage_market_table
    if kind is ArchiveKind.PAYOUTS:
        return stage_payouts
    if kind is ArchiveKind.TAPE:
        return stage_tape
    if kind is ArchiveKind.NUMBERED:
        return partial(stage_tape, numbers=numbers)
    if kind is ArchiveKind.ALIGNED:
        return stage_aligned
    if kind is ArchiveKind.AMM:
        assert pools is not None
        return partial(stage_amm, pools=pools)
    return partial(stage_order_filled, kind=kind, blocks=blocks)


def _pools(tellers: list[Path]) -> pl.DataFrame:
    none = pl.DataFrame(schema={"pool": pl.String, "condition_id": pl.String})
    return pl.concat([none, *(pools_of(file) for file in tellers)]).unique("pool", keep="first", maintain_order=True)


def _numbers(kinds: list[tuple[Path, ArchiveKind | None]]) -> pl.DataFrame:
    none = pl.DataFrame(schema={"number": pl.String, "condition_id": pl.String})
    tables = [numbers_of(file) for file, kind in kinds if kind is ArchiveKind.MARKETS]
    return pl.concat([none, *tables]).unique("number", keep="first", maintain_order=True)


def _tables(place: Path) -> list[Path]:
    files = sorted(place.rglob("*")) if place.is_dir() else [place]
    return [file for file in files if is_table(file)]
