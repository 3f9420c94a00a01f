"""Fetches the descriptions of markets that a sink asks for, by their condition or by a token: fills wait for them.

Their books come with them: whoever copies a fill in a market that nobody listened to needs its prices at once.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from whaletrader.adapters.polymarket.gamma import Gamma
from whaletrader.adapters.polymarket.public_clob import PublicClob
from whaletrader.adapters.polymarket.sink import Sink, deliver, refuse
from whaletrader.adapters.polymarket.stream_status import Counts, SourceStatus, StreamState, with_counts
from whaletrader.adapters.polymarket.stream_thread import Calls
from whaletrader.datasets.decode.clob_market import decode_book
from whaletrader.datasets.decode.gamma import decode_markets
from whaletrader.datasets.decode.rows import MarketMeta, Row
from whaletrader.errors import VenueError

SOURCE = "gamma.markets"
EVERY_S = 0.25
ASK_AGAIN_S = 30.0
"""What the venue did not know is asked for again after this time."""
ASKED_MOST = 10_000
AT_ONCE = 60
_NO_SUCH = 404


class MarketFacts:
    """Looks again and again at what is wanted."""

    def __init__(
        self, sink: Sink, clob: PublicClob, gamma: Gamma, calls: Calls, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._sink, self._clob, self._gamma = sink, clob, gamma
        self._calls, self._now_ns = calls, now_ns
        self._asked: dict[str, float] = {}
        self._counts = Counts()
        self._failures, self._error, self._read_ts, self._read_at = 0, "", 0, -1.0

    async def read_forever(self) -> None:
        """Fetch what is wanted; after a fault more and more rarely."""
        while True:
            try:
                await self._read()
                self._failures, self._error = 0, ""
            except VenueError as error:
                self._failures += 1
                self._error = error.message
            await asyncio.sleep(min(EVERY_S * 2.0**self._failures, ASK_AGAIN_S))

    def status(self) -> SourceStatus:
        """Where it stands; `seen` counts descriptions."""
        idle = StreamState.IDLE if self._read_at < 0 else StreamState.LIVE
        status = SourceStatus(
            source=SOURCE,
            state=StreamState.DOWN if self._error else idle,
            data_age_s=time.monotonic() - self._read_at if self._read_at >= 0 else -1.0,
            last_data_ts=self._read_ts,
            last_error=self._error,
        )
        return with_counts(status, self._counts)

    async def _read(self) -> None:
        markets, tokens = self._sink.wanted()
        markets, tokens = self._due(markets), self._due(tokens)
        if not markets and not tokens:
            return
        named = [await self._market_of(token) for token in tokens]
        conditions = list(dict.fromkeys([*markets, *(market for market in named if market)]))
        pages = await self._calls.run(lambda: list(self._gamma.by_conditions(conditions)))
        for page in pages:
            decoded = decode_markets(page.body)
            refuse(self._sink, self._counts, decoded)
            tokens_of = [token for row in decoded.rows if isinstance(row, MarketMeta) for token in row.tradable_ids]
            books = await self._books(tokens_of)
            deliver(self._sink, self._counts, (*books, *decoded.rows), self._now_ns())
        now = time.monotonic()
        self._asked.update(dict.fromkeys([*markets, *tokens], now))
        self._read_at, self._read_ts = now, self._now_ns()

    async def _books(self, tokens: Sequence[str]) -> list[Row]:
        """Fetch the books of markets that are described now, so that whoever hears of one knows its prices as well."""
        rows: list[Row] = []
        try:
            for body in await self._calls.run(lambda: list(self._clob.books(tokens))):
                decoded = decode_book(body)
                refuse(self._sink, self._counts, decoded)
                rows += decoded.rows
        except VenueError as error:
            self._error = error.message  # the description is worth telling without them
        return rows

    async def _market_of(self, token: str) -> str:
        try:
            return await self._calls.run(lambda: self._clob.market_of(token))
        except VenueError as error:
            if error.retryable:
                raise
            if error.status != _NO_SUCH:
                self._error = error.message  # one token that the venue refuses must not keep the others waiting
            return ""

    def _due(self, names: Sequence[str]) -> list[str]:
        now = time.monotonic()
        if len(self._asked) > ASKED_MOST:
            self._asked = {name: at for name, at in self._asked.items() if now - at < ASK_AGAIN_S}
        return [name for name in names if now - self._asked.get(name, -ASK_AGAIN_S) >= ASK_AGAIN_S][:AT_ONCE]
