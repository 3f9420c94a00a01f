"""Stages what a live run heard (`runs/N/live`): its fills, what it learnt of markets, best prices, and how whole it is.

The store tells each fill once, whichever sources told it, so that equal ones are several fills. What the venue's record
tells of them as well (a pull) goes before it: that is the assembly's business. Rows pass through in portions: a week of
everybody's fills does not fit into memory.
"""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import polars as pl

from whaletrader.datasets.decode.rows import ChainResolution, Decoded, MarketMeta, TickSizeChange
from whaletrader.datasets.importers.api_rows import Origin
from whaletrader.datasets.importers.decoded import stage_decoded
from whaletrader.datasets.importers.staging import MADE_UP, STAGED, StagedPart
from whaletrader.datasets.importers.stretches import HEARD, less, union
from whaletrader.datasets.live_batches import (
    BEGAN,
    GAP,
    READ,
    Batch,
    Fact,
    StoredChange,
    StoredFill,
    StoredQuote,
    decode_batch,
    live_folder,
    read_stored,
)
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.domain.values import Role, Side, TapeRole, TapeSide
from whaletrader.errors import SchemaError

IMPORTER = "live/1"
PORTION = 200_000
"""Rows that are turned into a table at a time."""
ALL_TIME = 2**63 - 1
_EVERYONE = "rtds.trades"
"""The source that tells of every wallet: where it was heard without a gap, everybody was."""
_ROLES = {Role.MAKER.value: int(TapeRole.MAKER), Role.TAKER.value: int(TapeRole.TAKER)}
_CONVERSION = "CONVERSION"
Identity = tuple[str, str, str, str, int, int]


@dataclass(slots=True)
class _Listening:
    """Which stretches were listened to, from the notes among the batches."""

    stretches: list[tuple[int, int]] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    read: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    simulated: bool = False
    _began_ts: int = -1
    _heard_ts: int = -1

    def take(self, batch: Batch) -> None:
        """Fold a batch; a stretch ends with the last fill that the stream of everybody told."""
        for note in batch.notes:
            if note.kind == BEGAN:
                self.end()
                self._began_ts = self._heard_ts = batch.ts
                self.simulated |= note.subject == "simulated"
            elif note.kind == GAP and note.subject == _EVERYONE:
                self.gaps.append((note.from_ts, note.until_ts))
            elif note.kind == READ:
                self.read.setdefault(note.subject, []).append((note.from_ts, note.until_ts))
        if self._began_ts >= 0 and any(fill.source == _EVERYONE for fill in batch.fills):
            self._heard_ts = batch.ts

    def end(self) -> None:
        """The process that listened is gone."""
        if self._heard_ts > self._began_ts >= 0:
            self.stretches.append((self._began_ts, self._heard_ts))
        self._began_ts = -1

    def table(self) -> pl.DataFrame:
        """Return the stretches as staged: those of everybody under no address."""
        self.end()
        rows = [("", first, last, False) for first, last in less(union(self.stretches), self.gaps)]
        for wallet, some in sorted(self.read.items()):
            rows += [(wallet, first, last, False) for first, last in union(some)]
        return pl.DataFrame(rows, schema=STAGED["stretches"], orient="row")


class _Portions:
    """Rows of one staged table on their way to the disk."""

    def __init__(self, table: str, scratch: Path) -> None:
        self.table, self._scratch = table, scratch
        self._rows: list[tuple[object, ...]] = []
        self._files: list[Path] = []
        self.count = 0

    def add(self, row: tuple[object, ...]) -> None:
        """Take a row; its number is the last column."""
        self._rows.append((*row, self.count))
        self.count += 1
        if len(self._rows) >= PORTION:
            self._flush()

    def stage(self, part: StagedPart) -> None:
        """Let the part read them from where they are."""
        self._flush()
        if self._files:
            part.add_lazy(self.table, pl.scan_parquet(self._files, glob=False))

    def _flush(self) -> None:
        if self._rows:
            file = self._scratch / f"{self.table}-{len(self._files):05d}.parquet"
            frame = pl.DataFrame(self._rows, schema=STAGED[self.table], orient="row")
            frame.write_parquet(file, compression="lz4", statistics=False)
            self._files.append(file)
            self._rows = []


def is_heard(place: Path) -> bool:
    """Whether a folder is a live run's, or its `live`."""
    return place.is_dir() and live_folder(place) is not None


def heard_folder(place: Path) -> Path:
    """Return where the segments lie.

    Raises
    ------
    SchemaError
        There are none.
    """
    found = live_folder(place)
    if found is None:
        raise SchemaError(f"{place} holds nothing that was heard live; give the folder of a run with --source live")
    return found


def heard_label(place: Path) -> str:
    """Return the name of a run for its sources: that of its folder, not of the `live` in it."""
    folder = heard_folder(place).resolve()
    return f"run-{folder.parent.name}" if folder.name == "live" else folder.name


