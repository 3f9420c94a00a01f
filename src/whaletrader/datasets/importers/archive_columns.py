"""What kind of public archive a table is, by its columns; names are compared without case, blanks and underscores.

The columns are those that the archives' own pages document: `OrderFilled` logs on Hugging Face (SII-WANGZJ, wzsg; with
prices worked out: TimeSeventeen, and SII-WANGZJ's `trades`) and of `poly_data` (with its `trades`), TimeSeventeen's
`daily_aligned`, Gamma's markets in any of their flattened forms, the events of ConditionalTokens, and the AMM era's
`FpmmTransaction`.
"""

import re
from enum import StrEnum
from pathlib import Path

import polars as pl

from whaletrader.domain.values import NANOS

_FILLED = frozenset({"maker", "taker", "makeramountfilled", "takeramountfilled"})
_MATCHED = frozenset({"assetid", "price", "maker", "taker", "takerdirection", "usdcamount"})
_BLOCK_FILLED = frozenset(
    {"maker", "taker", "makeramount", "takeramount", "makerassetid", "takerassetid", "blocknumber"}
)
_BLOCKS = frozenset({"blocknumber", "timestamp"})
_PRICED = frozenset({"maker", "taker", "makerdirection", "tokenamount"})
_CHANGED = frozenset({"conditionid", "collateraltoken", "parentcollectionid"})
_TIMES = ("blocktimestamp", "timestamp", "blocktime", "datetime", "time", "ts")
HASHES = ("transactionhash", "txhash", "hash", "transactionid", "tx")
"""Names of the column that has the transaction's hash."""
_MILLIS_FROM = 10**11
"""Numbers from here on are milliseconds: as seconds they would lie beyond the year 5000."""
SUFFIXES = (".parquet", ".csv", ".csv.gz")


class ArchiveKind(StrEnum):
    """What the rows of a file are."""

    FILLS_V1 = "orderfilled-v1"
    FILLS_V2 = "orderfilled-v2"
    TAPE = "tape"
    """Logs with side, shares and money worked out of each, which name their token."""
    NUMBERED = "numbered"
    """The same, naming the market by Gamma's number and the token by its place."""
    CHANGES = "changes"
    """Splits, merges and redemptions of ConditionalTokens, without times."""
    ALIGNED = "aligned"
    """Matches without transactions, the takers' own logs taken out."""
    MARKETS = "markets"
    BLOCK_FILLS = "block-fills"
    """V1 logs that know their block and no time."""
    BLOCKS = "blocks"
    """Times of blocks."""
    PAYOUTS = "payouts"
    AMM = "amm"
    POOLS = "pools"


_WANTED: tuple[tuple[ArchiveKind, frozenset[str]], ...] = (
    (ArchiveKind.FILLS_V1, _FILLED | {"makerassetid", "takerassetid"}),
    (ArchiveKind.FILLS_V2, _FILLED | {"side", "tokenid"}),
    (ArchiveKind.BLOCK_FILLS, _BLOCK_FILLED),
    (ArchiveKind.TAPE, _PRICED | {"tokenassetid", "usdcamount"}),
    (ArchiveKind.TAPE, _PRICED | {"assetid", "usdamount"}),
    (ArchiveKind.NUMBERED, _PRICED | {"marketid", "nonusdcside", "usdamount"}),
    (ArchiveKind.ALIGNED, _MATCHED | {"conditionid"}),
    (ArchiveKind.AMM, frozenset({"type", "timestamp", "user", "tradeamount", "outcomeindex", "outcometokensamount"})),
    (ArchiveKind.POOLS, frozenset({"id", "conditions", "collateraltoken"})),
    (ArchiveKind.CHANGES, _CHANGED | {"stakeholder"}),
    (ArchiveKind.CHANGES, _CHANGED | {"redeemer"}),
    (ArchiveKind.PAYOUTS, frozenset({"conditionid", "payoutnumerators"})),
    (ArchiveKind.MARKETS, frozenset({"conditionid", "token1", "token2"})),
    (ArchiveKind.MARKETS, frozenset({"conditionid", "clobtokenids"})),
)


def plain(name: str) -> str:
    """A column's name without case, blanks, underscores and dots."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_table(file: Path) -> bool:
    """Whether a file's name is that of a table that can be looked at."""
    return file.is_file() and file.name.endswith(SUFFIXES)


