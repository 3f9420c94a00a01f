"""The tables of a log file, and the triggers that make its records append-only."""

import sqlite3

FORMAT = "1"
_COLUMNS = (
    "offset INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, schema_version INTEGER NOT NULL, "
    "ts_event INTEGER NOT NULL, ts_init INTEGER NOT NULL, cause_id TEXT NOT NULL, correlation_id TEXT NOT NULL, "
    '"key" TEXT NOT NULL, payload BLOB NOT NULL, hash BLOB NOT NULL'
)
TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT",
    f"CREATE TABLE records ({_COLUMNS}) STRICT",
    'CREATE TABLE inbox (id TEXT PRIMARY KEY, "offset" INTEGER NOT NULL) STRICT, WITHOUT ROWID',
    "CREATE TABLE progress (one INTEGER PRIMARY KEY, handled INTEGER NOT NULL, clocks BLOB NOT NULL) STRICT",
    'CREATE TABLE outbox ("offset" INTEGER PRIMARY KEY, done INTEGER NOT NULL) STRICT',
    "CREATE TABLE seals (message_id TEXT PRIMARY KEY, key_id TEXT NOT NULL, signature BLOB NOT NULL) STRICT",
    'CREATE TABLE snapshots ("offset" INTEGER PRIMARY KEY, head BLOB NOT NULL, state BLOB NOT NULL) STRICT',
    *(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END"
        for table in ("records", "seals")
        for verb in ("UPDATE", "DELETE")
    ),
)
INSERT_RECORD = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
SELECT_RECORD = (
    'SELECT offset, id, type, schema_version, ts_event, ts_init, cause_id, correlation_id, "key", payload, hash '
    "FROM records"
)


def create(connection: sqlite3.Connection, genesis: bytes) -> None:
    """Make a new log: all tables and what it starts with, in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in TABLES:
        connection.execute(statement)
    connection.executemany("INSERT INTO meta VALUES (?, ?)", [("format", FORMAT.encode()), ("genesis", genesis)])
    connection.execute("INSERT INTO progress VALUES (1, 0, ?)", (b"{}",))
    connection.execute("COMMIT")
