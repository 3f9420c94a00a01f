"""A refused command and the report of its refusal: one of them is always on disk, through stops and crashes."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.messages import example, seen
from tests.unit.runtime.test_effects import Calls, Pen
from tests.unit.runtime.test_exchange_source import event
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.agents.base import AgentState
from whaletrader.domain.order import ReportKind
from whaletrader.errors import ExchangeError
from whaletrader.messages.envelope import Message, Payload
from whaletrader.messages.market import WhaleTradeObserved
from whaletrader.messages.orders import OrderOrigin, OrderReport, RedeemPosition, SubmitOrder
from whaletrader.messages.risk import ApprovalBounds
from whaletrader.ports.exchange import ExchangeEvent
from whaletrader.runtime import outbox
from whaletrader.runtime.effects import OrderEffects
from whaletrader.runtime.engine import Engine
from whaletrader.runtime.exchange_source import ExchangeSource
from whaletrader.runtime.latch import KillLatch
from whaletrader.runtime.records import to_message

ORIGIN = OrderOrigin(account_id="paper", approval_id="approval", wallet="w", kind="fill", reduce_only=False)
COMMANDS = {
    "order": example(SubmitOrder, order_hash="aa", origin=ORIGIN, arrive_ts=77),
    "redemption": example(RedeemPosition, account_id="paper", token_id="t", size_micro=5),
}


class Ordering:
    """Orders the same thing at every leader's event, in execution's name."""

    name = "execution"
    state_version = 1
    state_type = AgentState
    subscribes = frozenset({"WhaleTradeObserved"})

    def __init__(self, command: Payload) -> None:
        self.command = command

    def initial(self) -> AgentState:
        return AgentState()

    def decide(self, state: AgentState, message: Message) -> Sequence[Payload]:
        return [self.command]

    def evolve(self, state: AgentState, message: Message) -> AgentState:
        return state


class Process:
    """One life of the engine over a store that outlives it."""

    def __init__(self, store: MemoryEventStore, folder: Path, command: Payload, exchange: Calls | None = None) -> None:
        self.store, self.exchange = store, exchange or Calls()
        answers = ExchangeSource(self.exchange)
        latch = KillLatch(folder / "kill.latch")
        seals = {"approval": (example(ApprovalBounds, approval_id="approval"), b"seal", "key")}
        effects = OrderEffects(self.exchange, Pen(), latch, answers, seals.get, latency_ms=0)
        self.engine = Engine(store, [Ordering(command)], "paper", sources=[answers], effects=[effects])

    def order(self) -> None:
        """One event comes, and is handled, up to where the command was refused or sent."""
        self.engine.start()
        self.engine.offer(seen(example(WhaleTradeObserved), 10))

    def reports(self) -> list[OrderReport]:
        """The reports that are in the log."""
        found = [to_message(record).payload for record in self.store.read() if record.type == "OrderReport"]
        return [payload for payload in found if isinstance(payload, OrderReport)]

    def sent(self) -> list[str]:
        """What the exchange was asked to do."""
        return [call[0] for call in self.exchange.made]


@pytest.fixture(params=COMMANDS)
def command(request: pytest.FixtureRequest) -> Payload:
    return COMMANDS[request.param]


@pytest.fixture
def latch(tmp_path: Path) -> KillLatch:
    thrown = KillLatch(tmp_path / "kill.latch")
    thrown.throw("why", 1)
    return thrown


def test_a_refusal_is_recorded_once_and_closes_its_command(tmp_path: Path, latch: KillLatch, command: Payload) -> None:
    process = Process(MemoryEventStore(), tmp_path, command)
    process.order()
    process.engine.run()
    (report,) = process.reports()
    assert (report.kind, report.reason) == (ReportKind.NOT_SENT, "KILL_LATCH")
    assert process.store.open_commands() == []
    assert process.sent() == []


def test_a_restart_after_the_report_does_nothing_again(tmp_path: Path, latch: KillLatch, command: Payload) -> None:
    first = Process(MemoryEventStore(), tmp_path, command)
    first.order()
    first.engine.run()
    second = Process(first.store, tmp_path, command)
    second.engine.run()
    assert (len(second.reports()), second.sent()) == (1, [])


def test_a_stop_before_the_report_leaves_the_command_open(tmp_path: Path, latch: KillLatch, command: Payload) -> None:
    process = Process(MemoryEventStore(), tmp_path, command)
    process.order()
    process.engine.run(lambda: True)
    assert process.reports() == []
    assert len(process.store.open_commands()) == 1


def test_an_order_that_was_refused_before_a_crash_is_asked_for_after_it(tmp_path: Path, latch: KillLatch) -> None:
    first = Process(MemoryEventStore(), tmp_path, COMMANDS["order"])
    first.order()
    second = Process(first.store, tmp_path, COMMANDS["order"])
    second.engine.run()
    assert second.sent() == ["ask"]
    assert second.store.open_commands() == []


def test_a_redemption_that_was_refused_before_a_crash_is_made_when_the_latch_is_cleared(
    tmp_path: Path, latch: KillLatch
) -> None:
    first = Process(MemoryEventStore(), tmp_path, COMMANDS["redemption"])
    first.order()
    second = Process(first.store, tmp_path, COMMANDS["redemption"])
    second.engine.run()
    assert (second.sent(), second.reports()) == ([], []), "nobody knows whether it was made"
    assert len(second.store.open_commands()) == 1
    latch.clear()
    third = Process(first.store, tmp_path, COMMANDS["redemption"])
    third.engine.run()
    assert third.sent() == ["redeem"]
    assert third.store.open_commands() == []


def test_a_command_that_is_sent_leaves_nothing_open(tmp_path: Path, command: Payload) -> None:
    process = Process(MemoryEventStore(), tmp_path, command)
    process.order()
    process.engine.run()
    assert process.store.open_commands() == []
    assert process.sent() in (["submit"], ["redeem"])
    assert process.reports() == []


class Bank(Calls):
    """Answers a redemption with a time right after its command's; unreachable for a while."""

    def __init__(self, unreachable: int) -> None:
        super().__init__()
        self.unreachable = unreachable
        self.events = [event(50, "0", "somebody else's")]

    def redeem(self, command_id: str, account_id: str, token_id: str, size_micro: int, arrive_ts: int) -> None:
        if self.unreachable:
            self.unreachable -= 1
            raise ExchangeError("nobody answered", retryable=True)
        super().redeem(command_id, account_id, token_id, size_micro, arrive_ts)
        if len(self.made) == 1:
            self.events.append(event(arrive_ts + 1, "paid", command_id, ReportKind.REDEEMED))

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        behind = [each for each in self.events if (each.ts, each.event_id) > (after_ts, after_id)]
        return min(behind, key=lambda each: (each.ts, each.event_id), default=None)


def test_the_answer_to_a_payment_that_got_through_late_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(outbox, "LONGEST_WAIT_S", 0.0)
    bank = Bank(unreachable=outbox.ATTEMPTS)
    process = Process(MemoryEventStore(), tmp_path, COMMANDS["redemption"], bank)
    process.order()
    process.engine.run()
    process.engine.run()
    kinds = [(report.kind, report.exchange_event_id) for report in process.reports()]
    assert sorted(kinds) == [("ACCEPTED", "0"), ("REDEEMED", "paid")]
    assert process.store.open_commands() == []


def test_the_answer_to_a_late_payment_is_recorded_once_through_a_crash(tmp_path: Path) -> None:
    bank = Bank(unreachable=2 * outbox.ATTEMPTS)
    first = Process(MemoryEventStore(), tmp_path, COMMANDS["redemption"], bank)
    first.order()
    first.engine.run()
    bank.unreachable = 0
    for _ in range(3):
        again = Process(first.store, tmp_path, COMMANDS["redemption"], bank)
        again.engine.run()
    assert [report.exchange_event_id for report in again.reports()] == ["0", "paid"]
    assert again.store.open_commands() == []
