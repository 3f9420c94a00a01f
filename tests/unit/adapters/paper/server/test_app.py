"""The exchange on a real socket: faces by prefix, faults between face and caller, streams that open and end."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.waiting import wait_until
from whaletrader.adapters.paper.server.app import PaperExchange
from whaletrader.adapters.paper.server.edge import (
    MAX_BODY_BYTES,
    MAX_QUEUED_FRAMES,
    Reply,
    Request,
    Router,
    Stream,
    StreamClosed,
    reply,
    text,
)
from whaletrader.adapters.paper.server.mounts import (
    PLAIN_FATE,
    PLAIN_FRAME,
    Face,
    Fate,
    FrameFate,
    World,
)
from whaletrader.adapters.paper.server.run import LOOPBACK, ExchangeServer, bound_socket, serving
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.errors import BusyError

NOW = 1_795_300_000 * 10**9


@dataclass
class Faults:
    """Does what the test says."""

    answer: Reply | None = None
    fates: Fate = PLAIN_FATE
    frames: list[FrameFate] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def instead(self, face: str, request: Request, now_ns: int) -> Reply | None:
        self.asked.append(f"{face} {request.path}")
        return self.answer

    def fate(self, face: str, request: Request, now_ns: int) -> Fate:
        return self.fates

    def frame(self, face: str, connection: int, now_ns: int) -> FrameFate:
        return self.frames.pop(0) if self.frames else PLAIN_FRAME


async def echo(stream: Stream) -> None:
    """Say what was said, until the peer goes."""
    try:
        while True:
            stream.send(await stream.receive())
    except StreamClosed:
        stream.close()


async def greet(stream: Stream) -> None:
    """Say who came, and end."""
    stream.send(f"hello {stream.query.get('name', '')}")
    stream.close(4001)


@dataclass
class Served:
    port: int
    faults: Faults
    acts: list[str]

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://{LOOPBACK}:{self.port}", timeout=10)


@contextmanager
def served(steps: Any = ()) -> Iterator[Served]:
    faults, acts = Faults(), []

    def act(request: Request) -> Reply:
        acts.append(request.path)
        return reply({"path": request.path, "query": dict(request.query), "body": request.body.decode()})

    router = Router()
    router.add("GET", "/", act)
    router.add("POST", "/act", act)
    router.add("GET", "/below/", act)
    world = World(Venue(), lambda: NOW, faults)
    faces = [
        Face("main", "", router, {"/ws/echo": echo, "/ws/greet": greet}),
        Face("other", "/other", lambda request: text(f"other {request.path}"), {"": echo}),
        Face("push", "/push", None, {"": echo}),
    ]
    app = PaperExchange(world, faces, steps)
    with serving(ExchangeServer(app, bound_socket(LOOPBACK, 0))) as server:
        yield Served(server.port, faults, acts)


def test_a_face_answers_below_its_prefix_only() -> None:
    with served() as exchange, exchange.client() as client:
        assert client.get("/other").text == "other /"
        assert client.get("/other/deep/er?x=1").text == "other /deep/er"
        assert client.get("/others").status_code == 404
        assert client.get("/push").status_code == 404
        assert client.get("/below/x%20y").json()["path"] == "/below/x y"
        assert client.get("/below/").status_code == 404


def test_body_and_query_arrive_whole() -> None:
    with served() as exchange, exchange.client() as client:
        told = client.post("/act?a=1&b=&a=2", content=b"x" * 100_000).json()
        assert told["query"] == {"a": "1,2", "b": ""}
        assert len(told["body"]) == 100_000


def test_a_body_that_is_too_long_is_refused() -> None:
    with served() as exchange, exchange.client() as client:
        assert client.post("/act", content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413
        assert exchange.acts == []


def test_a_fault_answers_instead_of_the_exchange() -> None:
    with served() as exchange, exchange.client() as client:
        exchange.faults.answer = reply({"error": "no"}, 425).with_headers(("Retry-After", "3"))
        told = client.post("/act")
        assert (told.status_code, told.json(), told.headers["retry-after"]) == (425, {"error": "no"}, "3")
        assert exchange.acts == []
        assert exchange.faults.asked == ["main /act"]


def test_a_lost_answer_is_lost_after_the_exchange_acted() -> None:
    with served() as exchange, exchange.client() as client:
        exchange.faults.fates = Fate(lost=True)
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/act")
        assert exchange.acts == ["/act"]
        exchange.faults.fates = PLAIN_FATE
        assert client.post("/act").status_code == 200


def test_a_late_answer_does_not_hold_up_others() -> None:
    with served() as exchange, exchange.client() as client:
        exchange.faults.fates = Fate(delay_s=2.0)
        late: list[int] = []
        thread = threading.Thread(target=lambda: late.append(exchange.client().post("/act").status_code))
        thread.start()
        wait_until(lambda: exchange.acts == ["/act"], 5)
        exchange.faults.fates = PLAIN_FATE
        assert client.post("/act").status_code == 200
        assert late == []
        thread.join(20)
        assert late == [200]


def test_a_stream_speaks_and_hears() -> None:
    async def scene(port: int) -> None:
        async with connect(f"ws://{LOOPBACK}:{port}/ws/echo") as socket:
            await socket.send("one")
            await socket.send(b"two")
            assert [await socket.recv(), await socket.recv()] == ["one", "two"]

    with served() as exchange:
        asyncio.run(scene(exchange.port))


def test_a_stream_knows_its_query_and_may_end_itself() -> None:
    async def scene(port: int) -> None:
        async with connect(f"ws://{LOOPBACK}:{port}/ws/greet?name=ada") as socket:
            assert await socket.recv() == "hello ada"
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4001

    with served() as exchange:
        asyncio.run(scene(exchange.port))


@pytest.mark.parametrize("path", ["/other", "/other/", "/push"])
def test_a_face_has_its_stream_at_its_prefix(path: str) -> None:
    async def scene(port: int) -> None:
        async with connect(f"ws://{LOOPBACK}:{port}{path}") as socket:
            await socket.send("there?")
            assert await socket.recv() == "there?"

    with served() as exchange:
        asyncio.run(scene(exchange.port))


def test_a_stream_that_is_none_is_not_opened() -> None:
    async def scene(port: int) -> None:
        with pytest.raises(Exception, match="403"):
            async with connect(f"ws://{LOOPBACK}:{port}/ws/nothing"):
                raise AssertionError("it was opened")

    with served() as exchange:
        asyncio.run(scene(exchange.port))


def test_frames_meet_the_fault_plan() -> None:
    async def scene(port: int) -> list[str]:
        told = []
        async with connect(f"ws://{LOOPBACK}:{port}/ws/echo") as socket:
            for word in ("swallowed", "late", "twice", "plain", "end"):
                await socket.send(word)
            try:
                while True:
                    told.append(str(await socket.recv()))
            except ConnectionClosed:
                return told

    with served() as exchange:
        exchange.faults.frames = [
            FrameFate(silent=True),
            FrameFate(delay_s=0.01),
            FrameFate(times=2),
            PLAIN_FRAME,
            FrameFate(close=True),
        ]
        told = asyncio.run(scene(exchange.port))
    assert [word for word in told if word != "late"] == ["twice", "twice", "plain"]


async def _until_closed(socket: ClientConnection) -> AsyncIterator[str]:
    try:
        while True:
            yield str(await socket.recv())
    except ConnectionClosed:
        return


def test_a_reader_that_is_too_far_behind_is_cut_off() -> None:
    flooded = threading.Event()

    async def flood(stream: Stream) -> None:
        for number in range(2 * MAX_QUEUED_FRAMES):
            stream.send(json.dumps(number))
        flooded.set()

    async def scene(port: int) -> tuple[int, int | None]:
        async with connect(f"ws://{LOOPBACK}:{port}/flood") as socket:
            frames = [1 async for _ in _until_closed(socket)]
        return len(frames), socket.close_code

    world = World(Venue(), lambda: NOW, Faults())
    app = PaperExchange(world, [Face("main", "", None, {"/flood": flood})])
    with serving(ExchangeServer(app, bound_socket(LOOPBACK, 0))) as server:
        assert asyncio.run(scene(server.port)) == (MAX_QUEUED_FRAMES, 1008)
    assert flooded.is_set()


def test_time_passes_between_calls() -> None:
    seen: list[int] = []
    with served([seen.append]):
        wait_until(lambda: len(seen) >= 3, 5)
    assert set(seen) == {NOW}


def test_an_exchange_whose_time_has_stopped_answers_nothing_more() -> None:
    def fails(now_ns: int) -> None:
        raise ArithmeticError("a step's fault")

    with served([fails]) as exchange, exchange.client() as client:
        wait_until(lambda: client.get("/").status_code == 500, 10)
        assert client.get("/").json() == {"error": "the exchange has stopped"}


@pytest.mark.parametrize("fault", ["asked", "written down"])
def test_time_stands_still_once_something_could_not_be_written_down(fault: str) -> None:
    times = iter(range(NOW, NOW + 10**6))
    disk = {"full": False}

    def write() -> None:
        if disk["full"]:
            raise OSError(28, "No space left on device")

    def act(_request: Request) -> Reply:
        disk["full"] = True
        if fault == "asked":
            write()
        return reply("OK")

    router = Router()
    router.add("POST", "/act", act)
    seen: list[int] = []
    world = World(Venue(), lambda: next(times), Faults())
    settled = write if fault == "written down" else lambda: None
    app = PaperExchange(world, [Face("main", "", router)], [seen.append], settled)
    with serving(ExchangeServer(app, bound_socket(LOOPBACK, 0))) as server, httpx.Client(timeout=10) as client:
        url = f"http://{LOOPBACK}:{server.port}/act"
        assert client.post(url).json() == {"error": "the exchange has stopped"}
        disk["full"] = False
        stood = len(seen)
        for _ in range(100):
            assert client.post(url).status_code == 500
        assert len(seen) <= stood + 1


def test_the_listening_socket_names_its_protocol_so_that_no_answer_waits_for_an_acknowledgement() -> None:
    with bound_socket(LOOPBACK, 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_a_port_that_is_taken_is_said_in_one_sentence() -> None:
    taken = bound_socket(LOOPBACK, 0)
    port = taken.getsockname()[1]
    with taken, pytest.raises(BusyError, match=rf"Port {port} of {LOOPBACK} cannot be served"):
        bound_socket(LOOPBACK, port)


def test_streams_are_closed_when_the_server_ends() -> None:
    async def scene(server: ExchangeServer) -> int:
        async with connect(f"ws://{LOOPBACK}:{server.port}/other") as socket:
            server.end()
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            return int(closed.value.rcvd.code)

    world = World(Venue(), lambda: NOW, Faults())
    app = PaperExchange(world, [Face("other", "/other", None, {"": echo})])
    with serving(ExchangeServer(app, bound_socket(LOOPBACK, 0))) as server:
        assert asyncio.run(scene(server)) == 1012
