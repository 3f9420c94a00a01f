"""One WebSocket that is kept alive: subscribe, ping, watch for silence, reconnect with a growing pause, count epochs.

What is said and what is heard belongs to a `Talk`; nothing is decoded here. An open socket is no sign of life: only a
frame that the talk calls one is. After `probe_after_s` without any the talk subscribes again on the same socket, after
`stale_after_s` the socket is given up. Runs within one asyncio loop; only that loop may call it.
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, Protocol
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from whaletrader.adapters.polymarket.stream_status import EPOCHS_KEPT, Epoch, EpochCause, SourceStatus, StreamState

MAX_FRAME_BYTES = 16 * 2**20
CLOSE_TIMEOUT_S = 1.0
LEAST_WAIT_S = 0.02
"""What lies in the socket is heard before the clock is believed: a loop that was late itself is no silence."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")

_log = logging.getLogger("whaletrader.stream")
# At DEBUG the library logs every frame, and the user channel's first frame carries the API secret.
_quiet = logging.getLogger("whaletrader.stream.socket")
_quiet.setLevel(logging.WARNING)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How one connection is kept."""

    source: str
    url: str
    ping_every_s: float
    probe_after_s: float
    stale_after_s: float
    open_timeout_s: float = 10.0
    first_pause_s: float = 0.25
    longest_pause_s: float = 30.0
    seed: int = 0


class Talk(Protocol):
    """What one kind of connection says and hears."""

    def wanted(self) -> bool:
        """Return whether there is anything to ask; a connection without is closed."""
        ...

    def opening(self) -> Sequence[str]:
        """Return the frames that subscribe, to be the first on the socket."""
        ...

    def again(self) -> Sequence[str]:
        """Return the frames that renew the subscription on an open socket."""
        ...

    def ping(self) -> str:
        """Return the frame that keeps the socket open."""
        ...

    def heard(self, frame: bytes, arrived_ts: int) -> bool:
        """Take a frame; return whether it is a sign of life."""
        ...

    def resumed(self, epoch: Epoch) -> None:
        """Learn that data flows again after a gap (or for the first time)."""
        ...


class _Silent(Exception):
    """No sign of life on an open socket."""


class Session:
    """Keeps one connection until it is cancelled."""

    def __init__(self, plan: Plan, talk: Talk, now_ns: Callable[[], int] = time.time_ns, *, since_ts: int = 0) -> None:
        """`since_ts`: from when on something may be missed; else from now."""
        self.plan = plan
        self._talk = talk
        self._now_ns = now_ns
        self._random = random.Random(plan.seed)
        self._asked = asyncio.Event()
        self._socket: ClientConnection | None = None
        self.state = StreamState.IDLE
        self._epochs: deque[Epoch] = deque(maxlen=EPOCHS_KEPT)
        self._epoch = 0
        self.connects = 0
        self._failures = 0
        self._last_life = -1.0
        self.last_life_ts = 0
        """UTC ns of the last sign of life; 0: none yet."""
        self._gap: tuple[EpochCause, int] | None = (EpochCause.START, since_ts or now_ns())
        self._error = ""

    async def run(self) -> None:
        """Connect again and again; leaves only by cancellation or by what the talk raises."""
        try:
            while True:
                if not self._talk.wanted():
                    self.state = StreamState.IDLE
                    self._asked.clear()
                    await self._asked.wait()
                    continue
                await self._once()
        finally:
            self.state = StreamState.STOPPED

    def ask(self) -> None:
        """Say that there is something to ask now: an idle session connects."""
        self._asked.set()

    async def say(self, frames: Sequence[str]) -> None:
        """Send frames if the socket is open; if not, the next opening says it all."""
        socket = self._socket
        if socket is None:
            return
        try:
            await self._send(socket, frames)
        except (WebSocketException, TimeoutError, OSError) as error:
            self._error = words(error)

    async def leave(self) -> None:
        """Close the socket (nothing is asked of it any more, or it must begin anew)."""
        if self._socket is not None:
            await self._socket.close()

    def bump(self, cause: EpochCause, from_ts: int) -> Epoch:
        """Begin a new epoch without a gap in the connection."""
        self._epoch += 1
        epoch = Epoch(
            source=self.plan.source, number=self._epoch, cause=cause, from_ts=from_ts, until_ts=self._now_ns()
        )
        self._epochs.append(epoch)
        return epoch

    def data_age_s(self, monotonic_s: float) -> float:
        """Return the time since the last sign of life; -1 without any."""
        return -1.0 if self._last_life < 0 else monotonic_s - self._last_life

    @property
    def in_gap(self) -> bool:
        """Whether something may be missed right now."""
        return self._gap is not None

    def heard(self, now_ts: int) -> list[tuple[int, int]]:
        """Return the stretches (UTC ns) of the newest epochs in which nothing was missed; one that still may turn out
        to be silent reaches to `now_ts`.
        """
        epochs = list(self._epochs)
        ends = [epoch.from_ts for epoch in epochs[1:]] + [self.last_life_ts if self.in_gap else now_ts]
        return [(epoch.until_ts, end) for epoch, end in zip(epochs, ends, strict=True)] if epochs else []

    def status(self) -> SourceStatus:
        """Return where it stands; safe from any thread."""
        return SourceStatus(
            source=self.plan.source,
            state=self.state,
            data_age_s=self.data_age_s(time.monotonic()),
            last_data_ts=self.last_life_ts,
            epoch=self._epoch,
            epochs=tuple(self._epochs),
            connects=self.connects,
            reconnects=max(0, self.connects - 1),
            last_error=self._error,
        )

    async def _once(self) -> None:
        opened, silent = time.monotonic(), False
        try:
            await self._visit()
        except (_Silent, WebSocketException, TimeoutError, OSError) as error:
            silent = isinstance(error, _Silent)
            if self._talk.wanted():
                self._error = words(error)
                _log.info("%s: %s", self.plan.source, self._error)
        finally:
            self._lost()
        # Waiting for a silent socket was pause enough: growing ones would only lengthen the gap.
        lasted = self._last_life - opened
        self._failures = 0 if silent or lasted >= self.plan.stale_after_s else self._failures + 1
        await asyncio.sleep(self._pause_s())

    async def _visit(self) -> None:
        self.state = StreamState.CONNECTING
        proxy: Literal[True] | None = None if urlsplit(self.plan.url).hostname in LOOPBACK else True
        async with connect(
            self.plan.url,
            open_timeout=self.plan.open_timeout_s,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=None,
            max_size=MAX_FRAME_BYTES,
            logger=_quiet,
            proxy=proxy,
        ) as socket:
            self.connects += 1
            self.state = StreamState.WAITING
            await self._send(socket, self._talk.opening())
            self._socket = socket
            await self._listen(socket)

    async def _listen(self, socket: ClientConnection) -> None:
        heard_from = time.monotonic()
        ping_at, probed = heard_from + self.plan.ping_every_s, False
        while self._talk.wanted():
            quiet_at = heard_from + (self.plan.stale_after_s if probed else self.plan.probe_after_s)
            frame = await _frame_before(socket, min(ping_at, quiet_at))
            if frame is not None and self._take(frame):
                heard_from, probed = self._last_life, False
            now = time.monotonic()
            if now >= ping_at:
                await self._send(socket, (self._talk.ping(),))
                ping_at = now + self.plan.ping_every_s
            if frame is None and now >= quiet_at:
                if probed:
                    raise _Silent
                probed = True
                self._fall_silent()
                await self._send(socket, self._talk.again())

    def _take(self, frame: bytes) -> bool:
        arrived_ts = self._now_ns()
        if not self._talk.heard(frame, arrived_ts):
            return False
        gap, self._gap = self._gap, None
        self._last_life, self.last_life_ts = time.monotonic(), arrived_ts
        self.state = StreamState.LIVE
        if gap is not None:
            self._talk.resumed(self.bump(*gap))
        return True

    def _fall_silent(self) -> None:
        self.state = StreamState.SILENT
        if self._gap is None:
            self._gap = (EpochCause.SILENCE, self.last_life_ts)

    def _lost(self) -> None:
        self._socket = None
        self.state = StreamState.DOWN
        if self._gap is None:
            self._gap = (EpochCause.RECONNECT, self.last_life_ts)

    def _pause_s(self) -> float:
        """Double with each failure in a row; the jitter keeps many clients from coming back at once."""
        longest = min(self.plan.longest_pause_s, self.plan.first_pause_s * 2.0 ** min(self._failures, 20))
        return longest * self._random.uniform(0.5, 1.0)

    async def _send(self, socket: ClientConnection, frames: Sequence[str]) -> None:
        # A peer that reads nothing would hold a send for ever.
        async with asyncio.timeout(self.plan.open_timeout_s):
            for frame in frames:
                await socket.send(frame)


async def _frame_before(socket: ClientConnection, deadline: float) -> bytes | None:
    """Return the next frame, None when none came in time; a frame is never lost by the timeout."""
    try:
        async with asyncio.timeout(max(LEAST_WAIT_S, deadline - time.monotonic())):
            return bytes(await socket.recv(decode=False))
    except TimeoutError:
        return None


def words(error: BaseException) -> str:
    """Say what happened without the address, which may carry a key."""
    if isinstance(error, _Silent):
        return "silent with an open socket"
    if isinstance(error, InvalidStatus):
        return f"refused with HTTP {error.response.status_code}"
    if isinstance(error, ConnectionClosed):
        return f"closed by the peer ({error.rcvd.code})" if error.rcvd else "the connection broke"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
