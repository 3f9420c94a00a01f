"""The real-time data stream's face: subscriptions to the topic `activity`, one frame per row, no replay, no answers.

Quirks kept: one unknown topic in a subscribe frame spoils the whole frame (`statusCode` 401); a filter with a stray
blank is taken and then nothing comes; pings are not answered; empty frames keep the connection alive. What the fault
plan does to frames (silence with an open socket above all) happens in the edge.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from whaletrader.adapters.paper.server.edge import Stream, StreamClosed
from whaletrader.adapters.paper.server.record import Leg, Record
from whaletrader.adapters.paper.server.recorder import ANNOUNCE_LAG_NS, STREAM_LAG_NS
from whaletrader.adapters.paper.server.rtds_frames import activity_frame, connection_id, refusal_frame
from whaletrader.domain.values import NANOS

TRADES, MATCHED = "trades", "orders_matched"
OTHER_TOPICS = frozenset({"comments", "crypto_prices", "crypto_prices_chainlink", "equity_prices"})
KEEP_ALIVE_S = 20.0
"""After so long without a frame an empty one is sent."""


class Wanted(msgspec.Struct, frozen=True):
    """One subscription of a frame."""

    topic: str
    type: str = "*"
    filters: str = ""


class Command(msgspec.Struct, frozen=True):
    """What a client sends."""

    action: str
    subscriptions: tuple[Wanted, ...] = ()


@dataclass(slots=True)
class Client:
    """One connection and what it wants: (type, filters) pairs."""

    stream: Stream
    connection: str
    wanted: set[tuple[str, str]] = field(default_factory=set)

    def wants(self, kind: str, record: Record, leg: Leg) -> bool:
        """Whether a row goes to this connection."""
        return any(told in (kind, "*") and passes(filters, record, leg) for told, filters in self.wanted)


def passes(filters: str, record: Record, leg: Leg) -> bool:
    """Whether a row passes a filter text; one that is not exactly the venue's JSON lets nothing through."""
    if not filters:
        return True
    if " " in filters:
        return False
    try:
        asked = msgspec.json.decode(filters, type=dict[str, str])
    except msgspec.DecodeError:
        return False
    card = record.cards[leg.market_id]
    known = {"event_slug": card.event_slug, "market_slug": card.slug}
    return all(known.get(name) == value for name, value in asked.items())


class ActivityFeed:
    """Sends every new leg to whoever subscribed, as late as the venue does."""

    def __init__(self, record: Record, now: Callable[[], int], seed: int) -> None:
        self._record = record
        self._now = now
        self._seed = seed
        self._clients: list[Client] = []
        self._connections = 0

    def on_leg(self, leg: Leg) -> None:
        """Send a leg when its time has come; called in the exchange's event loop."""
        if not self._clients:
            return
        late_ns = max(self._now() - leg.ts, 0)
        loop = asyncio.get_running_loop()
        loop.call_later(max(STREAM_LAG_NS - late_ns, 0) / NANOS, self._send, TRADES, leg)
        if not leg.maker:
            loop.call_later(max(ANNOUNCE_LAG_NS - late_ns, 0) / NANOS, self._send, MATCHED, leg)

    def _send(self, kind: str, leg: Leg) -> None:
        for client in self._clients:
            if client.wants(kind, self._record, leg):
                frame = activity_frame(self._record, leg, kind=kind, connection=client.connection, sent_ns=self._now())
                client.stream.send(frame)

    async def serve(self, stream: Stream) -> None:
        """Serve one connection until its peer goes."""
        self._connections += 1
        client = Client(stream, connection_id(self._connections, self._seed))
        self._clients.append(client)
        keeping = asyncio.create_task(_keep_alive(stream))
        try:
            while True:
                self.on_frame(client, await stream.receive())
        except StreamClosed:
            pass
        finally:
            keeping.cancel()
            self._clients.remove(client)

    def on_frame(self, client: Client, frame: str) -> None:
        """Take a client's frame; whatever is no command is ignored, as the venue does."""
        try:
            command = msgspec.json.decode(frame, type=Command)
        except msgspec.DecodeError:
            return
        for wanted in command.subscriptions:
            if wanted.topic != "activity" and wanted.topic not in OTHER_TOPICS:
                client.stream.send(refusal_frame(client.connection, wanted.topic, wanted.type, self._now()))
                return
        pairs = {(wanted.type, wanted.filters) for wanted in command.subscriptions if wanted.topic == "activity"}
        if command.action == "subscribe":
            client.wanted |= pairs
        elif command.action == "unsubscribe":
            client.wanted -= pairs


async def _keep_alive(stream: Stream) -> None:
    while True:
        await asyncio.sleep(KEEP_ALIVE_S)
        stream.send("")
