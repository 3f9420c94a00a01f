"""The only place that catches everything: an agent's failure halts the run and names the agent and the message."""

from collections.abc import Sequence
from typing import Any

from whaletrader.agents.base import AnyAgent
from whaletrader.errors import AgentFault
from whaletrader.messages.envelope import Message, Payload


def decide(agent: AnyAgent, state: Any, message: Message) -> Sequence[Payload]:
    """Ask the agent what follows from the message."""
    try:
        return agent.decide(state, message)
    except Exception as error:
        raise fault(agent, "decide", message, error) from error


def evolve(agent: AnyAgent, state: Any, message: Message) -> Any:
    """Fold the message into the agent's state."""
    try:
        return agent.evolve(state, message)
    except Exception as error:
        raise fault(agent, "evolve", message, error) from error


def fault(agent: AnyAgent, step: str, message: Message, error: Exception) -> AgentFault:
    """Say in one sentence who failed on what."""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return AgentFault(
        f"{agent.name}.{step} failed on {message.type} {message.id} ({what}); "
        "nothing of that message was recorded, and the run goes on from there once this is mended"
    )
