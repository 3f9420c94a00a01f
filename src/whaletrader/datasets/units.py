"""Columnar conversions of source values into canonical ones: micro-units, nanoseconds, normalised text; expressions
only.
"""

import polars as pl

from whaletrader.domain.values import MICRO, NANOS


def micro(column: str) -> pl.Expr:
    """Whole units (any float) to int64 micro-units, nearest; null and NaN become null."""
    value = pl.col(column).cast(pl.Float64)
    scaled = (value * MICRO).round(0, mode="half_to_even")
    return pl.when(value.is_finite() & (value.abs() < 9e12)).then(scaled).cast(pl.Int64).alias(column)


def seconds_to_ns(column: str) -> pl.Expr:
    """Unix seconds (int) to nanoseconds; what would not fit (milliseconds given as seconds) becomes null."""
    return _scaled(column, NANOS)


def millis_to_ns(column: str) -> pl.Expr:
    """Unix milliseconds (int) to nanoseconds; what would not fit becomes null."""
    return _scaled(column, NANOS // 1000)


def _scaled(column: str, factor: int) -> pl.Expr:
    value = pl.col(column).cast(pl.Int64)
    largest = (1 << 63) // factor
    return pl.when(value.is_between(-largest, largest, closed="none")).then(value * factor)


def iso_to_ns(column: str) -> pl.Expr:
    """The venue's three spellings of a UTC date-time, or a bare date, to nanoseconds; anything else becomes null."""
    text = pl.col(column).cast(pl.String).str.strip_chars()
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ns"))
    clock = text.str.extract(r"^\d{4}-\d\d-\d\d[T ](\d\d:\d\d:\d\d)", 1)
    part = clock.str.to_time("%H:%M:%S", strict=False).cast(pl.Int64).fill_null(0)
    parsed = day.cast(pl.Int64) + part
    return pl.when(parsed > 0).then(parsed)


def address(column: str) -> pl.Expr:
    """A wallet or a condition id in lower case; empty text becomes null."""
    return blank_to_null(pl.col(column).cast(pl.String).str.strip_chars().str.to_lowercase())


def blank_to_null(text: pl.Expr) -> pl.Expr:
    """Empty text, and the text `nan` that some exports write for nothing, as null."""
    return pl.when(~text.is_in(["", "nan", "NaN", "None"])).then(text)
