"""The place of a pull: raw files and, beside them, the checkpoint that says how far they are good.

A page is appended to its file, the file is synced, and then one transaction moves the task's cursor and the file's
good length together. After any death what lies behind the good length is cut off and the cursor's page is fetched
again: nothing is lost and nothing is there twice.
"""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from whaletrader.app.pull.plan import KIND, SUBGRAPH_FILLS, PullRequest, Task
from whaletrader.datasets.raw_pages import RAW_FOLDER, RawPage, encode_page, raw_file, raw_files
from whaletrader.errors import BusyError, DataError, StorageError, UsageError
from whaletrader.runtime.failpoints import POINTS

CHECKPOINT = "pull.db"
FULL_FILE_BYTES = 32 * 1024 * 1024
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tasks (
    number INTEGER PRIMARY KEY, listing TEXT NOT NULL, subject TEXT NOT NULL, since_s INTEGER NOT NULL,
    until_s INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'open', cursor TEXT NOT NULL DEFAULT '',
    pages INTEGER NOT NULL DEFAULT 0, rows INTEGER NOT NULL DEFAULT 0, combos INTEGER NOT NULL DEFAULT 0,
    first_s INTEGER NOT NULL DEFAULT -1, last_s INTEGER NOT NULL DEFAULT -1, truncated TEXT NOT NULL DEFAULT '',
    words TEXT NOT NULL DEFAULT '', UNIQUE (listing, subject, since_s, until_s)
);
CREATE TABLE IF NOT EXISTS files (
    kind TEXT NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (kind, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS markets (
    condition TEXT PRIMARY KEY, asked_s INTEGER NOT NULL DEFAULT 0, found INTEGER NOT NULL DEFAULT 0,
    settled INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, opened_s INTEGER NOT NULL, closed_s INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hashes (
    wallet TEXT NOT NULL, tx TEXT NOT NULL, told INTEGER NOT NULL, PRIMARY KEY (wallet, tx)
) WITHOUT ROWID;
"""
_TELLS = {"data_v2.activity": 1, "chain.logs": 2, SUBGRAPH_FILLS: 4, "data_v1.activity": 8}
"""Listings that tell a wallet's transactions, as bits of `hashes.told`."""


class TaskState(msgspec.Struct, frozen=True, kw_only=True):
    """A task and how far it is."""

    number: int
    task: Task
    state: str
    """open, done, or failed (the venue refused it for good; tried again by the next run)."""
    cursor: str
    pages: int
    rows: int
    combos: int
    first_s: int
    last_s: int
    truncated: str
    words: str


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A page on its way into the store."""

    page: RawPage
    rows: int
    next: str = ""
    combos: int = 0
    first_s: int = -1
    last_s: int = -1
    truncated: str = ""
    conditions: tuple[str, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    """(wallet, transaction)."""
    markets: tuple[tuple[str, bool], ...] = ()
    """(condition, settled) of markets that were told."""
    tokens: tuple[tuple[str, int, int], ...] = ()
    """(token, opened_s, closed_s), -1 where unknown."""


class PullStore:
    """One pull's folder, held by one process at a time; only the thread that made it may use it."""

    def __init__(self, folder: Path, full_file_bytes: int = FULL_FILE_BYTES) -> None:
        self.folder, self._full = folder, full_file_bytes
        if not (folder / CHECKPOINT).exists() and any((folder / RAW_FOLDER).glob("*")):
            raise UsageError(f"{folder / RAW_FOLDER} holds files that are no pull's; choose another --out")
        try:
            (folder / RAW_FOLDER).mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(folder / CHECKPOINT, isolation_level=None, timeout=0.2)
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("BEGIN EXCLUSIVE")
            self._db.execute("COMMIT")
            self._db.executescript(_TABLES)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise BusyError(
                    f"another pull is writing into {folder}; wait for it, or choose another --out"
                ) from None
            raise StorageError(f"{folder} cannot be written ({error}); choose another --out") from None
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"{folder} cannot be written ({error}); choose another --out") from None
        self._mend()

    def close(self) -> None:
        """Let the folder go."""
        self._db.close()

    def _mend(self) -> None:
        """Cut the raw files back to what is committed."""
        good = {raw_file(self.folder, kind, number): size for kind, number, size in self._all("SELECT * FROM files")}
        for path in raw_files(self.folder):
            if path not in good:
                path.unlink()
        for path, size in good.items():
            held = path.stat().st_size if path.is_file() else 0
            if held < size:
                raise DataError(f"{path} was shortened from outside; pull into a new folder")
            if held > size:
                os.truncate(path, size)

    def add_tasks(self, tasks: Iterable[Task]) -> int:
        """Take tasks that are not there yet; says how many were new."""
        before = self._db.total_changes
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR IGNORE INTO tasks (listing, subject, since_s, until_s) VALUES (?, ?, ?, ?)",
            [(task.listing, task.subject, task.since_s, task.until_s) for task in tasks],
        )
        self._db.execute("COMMIT")
        return self._db.total_changes - before

    def tasks(self, *states: str) -> list[TaskState]:
        """Tasks in the order in which they were added, of these states or all."""
        columns = "number, listing, subject, since_s, until_s, state, cursor, pages, rows, combos, first_s, last_s"
        rows = self._all(f"SELECT {columns}, truncated, words FROM tasks ORDER BY number")
        found = [_state(row) for row in rows]
        return [one for one in found if not states or one.state in states]

    def reopen_failed(self) -> None:
        """Give tasks that failed another try, from where they were."""
        self._db.execute("UPDATE tasks SET state = 'open', words = '' WHERE state = 'failed'")

    def commit(self, at: TaskState, fetched: Fetched) -> TaskState:
        """Keep a page and move on; returns the task's new state."""
        kind = KIND[at.task.listing]
        line = encode_page(fetched.page) if fetched.rows or not at.pages else b""
        try:
            number, size = self._append(kind, line)
            POINTS.hit("before_commit")
            self._db.execute("BEGIN")
            self._db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (kind, number, size))
            after = _after(at, fetched)
            self._db.execute(
                "UPDATE tasks SET state = ?, cursor = ?, pages = ?, rows = ?, combos = ?, first_s = ?, last_s = ?, "
                "truncated = ? WHERE number = ?",
                (after.state, after.cursor, after.pages, after.rows, after.combos, after.first_s, after.last_s,
                 after.truncated, at.number),
            )  # fmt: skip
            self._learn(at.task, fetched)
            self._db.execute("COMMIT")
            POINTS.hit("after_commit")
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"{self.folder} cannot be written ({error}); make room, then run this again") from None
        return after

    def fail(self, at: TaskState, words: str) -> None:
        """Note that the venue refused a task for good."""
        self._db.execute("UPDATE tasks SET state = 'failed', words = ? WHERE number = ?", (words, at.number))

    def _append(self, kind: str, line: bytes) -> tuple[int, int]:
        last = self._all("SELECT number, size FROM files WHERE kind = ? ORDER BY number DESC LIMIT 1", kind)
        number, size = last[0] if last else (1, 0)
        if size >= self._full:
            number, size = number + 1, 0
        if line:
            with raw_file(self.folder, kind, number).open("r+b" if size else "wb") as file:
                file.seek(size)
                file.truncate()
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        return number, size + len(line)

    def _learn(self, task: Task, fetched: Fetched) -> None:
        execute = self._db.executemany
        execute("INSERT OR IGNORE INTO markets (condition) VALUES (?)", [(one,) for one in fetched.conditions])
        execute(
            "UPDATE markets SET found = 1, settled = ? WHERE condition = ?",
            [(int(settled), condition) for condition, settled in fetched.markets],
        )
        execute("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", fetched.tokens)
        bit = _TELLS.get(task.listing, 0)
        if bit:
            execute(
                "INSERT INTO hashes VALUES (?, ?, ?) "
                "ON CONFLICT (wallet, tx) DO UPDATE SET told = told | excluded.told",
                [(wallet, tx, bit) for wallet, tx in fetched.hashes],
            )

    def name_markets(self, conditions: Iterable[str]) -> None:
        """Markets that are wanted whether or not a fill names them."""
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR IGNORE INTO markets (condition) VALUES (?)", [(one,) for one in conditions])
        self._db.execute("COMMIT")

    def markets_to_ask(self, until_s: int) -> list[str]:
        """Markets whose facts are lacking, or may have changed since they were asked up to an earlier end."""
        return [row[0] for row in self._all(
            "SELECT condition FROM markets WHERE asked_s = 0 OR (settled = 0 AND asked_s < ?) ORDER BY condition",
            until_s,
        )]  # fmt: skip

    def mark_asked(self, conditions: Iterable[str], until_s: int) -> None:
        """Note up to which end markets were asked for."""
        self._db.execute("BEGIN")
        self._db.executemany("UPDATE markets SET asked_s = ? WHERE condition = ?", [(until_s, c) for c in conditions])
        self._db.execute("COMMIT")

    def market_counts(self) -> tuple[int, int, int]:
        """Markets named, found and settled."""
        row = self._all("SELECT COUNT(*), COALESCE(SUM(found), 0), COALESCE(SUM(settled), 0) FROM markets")[0]
        return int(row[0]), int(row[1]), int(row[2])

    def tokens(self) -> list[tuple[str, int, int]]:
        """Tokens of the markets that were found, with their markets' life."""
        return [(row[0], row[1], row[2]) for row in self._all("SELECT * FROM tokens ORDER BY token")]

    def hash_counts(self, wallet: str, listings: Iterable[str], other: str) -> tuple[int, int, int]:
        """Transactions of a wallet told by any of some listings and by another, by those alone, by the other alone."""
        counts = self._all("SELECT told, COUNT(*) FROM hashes WHERE wallet = ? GROUP BY told", wallet)
        one, two = sum(_TELLS[listing] for listing in dict.fromkeys(listings)), _TELLS[other]
        told = [(bool(bits & one), bool(bits & two), count) for bits, count in counts]
        both, first, second = (
            sum(count for by_one, by_two, count in told if (by_one, by_two) == wanted)
            for wanted in ((True, True), (True, False), (False, True))
        )
        return both, first, second

    def request(self) -> PullRequest | None:
        """What was asked for last."""
        rows = self._all("SELECT value FROM meta WHERE name = 'request'")
        return msgspec.json.decode(rows[0][0], type=PullRequest) if rows else None

    def born_ns(self, now_ns: int) -> int:
        """When the folder's first pull began: what tells this folder's files from another's."""
        self._db.execute("INSERT OR IGNORE INTO meta VALUES ('born_ns', ?)", (str(now_ns),))
        return int(self._all("SELECT value FROM meta WHERE name = 'born_ns'")[0][0])

    def note_made_up(self) -> None:
        """Remember that some of what lies here is made up."""
        self._db.execute("INSERT OR IGNORE INTO meta VALUES ('simulated', 'yes')")

    def made_up(self) -> bool:
        """Whether some of what lies here is made up: it came from a venue on this machine."""
        return bool(self._all("SELECT value FROM meta WHERE name = 'simulated'"))

    def keep_request(self, request: PullRequest) -> None:
        """Remember what is asked for."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES ('request', ?)", (msgspec.json.encode(request),))

    def _all(self, sql: str, *values: int | str) -> list[tuple[Any, ...]]:
        return self._db.execute(sql, values).fetchall()


def _state(row: tuple[Any, ...]) -> TaskState:
    number, listing, subject, since_s, until_s, state, cursor, pages, rows, combos, first_s, last_s, cut, words = row
    return TaskState(
        number=number,
        task=Task(listing=listing, subject=subject, since_s=since_s, until_s=until_s),
        state=state,
        cursor=cursor,
        pages=pages,
        rows=rows,
        combos=combos,
        first_s=first_s,
        last_s=last_s,
        truncated=cut,
        words=words,
    )


def _after(at: TaskState, fetched: Fetched) -> TaskState:
    known = [second for second in (at.first_s, fetched.first_s) if second >= 0]
    return msgspec.structs.replace(
        at,
        state="open" if fetched.next else "done",
        cursor=fetched.next,
        pages=at.pages + 1,
        rows=at.rows + fetched.rows,
        combos=at.combos + fetched.combos,
        first_s=min(known, default=-1),
        last_s=max(at.last_s, fetched.last_s),
        truncated=at.truncated or fetched.truncated,
    )
