"""What is due when: calls in the order of their time, equal times in the order in which they were put down."""

import heapq
from collections.abc import Callable, Iterator

FOREVER_NS = 2**63 - 1


class Agenda:
    """A queue of calls; a call gets the time it was due."""

    def __init__(self) -> None:
        self._queue: list[tuple[int, int, Callable[[int], None]]] = []
        self._count = 0

    def add(self, ts: int, call: Callable[[int], None]) -> None:
        """Have `call` made when `ts` has come."""
        self._count += 1
        heapq.heappush(self._queue, (ts, self._count, call))

    def next_ns(self) -> int:
        """Return when the next call is due, `FOREVER_NS` where none is."""
        return self._queue[0][0] if self._queue else FOREVER_NS

    def due(self, now_ns: int) -> Iterator[tuple[int, Callable[[int], None]]]:
        """Give every call due by `now_ns` with its time, also those that are put down meanwhile."""
        while self._queue and self._queue[0][0] <= now_ns:
            ts, _, call = heapq.heappop(self._queue)
            yield ts, call
