"""Who handles a message, and who may publish it."""

from collections.abc import Sequence

from whaletrader.agents.base import AnyAgent
from whaletrader.messages.catalogue import CATALOGUE, OPERATIONS
from whaletrader.messages.envelope import Message, Payload, Publisher
from whaletrader.messages.orchestration import ScheduleTimer


def routes(agents: Sequence[AnyAgent]) -> dict[str, tuple[int, ...]]:
    """Map each message type to the agents that handle it, in the order given.

    An agent may handle its own message where that one is to be the cause of what follows; it then folds it twice.
    """
    names = [agent.name for agent in agents]
    assert len(set(names)) == len(names), f"two agents have one name: {names}"
    for agent in agents:
        unknown = sorted(agent.subscribes - CATALOGUE.keys())
        assert not unknown, f"{agent.name} subscribes to unknown types: {unknown}"
        barred = sorted(agent.subscribes & (OPERATIONS | {"ScheduleTimer"}))
        assert not barred, f"{agent.name} may not subscribe to {barred}"
    return {name: tuple(index for index, agent in enumerate(agents) if name in agent.subscribes) for name in CATALOGUE}


def publisher_of(payload: Payload) -> str:
    """Return the name of who published it; a timer's is its owner."""
    if isinstance(payload, ScheduleTimer):
        return payload.owner
    return str(payload.PUBLISHER)


def published_by_agent(message: Message) -> bool:
    """Tell whether an agent decided on the message (or it is a fact that the runtime recorded)."""
    return type(message.payload).PUBLISHER not in _FACT_PUBLISHERS


_FACT_PUBLISHERS = frozenset({Publisher.INGEST, Publisher.RUNTIME, Publisher.OPERATOR})
