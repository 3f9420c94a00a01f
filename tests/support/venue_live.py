"""The venue by hand, HTTP and WebSockets together, and the live sources that listen to it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.venue_http import WALLET, Answer, VenueHttpServer, filled_log, serving
from tests.support.venue_sockets import CHAIN, RTDS, ListSink, VenueSockets, venue_sockets
from whaletrader.adapters.polymarket.book_mirror import BookMirror
from whaletrader.adapters.polymarket.clients import venue_clients
from whaletrader.adapters.polymarket.live_sources import LiveSources
from whaletrader.config.tree import VenueSettings

MARKET_ID = f"0x{0xABC:064x}"


@dataclass
class LiveHttp(VenueHttpServer):
    """Adds books, and filters of logs as nodes understand them."""

    books: dict[str, dict[str, Any]] = field(default_factory=dict)
    book_refusals: list[Answer] = field(default_factory=list)
    market_of: dict[str, str] = field(default_factory=dict)
    books_asked: list[str] = field(default_factory=list)
    """Every token whose book was asked for, as often as it was."""

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> Answer:
        if path == "/books":
            with self._lock:
                self.requests.append((method, path, query))
            if self.book_refusals:
                return self.book_refusals.pop(0)
            asked = [each["token_id"] for each in json.loads(body)]
            self.books_asked += asked
            return Answer(200, json.dumps([self.books[token] for token in asked if token in self.books]).encode())
        named = self.market_of.get(path.removeprefix("/markets-by-token/"))
        if named is not None:
            return Answer(200, json.dumps({"condition_id": named}).encode())
        return super().answer(method, path, query, body)

    def _rpc_one(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["method"] != "eth_getLogs":
            return super()._rpc_one(asked)
        wanted = asked["params"][0]
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        found = [
            log
            for log in list(self.logs)
            if first <= int(log["blockNumber"], 16) <= last
            and log["address"] in wanted["address"]
            and all(_matches(log["topics"], place, one) for place, one in enumerate(wanted["topics"]))
        ]
        return {"jsonrpc": "2.0", "id": asked["id"], "result": found}


def _matches(topics: list[str], place: int, wanted: Any) -> bool:
    if wanted is None:
        return True
    return place < len(topics) and topics[place] in ([wanted] if isinstance(wanted, str) else wanted)


def mined(number: int, block: int, wallet: str = WALLET, fork: str = "a") -> dict[str, Any]:
    """A fill's log with its block's hash."""
    return filled_log(number, block, wallet) | {"blockHash": f"0x{fork}{block:063x}"}


def book(
    token: str, ts_ms: int, bids: list[tuple[str, str]], asks: list[tuple[str, str]], **more: Any
) -> dict[str, Any]:
    """A book as REST tells it, with its true hash; best prices last."""
    found = {
        "market": MARKET_ID,
        "asset_id": token,
        "timestamp": str(ts_ms),
        "hash": "",
        "bids": [{"price": price, "size": size} for price, size in sorted(bids, key=lambda one: float(one[0]))],
        "asks": [{"price": price, "size": size} for price, size in sorted(asks, key=lambda one: -float(one[0]))],
        "min_order_size": "5",
        "tick_size": "0.01",
        "neg_risk": False,
        "last_trade_price": "0.55",
    } | more
    mirror = BookMirror()
    mirror.snapshot(found)
    return found | {"hash": mirror.digest(ts_ms)}


def ws_book(rest: dict[str, Any]) -> dict[str, Any]:
    """The same as the market channel tells it: without the market's terms."""
    return {name: rest[name] for name in rest if name not in ("min_order_size", "neg_risk")} | {"event_type": "book"}


@dataclass
class Live:
    """Everything that a test looks at."""

    sockets: VenueSockets
    http: LiveHttp
    sink: ListSink
    sources: LiveSources

    def source(self, name: str) -> Any:
        return next(one for one in self.sources.status() if one.source == name)


@contextmanager
def live(
    *, stale_after_s: int = 10, stream: bool = False, since_ts: int = 0, start: bool = True, **more: Any
) -> Iterator[Live]:
    """Both servers, and sources that listen (and are ended in time)."""
    ending = threading.Event()
    with venue_sockets() as sockets, serving(LiveHttp()) as http:
        venue = VenueSettings(
            clob_url=http.url,
            stream_url=sockets.url("/ws"),
            activity_url=sockets.url(RTDS),
            data_url=http.url + "/data-api",
            gamma_url=http.url + "/gamma",
            rpc_url=http.url + "/rpc",
            rpc_stream_url=sockets.url(CHAIN) if stream else "",
            confirmations=3,
            stale_after_s=stale_after_s,
        )
        clients = venue_clients(venue, clock=time.monotonic, wait=ending.wait, timeout_s=5.0, attempts=2)
        sink = ListSink()
        sources = LiveSources(venue, sink, clients, since_ts=since_ts, **({"chain_poll_s": 0.1} | more))
        try:
            if start:
                sources.start()
            yield Live(sockets, http, sink, sources)
        finally:
            ending.set()
            ended = sources.stop(5)
            clients.close()
            assert ended, "the live sources did not end in time"
