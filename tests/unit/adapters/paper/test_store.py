import pytest

from tests.support.trading import approved, execution, market_terms, signed
from whaletrader.adapters.paper.store import ExchangeStore
from whaletrader.errors import ConflictError, StorageError
from whaletrader.ports.exchange import ExchangeEvent


@pytest.fixture
def store(tmp_path):
    store = ExchangeStore(tmp_path / "exchange.db")
    yield store
    store.close()


def event(event_id, ts, order_hash="0x1"):
    return ExchangeEvent(
        event_id=event_id, ts=ts, kind="ACCEPTED", account_id="a", order_hash=order_hash, market_id="m", token_id="t"
    )


def test_events_of_one_time_come_in_the_order_of_their_ids(store):
    store.tell("0x1", [event("b", 5), event("a", 5), event("c", 4)])
    cursor, seen = (-1, ""), []
    while (found := store.next_event(*cursor)) is not None:
        seen.append(found.event_id)
        cursor = (found.ts, found.event_id)
    assert seen == ["c", "a", "b"]


def test_telling_a_subject_again_replaces_only_its_own_events(store):
    store.tell("0x1", [event("a", 5)])
    store.tell("0x2", [event("b", 6, "0x2")])
    store.tell("0x1", [event("c", 7)])
    assert store.next_event(-1, "").event_id == "b"
    assert store.next_event(6, "b").event_id == "c"


def test_two_subjects_cannot_tell_the_same_event_and_a_failure_changes_nothing(store):
    store.tell("0x1", [event("a", 5)])
    with pytest.raises(StorageError):
        store.tell("0x2", [event("b", 4), event("a", 6)])
    assert store.next_event(-1, "") == event("a", 5)
    assert store.next_event(5, "a") is None


def test_the_earliest_cancel_counts(store):
    assert store.cancel_ts("0x1") is None
    for ts in (7, 5, 9):
        store.keep_cancel("0x1", ts)
    assert store.cancel_ts("0x1") == 5


def test_asks_are_kept_once_in_order(store):
    for ts in (9, 5, 9):
        store.keep_ask("paper", "0x1", ts)
    assert store.asks("0x1") == (5, 9)
    assert store.asks("0x2") == ()


def test_orders_are_kept_with_how_often_they_were_sent(store):
    harness = execution()
    harness.tell(market_terms(), at=90)
    sent = signed(harness.tell(approved(), at=100)[0])
    assert store.keep_order(sent)
    assert not store.keep_order(sent)
    assert store.order(sent.order_hash) == sent
    assert store.order("0x") is None
    assert store.orders() == [(sent, 2)]


def test_a_payment_again_with_other_content_is_a_conflict(store):
    store.keep_payment("c", "one")
    store.keep_payment("c", "one")
    with pytest.raises(ConflictError):
        store.keep_payment("c", "two")


def test_a_place_that_cannot_be_opened_is_one_clear_sentence(tmp_path):
    with pytest.raises(StorageError, match="cannot be opened"):
        ExchangeStore(tmp_path / "missing" / "exchange.db")


def test_a_full_disk_is_one_clear_sentence_and_loses_nothing(store):
    store.tell("0x1", [event("a", 5)])
    store._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(StorageError, match="cannot write"):
        store.tell("0x2", [event(f"{number:05d}" + "x" * 500, 6, "0x2") for number in range(1_000)])
    assert store.next_event(-1, "") == event("a", 5)
    assert store.next_event(5, "a") is None
