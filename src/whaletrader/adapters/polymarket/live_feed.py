"""A market feed that grows: rows of all sources in the order of their arrival, each fill once, each on disk before it
can be seen. Fills the port `market_feed`, and what a live run needs beside it.

Times of rows are times of arrival; what the venue said of when it happened stays in `LeaderRow.ts`. Time that was
sealed is over: whatever comes afterwards lies later, so that an answer never changes. A watched wallet's fill in a
market that is not described yet waits a moment for the description (`wanted` names what is missing). Sources add from
their thread, the engine reads from its own.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Condition

import msgspec

from whaletrader.adapters.polymarket.live_books import LiveBooks
from whaletrader.adapters.polymarket.live_changes import LiveChanges
from whaletrader.adapters.polymarket.live_groups import Coverage, LiveGroups
from whaletrader.adapters.polymarket.live_markets import LiveMarkets
from whaletrader.adapters.polymarket.live_rows import LiveRows, as_found, identity, stored
from whaletrader.adapters.polymarket.live_store import LiveStore
from whaletrader.datasets.decode.rows import (
    HEAD_BYTES,
    BestBidAsk,
    BookDelta,
    BookSnapshot,
    ChainResolution,
    MarketMeta,
    PositionChange,
    Reject,
    Row,
    TickSizeChange,
    VenueFill,
)
from whaletrader.datasets.live_batches import (
    BEGAN,
    GAP,
    READ,
    Batch,
    Fact,
    SegmentNote,
    StoredFill,
    StoredNote,
    StoredPart,
    StoredQuote,
    decode_batch,
    encode_batch,
)
from whaletrader.domain.fill_identity import FillGroup, Leg, fill_anchor, fill_key
from whaletrader.domain.values import MICRO, NANOS, LeaderEventKind, Role
from whaletrader.messages.market import MarketTerms
from whaletrader.ports.market_feed import CHANGES, LeaderRow, Print, Quote, Resolution, Segment

SEGMENT_NS = 3_600 * NANOS
SEGMENT_BYTES = 64 << 20
WAIT_FOR_TERMS_NS = 5 * NANOS
REMEMBER_NS = 86_400 * NANOS
"""How far back reports that showed nothing new are looked for after a restart."""
TELL_AGAIN_NS = 120 * NANOS
CLOCKS_DIFFER_NS = 120 * NANOS
FORGET_UNNAMED_NS = 3_600 * NANOS
TELLS_FEES = "rtds.trades"
"""Its rows tell the taker's fee where the market charges one."""
_BOOKS = (BookSnapshot, BookDelta, BestBidAsk)
_FACTS = (MarketMeta, ChainResolution, TickSizeChange)
LETTERS_OF_A_KIND = 20
"""Rejects of one source and reason that become dead letters in an hour; the rest is counted."""


