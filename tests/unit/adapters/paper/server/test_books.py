"""One book told as two."""

import pytest

from tests.support.venue_orders import NO, START, YES, market, resting
from whaletrader.adapters.paper.server.books import MarketBook
from whaletrader.domain.matching.price_time import FOK, NO_HANDLE, REST
from whaletrader.domain.values import MICRO


@pytest.fixture
def book():
    return MarketBook(market(), START)


def put(book, number, side, outcome, cents, size, mode=REST):
    order = resting(number, side, cents * 10_000, size, token=(YES, NO)[outcome])
    order.outcome_index = outcome
    left, matched = book.step(order, book.command(order, order.size_micro, -1, mode))
    return order, left, matched


def levels(side):
    return [(level.price_micro // 10_000, level.size_micro // MICRO) for level in side]


@pytest.mark.parametrize(
    ("side", "outcome", "yes_bid", "yes_ask"),
    [("BUY", 0, 42, None), ("SELL", 0, None, 42), ("BUY", 1, None, 58), ("SELL", 1, 58, None)],
)
def test_every_order_is_a_level_of_both_tokens(book, side, outcome, yes_bid, yes_ask):
    put(book, 1, side, outcome, 42, 10)
    yes, no = book.view(0), book.view(1)
    assert levels(yes.bids) == ([(yes_bid, 10)] if yes_bid else [])
    assert levels(yes.asks) == ([(yes_ask, 10)] if yes_ask else [])
    assert levels(no.asks) == [(100 - price, size) for price, size in levels(yes.bids)]
    assert levels(no.bids) == [(100 - price, size) for price, size in levels(yes.asks)]


def test_entries_tell_the_new_total_and_both_best_prices(book):
    order, _, _ = put(book, 1, "BUY", 0, 42, 10)
    put(book, 2, "SELL", 0, 44, 10)
    put(book, 3, "SELL", 1, 58, 5)
    entries = book.entries([book.place_of(order)])
    assert [(e.token_id, e.side, e.price_micro // 10_000, e.size_micro // MICRO) for e in entries] == [
        (YES, "BUY", 42, 15),
        (NO, "SELL", 58, 15),
    ]
    assert [(e.best_bid_micro, e.best_ask_micro) for e in entries] == [(420_000, 440_000), (560_000, 580_000)]


def test_a_matched_order_leaves_the_book_and_a_partly_matched_one_stays(book):
    first, _, _ = put(book, 1, "SELL", 0, 44, 10)
    second, _, _ = put(book, 2, "BUY", 1, 56, 10)
    taker, left, matched = put(book, 3, "BUY", 0, 44, 15)
    assert [(maker.order_id, fill.size_micro // MICRO) for maker, fill in matched] == [("0x01", 10), ("0x02", 5)]
    assert (left, taker.handle, first.handle) == (0, NO_HANDLE, NO_HANDLE)
    assert list(book.resting.values()) == [second]
    assert book.remove(second) == book.place_of(first)
    assert book.best(0) == (0, MICRO)


def test_the_book_grows_as_orders_come(book):
    for number in range(200):
        put(book, number, "BUY", 0, 42, 10)
    assert levels(book.view(0).bids) == [(42, 2_000)]
    assert len(book.resting) == 200


def test_a_killed_order_changes_nothing(book):
    put(book, 1, "SELL", 0, 44, 10)
    before = book.view(0)
    _, left, matched = put(book, 2, "BUY", 0, 44, 11, FOK)
    assert (left, matched) == (11 * MICRO, [])
    assert book.view(0) == before


def test_a_finer_tick_keeps_every_level(book):
    order, _, _ = put(book, 1, "BUY", 0, 97, 10)
    put(book, 2, "SELL", 0, 98, 10)
    before = [levels(book.view(outcome).bids) for outcome in (0, 1)]
    assert book.crosses(resting(3, "SELL", 970_000, 5))
    book.set_tick(1_000)
    assert [levels(book.view(outcome).bids) for outcome in (0, 1)] == before
    assert (book.market.tick_micro, book.view(0).tick_micro) == (1_000, 1_000)
    assert book.remove(order) == (0, 970)


def test_the_hash_follows_levels_and_time(book):
    put(book, 1, "BUY", 0, 42, 10)
    first = book.view(0).hash
    assert book.view(0).hash == first
    assert book.view(1).hash != first
    put(book, 2, "BUY", 0, 42, 10)
    second = book.view(0).hash
    book.changed_ns += 1_000_000
    assert len({first, second, book.view(0).hash}) == 3


def test_the_last_trade_is_told_for_both_tokens(book):
    assert (book.view(0).last_trade_micro, book.view(1).last_trade_micro) == (-1, -1)
    book.last_trade_micro = 420_000
    assert (book.view(0).last_trade_micro, book.view(1).last_trade_micro) == (420_000, 580_000)
