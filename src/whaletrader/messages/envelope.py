"""The envelope, how a payload declares itself, and the deterministic ids.

A payload is a frozen struct of integers, short text, booleans, bytes, tuples and nested `Part`s: never a float. Field
numbers on the wire are the order of declaration; a new field is appended with a default. Messages hold no cycles, so
the garbage collector need not look at them (`gc=False`): that makes a log of many messages twice as fast.
"""

from collections.abc import Callable
from enum import StrEnum
from hashlib import blake2b
from typing import ClassVar, TypeVar

import msgspec

ID_BYTES = 16


class Topic(StrEnum):
    """The topics of the design's message table."""

    MARKET_DATA = "market.data"
    ACTIVITY_TRADES = "activity.trades"
    WHALE_DISCOVERED = "whale.discovered"
    SIGNAL_COPY = "signal.copy"
    ANOMALY_ALERT = "anomaly.alert"
    TRADE_PROPOSED = "trade.proposed"
    TRADE_APPROVED = "trade.approved"
    RISK_CONTROL = "risk.control"
    ORDER_COMMAND = "order.command"
    ORDER_REPORT = "order.report"
    ORDER_FILLED = "order.filled"
    PORTFOLIO_ATTRIBUTION = "portfolio.attribution"
    ORCHESTRATION = "orchestration"


class Publisher(StrEnum):
    """Who may publish a message type: exactly one kind each (`ANY_AGENT` only for `ScheduleTimer`)."""

    INGEST = "ingest"
    RUNTIME = "runtime"
    OPERATOR = "operator"
    COPY_SIGNAL = "copy_signal"
    WHALE_DISCOVERY = "whale_discovery"
    MARKET_INTELLIGENCE = "market_intelligence"
    ORCHESTRATOR = "orchestrator"
    RISK_MANAGEMENT = "risk_management"
    EXECUTION = "execution"
    PERFORMANCE_ATTRIBUTION = "performance_attribution"
    ANY_AGENT = "any_agent"


class Part(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A nested value of a payload."""


class Payload(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a message says; `@message` fills the class variables."""

    TOPIC: ClassVar[Topic]
    PUBLISHER: ClassVar[Publisher]
    VERSION: ClassVar[int]
    KEY_FIELD: ClassVar[str]
    EFFECT: ClassVar[bool]
    """A command with an external effect: committed synchronously before it is carried out."""

    @property
    def key(self) -> str:
        """The partition key: the market where order matters per market, the account for what risk reads."""
        return str(getattr(self, self.KEY_FIELD)) if self.KEY_FIELD else ""


P = TypeVar("P", bound=Payload)
DECLARED: dict[str, type[Payload]] = {}
"""Every declared message type by its name."""


def message(
    topic: Topic, publisher: Publisher, *, key: str = "", version: int = 1, effect: bool = False
) -> Callable[[type[P]], type[P]]:
    """Declare a payload class as a message: its topic, its one kind of publisher, its partition key."""

    def declare(cls: type[P]) -> type[P]:
        cls.TOPIC, cls.PUBLISHER, cls.VERSION, cls.KEY_FIELD, cls.EFFECT = topic, publisher, version, key, effect
        assert cls.__name__ not in DECLARED, f"{cls.__name__} is declared twice"
        DECLARED[cls.__name__] = cls
        return cls

    return declare


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An envelope with its payload: immutable, identified by a hash of where it came from."""

    id: str
    """32 hex digits."""
    type: str
    schema_version: int
    ts_event: int
    ts_init: int
    cause_id: str
    correlation_id: str
    key: str
    payload: Payload


def hash_id(*parts: str | int) -> str:
    """Hash the parts, unambiguously joined, to 32 hex digits (BLAKE2b-128)."""
    joined = "\x1f".join(str(part) for part in parts)
    return blake2b(joined.encode(), digest_size=ID_BYTES).hexdigest()


def derive(cause: Message, *, account: str, agent: str, index: int, payload: Payload) -> Message:
    """Make the `index`-th message that `agent` decided on because of `cause`."""
    return Message(
        id=hash_id(account, agent, cause.id, index),
        type=type(payload).__name__,
        schema_version=payload.VERSION,
        ts_event=cause.ts_init,
        ts_init=cause.ts_init,
        cause_id=cause.id,
        correlation_id=cause.correlation_id,
        key=payload.key,
        payload=payload,
    )


def fact(payload: Payload, *, natural_key: str, ts_event: int, ts_init: int, cause: Message | None = None) -> Message:
    """Make a message about something seen outside; the same natural key is the same fact."""
    own_id = hash_id("fact", type(payload).__name__, natural_key)
    return Message(
        id=own_id,
        type=type(payload).__name__,
        schema_version=payload.VERSION,
        ts_event=ts_event,
        ts_init=ts_init,
        cause_id=cause.id if cause else "",
        correlation_id=cause.correlation_id if cause else own_id,
        key=payload.key,
        payload=payload,
    )
