"""The bus inside one process: messages travel as bytes all the same, so what works here works between processes."""

from collections import deque
from collections.abc import Sequence

from whaletrader.errors import BusyError
from whaletrader.messages import codec
from whaletrader.messages.envelope import Message, Topic
from whaletrader.ports.bus import Handler

CAPACITY = 10_000
CASCADE_LIMIT = 1_000_000
"""More waiting messages than this means that handlers answer each other without end."""


class MemoryBus:
    """Publishing only encodes; `deliver` decodes and calls the handlers, in the order of publication."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._handlers: dict[Topic, list[Handler]] = {}
        self._waiting: deque[tuple[Topic, bytes]] = deque()
        self._delivering = False

    def subscribe(self, topic: Topic, handler: Handler) -> None:
        """Call `handler` with each message of the topic that is published from now on."""
        self._handlers.setdefault(topic, []).append(handler)

    def publish(self, message: Message) -> None:
        """Encode and queue a message; from outside a handler, a full queue is delivered first."""
        topic = type(message.payload).TOPIC
        data = codec.encode(message)
        if len(self._waiting) >= self._capacity and not self._delivering:
            self.deliver()
        if len(self._waiting) >= CASCADE_LIMIT:
            raise BusyError("the bus is full: its handlers answer each other without end")
        if topic in self._handlers:
            self._waiting.append((topic, data))

    def publish_all(self, messages: Sequence[Message]) -> None:
        """Send messages in order, and hand them on."""
        for message in messages:
            self.publish(message)
        if not self._delivering:
            self.deliver()

    def deliver(self) -> int:
        """Decode what waits once for each handler, and call it."""
        assert not self._delivering, "a handler must not deliver"
        delivered = 0
        self._delivering = True
        try:
            while self._waiting:
                topic, data = self._waiting.popleft()
                for handler in self._handlers[topic]:
                    handler(codec.decode(data))
                    delivered += 1
        finally:
            self._delivering = False
        return delivered
