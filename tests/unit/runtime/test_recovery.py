"""Recovery folds what was recorded and decides nothing; a snapshot is a cache that may be thrown away."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.synthetic import QUIET, Counted, Run, Scripted, agents, open_store
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.errors import AgentFault, CorruptLogError
from whaletrader.messages.envelope import Message, Payload
from whaletrader.ports.store import Batch, Snapshot
from whaletrader.runtime.records import domain_bytes, to_message

NO_SNAPSHOTS = msgspec.structs.replace(QUIET, snapshot_every=1_000_000)


def refuse(state: Any, message: Message) -> Sequence[Payload]:
    raise AssertionError("recovery must not decide")


def mute_agents() -> list[Scripted]:
    """The scenario's agents, which fail when they are asked to decide."""
    return [Scripted(agent.name, set(agent.subscribes), refuse) for agent in agents()]


def finished(folder: Path, facts: int = 20, **given: Any) -> Run:
    run = Run(MemoryEventStore(), folder, facts, **given)
    run.engine.run()
    return run


@pytest.mark.parametrize("settings", [QUIET, NO_SNAPSHOTS])
def test_every_state_comes_back_without_deciding_anything(tmp_path: Path, settings: Any) -> None:
    before = finished(tmp_path, settings=settings)
    after = Run(before.store, tmp_path, 20, agents=mute_agents(), settings=settings)
    found = after.engine.start()
    for agent in agents():
        assert after.engine.state_of(agent.name) == before.engine.state_of(agent.name)
    assert after.engine.clock == before.engine.clock
    assert after.totals.counts == {**before.totals.counts, "RunMarked": before.totals.counts["RunMarked"] + 1}
    assert after.carrier.calls == []
    assert (found.from_snapshot > 0) == (settings is QUIET)
    assert found.from_snapshot + found.folded == before.store.progress().count


def test_a_finished_run_that_is_started_again_adds_operations_only(tmp_path: Path) -> None:
    before = finished(tmp_path)
    stream = domain_bytes(before.store)
    assert Run(before.store, tmp_path, 20).engine.run()
    assert domain_bytes(before.store) == stream


def test_what_was_recorded_and_not_handled_is_handled_after_recovery(tmp_path: Path) -> None:
    whole = finished(tmp_path)
    facts_only = MemoryEventStore()
    first = next(record for record in whole.store.read() if record.type == "WhaleTradeObserved")
    alone = first._replace(offset=1)
    facts_only.commit(Batch(records=[alone], facts=[alone], handled=0), durable=False)
    folder = tmp_path / "again"
    folder.mkdir()
    run = Run(facts_only, folder, 20)
    assert [offset for offset, _ in run.engine.start().unhandled] == [1]
    run.engine.run()
    assert domain_bytes(facts_only) == domain_bytes(whole.store)


def test_an_agent_whose_fold_fails_on_recovery_is_named(tmp_path: Path) -> None:
    class Failing(Scripted):
        """Cannot fold."""

        def evolve(self, state: Any, message: Message) -> Any:
            raise KeyError("gone")

    before = finished(tmp_path, settings=NO_SNAPSHOTS)
    failing = [Failing("copy_signal", {"WhaleTradeObserved"}, refuse), *mute_agents()[1:]]
    with pytest.raises(AgentFault, match=r"copy_signal\.evolve failed on WhaleTradeObserved"):
        Run(before.store, tmp_path, 20, agents=failing).engine.start()


def test_a_snapshot_of_another_state_version_is_discarded(tmp_path: Path) -> None:
    before = finished(tmp_path)
    newer = mute_agents()
    newer[2].state_version = 2
    found = Run(before.store, tmp_path, 20, agents=newer).engine.start()
    assert found.from_snapshot == 0
    assert found.folded == before.store.progress().count


def test_a_snapshot_of_other_agents_is_discarded(tmp_path: Path) -> None:
    before = finished(tmp_path)
    found = Run(before.store, tmp_path, 20, agents=mute_agents()[:3]).engine.start()
    assert found.from_snapshot == 0


