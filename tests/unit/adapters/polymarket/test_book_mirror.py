import json
from pathlib import Path

import pytest

from whaletrader.adapters.polymarket.book_mirror import BookMirror

FOLDER = Path(__file__).parents[3] / "data" / "polymarket"
BOOK = json.loads((FOLDER / "samples" / "clob_rest_book_20260924.json").read_text())


def change(price: str, size: str, side: str = "BUY", **more: str) -> dict[str, str]:
    return {"price": price, "size": size, "side": side, **more}


def test_the_captured_books_own_hash_is_reproduced() -> None:
    assert BookMirror().snapshot(BOOK) is True


@pytest.mark.parametrize("word", ["bids", "asks", "tick_size", "neg_risk", "last_trade_price", "min_order_size"])
def test_one_changed_word_breaks_the_hash(word: str) -> None:
    value = BOOK[word]
    other = value[1:] if isinstance(value, list) else (not value if isinstance(value, bool) else value + "0")
    assert BookMirror().snapshot(BOOK | {word: other}) is False


def test_a_change_and_its_taking_back_give_the_first_hash_again() -> None:
    mirror = BookMirror()
    mirror.snapshot(BOOK)
    ts_ms = int(BOOK["timestamp"])
    mirror.change(change("0.005", "7"), ts_ms)
    assert mirror.agrees(change("0.005", "7", hash=BOOK["hash"]), ts_ms) is False
    mirror.change(change("0.005", "0"), ts_ms)
    assert mirror.agrees(change("0.005", "0", hash=BOOK["hash"]), ts_ms) is True


def test_levels_in_any_order_give_the_same_hash() -> None:
    mirror = BookMirror()
    assert mirror.snapshot(BOOK | {"bids": BOOK["bids"][::-1], "asks": BOOK["asks"][::-1]}) is True


def test_a_frame_without_the_terms_says_nothing_of_its_hash_until_rest_told_them() -> None:
    frame = {name: value for name, value in BOOK.items() if name not in ("min_order_size", "neg_risk")}
    mirror = BookMirror()
    assert mirror.snapshot(frame) is None
    assert not mirror.has_terms
    mirror.snapshot(BOOK)
    assert mirror.snapshot(frame) is True


def test_after_a_trade_a_wrong_hash_proves_nothing_and_a_right_one_does() -> None:
    mirror = BookMirror()
    mirror.snapshot(BOOK)
    ts_ms = int(BOOK["timestamp"])
    mirror.traded("0.42")
    assert mirror.agrees(change("0.3", "1", hash=BOOK["hash"]), ts_ms) is None
    mirror.traded(BOOK["last_trade_price"])
    assert mirror.agrees(change("0.3", "1", hash=BOOK["hash"]), ts_ms) is True


def test_a_snapshot_that_is_older_than_what_was_heard_is_passed_over() -> None:
    mirror = BookMirror()
    mirror.snapshot(BOOK)
    mirror.change(change("0.005", "7"), int(BOOK["timestamp"]) + 5)
    kept = mirror.digest(0)
    assert mirror.snapshot(BOOK) is None
    assert mirror.digest(0) == kept


def test_what_was_forgotten_is_made_whole_by_any_snapshot() -> None:
    mirror = BookMirror()
    mirror.snapshot(BOOK)
    mirror.change(change("0.005", "7"), int(BOOK["timestamp"]) + 5)
    mirror.forget()
    assert mirror.agrees(change("0.005", "7", hash="x"), 0) is None
    assert mirror.snapshot(BOOK) is True
    assert mirror.whole


def test_the_best_prices_are_the_last_of_the_arrays() -> None:
    mirror = BookMirror()
    mirror.snapshot(BOOK)
    best = {"best_bid": BOOK["bids"][-1]["price"], "best_ask": BOOK["asks"][-1]["price"]}
    assert mirror.agrees_on_best(best) is True
    assert mirror.agrees_on_best({**best, "best_bid": BOOK["bids"][0]["price"]}) is False
    assert mirror.agrees_on_best({}) is None


def test_what_is_no_level_is_left_out() -> None:
    mirror = BookMirror()
    mirror.snapshot(BOOK)
    kept = mirror.digest(0)
    for entry in ({}, {"price": 1, "size": "1", "side": "BUY"}, change("x", "1"), change("0.1", "NaN")):
        mirror.change(entry, 0)
    mirror.change(change("0.1", "1", side="?"), 0)
    assert mirror.digest(0) == kept
    assert mirror.snapshot({"bids": [None, 3, {}], "asks": None, "timestamp": "never"}) is None
