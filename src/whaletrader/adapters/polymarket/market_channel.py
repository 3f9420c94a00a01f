"""The CLOB's market channel: books and trades of the watched tokens, on as many sockets as their number needs.

There are no sequence numbers and nothing is sent again. So each new epoch of a socket makes the books of its tokens
out of date: their changes are held back until a snapshot came, by the socket or by REST. Books are checked by the
venue's hash and best prices; a wrong one is asked for anew and begins an epoch of its own. A wrong hash of a change
counts only once a right one was seen, and no longer when most are wrong: what the venue puts under it is known from its
client, not from its documents.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from whaletrader.adapters.polymarket.book_mirror import BookMirror, time_ms
from whaletrader.adapters.polymarket.session import Plan, Session
from whaletrader.adapters.polymarket.sink import Sink, deliver, refuse
from whaletrader.adapters.polymarket.stream_status import Counts, Epoch, EpochCause, SourceStatus, with_counts
from whaletrader.datasets.decode.clob_market import decode_book, decode_market
from whaletrader.datasets.decode.rows import BestBidAsk, BookDelta, BookSnapshot, Row

TOKENS_PER_SOCKET = 400
"""500 is the cap that is spoken of."""
PING_EVERY_S = 10.0
HASH_EVERY_NS = 1_000_000_000
"""A token's changes are hashed at most so often."""
HASHES_KEPT = 50
"""Of so many hashes of changes at least half must be right, else they prove nothing."""
FAULT_PAUSE_NS = 5_000_000_000
"""A token's book is not asked for anew more often."""


def market_frame(tokens: Sequence[str]) -> str:
    """Return a socket's first frame."""
    return _text({"type": "market", "assets_ids": list(tokens), "custom_feature_enabled": True})


def operation(word: str, tokens: Sequence[str]) -> str:
    """Return a later frame: subscribe or unsubscribe."""
    return _text({"operation": word, "assets_ids": list(tokens), "custom_feature_enabled": True})


class _Kept:
    """One token's mirror and when it was looked at."""

    def __init__(self) -> None:
        self.mirror = BookMirror()
        self.hashed_ts = 0
        self.fault_ts = 0
        self.no_book = False


