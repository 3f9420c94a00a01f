"""Asks the Data API what the followed wallets did: at once after a gap of the push feeds, and now and then anyway.

Each wallet has a second up to which its record is known. A reading begins some seconds before it and ends in the
future, so its address differs each time (the venue's network keeps answers for 15 s), and the second moves on only as
far as the venue has surely indexed. So readings overlap; what was told before is not told again.
"""

import asyncio
import time
from collections.abc import Callable, Iterable

from whaletrader.adapters.polymarket.data_api import DataApi
from whaletrader.adapters.polymarket.once import Frames, Once
from whaletrader.adapters.polymarket.sink import Sink, deliver, refuse
from whaletrader.adapters.polymarket.stream_status import Counts, SourceStatus, StreamState, with_counts
from whaletrader.adapters.polymarket.stream_thread import Calls
from whaletrader.datasets.decode.data_api_v2 import decode_activity
from whaletrader.datasets.decode.rows import Decoded, Row
from whaletrader.domain.values import NANOS
from whaletrader.errors import VenueError

SOURCE = "data_v2.activity"
SWEEP_S = 60.0
MARGIN_S = 5
SETTLE_S = 90
"""The venue indexed within 23 s whenever that was measured."""
AHEAD_S = 30
"""Tolerates that the venue's clock is ahead of ours."""
AGAIN_S = (10.0, 40.0)
"""After a gap was read it is read again: its newest rows may not have been indexed."""
LONGEST_PAUSE_S = 60.0
BACK_S = 900
"""A gap is read from its beginning, but no further behind what is known to be whole."""
ROWS_KEPT = 8_192
"""Of each wallet so many of its newest rows are known again: many more than two readings have in common."""


class _Wallet:
    def __init__(self, since_s: int, due: float) -> None:
        self.since_s = since_s
        self.due = [due]
        self.gaps, self.filled = 1, 0
        """How many gaps there were (the time before the first reading is one), and up to which all were read."""
        self.owed_s, self.noted_s = 0, 0
        """Up to which second the last gap reached, and up to which the readings were told of."""
        self.failures = 0
        self.once = Once(kept=ROWS_KEPT)


