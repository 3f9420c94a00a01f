"""The gateway's memory: all or nothing, each event once, a cursor that misses none, and the same after a restart."""

import itertools
import threading

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.scripted_clob import Clock
from tests.unit.adapters.polymarket.test_exchange import order
from whaletrader.adapters.polymarket.exchange_store import CLOSED, LIVE, NEW, SENT, ExchangeStore, TradeRecord
from whaletrader.errors import ConflictError, StorageError
from whaletrader.ports.exchange import ExchangeEvent

ORDER = order()
HASH = ORDER.order_hash


@pytest.fixture
def store(tmp_path):
    opened = ExchangeStore(tmp_path / "exchange.db", Clock())
    yield opened
    opened.close()


def event(name, kind="ACCEPTED"):
    return ExchangeEvent(
        event_id=name, ts=0, kind=kind, account_id="main", order_hash=HASH, market_id="m", token_id="1"
    )  # fmt: skip


def walked(store, after=(-1, "")):
    found = []
    while (one := store.next_event(*after)) is not None:
        found.append(one)
        after = (one.ts, one.event_id)
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3), st.integers(0, 20)), max_size=20), st.integers(0, 20))
def test_each_event_is_told_once_in_growing_time_whatever_the_clock_does(told, cut):
    now = [100]
    store = ExchangeStore(":memory:", lambda: now[0])
    first, read = [], []
    for place, (number, step, not_before) in enumerate(told):
        now[0] += step
        if f"e{number}" not in first:
            first.append(f"e{number}")
        store.tell("s", [event(f"e{number}")], not_before=100 + not_before)
        assert store.version == len(first)
        if place == cut:
            read = walked(store)
    last = (read[-1].ts, read[-1].event_id) if read else (-1, "")
    whole = walked(store)
    assert read + walked(store, last) == whole == store.told("s")
    assert [one.event_id for one in whole] == first
    assert all(a.ts < b.ts for a, b in itertools.pairwise(whole))
    store.close()


def test_an_order_is_kept_once_and_other_content_under_its_hash_is_a_conflict(store):
    assert store.keep_order(ORDER).state == NEW
    store.set_state(HASH, LIVE)
    assert store.keep_order(ORDER).state == LIVE
    with pytest.raises(ConflictError, match="nothing was changed"):
        store.keep_order(replace(ORDER, size_micro=ORDER.size_micro + 1))
    assert store.order(HASH).order == ORDER
    assert store.order("0xother") is None


def test_orders_are_found_by_how_far_they_came(store):
    for number, state in enumerate((SENT, CLOSED, SENT, LIVE)):
        store.keep_order(replace(ORDER, order_hash=f"0x{number}"))
        store.set_state(f"0x{number}", state)
    assert [record.order.order_hash for record in store.orders(SENT)] == ["0x0", "0x2"]
    assert [record.order.order_hash for record in store.orders(SENT, LIVE)] == ["0x0", "0x2", "0x3"]
    assert len(store.orders()) == 4
    assert store.orders(NEW) == []


def test_a_wish_to_cancel_may_come_before_its_order_and_the_earliest_counts(store):
    for ts in (70, 50, 60):
        store.keep_cancel(HASH, ts)
    assert store.keep_order(ORDER).cancel_ts == 50


def test_more_matched_than_filled_is_incomplete_and_a_lower_count_takes_nothing_back(store):
    store.keep_order(ORDER)
    store.note_matched(HASH, 10)
    store.note_matched(HASH, 4)
    store.keep_trade(TradeRecord(HASH, "t1", "t1", 6, "MATCHED"))
    assert store.incomplete() == [HASH]
    store.keep_trade(TradeRecord(HASH, "t2", "t2", 4, "MATCHED"))
    assert store.incomplete() == []
    store.keep_trade(TradeRecord(HASH, "t1", "t1", 6, "FAILED"))
    assert store.incomplete() == []


def test_a_fills_status_moves_on_and_its_size_does_not(store):
    store.keep_trade(TradeRecord(HASH, "t1", "t1", 6, "MATCHED"))
    store.keep_trade(TradeRecord(HASH, "t1", "t1", 99, "CONFIRMED"))
    assert store.trades(HASH) == [TradeRecord(HASH, "t1", "t1", 6, "CONFIRMED")]
    assert store.unsettled() == []


def test_a_payment_is_kept_once_with_its_notes_and_other_content_is_a_conflict(store):
    assert store.keep_payment("c1", "redeem 5") == ("NEW", b"")
    store.set_payment("c1", "SENT", b"tx")
    assert store.keep_payment("c1", "redeem 5") == ("SENT", b"tx")
    with pytest.raises(ConflictError):
        store.keep_payment("c1", "redeem 6")
    assert store.payments("SENT", "NEW") == [("c1", "redeem 5", "SENT", b"tx")]
    assert store.payments("NEW") == []


def test_what_fails_within_a_whole_leaves_nothing_of_it_nor_a_hole_in_time(store):
    store.tell("s", [event("kept")])

    def half():
        with store.writing():
            store.keep_order(ORDER)
            store.tell("s", [event("lost")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert store.order(HASH) is None
    store.tell("s", [event("after")])
    assert [one.event_id for one in walked(store)] == ["kept", "after"]


def test_everything_is_there_after_a_restart_and_time_goes_on(tmp_path):
    path = tmp_path / "exchange.db"
    store = ExchangeStore(path, lambda: 1_000)
    store.keep_order(ORDER)
    store.keep_cancel(HASH, 7)
    store.tell("s", [event("a"), event("b")])
    before = walked(store)
    store.close()
    again = ExchangeStore(path, lambda: 1)
    assert walked(again) == before
    assert (again.order(HASH).cancel_ts, again.order(HASH).order) == (7, ORDER)
    assert again.tell("s", [event("a"), event("c")]) == 1
    assert walked(again)[-1].ts > before[-1].ts
    again.close()


def test_threads_that_tell_at_once_lose_and_double_nothing(store):
    def tell(thread):
        for number in range(25):
            store.tell("s", [event(f"{thread}-{number}"), event(f"all-{number}")])

    threads = [threading.Thread(target=tell, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [one.event_id for one in walked(store)]
    assert len(found) == len(set(found)) == 4 * 25 + 25
    assert store.version == len(found)


def test_a_store_that_was_closed_says_so_as_a_fault_of_storage(tmp_path):
    store = ExchangeStore(tmp_path / "exchange.db", Clock())
    store.close()
    with pytest.raises(StorageError, match="cannot be read"):
        store.orders()


@pytest.mark.parametrize("reduces", [True, False])
def test_an_order_that_was_kept_before_orders_said_whether_they_reduce_is_no_conflict(store, reduces):
    old = msgspec.json.decode(msgspec.json.encode(ORDER))
    del old["reduce_only"]
    store.keep_order(ORDER)
    store._write("UPDATE orders SET body = ?", (msgspec.json.encode(old),))
    store.keep_order(replace(ORDER, reduce_only=reduces))
    assert store.order(HASH).order == ORDER
    with pytest.raises(ConflictError):
        store.keep_order(replace(ORDER, salt=ORDER.salt + 1))
