"""The live world: what listens to the venue, what is told of it, and an app that follows it."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from whaletrader.adapters.local.clock import SystemClock
from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.local.whale_process import Ears, WhaleProcess
from whaletrader.adapters.polymarket.clients import VenueClients, venue_clients
from whaletrader.adapters.polymarket.live_feed import LiveFeed
from whaletrader.adapters.polymarket.live_sources import LiveSources
from whaletrader.agents.execution import Trader
from whaletrader.app.build import App, assemble
from whaletrader.app.layout import DataDirectory, RunFolder
from whaletrader.app.live_paper import PaperBook
from whaletrader.app.loopback import is_loopback
from whaletrader.app.sources import Tell
from whaletrader.app.world import Closable, TradingPlace, World
from whaletrader.config.tree import Settings, VenueSettings
from whaletrader.datasets.decode.rows import Reject, Row, VenueFill
from whaletrader.datasets.store import Dataset
from whaletrader.domain.values import NANOS, Side
from whaletrader.messages.leaders import UniverseScanned
from whaletrader.messages.orders import SubmitOrder
from whaletrader.runtime.live import LivePace
from whaletrader.runtime.scans import Ready

STALE_DATA = "STALE_DATA"
DESCRIBED_AT_ONCE, DESCRIBE_EVERY_S = 20, 1.0
DESCRIBE_AGAIN_S = 600.0
MOST_TRADED = 500_000
NEWEST = 2**63 - 1
FRESH_QUOTE_NS = 10 * NANOS
MOST_LATE_NS = 5 * NANOS
"""A purchase that was decided so long after the fact it rests on is not sent: the run was held up."""


class Heard:
    """The sources' sink: the feed, and what the exchange in this process has to hear in the engine's thread.

    Every market that anybody trades in is described as well, when nothing is waited for: by its fills wallets are
    judged, and it has to be known with which others it settles together.
    """

    def __init__(self, feed: LiveFeed) -> None:
        self._feed = feed
        self._lock = threading.Lock()
        self._rows: list[tuple[Sequence[Row], int]] = []
        self._traded: set[str] = set()
        self._unasked: deque[str] = deque()
        self._asked: deque[tuple[float, str]] = deque()
        """Markets that were asked for, each with the time from which on it may be asked for again."""
        self._next_s = 0.0

    def add(self, rows: Sequence[Row], arrived_ts: int) -> int:
        """Hand rows on; return how many fills were new."""
        with self._lock:
            self._rows.append((rows, arrived_ts))
            for row in rows:
                if isinstance(row, VenueFill) and row.market_id not in self._traded:
                    self._name(row.market_id)
        return self._feed.add(rows, arrived_ts)

    def reject(self, reject: Reject) -> None:
        """Hand on what could not be used."""
        self._feed.reject(reject)

    def mark_gap(self, source: str, from_ts: int, until_ts: int) -> None:
        """Hand on that something may have been missed."""
        self._feed.mark_gap(source, from_ts, until_ts)

    def wanted(self) -> tuple[list[str], list[str]]:
        """Return the markets and tokens that fills wait for; where none do, some of the markets in which was traded."""
        markets, tokens = self._feed.wanted()
        return (markets, tokens) if markets or tokens else (self._undescribed(), [])

    def _name(self, market_id: str) -> None:
        if len(self._traded) >= MOST_TRADED:
            self._traded.clear()  # those that are described already are seen to be so
        self._traded.add(market_id)
        if market_id:
            self._unasked.append(market_id)

    def _undescribed(self) -> list[str]:
        now, found = time.monotonic(), list[str]()
        if now < self._next_s:
            return found
        self._next_s = now + DESCRIBE_EVERY_S
        with self._lock:
            while self._asked and self._asked[0][0] <= now:
                self._unasked.append(self._asked.popleft()[1])
            while self._unasked and len(found) < DESCRIBED_AT_ONCE:
                market_id = self._unasked.popleft()
                if self._feed.terms(market_id, NEWEST).market_version == "unknown":
                    self._asked.append((now + DESCRIBE_AGAIN_S, market_id))
                    found.append(market_id)
        return found

    def take(self) -> list[tuple[Sequence[Row], int]]:
        """Return the rows that came since it was last asked."""
        with self._lock:
            taken, self._rows = self._rows, []
        return taken


@dataclass(slots=True)
class _Stopping:
    """Ends the sources before anything that they write to."""

    sources: LiveSources
    feed: LiveFeed
    clients: VenueClients
    wake: threading.Event
    done: bool = field(default=False)

    def close(self) -> None:
        """Stop listening, wake whoever waits for a limit, and let go of the store."""
        if not self.done:
            self.done = True
            self.wake.set()
            self.sources.stop()
            self.feed.close()
            self.clients.close()


@dataclass(frozen=True, slots=True)
class Parts:
    """What listens to the venue."""

    feed: LiveFeed
    heard: Heard
    sources: LiveSources
    stopping: _Stopping
    simulated: bool


def listen(settings: Settings, folder: RunFolder) -> Parts:
    """Open what was heard before, and make (not start) what listens on."""
    venue, wake = settings.venue, threading.Event()
    simulated = on_loopback(venue)
    feed = LiveFeed(folder.live, simulated=simulated)
    clients = venue_clients(venue, clock=time.monotonic, wait=wake.wait)
    heard = Heard(feed)
    sources = LiveSources(venue, heard, clients, since_ts=feed.resume_ts or time.time_ns(), seed=settings.seed)
    feed.follow_books(sources.market.whole)
    sources.sweep.on_read = feed.mark_read
    return Parts(feed, heard, sources, _Stopping(sources, feed, clients, wake), simulated)


def live_app(
    settings: Settings,
    directory: DataDirectory,
    folder: RunFolder,
    parts: Parts,
    exchange: TradingPlace,
    trader: Trader,
    key: OrderKey,
    *,
    dataset: Dataset | None,
    mode: str = "paper, live prices",
    more: Sequence[Closable] = (),
    tell: Tell = lambda _text: None,
) -> App:
    """Put a live run together; it listens from its `begin` on."""
    scoring = WhaleProcess(dataset.path if dataset else None, settings, Ears(str(folder.live), str(folder.judged)))
    world = World(
        name="the venue" if not parts.simulated else "a local exchange",
        fingerprint=f"live:{dataset.fingerprint if dataset else 'no history'}",
        kind="simulated" if parts.simulated else "live",
        simulated=parts.simulated,
        feed=parts.feed,
        whales=scoring,
        exchange=exchange,
        trader=trader,
        mode=mode,
        gate=FreshGate(parts.sources, parts.feed, latency_ms=settings.execution.latency_ms),
        scan_ready=_since_when(scoring, tell),
        sources=lambda: [msgspec.to_builtins(each) for each in parts.sources.status()],
        first_ts=time.time_ns(),
        endless=True,
        closables=(parts.stopping, scoring, *more),
    )
    app = assemble(settings, directory, folder, world, key)
    app.pace = LivePace(
        parts.feed,
        SystemClock(),
        app.ingest,
        app.answers,
        watch=_watcher(parts),
        advance=_advancer(parts, exchange),
        check=parts.sources.check,
    )

    def begin() -> None:
        parts.feed.seal(app.engine.clock)  # whatever comes now lies behind all that is in the log
        parts.sources.start()

    app.begin = begin
    return app


def _since_when(scoring: WhaleProcess, tell: Tell) -> Ready:
    """Note when each answer was first seen: what follows from it follows then, and not when it was asked for."""
    seen: dict[tuple[int, tuple[str, ...], int], int] = {}

    def ready(as_of_ts: int, followed: tuple[str, ...], since_ts: int) -> int | None:
        key = as_of_ts, followed, since_ts
        if key not in seen and scoring.ready(*key):
            seen[key] = time.time_ns()
            answer = scoring.answer(*key)
            if answer is not None:
                tell(judged_words(answer))
        return seen.get(key)

    return ready


def judged_words(scan: UniverseScanned) -> str:
    """Say by what leaders were judged, and how many may be followed."""
    history, plus, heard = scan.source.partition("+")
    by = history if " " in history else f"history {history[:16]}"
    return f"leaders judged by {by}{plus}{heard}: {scan.n_wallets:,} wallets, {scan.n_qualified:,} with enough bets"


def _watcher(parts: Parts) -> Callable[[Sequence[str], Sequence[str]], None]:
    def watch(tokens: Sequence[str], wallets: Sequence[str]) -> None:
        parts.feed.watch(wallets)
        parts.sources.watch(tokens, wallets)

    return watch


def _advancer(parts: Parts, exchange: TradingPlace) -> Callable[[int], None]:
    if not isinstance(exchange, PaperBook):

        def forget(_until_ts: int) -> None:
            parts.heard.take()

        return forget

    def advance(until_ts: int) -> None:
        exchange.hear(parts.heard.take(), until_ts)

    return advance


class FreshGate:
    """Refuses what would add risk while nobody can say what the market is; what reduces it passes."""

    def __init__(self, sources: LiveSources, feed: LiveFeed, *, latency_ms: int) -> None:
        self._sources, self._feed = sources, feed
        self._latency = latency_ms * NANOS // 1_000

    def __call__(self, order: SubmitOrder) -> str:
        """Say why an order must not be sent now, "" where it may."""
        if order.side == Side.SELL:
            return ""
        late = time.time_ns() - (order.arrive_ts - self._latency)
        if late > MOST_LATE_NS:
            return f"{STALE_DATA}: decided {late / NANOS:.0f} s behind the world's clock"
        whole = self._sources.freshness(order.token_id)
        if whole.fresh:
            return ""
        around = self._sources.freshness()
        if not around.fresh:
            return f"{STALE_DATA}: {around.reason}"
        now = time.time_ns()
        quote = self._feed.quote(order.token_id, now)
        # A market that was just described has a book by REST before its socket tells one.
        return "" if quote is not None and now - quote.ts <= FRESH_QUOTE_NS else f"{STALE_DATA}: {whole.reason}"


def on_loopback(venue: VenueSettings) -> bool:
    """Tell whether the venue is one on this machine: then its prices are made up."""
    return is_loopback(venue.clob_url)
