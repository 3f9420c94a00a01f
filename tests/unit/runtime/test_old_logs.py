"""A log that an earlier version wrote opens, is sound, and gives the same states as it did then."""

import shutil
from pathlib import Path

import msgspec
import pytest

from tests.support.old_logs import DATA, copy_of
from tests.support.synthetic import Run, agents
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.runtime.audit import verify
from whaletrader.runtime.replay import replay

SYNTHETIC = "log_v1/synthetic"
FACTS = 12


@pytest.fixture
def log(tmp_path: Path) -> Path:
    shutil.copy(DATA / SYNTHETIC / "exchange.jsonl", tmp_path / "exchange.jsonl")
    return copy_of(SYNTHETIC, tmp_path)


def test_the_old_log_is_sound_and_its_decisions_are_made_again(log: Path) -> None:
    store = SqliteEventStore.open_reader(log)
    audit = verify(store, lambda bounds, signature, _: signature == bounds.approval_id.encode())
    assert audit.findings == []
    assert audit.seals == 8
    assert replay(store, agents(), "paper").difference is None
    store.close(clean=False)


def test_the_states_are_those_of_then_and_the_run_goes_on(log: Path) -> None:
    then = msgspec.json.decode((DATA / SYNTHETIC / "states.json").read_bytes())
    run = Run(SqliteEventStore.open(log), log.parent, FACTS)
    run.engine.start()
    assert {agent.name: msgspec.to_builtins(run.engine.state_of(agent.name)) for agent in agents()} == then
    assert run.engine.run()
    run.engine.close()
