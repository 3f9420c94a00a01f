"""How many messages a second pass the in-memory bus, encoded and decoded; FastStream's in-memory NATS broker beside it.

Both take the same fill from a publisher to one subscriber, that counts it. The peer's broker is the one it gives for
tests: no server, with its own encoding and decoding (a pydantic model as JSON).
"""

import asyncio
import time

import msgspec
from faststream.nats import NatsBroker, TestNatsBroker
from pydantic import create_model

from benchmarks.bench_log import fill, fills
from benchmarks.figures import report
from whaletrader.adapters.memory.bus import MemoryBus
from whaletrader.messages.envelope import Message, Topic
from whaletrader.messages.orders import OrderFilled

MESSAGES = 100_000
PEER_MESSAGES = 5_000
BATCH = 1_000
ROUNDS = 3
PeerFill = create_model("PeerFill", **{field.name: (field.type, ...) for field in msgspec.structs.fields(OrderFilled)})
"""The same fields as the peer likes them."""


def ours(messages: list[Message]) -> float:
    """Messages a second from `publish_all` to the handler."""
    bus, received = MemoryBus(), []
    bus.subscribe(Topic.ORDER_FILLED, lambda message: received.append(message.ts_init))
    started = time.perf_counter()
    for first in range(0, len(messages), BATCH):
        bus.publish_all(messages[first : first + BATCH])
    seconds = time.perf_counter() - started
    assert len(received) == len(messages)
    return len(messages) / seconds


async def peers(count: int) -> float:
    """Messages a second through the peer's broker."""
    broker, received = NatsBroker(), []

    @broker.subscriber("order.filled")
    async def handle(message: PeerFill) -> None:
        received.append(message.size_micro)

    values = [PeerFill(**msgspec.structs.asdict(fill(number))) for number in range(count)]
    async with TestNatsBroker(broker) as test:
        started = time.perf_counter()
        for value in values:
            await test.publish(value, "order.filled")
        seconds = time.perf_counter() - started
    assert len(received) == count
    return count / seconds


def main() -> None:
    """Measure both, taking turns, and report the best of each."""
    messages = fills(MESSAGES)
    best_ours = best_peer = 0.0
    for _ in range(ROUNDS):
        best_ours = max(best_ours, ours(messages))
        best_peer = max(best_peer, asyncio.run(peers(PEER_MESSAGES)))
    peer_name = "FastStream, in-memory NATS"
    report("bus, encoded", best_ours, "messages/s", peer=best_peer, peer_name=peer_name, target=50_000)


if __name__ == "__main__":
    main()