def test_a_snapshot_whose_state_no_longer_fits_is_discarded(tmp_path: Path) -> None:
    class Renamed(Counted, kw_only=True):
        """A state with a new field that old snapshots do not have."""

        added: int

    class Changed(Scripted):
        """Has another kind of state."""

        state_type = Renamed  # type: ignore[assignment]

        def initial(self) -> Counted:
            return Renamed(added=1)

    before = finished(tmp_path)
    changed = [Changed("copy_signal", {"WhaleTradeObserved"}, refuse), *mute_agents()[1:]]
    assert Run(before.store, tmp_path, 20, agents=changed).engine.start().from_snapshot == 0


def test_a_damaged_snapshot_is_discarded_for_the_one_before(tmp_path: Path) -> None:
    before = finished(tmp_path)
    newest, older = before.store.snapshots()
    spoilt = newest.state[:-1] + bytes([newest.state[-1] ^ 1])
    store = before.store
    store.commit(
        Batch(
            records=[],
            handled=store.progress().handled,
            snapshot=msgspec.structs.replace(newest, state=spoilt),
        ),
        durable=False,
    )
    store._snapshots = [store._snapshots[0], older]  # type: ignore[attr-defined]
    after = Run(store, tmp_path, 20, agents=mute_agents())
    assert after.engine.start().from_snapshot == older.offset
    assert after.engine.state_of("execution") == before.engine.state_of("execution")


def test_a_snapshot_of_another_log_is_discarded(tmp_path: Path) -> None:
    before = finished(tmp_path)
    newest = next(before.store.snapshots())
    foreign = Snapshot(offset=newest.offset, head=b"\x00" * 32, state=newest.state)
    before.store._snapshots = [foreign]  # type: ignore[attr-defined]
    assert Run(before.store, tmp_path, 20).engine.start().from_snapshot == 0


def test_a_projection_that_cannot_read_its_state_discards_the_snapshot_for_all(tmp_path: Path) -> None:
    before = finished(tmp_path)
    after = Run(before.store, tmp_path, 20, agents=mute_agents())
    # Sources that were given their state already must have it taken away again, or they would fold it twice.
    after.totals.restore = lambda state: msgspec.json.decode(b"{") if state != b"{}" else None  # type: ignore[method-assign]
    found = after.engine.start()
    assert found.from_snapshot == 0
    assert after.engine.state_of("execution") == before.engine.state_of("execution")


def test_a_log_with_a_record_that_nobody_can_read_names_it(tmp_path: Path) -> None:
    before = finished(tmp_path, settings=NO_SNAPSHOTS)
    records = [record._replace(type="Forgotten") if record.offset == 5 else record for record in before.store.read()]
    store = MemoryEventStore()
    store.commit(Batch(records=records, handled=len(records)), durable=False)
    with pytest.raises(CorruptLogError, match="record 5 cannot be read: there is no message type 'Forgotten'"):
        Run(store, tmp_path, 20).engine.start()


def test_open_commands_are_sent_again_and_marked_as_such(tmp_path: Path) -> None:
    before = finished(tmp_path)
    command = next(record for record in before.store.read() if record.type == "SubmitOrder")
    before.store._open = {command.offset: None}  # type: ignore[attr-defined]
    after = Run(before.store, tmp_path, 20)
    after.engine.run()
    assert after.carrier.calls == [(command.id, True)]
    marks = [record for record in before.store.read() if record.type == "RunMarked"]
    resent = [to_message(mark).payload for mark in marks if b"RESENT" in mark.payload]
    assert [mark.detail for mark in resent] == [f"SubmitOrder {command.id}"]  # type: ignore[attr-defined]
    assert before.store.open_commands() == []


def test_the_mark_of_a_recovery_counts_what_was_found(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    run = Run(store, tmp_path, 6)
    run.engine.run()
    count = store.progress().count
    run.engine.close(clean=True)
    again = Run(open_store(tmp_path), tmp_path, 6)
    again.engine.run()
    marks = [to_message(record).payload for record in again.store.read(count) if record.type == "RunMarked"]
    details = [(mark.event, mark.detail) for mark in marks]  # type: ignore[attr-defined]
    assert details == [("RECOVERED", f"{count} records, 0 to send again, 0 unanchored"), ("ENDED", "")]
    again.engine.close()