def read_table(file: Path) -> pl.LazyFrame:
    """A file's rows under plain names; text only where it is CSV. Of two columns with one name the first counts."""
    raw = pl.scan_parquet(file) if file.name.endswith(".parquet") else pl.scan_csv(file, infer_schema=False)
    names: dict[str, str] = {}
    for name in raw.collect_schema().names():
        names.setdefault(plain(name), name)
    return raw.select(pl.col(name).alias(short) for short, name in names.items())


def kind_of_table(file: Path) -> ArchiveKind | None:
    """What a file's rows are; None where its columns are nobody's or it cannot be read."""
    try:
        columns = frozenset(read_table(file).collect_schema().names())
    except (pl.exceptions.PolarsError, OSError):
        return None
    if columns - {"fetchedat"} == _BLOCKS:
        return ArchiveKind.BLOCKS
    return next((kind for kind, wanted in _WANTED if wanted <= columns), None)


def first_name(columns: pl.Schema, *names: str) -> str | None:
    """The first of several names that a table has."""
    return next((name for name in names if name in columns), None)


def text_of(columns: pl.Schema, *names: str) -> pl.Expr:
    """The first of several columns that is there, as text without outer blanks; null where none is, or where blank."""
    name = first_name(columns, *names)
    if name is None:
        return pl.lit(None, dtype=pl.String)
    text = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(~text.is_in(["", "nan", "NaN", "None", "null"])).then(text)


def flag_of(columns: pl.Schema, *names: str) -> pl.Expr:
    """The first of several columns that is there, as a flag; null where none is, or where it says neither."""
    text = text_of(columns, *names).str.to_lowercase()
    yes, no = text.is_in(["true", "t", "1", "yes"]), text.is_in(["false", "f", "0", "no"])
    return pl.when(yes).then(pl.lit(value=True)).when(no).then(pl.lit(value=False))


def time_of(columns: pl.Schema, *names: str) -> pl.Expr:
    """UTC nanoseconds of the first of several columns that is there.

    Numbers are Unix seconds, or milliseconds where they can be nothing else; text may be a number or the venue's
    spellings of a date and time; what can be none of them is null.
    """
    name = first_name(columns, *(names or _TIMES))
    if name is None:
        return pl.lit(None, dtype=pl.Int64)
    dtype = columns[name]
    if isinstance(dtype, pl.Datetime):
        naive = pl.col(name) if dtype.time_zone is None else pl.col(name).dt.convert_time_zone("UTC")
        return naive.dt.replace_time_zone(None).cast(pl.Datetime("ns")).cast(pl.Int64)
    if dtype.is_numeric():
        return _from_number(pl.col(name).cast(pl.Float64, strict=False).cast(pl.Int64, strict=False))
    text = pl.col(name).cast(pl.String).str.strip_chars()
    number = _from_number(text.str.extract(r"^(\d{1,15})(?:\.\d*)?$", 1).cast(pl.Int64, strict=False))
    return pl.coalesce(number, _from_iso(text))


def hash_of(columns: pl.Schema) -> pl.Expr:
    """The transaction's hash: 0x and 64 hex digits, lower case; null where none is told."""
    name = first_name(columns, *HASHES)
    if name is None and "id" not in columns:
        return pl.lit(None, dtype=pl.String)
    source = pl.col(name) if name else pl.col("id").cast(pl.String).str.split("_").list.first()
    digits = source.cast(pl.String).str.strip_chars().str.to_lowercase().str.extract(r"^(?:0x)?([0-9a-f]{64})$", 1)
    return pl.lit("0x") + digits


def _from_number(number: pl.Expr) -> pl.Expr:
    seconds = pl.when(number.is_between(1, _MILLIS_FROM - 1)).then(number * NANOS)
    millis = pl.when(number.is_between(_MILLIS_FROM, 9 * 10**12)).then(number * (NANOS // 1000))
    return pl.coalesce(seconds, millis)


def _from_iso(text: pl.Expr) -> pl.Expr:
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ns")).cast(pl.Int64)
    clock = text.str.extract(r"^\d{4}-\d\d-\d\d[T ](\d\d:\d\d:\d\d)", 1)
    parsed = day + clock.str.to_time("%H:%M:%S", strict=False).cast(pl.Int64).fill_null(0)
    return pl.when(parsed > 0).then(parsed)
