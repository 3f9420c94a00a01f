"""What an agent is: a name, a state, `decide` and `evolve`.

For each input m the runner does: ``outs = decide(state, m)``; then the state folds m, then each of ``outs`` in order.
`decide` never changes the state. `evolve` may change the state in place and return it,
because the runner owns the only reference; on recovery only `evolve` runs.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from whaletrader.messages.envelope import Message, Payload


class AgentState(msgspec.Struct, kw_only=True):
    """A state: plain values only, so that msgspec can write and read a snapshot of it."""


S = TypeVar("S", bound=AgentState)


class Agent(Protocol[S]):
    """One of the agents; it is a value made from settings, and holds nothing that changes."""

    @property
    def name(self) -> str:
        """The publisher's name, a `Publisher` value."""
        ...

    @property
    def state_version(self) -> int:
        """Raised whenever the state's meaning changes: older snapshots are then discarded."""
        ...

    @property
    def subscribes(self) -> frozenset[str]:
        """The message types it decides on; `evolve` gets these and its own outputs."""
        ...

    @property
    def state_type(self) -> type[S]:
        """The class of its state, for snapshots."""
        ...

    def initial(self) -> S:
        """Return the state before the first message."""
        ...

    def decide(self, state: S, message: Message) -> Sequence[Payload]:
        """Return what follows from `message`, in order; the state is left alone."""
        ...

    def evolve(self, state: S, message: Message) -> S:
        """Fold an input, or one of the agent's own outputs, into the state."""
        ...


AnyAgent = Agent[Any]
