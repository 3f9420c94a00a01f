"""The engine's order of things: who handles what when, what is recorded, and what halts a run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.messages import example, seen
from tests.support.synthetic import QUIET, START_TS, Run, Scripted, Tape, Totals, agents, leader_events
from whaletrader.adapters.memory.bus import MemoryBus
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.domain.reasons import DeadLetterReason
from whaletrader.domain.values import NANOS
from whaletrader.errors import AgentFault, ConflictError, StorageError
from whaletrader.messages.envelope import Message, Payload, Topic, hash_id
from whaletrader.messages.leaders import CopySignal, SignalSkipped
from whaletrader.messages.market import WhaleTradeObserved
from whaletrader.messages.orchestration import DeadLetter, RunMarked, ScheduleTimer, TimerFired
from whaletrader.messages.risk import KillSwitchThrown, OperatorCommand, TradeProposal
from whaletrader.runtime.engine import Engine
from whaletrader.runtime.records import domain_stream, to_message
from whaletrader.runtime.timers import TimerSource

Answer = Callable[[Any, Message], Sequence[Payload]]


def silent(state: Any, message: Message) -> Sequence[Payload]:
    return []


def engine_of(
    answer: Answer, *sources: Any, name: str = "copy_signal", subscribes: set[str] | None = None, **given: Any
) -> tuple[Engine, MemoryEventStore]:
    store = given.pop("store", None) or MemoryEventStore()
    agent = Scripted(name, {"WhaleTradeObserved"} if subscribes is None else subscribes, answer)
    given.setdefault("settings", QUIET)
    return Engine(store, [agent], "paper", sources=sources, **given), store


class Listed(Tape):
    """A tape of any messages, with its own name and rank."""

    def __init__(self, name: str, rank: int, *messages: Message, keeps_alive: bool = True) -> None:
        super().__init__(messages)
        self.name, self.rank, self.keeps_alive = name, rank, keeps_alive


def trade(number: int, ts: int) -> Message:
    return seen(example(WhaleTradeObserved, size_micro=number), ts)


def domain(store: MemoryEventStore) -> list[Message]:
    return list(domain_stream(store))


def test_a_whole_run_records_facts_decisions_orders_and_fills(tmp_path: Path) -> None:
    run = Run(MemoryEventStore(), tmp_path, 9)
    assert run.engine.run()
    counts = run.totals.counts
    assert counts["WhaleTradeObserved"] == 9
    assert counts["CopySignal"] == counts["ApprovedTrade"] == counts["SubmitOrder"] == counts["OrderFilled"] == 6
    assert counts["SignalSkipped"] == 3
    assert run.exchange.sent >= 6
    assert run.store.open_commands() == []


def test_a_fact_waits_until_everything_that_follows_from_the_one_before_is_handled(tmp_path: Path) -> None:
    run = Run(MemoryEventStore(), tmp_path, 5)
    run.engine.run()
    caused: set[str] = set()
    for message in domain(run.store):  # type: ignore[arg-type]
        if message.cause_id and message.type != "TimerFired":
            assert message.cause_id in caused
        caused = {*caused, message.id} if message.cause_id else {message.id}


def test_a_derived_message_has_its_causes_time_and_an_id_that_names_its_origin() -> None:
    engine, store = engine_of(lambda s, m: [example(CopySignal), example(SignalSkipped)], Listed("a", 1, trade(1, 50)))
    engine.run()
    cause, first, second = domain(store)
    assert [first.id, second.id] == [hash_id("paper", "copy_signal", cause.id, index) for index in (0, 1)]
    assert {first.ts_init, second.ts_init, first.ts_event} == {50}
    assert {first.correlation_id, second.cause_id} == {cause.id}


def test_sources_are_merged_by_time_and_then_by_rank() -> None:
    early, late = Listed("a", 2, trade(1, 10), trade(2, 30)), Listed("b", 1, trade(3, 20), trade(4, 30))
    engine, store = engine_of(silent, early, late)
    engine.run()
    assert [message.payload.size_micro for message in domain(store)] == [1, 3, 4, 2]  # type: ignore[attr-defined]


def test_the_runs_clock_never_goes_backwards_and_a_source_that_does_is_noted() -> None:
    engine, store = engine_of(silent, Listed("a", 1, trade(1, 10), trade(2, 30), trade(3, 20), trade(4, 40)))
    engine.run()
    messages = domain(store)
    assert [message.ts_init for message in messages] == [10, 30, 30, 30, 40]
    assert [message.ts_event for message in messages] == [10, 30, 20, 20, 40]
    letter = messages[3].payload
    assert isinstance(letter, DeadLetter)
    assert letter.reason == DeadLetterReason.CLOCK_BACKWARDS
    assert letter.source == "a"


def test_a_source_that_answers_late_is_no_source_whose_clock_goes_backwards() -> None:
    class Answers(Listed):
        """Has nothing to say before the tape has passed."""

        def __init__(self, *messages: Message) -> None:
            super().__init__("answers", 2, *messages)
            self.asked = False

        def peek(self) -> int | None:
            return super().peek() if self.asked else None

        def observe(self, message: Message) -> None:
            self.asked = self.asked or message.type == "WhaleTradeObserved"
            super().observe(message)

    engine, store = engine_of(silent, Listed("a", 1, trade(1, 100)), Answers(trade(2, 20), trade(3, 30)))
    engine.run()
    assert [message.type for message in domain(store)] == ["WhaleTradeObserved"] * 3
    assert [message.ts_init for message in domain(store)] == [100, 100, 100]


def test_the_same_fact_from_two_sources_is_recorded_once() -> None:
    fact = trade(1, 10)
    engine, store = engine_of(silent, Listed("a", 1, fact), Listed("b", 2, fact, trade(2, 11)))
    engine.run()
    assert [message.payload.size_micro for message in domain(store)] == [1, 2]  # type: ignore[attr-defined]


def test_the_same_id_with_other_content_halts_the_run_and_keeps_what_was_handled() -> None:
    first = trade(1, 10)
    other = msgspec.structs.replace(first, payload=example(WhaleTradeObserved, size_micro=2))

    class Other(Listed):
        """Advances past its own content only."""

        def observe(self, message: Message) -> None:
            if message == other:
                super().observe(message)

    engine, store = engine_of(silent, Listed("a", 1, first), Other("b", 2, other))
    with pytest.raises(ConflictError, match=f"{first.id} is in the log as record 2 with other content"):
        engine.run()
    assert domain(store) == [first]
    assert store.progress().handled == 2


def test_a_source_that_never_advances_is_a_bug_that_is_named() -> None:
    class Stuck(Listed):
        """Forgets to advance."""

        def observe(self, message: Message) -> None:
            pass

    engine, _ = engine_of(silent, Stuck("stuck", 1, trade(1, 10)))
    with pytest.raises(AssertionError, match="the source stuck gives"):
        engine.run()


def test_the_run_ends_when_only_sources_are_left_that_do_not_keep_it_alive() -> None:
    engine, store = engine_of(
        silent, Listed("a", 1, trade(1, 10)), Listed("b", 2, trade(2, 5), trade(3, 20), keeps_alive=False)
    )
    assert engine.run()
    assert [message.payload.size_micro for message in domain(store)] == [2, 1]  # type: ignore[attr-defined]


def test_a_run_that_is_stopped_goes_on_later_as_if_it_had_not_been(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    whole = Run(MemoryEventStore(), tmp_path / "a", 8)
    whole.engine.run()
    store = MemoryEventStore()
    for left in (7, 3, 11):
        budget = iter(range(left))
        assert not Run(store, tmp_path / "b", 8).engine.run(lambda budget=budget: next(budget, None) is None)
    assert Run(store, tmp_path / "b", 8).engine.run()
    assert domain(store) == domain(whole.store)  # type: ignore[arg-type]
    events = [message.payload for message in map(to_message, store.read()) if isinstance(message.payload, RunMarked)]
    assert [event.event for event in events] == [
        "STARTED",
        "STOPPED",
        *2 * ["RECOVERED", "STOPPED"],
        "RECOVERED",
        "ENDED",
    ]


def test_an_offered_fact_is_recorded_and_handled_once() -> None:
    thrown = [KillSwitchThrown(account_id="paper", reason="operator")]
    engine, store = engine_of(
        lambda s, m: thrown, Listed("a", 1), name="risk_management", subscribes={"OperatorCommand"}
    )
    engine.start()
    command = seen(example(OperatorCommand, command="KILL", account_id="paper"), 5)
    assert engine.offer(command)
    assert not engine.offer(command)
    engine.run()
    assert [message.type for message in domain(store)] == ["OperatorCommand", "KillSwitchThrown"]


@pytest.mark.parametrize("step", ["decide", "evolve"])
def test_an_agent_that_fails_halts_the_run_with_the_message_named_and_nothing_half_recorded(step: str) -> None:
    def fail(state: Any, message: Message) -> Sequence[Payload]:
        if message.payload.size_micro == 3:  # type: ignore[attr-defined]
            raise ZeroDivisionError("no price")
        return [example(CopySignal)]

    class FailingFold(Scripted):
        """Fails when it folds."""

        def evolve(self, state: Any, message: Message) -> Any:
            if getattr(message.payload, "size_micro", 0) == 3:
                raise ZeroDivisionError("no price")
            return super().evolve(state, message)

    answers = fail if step == "decide" else lambda s, m: [example(CopySignal)]
    kind = Scripted if step == "decide" else FailingFold
    failing = kind("copy_signal", {"WhaleTradeObserved"}, answers)
    other = Scripted("market_intelligence", {"WhaleTradeObserved"}, silent)
    events = [trade(number, number) for number in range(1, 5)]
    store = MemoryEventStore()
    engine = Engine(store, [other, failing], "paper", sources=[Listed("a", 1, *events)], settings=QUIET)
    with pytest.raises(AgentFault, match=f"copy_signal.{step} failed on WhaleTradeObserved {events[2].id}"):
        engine.run()
    assert [message.type for message in domain(store)] == [
        "WhaleTradeObserved",
        "CopySignal",
        "WhaleTradeObserved",
        "CopySignal",
        "WhaleTradeObserved",
    ]
    assert store.progress().handled == store.progress().count - 1
    mended, _ = engine_of(lambda s, m: [example(CopySignal)], Listed("a", 1, *events), store=store)
    assert mended.run()
    assert [message.type for message in domain(store)].count("CopySignal") == 4


def test_a_message_that_has_no_place_on_the_wire_is_the_agents_fault() -> None:
    engine, store = engine_of(lambda s, m: [example(CopySignal, edge_micro=2**70)], Listed("a", 1, trade(1, 10)))
    with pytest.raises(AgentFault, match="CopySignal"):
        engine.run()
    assert len(domain(store)) == 1


@pytest.mark.parametrize(
    "payload", [example(KillSwitchThrown), ScheduleTimer(owner="somebody_else", name="x", due_ts=1)]
)
def test_an_agent_publishes_only_what_is_its_own(payload: Payload) -> None:
    engine, _ = engine_of(lambda s, m: [payload], Listed("a", 1, trade(1, 10)))
    with pytest.raises(AssertionError, match="copy_signal published"):
        engine.run()


def test_agents_that_answer_each_other_without_end_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whaletrader.runtime.engine.MAX_UNHANDLED", 50)
    ping = Scripted("copy_signal", {"WhaleTradeObserved", "TradeProposal"}, lambda s, m: [example(CopySignal)] * 2)
    pong = Scripted("orchestrator", {"CopySignal"}, lambda s, m: [example(TradeProposal)])
    engine = Engine(MemoryEventStore(), [ping, pong], "paper", sources=[Listed("a", 1, trade(1, 10))], settings=QUIET)
    with pytest.raises(AssertionError, match="without end"):
        engine.run()


def test_an_approval_is_sealed_in_the_same_commit(tmp_path: Path) -> None:
    run = Run(MemoryEventStore(), tmp_path, 4)
    run.engine.run()
    approvals = [message for message in domain(run.store) if message.type == "ApprovedTrade"]  # type: ignore[arg-type]
    assert approvals
    for approval in approvals:
        seal = run.store.seal_of(approval.id)
        assert seal is not None
        assert seal.signature == approval.payload.bounds.approval_id.encode()  # type: ignore[attr-defined]


def test_timers_fire_in_the_runs_clock_and_belong_to_the_story_that_set_them() -> None:
    def once(state: Any, message: Message) -> Sequence[Payload]:
        if isinstance(message.payload, TimerFired):
            return [example(SignalSkipped)]
        return [ScheduleTimer(owner="copy_signal", name="wake", due_ts=message.ts_init + 5)]

    engine, store = engine_of(
        once,
        Listed("a", 1, trade(1, 10), trade(2, 100)),
        TimerSource(rank=2),
        subscribes={"WhaleTradeObserved", "TimerFired"},
    )
    engine.run()
    kinds = [(message.type, message.ts_init) for message in domain(store)]
    assert kinds == [
        ("WhaleTradeObserved", 10),
        ("ScheduleTimer", 10),
        ("TimerFired", 15),
        ("SignalSkipped", 15),
        ("WhaleTradeObserved", 100),
        ("ScheduleTimer", 100),
    ]
    first = domain(store)[0]
    assert {message.correlation_id for message in domain(store)[:4]} == {first.id}


def test_a_commit_comes_when_the_batch_is_full() -> None:
    sizes: list[int] = []

    class Counting(MemoryEventStore):
        """Notes the size of each batch."""

        def commit(self, batch: Any, *, durable: bool) -> None:
            sizes.append(len(batch.records))
            super().commit(batch, durable=durable)

    events = [trade(number, number) for number in range(1, 40)]
    settings = msgspec.structs.replace(QUIET, snapshot_every=1_000)
    engine, _ = engine_of(silent, Listed("a", 1, *events), store=Counting(), settings=settings)
    engine.run()
    assert sizes[:-1] == [QUIET.batch_messages] * (len(sizes) - 1)
    assert sum(sizes) == 41


def test_subscribers_of_the_bus_see_committed_messages_only() -> None:
    bus, store = MemoryBus(), MemoryEventStore()
    found: list[tuple[str, bool]] = []
    bus.subscribe(Topic.ACTIVITY_TRADES, lambda message: found.append((message.id, store.fact(message.id) is not None)))
    events = [trade(number, number) for number in range(1, 20)]
    engine, _ = engine_of(silent, Listed("a", 1, *events), store=store, bus=bus)
    engine.run()
    assert found == [(event.id, True) for event in events]


def test_the_same_facts_give_the_same_log_whatever_the_size_of_batches(tmp_path: Path) -> None:
    heads = []
    for size in (1, 3, 1_000):
        folder = tmp_path / str(size)
        folder.mkdir()
        settings = msgspec.structs.replace(QUIET, batch_messages=size, snapshot_every=size + 10)
        run = Run(MemoryEventStore(), folder, 12, settings=settings)
        run.engine.run()
        heads.append(run.store.progress().head)
    assert len(set(heads)) == 1


def test_a_state_can_be_looked_at_by_its_agents_name(tmp_path: Path) -> None:
    run = Run(MemoryEventStore(), tmp_path, 6)
    run.engine.run()
    assert run.engine.state_of("copy_signal").seen == 6
    assert run.engine.decisions == sum(run.engine.state_of(agent.name).seen for agent in agents())
    assert run.engine.clock >= leader_events(6)[-1].ts_init >= START_TS + 10 * NANOS


class Full(MemoryEventStore):
    """A disk that is full after some commits."""

    closed_clean: bool | None = None

    def __init__(self, commits: int) -> None:
        super().__init__()
        self.left = commits

    def commit(self, batch: Any, *, durable: bool) -> None:
        if self.left == 0:
            raise StorageError("the disk is full")
        self.left -= 1
        super().commit(batch, durable=durable)

    def close(self, *, clean: bool) -> None:
        self.closed_clean = clean


def test_a_full_disk_halts_the_run_and_it_goes_on_from_the_last_commit(tmp_path: Path) -> None:
    for name in ("whole", "full"):
        (tmp_path / name).mkdir()
    whole = Run(MemoryEventStore(), tmp_path / "whole", 8)
    whole.engine.run()
    for commits in (0, 1, 5, 9):
        store = Full(commits)
        run = Run(store, tmp_path / "full", 8)
        with pytest.raises(StorageError, match="the disk is full"):
            run.engine.run()
        run.engine.close()
        assert store.closed_clean is False
        store.left = -1
        Run(store, tmp_path / "full", 8).engine.run()
        assert domain(store) == domain(whole.store)  # type: ignore[arg-type]


def test_a_part_that_breaks_in_the_middle_leaves_no_half_of_anything_in_the_log(tmp_path: Path) -> None:
    class Breaking(Totals):
        """Breaks on the second output of one message."""

        def observe(self, message: Message) -> None:
            super().observe(message)
            if self.counts.get("TradeProposal") == 3:
                raise KeyError("broken")

    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    whole = Run(MemoryEventStore(), tmp_path / "whole", 8)
    whole.engine.run()
    run = Run(MemoryEventStore(), tmp_path / "broken", 8)
    run.engine._observe[-2] = Breaking().observe
    with pytest.raises(KeyError):
        run.engine.run()
    run.engine.close()
    Run(run.store, tmp_path / "broken", 8).engine.run()
    assert domain(run.store) == domain(whole.store)  # type: ignore[arg-type]
