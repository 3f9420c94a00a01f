"""An agent's failure is caught in one place, and named with the agent, the step and the message."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.messages import example, seen
from whaletrader.agents.base import AgentState
from whaletrader.errors import AgentFault, DataError
from whaletrader.messages.envelope import Message, Payload
from whaletrader.messages.orchestration import RunMarked, TimerFired
from whaletrader.runtime import supervisor

MESSAGE = seen(example(TimerFired, owner="a", name="n"), 5)


class Agent:
    """Fails as it is told to."""

    name = "somebody"
    state_version = 1
    state_type = AgentState
    subscribes = frozenset({"TimerFired"})

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error

    def initial(self) -> AgentState:
        return AgentState()

    def decide(self, state: Any, message: Message) -> Sequence[Payload]:
        if self.error:
            raise self.error
        return [example(RunMarked)]

    def evolve(self, state: Any, message: Message) -> Any:
        if self.error:
            raise self.error
        return "after"


STEPS = {"decide": supervisor.decide, "evolve": supervisor.evolve}


def test_what_an_agent_says_is_passed_on() -> None:
    assert supervisor.decide(Agent(), None, MESSAGE) == [example(RunMarked)]
    assert supervisor.evolve(Agent(), None, MESSAGE) == "after"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "error",
    [ValueError("no such price"), KeyError("token"), AssertionError(), ZeroDivisionError("x"), DataError("bad")],
)
def test_any_failure_names_agent_step_message_and_cause(step: str, error: Exception) -> None:
    with pytest.raises(AgentFault) as failed:
        STEPS[step](Agent(error), None, MESSAGE)
    text = failed.value.message
    for word in (f"somebody.{step}", "TimerFired", MESSAGE.id, type(error).__name__, str(error)):
        assert word in text
    assert failed.value.__cause__ is error
    assert not failed.value.retryable


def test_a_failure_without_words_has_no_dangling_colon() -> None:
    with pytest.raises(AgentFault, match=r"\(AssertionError\)"):
        supervisor.decide(Agent(AssertionError()), None, MESSAGE)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_a_person_who_stops_the_process_is_not_an_agents_failure(step: str, error: BaseException) -> None:
    with pytest.raises(type(error)):
        STEPS[step](Agent(error), None, MESSAGE)
