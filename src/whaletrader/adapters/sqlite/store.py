"""The event store in one SQLite file (WAL), with its anchor beside it.

A plain commit is atomic and survives the process; a durable one is also on disk and anchored when it returns. One
thread at a time may use a store; a reader in another thread or process opens the file for itself.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from whaletrader.adapters.sqlite import schema
from whaletrader.adapters.sqlite.anchor import anchor_path, read_anchor, write_anchor
from whaletrader.adapters.sqlite.faults import told_plainly
from whaletrader.errors import ConflictError, CorruptLogError, DataError, StorageError
from whaletrader.ports.chain import Anchor, Record, anchor_fault, genesis_hash, link
from whaletrader.ports.store import Batch, Progress, Snapshot, StoredSeal

READ_ROWS = 2_000
KEPT_SNAPSHOTS = 2
CACHE_KIB = 65_536
CHECKPOINT_PAGES = 8_000


class SqliteEventStore:
    """A log file; make one with `create`, go on with one by `open`, look at one with `open_reader`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool) -> None:
        self.path = path
        self.writable = writable
        self.unanchored = 0
        self._connection = connection
        meta = dict(connection.execute("SELECT name, value FROM meta"))
        if meta.get("format") != schema.FORMAT.encode():
            raise DataError(f"{path} has a log format that this version cannot read")
        self.genesis: bytes = meta.get("genesis", b"")
        last = connection.execute("SELECT offset, hash FROM records ORDER BY offset DESC LIMIT 1").fetchone()
        self._count: int = last[0] if last else 0
        self._head: bytes = last[1] if last else genesis_hash(self.genesis)
        self._durable_mode = False

    @classmethod
    def create(cls, path: Path, genesis: bytes = b"") -> Self:
        """Make a new log; `ConflictError` where there is one."""
        if path.exists():
            raise ConflictError(f"{path} exists already")
        with told_plainly(path):
            connection = _connect(path)
            schema.create(connection, genesis)
            store = cls(path, connection, writable=True)
        store._anchor(clean=False)
        return store

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a log to go on with it; `CorruptLogError` where it and its anchor do not agree."""
        if not path.exists():
            raise StorageError(f"there is no event log at {path}")
        with told_plainly(path):
            store = cls(path, _connect(path), writable=True)
            store._check_tail()
        store._anchor(clean=False)
        return store

    @classmethod
    def open_reader(cls, path: Path) -> Self:
        """Open a log without ever writing to it; also where the file or its folder is read-only."""
        if not path.exists():
            raise StorageError(f"there is no event log at {path}")
        with told_plainly(path):
            connection = _connect_reader(path)
            # Damaged text must not end the reading: the chain names the record in which it stands.
            connection.text_factory = _tolerant
            return cls(path, connection, writable=False)

    def anchor(self) -> Anchor | None:
        """Read the anchor file."""
        return read_anchor(anchor_path(self.path))

    def _anchor(self, *, clean: bool) -> None:
        write_anchor(anchor_path(self.path), Anchor(count=self._count, head=self._head.hex(), clean=clean))

    def _check_tail(self) -> None:
        """Hold the log against its anchor, and follow the chain from there to the end."""
        anchor = self.anchor()
        if anchor is None:
            if self._count:
                raise CorruptLogError(f"{anchor_path(self.path)} is missing: nothing shows that {self.path} is whole")
            return
        known = self._hash_at(anchor.count)
        fault = anchor_fault(anchor, self._count, known)
        if fault:
            raise CorruptLogError(f"{self.path}: {fault}")
        head = known or b""
        for expected, (record, stored) in enumerate(self.read_chained(anchor.count), start=anchor.count + 1):
            head = link(head, record)
            if record.offset != expected or head != stored:
                raise CorruptLogError(f"{self.path}: the chain breaks at record {expected}")
        self.unanchored = self._count - anchor.count

    def _hash_at(self, offset: int) -> bytes | None:
        if offset == 0:
            return genesis_hash(self.genesis)
        row = self._connection.execute("SELECT hash FROM records WHERE offset = ?", (offset,)).fetchone()
        return row[0] if row else None

    def progress(self) -> Progress:
        """Return the committed state of the log."""
        with told_plainly(self.path):
            row = self._connection.execute("SELECT handled, clocks FROM progress").fetchone()
        try:
            handled, clocks = msgspec.convert(row, tuple[int, bytes])
            known = msgspec.json.decode(clocks, type=dict[str, int])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise CorruptLogError(f"{self.path} is damaged (its note of progress): restore it from a copy") from error
        return Progress(count=self._count, head=self._head, handled=handled, clocks=known)

    def commit(self, batch: Batch, *, durable: bool) -> None:
        """Append in one transaction, and anchor it where it must be on disk."""
        head, rows = self._head, []
        for expected, record in enumerate(batch.records, start=self._count + 1):
            if record.offset != expected:
                raise ConflictError(f"record {record.offset} does not follow on record {expected - 1}")
            head = link(head, record)
            rows.append((*record, head))
        with told_plainly(self.path):
            self._synchronous(durable)
            try:
                self._write(batch, rows)
            except sqlite3.IntegrityError as error:
                raise ConflictError(f"{self.path}: a fact of this batch is in the log already ({error})") from error
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
        self._count += len(rows)
        self._head = head
        if durable:
            self._anchor(clean=False)

    def _synchronous(self, durable: bool) -> None:
        """FULL waits for the disk at each commit, NORMAL only at checkpoints."""
        if durable != self._durable_mode:
            self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._durable_mode = durable

    def _write(self, batch: Batch, rows: Sequence[tuple[object, ...]]) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(schema.INSERT_RECORD, rows)
        if batch.facts:
            connection.executemany("INSERT INTO inbox VALUES (?, ?)", [(fact.id, fact.offset) for fact in batch.facts])
        connection.execute(
            "UPDATE progress SET handled = ?, clocks = ?", (batch.handled, msgspec.json.encode(batch.clocks))
        )
        if batch.commands:
            connection.executemany("INSERT INTO outbox VALUES (?, 0)", [(offset,) for offset in batch.commands])
        if batch.done:
            connection.executemany('UPDATE outbox SET done = 1 WHERE "offset" = ?', [(done,) for done in batch.done])
        if batch.seals:
            seals = [(seal.message_id, seal.key_id, seal.signature) for seal in batch.seals]
            connection.executemany("INSERT INTO seals VALUES (?, ?, ?)", seals)
        if batch.snapshot is not None:
            self._write_snapshot(batch.snapshot)
        connection.execute("COMMIT")

    def _write_snapshot(self, snapshot: Snapshot) -> None:
        values = (snapshot.offset, snapshot.head, snapshot.state)
        self._connection.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)", values)
        self._connection.execute(
            'DELETE FROM snapshots WHERE "offset" NOT IN '
            f'(SELECT "offset" FROM snapshots ORDER BY "offset" DESC LIMIT {KEPT_SNAPSHOTS})'
        )

    def read(self, after: int = 0, until: int | None = None) -> Iterator[Record]:
        """Yield the records with after < offset ≤ until."""
        for row in self._rows(after, until):
            yield Record._make(row[:-1])

    def read_chained(self, after: int = 0) -> Iterator[tuple[Record, bytes]]:
        """Yield records with the hash that was stored with each."""
        for row in self._rows(after, None):
            yield Record._make(row[:-1]), row[-1]

    def _rows(self, after: int, until: int | None) -> Iterator[tuple[Any, ...]]:
        """Yield rows in pieces, so that no read stays open while others write."""
        query = f"{schema.SELECT_RECORD} WHERE offset > ? AND offset <= ? ORDER BY offset LIMIT {READ_ROWS}"
        last = 2**63 - 1 if until is None else until
        while True:
            with told_plainly(self.path):
                rows = self._connection.execute(query, (after, last)).fetchall()
            yield from rows
            if len(rows) < READ_ROWS:
                return
            after = rows[-1][0]

    def fact(self, message_id: str) -> Record | None:
        """Return the committed fact with this id."""
        return self._one('offset = (SELECT "offset" FROM inbox WHERE id = ?)', message_id)

    def find(self, message_id: str) -> Record | None:
        """Return the committed record with this id; only facts have an index."""
        return self.fact(message_id) or self._one("id = ?", message_id)

    def _one(self, condition: str, message_id: str) -> Record | None:
        with told_plainly(self.path):
            row = self._connection.execute(f"{schema.SELECT_RECORD} WHERE {condition}", (message_id,)).fetchone()
        return Record._make(row[:-1]) if row else None

    def open_commands(self) -> list[int]:
        """Return the offsets of the open outbox entries."""
        query = 'SELECT "offset" FROM outbox WHERE done = 0 ORDER BY "offset"'
        with told_plainly(self.path):
            return [offset for (offset,) in self._connection.execute(query)]

    def seal_of(self, message_id: str) -> StoredSeal | None:
        """Return the seal of an approval."""
        query = "SELECT message_id, key_id, signature FROM seals WHERE message_id = ?"
        with told_plainly(self.path):
            row = self._connection.execute(query, (message_id,)).fetchone()
        return StoredSeal(message_id=row[0], key_id=row[1], signature=row[2]) if row else None

    def snapshots(self) -> Iterator[Snapshot]:
        """Yield the kept snapshots, newest first."""
        query = 'SELECT "offset", head, state FROM snapshots ORDER BY "offset" DESC'
        with told_plainly(self.path):
            rows = self._connection.execute(query).fetchall()
        for offset, head, state in rows:
            yield Snapshot(offset=offset, head=head, state=state)

    def damage(self) -> str:
        """Have SQLite check every page; "" where the file is sound."""
        with told_plainly(self.path):
            found = self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        return "" if found == "ok" else str(found)

    def close(self, *, clean: bool) -> None:
        """Close; a clean stop moves everything into the main file, onto the disk, and anchors it as the end."""
        with told_plainly(self.path):
            if self.writable and clean:
                self._synchronous(True)
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
        if self.writable and clean:
            self._anchor(clean=True)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    return connection


def _tolerant(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def _connect_reader(path: Path) -> sqlite3.Connection:
    """A WAL file whose folder cannot be written is only readable as immutable, which is right where no WAL is left."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=1.0, isolation_level=None, check_same_thread=False)
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        if path.with_name(path.name + "-wal").exists():
            raise
        connection = sqlite3.connect(uri + "&immutable=1", uri=True, isolation_level=None, check_same_thread=False)
    return connection
