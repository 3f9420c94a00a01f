"""All that is heard of the venue without a key, in one background thread: books, activity, chain, and what fills gaps.

What is heard goes to a `Sink`, gathered for some milliseconds, by one thread at a time. A gap of the activity stream
is filled from the Data API, wallet by wallet; the chain's logs are read from the last final block; books that an epoch
made out of date come anew by their socket or by REST. `freshness()` says whether orders may rest on all that.
"""

import asyncio
import time
from collections.abc import Callable, Iterable

from whaletrader.adapters.polymarket.activity_stream import ActivityStream
from whaletrader.adapters.polymarket.activity_sweep import SWEEP_S, ActivitySweep
from whaletrader.adapters.polymarket.chain_stream import ChainStream
from whaletrader.adapters.polymarket.clients import VenueClients
from whaletrader.adapters.polymarket.market_books import MarketBooks
from whaletrader.adapters.polymarket.market_channel import TOKENS_PER_SOCKET, MarketChannel
from whaletrader.adapters.polymarket.market_facts import MarketFacts
from whaletrader.adapters.polymarket.row_buffer import RowBuffer
from whaletrader.adapters.polymarket.sink import Sink
from whaletrader.adapters.polymarket.stream_status import Freshness, SourceStatus
from whaletrader.adapters.polymarket.stream_thread import STOP_S, Calls, Job, StreamThread
from whaletrader.config.tree import VenueSettings
from whaletrader.errors import UsageError

MARKET_SOCKETS = 4
MOST_TOKENS = MARKET_SOCKETS * TOKENS_PER_SOCKET


class LiveSources:
    """The public feeds together; every method may be called from any thread."""

    def __init__(
        self,
        venue: VenueSettings,
        sink: Sink,
        clients: VenueClients,
        *,
        since_ts: int = 0,
        seed: int = 0,
        sweep_s: float = SWEEP_S,
        chain_poll_s: float = 0.0,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        stale_s, rows = float(venue.stale_after_s), RowBuffer(sink)
        self.activity = ActivityStream(venue.activity_url, stale_s, rows, seed, since_ts)
        self.market = MarketChannel(venue.stream_url, MARKET_SOCKETS, stale_s, rows, seed)
        self.books = MarketBooks(self.market, clients.clob, Calls(), now_ns)
        self.facts = MarketFacts(rows, clients.clob, clients.gamma, Calls(), now_ns)
        self.sweep = ActivitySweep(clients.data, Calls(), rows, since_ts=since_ts, sweep_s=sweep_s, now_ns=now_ns)
        self.chain = ChainStream(
            venue.rpc_stream_url,
            clients.rpc,
            Calls(),
            rows,
            confirmations=venue.confirmations,
            stale_after_s=stale_s,
            since_ts=since_ts,
            poll_s=chain_poll_s,
            seed=seed,
            now_ns=now_ns,
        )
        self._rows = rows
        self.activity.on_gap, self.activity.on_missed = self.sweep.gap, self._mark_gap
        self._wanted: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._changed = asyncio.Event()
        self._thread = StreamThread("whaletrader-live-sources", self._jobs())

    def start(self) -> None:
        """Connect to everything and stay connected."""
        self._thread.start()

    def stop(self, timeout_s: float = STOP_S) -> bool:
        """End; return whether all ended in time. May be called again, and without a start."""
        return self._thread.stop(timeout_s)

    def watch(self, tokens: Iterable[str], wallets: Iterable[str]) -> None:
        """Hear the books of exactly these tokens and look after these wallets (lower case).

        Raises
        ------
        UsageError
            More tokens than the sockets hold.
        """
        wanted = (tuple(dict.fromkeys(tokens)), tuple(dict.fromkeys(wallets)))
        if len(wanted[0]) > MOST_TOKENS:
            raise UsageError(f"{len(wanted[0])} tokens are watched, {MOST_TOKENS} can be: watch fewer markets")
        self._wanted = wanted
        self._thread.call_soon(self._changed.set)

    def status(self) -> list[SourceStatus]:
        """Where each source stands."""
        return [
            *self.activity.status(),
            *self.market.status(),
            *self.chain.status(),
            self.sweep.status(),
            self.books.status(),
            self.facts.status(),
        ]

    def freshness(self, token_id: str = "") -> Freshness:
        """Whether an order may rest on what was heard: of the leaders, and of a token's book where one is named."""
        if not self._thread.running:
            return Freshness(fresh=False, reason="the live sources do not run")
        failures = self._thread.failures()
        if failures:
            return Freshness(fresh=False, reason=f"the source {failures[0].job} failed: see its error")
        now = time.monotonic()
        if not self.chain.fresh(now):
            if not self.activity.fresh(now):
                return Freshness(fresh=False, reason="neither the activity stream nor the chain is heard")
            if self.sweep.owed:
                return Freshness(fresh=False, reason="a gap of the activity stream is not filled yet")
        if token_id and not self.market.whole(token_id):
            return Freshness(fresh=False, reason=f"the book of token {token_id} is not up to date")
        return Freshness(fresh=True)

    def check(self) -> None:
        """Raise what failed in the background though it should not (the sink's errors, faults of ours).

        Raises
        ------
        WhaleTraderError
            The first failure.
        """
        self._thread.check()

    def _mark_gap(self, from_ts: int, until_ts: int) -> None:
        for source in ("rtds.trades", "rtds.orders_matched"):
            self._rows.mark_gap(source, from_ts, until_ts)

    def _jobs(self) -> dict[str, Job]:
        sessions = [*self.activity.sessions, *self.market.sessions]
        if self.chain.session is not None:
            sessions.append(self.chain.session)
        jobs: dict[str, Job] = {"sink": self._rows.hand_on_forever, "watch": self._watch}
        jobs |= {session.plan.source: session.run for session in sessions}
        return jobs | {
            "chain.logs": self.chain.read_forever,
            "data_v2.activity": self.sweep.read_forever,
            "clob.books": self.books.read_forever,
            "gamma.markets": self.facts.read_forever,
        }

    async def _watch(self) -> None:
        while True:
            self._changed.clear()
            tokens, wallets = self._wanted
            await self.market.watch(tokens)
            self.sweep.watch(wallets)
            await self.chain.watch(wallets)
            await self._changed.wait()