class LiveFeed:
    """Fills the ports `market_feed` and `runtime.live.GrowingFeed`, and the sources' `Sink`."""

    def __init__(self, folder: Path, *, name: str = "live", simulated: bool = False) -> None:
        """Open the store and take what it holds; `name` must stay the same for a folder."""
        self.name = name
        self.simulated = simulated
        self.version = 0
        self._changed = Condition()
        self._store = LiveStore(folder)
        self._rows = LiveRows()
        self._markets = LiveMarkets()
        self._books = LiveBooks()
        self._groups = LiveGroups(self._group)
        self._changes = LiveChanges(self._tokens_of)
        self._whole: Callable[[str], bool] = lambda _token_id: False
        self._waiting: deque[tuple[int, StoredFill]] = deque()
        self._rejects: deque[Reject] = deque()
        self._rejected: Counter[tuple[str, str]] = Counter()
        self._letters: Counter[tuple[str, str, int]] = Counter()
        self._last_ts = self._sealed_ts = 0
        self._segment_row = 0
        parts: deque[tuple[int, StoredPart]] = deque()
        for content in self._store.load():
            batch = decode_batch(content)
            self._keep(batch)
            parts.extend((batch.ts, part) for part in batch.parts)
        for ts, part in parts:
            if ts > self._last_ts - REMEMBER_NS:
                self._groups.restore(part)
        for segment in self._store.segments:
            self._segment_row = segment.first_row + segment.rows
            self._last_ts = max(self._last_ts, segment.sealed_ts)
        self._sealed_ts = self._last_ts
        self._notes = [StoredNote(BEGAN, "simulated" if simulated else "", 0, 0)]
        self._groups.known_until = self._last_ts + CLOCKS_DIFFER_NS if self._last_ts else 0

    def close(self) -> None:
        """Force everything to the disk."""
        with self._changed:
            self._store.close()

    def add(self, rows: Sequence[Row], arrived_ts: int) -> int:
        """Keep what is new of the rows, first on disk; return how many fills were."""
        with self._changed:
            ts = max(arrived_ts, self._last_ts, self._sealed_ts + 1)
            self._groups.prune(ts)
            reports: list[VenueFill] = []
            facts: list[Fact] = []
            quotes: list[StoredQuote] = []
            for row in rows:
                if type(row) is VenueFill:
                    reports.append(row)
                elif isinstance(row, _BOOKS):
                    quotes.extend(self._new_quotes(row, ts))
                elif isinstance(row, _FACTS) and self._learn(row, ts):
                    facts.append(row)
                elif type(row) is PositionChange and row.wallet in self._groups.watched:
                    self._changes.offer(row, ts)
            plain, weighed = self._groups.tell(reports, ts)
            if self._waiting:
                self._name(reports)
            fills = self._released(ts)
            new = [stored(report, ts) for report in plain]
            new.extend(as_found(stored(report, ts), found) for report, found in weighed)
            waiting = self._ready(new, ts, fills)
            parts, self._groups.parts = self._groups.parts, []
            changes, nameless = self._changes.ready(ts)
            for reject in nameless:
                self.reject(reject)
            if fills or facts or quotes or waiting or parts or changes:
                self._write(Batch(ts, fills, facts, quotes, waiting, parts, changes=changes))
            return len(new)

    def reject(self, reject: Reject) -> None:
        """Count what could not be used; the first of a kind in an hour become dead letters."""
        with self._changed:
            kind = reject.source, reject.reason
            self._rejected[kind] += 1
            hour = self._last_ts // SEGMENT_NS
            if self._letters[*kind, hour] < LETTERS_OF_A_KIND:
                self._letters = Counter({each: n for each, n in self._letters.items() if each[2] == hour})
                self._letters[*kind, hour] += 1
                self._rejects.append(reject)
                self.version += 1
                self._changed.notify_all()

    def take_rejects(self) -> Sequence[Reject]:
        """Return what became a dead letter since it was last asked."""
        with self._changed:
            taken = tuple(self._rejects)
            self._rejects.clear()
            return taken

    def rejected(self) -> dict[tuple[str, str], int]:
        """Return how many rows could not be used, by source and reason."""
        with self._changed:
            return dict(sorted(self._rejected.items()))

    def watch(self, wallets: Sequence[str]) -> None:
        """Say whose fills wait for their market's description, and whose absence counts as missed."""
        with self._changed:
            self._groups.watched = frozenset(wallets)

    def follow_books(self, whole: Callable[[str], bool]) -> None:
        """Say who knows whether a token's book is up to date: silence of such a book means that nothing changed."""
        with self._changed:
            self._whole = whole

    def wanted(self) -> tuple[list[str], list[str]]:
        """Return the markets whose description is missing, and the tokens whose market is; both are waited for."""
        with self._changed:
            waiting = [fill for _, fill in self._waiting]
            markets = [*(fill.market_id for fill in waiting if fill.market_id), *self._changes.wanted()]
            tokens = [fill.token_id for fill in waiting if not fill.market_id or fill.outcome_index < 0]
            return list(dict.fromkeys(markets)), list(dict.fromkeys(tokens))

    def mark_gap(self, source: str, from_ts: int, until_ts: int) -> None:
        """Note a stretch in which a source may have missed something."""
        with self._changed:
            self._groups.tally(source).gaps.append((from_ts, until_ts))
            self._notes.append(StoredNote(GAP, source, from_ts, until_ts))

    def mark_read(self, wallet: str, from_ts: int, until_ts: int) -> None:
        """Note a stretch over which a wallet's own record was read, whatever else was heard of it."""
        with self._changed:
            self._notes.append(StoredNote(READ, wallet, from_ts, until_ts))

    def coverage(self) -> list[Coverage]:
        """Return what each source told since the process began."""
        with self._changed:
            return self._groups.coverage()

    def seal(self, now_ts: int) -> int:
        """Return a time not before `now_ts` and the newest row; whatever is added afterwards is later."""
        with self._changed:
            if self._waiting:
                ts = max(now_ts, self._last_ts, self._sealed_ts + 1)
                fills = self._released(ts)
                if fills:
                    self._write(Batch(ts, fills))
            self._rotate(max(now_ts, self._last_ts, self._sealed_ts + 1))
            segments = self._store.segments
            newest = segments[-1].sealed_ts if segments else 0
            self._sealed_ts = max(now_ts, self._last_ts, self._sealed_ts, newest)
            return self._sealed_ts

    def wait(self, seen: int, timeout_s: float) -> None:
        """Return when the version is no longer `seen`, or after the time."""
        with self._changed:
            self._changed.wait_for(lambda: self.version != seen, timeout_s)

    @property
    def span(self) -> tuple[int, int]:
        """Time of the first and the last row."""
        with self._changed:
            return (self._rows.ts[0], self._rows.ts[-1]) if len(self._rows) else (0, 0)

    @property
    def resume_ts(self) -> int:
        """Return from when on sources should tell again after a restart; 0 for an empty feed.

        It lies before the last row: a slower source may not have told yet what a faster one lost.
        """
        with self._changed:
            return max(self._rows.ts[-1] - TELL_AGAIN_NS, 1) if len(self._rows) else 0

    def row_at(self, kind: str, ts: int) -> int:
        """Return the last row of a stream at or before `ts`, -1 when there is none; nobody polls positions here."""
        with self._changed:
            if kind == CHANGES:
                return self._changes.row_at(ts)
            return self._rows.row_at(ts) if kind == LeaderEventKind.FILL else -1

    def leader_after(self, kind: str, wallet: str, row: int) -> tuple[int, int] | None:
        """Return (time, row) of a wallet's first row behind `row`."""
        with self._changed:
            if kind == CHANGES:
                return self._changes.after(wallet, row)
            if kind != LeaderEventKind.FILL:
                return None
            return self._rows.after(self._rows.wallets.rows_of(wallet), row)

    def print_after(self, token_id: str, row: int, not_before_ts: int) -> tuple[int, int] | None:
        """Return (time, row) of the first fill of the token's market behind `row`, at or after a time."""
        with self._changed:
            market_id, _ = self._markets.market_of(token_id)
            behind = max(row, self._rows.first_at(not_before_ts) - 1)
            return self._rows.after(self._rows.markets.rows_of(market_id), behind)

    def print_at(self, token_id: str, row: int) -> Print:
        """Return a fill of the token's market as a price of this token."""
        with self._changed:
            seen = self._rows.at(row)
            return Print(
                ts=min(seen.ts_event, seen.ts),
                price_micro=seen.price_micro if seen.token_id == token_id else MICRO - seen.price_micro,
                wallet=seen.wallet,
                segment_id=_segment_id(seen.segment),
                row=row,
            )

    def last_print(self, token_id: str, before_ts: int, not_wallet: str) -> Print | None:
        """Return the newest fill of somebody else heard strictly before a time, either outcome."""
        with self._changed:
            market_id, _ = self._markets.market_of(token_id)
            near, end = self._rows.markets.rows_of(market_id), self._rows.first_at(before_ts)
            row = self._rows.last_of_another(near, end, not_wallet)
            return self.print_at(token_id, row) if row >= 0 else None

    def quote(self, token_id: str, at_ts: int) -> Quote | None:
        """Return the newest quote at or before a time; of a book that is followed without a gap it still stands."""
        with self._changed:
            found = self._books.quote(token_id, at_ts)
            if found is None or found is not self._books.newest(token_id) or not self._whole(token_id):
                return found
            return msgspec.structs.replace(found, ts=at_ts)

    def market_of(self, token_id: str) -> tuple[str, int]:
        """Return the market of a token, and which outcome it is; ("", -1) where nobody told."""
        with self._changed:
            return self._markets.market_of(token_id)

    def terms(self, market_id: str, at_ts: int) -> MarketTerms:
        """Return what was known of a market at a time."""
        with self._changed:
            return self._markets.terms(market_id, at_ts)

    def resolution(self, market_id: str) -> Resolution | None:
        """Return how a market ended and since when that is known, None while it is not."""
        with self._changed:
            return self._markets.resolution(market_id)

    def segment(self, index: int) -> Segment | None:
        """Return the `index`-th sealed segment, None behind the last."""
        with self._changed:
            return self._store.segments[index] if index < len(self._store.segments) else None

    def leader_row(self, kind: str, row: int) -> LeaderRow:
        """Return a row in full."""
        with self._changed:
            if kind == CHANGES:
                return self._changes.leader_row(row)
            assert kind == LeaderEventKind.FILL, kind
            seen = self._rows.at(row)
        anchor = fill_anchor(seen.tx_hash, seen.ts_event, seen.price_micro)
        return LeaderRow(
            kind=LeaderEventKind.FILL,
            natural_key=fill_key(anchor, seen.wallet, seen.token_id, seen.side, seen.size_micro, seen.n),
            ts=min(seen.ts_event, seen.ts),
            wallet=seen.wallet,
            market_id=seen.market_id,
            token_id=seen.token_id,
            outcome_index=seen.outcome_index,
            side=seen.side,
            role=seen.role or Role.UNKNOWN,
            price_micro=seen.price_micro,
            size_micro=seen.size_micro,
            tx_hash=seen.tx_hash,
            prev_seen_ts=0,
            segment_id=_segment_id(seen.segment),
            row=row,
        )

    def _tokens_of(self, market_id: str) -> tuple[str, ...]:
        """Name both tokens of a market that is described, else none."""
        return self._markets.terms(market_id, 0).token_ids if self._markets.knows(market_id) else ("",)

    def _learn(self, fact: Fact, ts: int) -> bool:
        """Take a fact into memory; whether it says anything new."""
        if isinstance(fact, MarketMeta):
            return self._markets.learn(fact, ts)
        if isinstance(fact, ChainResolution):
            return self._markets.resolve(fact, ts)
        return self._markets.change_tick(fact, ts)

    def _new_quotes(self, row: BookSnapshot | BookDelta | BestBidAsk, ts: int) -> tuple[StoredQuote, ...]:
        quote = self._books.heard(row, ts)
        if quote is None:
            return ()
        self._books.keep(row.token_id, quote)
        stored = StoredQuote(row.token_id, quote.bid_micro, quote.ask_micro, quote.bid_size_micro, quote.ask_size_micro)
        return (stored,)

    def _ready(self, new: list[StoredFill], ts: int, ready: list[StoredFill]) -> list[StoredFill]:
        """Add the new fills that can be shown at once to `ready`; return the others, which wait."""
        waiting = []
        watched, markets = self._groups.watched, self._markets
        for fill in new:
            market_id = fill.market_id
            if market_id and fill.outcome_index >= 0 and fill.wallet not in watched and not markets.knows(market_id):
                if not markets.names(fill.token_id):
                    markets.name_token(fill.token_id, market_id, fill.outcome_index)
                ready.append(fill)
                continue
            placed = self._placed(fill)
            if self._complete(placed):
                ready.append(placed)
            else:
                self._waiting.append((ts, placed))
                waiting.append(placed)
        return waiting

    def _group(self, tx_hash: str, wallet: str, token_id: str, side: str) -> FillGroup:
        """Build what was accepted of a group anew, with what still waits."""
        found = self._rows.group(tx_hash, wallet, token_id, side)
        for _, fill in self._waiting:
            if (fill.tx_hash, fill.wallet, fill.token_id, fill.side) == (tx_hash, wallet, token_id, side):
                found.sizes.append(fill.size_micro)
                found.prices.append(fill.price_micro)
                if fill.log_index >= 0:
                    leg = Leg(fill.size_micro, fill.price_micro, fill.log_index)
                    found.told.setdefault(fill.source, []).append(leg)
        return found

    def _released(self, ts: int) -> list[StoredFill]:
        """Return the fills that have waited long enough, or for something that has come."""
        released: list[StoredFill] = []
        if not self._waiting:
            return released
        still: deque[tuple[int, StoredFill]] = deque()
        for since, waiting in self._waiting:
            fill = self._placed(waiting)
            named = fill.market_id != "" and fill.outcome_index >= 0
            if self._complete(fill) or (named and ts - since >= WAIT_FOR_TERMS_NS):
                released.append(fill)
            elif ts - since < FORGET_UNNAMED_NS:
                still.append((since, fill))
            else:
                self.reject(_forgotten(fill))
        self._waiting = still
        return released

    def _placed(self, fill: StoredFill) -> StoredFill:
        """Return a fill with its market, outcome and role, as far as anybody has told them."""
        if fill.market_id and fill.outcome_index >= 0:
            self._markets.name_token(fill.token_id, fill.market_id, fill.outcome_index)
        else:
            market_id, outcome = self._markets.market_of(fill.token_id)
            if market_id:
                fill = msgspec.structs.replace(fill, market_id=market_id, outcome_index=outcome)
        if not fill.role and fill.source == TELLS_FEES and self._charged_others(fill):
            return msgspec.structs.replace(fill, role=Role.MAKER.value)
        return fill

    def _charged_others(self, fill: StoredFill) -> bool:
        """Whether a row that tells no fee would tell one, had its wallet been the taker."""
        return fill.fee_micro < 0 and self._markets.charges(fill.market_id, fill.price_micro, fill.size_micro)

    def _name(self, reports: Sequence[VenueFill]) -> None:
        """Take names of tokens also from reports of fills that are known: one that waits may lack just that."""
        for report in reports:
            if report.market_id and report.outcome_index >= 0:
                self._markets.name_token(report.token_id, report.market_id, report.outcome_index)

    def _complete(self, fill: StoredFill) -> bool:
        """Whether a fill can be shown: where its wallet is watched, its market's terms must be known."""
        if not fill.market_id:
            return False
        watched = fill.wallet in self._groups.watched
        return not watched or (fill.outcome_index >= 0 and self._markets.knows(fill.market_id))

    def _write(self, batch: Batch) -> None:
        """Put a batch on disk, then make it visible; facts and quotes are in memory already, behind the same lock."""
        batch = msgspec.structs.replace(batch, notes=self._notes)
        self._store.append(encode_batch(batch))
        self._notes = []
        self._show(batch)
        self.version += 1
        self._changed.notify_all()

    def _keep(self, batch: Batch) -> None:
        """Take a batch from the disk."""
        for fact in batch.facts:
            self._learn(fact, batch.ts)
        for each in batch.quotes:
            quote = Quote(
                ts=batch.ts,
                bid_micro=each.bid_micro,
                ask_micro=each.ask_micro,
                bid_size_micro=each.bid_size_micro,
                ask_size_micro=each.ask_size_micro,
            )
            self._books.keep(each.token_id, quote)
        for fill in batch.fills:
            if fill.outcome_index >= 0:
                self._markets.name_token(fill.token_id, fill.market_id, fill.outcome_index)
        shown = {identity(fill) for fill in batch.fills} if self._waiting else set()
        self._waiting = deque(each for each in self._waiting if identity(each[1]) not in shown)
        self._waiting.extend((batch.ts, fill) for fill in batch.waiting)
        self._show(batch)

    def _show(self, batch: Batch) -> None:
        number = self._store.number
        for fill in batch.fills:
            self._rows.append(fill, batch.ts, number)
        for change in batch.changes:
            self._changes.keep(change, batch.ts)
        self._last_ts = batch.ts

    def _rotate(self, ts: int) -> None:
        """Seal the open segment when its hour is over or it is large."""
        first, end = self._segment_row, len(self._rows)
        if first == end:
            return
        first_ts, last_ts = self._rows.ts[first], self._rows.ts[end - 1]
        if ts // SEGMENT_NS == first_ts // SEGMENT_NS and self._store.open_bytes < SEGMENT_BYTES:
            return
        note = SegmentNote(first_row=first, rows=end - first, first_ts=first_ts, last_ts=last_ts, sealed_ts=ts)
        self._store.seal(note)
        self._segment_row = end
        self.version += 1


def _forgotten(fill: StoredFill) -> Reject:
    """Return the refusal of a fill whose market nobody could name."""
    head = fill_key(fill.tx_hash, fill.wallet, fill.token_id, fill.side, fill.size_micro, fill.n)
    return Reject(source=fill.source, reason="market_unknown", detail=fill.token_id, head=head.encode()[:HEAD_BYTES])


def _segment_id(number: int) -> str:
    return f"live-{number:06d}"
