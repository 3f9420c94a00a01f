"""What every bus must do."""

import pytest

from tests.support.messages import example, seen
from whaletrader.adapters.memory.bus import MemoryBus
from whaletrader.errors import CodecError
from whaletrader.messages.envelope import Message, Topic
from whaletrader.messages.orchestration import RunMarked
from whaletrader.messages.orders import CancelOrder
from whaletrader.messages.risk import KillSwitchThrown
from whaletrader.ports.bus import Bus


@pytest.fixture(params=["memory"])
def bus(request: pytest.FixtureRequest) -> Bus:
    return MemoryBus(capacity=5)


def marked(number: int) -> Message:
    return seen(RunMarked(source="test", event="MARK", detail=str(number)), number)


def test_a_subscriber_gets_the_messages_of_its_topic_in_order(bus: Bus) -> None:
    got: list[Message] = []
    bus.subscribe(Topic.ORCHESTRATION, got.append)
    sent = [marked(number) for number in range(3)]
    bus.publish_all([sent[0], seen(example(CancelOrder), 1), *sent[1:]])
    bus.deliver()
    assert got == sent


def test_every_subscriber_gets_its_own_copy(bus: Bus) -> None:
    first: list[Message] = []
    second: list[Message] = []
    bus.subscribe(Topic.ORCHESTRATION, first.append)
    bus.subscribe(Topic.ORCHESTRATION, second.append)
    message = marked(1)
    bus.publish(message)
    bus.deliver()
    assert first == second == [message]
    assert first[0] is not message
    assert first[0] is not second[0]


def test_a_topic_without_subscribers_keeps_nothing(bus: Bus) -> None:
    bus.publish(marked(1))
    got: list[Message] = []
    bus.subscribe(Topic.ORCHESTRATION, got.append)
    assert bus.deliver() == 0
    assert got == []


def test_what_handlers_publish_is_delivered_as_well_and_later(bus: Bus) -> None:
    got: list[str] = []

    def answer(message: Message) -> None:
        got.append(message.type)
        bus.publish(seen(example(KillSwitchThrown), message.ts_init))

    bus.subscribe(Topic.ORCHESTRATION, answer)
    bus.subscribe(Topic.RISK_CONTROL, lambda message: got.append(message.type))
    bus.publish_all([marked(1), marked(2)])
    bus.deliver()
    assert got == ["RunMarked", "RunMarked", "KillSwitchThrown", "KillSwitchThrown"]


def test_a_full_bus_makes_the_publisher_wait_and_loses_nothing(bus: Bus) -> None:
    got: list[Message] = []
    bus.subscribe(Topic.ORCHESTRATION, got.append)
    sent = [marked(number) for number in range(50)]
    for message in sent:
        bus.publish(message)
    bus.deliver()
    assert got == sent


def test_a_handler_may_publish_more_than_the_bus_holds(bus: Bus) -> None:
    got: list[Message] = []
    answers = [seen(KillSwitchThrown(account_id="paper", reason=str(number)), number) for number in range(50)]
    bus.subscribe(Topic.ORCHESTRATION, lambda message: bus.publish_all(answers))
    bus.subscribe(Topic.RISK_CONTROL, got.append)
    bus.publish(marked(1))
    bus.deliver()
    assert got == answers


def test_a_handler_that_fails_stops_the_delivery_and_the_rest_is_delivered_later(bus: Bus) -> None:
    got: list[Message] = []

    def fail_once(message: Message) -> None:
        if not got:
            got.append(message)
            raise ValueError("no")
        got.append(message)

    bus.subscribe(Topic.ORCHESTRATION, fail_once)
    bus.publish(marked(1))
    bus.publish(marked(2))
    with pytest.raises(ValueError, match="no"):
        bus.deliver()
    bus.deliver()
    assert got == [marked(1), marked(2)]


def test_a_message_that_has_no_place_on_the_wire_is_refused_at_the_entry(bus: Bus) -> None:
    with pytest.raises(CodecError):
        bus.publish(seen(RunMarked(source="test", event=7, detail=""), 1))  # type: ignore[arg-type]
