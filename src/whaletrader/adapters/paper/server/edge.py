"""The edge between sockets and the exchange: requests, replies and text streams, and nothing of ASGI behind it.

Handlers are plain functions from `Request` to `Reply`: the exchange is a synchronous state machine in one thread, so an
answer is computed in one go. Streams are coroutines over a `Stream`, which sends without waiting and closes a reader
that does not keep up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, unquote

import msgspec

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"
MAX_BODY_BYTES: Final = 1 << 20
"""A batch of 15 orders is about 15 kB, 3000 order ids are 210 kB."""
_GONE: Final = 0
"""No close code: nobody is there to be told."""
MAX_QUEUED_FRAMES: Final = 10_000
"""A reader further behind than this is cut off."""

Headers = tuple[tuple[str, str], ...]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names are lower case, the path has no query string and no mount prefix.

    Headers and body carry secrets: they are not part of its representation.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    client: str = ""
    """Address of the caller."""

    def json(self) -> Any:
        """Return the decoded body; `msgspec.DecodeError` where it is no JSON."""
        return msgspec.json.decode(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    status: int
    body: bytes
    headers: Headers = ()
    media: str = JSON

    def with_headers(self, *more: tuple[str, str]) -> "Reply":
        """Return the same answer with further headers."""
        return Reply(self.status, self.body, (*self.headers, *more), self.media)


Handler = Callable[[Request], Reply]
StreamHandler = Callable[["Stream"], Awaitable[None]]


def reply(value: Any, status: int = 200) -> Reply:
    """Answer with a value as compact JSON."""
    return Reply(status, msgspec.json.encode(value))


def text(value: str, status: int = 200) -> Reply:
    """Answer with plain text."""
    return Reply(status, value.encode(), (), TEXT)


class Router:
    """Handlers by method and path; a path that ends in `/` takes whatever follows it."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], Handler] = {}
        self._below: list[tuple[str, str, Handler]] = []
        self._paths: set[str] = set()

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Register a handler."""
        if path.endswith("/") and path != "/":
            self._below.append((method, path, handler))
            self._below.sort(key=lambda entry: -len(entry[1]))
        else:
            self._paths.add(path)
            self._exact[method, path] = handler

    def find(self, request: Request) -> Handler | None:
        """Return the handler of a request, if there is one."""
        handler = self._exact.get((request.method, request.path))
        if handler is not None:
            return handler
        for method, prefix, below in self._below:
            if method == request.method and request.path.startswith(prefix) and len(request.path) > len(prefix):
                return below
        return None

    def knows(self, path: str) -> bool:
        """Whether some method is served at this path."""
        return path in self._paths

    def __call__(self, request: Request) -> Reply:
        """Answer a request; 404 and 405 in the venue's words."""
        handler = self.find(request)
        if handler is not None:
            return handler(request)
        if self.knows(request.path):
            return reply({"error": "Method Not Allowed"}, 405)
        return reply({"error": "Not Found"}, 404)


class StreamClosed(Exception):
    """The peer of a stream has gone."""


class Stream(Protocol):
    """A text WebSocket, already accepted."""

    @property
    def query(self) -> Mapping[str, str]:
        """Query parameters of the connection."""
        ...

    async def receive(self) -> str:
        """Return the next text frame; `StreamClosed` when the peer has gone."""
        ...

    def send(self, frame: str | bytes) -> None:
        """Queue a text frame; a reader that is too far behind is closed."""
        ...

    def close(self, code: int = 1000) -> None:
        """Close after what is queued."""
        ...


class AsgiStream:
    """A `Stream` over an ASGI WebSocket; `pump` must run while it is used."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._frames: asyncio.Queue[str | int] = asyncio.Queue()
        self.query: Mapping[str, str] = query_of(scope)
        self.open = True

    async def receive(self) -> str:
        """Return the next frame as text; `StreamClosed` when the peer has gone."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self.close(_GONE)
            raise StreamClosed
        told = message.get("text")
        return told if told is not None else bytes(message.get("bytes") or b"").decode(errors="replace")

    def send(self, frame: str | bytes) -> None:
        """Queue a text frame."""
        if not self.open:
            return
        if self._frames.qsize() >= MAX_QUEUED_FRAMES:
            self.close(1008)
            return
        self._frames.put_nowait(frame if isinstance(frame, str) else frame.decode())

    def close(self, code: int = 1000) -> None:
        """Close after what is queued."""
        if self.open:
            self.open = False
            self._frames.put_nowait(code)

    async def pump(self) -> None:
        """Send what is queued until the stream is closed."""
        while True:
            frame = await self._frames.get()
            if isinstance(frame, int):
                if frame == _GONE:
                    return
                await self._send({"type": "websocket.close", "code": frame})
                return
            await self._send({"type": "websocket.send", "text": frame})


def query_of(scope: Scope) -> dict[str, str]:
    """Query parameters of an ASGI scope; values of equal names are joined by commas, as Gamma reads lists."""
    joined: dict[str, str] = {}
    raw: bytes = scope.get("query_string", b"")
    for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


async def request_of(scope: Scope, receive: Receive, path: str) -> Request | None:
    """Read a request to its end; None where its body is longer than `MAX_BODY_BYTES`."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    client = scope.get("client")
    return Request(scope["method"], unquote(path), query_of(scope), headers, body, client[0] if client else "")


async def send_reply(answer: Reply, send: Send) -> None:
    """Send an answer."""
    headers = [(b"content-type", answer.media.encode()), (b"content-length", b"%d" % len(answer.body))]
    headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def lose_reply(send: Send) -> None:
    """Cut the connection where an answer was due: a body is promised and never sent."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
