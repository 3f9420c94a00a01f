"""What every source of facts must do: looking moves nothing, its own recorded facts move it, and it is a fold."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import example, seen
from tests.support.tables import LEADER, OTHER, TOKENS, at, dataset, market, trade
from tests.unit.runtime.test_exchange_source import Told, event
from whaletrader.adapters.local.replay_feed import ReplayFeed
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.messages.catalogue import CATALOGUE
from whaletrader.messages.envelope import Message, Publisher
from whaletrader.messages.leaders import ScanUniverse, UniverseScanned, WhaleDiscovered
from whaletrader.messages.orchestration import ScheduleTimer
from whaletrader.messages.orders import OrderOrigin, SubmitOrder
from whaletrader.ports.whale_source import WhaleSource
from whaletrader.runtime.components import FactSource
from whaletrader.runtime.engine import Engine
from whaletrader.runtime.exchange_source import ExchangeSource
from whaletrader.runtime.ingest import Ingest
from whaletrader.runtime.operator import Operator, write_command
from whaletrader.runtime.routing import published_by_agent
from whaletrader.runtime.scans import Scans
from whaletrader.runtime.timers import TimerSource

FACT_PUBLISHERS = {Publisher.INGEST, Publisher.RUNTIME, Publisher.OPERATOR}


class CountingWhales(WhaleSource):
    """Finds as many wallets as the time has units."""

    def scan(self, as_of_ts: int, followed: Sequence[str] = (), since_ts: int = 0) -> UniverseScanned:
        return example(UniverseScanned, as_of_ts=as_of_ts, n_wallets=as_of_ts)


def ingest(_: Path) -> FactSource:
    rows = [trade(second, second % 2, second % 4, 0.5, size=second) for second in range(1, 30)]
    ends = [market(0, resolved_s=15, payout=1)]
    return Ingest(ReplayFeed(dataset(rows, markets=ends), simulated=True), mark_interval_s=3, max_print_age_s=60)


def exchange(_: Path) -> FactSource:
    return ExchangeSource(Told([event(ts, f"{ts}{name}", name) for ts in (5, 6, 6, 9) for name in "ab"]))


def scans(_: Path) -> FactSource:
    return Scans(CountingWhales())


def timers(_: Path) -> FactSource:
    return TimerSource(30)


def operator(control: Path) -> FactSource:
    if not list(control.glob("*.json")):
        for number, command in enumerate(("KILL", "RESUME", "PRUNE")):
            write_command(control, command, argument="x", now_ns=number)
    return Operator(control, account_id="paper", description="run", first_ts=1)


def told_to_ingest() -> list[Message]:
    origin = example(OrderOrigin, wallet=OTHER, kind="fill")
    return [
        seen(example(WhaleDiscovered, wallet=LEADER, kind="fill"), at(0)),
        seen(example(WhaleDiscovered, wallet=OTHER, kind="fill"), at(3)),
        seen(example(SubmitOrder, order_hash="o", token_id=TOKENS[2], origin=origin), at(4)),
    ]


def told_to_timers() -> list[Message]:
    wanted = [("a", "x", 30), ("a", "y", 20), ("b", "x", 20), ("a", "x", 25), ("c", "z", 1)]
    return [seen(ScheduleTimer(owner=o, name=n, due_ts=due), 10) for o, n, due in wanted]


class Case:
    """A kind of source, and what it must have seen to have something to tell."""

    def __init__(self, make: Callable[[Path], FactSource], told: Callable[[], list[Message]]) -> None:
        self.make, self.told = make, told


CASES = {
    "ingest": Case(ingest, told_to_ingest),
    "exchange": Case(exchange, lambda: [seen(example(SubmitOrder, order_hash="a"), 1)]),
    "scans": Case(scans, lambda: [seen(ScanUniverse(as_of_ts=ts), ts) for ts in (5, 7, 9)]),
    "timers": Case(timers, told_to_timers),
    "operator": Case(operator, list),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def begun(case: Case, folder: Path) -> FactSource:
    source = case.make(folder)
    for message in case.told():
        source.observe(message)
    return source


def drain(source: FactSource, limit: int = 1_000) -> list[Message]:
    told: list[Message] = []
    while source.peek() is not None and len(told) < limit:
        told.append(source.take())
        source.observe(told[-1])
    assert len(told) < 1_000, "it never ends"
    return told


def test_it_has_something_to_tell_and_comes_to_an_end(case: Case, tmp_path: Path) -> None:
    assert len(drain(begun(case, tmp_path))) >= 3


def test_peeking_moves_nothing(case: Case, tmp_path: Path) -> None:
    source = begun(case, tmp_path)
    before = source.snapshot()
    first = source.peek()
    assert [source.peek() for _ in range(100)] == [first] * 100
    assert source.snapshot() == before


def test_taking_moves_nothing_and_gives_the_same_fact_again(case: Case, tmp_path: Path) -> None:
    source = begun(case, tmp_path)
    source.peek()
    before = source.snapshot()
    taken = [source.take() for _ in range(3)]
    assert taken[1:] == taken[:1] * 2
    assert source.snapshot() == before
    assert source.peek() == taken[0].ts_init


def test_every_fact_is_at_the_time_that_was_announced(case: Case, tmp_path: Path) -> None:
    source = begun(case, tmp_path)
    while (ts := source.peek()) is not None:
        message = source.take()
        assert message.ts_init == ts
        assert message.ts_event <= message.ts_init
        source.observe(message)


def test_its_own_recorded_fact_moves_it_on(case: Case, tmp_path: Path) -> None:
    source = begun(case, tmp_path)
    while source.peek() is not None:
        message = source.take()
        source.observe(message)
        assert source.peek() is None or source.take().id != message.id


def test_time_does_not_go_back_and_no_fact_comes_twice(case: Case, tmp_path: Path) -> None:
    told = drain(begun(case, tmp_path))
    times = [message.ts_init for message in told]
    assert times == sorted(times)
    assert len({message.id for message in told}) == len(told)


def test_what_it_tells_is_a_fact_and_not_an_agents_decision(case: Case, tmp_path: Path) -> None:
    for message in drain(begun(case, tmp_path)):
        assert message.payload.PUBLISHER in FACT_PUBLISHERS
        assert not published_by_agent(message)
        assert message.type == type(message.payload).__name__
        assert message.key == message.payload.key
        assert message.schema_version == message.payload.VERSION


def test_two_of_a_kind_tell_the_same(case: Case, tmp_path: Path) -> None:
    assert drain(begun(case, tmp_path)) == drain(begun(case, tmp_path))


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=25, deadline=None)
@given(cut=st.integers(0, 40))
def test_a_restart_goes_on_as_if_nothing_had_happened(
    name: str, tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    case, folder = CASES[name], tmp_path_factory.mktemp("control")
    whole = drain(begun(case, folder))
    first = begun(case, folder)
    told = drain(first, limit=cut)
    restored, folded = case.make(folder), case.make(folder)
    restored.restore(first.snapshot())
    for message in [*case.told(), *told]:
        folded.observe(message)
    assert restored.snapshot() == folded.snapshot() == first.snapshot()
    assert [*told, *drain(restored)] == whole
    assert [*told, *drain(folded)] == whole


def test_a_snapshot_is_no_window_into_the_living_state(case: Case, tmp_path: Path) -> None:
    source = begun(case, tmp_path)
    kept = source.snapshot()
    drain(source)
    assert source.snapshot() != kept
    source.restore(kept)
    assert source.snapshot() == kept


def test_messages_that_are_none_of_its_business_change_nothing(case: Case, tmp_path: Path) -> None:
    source, calm = begun(case, tmp_path), begun(case, tmp_path)
    for name in ("RunMarked", "AgentHeartbeat", "DeadLetter", "AnomalyAlert", "CopySignal", "PortfolioAttribution"):
        source.observe(seen(example(CATALOGUE[name]), 0))
    assert [message.id for message in drain(source)] == [message.id for message in drain(calm)]


def test_its_name_and_rank_are_its_own(tmp_path: Path) -> None:
    sources = [case.make(tmp_path) for case in CASES.values()]
    assert {source.name for source in sources} == set(CASES)
    assert len({source.rank for source in sources}) == len(sources)
    assert [source.name for source in sorted(sources, key=lambda source: source.rank)] == [
        "operator",
        "exchange",
        "ingest",
        "scans",
        "timers",
    ]


def test_timers_alone_do_not_keep_a_run_alive(tmp_path: Path) -> None:
    alive = {name: begun(case, tmp_path).keeps_alive for name, case in CASES.items()}
    assert alive == dict.fromkeys(CASES, True) | {"timers": False}


def test_an_unreadable_state_is_refused_and_not_half_taken(case: Case, tmp_path: Path) -> None:
    source = begun(case, tmp_path)
    before = source.snapshot()
    for broken in (b"", b"\xc1", before[:-1], msgspec.msgpack.encode("no state")):
        with pytest.raises(msgspec.MsgspecError):
            source.restore(broken)
        assert source.snapshot() == before


def silent(name: str, folder: Path) -> Any:
    return CASES[name].make(folder).peek()


@pytest.mark.parametrize("name", ["scans", "timers"])
def test_without_a_cause_there_is_nothing_to_tell(name: str, tmp_path: Path) -> None:
    assert silent(name, tmp_path) is None


class Instant:
    """Tells of some segments, all at one instant."""

    keeps_alive = True

    def __init__(self, name: str, rank: int) -> None:
        self.name, self.rank, self.told = name, rank, 0

    def peek(self) -> int | None:
        return 100 if self.told < 3 else None

    def take(self) -> Message:
        return seen(example(CATALOGUE["SegmentSealed"], segment_id=f"{self.name}{self.told}"), 100)

    def observe(self, message: Message) -> None:
        self.told += message.key.startswith(self.name)

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(self.told)

    def restore(self, state: bytes) -> None:
        self.told = msgspec.msgpack.decode(state)


def log_of(sources: list[FactSource], told: list[Message]) -> list[str]:
    """The ids in the log of an engine that is given sources in this order."""
    store = MemoryEventStore()
    engine = Engine(store, [], "paper", sources=sources)
    engine.start()
    for message in told:
        engine.offer(message)
    engine.run()
    return [record.id for record in store.read()]


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(4)))
def test_facts_of_one_instant_come_by_rank_whatever_the_order_in_which_sources_are_given(order: list[int]) -> None:
    def made() -> list[FactSource]:
        return [Instant(name, rank) for rank, name in enumerate("dbca")]

    given_in_order, shuffled = made(), made()
    logs = log_of(given_in_order, []), log_of([shuffled[place] for place in order], [])
    assert logs[0] == logs[1]
    assert len(logs[0]) == 4 * 3 + 2


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(sorted(CASES)))
def test_the_real_sources_together_give_one_log_whatever_the_order_in_which_they_are_given(
    tmp_path_factory: pytest.TempPathFactory, order: list[str]
) -> None:
    def run(names: list[str]) -> list[str]:
        folder = tmp_path_factory.mktemp("control")
        for number in range(3):
            (folder / f"{number}.json").write_text('{"command": "PRUNE", "argument": "x"}')
        told = [message for name in sorted(CASES) if name != "exchange" for message in CASES[name].told()]
        return log_of([CASES[name].make(folder) for name in names], [each for each in told if each.type in OFFERED])

    assert run(order) == run(sorted(CASES))


OFFERED = {"WhaleDiscovered", "ScheduleTimer"}
"""Messages of agents that may be put into a log here: they need nobody to carry them out."""
