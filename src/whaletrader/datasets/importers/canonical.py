"""Imports tables that are canonical already: checks ids, prices, sizes and order, sorts, and writes; rows keep their
codes.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from whaletrader.datasets.importers.checks import price_reasons, size_reasons, split_rejects, time_reasons
from whaletrader.datasets.importers.staging import StagingArea, file_sha256
from whaletrader.datasets.manifest import MANIFEST_FILE, Kind, SourceEntry, read_manifest
from whaletrader.datasets.schema import DICTIONARIES, NO_ID, TABLES
from whaletrader.datasets.store import Dataset, check_schema
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.errors import SchemaError, UsageError

_ORDER = (*DICTIONARIES, *(name for name in TABLES if name not in (*DICTIONARIES, "rejects")))


@dataclass
class _Limits:
    rows: dict[str, int]


def import_canonical(source: Path | str, into: Path | str) -> Dataset:
    """Copy a folder of canonical tables (`<table>.parquet` or `<table>/*.parquet`, or a dataset) into a dataset."""
    folder = Path(source)
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; give the folder of canonical tables")
    if StagingArea(Path(into)).keys():
        raise UsageError(f"{into} holds an imported dataset that canonical tables would replace; choose another folder")
    former = read_manifest(folder) if (folder / MANIFEST_FILE).is_file() else None
    kind: Kind = former.kind if former else "real"
    writer = DatasetWriter(into, former.name if former else folder.name, kind, former.seed if former else None)
    for entry in former.sources if former else []:
        writer.add_source(entry)
    limits = _Limits({})
    rejects: list[pl.DataFrame] = []
    for table in _ORDER:
        parts = _parts(folder, table, former.tables[table].files if former and table in former.tables else [])
        _copy(writer, table, parts, limits, rejects, keep_sources=former is not None)
    if not limits.rows:
        raise SchemaError(f"{folder} has no canonical table; they are {', '.join(TABLES)}")
    if rejects:
        writer.write("rejects", pl.concat(rejects))
    return writer.finish()


def _parts(folder: Path, table: str, named: list[str]) -> list[Path]:
    if named:
        return [folder / name for name in named]
    single = folder / f"{table}.parquet"
    return [single] if single.is_file() else sorted((folder / table).glob("*.parquet"))


def _copy(
    writer: DatasetWriter,
    table: str,
    parts: list[Path],
    limits: _Limits,
    rejects: list[pl.DataFrame],
    *,
    keep_sources: bool,
) -> None:
    count = 0
    for file in parts:
        frame = pl.read_parquet(file, memory_map=True)
        check_schema(table, dict(frame.schema), str(file))
        good, bad = split_rejects(frame.select(list(TABLES[table])), _faults(table, limits))
        if bad.height:
            rejects.append(bad)
        if not keep_sources:
            writer.add_source(
                SourceEntry(
                    name=f"{table}:{file.name}",
                    file=file.name,
                    sha256=file_sha256(file),
                    importer="canonical/1",
                    table=table,
                    rows_in=frame.height,
                    rows_out=good.height,
                    dropped=_total(bad),
                )
            )
        writer.write(table, good)
        count += good.height
    if parts:
        limits.rows[table] = count


def _total(bad: pl.DataFrame) -> dict[str, int]:
    return dict(bad.group_by("reason").len().sort("reason").rows()) if bad.height else {}


def _faults(table: str, limits: _Limits) -> dict[str, pl.Expr]:
    """What makes a canonical row unusable; dictionaries are checked by the writer and by `verify`."""
    if table != "trades":
        return {}
    faults = {**time_reasons(), **price_reasons(), **size_reasons()}
    for column, dictionary in (("market", "markets"), ("token", "tokens"), ("wallet", "wallets")):
        faults[f"{column}_unknown"] = pl.col(column).is_null() | (pl.col(column) >= limits.rows.get(dictionary, 0))
    faults["outcome_unknown"] = ~pl.col("outcome_index").is_in([0, 1]).fill_null(value=False)
    own_token = pl.col("market").cast(pl.Int64) * 2 + pl.col("outcome_index")
    faults["token_contradicts_market"] = pl.col("token") != own_token
    faults["side_unknown"] = ~pl.col("side").is_between(0, 1).fill_null(value=False)
    unknown = pl.col("transaction") >= limits.rows.get("transactions", 0)
    faults["transaction_unknown"] = pl.col("transaction").is_null() | (unknown & (pl.col("transaction") != NO_ID))
    faults["fee_negative"] = pl.col("fee_micro") < 0
    faults["value_missing"] = pl.any_horizontal(pl.col("role", "dup_rank", "source", "source_row").is_null())
    return faults
