"""What paper trading keeps on disk."""

import pytest
from msgspec.structs import replace

from tests.support.shadow_orders import order
from whaletrader.adapters.paper.shadow_store import OrderRow, Payment, ShadowStore
from whaletrader.errors import ConflictError, StorageError
from whaletrader.ports.exchange import ExchangeEvent


@pytest.fixture
def path(tmp_path):
    return tmp_path / "shadow.db"


def event(ts, name, subject="0xaa"):
    return ExchangeEvent(
        event_id=f"{subject}:{name}", ts=ts, kind="FILL", account_id="a", order_hash=subject, market_id="", token_id=""
    )


def test_an_order_and_how_it_stands_are_there_after_opening_again(path):
    store = ShadowStore(path)
    assert store.keep_order(order())
    assert not store.keep_order(order())
    store.keep_state(OrderRow(order(), entered=True, filled_micro=7, fills=2))
    store.close()
    again = ShadowStore(path)
    assert again.order(order().order_hash) == OrderRow(order(), entered=True, filled_micro=7, fills=2)
    assert again.open_orders() == [again.order(order().order_hash)]
    assert again.submissions() == [(order(), 2)]
    again.keep_state(OrderRow(order(), entered=True, closed=True))
    assert again.open_orders() == []
    assert again.order("0x00") is None


def test_the_same_hash_with_other_content_is_a_conflict(path):
    store = ShadowStore(path)
    store.keep_order(order())
    with pytest.raises(ConflictError):
        store.keep_order(replace(order(), size_micro=1))


def test_the_earliest_cancel_counts(path):
    store = ShadowStore(path)
    for ts in (5, 3, 9):
        store.keep_cancel("0xaa", ts)
    assert (store.cancel_ts("0xaa"), store.cancel_ts("0xbb")) == (3, None)


def test_questions_and_payments_are_open_until_they_are_answered(path):
    store, payment = ShadowStore(path), Payment("c", "a", "t", "", 5, 9)
    assert store.keep_ask("a", "0xaa", 5)
    assert not store.keep_ask("a", "0xaa", 5)
    assert store.open_asks() == [("a", "0xaa", 5)]
    store.answered("0xaa", 5)
    assert store.open_asks() == []
    assert store.keep_payment(payment)
    assert not store.keep_payment(payment)
    assert store.open_payments() == [payment]
    with pytest.raises(ConflictError):
        store.keep_payment(replace(payment, size_micro=6))
    store.paid("c")
    assert store.open_payments() == []


def test_events_are_read_from_a_cursor_in_the_order_of_time(path):
    store = ShadowStore(path)
    assert store.newest_ts() == -1
    for ts, name in ((5, "b"), (7, "a"), (9, "c")):
        store.tell("0xaa", event(ts, name))
    assert store.next_event(-1, "") == event(5, "b")
    assert store.next_event(5, "0xaa:b") == event(7, "a")
    assert store.next_event(9, "0xaa:c") is None
    assert store.told_of("0xaa") == [event(5, "b"), event(7, "a"), event(9, "c")]
    assert store.newest_ts() == 9


def test_settlements_wait_until_they_are_dropped(path):
    store = ShadowStore(path)
    store.keep_settlement(event(9, "late"))
    store.keep_settlement(event(5, "soon"))
    assert [each.event_id for each in store.settlements()] == ["0xaa:soon", "0xaa:late"]
    store.drop_settlement("0xaa:soon")
    assert [each.event_id for each in store.settlements()] == ["0xaa:late"]


def write(store, *ids, error=None):
    """Tell an event of each id at one time, then maybe fail."""
    with store.together():
        for each in ids:
            store.tell("0xaa", event(5, each))
        if error is not None:
            raise error


def test_what_is_written_together_is_written_at_once_or_not_at_all(path):
    store = ShadowStore(path)
    with pytest.raises(StorageError):
        write(store, "a", "b")
    assert store.newest_ts() == -1
    with pytest.raises(KeyError):
        write(store, "a", error=KeyError())
    assert store.newest_ts() == -1
    with store.together():
        write(store, "a")
    assert store.newest_ts() == 5


def test_markets_are_kept_by_their_id(path):
    store = ShadowStore(path)
    store.keep_market("b", b"1")
    store.keep_market("a", b"2")
    store.keep_market("b", b"3")
    assert store.markets() == [b"2", b"3"]


def test_a_folder_is_no_store(tmp_path):
    with pytest.raises(StorageError):
        ShadowStore(tmp_path)
