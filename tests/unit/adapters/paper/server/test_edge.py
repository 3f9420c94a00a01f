"""Requests, routes and streams at the edge, without a socket."""

import asyncio
from typing import Any

import pytest

from whaletrader.adapters.paper.server.edge import (
    MAX_BODY_BYTES,
    AsgiStream,
    Reply,
    Request,
    Router,
    StreamClosed,
    query_of,
    reply,
    request_of,
    send_reply,
    text,
)


def named(name: str) -> Any:
    return lambda _request: text(name)


@pytest.fixture
def router() -> Router:
    made = Router()
    made.add("GET", "/a", named("a"))
    made.add("POST", "/a", named("posted"))
    made.add("GET", "/a/", named("below a"))
    made.add("GET", "/a/b/", named("below b"))
    made.add("GET", "/", named("root"))
    return made


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", "/a", b"a"),
        ("POST", "/a", b"posted"),
        ("GET", "/a/x", b"below a"),
        ("GET", "/a/x/y", b"below a"),
        ("GET", "/a/b/x", b"below b"),
        ("GET", "/", b"root"),
    ],
)
def test_the_longest_beginning_answers(router: Router, method: str, path: str, told: bytes) -> None:
    assert router(Request(method, path)).body == told


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("DELETE", "/a", 405), ("GET", "/b", 404), ("GET", "/a/", 404), ("POST", "/a/x", 404), ("GET", "", 404)],
)
def test_what_is_not_served_is_said_to_be_so(router: Router, method: str, path: str, status: int) -> None:
    assert router(Request(method, path)).status == status


def test_a_request_shows_neither_its_headers_nor_its_body() -> None:
    shown = repr(Request("POST", "/order", {}, {"poly_passphrase": "open sesame"}, b"the secret", "a"))
    assert "sesame" not in shown
    assert "secret" not in shown


def test_headers_are_added_and_not_replaced() -> None:
    first = reply({}).with_headers(("A", "1"))
    assert first.with_headers(("B", "2")).headers == (("A", "1"), ("B", "2"))
    assert reply({}).headers == ()


@pytest.mark.parametrize(
    ("raw", "query"),
    [
        (b"", {}),
        (b"a=1&b=x%20y", {"a": "1", "b": "x y"}),
        (b"a=1&a=2", {"a": "1,2"}),
        (b"a=&b", {"a": "", "b": ""}),
        (b"cursor=MA%3D%3D", {"cursor": "MA=="}),
    ],
)
def test_queries_are_read_as_they_are_written(raw: bytes, query: dict[str, str]) -> None:
    assert query_of({"query_string": raw}) == query


def received(parts: list[bytes]) -> Any:
    """An ASGI `receive` that gives a body in parts."""
    left = list(parts)

    async def receive() -> dict[str, Any]:
        body = left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    return receive


def scope(**more: Any) -> dict[str, Any]:
    return {"method": "POST", "headers": [(b"poly_address", b"0xA")], "client": ("::1", 5), "query_string": b""} | more


def test_a_body_in_parts_is_one_body() -> None:
    told = asyncio.run(request_of(scope(), received([b"ab", b"", b"cd"]), "/x%2Fy"))
    assert told == Request("POST", "/x/y", {}, {"poly_address": "0xA"}, b"abcd", "::1")


def test_a_caller_without_an_address_has_none() -> None:
    told = asyncio.run(request_of(scope(client=None), received([b""]), "/"))
    assert told is not None
    assert told.client == ""


def test_a_body_beyond_the_limit_is_not_read_to_its_end() -> None:
    parts = [b"x" * MAX_BODY_BYTES, b"x", b"never read"]
    assert asyncio.run(request_of(scope(), received(parts), "/")) is None


def test_an_answer_has_its_length_and_type() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(send_reply(Reply(404, b"{}", (("Retry-After", "1"),)), send))
    start, body = sent
    assert start["status"] == 404
    expected = [(b"content-type", b"application/json"), (b"content-length", b"2"), (b"Retry-After", b"1")]
    assert start["headers"] == expected
    assert body["body"] == b"{}"


class Peer:
    """The other end of a stream."""

    def __init__(self, *frames: dict[str, Any]) -> None:
        self._frames = list(frames)
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        return self._frames.pop(0) if self._frames else {"type": "websocket.disconnect", "code": 1001}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def stream(self) -> AsgiStream:
        return AsgiStream(scope(), self.receive, self.send)


def test_text_and_bytes_are_heard_as_text() -> None:
    peer = Peer({"type": "websocket.receive", "text": "one"}, {"type": "websocket.receive", "bytes": b"tw\xffo"})
    stream = peer.stream()

    async def scene() -> list[str]:
        return [await stream.receive(), await stream.receive()]

    assert asyncio.run(scene()) == ["one", "tw\ufffdo"]


def test_frames_go_out_in_order_and_the_close_last() -> None:
    peer = Peer()
    stream = peer.stream()

    async def scene() -> None:
        stream.send("one")
        stream.send(b"two")
        stream.close(4000)
        stream.send("too late")
        stream.close(1000)
        await stream.pump()

    asyncio.run(scene())
    assert [message.get("text", message.get("code")) for message in peer.sent] == ["one", "two", 4000]


def test_a_peer_that_has_gone_is_told_nothing_more() -> None:
    peer = Peer()
    stream = peer.stream()

    async def scene() -> None:
        with pytest.raises(StreamClosed):
            await stream.receive()
        stream.send("hello?")
        await stream.pump()

    asyncio.run(scene())
    assert peer.sent == []
    assert not stream.open
