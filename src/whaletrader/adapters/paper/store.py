"""The paper exchange's durable store: orders, cancels, asks, payments and the events that it tells.

One SQLite file (or ":memory:"); it computes nothing.
"""

import sqlite3
from pathlib import Path

import msgspec

from whaletrader.adapters.paper.database import opened
from whaletrader.errors import ConflictError, StorageError
from whaletrader.ports.exchange import ExchangeEvent, SignedOrder, same_order

_TABLES = """
CREATE TABLE IF NOT EXISTS orders (
    order_hash TEXT PRIMARY KEY, body BLOB NOT NULL, submissions INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cancels (order_hash TEXT PRIMARY KEY, ts INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asks (
    order_hash TEXT NOT NULL, ts INTEGER NOT NULL, account_id TEXT NOT NULL, PRIMARY KEY (order_hash, ts)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payments (command_id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    event_id TEXT PRIMARY KEY, ts INTEGER NOT NULL, subject TEXT NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_in_order ON events (ts, event_id);
CREATE INDEX IF NOT EXISTS events_of_subject ON events (subject);
"""


class ExchangeStore:
    """Everything the exchange ever took and tells."""

    def __init__(self, path: Path | str) -> None:
        self._db = opened(path, _TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def keep_order(self, order: SignedOrder) -> bool:
        """Keep an order; False where it is there already. The same hash with other content is a conflict."""
        body = msgspec.json.encode(order)
        row = self._db.execute("SELECT body FROM orders WHERE order_hash = ?", (order.order_hash,)).fetchone()
        if row is None:
            self._write("INSERT INTO orders VALUES (?, ?, 1)", (order.order_hash, body))
            return True
        if not same_order(row[0], order):
            raise ConflictError(f"The order {order.order_hash} came again with other content; nothing was changed.")
        self._write("UPDATE orders SET submissions = submissions + 1 WHERE order_hash = ?", (order.order_hash,))
        return False

    def order(self, order_hash: str) -> SignedOrder | None:
        """Return an order."""
        row = self._db.execute("SELECT body FROM orders WHERE order_hash = ?", (order_hash,)).fetchone()
        return msgspec.json.decode(row[0], type=SignedOrder) if row else None

    def orders(self) -> list[tuple[SignedOrder, int]]:
        """Return every order ever taken with how often it was sent, by hash."""
        rows = self._db.execute("SELECT body, submissions FROM orders ORDER BY order_hash")
        return [(msgspec.json.decode(body, type=SignedOrder), count) for body, count in rows]

    def keep_cancel(self, order_hash: str, ts: int) -> None:
        """Keep an order's cancel; the earliest counts."""
        self._write(
            "INSERT INTO cancels VALUES (?, ?) ON CONFLICT DO UPDATE SET ts = min(ts, excluded.ts)", (order_hash, ts)
        )

    def cancel_ts(self, order_hash: str) -> int | None:
        """Return when an order was cancelled."""
        row = self._db.execute("SELECT ts FROM cancels WHERE order_hash = ?", (order_hash,)).fetchone()
        return row[0] if row else None

    def keep_ask(self, account_id: str, order_hash: str, ts: int) -> None:
        """Keep that somebody asked for an order."""
        self._write("INSERT OR IGNORE INTO asks VALUES (?, ?, ?)", (order_hash, ts, account_id))

    def asks(self, order_hash: str) -> tuple[int, ...]:
        """Return when somebody asked for an order."""
        rows = self._db.execute("SELECT ts FROM asks WHERE order_hash = ? ORDER BY ts", (order_hash,))
        return tuple(row[0] for row in rows)

    def keep_payment(self, command_id: str, content: str) -> None:
        """Keep a redemption or merge; the same id with other content is a conflict."""
        self._write("INSERT OR IGNORE INTO payments VALUES (?, ?)", (command_id, content))
        row = self._db.execute("SELECT body FROM payments WHERE command_id = ?", (command_id,)).fetchone()
        if row[0] != content:
            raise ConflictError(f"The command {command_id} came again with other content; nothing was changed.")

    def tell(self, subject: str, events: list[ExchangeEvent]) -> None:
        """Replace what is told about a subject (an order's hash or a command's id)."""
        rows = [(event.event_id, event.ts, subject, msgspec.json.encode(event)) for event in events]
        self._write("BEGIN IMMEDIATE", ())
        try:
            self._db.execute("DELETE FROM events WHERE subject = ?", (subject,))
            self._db.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise StorageError(f"The paper exchange cannot write its store: {error}.") from error

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        """Return the first event behind the cursor."""
        row = self._db.execute(
            "SELECT body FROM events WHERE (ts, event_id) > (?, ?) ORDER BY ts, event_id LIMIT 1", (after_ts, after_id)
        ).fetchone()
        return msgspec.json.decode(row[0], type=ExchangeEvent) if row else None

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            self._db.execute(statement, values)
        except sqlite3.Error as error:
            raise StorageError(f"The paper exchange cannot write its store: {error}.") from error
