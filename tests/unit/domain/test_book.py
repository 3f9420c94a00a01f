"""The book of a public feed against a dictionary."""

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.book import ASKS, BIDS, TokenBook
from whaletrader.domain.book_hash import hashed_levels
from whaletrader.domain.values import MICRO

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "polymarket" / "samples" / "clob_rest_book_20260924.json"
CHANGES = st.lists(
    st.tuples(st.sampled_from((BIDS, ASKS)), st.integers(-1, 102).map(lambda cent: cent * 10_000), st.integers(-1, 4)),
    max_size=60,
)


def columns(changes):
    rows = np.array(changes, np.int64).reshape(-1, 3)
    return tuple(np.ascontiguousarray(rows[:, column]) for column in range(3))


@given(changes=CHANGES, cut=st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_levels_and_best_prices_are_those_of_a_dictionary(changes, cut):
    book, plain, refused = TokenBook(10_000), ({}, {}), 0
    for side, price, size in changes:
        if not 0 < price < MICRO or size < 0:
            refused += 1
        elif size:
            plain[side][price] = size
        else:
            plain[side].pop(price, None)
    book.apply(*columns(changes[:cut]))
    book.apply(*columns(changes[cut:]))
    assert book.refused == refused
    assert book.levels("BUY") == sorted(plain[BIDS].items())
    assert book.levels("SELL") == sorted(plain[ASKS].items(), reverse=True)
    assert book.best() == (max(plain[BIDS], default=0), min(plain[ASKS], default=MICRO))
    assert all(book.size_at("BUY", price) == size for price, size in plain[BIDS].items())


def test_a_captured_book_is_told_again_level_by_level():
    told = json.loads(SAMPLE.read_text())
    sides = [
        [(int(Decimal(row["price"]) * MICRO), int(Decimal(row["size"]) * MICRO)) for row in told[name]]
        for name in ("bids", "asks")
    ]
    book = TokenBook(10_000)
    assert book.reset(*sides) == 0
    assert [(level.price, level.size) for level in hashed_levels(book.levels("BUY"))] == [
        (row["price"], row["size"]) for row in told["bids"]
    ]
    assert book.levels("SELL") == sides[1]
    assert book.best() == (570_000, 580_000)
    assert not book.is_crossed()


def test_a_snapshot_replaces_what_was_there():
    book = TokenBook(10_000)
    book.reset([(400_000, 5)], [(600_000, 5)])
    book.reset([(300_000, 7)], [])
    assert (book.levels("BUY"), book.levels("SELL"), book.best()) == ([(300_000, 7)], [], (300_000, MICRO))


def test_prices_off_the_tick_are_counted_and_left_out():
    book = TokenBook(10_000)
    assert not book.set("BUY", 405_000, 5)
    assert book.refused == 1
    assert book.size_at("BUY", 405_000) == 0
    assert book.set_tick(1_000) == 0
    assert book.set("BUY", 405_000, 5)
    assert book.tick_micro == 1_000
    assert book.set_tick(10_000) == 1


def test_a_missed_delta_shows_as_a_crossed_book():
    book = TokenBook(10_000)
    book.reset([(400_000, 5)], [(600_000, 5)])
    book.set("BUY", 600_000, 1)
    assert book.is_crossed()


@pytest.mark.parametrize("tick", [100_000, 10_000, 5_000, 2_500, 1_000, 100])
def test_every_tick_keeps_its_outermost_prices(tick):
    book = TokenBook(tick)
    assert book.set("BUY", tick, 1)
    assert book.set("SELL", MICRO - tick, 1)
    assert book.best() == (tick, MICRO - tick)
