"""What only the SQLite store does: files, anchors, disks that fail, and records that cannot be changed."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from whaletrader.adapters.sqlite.anchor import anchor_path, read_anchor, write_anchor
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.errors import BusyError, ConflictError, CorruptLogError, DataError, StorageError
from whaletrader.ports.chain import Anchor, Record
from whaletrader.ports.store import Batch, StoredSeal

NOBODY = 65_534


def record(offset: int, size: int = 10) -> Record:
    return Record(offset, f"{offset:032x}", "RunMarked", 1, offset, offset, "", "", "key", bytes(size))


def append(store: SqliteEventStore, count: int, *, durable: bool = False, size: int = 10) -> None:
    first = store.progress().count + 1
    records = [record(offset, size) for offset in range(first, first + count)]
    store.commit(Batch(records=records, facts=records, handled=0), durable=durable)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def store(log: Path) -> Iterator[SqliteEventStore]:
    made = SqliteEventStore.create(log, b"genesis")
    yield made
    made.close(clean=False)


def anchor_of(log: Path) -> Anchor:
    found = read_anchor(anchor_path(log))
    assert found is not None
    return found


def test_a_log_is_not_made_where_there_is_one(store: SqliteEventStore) -> None:
    with pytest.raises(ConflictError, match="exists already"):
        SqliteEventStore.create(store.path)


@pytest.mark.parametrize("opening", [SqliteEventStore.open, SqliteEventStore.open_reader])
def test_a_log_that_is_not_there_cannot_be_opened(opening: object, log: Path) -> None:
    with pytest.raises(StorageError, match="there is no event log"):
        opening(log)  # type: ignore[operator]


@pytest.mark.parametrize("statement", ["UPDATE records SET payload = x'00'", "DELETE FROM records"])
def test_records_cannot_be_changed_or_deleted(store: SqliteEventStore, statement: str) -> None:
    append(store, 1)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        store._connection.execute(statement)


def test_seals_cannot_be_changed_or_deleted(store: SqliteEventStore) -> None:
    store.commit(
        Batch(records=[], handled=0, seals=[StoredSeal(message_id="a", key_id="k", signature=b"s")]), durable=False
    )
    for statement in ("UPDATE seals SET signature = x'00'", "DELETE FROM seals"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            store._connection.execute(statement)


def test_only_a_durable_commit_moves_the_anchor(store: SqliteEventStore, log: Path) -> None:
    append(store, 2)
    assert anchor_of(log).count == 0
    append(store, 1, durable=True)
    assert anchor_of(log) == Anchor(count=3, head=store.progress().head.hex(), clean=False)


def test_a_durable_commit_waits_for_the_disk_and_a_plain_one_does_not(store: SqliteEventStore) -> None:
    append(store, 1, durable=True)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    append(store, 1)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (1,)


def test_a_clean_stop_is_noted_in_the_anchor_and_undone_when_the_log_is_opened(log: Path) -> None:
    first = SqliteEventStore.create(log)
    append(first, 2)
    first.close(clean=True)
    assert anchor_of(log).clean
    assert not log.with_name("log.db-wal").exists()
    second = SqliteEventStore.open(log)
    assert not anchor_of(log).clean
    assert second.unanchored == 0
    second.close(clean=False)


def test_records_behind_the_anchor_are_counted_after_a_crash_and_anchored_again(log: Path) -> None:
    first = SqliteEventStore.create(log)
    append(first, 2, durable=True)
    append(first, 3)
    first.close(clean=False)
    second = SqliteEventStore.open(log)
    assert second.unanchored == 3
    assert anchor_of(log).count == 5
    second.close(clean=False)


def test_a_log_that_is_shorter_than_its_anchor_is_refused(store: SqliteEventStore, log: Path) -> None:
    append(store, 2, durable=True)
    write_anchor(anchor_path(log), Anchor(count=5, head="00", clean=False))
    with pytest.raises(CorruptLogError, match="tail was cut off"):
        SqliteEventStore.open(log)


def test_a_log_with_another_head_than_its_anchor_is_refused(store: SqliteEventStore, log: Path) -> None:
    append(store, 2, durable=True)
    write_anchor(anchor_path(log), Anchor(count=2, head="00" * 32, clean=False))
    with pytest.raises(CorruptLogError, match="rewritten"):
        SqliteEventStore.open(log)


def test_records_that_follow_on_a_clean_stop_are_refused(log: Path) -> None:
    first = SqliteEventStore.create(log)
    append(first, 2)
    first.close(clean=True)
    noted = anchor_of(log)
    second = SqliteEventStore.open(log)
    append(second, 1)
    second.close(clean=False)
    write_anchor(anchor_path(log), noted)
    with pytest.raises(CorruptLogError, match="after a clean stop"):
        SqliteEventStore.open(log)


def test_a_broken_chain_behind_the_anchor_is_refused(log: Path) -> None:
    first = SqliteEventStore.create(log)
    append(first, 3)
    first._connection.execute("DROP TRIGGER records_no_update")
    first._connection.execute("UPDATE records SET payload = x'ff' WHERE offset = 2")
    first.close(clean=False)
    with pytest.raises(CorruptLogError, match="breaks at record 2"):
        SqliteEventStore.open(log)


def test_a_log_without_its_anchor_is_refused_once_it_has_records(store: SqliteEventStore, log: Path) -> None:
    anchor_path(log).unlink()
    SqliteEventStore.open(log).close(clean=False)
    append(store, 1)
    anchor_path(log).unlink()
    with pytest.raises(CorruptLogError, match="is missing"):
        SqliteEventStore.open(log)


def test_a_damaged_anchor_is_told_as_such(store: SqliteEventStore, log: Path) -> None:
    anchor_path(log).write_bytes(b"{}")
    with pytest.raises(CorruptLogError, match="damaged"):
        store.anchor()


def test_a_full_disk_is_told_in_one_sentence_and_nothing_committed_is_lost(store: SqliteEventStore, log: Path) -> None:
    append(store, 3, durable=True)
    before = store.progress()
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StorageError, match="disk is full: free some space"):
        append(store, 100, size=4_000)
    assert store.progress() == before
    store._connection.execute("PRAGMA max_page_count=100000")
    append(store, 100, size=4_000)
    assert [entry.offset for entry in store.read()] == list(range(1, 104))


def test_a_file_that_is_no_log_is_told_as_such(log: Path) -> None:
    log.write_bytes(b"this is no database at all, but text that somebody put here" * 100)
    with pytest.raises(CorruptLogError, match="not an event log"):
        SqliteEventStore.open(log)


def test_another_format_of_log_is_refused(store: SqliteEventStore, log: Path) -> None:
    store._connection.execute("UPDATE meta SET value = x'39' WHERE name = 'format'")
    with pytest.raises(DataError, match="log format"):
        SqliteEventStore.open_reader(log)


def test_a_log_that_somebody_writes_to_is_busy(store: SqliteEventStore, log: Path) -> None:
    other = SqliteEventStore.open(log)
    store._connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusyError, match="in use"):
        append(other, 1)
    store._connection.execute("ROLLBACK")
    other.close(clean=False)


def test_a_reader_sees_what_is_committed_while_the_writer_goes_on(store: SqliteEventStore, log: Path) -> None:
    append(store, 2)
    reader = SqliteEventStore.open_reader(log)
    append(store, 1)
    assert len(list(reader.read())) == 3
    with pytest.raises(StorageError, match="read-only"):
        append(reader, 1)
    reader.close(clean=True)
    assert anchor_of(log).count == 0


def test_a_missing_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        SqliteEventStore.create(tmp_path / "nowhere" / "log.db")


def as_somebody_else(action: Callable[[], str]) -> str:
    """What `action` answers in a child process that is not root, to whom every folder is writable."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(NOBODY)
            os.write(writing, action().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        said = answer.read().decode()
    os.waitpid(pid, 0)
    return said


def test_a_read_only_folder_is_told_in_one_sentence_and_can_be_read() -> None:
    folder = Path(tempfile.mkdtemp())
    log = folder / "log.db"
    first = SqliteEventStore.create(log)
    append(first, 2)
    first.close(clean=True)

    def use() -> str:
        count = len(list(SqliteEventStore.open_reader(log).read()))
        try:
            SqliteEventStore.open(log)
        except StorageError as error:
            return f"{count} read; {error.message}"
        return "it was opened for writing"

    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    try:
        said = as_somebody_else(use)
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
    assert said.startswith("2 read; ")
    assert "read-only" in said or "writable" in said


def test_a_copy_of_a_log_and_its_anchor_is_as_good_as_the_log(store: SqliteEventStore, tmp_path: Path) -> None:
    append(store, 4, durable=True)
    copy = tmp_path / "copy"
    copy.mkdir()
    for part in tmp_path.glob("log.*"):
        shutil.copy(part, copy / part.name)
    again = SqliteEventStore.open(copy / "log.db")
    assert list(again.read()) == list(store.read())
    again.close(clean=False)
