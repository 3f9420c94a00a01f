"""What the read models share: a state, one method per message type, and the state as bytes."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from whaletrader.messages.envelope import Message

S = TypeVar("S", bound=msgspec.Struct)


class Fold(Generic[S]):
    """Fills the protocol `Projection`; a subclass names itself, its state's type and its handlers."""

    name = ""

    def __init__(self, state: S) -> None:
        self.state = state
        self._handlers: Mapping[str, Callable[[Message, Any], None]] = self.handlers()

    def handlers(self) -> Mapping[str, Callable[[Message, Any], None]]:
        """Map message types to what they do to the state: called with the message and its payload."""
        return {}

    def observe(self, message: Message) -> None:
        """Fold a recorded message."""
        handler = self._handlers.get(message.type)
        if handler is not None:
            handler(message, message.payload)

    def snapshot(self) -> bytes:
        """Return the state as bytes."""
        return msgspec.msgpack.encode(self.state)

    def restore(self, state: bytes) -> None:
        """Take the state from a snapshot's bytes."""
        self.state = msgspec.msgpack.decode(state, type=type(self.state))


def count(counts: dict[str, int], key: str, by: int = 1) -> None:
    """Add to a counter; the keys are closed sets, so the dictionary stays small."""
    counts[key] = counts.get(key, 0) + by
