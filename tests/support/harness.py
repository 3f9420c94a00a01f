"""Drives one agent without a runner: decide, fold input and outputs, and check what every agent must keep."""

from collections.abc import Iterable
from typing import Any

import msgspec

from whaletrader.agents.base import AnyAgent
from whaletrader.messages.envelope import Message, Payload, Publisher, derive, fact

SECOND = 1_000_000_000


class Harness:
    """One agent, its state, and every message that it published."""

    def __init__(self, agent: AnyAgent, *, account: str = "paper") -> None:
        self.agent = agent
        self.account = account
        self.state = agent.initial()
        self.clock = 0
        self.counter = 0
        self.published: list[Message] = []

    def tell(self, payload: Payload, *, at: int | None = None, ts_event: int | None = None) -> list[Payload]:
        """Hand the agent a fact at `at` seconds (the clock never goes back); returns what it published."""
        return [out.payload for out in self.feed(self.message(payload, at=at, ts_event=ts_event))]

    def tell_all(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Hand over several facts at the present time."""
        return [out for payload in payloads for out in self.tell(payload)]

    def message(self, payload: Payload, *, at: int | None = None, ts_event: int | None = None) -> Message:
        """A fact with a counter as its natural key; `at` and `ts_event` are seconds of the run's clock."""
        self.clock = max(self.clock, self.clock if at is None else at * SECOND)
        self.counter += 1
        event = self.clock if ts_event is None else ts_event * SECOND
        return fact(payload, natural_key=str(self.counter), ts_event=event, ts_init=self.clock)

    def feed(self, message: Message) -> list[Message]:
        """What the runner does for one input."""
        if message.type not in self.agent.subscribes:
            return []
        before = msgspec.msgpack.encode(self.state)
        outs = list(self.agent.decide(self.state, message))
        assert msgspec.msgpack.encode(self.state) == before, "decide changed the state"
        derived = [
            derive(message, account=self.account, agent=self.agent.name, index=index, payload=payload)
            for index, payload in enumerate(outs)
        ]
        for each in (message, *derived):
            self.state = self.agent.evolve(self.state, each)
        for payload in outs:
            assert payload.PUBLISHER in {self.agent.name, Publisher.ANY_AGENT}, f"{payload} is not the agent's to say"
            check_plain(payload)
        self.published += derived
        return derived

    def restart(self) -> None:
        """Write the state to a snapshot and read it back, as a recovery does."""
        kept = msgspec.msgpack.encode(self.state)
        self.state = msgspec.msgpack.decode(kept, type=self.agent.state_type)
        assert msgspec.msgpack.encode(self.state) == kept

    def said(self, kind: type[Payload]) -> list[Any]:
        """Every payload of one type that was published so far."""
        return [message.payload for message in self.published if isinstance(message.payload, kind)]


def check_plain(payload: object) -> None:
    """A payload holds integers, text, booleans, bytes, tuples and parts: no float."""
    if isinstance(payload, msgspec.Struct):
        for name in payload.__struct_fields__:
            check_plain(getattr(payload, name))
    elif isinstance(payload, tuple):
        for item in payload:
            check_plain(item)
    else:
        assert isinstance(payload, int | str | bool | bytes), f"{payload!r} has no place in a message"
