import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.book_hash import (
    HashedBook,
    HashedLevel,
    book_hash,
    decimal_text,
    hashed_levels,
    last_trade_text,
)

DATA = Path(__file__).resolve().parents[2] / "data" / "polymarket"
CASES = json.loads((DATA / "vectors" / "book_hash.json").read_text())["cases"]


def hashed(book):
    levels = {side: tuple(HashedLevel(row["price"], row["size"]) for row in book[side]) for side in ("bids", "asks")}
    names = ("market", "asset_id", "timestamp", "min_order_size", "tick_size", "neg_risk", "last_trade_price")
    return HashedBook(**{name: book[name] for name in names}, **levels)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_hash_of_every_vector_is_reproduced(case):
    assert book_hash(hashed(json.loads(case["preimage"]))) == case["sha1"]


def test_the_venues_own_hash_of_a_captured_book_is_reproduced():
    told = json.loads((DATA / "samples" / "clob_rest_book_20260924.json").read_text())
    book = told.get("body", told)
    assert book_hash(hashed(book)) == book["hash"]


def test_levels_in_micro_units_are_written_as_in_the_captured_book():
    book = json.loads((DATA / "samples" / "clob_rest_book_20260924.json").read_text())
    book = book.get("body", book)
    for side in ("bids", "asks"):
        micro = [tuple(int(Decimal(row[name]) * 10**6) for name in ("price", "size")) for row in book[side]]
        assert hashed_levels(micro) == tuple(HashedLevel(row["price"], row["size"]) for row in book[side])


def test_any_changed_level_changes_the_hash():
    book = hashed(json.loads(CASES[0]["preimage"]))
    other = HashedBook(
        market=book.market,
        asset_id=book.asset_id,
        timestamp=book.timestamp,
        bids=book.bids[:-1],
        asks=book.asks,
        min_order_size=book.min_order_size,
        tick_size=book.tick_size,
        neg_risk=book.neg_risk,
        last_trade_price=book.last_trade_price,
    )
    assert book_hash(other) != book_hash(book)


@given(micro=st.integers(0, 10**15))
@settings(max_examples=200, deadline=None)
def test_a_written_number_reads_back_and_has_no_trailing_zero(micro):
    text = decimal_text(micro)
    assert Decimal(text) * 10**6 == micro
    assert "." not in text or not text.endswith(("0", "."))


@given(micro=st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_a_last_trade_price_has_three_places_at_least(micro):
    text = last_trade_text(micro)
    assert Decimal(text) * 10**6 == micro
    assert len(text.partition(".")[2]) >= 3
