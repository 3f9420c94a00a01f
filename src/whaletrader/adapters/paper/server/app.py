"""The exchange as one ASGI application: every face below its prefix, the fault plan between face and socket.

One thread, one event loop: calls are answered in the order in which they are read. A timer lets the venue's own time
pass between calls.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from whaletrader.adapters.paper.server.edge import (
    AsgiStream,
    Handler,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    StreamHandler,
    lose_reply,
    reply,
    request_of,
    send_reply,
)
from whaletrader.adapters.paper.server.mounts import Face, World

TICK_S = 0.01
_LOG = logging.getLogger("uvicorn.error")
"""What the server logs to."""
NOT_FOUND = reply({"error": "Not Found"}, 404)
STOPPED = reply({"error": "the exchange has stopped"}, 500)
TOO_LONG = reply({"error": "Request Entity Too Large"}, 413)
Step = Callable[[int], None]
"""Something that acts on its own at every tick of the timer; it is given the time."""


class PaperExchange:
    """The ASGI application."""

    def __init__(
        self,
        world: World,
        faces: Sequence[Face],
        steps: Sequence[Step] = (),
        settled: Callable[[], None] = lambda: None,
    ) -> None:
        """`settled` is called after each request and step, before anybody hears of it; its OSError ends the service."""
        self._world = world
        self._settled = settled
        self.faces = sorted(faces, key=lambda face: -len(face.prefix))
        """The longest prefix first."""
        self.steps = tuple(steps)
        self._connections: dict[str, int] = {}
        self._stopped = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection or request."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._lifespan(receive, send)

    # -- HTTP

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        face, path = self._face(scope["path"], http=True)
        request = await request_of(scope, receive, path)
        if face is None or face.http is None:
            await send_reply(NOT_FOUND, send)
            return
        if request is None or self._stopped:
            await send_reply(STOPPED if self._stopped else TOO_LONG, send)
            return
        now_ns, faults = self._world.now(), self._world.faults
        instead = faults.instead(face.name, request, now_ns)
        if instead is not None:
            await send_reply(instead, send)
            return
        answer = self._answer(face.http, request)
        fate = faults.fate(face.name, request, now_ns)
        if fate.delay_s > 0:
            await asyncio.sleep(fate.delay_s)
        await (lose_reply(send) if fate.lost else send_reply(answer, send))

    def _answer(self, handler: Handler, request: Request) -> Reply:
        try:
            answer = handler(request)
            self._settled()
        except OSError:
            _LOG.exception("what was asked could not be written down: the exchange answers nothing any more")
            self._stopped = True
            return STOPPED
        return answer

    # -- streams

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        face, path = self._face(scope["path"], http=False)
        handler = None if face is None or face.streams is None else face.streams.get(path.rstrip("/"))
        await receive()
        if face is None or handler is None:
            await send({"type": "websocket.close", "code": 1000})
            return
        await send({"type": "websocket.accept"})
        number = self._connections[face.name] = self._connections.get(face.name, 0) + 1
        await self._stream(handler, _FaultyStream(scope, receive, send, self._world, (face.name, number)))

    async def _stream(self, handler: StreamHandler, stream: AsgiStream) -> None:
        serving = asyncio.ensure_future(handler(stream))
        pumping = asyncio.ensure_future(stream.pump())
        try:
            await asyncio.wait((serving, pumping), return_when=asyncio.FIRST_COMPLETED)
            if serving.done() and not pumping.done():
                stream.close()
                with contextlib.suppress(OSError, RuntimeError):
                    await pumping
        finally:
            for task in (serving, pumping):
                task.cancel()
            # A peer that went away while we were sending is no fault of ours.
            ends = await asyncio.gather(serving, pumping, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception) and not isinstance(end, (OSError, RuntimeError)):
                raise end

    def _face(self, path: str, *, http: bool) -> tuple[Face | None, str]:
        for face in self.faces:
            served = face.http if http else face.streams
            under = path == face.prefix or path.startswith(face.prefix + "/")
            if served is not None and under:
                return face, path[len(face.prefix) :] or ("/" if http else "")
        return None, path

    # -- time

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        timer = asyncio.ensure_future(self._pass_time())
        timer.add_done_callback(self._time_has_stopped)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        timer.cancel()
        await asyncio.gather(timer, return_exceptions=True)
        await send({"type": "lifespan.shutdown.complete"})

    def _time_has_stopped(self, timer: "asyncio.Task[None]") -> None:
        """Say so at once where a step failed: from then on every call is refused."""
        if not timer.cancelled() and (fault := timer.exception()) is not None:
            _LOG.error("the exchange's time has stopped: it answers nothing any more", exc_info=fault)
            self._stopped = True

    async def _pass_time(self) -> None:
        while not self._stopped:
            now_ns = self._world.now()
            for step in self.steps:
                step(now_ns)
            self._settled()
            self._world.venue.advance(now_ns)
            await asyncio.sleep(TICK_S)


class _FaultyStream(AsgiStream):
    """A stream whose frames meet the fault plan."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, world: World, place: tuple[str, int]) -> None:
        super().__init__(scope, receive, send)
        self._world = world
        self._place = place

    def send(self, frame: str | bytes) -> None:
        """Queue a frame as often, as late and as surely as the plan says."""
        fate = self._world.faults.frame(*self._place, self._world.now())
        if fate.close:
            self.close(1011)
        elif fate.delay_s > 0 and not fate.silent:
            asyncio.get_running_loop().call_later(fate.delay_s, super().send, frame)
        elif not fate.silent:
            for _ in range(fate.times):
                super().send(frame)
