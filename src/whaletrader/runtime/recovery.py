"""Bring every state back from the log: the newest snapshot that fits, then `evolve` alone; nothing is decided here."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from whaletrader.agents.base import AnyAgent
from whaletrader.ports.store import EventStore
from whaletrader.runtime import snapshots, supervisor
from whaletrader.runtime.records import to_message
from whaletrader.runtime.routing import publisher_of, routes
from whaletrader.runtime.snapshots import Observer
from whaletrader.runtime.walk import Entry, Handled, walk


class Recovered(msgspec.Struct, kw_only=True):
    """Where the run stands."""

    states: list[Any]
    clock: int
    unhandled: list[Entry]
    """Recorded, and not handled before the process ended."""
    from_snapshot: int
    """The offset of the snapshot that was used; 0 where everything was folded."""
    folded: int
    """How many records were folded."""


def recover(store: EventStore, agents: Sequence[AnyAgent], observers: Sequence[Observer]) -> Recovered:
    """Fold the log into fresh states; observers see every record, agents what they handled and published."""
    progress = store.progress()
    start = _from_snapshot(store, agents, observers)
    table = routes(agents)
    entries = _entries(store, observers, start, progress.handled)
    for handled in walk(entries, progress.handled):
        fold(handled, agents, table, start.states)
    for _ in entries:
        pass  # the walk ends with what was handled; the observers see the rest as well
    return start


def _entries(store: EventStore, observers: Sequence[Observer], start: Recovered, handled: int) -> Iterator[Entry]:
    """Read on from the snapshot, show every record to the observers as it passes, and keep what was not handled."""
    for record in store.read(start.from_snapshot):
        message = to_message(record)
        for observer in observers:
            observer.observe(message)
        start.clock = max(start.clock, message.ts_init)
        start.folded += 1
        if record.offset > handled:
            start.unhandled.append((record.offset, message))
        yield record.offset, message


def fold(handled: Handled, agents: Sequence[AnyAgent], table: dict[str, tuple[int, ...]], states: list[Any]) -> None:
    """Fold a handled message, and then its outputs, into the state of each agent that handled it."""
    for index in table.get(handled.message.type, ()):
        agent = agents[index]
        state = supervisor.evolve(agent, states[index], handled.message)
        for _, output in handled.outputs:
            if publisher_of(output.payload) == agent.name:
                state = supervisor.evolve(agent, state, output)
        states[index] = state


def _from_snapshot(store: EventStore, agents: Sequence[AnyAgent], observers: Sequence[Observer]) -> Recovered:
    for snapshot in store.snapshots():
        known = next((stored for record, stored in store.read_chained(snapshot.offset - 1)), None)
        restored = snapshots.unpack(snapshot.state, agents, observers) if known == snapshot.head else None
        if restored is not None:
            return Recovered(
                states=restored.states,
                clock=restored.clock,
                unhandled=[],
                from_snapshot=snapshot.offset,
                folded=0,
            )
    return Recovered(states=[agent.initial() for agent in agents], clock=0, unhandled=[], from_snapshot=0, folded=0)
