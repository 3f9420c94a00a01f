"""Stages the raw pages of `whaletrader data pull`: each file's pages by source, every row counted by fate.

What a page's rows mean is the decoders' business; here they become staged tables. `raw_pages` says which sources there
are.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import polars as pl

from whaletrader.datasets.decode.data_api import rows_of
from whaletrader.datasets.importers.api_rows import Origin, Told, stage_rows, told
from whaletrader.datasets.importers.decoded import decode_page, stage_decoded
from whaletrader.datasets.importers.staging import MADE_UP, STAGED, StagedPart
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.raw_pages import RawPage, raw_files, read_pages
from whaletrader.domain.values import MICRO, NANOS, TapeRole
from whaletrader.errors import SchemaError

IMPORTER = "pull/1"
_API_SOURCES = frozenset(
    f"data_v{version}.{kind}" for version in (1, 2) for kind in ("activity", "trades", "positions")
)
Pages = list[RawPage]


class _Point(msgspec.Struct):
    t: int
    p: float


class _History(msgspec.Struct):
    history: list[_Point]


class _Block(msgspec.Struct):
    timestamp: int | None = None


class _Meta(msgspec.Struct):
    block: _Block


class _Graph(msgspec.Struct):
    meta: _Meta | None = msgspec.field(default=None, name="_meta")


class _GraphAnswer(msgspec.Struct):
    data: _Graph | None = None


class _CoverageRow(msgspec.Struct):
    address: str
    coverage: str
    since_s: int = -1
    until_s: int = -1


class _Coverage(msgspec.Struct):
    rows: list[_CoverageRow]
    simulated: bool = False


def is_pull(folder: Path) -> bool:
    """Whether a folder is a pull's, or its `raw`: its files are numbered and their lines are raw pages."""
    files = raw_files(folder) if folder.is_dir() else []
    return bool(files) and all(_begins_as_page(file) for file in files)


def first_line_digest(file: Path) -> str:
    """What tells a raw file from those of other pulls while it grows: the digest of its first line."""
    with file.open("rb") as opened:
        return hashlib.sha256(opened.readline()).hexdigest()[:12]


def stage_pages(file: Path, sha256: str) -> StagedPart:
    """Stage a raw file: one source per listing and table; a listing that nobody reads is named, not dropped."""
    listings: dict[str, Pages] = {}
    for _, page in read_pages(file):
        listings.setdefault(page.source, []).append(page)
    part = StagedPart()
    for source, pages in sorted(listings.items()):
        _reader(source)(part, pages, Origin(file, sha256, IMPORTER, f"{source}:{file.stem}"))
    return part


def _begins_as_page(file: Path) -> bool:
    with file.open("rb") as opened:
        head = opened.read(12)
    return not head or head.startswith(b'{"source":"')


def _reader(source: str) -> Callable[[StagedPart, Pages, Origin], None]:
    if source in _API_SOURCES:
        return _stage_api
    if source == "clob.prices_history":
        return _stage_prices
    if source == "pull.coverage":
        return _stage_coverage
    return _stage_decoded if decode_page(source) else _stage_unread


def _stage_api(part: StagedPart, pages: Pages, origin: Origin) -> None:
    rows: list[Told] = []
    for page in pages:
        role = TapeRole.TAKER if _takers_only(page) else TapeRole.UNKNOWN
        rows += [told(len(rows) + place, row, int(role)) for place, row in enumerate(_rows(page, origin.file))]
    stage_rows(part, rows, origin)


def _takers_only(page: RawPage) -> bool:
    return str(page.params.get("taker_only", page.params.get("takerOnly", ""))).lower() == "true"


def _rows(page: RawPage, file: Path) -> Iterator[dict[str, object]]:
    try:
        yield from (dict(row) for row in rows_of(bytes(page.body).decode()))
    except ValueError as error:
        raise SchemaError(f"{file} holds a page of {page.source} that is no answer of the Data API: {error}") from None


