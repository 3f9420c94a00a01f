"""The audit finds what was done to a log, and names the place."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.synthetic import Run, open_store
from whaletrader.adapters.sqlite.anchor import anchor_path, write_anchor
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.errors import CorruptLogError, WhaleTraderError
from whaletrader.messages.risk import ApprovalBounds
from whaletrader.ports.chain import Anchor, Record, genesis_hash, link
from whaletrader.runtime.audit import Audit, verify

COLUMNS = (
    "id",
    "type",
    "schema_version",
    "ts_event",
    "ts_init",
    "cause_id",
    "correlation_id",
    "key",
    "payload",
    "hash",
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    run = Run(open_store(folder), folder, 6)
    run.engine.run()
    run.engine.close()
    return folder


@pytest.fixture
def log(original: Path, tmp_path: Path) -> Path:
    return copied(original, tmp_path)


def copied(original: Path, folder: Path) -> Path:
    for name in ("log.db", "log.head"):
        shutil.copy(original / name, folder / name)
    return folder / "log.db"


def changed(log: Path, *statements: str) -> None:
    """Change a log as somebody would who has the file."""
    connection = sqlite3.connect(log, isolation_level=None)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        connection.execute(statement)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def audited(log: Path, check: Callable[[ApprovalBounds, bytes, str], bool] | None = None) -> Audit:
    store = SqliteEventStore.open_reader(log)
    try:
        return verify(store, check)
    finally:
        store.close(clean=False)


def places(audit: Audit) -> list[str]:
    return [finding.place for finding in audit.findings]


def good_seal(bounds: ApprovalBounds, signature: bytes, key_id: str) -> bool:
    return signature == bounds.approval_id.encode() and key_id == "plain"


def test_a_log_that_nobody_touched_is_sound(log: Path) -> None:
    audit = audited(log, good_seal)
    assert audit.sound
    assert audit.records == audit.anchored > 30
    assert audit.unanchored == 0
    assert audit.seals == 4


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_column_is_found_at_its_record(log: Path, column: str) -> None:
    number = column in {"schema_version", "ts_event", "ts_init"}
    blob = column in {"payload", "hash"}
    value = f'"{column}" + 1' if number else f"\"{column}\" || 'x'"
    value = f"CAST({value} AS BLOB)" if blob else value
    changed(log, f'UPDATE records SET "{column}" = {value} WHERE offset = 7')
    assert places(audited(log))[0] == "record 7"


def test_a_removed_record_is_found(log: Path) -> None:
    changed(log, "DELETE FROM records WHERE offset = 7")
    audit = audited(log)
    assert "record 7" in places(audit)
    assert "record 7 is missing" in [finding.what for finding in audit.findings]


def test_a_removed_record_whose_followers_moved_up_is_found(log: Path) -> None:
    changed(
        log,
        "DELETE FROM records WHERE offset = 7",
        "UPDATE records SET offset = -offset WHERE offset > 7",
        "UPDATE records SET offset = -offset - 1 WHERE offset < 0",
    )
    found = places(audited(log))
    assert found[0] == "record 7"
    assert "anchor" in found


def test_swapped_records_are_found(log: Path) -> None:
    changed(
        log,
        "UPDATE records SET offset = -7 WHERE offset = 7",
        "UPDATE records SET offset = 7 WHERE offset = 8",
        "UPDATE records SET offset = 8 WHERE offset = -7",
    )
    assert places(audited(log))[:2] == ["record 7", "record 8"]


def test_a_cut_tail_is_found(log: Path) -> None:
    count = audited(log).records
    changed(log, f"DELETE FROM records WHERE offset > {count - 3}")
    findings = audited(log).findings
    assert [finding.place for finding in findings] == ["anchor", "progress"]
    assert f"the log ends at record {count - 3}, but {count} were recorded" in findings[0].what


def appended(log: Path) -> None:
    """Add a record with a valid link, as somebody would who knows how."""
    store = SqliteEventStore.open_reader(log)
    progress = store.progress()
    store.close(clean=False)
    record = Record(progress.count + 1, "f" * 32, "RunMarked", 1, 1, 1, "", "f" * 32, "engine", b"")
    connection = sqlite3.connect(log, isolation_level=None)
    marks = ", ".join("?" * 11)
    connection.execute(f"INSERT INTO records VALUES ({marks})", (*record, link(progress.head, record)))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def test_an_appended_record_is_found_after_a_clean_stop(log: Path) -> None:
    count = audited(log).records
    appended(log)
    findings = audited(log).findings
    assert [finding.what for finding in findings] == [
        f"records {count + 1} to {count + 1} were appended after a clean stop at record {count}"
    ]


def test_an_unanchored_tail_after_a_crash_is_counted_and_no_fault(log: Path) -> None:
    store = SqliteEventStore.open_reader(log)
    count, head = store.progress().count, store.progress().head.hex()
    store.close(clean=False)
    write_anchor(anchor_path(log), Anchor(count=count, head=head, clean=False))
    appended(log)
    audit = audited(log)
    assert audit.sound
    assert (audit.anchored, audit.unanchored) == (count, 1)


def test_a_rewritten_log_is_found_by_its_anchor(log: Path) -> None:
    store = SqliteEventStore.open_reader(log)
    records, genesis = list(store.read()), store.genesis
    store.close(clean=False)
    head, statements = genesis_hash(genesis), []
    for record in records:
        forged = record._replace(ts_event=record.ts_event + (record.offset == 5))
        head = link(head, forged)
        statements.append(
            f"UPDATE records SET ts_event = {forged.ts_event}, hash = x'{head.hex()}' WHERE offset = {record.offset}"
        )
    changed(log, *statements)
    findings = audited(log).findings
    assert [finding.place for finding in findings] == ["anchor"]
    assert "was rewritten" in findings[0].what


def test_a_missing_anchor_is_found(log: Path) -> None:
    anchor_path(log).unlink()
    assert places(audited(log)) == ["anchor"]


def test_a_changed_genesis_is_found_at_the_first_record(log: Path) -> None:
    changed(log, "UPDATE meta SET value = x'00' WHERE name = 'genesis'")
    assert places(audited(log))[0] == "record 1"


def test_a_seal_that_does_not_fit_and_one_that_is_missing_are_found_at_their_approvals(log: Path) -> None:
    store = SqliteEventStore.open_reader(log)
    approvals = [record for record in store.read() if record.type == "ApprovedTrade"]
    store.close(clean=False)
    changed(
        log,
        f"UPDATE seals SET signature = x'00' WHERE message_id = '{approvals[0].id}'",
        f"DELETE FROM seals WHERE message_id = '{approvals[1].id}'",
    )
    audit = audited(log, good_seal)
    assert places(audit) == [f"record {approvals[0].offset}", f"record {approvals[1].offset}"]
    assert audit.seals == 2
    assert audited(log).sound


def test_many_faults_are_told_up_to_a_limit(log: Path) -> None:
    changed(log, "UPDATE records SET ts_event = ts_event + 1")
    assert places(audited(log)) == [*(f"record {offset}" for offset in range(1, 21)), "anchor"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_byte_anywhere_in_a_record_is_found_at_that_record(
    data: st.DataObject, original: Path, tmp_path: Path
) -> None:
    log = copied(original, tmp_path)
    store = SqliteEventStore.open_reader(log)
    record, stored = data.draw(st.sampled_from(list(store.read_chained())))
    store.close(clean=False)
    column = data.draw(st.sampled_from(COLUMNS))
    value = stored if column == "hash" else getattr(record, column)
    if isinstance(value, int):
        flipped = str(value ^ (1 << data.draw(st.integers(0, 61))))
    else:
        raw = bytearray(value if isinstance(value, bytes) else value.encode())
        if not raw:
            raw = bytearray(b"\x40")
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 6))
        literal = f"x'{raw.hex()}'"
        flipped = literal if isinstance(value, bytes) else f"CAST({literal} AS TEXT)"
    changed(log, f'UPDATE records SET "{column}" = {flipped} WHERE offset = {record.offset}')
    assert places(audited(log))[0] == f"record {record.offset}"


def read_all(log: Path) -> Iterator[tuple[Record, bytes]]:
    store = SqliteEventStore.open_reader(log)
    yield from store.read_chained()
    store.close(clean=False)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**7), mask=st.integers(1, 255))
@example(place=741_409, mask=32)
def test_a_flipped_byte_anywhere_in_the_file_is_found_or_changes_no_record(
    place: int, mask: int, original: Path, tmp_path: Path
) -> None:
    log = copied(original, tmp_path)
    raw = bytearray(log.read_bytes())
    raw[place % len(raw)] ^= mask
    log.write_bytes(raw)
    assert is_found(log) or list(read_all(log)) == list(read_all(original / "log.db"))


def is_found(log: Path) -> bool:
    """The audit finds something, or the file cannot even be opened, which is told with its name."""
    try:
        return not audited(log).sound
    except WhaleTraderError as error:
        return str(log) in error.message


def test_a_damaged_page_is_told_in_one_clear_sentence(log: Path) -> None:
    raw = bytearray(log.read_bytes())
    raw[4096 * 3 : 4096 * 6] = b"\xff" * 4096 * 3
    log.write_bytes(raw)
    with pytest.raises(CorruptLogError, match="is damaged"):
        audited(log)


def test_damaged_text_is_found_at_its_record(log: Path) -> None:
    changed(log, "UPDATE records SET type = CAST(x'ff41' AS TEXT) WHERE offset = 7")
    assert places(audited(log)) == ["record 7"]
