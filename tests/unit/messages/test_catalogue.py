"""The message table: one kind of publisher, one key, one codec for each type."""

import msgspec
import pytest

from tests.support.messages import example
from whaletrader.messages.catalogue import CATALOGUE, EFFECTS, MODULES, OPERATIONS
from whaletrader.messages.envelope import DECLARED, Payload, Publisher, Topic, derive, fact, hash_id
from whaletrader.messages.orchestration import RunMarked, ScheduleTimer
from whaletrader.messages.registry import REGISTRY


def test_every_payload_of_the_topic_modules_is_in_the_catalogue() -> None:
    found = {
        name
        for module in MODULES
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Payload) and value is not Payload
    }
    assert found == set(CATALOGUE) == set(DECLARED)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_type_has_one_publisher_a_topic_and_a_key_that_is_a_field(name: str) -> None:
    cls = CATALOGUE[name]
    assert cls.PUBLISHER in set(Publisher)
    assert cls.TOPIC in set(Topic)
    assert cls.KEY_FIELD == "" or cls.KEY_FIELD in {field.name for field in msgspec.structs.fields(cls)}
    assert (name, cls.VERSION) in REGISTRY


def test_only_timers_may_be_published_by_any_agent() -> None:
    assert [name for name, cls in CATALOGUE.items() if cls.PUBLISHER == Publisher.ANY_AGENT] == [ScheduleTimer.__name__]


def test_commands_with_effects_are_those_that_leave_the_process() -> None:
    assert set(EFFECTS) == {
        "CancelOrder",
        "MergePositions",
        "OrderOutcomeUnknown",
        "RedeemPosition",
        "ScanUniverse",
        "SubmitOrder",
    }
    assert set(CATALOGUE) >= OPERATIONS


def test_an_id_depends_on_every_part_and_on_where_parts_end() -> None:
    ids = [hash_id(*parts) for parts in (("a", "b"), ("ab",), ("a", "b", ""), ("b", "a"), ("a", 1), ())]
    assert len(set(ids)) == len(ids)
    assert {len(one) for one in ids} == {32}


def test_a_derived_message_tells_its_cause_and_belongs_to_its_story() -> None:
    cause = fact(RunMarked(source="s", event="e", detail="d"), natural_key="1", ts_event=3, ts_init=5)
    child = derive(cause, account="paper", agent="risk_management", index=2, payload=example(RunMarked))
    assert (child.cause_id, child.correlation_id) == (cause.id, cause.id)
    assert (child.ts_event, child.ts_init) == (5, 5)
    assert child.id == hash_id("paper", "risk_management", cause.id, 2)


def test_a_fact_with_the_same_natural_key_is_the_same_fact() -> None:
    first, second = (fact(example(RunMarked, detail=str(n)), natural_key="k", ts_event=n, ts_init=n) for n in (1, 2))
    assert first.id == second.id
    assert fact(example(ScheduleTimer), natural_key="k", ts_event=1, ts_init=1).id != first.id