class ActivitySweep:
    """Reads one wallet after the other, a few at once."""

    def __init__(
        self,
        data: DataApi,
        calls: Calls,
        sink: Sink,
        *,
        since_ts: int = 0,
        sweep_s: float = SWEEP_S,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._data, self._calls, self._sink = data, calls, sink
        self._since_ts, self._sweep_s, self._now_ns = since_ts, sweep_s, now_ns
        self.on_read: Callable[[str, int, int], None] = lambda _wallet, _from_ts, _until_ts: None
        """Told over which stretches (UTC ns) a wallet's record was read, until they reach the end of its last gap."""
        self._wallets: dict[str, _Wallet] = {}
        self._former: dict[str, _Wallet] = {}
        """Wallets that are watched no more: should they be again, they go on where they were."""
        self._refused = Frames()
        self._counts = Counts()
        self._woken = asyncio.Event()
        self._read_at, self._read_ts, self._error = -1.0, 0, ""

    def watch(self, wallets: Iterable[str]) -> None:
        """Follow exactly these."""
        wanted = dict.fromkeys(wallets)
        for wallet in [wallet for wallet in self._wallets if wallet not in wanted]:
            self._former[wallet] = self._wallets.pop(wallet)
        since_s = (self._since_ts or self._now_ns()) // NANOS - MARGIN_S
        for wallet in wanted:
            if wallet not in self._wallets:
                kept = self._former.pop(wallet, None) or _Wallet(since_s, 0.0)
                kept.due, kept.gaps = [time.monotonic()], kept.filled + 1
                kept.owed_s = self._now_ns() // NANOS + 1
                self._wallets[wallet] = kept
        self._woken.set()

    def gap(self, from_ts: int, until_ts: int) -> None:
        """Read again from a time (UTC ns) on, to the present."""
        now = time.monotonic()
        for kept in self._wallets.values():
            kept.since_s = min(kept.since_s, max(from_ts // NANOS - MARGIN_S, kept.since_s - BACK_S))
            kept.gaps += 1
            kept.owed_s = max(kept.owed_s, until_ts // NANOS + 1)
            kept.due = [now, *(now + later for later in AGAIN_S)]
        self._woken.set()

    @property
    def owed(self) -> int:
        """How many wallets have a gap that was not read yet."""
        return sum(kept.filled < kept.gaps for kept in list(self._wallets.values()))

    async def read_forever(self) -> None:
        """Read what is due."""
        while True:
            self._woken.clear()
            now = time.monotonic()
            due = [wallet for wallet, kept in self._wallets.items() if min(kept.due) <= now]
            if due:
                await asyncio.gather(*(self._read(wallet) for wallet in due))
                continue
            soonest = min((min(kept.due) for kept in self._wallets.values()), default=now + self._sweep_s)
            try:
                async with asyncio.timeout(max(0.01, soonest - now)):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def status(self) -> SourceStatus:
        """Where it stands."""
        state = StreamState.IDLE
        if self._wallets:
            state = StreamState.LIVE if self._read_at >= 0 else StreamState.CONNECTING
        status = SourceStatus(
            source=SOURCE,
            state=StreamState.DOWN if self._error else state,
            data_age_s=time.monotonic() - self._read_at if self._read_at >= 0 else -1.0,
            last_data_ts=self._read_ts,
            last_error=self._error,
        )
        return with_counts(status, self._counts)

    async def _read(self, wallet: str) -> None:
        kept = self._wallets.get(wallet)
        if kept is None:
            return
        begun, now_s = time.monotonic(), self._now_ns() // NANOS
        since_s, gaps = kept.since_s, kept.gaps
        kept.due = [due for due in kept.due if due > begun] or [begun + self._sweep_s]
        try:
            rows = await self._walk(wallet, since_s, now_s + AHEAD_S)
        except VenueError as error:
            kept.failures += 1
            kept.due = [time.monotonic() + min(2.0**kept.failures, LONGEST_PAUSE_S)]
            self._error = error.message
            return
        self._error, kept.failures = "", 0
        self._read_at, self._read_ts = time.monotonic(), self._now_ns()
        deliver(self._sink, self._counts, rows, self._read_ts, kept.once.answered(rows))
        kept.filled = gaps
        whole_s = now_s - SETTLE_S
        if kept.noted_s < kept.owed_s and since_s < whole_s:
            self.on_read(wallet, since_s * NANOS, whole_s * NANOS)
            kept.noted_s = whole_s
        if kept.since_s == since_s:  # no gap reaches further back meanwhile
            kept.since_s = max(since_s, now_s - SETTLE_S)

    def _new_rejects(self, decoded: Decoded) -> Decoded:
        """Leave out what was refused before: readings overlap."""
        heads = ((each, f"{each.reason}/{each.detail}".encode() + each.head) for each in decoded.rejects)
        new = [each for each, head in heads if not self._refused.repeated(head)]
        return Decoded((), tuple(new))

    async def _walk(self, wallet: str, since_s: int, until_s: int) -> list[Row]:
        rows: list[Row] = []
        cursor = ""
        followed = {cursor}
        while True:
            begin = cursor
            page = await self._calls.run(lambda: self._data.activity_page(wallet, since_s, until_s, begin))  # noqa: B023
            decoded = decode_activity(page.body)
            refuse(self._sink, self._counts, self._new_rejects(decoded))
            rows += decoded.rows
            cursor = page.next
            if not cursor:
                return rows
            if cursor in followed:
                raise VenueError(f"{SOURCE} repeats a cursor: its listing cannot be walked to the end", retryable=True)
            followed.add(cursor)
