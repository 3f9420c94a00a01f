"""Decide a log's inputs again, and name the first place where another decision comes out.

The states are folded from what was recorded, so that the first difference is shown and not its consequences.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from whaletrader.agents.base import AnyAgent
from whaletrader.messages.envelope import Message, derive
from whaletrader.ports.store import EventStore
from whaletrader.runtime import supervisor
from whaletrader.runtime.records import to_message
from whaletrader.runtime.recovery import fold
from whaletrader.runtime.routing import publisher_of, routes
from whaletrader.runtime.walk import Entry, Handled, walk


class FieldDifference(msgspec.Struct, frozen=True):
    """One field of a message, as it was recorded and as it comes out now."""

    field: str
    recorded: str
    now: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The first output that is not the same."""

    cause_offset: int
    cause_type: str
    agent: str
    number: int
    """Which of the agent's outputs for this cause, from 0."""
    offset: int
    """Where the recorded output stands; 0 where none was recorded."""
    recorded: Message | None
    now: Message | None
    fields: tuple[FieldDifference, ...]

    def sentence(self) -> str:
        """Say it in one sentence."""
        cause = f"{self.agent}, deciding on record {self.cause_offset} ({self.cause_type})"
        if self.recorded is None:
            return f"{cause}, now publishes a {self.now.type if self.now else ''} that was not recorded"
        if self.now is None:
            return f"{cause}, no longer publishes the {self.recorded.type} of record {self.offset}"
        first = self.fields[0]
        where = f"record {self.offset} ({self.recorded.type}), field {first.field}"
        return f"{cause}: {where} was {first.recorded} and is now {first.now}"


class Replay(msgspec.Struct, kw_only=True):
    """What a replay came to."""

    handled: int = 0
    decisions: int = 0
    difference: Difference | None = None


def replay(store: EventStore, agents: Sequence[AnyAgent], account: str) -> Replay:
    """Decide every handled message again up to the first difference."""
    result = Replay()
    states: list[Any] = [agent.initial() for agent in agents]
    table = routes(agents)
    entries: Iterator[Entry] = ((record.offset, to_message(record)) for record in store.read())
    for handled in walk(entries, store.progress().handled):
        result.handled += 1
        for index in table.get(handled.message.type, ()):
            agent = agents[index]
            decided = supervisor.decide(agent, states[index], handled.message)
            now = [
                derive(handled.message, account=account, agent=agent.name, index=number, payload=payload)
                for number, payload in enumerate(decided)
            ]
            result.decisions += 1
            result.difference = result.difference or _compare(handled, agent.name, now)
        result.difference = result.difference or _orphan(handled, agents, table)
        if result.difference is not None:
            return result
        fold(handled, agents, table, states)
    return result


def _compare(handled: Handled, agent: str, now: list[Message]) -> Difference | None:
    recorded = [entry for entry in handled.outputs if publisher_of(entry[1].payload) == agent]
    for number in range(max(len(recorded), len(now))):
        offset, was = recorded[number] if number < len(recorded) else (0, None)
        fresh = now[number] if number < len(now) else None
        if was != fresh:
            return _difference(handled, agent, number, (offset, was), fresh)
    return None


def _orphan(handled: Handled, agents: Sequence[AnyAgent], table: dict[str, tuple[int, ...]]) -> Difference | None:
    """Find an output of somebody who does not decide on such a message now."""
    deciding = {agents[index].name for index in table.get(handled.message.type, ())}
    for offset, output in handled.outputs:
        publisher = publisher_of(output.payload)
        if publisher not in deciding:
            return _difference(handled, publisher, 0, (offset, output), None)
    return None


def _difference(
    handled: Handled, agent: str, number: int, recorded: tuple[int, Message | None], now: Message | None
) -> Difference:
    offset, was = recorded
    fields = tuple(field_differences(was, now)) if was is not None and now is not None else ()
    return Difference(
        cause_offset=handled.offset,
        cause_type=handled.message.type,
        agent=agent,
        number=number,
        offset=offset,
        recorded=was,
        now=now,
        fields=fields,
    )


def field_differences(recorded: object, now: object, path: str = "") -> Iterator[FieldDifference]:
    """Yield the fields in which two values differ, the type first, then in the order of declaration."""
    if isinstance(recorded, msgspec.Struct) and type(recorded) is type(now):
        names = list(recorded.__struct_fields__)
        # The type tells more than the ids that differ because of it.
        names.sort(key=lambda name: (name != "type", name != "payload") if isinstance(recorded, Message) else ())
        for name in names:
            inner = f"{path}.{name}" if path else name
            yield from field_differences(getattr(recorded, name), getattr(now, name), inner)
    elif isinstance(recorded, tuple) and isinstance(now, tuple) and len(recorded) == len(now):
        for index, (left, right) in enumerate(zip(recorded, now, strict=True)):
            yield from field_differences(left, right, f"{path}[{index}]")
    elif recorded != now:
        yield FieldDifference(path or "value", repr(recorded), repr(now))
