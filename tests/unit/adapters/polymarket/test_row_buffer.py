import threading
from typing import Any

import pytest

from tests.support.venue_sockets import ListSink
from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket import row_buffer
from whaletrader.adapters.polymarket.row_buffer import RowBuffer
from whaletrader.adapters.polymarket.stream_thread import StreamThread
from whaletrader.datasets.decode.rows import LastTrade, Reject
from whaletrader.errors import StorageError


def rows(first: int, count: int) -> list[LastTrade]:
    return [
        LastTrade(market_id="m", token_id=str(n), ts_event=1, price_micro=1, size_micro=1, side="BUY")
        for n in range(first, first + count)
    ]


class Counting(ListSink):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.times: list[int] = []

    def add(self, rows: Any, arrived_ts: int) -> int:
        self.calls += 1
        self.times.append(arrived_ts)
        return super().add(rows, arrived_ts)


def test_rows_keep_their_order_and_come_together_with_the_newest_time() -> None:
    sink = Counting()
    buffer = RowBuffer(sink)
    buffer.add(rows(0, 3), 7)
    buffer.add(rows(3, 3), 5)
    thread = StreamThread("t", {"sink": buffer.hand_on_forever})
    thread.start()
    wait_until(lambda: len(sink.rows) == 6, 5)
    assert sink.rows == rows(0, 6)
    assert (sink.calls, sink.times) == (1, [7])
    assert thread.stop(5)


def test_a_slow_sink_takes_many_at_once_and_loses_none() -> None:
    sink = Counting()
    sink.pause_s = 0.02
    buffer = RowBuffer(sink)
    thread = StreamThread("t", {"sink": buffer.hand_on_forever})
    thread.start()
    for n in range(500):
        thread.call_soon(lambda n=n: buffer.add(rows(n, 1), n + 1))
    wait_until(lambda: len(sink.rows) == 500, 10)
    assert sink.rows == rows(0, 500)
    assert sink.calls < 250
    assert thread.stop(5)


def test_what_is_left_at_the_end_is_handed_on() -> None:
    sink = ListSink()
    buffer = RowBuffer(sink)
    thread = StreamThread("t", {"sink": buffer.hand_on_forever})
    thread.start()
    wait_until(lambda: thread.running, 5)
    added = threading.Event()

    def add() -> None:
        buffer.add(rows(0, 10), 1)
        added.set()

    thread.call_soon(add)
    assert added.wait(5)
    assert thread.stop(5)
    assert sink.rows == rows(0, 10)


def test_what_the_sink_refuses_is_offered_again_and_its_error_surfaces() -> None:
    sink = ListSink()
    sink.error = StorageError("the disk is full")
    buffer = RowBuffer(sink)
    buffer.add(rows(0, 2), 1)
    thread = StreamThread("t", {"sink": buffer.hand_on_forever})
    thread.start()
    wait_until(lambda: bool(thread.failures()), 5)
    with pytest.raises(StorageError):
        thread.check()
    sink.error = None
    wait_until(lambda: sink.rows == rows(0, 2), 10)
    assert thread.stop(5)


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_buffer, "MOST_ROWS", 10)
    buffer = RowBuffer(ListSink())
    buffer.add(rows(0, 11), 1)
    with pytest.raises(StorageError, match="wait to be kept"):
        buffer.add(rows(0, 1), 1)


def test_rejects_gaps_and_questions_pass_at_once() -> None:
    sink = ListSink()
    sink.lacking = (["m"], ["t"])
    buffer = RowBuffer(sink)
    buffer.reject(Reject(source="s", reason="r"))
    buffer.mark_gap("s", 1, 2)
    assert buffer.wanted() == (["m"], ["t"])
    assert (len(sink.rejects), sink.gaps) == (1, [("s", 1, 2)])
