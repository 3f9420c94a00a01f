"""The source "ingest": market data and leaders' trades become facts, each once, and only the rows that matter.

What matters follows from the messages seen so far: the watch list, and the tokens that we hold or have ordered. A
leader who is followed no more is watched on while something is held on the word of his fills: we leave when he does.
The state is the fold of the observed messages, so that it is the same after a crash. A wallet or token counts from the
instant after the message that named it; nothing is told that lies before. With a wallet's fills come its splits,
merges and conversions, one token at a time.

A feed may grow: what was looked for and not found yet waits with its place, and `refresh` looks again.
"""

from heapq import heappop, heappush

import msgspec

from whaletrader.domain.values import NANOS, LeaderEventKind, Side
from whaletrader.errors import DataError
from whaletrader.messages.envelope import Message, Payload, fact, hash_id
from whaletrader.messages.leaders import WhaleDiscovered, WhalePruned
from whaletrader.messages.market import (
    MarketDataUpdate,
    MarketResolved,
    SegmentSealed,
    WhalePositionChanged,
    WhaleTradeObserved,
)
from whaletrader.ports.market_feed import CHANGES, LeaderRow, MarketFeed, Print
from whaletrader.runtime.interest import Interest

RANK = 10
MAX_QUOTE_AGE_NS = 60 * NANOS
MARKETS_WATCHED = 150
"""Of so many of the markets in which leaders were last seen the books are asked for."""
_OWN = (MarketDataUpdate, MarketResolved, SegmentSealed, WhalePositionChanged, WhaleTradeObserved)
_FILLS = f"{LeaderEventKind.FILL}:"
_LEADERS = (*(f"{kind}:" for kind in LeaderEventKind), f"{CHANGES}:")
_ORDER = {"segment": 0, "resolved": 1, LeaderEventKind.FILL: 2, CHANGES: 3, LeaderEventKind.POSITION: 4, "mark": 5}


class Due(msgspec.Struct, frozen=True, array_like=True):
    """Something that is to be told: sorted by time, kind and row."""

    ts: int
    kind: str
    row: int
    subject: str

    @property
    def sort_key(self) -> tuple[int, int, int, str]:
        """The order of facts at one instant."""
        return self.ts, _ORDER[self.kind], self.row, self.subject


class IngestState(msgspec.Struct, kw_only=True):
    """Everything that a snapshot must hold."""

    due: dict[str, Due] = {}
    """What each subject ("fill:WALLET", "mark:TOKEN", "resolved:MARKET", "segment:") is to tell next."""
    sought: dict[str, tuple[int, int]] = {}
    """Subjects of which the feed had nothing more: behind which row, and from what time on, to look again."""
    interest: Interest = msgspec.field(default_factory=Interest)
    followed: dict[str, bool]
    """The watch list, as "kind:wallet"."""
    marked_ts: dict[str, int] = {}
    """When a token of interest was last told of."""
    touched: dict[str, bool] = {}
    """Markets of leaders' events and of our orders: whether their end was told."""
    priced: str = ""
    """The leader's event whose token's price was told last, as "kind:row"."""
    n_told: int = 0


def _event_key(event: LeaderRow) -> str:
    return f"{event.kind}/{event.natural_key}"


def _event_id(event: LeaderRow) -> str:
    """Return the id that the event's own fact will have: its price belongs to the same story."""
    told = WhalePositionChanged if event.kind == CHANGES else WhaleTradeObserved
    return hash_id("fact", told.__name__, _event_key(event))