def heard_digests(folder: Path, until_ts: int = ALL_TIME) -> tuple[str, str]:
    """Return the digest of the first batch, which tells the store from others while it grows, and of all batches."""
    first, whole = "", hashlib.sha256()
    for content in _until(folder, until_ts):
        first = first or hashlib.sha256(content).hexdigest()[:12]
        whole.update(len(content).to_bytes(8, "little") + content)
    return first, whole.hexdigest()


def stage_heard(folder: Path, label: str, scratch: Path, until_ts: int = ALL_TIME) -> StagedPart:
    """Stage the batches up to a time; `scratch` is a folder for portions, needed until the part is stored.

    Where a time is given it is told what was known then: a market ended when that was heard.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    part, whole, listening = StagedPart(), hashlib.sha256(), _Listening()
    fills, quotes, changes = (_Portions(table, scratch) for table in ("trades", "quotes", "activity"))
    facts: list[tuple[int, Fact]] = []
    waiting: dict[Identity, StoredFill] = {}
    wallets: set[str] = set()
    for content in _until(folder, until_ts):
        whole.update(len(content).to_bytes(8, "little") + content)
        batch = decode_batch(content)
        listening.take(batch)
        told = [fact for fact in batch.facts if not isinstance(fact, TickSizeChange)]
        facts += [(batch.ts, fact if until_ts == ALL_TIME else _as_heard(fact, batch.ts)) for fact in told]
        waiting.update((_identity(fill), fill) for fill in batch.waiting)
        for fill in batch.fills:
            waiting.pop(_identity(fill), None)
            _take(fill, fills, wallets)
        for quote in batch.quotes:
            quotes.add(_quote_row(batch.ts, quote))
        for change in batch.changes:
            if change.change == _CONVERSION or change.outcome_index == 0:  # one row for both outcomes
                changes.add(_change_row(change))
    for fill in waiting.values():
        _take(fill, fills, wallets)
    importer = IMPORTER + MADE_UP if listening.simulated else IMPORTER
    origin = Origin(folder, whole.hexdigest(), importer, label)
    for portions, kind in ((fills, "heard.fills"), (quotes, "heard.books"), (changes, "heard.changes")):
        portions.stage(part)
        part.sources.append(_entry(origin, portions.table, kind, portions.count))
    if facts:
        of_facts = Origin(folder, origin.sha256, importer, f"heard.facts:{label}")
        stage_decoded(part, [(ts, Decoded(rows=(fact,))) for ts, fact in facts], of_facts)
    part.add("coverage", pl.DataFrame({"address": sorted(wallets)}).with_columns(coverage=pl.lit(HEARD)))
    part.add("stretches", listening.table())
    return part


def _until(folder: Path, until_ts: int) -> Iterator[bytes]:
    for content in read_stored(folder):
        if until_ts < ALL_TIME and decode_batch(content).ts > until_ts:
            return
        yield content


def _as_heard(fact: Fact, ts: int) -> Fact:
    if isinstance(fact, ChainResolution):
        return msgspec.structs.replace(fact, ts_event=max(fact.ts_event, ts))
    return msgspec.structs.replace(fact, closed_ts=-1) if isinstance(fact, MarketMeta) else fact


def _take(fill: StoredFill, fills: _Portions, wallets: set[str]) -> None:
    wallets.add(fill.wallet)
    fills.add(
        (
            fill.ts_event,
            fill.wallet,
            fill.market_id or None,
            fill.token_id,
            fill.outcome_index if fill.outcome_index in (0, 1) else None,
            None,
            int(TapeSide.SELL if fill.side == Side.SELL else TapeSide.BUY),
            _ROLES.get(fill.role, int(TapeRole.UNKNOWN)),
            fill.price_micro,
            fill.size_micro,
            fill.fee_micro if fill.fee_micro >= 0 else None,
            fill.tx_hash or None,
            0,
            0,
        )
    )


def _quote_row(ts: int, quote: StoredQuote) -> tuple[object, ...]:
    told = (quote.bid_micro, quote.ask_micro, quote.bid_size_micro, quote.ask_size_micro)
    return (ts, quote.token_id, *(value if value >= 0 else None for value in told), 1)


def _change_row(change: StoredChange) -> tuple[object, ...]:
    one = change.change == _CONVERSION
    return (
        change.ts_event,
        change.wallet,
        change.change,
        change.market_id or None,
        change.token_id if one else None,
        change.outcome_index if one and change.outcome_index in (0, 1) else None,
        change.size_micro,
        None,
        change.tx_hash or None,
        2,
    )


def _identity(fill: StoredFill) -> Identity:
    return fill.tx_hash, fill.wallet, fill.token_id, fill.side, fill.size_micro, fill.n


def _entry(origin: Origin, table: str, kind: str, count: int) -> SourceEntry:
    return SourceEntry(
        name=f"{table}:{kind}:{origin.label}",
        file=origin.file.name,
        sha256=origin.sha256,
        importer=origin.importer,
        table=table,
        rows_in=count,
        rows_out=count,
    )
