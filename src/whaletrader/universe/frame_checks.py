"""Checks of a notebook's frames before they are used: columns, types, nulls, ranges, repeats; one sentence each."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from whaletrader.errors import SchemaError

Kind = Literal["text", "number", "whole", "time"]
_NEEDED = {"text": "text", "number": "numbers", "whole": "whole numbers", "time": "datetimes"}


@dataclass(frozen=True, slots=True)
class Column:
    """What a column must be; `low` and `high` are inside the range, `words` are all that a text may be."""

    name: str
    kind: Kind
    required: bool = True
    nulls: bool = False
    low: float | None = None
    high: float | None = None
    words: tuple[str, ...] = ()


def checked(frame: pl.DataFrame, name: str, columns: tuple[Column, ...], unique: tuple[str, ...] = ()) -> pl.DataFrame:
    """The known columns in one form (text, floats, whole numbers, UTC nanoseconds); absent ones are null.

    `SchemaError` names the table and the first column that cannot be used, and says what to do.
    """
    if not isinstance(frame, pl.DataFrame):
        raise SchemaError(f"{name} must be a polars DataFrame, not {type(frame).__name__}")
    found = []
    for column in columns:
        if column.name in frame.columns:
            found.append(_checked_column(frame[column.name], name, column))
        elif column.required:
            wanted = ", ".join(each.name for each in columns if each.required)
            raise SchemaError(f"{name} lacks the column {column.name}; it needs {wanted}")
        else:
            found.append(pl.Series(column.name, [None] * frame.height, dtype=_form(column.kind)))
    out = pl.DataFrame(found)
    for key in unique:
        _once(out[key], name)
    return out


def known_in(frame: pl.DataFrame, name: str, column: str, of: pl.DataFrame, other: str) -> None:
    """`SchemaError` where a value does not stand in the other table."""
    missing = frame.join(of.select(column), on=column, how="anti")
    if missing.height:
        value = missing[column][0]
        raise SchemaError(
            f"{name}.{column} has {value!r}, which {other}.{column} does not; add it there, or drop its rows"
        )


def without_repeats(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """`SchemaError` where a row repeats another one in every column: it would count twice."""
    again = ~frame.select(pl.struct(pl.all()).is_first_distinct().alias("first"))["first"]
    if again.any():
        raise SchemaError(
            f"{name} has {int(again.sum()):,} rows that repeat another one, the first in row {_first(again)}; drop "
            "them with .unique(maintain_order=True), or tell them apart by their transaction"
        )
    return frame


def _form(kind: Kind) -> pl.DataType:
    return {"text": pl.String(), "number": pl.Float64(), "whole": pl.Int64(), "time": pl.Int64()}[kind]


def _checked_column(values: pl.Series, name: str, column: Column) -> pl.Series:
    where = f"{name}.{column.name}"
    series = _converted(values, where, column.kind)
    missing = series.null_count()
    if missing and not column.nulls:
        raise SchemaError(
            f"{where} has {missing:,} null{'s' if missing > 1 else ''}, the first in row {_first(series.is_null())}"
        )
    _refuse(series, series.is_not_null() & ~_inside(series, column), where, _range(column))
    return series


def _converted(values: pl.Series, where: str, kind: Kind) -> pl.Series:
    dtype = values.dtype
    if dtype == pl.Null:
        return values.cast(_form(kind))
    if kind == "time" and isinstance(dtype, pl.Datetime):
        utc = values if dtype.time_zone is None else values.dt.convert_time_zone("UTC")
        return utc.dt.epoch("ns")
    if kind == "text" and dtype in (pl.String, pl.Categorical, pl.Enum):
        return values.cast(pl.String)
    if kind == "whole" and dtype.is_integer():
        return values.cast(pl.Int64)
    if kind == "number" and (dtype.is_numeric() or dtype.is_decimal()):
        series = values.cast(pl.Float64)
        _refuse(series, (series.is_nan() | series.is_infinite()).fill_null(value=False), where, "finite")
        return series
    raise SchemaError(f"{where} is {dtype}; it must be {_NEEDED[kind]}")


def _inside(series: pl.Series, column: Column) -> pl.Series:
    good = pl.Series([True] * len(series), dtype=pl.Boolean)
    if column.words:
        good = series.is_in(list(column.words))
    if column.low is not None:
        good = good & (series >= column.low)
    if column.high is not None:
        good = good & (series <= column.high)
    return good.fill_null(value=False)


def _range(column: Column) -> str:
    if column.words:
        return f"one of {', '.join(column.words)}"
    ends = [] if column.low is None else [f"at least {column.low:g}"]
    return " and ".join(ends + ([] if column.high is None else [f"at most {column.high:g}"]))


def _refuse(series: pl.Series, bad: pl.Series, where: str, needed: str) -> None:
    if bad.any():
        row = _first(bad)
        raise SchemaError(f"{where} has {series[row]!r} in row {row}; it must be {needed}")


def _first(mask: pl.Series) -> int:
    found = mask.arg_max()
    assert found is not None
    return found


def _once(series: pl.Series, name: str) -> None:
    twice = series.is_duplicated()
    if twice.any():
        raise SchemaError(f"{name}.{series.name} has {series[_first(twice)]!r} more than once; keep one row of each")
