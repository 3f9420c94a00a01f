"""Staged parts: one source file's rows in canonical units but with text ids, kept on disk by the file's digest.

An import that was killed finishes from the parts that are there; adding a source to a dataset re-reads none of the
others. A part is complete when its `part.json` exists, which is written last.
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import polars as pl

from whaletrader.datasets.manifest import SourceEntry
from whaletrader.errors import StorageError

STAGED: dict[str, dict[str, type[pl.DataType]]] = {
    "markets": {
        "condition_id": pl.String,
        "slug": pl.String,
        "question": pl.String,
        "event_slug": pl.String,
        "category": pl.String,
        "category_basis": pl.String,
        "fee_type": pl.String,
        "fees_enabled": pl.Boolean,
        "neg_risk": pl.Boolean,
        "tick_micro": pl.Int64,
        "min_order_micro": pl.Int64,
        "start_ts": pl.Int64,
        "end_ts": pl.Int64,
        "observed_ts": pl.Int64,
        "payout0_micro": pl.Int64,
        "exact_ts": pl.Int64,
        "closed_ts": pl.Int64,
        "redeemed_ts": pl.Int64,
        "upper_bound_ts": pl.Int64,
    },
    "tokens": {"token_id": pl.String, "condition_id": pl.String, "outcome_index": pl.Int8, "outcome": pl.String},
    "trades": {
        "ts": pl.Int64,
        "address": pl.String,
        "condition_id": pl.String,
        "token_id": pl.String,
        "outcome_index": pl.Int8,
        "outcome": pl.String,
        "side": pl.Int8,
        "role": pl.Int8,
        "price_micro": pl.Int64,
        "size_micro": pl.Int64,
        "fee_micro": pl.Int64,
        "tx_hash": pl.String,
        "dup_rank": pl.UInt16,
        "source": pl.Int16,
        "source_row": pl.Int64,
    },
    "activity": {
        "ts": pl.Int64,
        "address": pl.String,
        "kind": pl.String,
        "condition_id": pl.String,
        "token_id": pl.String,
        "outcome_index": pl.Int8,
        "size_micro": pl.Int64,
        "usd_micro": pl.Int64,
        "tx_hash": pl.String,
        "source": pl.Int16,
        "source_row": pl.Int64,
    },
    "positions": {
        "address": pl.String,
        "condition_id": pl.String,
        "token_id": pl.String,
        "outcome_index": pl.Int8,
        "size_micro": pl.Int64,
        "avg_price_micro": pl.Int64,
        "total_bought_micro": pl.Int64,
        "realized_pnl_micro": pl.Int64,
        "price_micro": pl.Int64,
        "redeemable": pl.Boolean,
        "first_seen_ts": pl.Int64,
        "last_seen_ts": pl.Int64,
        "source": pl.Int16,
        "source_row": pl.Int64,
    },
    "signals": {
        "ts": pl.Int64,
        "prev_seen_ts": pl.Int64,
        "address": pl.String,
        "condition_id": pl.String,
        "token_id": pl.String,
        "outcome_index": pl.Int8,
        "outcome": pl.String,
        "size_micro": pl.Int64,
        "avg_price_micro": pl.Int64,
        "price_micro": pl.Int64,
        "source": pl.Int16,
        "source_row": pl.Int64,
    },
    "prices": {
        "ts": pl.Int64,
        "token_id": pl.String,
        "condition_id": pl.String,
        "slug": pl.String,
        "outcome_index": pl.Int8,
        "price_micro": pl.Int64,
        "source": pl.Int16,
        "source_row": pl.Int64,
    },
    "quotes": {
        "ts": pl.Int64,
        "token_id": pl.String,
        "bid_micro": pl.Int64,
        "ask_micro": pl.Int64,
        "bid_size_micro": pl.Int64,
        "ask_size_micro": pl.Int64,
        "source": pl.Int16,
        "source_row": pl.Int64,
    },
    "book_levels": {
        "ts": pl.Int64,
        "seq": pl.Int64,
        "token_id": pl.String,
        "kind": pl.Int8,
        "side": pl.Int8,
        "price_micro": pl.Int64,
        "size_micro": pl.Int64,
        "source": pl.Int16,
        "source_row": pl.Int64,
    },
    "rejects": {"source": pl.Int16, "source_row": pl.Int64, "reason": pl.String, "row": pl.String},
    "coverage": {"address": pl.String, "coverage": pl.String},
    "stretches": {"address": pl.String, "from_ts": pl.Int64, "until_ts": pl.Int64, "claimed": pl.Boolean},
}
"""Columns of the staged tables; `source` is the index into the part's own sources."""

