"""Row checks that every importer shares: what makes a row unusable, and how the unusable ones are kept and counted."""

import polars as pl

_PRICE_MAX = 1_000_000
_SIZE_MAX = 10**15
"""A billion shares: no fill was ever near it, and sums of thousands of such rows still fit 64 bits."""


def price_reasons(column: str = "price_micro") -> dict[str, pl.Expr]:
    """Reasons for which a price is unusable; NaN and null have become null before."""
    price = pl.col(column)
    return {
        "price_missing": price.is_null(),
        "price_negative": price < 0,
        "price_above_one": price > _PRICE_MAX,
    }


def size_reasons(column: str = "size_micro") -> dict[str, pl.Expr]:
    """Reasons for which a size is unusable."""
    size = pl.col(column)
    return {"size_missing": size.is_null(), "size_not_positive": size <= 0, "size_too_large": size > _SIZE_MAX}


def time_reasons(column: str = "ts") -> dict[str, pl.Expr]:
    """Reasons for which a time is unusable."""
    return {"time_missing": pl.col(column).is_null() | (pl.col(column) <= 0)}


def split_rejects(frame: pl.DataFrame, reasons: dict[str, pl.Expr]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows without a fault, and the others as `rejects` rows with their first reason and their text."""
    chain = pl.lit(None, dtype=pl.String)
    for reason, condition in reversed(reasons.items()):
        chain = pl.when(condition.fill_null(value=False)).then(pl.lit(reason)).otherwise(chain)
    marked = frame.with_columns(chain.alias("reason"))
    bad = marked.filter(pl.col("reason").is_not_null())
    if bad.is_empty():
        return frame, pl.DataFrame(
            schema={"source": pl.Int16, "source_row": pl.Int64, "reason": pl.String, "row": pl.String}
        )
    good = marked.filter(pl.col("reason").is_null()).drop("reason")
    text = pl.struct(pl.exclude("source", "source_row", "reason")).struct.json_encode().alias("row")
    return good, bad.select(pl.col("source").cast(pl.Int16), pl.col("source_row").cast(pl.Int64), "reason", text)


def count_by_source(frame: pl.DataFrame, key: str = "reason") -> dict[int, dict[str, int]]:
    """Rows per source index and value of `key`, in sorted order."""
    counts: dict[int, dict[str, int]] = {}
    for source, reason, rows in frame.group_by("source", key).len().sort("source", key).rows():
        counts.setdefault(source, {})[reason] = rows
    return counts
