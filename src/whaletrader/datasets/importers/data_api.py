"""Stages verbatim answers of the Data API v1: JSON or JSON lines, plain or gzip, one file or a folder of them."""

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import msgspec
import polars as pl

from whaletrader.datasets.categories import categorise
from whaletrader.datasets.decode.data_api import (
    ActivityRow,
    Fault,
    MarketFacts,
    PositionRow,
    Row,
    TradeRow,
    decode_activity,
    decode_position,
    decode_trade,
    kind_of,
    market_facts,
    rows_of,
)
from whaletrader.datasets.importers.staging import STAGED, StagedPart
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.schema import MOST_COPIES
from whaletrader.datasets.units import blank_to_null, iso_to_ns
from whaletrader.domain.values import TapeRole
from whaletrader.errors import SchemaError

_TABLE = {"trade": "trades", "activity": "activity", "position": "positions"}
_DECODE = {"trade": decode_trade, "activity": decode_activity, "position": decode_position}
_SUFFIXES = (".json", ".jsonl", ".json.gz", ".jsonl.gz")


def api_files(source: Path) -> Iterator[Path]:
    """The file itself, or the JSON files of a folder in order of name."""
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    yield from (file for file in files if file.is_file() and file.name.endswith(_SUFFIXES))


def stage_answers(file: Path, sha256: str) -> StagedPart:
    """Stage every row of a file; the kinds may be mixed."""
    rows = _read(file)
    part = StagedPart()
    kinds = [kind_of(row) for row in rows]
    for kind in sorted(set(kinds)):
        chosen = [(number, row) for number, (row, of) in enumerate(zip(rows, kinds, strict=True)) if of == kind]
        _stage_kind(part, kind, chosen, file, sha256)
    _stage_facts(part, rows)
    return part


def _read(file: Path) -> list[Row]:
    try:
        raw = file.read_bytes()
        if not raw:
            raise SchemaError(f"{file} is empty: an answer without rows is []")
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
        rows = rows_of(text)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise SchemaError(f"{file} is no whole gzip file ({error})") from None
    except ValueError as error:
        raise SchemaError(f"{file} is no answer of the Data API: {error}") from None
    unknown = next(
        (row for row in rows if "proxyWallet" not in row or "conditionId" not in row or "userName" in row), None
    )
    if unknown is not None:
        raise SchemaError(
            f"{file} is no answer of /trades, /activity or /positions: a row has the keys {', '.join(sorted(unknown))}"
        )
    return rows


def _stage_kind(part: StagedPart, kind: str, rows: list[tuple[int, Row]], file: Path, sha256: str) -> None:
    table, index = _TABLE[kind], len(part.sources)
    decoded = [(number, row, _DECODE[kind](row)) for number, row in rows]
    faults = [(number, row, fault.reason) for number, row, fault in decoded if isinstance(fault, Fault)]
    good = [
        {**asdict(value), "source": index, "source_row": number}
        for number, _, value in decoded
        if not isinstance(value, Fault)
    ]
    frame = _frame(table, good)
    if table == "trades":
        key = [name for name in frame.columns if name not in ("source", "source_row")]
        frame = frame.with_columns(dup_rank=pl.int_range(pl.len()).over(key).clip(upper_bound=MOST_COPIES))
    part.add(table, frame)
    texts = [msgspec.json.encode(row).decode() for _, row, _ in faults]
    part.add(
        "rejects",
        pl.DataFrame(
            {
                "source": [index] * len(faults),
                "source_row": [f[0] for f in faults],
                "reason": [f[2] for f in faults],
                "row": texts,
            },
            schema=STAGED["rejects"],
        ),
    )
    part.add("coverage", frame.select("address", coverage=pl.lit("sample")).unique().sort("address"))
    repeats = int((frame["dup_rank"] > 0).sum()) if table == "trades" else 0
    part.sources.append(
        SourceEntry(
            name=f"{table}:{file.name}",
            file=file.name,
            sha256=sha256,
            importer="data-api/1",
            table=table,
            rows_in=len(rows),
            rows_out=frame.height,
            doubted={"exact_duplicate": repeats} if repeats else {},
            dropped=dict(sorted(Counter(fault[2] for fault in faults).items())),
        )
    )


def _frame(table: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """Staged columns; what the answer does not say is null (a position's times) or unknown (a fill's role)."""
    columns = STAGED[table]
    given = {name: [row.get(name) for row in rows] for name in columns}
    frame = pl.DataFrame(given, schema=columns)
    if table == "trades":
        frame = frame.with_columns(role=pl.lit(int(TapeRole.UNKNOWN), dtype=pl.Int8))
    return frame


def _stage_facts(part: StagedPart, rows: list[Row]) -> None:
    facts: dict[str, MarketFacts] = {}
    tokens: list[tuple[str | None, str | None, int | None, str]] = []
    for row in rows:
        found = market_facts(row)
        if found is not None:
            facts.setdefault(found.condition_id, found)
        tokens += _tokens(_DECODE[kind_of(row)](row))
    schema = dict.fromkeys(("condition_id", "slug", "question", "event_slug", "end_date"), pl.String) | {
        "neg_risk": pl.Boolean
    }
    frame = pl.DataFrame([asdict(fact) for fact in facts.values()], schema=schema)
    texts = [blank_to_null(pl.col(name)).alias(name) for name in ("slug", "question", "event_slug", "end_date")]
    absent = {name: pl.lit(None, dtype=pl.String) for name in ("category", "tags", "fee_type", "sports_market_type")}
    known = categorise(frame.lazy().with_columns(*texts, **absent)).collect()
    known = known.with_columns(category=pl.col("category_found"), end_ts=iso_to_ns("end_date"))
    lacking = [
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in STAGED["markets"].items() if name not in known.columns
    ]
    part.add("markets", known.with_columns(lacking))
    part.add("tokens", pl.DataFrame(tokens, schema=STAGED["tokens"], orient="row").unique(maintain_order=True))


def _tokens(row: TradeRow | ActivityRow | PositionRow | Fault) -> list[tuple[str | None, str | None, int | None, str]]:
    if isinstance(row, TradeRow):
        return [(row.token_id, row.condition_id, row.outcome_index, row.outcome)]
    if isinstance(row, PositionRow):
        other = None if row.outcome_index is None else 1 - row.outcome_index
        return [
            (row.token_id, row.condition_id, row.outcome_index, row.outcome),
            (row.opposite_token_id, row.condition_id, other, row.opposite_outcome),
        ]
    return []
