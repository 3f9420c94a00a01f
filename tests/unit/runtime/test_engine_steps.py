"""Driving the engine fact by fact is the same as running it, also after a stop in the middle of something."""

from pathlib import Path

from tests.support.synthetic import QUIET, Run
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.ports.store import Batch
from whaletrader.runtime.records import domain_bytes


def cut(store: MemoryEventStore, count: int, handled: int) -> MemoryEventStore:
    """The first records of a log, of which some are not handled yet."""
    left = MemoryEventStore()
    records = [record for record in store.read() if record.offset <= count]
    facts = [record for record in records if store.fact(record.id) is not None]
    left.commit(Batch(records=records, facts=facts, handled=handled), durable=True)
    return left


def test_a_step_after_a_recovery_handles_what_was_left_before_it_takes_a_new_fact(tmp_path: Path) -> None:
    whole = Run(MemoryEventStore(), tmp_path, 6, settings=QUIET)
    whole.engine.run()
    first = next(record.offset for record in whole.store.read() if record.type == "WhaleTradeObserved")
    process = Run(cut(whole.store, first, first - 1), tmp_path, 6, settings=QUIET)
    process.engine.start()
    while process.engine.step():
        pass
    process.engine.run()
    assert domain_bytes(process.store) == domain_bytes(whole.store)
