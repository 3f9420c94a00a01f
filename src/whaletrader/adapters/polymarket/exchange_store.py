"""The gateway's durable memory: orders, their trades, payments, notes, and the events that were told.

One SQLite file (or ":memory:"), every write on disk before it counts. Events get strictly growing times as they are
told, so that a cursor over (ts, event_id) never misses one, also over a restart; an event is told once. It decides
nothing.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from whaletrader.errors import ConflictError, StorageError
from whaletrader.ports.exchange import ExchangeEvent, SignedOrder, same_order

_TABLES = """
CREATE TABLE IF NOT EXISTS orders (
    order_hash TEXT PRIMARY KEY, body BLOB NOT NULL, state TEXT NOT NULL, touched_ts INTEGER NOT NULL,
    matched_micro INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cancels (order_hash TEXT PRIMARY KEY, ts INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_by_state ON orders (state);
CREATE TABLE IF NOT EXISTS trades (
    order_hash TEXT NOT NULL, leg TEXT NOT NULL, trade_id TEXT NOT NULL, size_micro INTEGER NOT NULL,
    status TEXT NOT NULL, touched_ts INTEGER NOT NULL, PRIMARY KEY (order_hash, leg)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payments (
    command_id TEXT PRIMARY KEY, content TEXT NOT NULL, state TEXT NOT NULL, notes BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    event_id TEXT PRIMARY KEY, ts INTEGER NOT NULL UNIQUE, subject TEXT NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_of_subject ON events (subject, ts);
"""
NEW, SENT, LIVE, CLOSED = "NEW", "SENT", "LIVE", "CLOSED"
"""States of an order: kept, on the wire at least once, taken by the venue, over."""
_UPSERT_TRADE = (
    "INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET status = excluded.status, touched_ts = excluded.touched_ts"
)


class OrderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An order of ours, and how far it came."""

    order: SignedOrder
    state: str
    cancel_ts: int | None
    touched_ts: int
    """When the venue last told anything of it."""


class TradeRecord(msgspec.Struct, frozen=True):
    """One fill of an order, by one resting order."""

    order_hash: str
    leg: str
    """Identity of the fill: the trade's id, with the resting order's where one trade took several."""
    trade_id: str
    size_micro: int
    status: str
    """MATCHED until CONFIRMED or FAILED."""


class ExchangeStore:
    """Thread-safe. `now_ns` is the run's clock."""

    def __init__(self, path: Path | str, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._lock = threading.RLock()
        self.version = 0
        """Grows with each event."""
        try:
            self._db = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_TABLES)
            row = self._db.execute("SELECT max(ts) FROM events").fetchone()
        except sqlite3.Error as error:
            raise StorageError(f"The gateway's store {path} cannot be opened: {error}.") from error
        self._last_ts: int = row[0] or 0

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing: what is written within is committed at its end (nesting joins the outer one)."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            last_ts = self._last_ts
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise StorageError(f"The gateway cannot write its store: {error}.") from error
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                    self._last_ts = last_ts

    def keep_order(self, order: SignedOrder) -> OrderRecord:
        """Keep an order; the same hash with other content is a conflict."""
        body = msgspec.json.encode(order)
        with self.writing():
            self._db.execute("INSERT OR IGNORE INTO orders VALUES (?, ?, 'NEW', 0, 0)", (order.order_hash, body))
            row = self._db.execute("SELECT body FROM orders WHERE order_hash = ?", (order.order_hash,)).fetchone()
        if not same_order(row[0], order):
            raise ConflictError(f"The order {order.order_hash} came again with other content; nothing was changed.")
        record = self.order(order.order_hash)
        assert record is not None
        return record

    def order(self, order_hash: str) -> OrderRecord | None:
        """Return an order."""
        found = self._orders("WHERE order_hash = ?", (order_hash,))
        return found[0] if found else None

    def orders(self, *states: str) -> list[OrderRecord]:
        """Return the orders in these states (all without one), by hash."""
        marks = ", ".join("?" * len(states))
        return self._orders(
            f"WHERE state IN ({marks}) ORDER BY order_hash" if states else "ORDER BY order_hash", states
        )

    def set_state(self, order_hash: str, state: str) -> None:
        """Note how far an order came, and that something was heard of it."""
        self._write(
            "UPDATE orders SET state = ?, touched_ts = ? WHERE order_hash = ?", (state, self._now_ns(), order_hash)
        )

    def note_matched(self, order_hash: str, matched_micro: int) -> None:
        """Note how many shares of an order are matched in all, as far as was told."""
        note = "UPDATE orders SET matched_micro = max(matched_micro, ?) WHERE order_hash = ?"
        self._write(note, (matched_micro, order_hash))

    def incomplete(self) -> list[str]:
        """Return the orders of which more is matched than the known fills, by hash."""
        known = "SELECT coalesce(sum(size_micro), 0) FROM trades WHERE trades.order_hash = orders.order_hash"
        query = f"SELECT order_hash FROM orders WHERE matched_micro > ({known}) ORDER BY order_hash"
        return [str(row[0]) for row in self._read(query, ())]

    def keep_cancel(self, order_hash: str, ts: int) -> None:
        """Note that an order is to be cancelled, also before the order is here; the earliest counts."""
        keep = "INSERT INTO cancels VALUES (?, ?) ON CONFLICT DO UPDATE SET ts = min(ts, excluded.ts)"
        self._write(keep, (order_hash, ts))

    def trades(self, order_hash: str) -> list[TradeRecord]:
        """Return an order's fills."""
        return self._trades("WHERE order_hash = ? ORDER BY leg", (order_hash,))

    def unsettled(self) -> list[TradeRecord]:
        """Return the fills that are neither confirmed nor failed."""
        return self._trades("WHERE status = 'MATCHED' ORDER BY order_hash, leg", ())

    def keep_trade(self, trade: TradeRecord) -> None:
        """Keep a fill, or its new status."""
        values = (trade.order_hash, trade.leg, trade.trade_id, trade.size_micro, trade.status, self._now_ns())
        self._write(_UPSERT_TRADE, values)

    def keep_payment(self, command_id: str, content: str) -> tuple[str, bytes]:
        """Keep a redemption or merge, and return its state and notes; the same id with other content is a conflict."""
        with self.writing():
            self._db.execute("INSERT OR IGNORE INTO payments VALUES (?, ?, 'NEW', x'')", (command_id, content))
            query = "SELECT content, state, notes FROM payments WHERE command_id = ?"
            row = self._db.execute(query, (command_id,)).fetchone()
        if row[0] != content:
            raise ConflictError(f"The command {command_id} came again with other content; nothing was changed.")
        return str(row[1]), bytes(row[2])

    def set_payment(self, command_id: str, state: str, notes: bytes) -> None:
        """Note how far a payment came."""
        self._write("UPDATE payments SET state = ?, notes = ? WHERE command_id = ?", (state, notes, command_id))

    def payments(self, *states: str) -> list[tuple[str, str, str, bytes]]:
        """Return (command id, content, state, notes) of the payments in these states."""
        query = f"SELECT * FROM payments WHERE state IN ({', '.join('?' * len(states))}) ORDER BY command_id"
        return [(str(r[0]), str(r[1]), str(r[2]), bytes(r[3])) for r in self._read(query, states)]

    def keep_note(self, name: str, body: bytes) -> None:
        """Keep something under a name, in place of what was there."""
        self._write("INSERT INTO notes VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body", (name, body))

    def note(self, name: str) -> bytes:
        """Return what was kept under a name, nothing where nothing was."""
        rows = self._read("SELECT body FROM notes WHERE name = ?", (name,))
        return bytes(rows[0][0]) if rows else b""

    def tell(self, subject: str, events: Sequence[ExchangeEvent], *, not_before: int = 0) -> int:
        """Tell events of a subject (order hash or command id), those already told left out; returns how many are new.

        Their times are set here: now, but always behind everything told before and not before `not_before`.
        """
        told = 0
        with self.writing():
            for event in events:
                known = self._db.execute("SELECT 1 FROM events WHERE event_id = ?", (event.event_id,)).fetchone()
                if known:
                    continue
                self._last_ts = max(self._now_ns(), self._last_ts + 1, not_before)
                stamped = msgspec.structs.replace(event, ts=self._last_ts)
                body = msgspec.json.encode(stamped)
                self._db.execute("INSERT INTO events VALUES (?, ?, ?, ?)", (event.event_id, stamped.ts, subject, body))
                told += 1
            self.version += told
        return told

    def told(self, subject: str) -> list[ExchangeEvent]:
        """Return everything that was told of a subject, in order."""
        rows = self._read("SELECT body FROM events WHERE subject = ? ORDER BY ts", (subject,))
        return [msgspec.json.decode(row[0], type=ExchangeEvent) for row in rows]

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        """Return the first event behind the cursor."""
        query = "SELECT body FROM events WHERE ts >= ? AND (ts, event_id) > (?, ?) ORDER BY ts, event_id LIMIT 1"
        rows = self._read(query, (after_ts, after_ts, after_id))
        return msgspec.json.decode(rows[0][0], type=ExchangeEvent) if rows else None

    def _orders(self, where: str, values: tuple[str, ...]) -> list[OrderRecord]:
        rows = self._read(
            f"SELECT body, state, ts, touched_ts FROM orders LEFT JOIN cancels USING (order_hash) {where}", values
        )
        return [
            OrderRecord(
                order=msgspec.json.decode(body, type=SignedOrder),
                state=state,
                cancel_ts=cancel_ts,
                touched_ts=touched_ts,
            )
            for body, state, cancel_ts, touched_ts in rows
        ]

    def _trades(self, where: str, values: tuple[str, ...]) -> list[TradeRecord]:
        rows = self._read(f"SELECT order_hash, leg, trade_id, size_micro, status FROM trades {where}", values)
        return [TradeRecord(*row) for row in rows]

    def _read(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise StorageError(f"The gateway's store cannot be read: {error}.") from error

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        with self.writing():
            self._db.execute(statement, values)
