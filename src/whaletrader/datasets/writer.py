"""Writes a dataset: checks and sorts every table, and makes the whole visible in one atomic step.

Files are written under `.writing/`, named by their content, moved beside the manifest, and `dataset.json` is replaced
last. A process that dies in between leaves the former dataset, or none, but never a half one.
"""

import hashlib
import re
import shutil
from pathlib import Path

import polars as pl

from whaletrader.datasets.manifest import Kind, Manifest, SourceEntry, TableEntry, write_manifest
from whaletrader.datasets.schema import DICTIONARIES, SCHEMA_VERSION, TABLES, TIME_TABLES
from whaletrader.datasets.store import REQUIRED, Dataset, check_schema
from whaletrader.errors import DataError, StorageError

_SORT_EXTRA: dict[str, tuple[str, ...]] = {
    "trades": ("source", "source_row"),
    "activity": ("source", "source_row"),
    "signals": ("source", "source_row"),
    "prices": ("source",),
    "quotes": ("source",),
    "book_levels": ("source", "seq"),
    "fee_schedules": ("from_ts",),
    "positions": ("source", "source_row"),
    "rejects": ("source_row",),
    "mended": ("source_row",),
}
_WRITING = ".writing"
_OURS = re.compile(rf"({'|'.join(TABLES)})-[0-9a-f]{{16}}\.parquet")  # nothing else in the folder is ever removed


def sort_columns(table: str) -> tuple[str, ...]:
    """The columns that a table is sorted by (stable: rows that tie keep the order they came in)."""
    first = "ts" if table in TIME_TABLES else next(iter(TABLES[table]))
    return (first, *_SORT_EXTRA.get(table, ()))


class DatasetWriter:
    """Collects tables, then `finish` makes them the dataset of `path`."""

    def __init__(self, path: Path | str, name: str, kind: Kind, seed: int | None = None) -> None:
        self.path = Path(path)
        self._name, self._kind, self._seed = name, kind, seed
        self._sources: list[SourceEntry] = []
        self._tables: dict[str, TableEntry] = {}
        self._span: list[int] = []
        self._last_row: dict[str, tuple[object, ...]] = {}
        self._folder = self.path / _WRITING
        try:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True)
        except OSError as error:
            raise StorageError(
                f"cannot write a dataset into {self.path}: {error.strerror}; choose another folder"
            ) from None

    def add_source(self, entry: SourceEntry) -> int:
        """Register a source; its index is what the `source` column holds."""
        self._sources.append(entry)
        return len(self._sources) - 1

    def write(self, table: str, frame: pl.DataFrame) -> None:
        """Check, sort and store a part of `table`; a later part must not begin before the former one's end."""
        check_schema(table, dict(frame.schema), f"what is written as {table}")
        columns = list(sort_columns(table))
        part = frame.select(list(TABLES[table]))
        if not is_sorted(part, columns):
            part = part.sort(columns, maintain_order=True)
        self._check_follows(table, part, columns)
        entry = self._tables.get(table, TableEntry(rows=0, files=[], sha256=[]))
        file, digest = self._store(table, part)
        self._tables[table] = TableEntry(
            rows=entry.rows + part.height, files=[*entry.files, file], sha256=[*entry.sha256, digest]
        )
        if table in ("trades", "signals") and part.height:
            self._span += [_int(part["ts"].min()), _int(part["ts"].max())]

    def finish(self) -> Dataset:
        """Move the files into place, replace the manifest, remove what it no longer names, and open the result."""
        for table in REQUIRED:
            if table not in self._tables:
                self.write(table, pl.DataFrame(schema=TABLES[table]))
        manifest = Manifest(
            schema_version=SCHEMA_VERSION,
            name=self._name,
            kind=self._kind,
            seed=self._seed,
            sources=self._sources,
            tables=self._tables,
            first_ts=min(self._span, default=None),
            last_ts=max(self._span, default=None),
        )
        try:
            named = [file for entry in self._tables.values() for file in entry.files]
            for file in named:
                (self._folder / file).replace(self.path / file)
            write_manifest(self.path, manifest)
            for old in sorted(self.path.glob("*.parquet")):
                if old.name not in named and _OURS.fullmatch(old.name):
                    old.unlink()
            shutil.rmtree(self._folder, ignore_errors=True)
        except OSError as error:
            raise StorageError(f"cannot finish the dataset in {self.path}: {error.strerror}") from None
        return Dataset.open(self.path)

    def _check_follows(self, table: str, part: pl.DataFrame, columns: list[str]) -> None:
        if part.is_empty():
            return
        key = part.select(columns)
        if table in self._last_row and key.row(0) < self._last_row[table]:
            raise DataError(
                f"a part of table {table} begins before the end of the part before it; give the parts in order"
            )
        if table in DICTIONARIES:
            offset = self._tables[table].rows if table in self._tables else 0
            ids = part[columns[0]].cast(pl.Int64)
            if not (ids - pl.int_range(offset, offset + part.height, eager=True) == 0).all():
                raise DataError(f"the ids of table {table} are not its row numbers")
        self._last_row[table] = key.row(-1)

    def _store(self, table: str, part: pl.DataFrame) -> tuple[str, str]:
        partial = self._folder / f"{table}.partial"
        try:
            part.write_parquet(
                partial, compression="zstd", compression_level=1, statistics=True, row_group_size=1 << 19
            )
            with partial.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            name = f"{table}-{digest[:16]}.parquet"
            partial.replace(self._folder / name)
        except (OSError, pl.exceptions.ComputeError) as error:  # polars tells a full disk as a ComputeError
            raise StorageError(
                f"cannot write table {table} into {self.path} ({error}); make room, or choose another folder"
            ) from None
        return name, digest


def is_sorted(frame: pl.DataFrame, columns: list[str]) -> bool:
    """Whether the rows are in ascending order of `columns`, ties allowed, nulls not."""
    if frame.height < 2:
        return True
    strictly_before = pl.lit(value=False)
    tied = pl.lit(value=True)
    for column in columns:
        after, before = pl.col(column).slice(1), pl.col(column).slice(0, pl.len() - 1)
        strictly_before |= tied & (before < after)
        tied &= before == after
    return bool(frame.select((strictly_before | tied).fill_null(value=False).all()).item())


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
