"""How fast a public book takes changed levels: decoded arrays into the kernel, frames of JSON beside it."""

import time

import msgspec
import numpy as np

from benchmarks.figures import report
from whaletrader.datasets.decode.clob_market import decode_market
from whaletrader.datasets.decode.rows import BookDelta
from whaletrader.domain.book import SIDE_CODES, TokenBook
from whaletrader.domain.book_hash import decimal_text
from whaletrader.domain.matching.price_time import REST, Command, cancel, grown, is_full, new_book, step
from whaletrader.domain.values import MICRO, Side

LEVELS = 2_000_000
PER_CALL = (1, 8, 1_000)
FRAMES = 20_000
ORDERS = 50_000
TARGET_LEVELS_S = 2_000_000.0


def changes(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levels near a wandering middle, a third of them gone."""
    draw = np.random.default_rng(7)
    sides = draw.integers(0, 2, count)
    cents = np.clip(50 + np.where(sides == 0, -1, 1) * draw.geometric(0.2, count), 1, 99)
    sizes = draw.integers(0, 3, count) * draw.integers(1, 1_000, count) * MICRO
    return sides.astype(np.int64), (cents * 10_000).astype(np.int64), sizes.astype(np.int64)


def measure_levels() -> None:
    columns = changes(LEVELS)
    TokenBook(10_000).apply(*(column[:10] for column in columns))
    for each in PER_CALL:
        book, count = TokenBook(10_000), LEVELS if each > 1 else LEVELS // 4
        began = time.perf_counter()
        for at in range(0, count, each):
            book.apply(*(column[at : at + each] for column in columns))
        rate = count / (time.perf_counter() - began)
        report(f"book: decoded levels, {each} a call", rate, "levels/s", target=TARGET_LEVELS_S if each > 99 else None)


def measure_frames() -> None:
    """Frames as the market channel sends them: decoded, and decoded and applied."""
    sides, prices, sizes = (column[:FRAMES].tolist() for column in changes(FRAMES))
    frames = [frame(*row) for row in zip(sides, prices, sizes, strict=True)]
    began = time.perf_counter()
    rows = [row for each in frames for row in decode_market(each).rows]
    spent = time.perf_counter() - began
    report("book: JSON frames decoded (two levels each)", len(rows) / spent, "levels/s")
    books = {"1": TokenBook(10_000), "2": TokenBook(10_000)}
    began = time.perf_counter()
    for each in frames:
        for row in decode_market(each).rows:
            if isinstance(row, BookDelta):
                books[row.token_id].set(row.side, row.price_micro, row.size_micro)
    spent = time.perf_counter() - began
    report("book: JSON frames decoded and applied", len(rows) / spent, "levels/s")


def frame(side: int, price: int, size: int) -> bytes:
    words = (Side.BUY, Side.SELL)
    assert SIDE_CODES[words[side]] == side
    entry = {"size": decimal_text(size), "hash": "0" * 40, "best_bid": "0", "best_ask": "1"}
    both = [
        {"asset_id": "1", "price": decimal_text(price), "side": words[side], **entry},
        {"asset_id": "2", "price": decimal_text(MICRO - price), "side": words[1 - side], **entry},
    ]
    told = {"market": "0x" + "ab" * 32, "price_changes": both, "timestamp": "1790272267688"}
    return msgspec.json.encode(told | {"event_type": "price_change"})


def measure_matching() -> None:
    """Random limit orders and cancels through the matching core."""
    draw = np.random.default_rng(9)
    rows = zip(
        *(draw.integers(low, high, ORDERS).tolist() for low, high in ((0, 2), (40, 61), (0, 2), (1, 900))), strict=True
    )
    book, resting = new_book(10_000), []
    step(book, Command(0, 1, 0, MICRO, -1, REST))
    began = time.perf_counter()
    for number, (axis, level, outcome, shares) in enumerate(rows):
        if is_full(book):
            book = grown(book)
        handle, _, fills = step(book, Command(axis, level, outcome, shares * MICRO, -1, REST))
        if handle >= 0 and not fills and number % 4 == 0:
            resting.append(handle)
        if len(resting) > 100:
            handle = resting.pop(0)
            if book.orders[handle, 3] > 0:
                cancel(book, handle)
    report("matching core: limit orders", ORDERS / (time.perf_counter() - began), "orders/s")


def main() -> None:
    measure_levels()
    measure_frames()
    measure_matching()


if __name__ == "__main__":
    main()