PART_FILE = "part.json"
MADE_UP = " simulated"
"""Behind an importer's name where what it read was made up."""
_ASSEMBLED = "assembled"


@dataclass
class StagedPart:
    """What one file gave: its sources (one per table and origin) and its staged tables."""

    sources: list[SourceEntry] = field(default_factory=list)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    streams: dict[str, pl.LazyFrame] = field(default_factory=dict)
    """Tables that are larger than memory may be, read when the part is written."""

    def add_lazy(self, table: str, frame: pl.LazyFrame) -> None:
        """Let a table be streamed from its source; such a table has no other rows."""
        assert table not in self.tables
        assert table not in self.streams
        self.streams[table] = frame.select(pl.col(column).cast(dtype) for column, dtype in STAGED[table].items())

    def add_facts(self, known: pl.DataFrame) -> None:
        """Append market facts; what is not there is unknown."""
        lacking = {name: pl.lit(None, dtype=dtype) for name, dtype in STAGED["markets"].items()}
        self.add("markets", known.with_columns(**{n: e for n, e in lacking.items() if n not in known.columns}))

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Append rows to a staged table, in the staged column order."""
        columns = STAGED[table]
        part = frame.select(pl.col(column).cast(dtype) for column, dtype in columns.items())
        self.tables[table] = pl.concat([self.tables[table], part]) if table in self.tables else part


def file_sha256(path: Path) -> str:
    """Digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class StagingArea:
    """The staged parts under a dataset's folder, one folder per (importer, digest)."""

    def __init__(self, dataset: Path) -> None:
        self.folder = dataset / ".staged"

    def keys(self) -> list[str]:
        """Names of the complete parts, sorted: the order in which they are assembled."""
        return sorted(part.parent.name for part in self.folder.glob(f"*/{PART_FILE}"))

    def forget(self, prefix: str, except_key: str) -> None:
        """Remove the parts whose key begins with `prefix` (not empty), but for one."""
        for part in sorted(self.folder.glob(f"{prefix}*")) if prefix else ():
            if part.name != except_key:
                shutil.rmtree(part)

    def stage(self, key: str, read: Callable[[], StagedPart]) -> bool:
        """Stage a part unless it is complete already; says whether it had to be read."""
        final = self.folder / key
        if (final / PART_FILE).is_file():
            return False
        part = read()
        try:
            self._store(final, part)
        except (OSError, pl.exceptions.ComputeError) as error:
            raise self._unwritable(error) from None
        return True

    def assembled(self) -> set[str]:
        """Keys of the parts that the dataset holds."""
        file = self.folder / _ASSEMBLED
        return set(file.read_text().split()) if file.is_file() else set()

    def mark_assembled(self) -> None:
        """Note that the dataset holds every part there is."""
        try:
            (self.folder / _ASSEMBLED).write_text("\n".join(self.keys()) + "\n")
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: Exception) -> StorageError:
        return StorageError(f"cannot write into {self.folder.parent} ({error}); make room, or choose another folder")

    def _store(self, final: Path, part: StagedPart) -> None:
        shutil.rmtree(final, ignore_errors=True)
        final.mkdir(parents=True)
        for table, frame in part.tables.items():
            frame.write_parquet(final / f"{table}.parquet", compression="lz4", statistics=False)
        for table, stream in part.streams.items():
            stream.sink_parquet(final / f"{table}.parquet", compression="lz4", statistics=True, row_group_size=1 << 18)
        body = msgspec.json.encode({"sources": part.sources, "tables": [*part.tables, *part.streams]})
        partial = final / (PART_FILE + ".partial")
        partial.write_bytes(body)
        partial.replace(final / PART_FILE)

    def sources(self, key: str) -> list[SourceEntry]:
        """The sources of a complete part."""
        return msgspec.json.decode((self.folder / key / PART_FILE).read_bytes(), type=_PartFile).sources

    def rows(self, name: str) -> int:
        """Rows of a staged table in all parts together."""
        frames = [frame for key in self.keys() if (frame := self.scan(key, name)) is not None]
        return sum(int(frame.select(pl.len()).collect().item()) for frame in frames)

    def scan(self, key: str, name: str) -> pl.LazyFrame | None:
        """A staged table of a part, unread; None where the part has none."""
        file = self.folder / key / f"{name}.parquet"
        return pl.scan_parquet(file) if file.is_file() else None

    def table(self, key: str, name: str) -> pl.DataFrame | None:
        """A staged table of a part, or None where the part has none."""
        file = self.folder / key / f"{name}.parquet"
        return pl.read_parquet(file) if file.is_file() else None


class _PartFile(msgspec.Struct, frozen=True):
    sources: list[SourceEntry]
    tables: list[str]
