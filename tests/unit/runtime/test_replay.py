"""Deciding again gives the same, and the first difference is named down to its field."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.messages import example
from tests.support.synthetic import Run, Scripted, agents, execute, propose, signal
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.messages import leaders, risk
from whaletrader.messages.envelope import Message, Payload
from whaletrader.messages.leaders import FunnelStep, UniverseScanned
from whaletrader.ports.store import EventStore
from whaletrader.runtime.replay import field_differences, replay

Answer = Callable[[Any, Message], Sequence[Payload]]


@pytest.fixture
def store(tmp_path: Path) -> EventStore:
    run = Run(MemoryEventStore(), tmp_path, 9)
    run.engine.run()
    return run.store


def with_answer(name: str, answer: Answer) -> list[Scripted]:
    return [Scripted(agent.name, set(agent.subscribes), answer) if agent.name == name else agent for agent in agents()]


def test_the_same_agents_decide_the_same(store: EventStore) -> None:
    found = replay(store, agents(), "paper")
    assert found.difference is None
    assert found.handled == store.progress().handled
    assert found.decisions > 30


def test_another_value_is_named_with_its_field_and_place(store: EventStore) -> None:
    def other(state: Any, message: Message) -> Sequence[Payload]:
        answers = list(propose(state, message))
        if state.seen == 2:
            answers[1] = msgspec.structs.replace(answers[1], desired_size_micro=99)  # type: ignore[call-overload]
        return answers

    found = replay(store, with_answer("orchestrator", other), "paper").difference
    assert found is not None
    proposals = [record.offset for record in store.read() if record.type == "TradeProposal"]
    assert (found.agent, found.number, found.offset) == ("orchestrator", 1, proposals[2])
    assert [(one.field, one.recorded, one.now) for one in found.fields] == [("payload.desired_size_micro", "2", "99")]
    assert f"record {proposals[2]} (TradeProposal), field payload.desired_size_micro was 2 and is now 99" in (
        found.sentence()
    )


def test_an_output_that_is_no_longer_published_is_named(store: EventStore) -> None:
    found = replay(store, with_answer("copy_signal", lambda s, m: signal(s, m) if s.seen < 4 else []), "paper")
    assert found.difference is not None
    assert found.difference.now is None
    assert "copy_signal" in found.difference.sentence()
    assert "no longer publishes the CopySignal" in found.difference.sentence()


def test_an_output_that_was_not_recorded_is_named(store: EventStore) -> None:
    def more(state: Any, message: Message) -> Sequence[Payload]:
        extra = [example(leaders.SignalSkipped)] if state.seen == 3 else []
        return [*signal(state, message), *extra]

    found = replay(store, with_answer("copy_signal", more), "paper").difference
    assert found is not None
    assert found.recorded is None
    assert found.offset == 0
    assert "now publishes a SignalSkipped that was not recorded" in found.sentence()


def test_another_type_is_named_by_its_type_first(store: EventStore) -> None:
    def other(state: Any, message: Message) -> Sequence[Payload]:
        return [example(leaders.SignalSkipped)]

    found = replay(store, with_answer("copy_signal", other), "paper").difference
    assert found is not None
    assert (found.fields[0].field, found.fields[0].now) == ("type", "'SignalSkipped'")


def test_an_agent_that_is_gone_is_a_difference(store: EventStore) -> None:
    found = replay(store, agents()[:3], "paper").difference
    assert found is not None
    assert found.agent == "execution"


def test_another_account_is_a_difference_of_ids(store: EventStore) -> None:
    found = replay(store, agents(), "other").difference
    assert found is not None
    assert [one.field for one in found.fields] == ["id"]


def test_only_the_first_difference_is_looked_for_so_later_decisions_are_not_made(store: EventStore) -> None:
    asked: list[str] = []

    def other(state: Any, message: Message) -> Sequence[Payload]:
        asked.append(message.id)
        return []

    replay(store, with_answer("execution", other), "paper")
    assert len(asked) == 1
    assert execute is not other


def test_states_are_folded_from_what_was_recorded(store: EventStore) -> None:
    replayed = agents()
    seen: list[int] = []

    def spy(state: Any, message: Message) -> Sequence[Payload]:
        seen.append(state.seen)
        return execute(state, message)

    replayed[3] = Scripted("execution", set(replayed[3].subscribes), spy)
    assert replay(store, replayed, "paper").difference is None
    assert seen == list(range(len(seen)))


def test_differences_are_found_in_parts_and_tuples() -> None:
    bounds = example(risk.ApprovalBounds, max_size_micro=1)
    left = example(risk.ApprovedTrade, bounds=bounds)
    right = example(risk.ApprovedTrade, bounds=msgspec.structs.replace(bounds, max_size_micro=2))
    assert [(one.field, one.recorded) for one in field_differences(left, right)] == [("bounds.max_size_micro", "1")]
    steps = [FunnelStep(kind="fill", step=name, count=1) for name in ("a", "b")]
    one = example(UniverseScanned, funnel=tuple(steps))
    two = example(UniverseScanned, funnel=(steps[0], FunnelStep(kind="fill", step="b", count=5)))
    assert [found.field for found in field_differences(one, two)] == ["funnel[1].count"]
    shorter = example(UniverseScanned, funnel=(steps[0],))
    assert [found.field for found in field_differences(one, shorter)] == ["funnel"]
    assert list(field_differences(one, one)) == []