class MarketTalk:
    """What is said and heard on one socket, and the books of its tokens."""

    def __init__(self, sink: Sink) -> None:
        self.counts = Counts()
        self.hash_checks = 0
        self.hash_faults = 0
        self.tokens: dict[str, _Kept] = {}
        self.on_fault: Callable[[str, int], None] = lambda _token, _ts: None
        self.on_epoch: Callable[[Epoch], None] = lambda _epoch: None
        self._sink = sink
        self._proven = False
        self._hashes: deque[bool] = deque(maxlen=HASHES_KEPT)

    def wanted(self) -> bool:
        """A socket without tokens is closed by the venue."""
        return bool(self.tokens)

    def opening(self) -> Sequence[str]:
        """Subscribe to all; what was kept is out of date from here."""
        self._forget()
        return (market_frame(list(self.tokens)),)

    def again(self) -> Sequence[str]:
        """Leave and subscribe: a second subscription alone brings no snapshot."""
        self._forget()
        return (operation("unsubscribe", list(self.tokens)), operation("subscribe", list(self.tokens)))

    def ping(self) -> str:
        """What keeps the socket open; the venue answers PONG."""
        return "PING"

    def heard(self, frame: bytes, arrived_ts: int) -> bool:
        """Check the books, pass on what rests on a whole one."""
        decoded = decode_market(frame)
        refuse(self._sink, self.counts, decoded)
        if not decoded.rows and not decoded.rejects:
            return False
        books = _books(decoded.rows)
        for event in _events(frame):
            self._look(event, books, arrived_ts)
        deliver(self._sink, self.counts, [row for row in decoded.rows if self._passes(row)], arrived_ts)
        return bool(decoded.rows)

    def resumed(self, epoch: Epoch) -> None:
        """Tell who asks REST for the snapshots that do not come."""
        self.on_epoch(epoch)

    def lacking(self) -> list[str]:
        """Tokens without a whole book, or whose hash cannot be checked yet."""
        return [
            token
            for token, kept in self.tokens.items()
            if not kept.no_book and not (kept.mirror.whole and kept.mirror.has_terms)
        ]

    def take_books(self, answer: bytes, arrived_ts: int) -> set[str]:
        """Take REST's answer; return the tokens that it held."""
        decoded = decode_book(answer)
        refuse(self._sink, self.counts, decoded)
        late: set[str] = set()
        usable = _books(decoded.rows)
        for event in _events(answer):
            if str(event.get("asset_id", "")) not in usable:
                continue
            kept = self.tokens.get(str(event["asset_id"]))
            if kept is not None and kept.mirror.overtaken(time_ms(event)):
                late.add(str(event["asset_id"]))
                kept.mirror.learn(event)
            else:
                self._snapshot(event, arrived_ts, in_order=False)
        books = [row for row in decoded.rows if isinstance(row, BookSnapshot)]
        deliver(self._sink, self.counts, [row for row in books if row.token_id not in late], arrived_ts)
        return {row.token_id for row in books}

    def without_book(self, tokens: Iterable[str]) -> None:
        """REST has no book of these: they are not asked for again before the next epoch."""
        for token in tokens:
            if token in self.tokens:
                self.tokens[token].no_book = True

    def whole(self, token_id: str) -> bool:
        """Whether a token's book is up to date as far as is known."""
        kept = self.tokens.get(token_id)
        return kept is not None and kept.mirror.whole

    def _forget(self) -> None:
        for kept in self.tokens.values():
            kept.mirror.forget()
            kept.no_book = False

    def _passes(self, row: Row) -> bool:
        if isinstance(row, (BookDelta, BestBidAsk)):
            return self.whole(row.token_id)
        return not isinstance(row, BookSnapshot) or row.token_id in self.tokens

    def _look(self, event: dict[str, Any], books: set[str], arrived_ts: int) -> None:
        kind = event.get("event_type")
        if kind == "book" and str(event.get("asset_id", "")) not in books:
            kept = self.tokens.get(str(event.get("asset_id", "")))
            if kept is not None:
                kept.mirror.forget()  # trading did not get this book; REST is asked for one
        elif kind == "book":
            # One socket keeps its order: its snapshot holds whatever its time says.
            self._snapshot(event, arrived_ts, in_order=True)
        elif kind == "price_change":
            self._changes(event, arrived_ts)
        elif (kept := self.tokens.get(str(event.get("asset_id", "")))) is not None:
            if kind == "last_trade_price":
                kept.mirror.traded(event.get("price"))
            elif kind == "tick_size_change":
                kept.mirror.tick(event.get("new_tick_size"))

    def _snapshot(self, event: dict[str, Any], arrived_ts: int, *, in_order: bool) -> None:
        token = str(event.get("asset_id", ""))
        kept = self.tokens.get(token)
        if kept is not None:
            if in_order:
                kept.mirror.forget()
            self._judge(token, kept, kept.mirror.snapshot(event), arrived_ts)

    def _changes(self, event: dict[str, Any], arrived_ts: int) -> None:
        changes = event.get("price_changes")
        entries = [entry for entry in changes if isinstance(entry, dict)] if isinstance(changes, list) else []
        ts_ms = time_ms(event)
        last = {str(entry.get("asset_id", "")): entry for entry in entries}
        for entry in entries:
            kept = self.tokens.get(str(entry.get("asset_id", "")))
            if kept is not None and kept.mirror.whole:
                kept.mirror.change(entry, ts_ms)
        for token, entry in last.items():
            kept = self.tokens.get(token)
            if kept is not None and kept.mirror.whole:
                self._check(token, kept, entry, ts_ms, arrived_ts)

    def _check(self, token: str, kept: _Kept, entry: dict[str, Any], ts_ms: int, arrived_ts: int) -> None:
        best = kept.mirror.agrees_on_best(entry)
        if best is False:
            self._judge(token, kept, best, arrived_ts)
            return
        if arrived_ts - kept.hashed_ts < HASH_EVERY_NS:
            return
        kept.hashed_ts = arrived_ts
        agrees = kept.mirror.agrees(entry, ts_ms)
        if agrees is None:
            return
        self._proven = self._proven or agrees
        self._hashes.append(agrees)
        trusted = self._proven and (len(self._hashes) < HASHES_KEPT or 2 * sum(self._hashes) >= HASHES_KEPT)
        self._judge(token, kept, agrees if agrees or trusted else None, arrived_ts)

    def _judge(self, token: str, kept: _Kept, agrees: bool | None, arrived_ts: int) -> None:
        if agrees is None:
            return
        self.hash_checks += 1
        if agrees:
            return
        self.hash_faults += 1
        if arrived_ts - kept.fault_ts < FAULT_PAUSE_NS:
            return
        from_ts, kept.fault_ts = kept.hashed_ts, arrived_ts
        kept.mirror.forget()
        self.on_fault(token, from_ts or arrived_ts)


