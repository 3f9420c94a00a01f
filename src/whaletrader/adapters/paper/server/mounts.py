"""What the faces of the exchange share, and where each is mounted.

A face is one of the venue's hosts: the CLOB at `/`, the others below a prefix of one port. All faces run in one thread
over one `Venue`; each listens to it and tells the same facts in its own words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from whaletrader.adapters.paper.server.edge import Handler, Reply, Request, StreamHandler

if TYPE_CHECKING:
    from whaletrader.adapters.paper.server.venue import Venue


@dataclass(frozen=True, slots=True)
class Face:
    """HTTP answers and streams below a prefix; `path` of a request starts after the prefix."""

    name: str
    """Short name: the fault plan speaks of it."""
    prefix: str
    """"" for the CLOB, else `/rtds` and the like."""
    http: Handler | None = None
    streams: Mapping[str, StreamHandler] | None = None
    """By path after the prefix ("" is the prefix itself)."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What a fault plan does to an answer after the exchange has acted."""

    delay_s: float = 0.0
    lost: bool = False
    """The connection is cut instead of answering."""


@dataclass(frozen=True, slots=True)
class FrameFate:
    """What a fault plan does to one frame of a stream."""

    silent: bool = False
    """Not sent, and nobody is told."""
    times: int = 1
    """Sent so often."""
    delay_s: float = 0.0
    close: bool = False
    """The stream is closed instead."""


PLAIN_FATE = Fate()
PLAIN_FRAME = FrameFate()


class Faults(Protocol):
    """The seeded fault plan as the edge asks for it."""

    def instead(self, face: str, request: Request, now_ns: int) -> Reply | None:
        """Return an answer that is given instead of asking the exchange: 429, 425, 503."""
        ...

    def fate(self, face: str, request: Request, now_ns: int) -> Fate:
        """Return what becomes of an answer."""
        ...

    def frame(self, face: str, connection: int, now_ns: int) -> FrameFate:
        """Return what becomes of a frame on a stream's `connection`-th connection."""
        ...


class NoFaults:
    """Everything is answered in time."""

    def instead(self, face: str, request: Request, now_ns: int) -> Reply | None:  # noqa: ARG002 - the port's form
        """Nothing."""
        return None

    def fate(self, face: str, request: Request, now_ns: int) -> Fate:  # noqa: ARG002
        """None."""
        return PLAIN_FATE

    def frame(self, face: str, connection: int, now_ns: int) -> FrameFate:  # noqa: ARG002
        """None."""
        return PLAIN_FRAME


@dataclass(frozen=True, slots=True)
class World:
    """What every face is made from."""

    venue: "Venue"
    now: Callable[[], int]
    """The exchange's time, UTC nanoseconds."""
    faults: Faults
    seed: int = 1
