"""The durable part of paper trading against a live book: orders as they stand, cancels, payments, and what was told.

Told events are only ever appended, in the order of their time. One SQLite file (or ":memory:"); it decides nothing.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from whaletrader.adapters.paper.database import opened
from whaletrader.errors import ConflictError, StorageError
from whaletrader.ports.exchange import ExchangeEvent, SignedOrder, same_order

_TABLES = """
CREATE TABLE IF NOT EXISTS orders (
    order_hash TEXT PRIMARY KEY, body BLOB NOT NULL, submissions INTEGER NOT NULL,
    entered INTEGER NOT NULL, closed INTEGER NOT NULL, filled INTEGER NOT NULL, fills INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cancels (order_hash TEXT PRIMARY KEY, ts INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asks (
    order_hash TEXT NOT NULL, ts INTEGER NOT NULL, account_id TEXT NOT NULL, done INTEGER NOT NULL,
    PRIMARY KEY (order_hash, ts)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payments (
    command_id TEXT PRIMARY KEY, content TEXT NOT NULL, body BLOB NOT NULL, done INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settlements (event_id TEXT PRIMARY KEY, ts INTEGER NOT NULL, body BLOB NOT NULL)
WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS markets (market_id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    ts INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of_subject ON events (subject, ts);
"""


class OrderRow(msgspec.Struct):
    """An order and how it stands."""

    order: SignedOrder
    entered: bool = False
    closed: bool = False
    filled_micro: int = 0
    fills: int = 0


class Payment(msgspec.Struct, frozen=True):
    """A redemption (`token_id`) or a merge (`market_id`)."""

    command_id: str
    account_id: str
    token_id: str
    market_id: str
    size_micro: int
    arrive_ts: int


class ShadowStore:
    """Everything the paper exchange was told and tells."""

    def __init__(self, path: Path | str) -> None:
        self._db = opened(path, _TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Have everything inside written at once or not at all."""
        if self._db.in_transaction:
            yield
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StorageError(f"The paper exchange cannot write its store: {error}.") from error
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def keep_order(self, order: SignedOrder) -> bool:
        """Keep an order; False where it is there already. The same hash with other content is a conflict."""
        body = msgspec.json.encode(order)
        row = self._db.execute("SELECT body FROM orders WHERE order_hash = ?", (order.order_hash,)).fetchone()
        if row is None:
            self._db.execute("INSERT INTO orders VALUES (?, ?, 1, 0, 0, 0, 0)", (order.order_hash, body))
            return True
        if not same_order(row[0], order):
            raise ConflictError(f"The order {order.order_hash} came again with other content; nothing was changed.")
        self._db.execute("UPDATE orders SET submissions = submissions + 1 WHERE order_hash = ?", (order.order_hash,))
        return False

    def keep_state(self, row: OrderRow) -> None:
        """Keep how an order stands."""
        values = (row.entered, row.closed, row.filled_micro, row.fills, row.order.order_hash)
        self._db.execute(
            "UPDATE orders SET entered = ?, closed = ?, filled = ?, fills = ? WHERE order_hash = ?", values
        )

    def order(self, order_hash: str) -> OrderRow | None:
        """Return an order."""
        return next(self._orders("WHERE order_hash = ?", (order_hash,)), None)

    def open_orders(self) -> list[OrderRow]:
        """Return the orders that are not closed, by hash."""
        return list(self._orders("WHERE closed = 0 ORDER BY order_hash", ()))

    def _orders(self, where: str, values: tuple[object, ...]) -> Iterator[OrderRow]:
        columns = "body, entered, closed, filled, fills"
        for body, entered, closed, filled, fills in self._db.execute(f"SELECT {columns} FROM orders {where}", values):
            order = msgspec.json.decode(body, type=SignedOrder)
            yield OrderRow(order, bool(entered), bool(closed), filled, fills)

    def submissions(self) -> list[tuple[SignedOrder, int]]:
        """Return every order ever taken with how often it was sent, by hash."""
        rows = self._db.execute("SELECT body, submissions FROM orders ORDER BY order_hash")
        return [(msgspec.json.decode(body, type=SignedOrder), count) for body, count in rows]

    def keep_cancel(self, order_hash: str, ts: int) -> None:
        """Keep an order's cancel; the earliest counts."""
        self._db.execute(
            "INSERT INTO cancels VALUES (?, ?) ON CONFLICT DO UPDATE SET ts = min(ts, excluded.ts)", (order_hash, ts)
        )

    def cancel_ts(self, order_hash: str) -> int | None:
        """Return when an order was cancelled."""
        row = self._db.execute("SELECT ts FROM cancels WHERE order_hash = ?", (order_hash,)).fetchone()
        return row[0] if row else None

    def keep_ask(self, account_id: str, order_hash: str, ts: int) -> bool:
        """Keep that somebody asked for an order; False where that is known."""
        cursor = self._db.execute("INSERT OR IGNORE INTO asks VALUES (?, ?, ?, 0)", (order_hash, ts, account_id))
        return cursor.rowcount > 0

    def answered(self, order_hash: str, ts: int) -> None:
        """Note that a question was answered."""
        self._db.execute("UPDATE asks SET done = 1 WHERE order_hash = ? AND ts = ?", (order_hash, ts))

    def open_asks(self) -> list[tuple[str, str, int]]:
        """Return the questions without an answer: account, order, time."""
        return self._db.execute("SELECT account_id, order_hash, ts FROM asks WHERE done = 0 ORDER BY ts").fetchall()

    def keep_payment(self, payment: Payment) -> bool:
        """Keep a redemption or merge; False where it is there. The same id with other content is a conflict."""
        body = msgspec.json.encode(payment)
        content = body.decode()
        known = self._db.execute("SELECT content FROM payments WHERE command_id = ?", (payment.command_id,)).fetchone()
        if known is not None and known[0] != content:
            raise ConflictError(f"The command {payment.command_id} came again with other content; nothing was changed.")
        if known is None:
            self._db.execute("INSERT INTO payments VALUES (?, ?, ?, 0)", (payment.command_id, content, body))
        return known is None

    def paid(self, command_id: str) -> None:
        """Note that a payment was answered."""
        self._db.execute("UPDATE payments SET done = 1 WHERE command_id = ?", (command_id,))

    def open_payments(self) -> list[Payment]:
        """Return the payments without an answer."""
        rows = self._db.execute("SELECT body FROM payments WHERE done = 0 ORDER BY command_id")
        return [msgspec.json.decode(body, type=Payment) for (body,) in rows]

    def keep_settlement(self, event: ExchangeEvent) -> None:
        """Keep a settlement that is to be told at its `ts`."""
        body = msgspec.json.encode(event)
        self._db.execute("INSERT INTO settlements VALUES (?, ?, ?)", (event.event_id, event.ts, body))

    def drop_settlement(self, event_id: str) -> None:
        """Forget a settlement that was told."""
        self._db.execute("DELETE FROM settlements WHERE event_id = ?", (event_id,))

    def settlements(self) -> list[ExchangeEvent]:
        """Return the settlements that are still to be told."""
        rows = self._db.execute("SELECT body FROM settlements ORDER BY ts, event_id")
        return [msgspec.json.decode(body, type=ExchangeEvent) for (body,) in rows]

    def keep_market(self, market_id: str, body: bytes) -> None:
        """Keep what is known of a market."""
        self._db.execute("INSERT OR REPLACE INTO markets VALUES (?, ?)", (market_id, body))

    def markets(self) -> list[bytes]:
        """Return everything known of markets, by id."""
        return [body for (body,) in self._db.execute("SELECT body FROM markets ORDER BY market_id")]

    def tell(self, subject: str, event: ExchangeEvent) -> None:
        """Append an event; its time must be after every other."""
        row = (event.ts, event.event_id, subject, msgspec.json.encode(event))
        self._db.execute("INSERT INTO events VALUES (?, ?, ?, ?)", row)

    def told_of(self, subject: str) -> list[ExchangeEvent]:
        """Return what was told of an order or a command, oldest first."""
        rows = self._db.execute("SELECT body FROM events WHERE subject = ? ORDER BY ts", (subject,))
        return [msgspec.json.decode(body, type=ExchangeEvent) for (body,) in rows]

    def newest_ts(self) -> int:
        """Return the time of the newest event, -1 where nothing was told."""
        row = self._db.execute("SELECT max(ts) FROM events").fetchone()
        return -1 if row[0] is None else int(row[0])

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        """Return the first event behind the cursor."""
        row = self._db.execute(
            "SELECT body FROM events WHERE (ts, event_id) > (?, ?) ORDER BY ts, event_id LIMIT 1", (after_ts, after_id)
        ).fetchone()
        return msgspec.json.decode(row[0], type=ExchangeEvent) if row else None
