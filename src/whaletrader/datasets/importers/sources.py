"""Source entries of staged files: one per origin inside a file, with its rows counted by fate."""

from pathlib import Path

import polars as pl

from whaletrader.datasets.importers.checks import count_by_source
from whaletrader.datasets.manifest import SourceEntry


def with_origin(raw: pl.DataFrame, default: str = "") -> pl.DataFrame:
    """Add `source_row`, `origin` (the file's own `source` column, else `default`) and `source`, its index in sorted
    order.
    """
    numbered = raw.with_columns(source_row=pl.int_range(pl.len(), dtype=pl.Int64))
    origin = pl.col("source").cast(pl.String) if "source" in raw.columns else pl.lit(default)
    named = numbered.with_columns(origin=origin)
    names = sorted(named["origin"].unique().to_list())
    index = dict(zip(names, range(len(names)), strict=True))
    return named.with_columns(
        source=pl.col("origin").replace_strict(index, return_dtype=pl.Int16) if names else pl.lit(0, pl.Int16)
    )


def entries_by_origin(
    raw: pl.DataFrame,
    good: pl.DataFrame,
    rejects: pl.DataFrame,
    file: Path,
    sha256: str,
    table: str,
    doubted: dict[str, pl.Expr],
    importer: str = "bundle/1",
    mended: dict[str, pl.Expr] | None = None,
) -> list[SourceEntry]:
    """One entry per origin of `raw`; `doubted` and `mended` count the good rows for which a condition holds."""
    dropped = count_by_source(rejects)
    marks = {**doubted, **(mended or {})}
    flags = good.group_by("source").agg(rows=pl.len(), **{name: condition.sum() for name, condition in marks.items()})
    counted = {row["source"]: row for row in flags.iter_rows(named=True)}
    entries = []
    for index, origin, rows_in in raw.group_by("source", "origin").len().sort("source").rows():
        found = counted.get(index, {})
        entries.append(
            SourceEntry(
                name=f"{table}:{origin or file.stem}",
                file=file.name,
                sha256=sha256,
                importer=importer,
                table=table,
                rows_in=rows_in,
                rows_out=found.get("rows", 0),
                doubted={name: found[name] for name in doubted if found.get(name)},
                mended={name: found[name] for name in mended or {} if found.get(name)},
                dropped=dropped.get(index, {}),
            )
        )
    return entries
