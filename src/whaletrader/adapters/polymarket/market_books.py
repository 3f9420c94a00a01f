"""Brings the watched books up to date by REST where their socket did not, and asks for wrong ones anew."""

import asyncio
import time
from collections.abc import Callable

from whaletrader.adapters.polymarket.market_channel import MarketChannel, MarketTalk
from whaletrader.adapters.polymarket.public_clob import PublicClob
from whaletrader.adapters.polymarket.stream_status import Counts, SourceStatus, StreamState, with_counts
from whaletrader.adapters.polymarket.stream_thread import Calls
from whaletrader.errors import VenueError

SOURCE = "clob.books"
EVERY_S = 0.5
ASK_AGAIN_S = 5.0
"""A token is asked for by REST at most so often."""
LONGEST_PAUSE_S = 30.0


class MarketBooks:
    """Looks after the channel's books."""

    def __init__(
        self, channel: MarketChannel, clob: PublicClob, calls: Calls, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._channel, self._clob, self._calls, self._now_ns = channel, clob, calls, now_ns
        self._asked: dict[str, float] = {}
        self._failures = 0
        self._counts = Counts()
        self._read_at, self._read_ts, self._error = -1.0, 0, ""

    def status(self) -> SourceStatus:
        """Where the reading of books stands; `seen` counts books."""
        idle = StreamState.IDLE if self._read_at < 0 else StreamState.LIVE
        status = SourceStatus(
            source=SOURCE,
            state=StreamState.DOWN if self._error else idle,
            data_age_s=time.monotonic() - self._read_at if self._read_at >= 0 else -1.0,
            last_data_ts=self._read_ts,
            last_error=self._error,
        )
        return with_counts(status, self._counts)

    async def read_forever(self) -> None:
        """Ask for what is lacking, twice a second at most."""
        while True:
            await self._channel.ask_anew()
            try:
                for talk in self._channel.talks:
                    await self._complete(talk)
                self._failures, self._error = 0, ""
            except VenueError as error:
                self._failures += 1
                self._error = error.message
            await asyncio.sleep(min(EVERY_S * 2.0**self._failures, LONGEST_PAUSE_S))

    async def _complete(self, talk: MarketTalk) -> None:
        now = time.monotonic()
        lacking = [token for token in talk.lacking() if now - self._asked.get(token, -ASK_AGAIN_S) >= ASK_AGAIN_S]
        if not lacking:
            return
        self._asked = {token: at for token, at in self._asked.items() if now - at < ASK_AGAIN_S}
        answers = await self._calls.run(lambda: list(self._clob.books(lacking)))
        self._asked.update(dict.fromkeys(lacking, now))
        found: set[str] = set()
        for answer in answers:
            found |= talk.take_books(answer, self._now_ns())
        self._counts.seen += len(found)
        self._read_at, self._read_ts = time.monotonic(), self._now_ns()
        talk.without_book([token for token in lacking if token not in found])
