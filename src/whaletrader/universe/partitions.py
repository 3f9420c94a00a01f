"""Parts a dataset by market into files that are scored one at a time, so that memory does not grow with the tape.

Rows keep the dataset's order within a market. What is small or asked for by code is kept whole: markets, tokens, fees.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.datasets.schema import NO_ID, TABLES
from whaletrader.datasets.store import Dataset
from whaletrader.domain.values import TapeSide
from whaletrader.errors import DataError, StorageError
from whaletrader.universe.entries import LARGE, STAKE_MICRO, large_entries
from whaletrader.universe.excluded import VENUE_ADDRESSES
from whaletrader.universe.source import TableSource

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

CHUNK_ROWS = 2_000_000
"""Rows of a table that are held at a time while it is parted."""
PARTED = ("trades", "activity", "signals", "quotes")
_COLUMNS = {
    "trades": [name for name in TABLES["trades"] if name not in ("source", "source_row")],
    "activity": [name for name in TABLES["activity"] if name not in ("source", "source_row")],
    "signals": [name for name in TABLES["signals"] if name not in ("source", "source_row")],
    "quotes": ["ts", "token", "bid_micro", "ask_micro"],
    "markets": ["market", "category", "event_group", "resolved", "payout0_micro", "resolved_ts"],
    "tokens": ["token", "market", "outcome_index"],
    "fee_schedules": list(TABLES["fee_schedules"]),
}
"""What scoring reads of each table."""
_PREFIX, _LOCK = "whaletrader-score-", "whaletrader.lock"
"""Of a run's folder and the file in it: in a folder that the user named nothing of his own may be taken for one."""


@dataclass(frozen=True, slots=True)
class MarketPartition:
    """Fills the protocol `TableSource` from work files: the rows of some markets, and what belongs to all.

    Its wallets are only those that are treated unlike the others: the venue's own and truncated ones.
    """

    fingerprint: str
    files: dict[str, tuple[str, ...]]

    def has(self, name: str) -> bool:
        """Whether the partition has rows of the table."""
        return bool(self.files.get(name))

    def table(self, name: str) -> pl.DataFrame:
        """The partition's rows of a table, in the dataset's order; the columns that scoring reads."""
        if not self.has(name):
            wanted = _COLUMNS.get(name, list(TABLES[name]))
            return pl.DataFrame(schema={column: TABLES[name][column] for column in wanted})
        return read_work_files(self.files[name])

    def remove_rows(self) -> None:
        """Remove the files that are this partition's alone, to make room."""
        for name in PARTED:
            for file in self.files.get(name, ()):
                Path(file).unlink(missing_ok=True)


