"""Carries out a fault plan at the edge of the exchange, the same way for the same seed and the same asks.

Whether a fault meets a request, a frame or a connection is drawn from the seed, the fault's place in the plan and how
often it was asked, so that no two faults share their luck. What was done is counted.
"""

from collections import Counter
from zlib import crc32

from whaletrader.adapters.paper.server.edge import Reply, Request, reply
from whaletrader.adapters.paper.server.fault_plan import (
    ANSWER_KINDS,
    FRAME_KINDS,
    MODE_KINDS,
    Fault,
    FaultKind,
    FaultPlan,
)
from whaletrader.adapters.paper.server.mounts import PLAIN_FATE, PLAIN_FRAME, Fate, FrameFate
from whaletrader.adapters.paper.server.types import Mode
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import NANOS

_DRAWS = 1 << 32
_MODES = {
    FaultKind.POST_ONLY: Mode.POST_ONLY,
    FaultKind.CANCEL_ONLY: Mode.CANCEL_ONLY,
    FaultKind.DISABLED: Mode.DISABLED,
}
_CLOUDFLARE = b"error code: 1015"


class PlannedFaults:
    """Fills `mounts.Faults` from a plan."""

    def __init__(self, plan: FaultPlan, started_ns: int) -> None:
        self._plan = plan
        self._started_ns = started_ns
        self._asked: Counter[int] = Counter()
        self._begun: set[tuple[int, int]] = set()
        self.done: Counter[str] = Counter()
        """How often each kind struck, by `kind@face`."""

    def instead(self, face: str, request: Request, now_ns: int) -> Reply | None:
        """Return an error that is answered instead of asking the exchange."""
        for place, fault in self._met(face, now_ns, request.path):
            if fault.kind in ANSWER_KINDS and self._strikes(place, fault, face):
                return _refusal(fault)
        return None

    def fate(self, face: str, request: Request, now_ns: int) -> Fate:
        """Return what becomes of an answer."""
        delay_s, lost = 0.0, False
        for place, fault in self._met(face, now_ns, request.path):
            if fault.kind is FaultKind.DELAY and self._strikes(place, fault, face):
                delay_s += fault.seconds
            elif fault.kind is FaultKind.LOST and self._strikes(place, fault, face):
                lost = True
        return Fate(delay_s, lost) if delay_s or lost else PLAIN_FATE

    def frame(self, face: str, connection: int, now_ns: int) -> FrameFate:
        """Return what becomes of a frame on a stream's `connection`-th connection."""
        for place, fault in self._met(face, now_ns, ""):
            if fault.kind is FaultKind.SILENT:
                if self._meets_connection(place, fault, connection, now_ns):
                    self.done[f"{fault.kind}@{face}"] += 1
                    return FrameFate(silent=True)
            elif fault.kind in (*FRAME_KINDS, FaultKind.DELAY) and self._strikes(place, fault, face):
                return _frame_fate(fault)
        return PLAIN_FRAME

    def step(self, venue: Venue, now_ns: int) -> None:
        """Let restarts and modes begin whose time has come; call it often."""
        if self._plan.over((now_ns - self._started_ns) / NANOS):
            return
        for place, fault in enumerate(self._plan.fault):
            window = fault.window((now_ns - self._started_ns) / NANOS)
            if fault.kind not in MODE_KINDS or window < 0 or (place, window) in self._begun:
                continue
            self._begun.add((place, window))
            self.done[f"{fault.kind}@clob"] += 1
            if fault.kind is FaultKind.RESTART and fault.seconds:
                venue.set_mode(Mode.RESTARTING, now_ns, now_ns + round(fault.seconds * NANOS))
            elif fault.kind is FaultKind.RESTART:
                venue.restart(now_ns)
            else:
                until_ns = now_ns + round(fault.for_s * NANOS) if fault.for_s else -1
                venue.set_mode(_MODES[fault.kind], now_ns, until_ns)

    def _met(self, face: str, now_ns: int, path: str) -> list[tuple[int, Fault]]:
        elapsed_s = (now_ns - self._started_ns) / NANOS
        if self._plan.over(elapsed_s):
            return []
        return [
            (place, fault)
            for place, fault in enumerate(self._plan.fault)
            if fault.face in ("*", face) and path.startswith(fault.path) and fault.window(elapsed_s) >= 0
        ]

    def _strikes(self, place: int, fault: Fault, face: str) -> bool:
        self._asked[place] += 1
        struck = self._draw(place, self._asked[place]) < fault.share
        if struck:
            self.done[f"{fault.kind}@{face}"] += 1
        return struck

    def _meets_connection(self, place: int, fault: Fault, connection: int, now_ns: int) -> bool:
        window = fault.window((now_ns - self._started_ns) / NANOS)
        return self._draw(place, window * 1_000_003 + connection) < fault.share

    def _draw(self, place: int, count: int) -> float:
        return crc32(f"{self._plan.seed}/{place}/{count}".encode()) / _DRAWS


def _refusal(fault: Fault) -> Reply:
    if fault.kind is FaultKind.TOO_MANY:
        return Reply(429, _CLOUDFLARE, (("Retry-After", f"{fault.seconds:g}"),), "text/plain")
    if fault.kind is FaultKind.GEOBLOCKED:
        return reply({"blocked": True, "ip": "127.0.0.1", "country": "DE", "region": "BE"})
    if fault.kind is FaultKind.UNAVAILABLE:
        return reply({"error": "Service Unavailable", "code": "unavailable", "retryable": True}, 503)
    return reply({"error": "Internal Server Error", "code": "internal", "retryable": True}, 500)


def _frame_fate(fault: Fault) -> FrameFate:
    if fault.kind is FaultKind.DROP:
        return FrameFate(silent=True)
    if fault.kind is FaultKind.DUPLICATE:
        return FrameFate(times=2)
    if fault.kind is FaultKind.DISCONNECT:
        return FrameFate(close=True)
    return FrameFate(delay_s=fault.seconds)
