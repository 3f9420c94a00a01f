"""Gathers rows for some milliseconds and hands them on together, off the loop: a sink that writes to disk is slow.

Rows keep their order; those of one handing-on get the newest of their times of arrival. What the sink refuses is kept
and offered again after the supervisor's pause; too much of it is an error.
"""

import asyncio
import threading
from collections.abc import Sequence

from whaletrader.adapters.polymarket.sink import Sink
from whaletrader.adapters.polymarket.stream_thread import Calls
from whaletrader.datasets.decode.rows import Reject, Row
from whaletrader.errors import StorageError

EVERY_S = 0.01
MOST_ROWS = 200_000


class RowBuffer:
    """Fills the protocol `Sink` before another one, which is called by one thread at a time."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._calls = Calls(at_once=1)
        self._rows: list[Row] = []
        self._arrived_ts = 0
        self._filled = asyncio.Event()
        self._turn = threading.Lock()

    def add(self, rows: Sequence[Row], arrived_ts: int) -> int:
        """Keep rows for the next handing-on; only in the loop's thread. How many fills are new is not known yet: 0.

        Raises
        ------
        StorageError
            The sink takes nothing any more.
        """
        if len(self._rows) > MOST_ROWS:
            raise StorageError(f"{MOST_ROWS} rows wait to be kept: the disk is too slow, or refuses them")
        self._rows.extend(rows)
        self._arrived_ts = max(self._arrived_ts, arrived_ts)
        self._filled.set()
        return 0

    def reject(self, reject: Reject) -> None:
        """Hand on at once."""
        self._sink.reject(reject)

    def mark_gap(self, source: str, from_ts: int, until_ts: int) -> None:
        """Hand on at once."""
        self._sink.mark_gap(source, from_ts, until_ts)

    def wanted(self) -> tuple[list[str], list[str]]:
        """Ask the sink."""
        return self._sink.wanted()

    async def hand_on_forever(self) -> None:
        """Hand rows on until cancelled; then the rest, within the loop, so that nothing heard is lost at the end."""
        try:
            while True:
                if not self._rows:
                    self._filled.clear()
                    await self._filled.wait()
                await self._calls.run(self._hand_on)
                await asyncio.sleep(EVERY_S)
        except asyncio.CancelledError:
            self._hand_on()
            raise

    def _hand_on(self) -> None:
        with self._turn:  # the last one waits for one that is under way
            count = len(self._rows)
            if count:
                self._sink.add(self._rows[:count], self._arrived_ts)
                del self._rows[:count]  # only what was taken; the loop may have added meanwhile
