"""What the venue tells of our orders, folded directly: any order, any number of times, and the same events come out."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.scripted_clob import FEES, SECOND, Clock
from tests.unit.adapters.polymarket.test_exchange import OTHER, maker, order, order_row, trade
from whaletrader.adapters.polymarket.exchange_store import CLOSED, LIVE, SENT, ExchangeStore
from whaletrader.adapters.polymarket.tidings import Tidings
from whaletrader.domain.fees import taker_fee_micro

SENT_ORDER = order()
HASH, SIZE = SENT_ORDER.order_hash, SENT_ORDER.size_micro
STEPS = ("MATCHED", "MINED", "RETRYING", "CONFIRMED", "FAILED")


class Desk:
    """A store with one order of ours on the wire, and what is told of it."""

    def __init__(self, **changes):
        self.clock, self.settled = Clock(), []
        self.store = ExchangeStore(":memory:", self.clock)
        self.tidings = Tidings(self.store, lambda _market: FEES, self.clock, lambda *told: self.settled.append(told))
        self.order = replace(SENT_ORDER, **changes)
        self.store.keep_order(self.order)
        self.store.set_state(HASH, SENT)

    @property
    def record(self):
        return self.store.order(HASH)

    def told(self):
        return [event for event in self.store.told(HASH) if ":ask:" not in event.event_id]

    def kinds(self):
        return [event.kind for event in self.told()]


@pytest.fixture
def desk():
    return Desk()


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(STEPS)), max_size=24),
)
def test_in_whatever_order_trades_are_told_each_is_one_fill_and_settles_once(sizes, rows):
    desk = Desk()
    first_end, heard = {}, set()
    for place, status in rows:
        number = place % len(sizes)
        desk.tidings.trade(trade(SENT_ORDER, status, f"t{number}", size=sizes[number]))
        heard.add(number)
        if status in ("CONFIRMED", "FAILED"):
            first_end.setdefault(number, "SETTLED" if status == "CONFIRMED" else "FAILED")
    expected = Counter({("FILL", f"t{number}"): 1 for number in heard})
    expected.update({(kind, f"t{number}"): 1 for number, kind in first_end.items()})
    assert Counter((event.kind, event.trade_id) for event in desk.told()) == expected
    assert desk.tidings.filled_micro(HASH) == sum(sizes[number] * 1_000_000 for number in heard)
    assert [event.kind for _, event in desk.settled] == list(first_end.values())
    assert len(desk.store.unsettled()) == len(heard) - len(first_end)
    assert (desk.record.state == CLOSED) == (desk.tidings.filled_micro(HASH) >= SIZE)


def test_legs_of_a_trade_bear_its_fee_between_them_to_the_last_tick(desk):
    makers = [
        maker(f"0x{n}", size, price, sent=SENT_ORDER) for n, size, price in ((1, 7, 0.5), (2, 7, 0.55), (3, 6, 0.6))
    ]
    desk.tidings.trade(trade(SENT_ORDER, size=20, makers=makers))
    fills = desk.told()
    average = round(sum(fill.price_micro * fill.size_micro for fill in fills) / 20e6)
    assert sum(fill.fee_micro for fill in fills) == taker_fee_micro(FEES, average, 20_000_000)
    assert all(fill.fee_micro > 0 for fill in fills)
    assert sum(fill.size_micro for fill in fills) == 20_000_000
    assert len({fill.trade_id for fill in fills}) == 3


def test_a_later_row_that_tells_more_of_its_makers_makes_no_second_fill(desk):
    desk.tidings.trade(trade(SENT_ORDER, size=20, makers=[maker("0x1", 5, sent=SENT_ORDER)]))
    whole = [maker("0x1", 5, sent=SENT_ORDER), maker("0x2", 15, 0.56, sent=SENT_ORDER)]
    desk.tidings.trade(trade(SENT_ORDER, "CONFIRMED", size=20, makers=whole))
    assert desk.kinds() == ["FILL", "SETTLED"]
    assert desk.tidings.filled_micro(HASH) == 20_000_000


def test_settlements_tell_the_fills_own_figures_again(desk):
    desk.tidings.trade(trade(SENT_ORDER, size=20))
    desk.tidings.trade(trade(SENT_ORDER, "FAILED", size=20, price_micro=1, size_micro=1))
    fill, failed = desk.told()
    names = ("trade_id", "price_micro", "size_micro", "fee_micro", "role")
    assert [getattr(failed, name) for name in names] == [getattr(fill, name) for name in names]
    assert failed.reason == "REVERTED"
    ((settled_order, event),) = desk.settled
    assert (settled_order, event.event_id) == (desk.order, failed.event_id)


def test_a_trade_between_two_orders_of_ours_is_a_fill_of_each(desk):
    desk.store.keep_order(replace(SENT_ORDER, order_hash=OTHER))
    assert desk.tidings.trade(trade(SENT_ORDER, size=20)) == 2
    (mine,), (theirs,) = desk.store.told(HASH), desk.store.told(OTHER)
    assert (mine.role, theirs.role) == ("taker", "maker")
    assert mine.fee_micro > theirs.fee_micro == 0


@pytest.mark.parametrize("state", [LIVE, CLOSED])
def test_a_refusal_that_comes_late_takes_nothing_back(desk, state):
    desk.store.set_state(HASH, state)
    desk.tidings.refused(desk.record, "NOT_ENOUGH_BALANCE_OR_ALLOWANCE")
    assert desk.kinds() == []
    assert desk.record.state == state


def test_an_order_that_was_not_sent_is_told_apart_from_one_that_was_refused(desk):
    desk.tidings.refused(desk.record, "NOT_RECONCILED", sent=False)
    desk.tidings.refused(desk.record, "again")
    assert [(event.kind, event.reason) for event in desk.told()] == [("NOT_SENT", "NOT_RECONCILED")]


def test_a_full_order_is_not_closed_over_again(desk):
    desk.tidings.trade(trade(SENT_ORDER, size=SIZE / 1e6))
    desk.tidings.closed(desk.record, SIZE, "CANCELED")
    assert desk.kinds() == ["FILL"]


@pytest.mark.parametrize(
    ("order_type", "late", "cancelled", "kind"),
    [("GTD", True, False, "EXPIRED"), ("GTD", False, False, "CANCELLED"), ("GTD", True, True, "CANCELLED"),
     ("GTC", True, False, "CANCELLED")],
)  # fmt: skip
def test_only_a_dated_order_past_its_time_that_nobody_cancelled_has_expired(order_type, late, cancelled, kind):
    desk = Desk(order_type=order_type)
    # The venue ends an order a minute before the expiration that it was sent with.
    ends_s = desk.order.expiration_s - 60
    desk.clock.now = (ends_s + (1 if late else -1)) * SECOND
    if cancelled:
        desk.store.keep_cancel(HASH, desk.clock.now - SECOND)
    desk.tidings.closed(desk.record, 0, "CANCELED")
    assert desk.kinds() == [kind]


@pytest.mark.parametrize("status", ["CANCELED", "CANCELED_MARKET_RESOLVED", "EXPIRED", "UNMATCHED", "INVALID"])
def test_every_word_for_an_end_ends_an_order_that_lived(desk, status):
    desk.tidings.accepted(desk.record)
    assert desk.tidings.order(order_row(SENT_ORDER, "", status=status))
    assert desk.kinds()[:2] == ["ACCEPTED", "CANCELLED"]
    assert desk.record.state == CLOSED


def test_an_order_that_was_invalid_from_the_first_is_refused_and_never_lived(desk):
    desk.tidings.order(order_row(SENT_ORDER, "", status="INVALID"))
    assert [(event.kind, event.reason) for event in desk.told()] == [("REJECTED", "INVALID")]


def test_a_row_that_counts_more_than_is_known_asks_for_the_trades_and_an_equal_one_does_not(desk):
    assert desk.tidings.order(order_row(SENT_ORDER, matched=0))
    assert not desk.tidings.order(order_row(SENT_ORDER, "UPDATE", matched=4))
    assert desk.store.incomplete() == [HASH]
    desk.tidings.trade(trade(SENT_ORDER, size=4))
    assert desk.tidings.order(order_row(SENT_ORDER, "UPDATE", matched=4))
    assert desk.store.incomplete() == []


def test_an_answer_to_a_question_tells_everything_again_behind_the_question(desk):
    desk.tidings.accepted(desk.record)
    desk.tidings.trade(trade(SENT_ORDER, "CONFIRMED", size=4))
    asked = desk.clock.now + 50 * SECOND
    for _ in range(2):
        desk.tidings.tell_again(HASH, asked, asked + SECOND)
    again = [event for event in desk.store.told(HASH) if ":ask:" in event.event_id]
    assert [event.kind for event in again] == desk.kinds() == ["ACCEPTED", "FILL", "SETTLED"]
    assert all(event.ts >= asked + SECOND for event in again)
    for old, new in zip(desk.told(), again, strict=True):
        assert replace(new, event_id=old.event_id, ts=old.ts) == old


def test_an_order_that_the_venue_does_not_know_is_told_so_once_per_question(desk):
    for asked in (1, 1, 2):
        desk.tidings.unknown("main", HASH, asked, asked)
    kinds = [event.kind for event in desk.store.told(HASH)]
    assert kinds == ["UNKNOWN_ORDER"] * 2