def _stage_decoded(part: StagedPart, pages: Pages, origin: Origin) -> None:
    decode = decode_page(pages[0].source)
    assert decode is not None
    stage_decoded(part, [(_true_at(page), decode(bytes(page.body))) for page in pages], origin)


def _true_at(page: RawPage) -> int:
    """When an answer was true: for a subgraph the block that it had read last, for all others when it was fetched."""
    if page.source.startswith("subgraph."):
        try:
            answer = msgspec.json.decode(page.body, type=_GraphAnswer)
        except msgspec.MsgspecError:
            return page.fetched_ts
        if answer.data and answer.data.meta and answer.data.meta.block.timestamp:
            return min(answer.data.meta.block.timestamp * NANOS, page.fetched_ts)
    return page.fetched_ts


def _stage_prices(part: StagedPart, pages: Pages, origin: Origin) -> None:
    rows: list[tuple[int, str, int]] = []
    for page in pages:
        token = str(page.params.get("market", ""))
        try:
            points = msgspec.json.decode(page.body, type=_History).history
        except msgspec.MsgspecError as error:
            raise SchemaError(f"{origin.file} holds a page of prices without a history: {error}") from None
        rows += [(point.t * NANOS, token, round(point.p * MICRO)) for point in points]
    frame = pl.DataFrame(rows, schema={"ts": pl.Int64, "token_id": pl.String, "price_micro": pl.Int64}, orient="row")
    usable = frame.filter(pl.col("price_micro").is_between(0, MICRO) & (pl.col("ts") > 0))
    once = usable.unique(["token_id", "ts"], keep="last", maintain_order=True)
    index = len(part.sources)
    part.add("prices", once.with_columns(**_absent("prices", index, frame)))
    dropped = {
        "price_or_time_impossible": frame.height - usable.height,
        "told_by_a_later_answer": usable.height - once.height,
    }
    _enter(part, origin, "prices", frame.height, once.height, {name: n for name, n in dropped.items() if n})


def _absent(table: str, index: int, frame: pl.DataFrame) -> dict[str, pl.Expr]:
    lacking = [name for name in STAGED[table] if name not in frame.columns]
    columns: dict[str, pl.Expr] = {name: pl.lit(None, dtype=STAGED[table][name]()) for name in lacking}
    return columns | {"source": pl.lit(index, dtype=pl.Int16), "source_row": pl.int_range(pl.len(), dtype=pl.Int64)}


def _stage_coverage(part: StagedPart, pages: Pages, origin: Origin) -> None:
    told = [msgspec.json.decode(page.body, type=_Coverage) for page in pages]
    rows = [row for each in told for row in each.rows]
    known = [(row.address.lower(), row.coverage) for row in rows]
    part.add("coverage", pl.DataFrame(known, schema=STAGED["coverage"], orient="row"))
    whole = [row for row in rows if row.coverage != "sample" and row.since_s >= 0]
    periods = [(row.address.lower(), row.since_s * NANOS, (row.until_s + 1) * NANOS, True) for row in whole]
    part.add("stretches", pl.DataFrame(periods, schema=STAGED["stretches"], orient="row"))
    made_up = MADE_UP if any(each.simulated for each in told) else ""
    _enter(part, replace(origin, importer=IMPORTER + made_up), "wallets", len(rows), len(rows), {})


def _stage_unread(part: StagedPart, pages: Pages, origin: Origin) -> None:
    _enter(part, origin, "", 0, 0, {}, f"no table is made of the listing {pages[0].source}")


def _enter(
    part: StagedPart, origin: Origin, table: str, rows_in: int, rows_out: int, dropped: dict[str, int], why: str = ""
) -> None:
    part.sources.append(
        SourceEntry(
            name=f"{table}:{origin.label}" if table else origin.label,
            file=origin.file.name,
            sha256=origin.sha256,
            importer=origin.importer,
            table=table,
            rows_in=rows_in,
            rows_out=rows_out,
            dropped=dropped,
            not_imported=why,
        )
    )