def read_work_files(files: tuple[str, ...]) -> pl.DataFrame:
    """Read files of the work folder; `DataError` where one is gone or broken."""
    try:
        return pl.read_parquet(list(files), glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        told = str(error).partition("\n")[0]
        raise DataError(f"a work file of the scoring cannot be read ({told}); score again") from None


def write_work_file(frame: pl.DataFrame, path: Path, row_group: int = 1 << 18) -> str:
    """Write a file of the work folder and return its path; `StorageError` where it cannot be written."""
    try:
        frame.write_parquet(path, compression="lz4", statistics=True, row_group_size=row_group)
    except (pl.exceptions.PolarsError, OSError) as error:  # polars tells a full disk as a ComputeError
        told = str(error).partition("\n")[0]
        raise StorageError(f"cannot write into the work folder ({told}); make room, or choose another one") from None
    return str(path)


@contextmanager
def work_folder(parent: Path | None) -> Iterator[Path]:
    """A folder for one run, removed at its end; what runs that were killed have left in `parent` is removed first."""
    base = parent or Path(tempfile.gettempdir()) / f"whaletrader-score-{os.getuid()}"
    try:
        base.mkdir(parents=True, exist_ok=True)
        _remove_left(base)
        folder, lock = _locked(base)
    except OSError as error:
        raise StorageError(f"cannot work in {base}: {error.strerror}; choose another folder") from None
    with lock:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _locked(base: Path) -> tuple[Path, TextIO]:
    """A new folder and its lock, held; anew where another run took the folder for a dead one's before it was locked."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        lock = (folder / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / _LOCK).exists():
            return folder, lock
        lock.close()


def _remove_left(base: Path) -> None:
    """Remove the folders whose run is no more: its lock is free."""
    for folder in sorted(base.glob(f"{_PREFIX}*")):
        try:
            with (folder / _LOCK).open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # another run's, or one that is just being made


def rows_of(source: TableSource, name: str) -> int:
    """How many rows a table has, from the manifest where there is one."""
    if isinstance(source, Dataset):
        entry = source.manifest.tables.get(name)
        return 0 if entry is None else entry.rows
    return source.table(name).height


def chunks(source: TableSource, name: str, columns: list[str]) -> Iterator[pl.DataFrame]:
    """The rows of a table in order, some at a time; `DataError` where a file cannot be read."""
    if not isinstance(source, Dataset):
        yield from source.table(name).select(columns).iter_slices(CHUNK_ROWS)
        return
    rows = source.scan(name).select(columns)
    for first in range(0, rows_of(source, name), CHUNK_ROWS):
        try:
            yield rows.slice(first, CHUNK_ROWS).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            told = str(error).partition("\n")[0]
            raise DataError(
                f"table {name} of {source.path} cannot be read ({told}); check it with `whaletrader data verify`"
            ) from None


def balanced(counts: Ints, parts: int) -> Ints:
    """Bounds of at most so many runs of codes with about equal counts: ascending, from 0 to the number of codes."""
    total = counts.cumsum()
    wanted = np.arange(1, parts) * (int(total[-1]) / parts if total.size else 0.0)
    inner = np.searchsorted(total, wanted, side="left") + 1
    return np.unique(np.concatenate([[0], np.minimum(inner, counts.size), [counts.size]]))


def part_by_market(
    source: TableSource, folder: Path, bounds: Ints, large: Mapping[str, Flags] | None = None
) -> list[MarketPartition]:
    """Write the parted tables; partition i has markets bounds[i] to bounds[i + 1] - 1, the last unknown ones too.

    `large` says of a table's rows whether they are large entries (see `large_rows`), which no part alone can say.
    """
    shared = _shared(source, folder)
    files: list[dict[str, list[str]]] = [{name: [] for name in PARTED} for _ in bounds[1:]]
    homes = _homes(source)
    for name in PARTED:
        for number, chunk in enumerate(_flagged(chunks(source, name, _COLUMNS[name]), (large or {}).get(name))):
            for part, rows in _split(chunk, _markets(chunk, homes), bounds):
                files[part][name].append(write_work_file(rows, folder / f"{name}-{part}-{number}.parquet"))
    made = [{name: tuple(found) for name, found in each.items() if found} for each in files]
    return [MarketPartition(source.fingerprint, {**shared, **each}) for each in made]


def large_rows(source: TableSource, name: str, wallets: Sequence[tuple[int, int]]) -> Flags:
    """Which rows of trades or signals belong to a large entry of their wallet; the wallets of one range at a time."""
    table = source.scan(name) if isinstance(source, Dataset) else source.table(name).lazy()
    entries = (
        (pl.col("side") == int(TapeSide.BUY)) & (pl.col("dup_rank") == 0) if name == "trades" else pl.lit(value=True)
    )
    rows = (
        table.with_row_index("row")
        .filter(entries)
        .select("row", "wallet", "token", "ts", STAKE_MICRO.alias("stake_micro"))
    )
    flags = np.zeros(rows_of(source, name), np.bool_)
    for first, end in wallets:
        mine = rows.filter((pl.col("wallet") >= first) & (pl.col("wallet") < end)).collect()
        flags[mine["row"].to_numpy()] = large_entries(mine)
    return flags


def _flagged(found: Iterator[pl.DataFrame], flags: Flags | None) -> Iterator[pl.DataFrame]:
    first = 0
    for chunk in found:
        end = first + chunk.height
        yield chunk if flags is None else chunk.with_columns(pl.Series(LARGE, flags[first:end]))
        first = end


def _shared(source: TableSource, folder: Path) -> dict[str, tuple[str, ...]]:
    unlike = source.table("wallets").filter(pl.col("truncated") | pl.col("address").is_in(sorted(VENUE_ADDRESSES)))
    frames = {"wallets": unlike} | {
        name: source.table(name).select(_COLUMNS[name]) for name in ("markets", "tokens", "fee_schedules")
    }
    return {
        name: (write_work_file(frame, folder / f"{name}.parquet"),) for name, frame in frames.items() if frame.height
    }


def _homes(source: TableSource) -> NDArray[np.uint32]:
    """The market of every token, and none for any other code."""
    markets = source.table("tokens")["market"].to_numpy()
    return np.append(markets, np.uint32(NO_ID))


def _markets(chunk: pl.DataFrame, homes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The market of every row; quotes name their token only."""
    if "market" in chunk.columns:
        return chunk["market"].to_numpy()
    found: NDArray[np.uint32] = homes[np.minimum(chunk["token"].to_numpy(), homes.size - 1)]
    return found


def _split(chunk: pl.DataFrame, market: NDArray[np.uint32], bounds: Ints) -> Iterator[tuple[int, pl.DataFrame]]:
    parts = bounds.size - 1
    part = np.minimum(np.searchsorted(bounds, market, side="right") - 1, parts - 1).astype(np.int16)
    order = np.argsort(part, kind="stable")
    ends = np.searchsorted(part[order], np.arange(parts + 1))
    ordered = chunk[order]
    for number in range(parts):
        if ends[number + 1] > ends[number]:
            yield number, ordered[int(ends[number]) : int(ends[number + 1])]
