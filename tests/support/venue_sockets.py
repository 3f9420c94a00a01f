"""The venue's WebSockets by hand, on a loopback port: real sockets that do what the venue was seen to do, and worse.

Paths: `/ws/market` (PONG, a book at each new subscription and none at a repeated one), `/ws/user`, `/rtds` (never
answers a ping; one unknown topic kills its whole frame), `/chain` (subscriptions and heads). Tests say what is pushed
and when a socket falls silent, breaks or is refused. Every method may be called from the test's thread.
"""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

MARKET, USER, RTDS, CHAIN = "/ws/market", "/ws/user", "/rtds", "/chain"
KNOWN_TOPICS = {("activity", "trades"), ("activity", "orders_matched"), ("activity", "*")}


class VenueSockets:
    """One server; `heard` keeps every text frame with the number of its connection."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int, str]] = []
        self.opened: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        """How many handshakes are refused with 503 next."""
        self.closing: Counter[str] = Counter()
        """How many connections are closed right after their first frame."""
        self.mute: set[str] = set()
        """Paths that answer nothing any more (sockets stay open)."""
        self.lapsed: set[str] = set()
        """Paths whose new subscriptions are taken without effect."""
        self.books: dict[str, dict[str, Any]] = {}
        self.head = 100
        self.port = 0
        self._open: dict[ServerConnection, tuple[str, int]] = {}
        self._subscribed: dict[ServerConnection, set[Any]] = {}
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: Server | None = None

    def url(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.port}{path}"

    def texts(self, path: str) -> list[str]:
        """What was said on a path, pings left out."""
        with self._lock:
            return [text for one, _, text in self.heard if one == path and text.lower() != "ping"]

    def pings(self, path: str) -> int:
        with self._lock:
            return sum(one == path and text.lower() == "ping" for one, _, text in self.heard)

    def open(self, path: str) -> int:
        return sum(one == path for one, _ in list(self._open.values()))

    def subscribers(self, path: str, what: Any) -> int:
        open_here = [one for one, (at, _) in list(self._open.items()) if at == path]
        return sum(what in self._subscribed.get(one, ()) for one in open_here)

    def push(self, path: str, frame: object, *, only: int | None = None, what: Any = None) -> int:
        """Send a frame to the open connections (one of them; those subscribed to something); return to how many."""
        text = frame if isinstance(frame, str) else json.dumps(frame, separators=(",", ":"))
        return self._run(self._push(path, text, only, what))

    def drop(self, path: str, *, only: int | None = None) -> None:
        """Break the connections without a word."""
        self._run(self._drop(path, only))

    async def _push(self, path: str, text: str, only: int | None, what: Any) -> int:
        sent = 0
        for connection, (at, number) in list(self._open.items()):
            if at != path or only not in (None, number):
                continue
            if what is not None and what not in self._subscribed.get(connection, ()):
                continue
            try:
                await connection.send(text)
            except ConnectionClosed:
                continue
            sent += 1
        return sent

    async def _drop(self, path: str, only: int | None) -> None:
        for connection, (at, number) in list(self._open.items()):
            if at == path and only in (None, number):
                connection.transport.abort()

    def _run(self, step: Any) -> Any:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(step, self._loop).result(10)

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.refusals[request.path] > 0:
            self.refusals[request.path] -= 1
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "later\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        path = connection.request.path
        with self._lock:
            number = self.opened[path]
            self.opened[path] += 1
        self._subscribed[connection] = set()
        self._open[connection] = (path, number)
        try:
            async for frame in connection:
                text = frame if isinstance(frame, str) else frame.decode()
                with self._lock:
                    self.heard.append((path, number, text))
                if self.closing[path] > 0:
                    self.closing[path] -= 1
                    return
                if path not in self.mute:
                    await self._answer(connection, path, text)
        except ConnectionClosed:
            return
        finally:
            del self._open[connection], self._subscribed[connection]

    async def _answer(self, connection: ServerConnection, path: str, text: str) -> None:
        if path in (MARKET, USER) and text == "PING":
            await connection.send("PONG")
        elif path == MARKET:
            await self._market(connection, json.loads(text))
        elif path == RTDS and text != "ping":
            await self._rtds(connection, json.loads(text))
        elif path == CHAIN:
            await self._chain(connection, json.loads(text))

    async def _market(self, connection: ServerConnection, asked: dict[str, Any]) -> None:
        mine = self._subscribed[connection]
        if asked.get("operation") == "unsubscribe":
            mine.difference_update(asked["assets_ids"])
            return
        new = [token for token in asked["assets_ids"] if token not in mine]
        if path_lapsed := MARKET in self.lapsed:
            new = []
        mine.update(() if path_lapsed else asked["assets_ids"])
        found = [self.books[token] for token in new if token in self.books]
        if found:
            await connection.send(json.dumps(found if len(found) > 1 else found[0]))

    async def _rtds(self, connection: ServerConnection, asked: dict[str, Any]) -> None:
        topics = {(each["topic"], each["type"]) for each in asked["subscriptions"]}
        if asked["action"] == "unsubscribe":
            self._subscribed[connection] -= topics
        elif topics - KNOWN_TOPICS:
            await connection.send(json.dumps({"statusCode": 401, "body": {"message": "topic not found"}}))
        elif RTDS not in self.lapsed:
            self._subscribed[connection] |= topics

    async def _chain(self, connection: ServerConnection, asked: dict[str, Any]) -> None:
        result = hex(self.head)
        if asked["method"] == "eth_subscribe":
            result = "0x" + f"{asked['id']:032x}"
            self._subscribed[connection].add("logs")
        await connection.send(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}))

    async def _main(self, ready: threading.Event, ending: "asyncio.Future[None]") -> None:
        async with serve(
            self._serve, "127.0.0.1", self.port, process_request=self._admit, ping_interval=None
        ) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            ready.set()
            await ending
            server.close(close_connections=True)

    def _thread(self, ready: threading.Event, holder: list[Any]) -> None:
        loop = asyncio.new_event_loop()
        self._loop = loop
        ending = loop.create_future()
        holder.append((loop, ending))
        try:
            loop.run_until_complete(self._main(ready, ending))
        finally:
            loop.close()

    @contextmanager
    def running(self) -> Iterator["VenueSockets"]:
        """Serve until the block ends; may be entered again, on the same port."""
        ready, holder = threading.Event(), []
        thread = threading.Thread(target=self._thread, args=(ready, holder), name="venue-sockets", daemon=True)
        thread.start()
        assert ready.wait(10), "the sockets' server did not start"
        try:
            yield self
        finally:
            loop, ending = holder[0]
            loop.call_soon_threadsafe(ending.set_result, None)
            thread.join(10)
            assert not thread.is_alive(), "the sockets' server did not end"


@contextmanager
def venue_sockets() -> Iterator[VenueSockets]:
    with VenueSockets().running() as server:
        yield server


class ListSink:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.rejects: list[Any] = []
        self.gaps: list[tuple[str, int, int]] = []
        self.lacking: tuple[list[str], list[str]] = ([], [])
        self.error: BaseException | None = None
        self.pause_s = 0.0
        """How long it takes to keep rows."""

    def add(self, rows: Any, arrived_ts: int) -> int:
        if self.error is not None:
            raise self.error
        assert arrived_ts > 0
        threading.Event().wait(self.pause_s)
        self.rows += rows
        return len(rows)

    def reject(self, reject: Any) -> None:
        self.rejects.append(reject)

    def mark_gap(self, source: str, from_ts: int, until_ts: int) -> None:
        self.gaps.append((source, from_ts, until_ts))

    def wanted(self) -> tuple[list[str], list[str]]:
        return self.lacking

    def of(self, kind: type) -> list[Any]:
        return [row for row in list(self.rows) if isinstance(row, kind)]


def rtds_trade(number: int, *, wallet: str = "", kind: str = "trades", ts_s: int = 1_790_272_257, **more: Any) -> dict:
    """A frame of the activity stream, in the venue's order of keys."""
    payload = {
        "asset": str(10**70 + 1),
        "bio": "",
        "conditionId": f"0x{0xABC:064x}",
        "eventSlug": "event-0",
        "icon": "",
        "name": "Car",
        "outcome": "Yes",
        "outcomeIndex": 0,
        "price": 0.55,
        "profileImage": "",
        "proxyWallet": wallet or "0x7C3dB723F1D4D8cB9C550095203b686Cb11e5c6B",
        "pseudonym": "",
        "side": "BUY",
        "size": 10 + number,
        "slug": "market-0",
        "timestamp": ts_s,
        "title": "Market 0?",
        "transactionHash": f"0x{number + 1:064x}",
    } | more
    return {"connection_id": "a", "payload": payload, "timestamp": ts_s * 1000, "topic": "activity", "type": kind}