class Ingest:
    """Fills the protocol `FactSource` from a market feed."""

    name = "ingest"
    rank = RANK

    def __init__(self, feed: MarketFeed, *, mark_interval_s: int, max_print_age_s: int) -> None:
        self._feed = feed
        self._mark_interval = mark_interval_s * NANOS
        self._max_print_age = max_print_age_s * NANOS
        self._state = IngestState(followed={})
        self._heap: list[tuple[tuple[int, int, int, str], str]] = []
        self._next: tuple[int, Message] | None = None
        self._stale = True
        self._set_segment(0)

    @property
    def keeps_alive(self) -> bool:
        """The run goes on while the feed has something to tell."""
        return True

    def peek(self) -> int | None:
        """Return the time of the next fact."""
        head = self._head()
        return head.ts if head else None

    def take(self) -> Message:
        """Return the next fact; the place is kept until it is observed."""
        head = self._head()
        assert head is not None, "nothing is due"
        if self._stale or self._next is None:
            self._next = (head.ts, self._make(head))
            self._stale = False
        return self._next[1]

    def observe(self, message: Message) -> None:
        """Fold a recorded message."""
        payload = message.payload
        if isinstance(payload, _OWN):
            self._advance(message)
        elif isinstance(payload, WhaleDiscovered):
            self._state.followed[f"{payload.kind}:{payload.wallet}"] = True
            self._watch(payload.kind, payload.wallet, message.ts_init)
        elif isinstance(payload, WhalePruned):
            self._state.followed.pop(f"{payload.kind}:{payload.wallet}", None)
            self._watch_holdings(message.ts_init)
        else:
            tokens = self._state.interest.fold(message)
            for token_id in tokens:
                self._follow(token_id, message.ts_init)
            if tokens:
                self._watch_holdings(message.ts_init)

    def refresh(self) -> None:
        """Look again for what the feed did not hold when it was asked."""
        for subject, (behind, not_before_ts) in list(self._state.sought.items()):
            kind, _, name = subject.partition(":")
            if kind == "segment":
                self._set_segment(behind)
            elif kind == "mark":
                self._set_mark(name, behind, not_before_ts)
            else:
                self._set_leader(kind, name, behind)
        for market_id, told in self._state.touched.items():
            if not told and f"resolved:{market_id}" not in self._state.due:
                self._await_end(market_id, 0)

    def wanted(self) -> tuple[list[str], list[str]]:
        """Return the tokens and the wallets that matter now: those a live feed has to watch.

        The tokens are ours, and those of the markets in which leaders were last seen: the next copy needs their prices.
        """
        leaders = [*self._state.followed, *self._state.interest.leaders()]
        wallets = [each.removeprefix(_FILLS) for each in leaders if each.startswith(_FILLS)]
        open_markets = [market for market, told in self._state.touched.items() if not told][-MARKETS_WATCHED:]
        near = [token for market in open_markets for token in self._feed.terms(market, 0).token_ids if token]
        return list(dict.fromkeys([*self._state.interest.tokens(), *near])), list(dict.fromkeys(wallets))

    def snapshot(self) -> bytes:
        """Return the state as bytes."""
        return msgspec.msgpack.encode(self._state)

    def restore(self, state: bytes) -> None:
        """Take the state from a snapshot's bytes."""
        self._state = msgspec.msgpack.decode(state, type=IngestState)
        self._heap = []
        for subject, due in self._state.due.items():
            heappush(self._heap, (due.sort_key, subject))
        self._stale = True

    def _head(self) -> Due | None:
        """Return what is due first, throwing away what the heap holds of former states."""
        while self._heap:
            key, subject = self._heap[0]
            due = self._state.due.get(subject)
            if due is not None and due.sort_key == key:
                return due
            heappop(self._heap)
        return None

    def _known(self, subject: str) -> bool:
        return subject in self._state.due or subject in self._state.sought

    def _set(self, subject: str, due: Due | None, sought: tuple[int, int] | None = None) -> None:
        """Note what a subject tells next; where there is nothing yet, the place from which to look again."""
        self._stale = True
        self._state.sought.pop(subject, None)
        if due is None:
            self._state.due.pop(subject, None)
            if sought is not None:
                self._state.sought[subject] = sought
        elif self._state.due.get(subject) != due:
            self._state.due[subject] = due
            heappush(self._heap, (due.sort_key, subject))

    def _set_segment(self, index: int) -> None:
        segment = self._feed.segment(index)
        self._set("segment:", Due(segment.sealed_ts, "segment", index, "") if segment else None, (index, 0))

    def _watch(self, kind: str, wallet: str, since_ts: int) -> None:
        for stream in (kind, CHANGES) if kind == LeaderEventKind.FILL else (kind,):
            if not self._known(f"{stream}:{wallet}"):
                self._set_leader(stream, wallet, self._feed.row_at(stream, since_ts))

    def _watch_holdings(self, since_ts: int) -> None:
        """Watch whom we follow, and of the others those on the word of whose fills we hold or have ordered."""
        held_for = [each for each in self._state.interest.leaders() if each.startswith(_FILLS)]
        for leader in held_for:
            self._watch(LeaderEventKind.FILL, leader.removeprefix(_FILLS), since_ts)
        wanted = {*held_for, *self._state.followed}
        wanted |= {f"{CHANGES}:{each.removeprefix(_FILLS)}" for each in wanted if each.startswith(_FILLS)}
        known = [*self._state.due, *self._state.sought]
        for subject in [each for each in known if each.startswith(_LEADERS) and each not in wanted]:
            self._set(subject, None)

    def _set_leader(self, kind: str, wallet: str, behind: int) -> None:
        found = self._feed.leader_after(kind, wallet, behind)
        self._set(f"{kind}:{wallet}", Due(found[0], kind, found[1], wallet) if found else None, (behind, 0))

    def _follow(self, token_id: str, since_ts: int) -> None:
        """Start or stop telling a token's price, and wait for its market's end."""
        if not self._state.interest.has(token_id):
            self._state.marked_ts.pop(token_id, None)
            self._set(f"mark:{token_id}", None)
            return
        market_id, _ = self._feed.market_of(token_id)
        self._touch(market_id, since_ts)
        if not self._known(f"mark:{token_id}") and not self._state.touched[market_id]:
            behind = self._feed.row_at(LeaderEventKind.FILL, since_ts)
            self._set_mark(token_id, behind, self._state.marked_ts.get(token_id, since_ts) + self._mark_interval)

    def _set_mark(self, token_id: str, behind: int, not_before_ts: int) -> None:
        found = self._feed.print_after(token_id, behind, not_before_ts)
        due = Due(found[0], "mark", found[1], token_id) if found else None
        self._set(f"mark:{token_id}", due, (behind, not_before_ts))

    def _touch(self, market_id: str, now_ts: int) -> None:
        if market_id in self._state.touched:
            return
        self._state.touched[market_id] = False
        self._await_end(market_id, now_ts)

    def _await_end(self, market_id: str, now_ts: int) -> None:
        end = self._feed.resolution(market_id)
        if end:
            self._set(f"resolved:{market_id}", Due(max(end.ts, now_ts), "resolved", 0, market_id))

    def _make(self, head: Due) -> Message:
        """Make the fact at the head: a leader's event is told in up to three."""
        if head.kind == "segment":
            return self._segment(head)
        if head.kind == "resolved":
            return self._resolved(head.subject, head.ts)
        if head.kind == "mark":
            seen = self._feed.print_at(head.subject, head.row)
            return self._update(head, head.subject, seen, f"mark/{head.subject}/{head.row}")
        event = self._feed.leader_row(head.kind, head.row)
        end = self._feed.resolution(event.market_id)
        if end and end.ts <= head.ts and not self._state.touched.get(event.market_id):
            return self._resolved(event.market_id, head.ts)
        if head.kind == CHANGES and event.side == Side.BUY:
            return self._changed(event, head.ts)
        if self._state.priced != f"{head.kind}:{head.row}":
            known = self._feed.last_print(event.token_id, head.ts, event.wallet)
            if known and head.ts - known.ts > self._max_print_age:
                known = None
            update = self._update(head, event.token_id, known, f"before/{_event_key(event)}")
            return msgspec.structs.replace(update, correlation_id=_event_id(event))
        return self._changed(event, head.ts) if head.kind == CHANGES else self._traded(event, head.ts)

    def _traded(self, event: LeaderRow, now_ts: int) -> Message:
        payload = WhaleTradeObserved(
            kind=event.kind,
            wallet=event.wallet,
            market_id=event.market_id,
            token_id=event.token_id,
            outcome_index=event.outcome_index,
            side=event.side,
            role=event.role,
            price_micro=event.price_micro,
            size_micro=event.size_micro,
            tx_hash=event.tx_hash,
            prev_seen_ts=event.prev_seen_ts,
            segment_id=event.segment_id,
            row=event.row,
        )
        return fact(payload, natural_key=_event_key(event), ts_event=event.ts, ts_init=now_ts)

    def _changed(self, event: LeaderRow, now_ts: int) -> Message:
        """Tell a split, a merge or a conversion; what a wallet got needs no price, since nobody follows him in."""
        payload = WhalePositionChanged(
            kind=LeaderEventKind.FILL,
            wallet=event.wallet,
            market_id=event.market_id,
            token_id=event.token_id,
            outcome_index=event.outcome_index,
            change=event.role,
            side=event.side,
            size_micro=event.size_micro,
            tx_hash=event.tx_hash,
            segment_id=event.segment_id,
            row=event.row,
        )
        return fact(payload, natural_key=_event_key(event), ts_event=event.ts, ts_init=now_ts)

    def _segment(self, head: Due) -> Message:
        segment = self._feed.segment(head.row)
        assert segment is not None
        payload = SegmentSealed(
            segment_id=segment.segment_id,
            source=self._feed.name,
            sha256=segment.sha256,
            first_row=segment.first_row,
            rows=segment.rows,
            first_ts=segment.first_ts,
            last_ts=segment.last_ts,
        )
        return self._told(payload, segment.segment_id, head.ts, head.ts)

    def _resolved(self, market_id: str, now_ts: int) -> Message:
        end = self._feed.resolution(market_id)
        assert end is not None
        terms = self._feed.terms(market_id, now_ts)
        payload = MarketResolved(
            market_id=market_id,
            event_group_id=terms.event_group_id,
            token_ids=terms.token_ids,
            payouts_micro=end.payouts_micro,
        )
        return self._told(payload, market_id, end.ts, now_ts)

    def _update(self, head: Due, token_id: str, seen: Print | None, key: str) -> Message:
        """Tell a token's price: the print's own time stays its `ts_event`, so that its age can be seen."""
        market_id, outcome = self._feed.market_of(token_id)
        quote = self._feed.quote(token_id, head.ts)
        fresh = quote is not None and head.ts - quote.ts <= MAX_QUOTE_AGE_NS
        payload = MarketDataUpdate(
            market_id=market_id,
            token_id=token_id,
            outcome_index=outcome,
            price_micro=seen.price_micro if seen else -1,
            bid_micro=quote.bid_micro if quote and fresh else -1,
            ask_micro=quote.ask_micro if quote and fresh else -1,
            bid_size_micro=quote.bid_size_micro if quote and fresh else -1,
            ask_size_micro=quote.ask_size_micro if quote and fresh else -1,
            quote_assumed=not fresh,
            print_wallet=seen.wallet if seen else "",
            terms=self._feed.terms(market_id, head.ts),
            segment_id=seen.segment_id if seen else "",
            row=seen.row if seen else -1,
        )
        return self._told(payload, key, seen.ts if seen else head.ts, head.ts)

    def _told(self, payload: Payload, key: str, ts_event: int, ts_init: int) -> Message:
        return fact(payload, natural_key=f"{self._feed.name}/{key}", ts_event=ts_event, ts_init=ts_init)

    def _advance(self, message: Message) -> None:
        """Move on behind a fact of our own; it must be the one that is due."""
        head = self._head()
        if head is None or self.take().id != message.id:
            raise DataError(
                f"the log tells of {message.type} {message.id}, which this dataset does not hold at that place; "
                "go on with the dataset that the run began with"
            )
        self._stale = True
        self._state.n_told += 1
        if isinstance(message.payload, MarketResolved):
            self._end(message.payload)
            self._watch_holdings(message.ts_init)
        elif head.kind == "segment":
            self._set_segment(head.row + 1)
        elif head.kind == "mark":
            self._mark(head.subject, head.row, head.ts)
        elif isinstance(message.payload, MarketDataUpdate):
            self._state.priced = f"{head.kind}:{head.row}"
            self._touch(message.payload.market_id, head.ts)
            if self._state.interest.has(message.payload.token_id):
                row = self._feed.row_at(LeaderEventKind.FILL, head.ts)
                self._mark(message.payload.token_id, row, head.ts)
        else:
            self._set_leader(head.kind, head.subject, head.row)

    def _mark(self, token_id: str, row: int, ts: int) -> None:
        self._state.marked_ts[token_id] = ts
        if not self._state.touched.get(self._feed.market_of(token_id)[0]):
            self._set_mark(token_id, row, ts + self._mark_interval)

    def _end(self, resolved: MarketResolved) -> None:
        self._state.touched[resolved.market_id] = True
        self._set(f"resolved:{resolved.market_id}", None)
        for token_id in resolved.token_ids:
            self._state.interest.drop(token_id)
            self._state.marked_ts.pop(token_id, None)
            self._set(f"mark:{token_id}", None)