class MarketChannel:
    """The sockets together."""

    def __init__(self, url: str, sockets: int, stale_after_s: float, sink: Sink, seed: int = 0) -> None:
        self.talks = [MarketTalk(sink) for _ in range(sockets)]
        self.sessions = [
            Session(_plan(number, url, stale_after_s, seed), talk) for number, talk in enumerate(self.talks)
        ]
        self.resnaps: list[tuple[MarketTalk, Session, str]] = []
        """Books that were found wrong and are not asked for yet."""
        for talk, session in zip(self.talks, self.sessions, strict=True):
            talk.on_fault = self._fault(talk, session)

    def _fault(self, talk: MarketTalk, session: Session) -> Callable[[str, int], None]:
        def fault(token: str, from_ts: int) -> None:
            session.bump(EpochCause.HASH, from_ts)
            self.resnaps.append((talk, session, token))

        return fault

    @property
    def tokens(self) -> set[str]:
        """What is watched."""
        return {token for talk in self.talks for token in talk.tokens}

    async def watch(self, tokens: Iterable[str]) -> list[str]:
        """Watch exactly these; return those for which there is no room."""
        wanted = dict.fromkeys(tokens)
        for talk, session in zip(self.talks, self.sessions, strict=True):
            gone = [token for token in talk.tokens if token not in wanted]
            for token in gone:
                del talk.tokens[token]
            new = [token for token in wanted if token not in self.tokens][: TOKENS_PER_SOCKET - len(talk.tokens)]
            talk.tokens.update((token, _Kept()) for token in new)
            await session.say(
                [operation(word, some) for word, some in (("unsubscribe", gone), ("subscribe", new)) if some]
            )
            session.ask()
            if not talk.wanted():
                await session.leave()
        return [token for token in wanted if token not in self.tokens]

    async def ask_anew(self) -> None:
        """Leave and subscribe to the books that were found wrong, which brings their snapshots."""
        faulty, self.resnaps = self.resnaps, []
        for _, session, token in faulty:
            await session.say((operation("unsubscribe", (token,)), operation("subscribe", (token,))))

    def whole(self, token_id: str) -> bool:
        """Whether a token's book is up to date, and its socket hears."""
        return any(
            talk.whole(token_id) and not session.in_gap for talk, session in zip(self.talks, self.sessions, strict=True)
        )

    def status(self) -> list[SourceStatus]:
        """Where each socket stands; those that were never needed are left out."""
        return [
            msgspec.structs.replace(
                with_counts(session.status(), talk.counts), hash_checks=talk.hash_checks, hash_faults=talk.hash_faults
            )
            for talk, session in zip(self.talks, self.sessions, strict=True)
            if talk.tokens or session.connects
        ]


def _plan(number: int, url: str, stale_after_s: float, seed: int) -> Plan:
    return Plan(
        source=f"market.{number}",
        url=url.rstrip("/") + "/market",
        ping_every_s=PING_EVERY_S,
        probe_after_s=stale_after_s / 2,
        stale_after_s=stale_after_s,
        seed=seed + 100 + number,
    )


def _books(rows: Sequence[Row]) -> set[str]:
    """Return the tokens whose whole books could be read."""
    return {row.token_id for row in rows if isinstance(row, BookSnapshot)}


def _events(content: bytes) -> list[dict[str, Any]]:
    try:
        found = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return []
    return [event for event in (found if isinstance(found, list) else [found]) if isinstance(event, dict)]


def _text(content: object) -> str:
    return json.dumps(content, separators=(",", ":"))
