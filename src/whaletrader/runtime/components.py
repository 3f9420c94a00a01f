"""What the engine drives beside agents: sources of facts, effects, and projections.

Both are rebuilt from the log alone: a source's state is the fold of the messages that it observed (its own facts
included), an effect is sent again after a crash because its command's outbox entry is still open. Nothing here decides.
"""

from collections.abc import Sequence
from typing import Protocol

from whaletrader.messages.envelope import Message


class FactSource(Protocol):
    """Gives facts in the order of the run's clock; the engine merges sources by (`ts_init`, `rank`, order given)."""

    @property
    def name(self) -> str:
        """A stable name."""
        ...

    @property
    def rank(self) -> int:
        """Breaks ties of equal times: lower first; unique among an engine's sources."""
        ...

    def peek(self) -> int | None:
        """Return the time of the next fact, None when nothing is to come (now or, for a replay, ever)."""
        ...

    def take(self) -> Message:
        """Return the next fact as a message; called only after `peek` returned a time. It must not advance the source.

        The engine hands every recorded message, this one included, to `observe`: that is where a source advances.
        """
        ...

    def observe(self, message: Message) -> None:
        """Fold a recorded message (watch list, open orders, its own facts)."""
        ...

    @property
    def keeps_alive(self) -> bool:
        """Whether the run goes on while this source has a next fact; timers do not keep a replay alive."""
        ...

    def snapshot(self) -> bytes:
        """Return the state as bytes."""
        ...

    def restore(self, state: bytes) -> None:
        """Take the state from a snapshot's bytes."""
        ...


class Pace(Protocol):
    """Ties a run to the world's clock: how far time has come, and how to wait for more."""

    def horizon(self) -> int:
        """Return a time up to which everything is known: no fact that comes later will lie at or before it."""
        ...

    def rest(self) -> Sequence[Message]:
        """Wait until something may be due, and return what came from outside and is no fact (dead letters)."""
        ...


class Effect(Protocol):
    """Carries out commands of one or more types through a port."""

    @property
    def carries(self) -> frozenset[str]:
        """The command types it carries out."""
        ...

    def carry_out(self, command: Message, *, again: bool) -> bool | None:
        """Do it; answers come back through a `FactSource`. `again` says that it may have been done before a crash.

        It must be idempotent by the command's identity (order hash, command id). `ExchangeError(retryable=True)` when
        nobody answered: the command's outbox entry then stays open and is tried again, the same bytes. True says that
        a source has a report that must not be lost (it was refused, say): the entry stays open until it is recorded.
        """
        ...


class Projection(Protocol):
    """A read model: the fold of every recorded message, operations included; it may be thrown away and built again."""

    @property
    def name(self) -> str:
        """A stable name."""
        ...

    def observe(self, message: Message) -> None:
        """Fold a recorded message."""
        ...

    def snapshot(self) -> bytes:
        """Return the state as bytes."""
        ...

    def restore(self, state: bytes) -> None:
        """Take the state from a snapshot's bytes."""
        ...
