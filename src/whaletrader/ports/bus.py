"""The bus: committed messages by topic, each encoded and decoded as between processes."""

from collections.abc import Callable, Sequence
from typing import Protocol

from whaletrader.messages.envelope import Message, Topic

Handler = Callable[[Message], None]


class Bus(Protocol):
    """Carries messages from publishers to subscribers, in order per topic; its queues are bounded.

    Handlers may publish. Only `publish` from outside a handler can meet a full queue, and then it waits until there is
    room: back-pressure works at the entry, so that handlers never block each other.
    """

    def subscribe(self, topic: Topic, handler: Handler) -> None:
        """Call `handler` with each message of the topic that is published from now on."""
        ...

    def publish(self, message: Message) -> None:
        """Send one message; `CodecError` where it has no place on the wire."""
        ...

    def publish_all(self, messages: Sequence[Message]) -> None:
        """Send messages in order."""
        ...

    def deliver(self) -> int:
        """Hand everything that waits to its subscribers; returns how many deliveries were made."""
        ...
