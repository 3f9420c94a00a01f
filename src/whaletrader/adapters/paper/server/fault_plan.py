"""A plan of what goes wrong at the exchange: declared in TOML, drawn from its seed; nothing is done here.

seed = 7

[settlement]            # shares of trades and of blocks
fail = 0.01
retry = 0.02
reorg = 0.01
drop = 0.1              # of the trades in blocks that are taken back: they are never mined again

[[fault]]
kind = "silent"         # a word of `FaultKind`
face = "rtds"           # a word of `FACES`; "*" for all
first_s = 20            # begins so long after the start,
every_s = 60            # again so often (0: only once),
for_s = 15              # for so long (0: without end)
share = 0.5             # of the requests, frames or connections that it meets
seconds = 0.0           # how long a delay, a restart or a `Retry-After` is
path = ""               # only requests whose path begins so
"""

import math
import tomllib
from enum import StrEnum
from pathlib import Path

import msgspec

from whaletrader.adapters.paper.server.types import SettlementFaults
from whaletrader.errors import UsageError

MICRO = 1_000_000


class FaultKind(StrEnum):
    """Every kind of fault that can be declared."""

    TOO_MANY = "too_many"
    """HTTP 429 instead of an answer, `Retry-After: 0` as Cloudflare says it."""
    UNAVAILABLE = "unavailable"
    """HTTP 503 instead of an answer."""
    BROKEN = "broken"
    """HTTP 500 instead of an answer."""
    GEOBLOCKED = "geoblocked"
    """The geoblock says that orders are not taken from here."""
    LOST = "lost"
    """The exchange acts, the answer is cut off: its outcome is unknown to the caller."""
    DELAY = "delay"
    """Answers and frames come `seconds` later."""
    SILENT = "silent"
    """Frames are swallowed on the connections that it meets, which stay open; a new connection may be spared."""
    DROP = "drop"
    """Single frames are swallowed."""
    DUPLICATE = "duplicate"
    """Single frames come twice."""
    DISCONNECT = "disconnect"
    """The connection is closed in place of a frame."""
    RESTART = "restart"
    """The engine restarts at each begin: 425 for 90 s and post-only for 120 s; with `seconds`, 425 for so long."""
    POST_ONLY = "post_only"
    CANCEL_ONLY = "cancel_only"
    DISABLED = "disabled"
    """The exchange's mode while it lasts."""


FACES = ("*", "clob", "rtds", "data", "gamma", "subgraph", "rpc", "relayer", "geoblock")
ANSWER_KINDS = frozenset({FaultKind.TOO_MANY, FaultKind.UNAVAILABLE, FaultKind.BROKEN, FaultKind.GEOBLOCKED})
FRAME_KINDS = frozenset({FaultKind.SILENT, FaultKind.DROP, FaultKind.DUPLICATE, FaultKind.DISCONNECT})
MODE_KINDS = frozenset({FaultKind.RESTART, FaultKind.POST_ONLY, FaultKind.CANCEL_ONLY, FaultKind.DISABLED})


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One declared fault."""

    kind: FaultKind
    face: str = "*"
    first_s: float = 0.0
    every_s: float = 0.0
    for_s: float = 0.0
    share: float = 1.0
    seconds: float = 0.0
    path: str = ""

    def window(self, elapsed_s: float) -> int:
        """Which of its windows a time lies in, counted from 0; -1 for none."""
        since = elapsed_s - self.first_s
        if since < 0:
            return -1
        if self.every_s <= 0:
            return 0 if self.for_s <= 0 or since < self.for_s else -1
        number = int(since // self.every_s)
        return number if self.for_s <= 0 or since - number * self.every_s < self.for_s else -1


class Settlement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares of settlements and blocks that go wrong."""

    fail: float = 0.0
    retry: float = 0.0
    reorg: float = 0.0
    drop: float = 0.0


class FaultPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is declared to go wrong."""

    seed: int = 1
    until_s: float = 0.0
    """After so long nothing goes wrong any more, but for settlements; 0: without end."""
    settlement: Settlement = Settlement()
    fault: tuple[Fault, ...] = ()

    def over(self, elapsed_s: float) -> bool:
        """Whether nothing goes wrong any more."""
        return 0 < self.until_s <= elapsed_s

    def settlement_faults(self) -> SettlementFaults:
        """Return the settlements' part in the exchange's own terms."""
        told = self.settlement
        return SettlementFaults(
            seed=self.seed,
            fail_micro=round(told.fail * MICRO),
            retry_micro=round(told.retry * MICRO),
            reorg_micro=round(told.reorg * MICRO),
            drop_micro=round(told.drop * MICRO),
        )


NO_PLAN = FaultPlan()


def read_fault_plan(path: Path) -> FaultPlan:
    """Read a plan; UsageError names the file and what is wrong with it."""
    try:
        return parse_fault_plan(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The fault plan {path} cannot be read ({error.strerror}).") from None
    except ValueError as error:
        raise UsageError(f"The fault plan {path} cannot be used: {error}.") from None


def parse_fault_plan(text: str) -> FaultPlan:
    """Read a plan from TOML; ValueError says what is wrong with it."""
    try:
        plan = msgspec.convert(tomllib.loads(text), FaultPlan, strict=False)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(str(error)) from None
    for fault in plan.fault:
        _check(fault)
    told = plan.settlement
    if not all(0 <= share <= 1 for share in (told.fail, told.retry, told.reorg, told.drop)):
        raise ValueError("shares of settlements lie between 0 and 1")
    if told.fail + told.retry > 1:
        raise ValueError("fail and retry together are shares of all trades: at most 1")
    if not 0 <= plan.until_s < math.inf:
        raise ValueError("until_s is finite and not below 0")
    return plan


def _check(fault: Fault) -> None:
    if fault.face not in FACES:
        raise ValueError(f"there is no face {fault.face}; the faces are {', '.join(FACES)}")
    if not 0 <= fault.share <= 1:
        raise ValueError(f"the share of {fault.kind} lies between 0 and 1")
    if not all(0 <= time < math.inf for time in (fault.first_s, fault.every_s, fault.for_s, fault.seconds)):
        raise ValueError(f"the times of {fault.kind} are finite and not below 0")
    if fault.kind is FaultKind.GEOBLOCKED and fault.face != "geoblock":
        raise ValueError("geoblocked is a fault of the face geoblock")
    if fault.kind is FaultKind.DELAY and fault.seconds == 0:
        raise ValueError("a delay needs seconds")
