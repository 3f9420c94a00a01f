"""Who handles a message, and who may publish it."""

import pytest

from tests.support.messages import example, seen
from tests.support.synthetic import Scripted
from whaletrader.messages.catalogue import CATALOGUE
from whaletrader.messages.orchestration import ScheduleTimer
from whaletrader.runtime.routing import published_by_agent, publisher_of, routes


def agent(name: str, *subscribes: str) -> Scripted:
    return Scripted(name, set(subscribes), lambda state, message: [])


def test_subscribers_handle_a_type_in_the_order_given() -> None:
    table = routes([agent("risk_management", "TimerFired"), agent("execution", "TimerFired", "ApprovedTrade")])
    assert table["TimerFired"] == (0, 1)
    assert table["ApprovedTrade"] == (1,)
    assert table["CopySignal"] == ()
    assert set(table) == set(CATALOGUE)


def test_an_agent_may_handle_what_it_publishes() -> None:
    table = routes([agent("risk_management", "EmergencyDeRisk"), agent("execution", "EmergencyDeRisk")])
    assert table["EmergencyDeRisk"] == (0, 1)


@pytest.mark.parametrize("barred", ["RunMarked", "AgentHeartbeat", "ScheduleTimer"])
def test_operations_and_timer_commands_are_for_nobody(barred: str) -> None:
    with pytest.raises(AssertionError, match="may not subscribe"):
        routes([agent("execution", barred)])


def test_unknown_types_and_names_given_twice_are_bugs_that_are_named() -> None:
    with pytest.raises(AssertionError, match="unknown types"):
        routes([agent("execution", "NoSuchMessage")])
    with pytest.raises(AssertionError, match="one name"):
        routes([agent("execution"), agent("execution")])


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_type_is_either_decided_or_a_fact(name: str) -> None:
    payload = example(CATALOGUE[name])
    by_agent = published_by_agent(seen(payload, 1))
    assert by_agent == (payload.PUBLISHER not in {"ingest", "runtime", "operator"})


def test_a_timer_is_its_owners() -> None:
    assert publisher_of(ScheduleTimer(owner="execution", name="x", due_ts=1)) == "execution"
