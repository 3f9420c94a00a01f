"""What every event store must do, whatever it keeps its log in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.errors import ConflictError
from whaletrader.ports.chain import Record, genesis_hash, link
from whaletrader.ports.store import Batch, EventStore, Snapshot, StoredSeal

GENESIS = b'{"account": "paper"}'


class Place:
    """Where a kind of store lives, so that it can be opened again."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._path = folder / "log.db"
        self._memory = MemoryEventStore(GENESIS) if kind == "memory" else None
        self._open: list[SqliteEventStore] = []

    def open(self) -> EventStore:
        if self._memory is not None:
            return self._memory
        known = self._path.exists()
        store = SqliteEventStore.open(self._path) if known else SqliteEventStore.create(self._path, GENESIS)
        self._open.append(store)
        return store

    def end(self) -> None:
        for store in self._open:
            store.close(clean=False)


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    found = Place(request.param, tmp_path)
    yield found
    found.end()


@pytest.fixture
def store(place: Place) -> EventStore:
    return place.open()


def record(offset: int, name: str = "", payload: bytes = b"payload") -> Record:
    own_id = name or f"{offset:032x}"
    return Record(offset, own_id, "RunMarked", 1, 10 * offset, 10 * offset + 1, "", own_id, "key", payload)


def append(store: EventStore, count: int, *, durable: bool = False) -> list[Record]:
    first = store.progress().count + 1
    records = [record(offset) for offset in range(first, first + count)]
    store.commit(Batch(records=records, facts=records, handled=first + count - 1), durable=durable)
    return records


def test_an_empty_log_begins_with_the_hash_of_its_genesis(store: EventStore) -> None:
    progress = store.progress()
    assert (progress.count, progress.handled, progress.clocks) == (0, 0, {})
    assert progress.head == genesis_hash(GENESIS)
    assert store.genesis == GENESIS
    assert list(store.read()) == []


def test_what_was_committed_is_read_back_in_order(store: EventStore) -> None:
    records = append(store, 3) + append(store, 2)
    assert list(store.read()) == records
    assert list(store.read(2)) == records[2:]
    assert list(store.read(1, 3)) == records[1:3]
    assert list(store.read(5)) == []


def test_more_records_than_are_read_at_once_come_back_complete(store: EventStore) -> None:
    records = append(store, 4_500)
    assert list(store.read()) == records
    assert list(store.read(1_999, 4_001)) == records[1_999:4_001]


@pytest.mark.parametrize("durable", [False, True])
def test_the_chain_goes_over_every_record_from_the_genesis_on(store: EventStore, durable: bool) -> None:
    append(store, 3, durable=durable)
    append(store, 2, durable=durable)
    head = genesis_hash(GENESIS)
    for entry, stored in store.read_chained():
        head = link(head, entry)
        assert stored == head
    assert store.progress().head == head


def test_a_fact_is_found_in_the_inbox_and_a_decided_message_by_reading(store: EventStore) -> None:
    fact, decided = record(1, "f" * 32), record(2, "d" * 32)
    store.commit(Batch(records=[fact, decided], facts=[fact], handled=0), durable=False)
    assert store.fact("f" * 32) == fact
    assert store.fact("d" * 32) is None
    assert store.find("f" * 32) == fact
    assert store.find("d" * 32) == decided
    assert store.find("0" * 32) is None


def test_a_second_fact_with_the_same_id_is_a_conflict_and_nothing_of_its_batch_stays(store: EventStore) -> None:
    append(store, 2)
    before = store.progress()
    fresh, known = record(3), record(4, f"{1:032x}")
    with pytest.raises(ConflictError):
        store.commit(Batch(records=[fresh, known], facts=[fresh, known], handled=4, commands=[3]), durable=False)
    assert store.progress() == before
    assert store.fact(fresh.id) is None
    assert store.open_commands() == []
    append(store, 1)
    assert store.progress().count == 3


@pytest.mark.parametrize("offset", [2, 4])
def test_an_offset_that_does_not_follow_on_is_a_conflict(store: EventStore, offset: int) -> None:
    append(store, 2)
    with pytest.raises(ConflictError, match="does not follow"):
        store.commit(Batch(records=[record(offset, "e" * 32)], handled=2), durable=False)
    assert store.progress().count == 2


def test_progress_and_clocks_are_those_of_the_last_batch(store: EventStore) -> None:
    store.commit(Batch(records=[record(1), record(2)], handled=1, clocks={"tape": 7}), durable=False)
    store.commit(Batch(records=[], handled=2, clocks={"tape": 9, "timers": 3}), durable=False)
    progress = store.progress()
    assert (progress.count, progress.handled, progress.clocks) == (2, 2, {"tape": 9, "timers": 3})


def test_a_command_is_open_until_it_is_noted_as_done(store: EventStore) -> None:
    store.commit(Batch(records=[record(1), record(2), record(3)], handled=1, commands=[2, 3]), durable=True)
    assert store.open_commands() == [2, 3]
    store.commit(Batch(records=[], handled=3, done=[2]), durable=False)
    assert store.open_commands() == [3]


def test_a_seal_is_found_by_its_approval(store: EventStore) -> None:
    seal = StoredSeal(message_id="a" * 32, key_id="key", signature=b"signature")
    store.commit(Batch(records=[], handled=0, seals=[seal]), durable=False)
    assert store.seal_of("a" * 32) == seal
    assert store.seal_of("b" * 32) is None


def test_the_newest_snapshots_come_first_and_only_two_are_kept(store: EventStore) -> None:
    made = [Snapshot(offset=offset, head=b"head", state=bytes(offset)) for offset in (1, 2, 3)]
    for snapshot in made:
        store.commit(Batch(records=[], handled=0, snapshot=snapshot), durable=False)
    assert list(store.snapshots()) == [made[2], made[1]]


@pytest.mark.parametrize("clean", [True, False])
def test_a_store_that_is_opened_again_goes_on_where_it_was(place: Place, clean: bool) -> None:
    first = place.open()
    append(first, 3, durable=True)
    first.commit(Batch(records=[record(4)], handled=3, clocks={"tape": 5}, commands=[4]), durable=False)
    before = first.progress()
    first.close(clean=clean)
    second = place.open()
    assert second.progress() == before
    assert second.open_commands() == [4]
    append(second, 2)
    assert [entry.offset for entry in second.read()] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("text", ["", "|", "12|", "ключ", "a\x00b", "\U0001f40b"])
def test_any_text_and_bytes_come_back(store: EventStore, text: str) -> None:
    odd = Record(1, "f" * 32, text or "T", 2**40, -5, 2**63 - 1, text, text, text, bytes(range(256)))
    store.commit(Batch(records=[odd], facts=[odd], handled=0), durable=False)
    assert list(store.read()) == [odd]
    assert store.fact("f" * 32) == odd
