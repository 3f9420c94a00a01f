"""Looking at a run from outside: which log is meant, what it says, and whether it is whole."""

import json
from pathlib import Path

import pytest

from tests.support.logs import description, write_log
from whaletrader.app.inspect import audit_log, described, find_log, reading, replay_log, status_of, story_of
from whaletrader.app.layout import DataDirectory
from whaletrader.app.run_info import read_info, unfinished
from whaletrader.config.tree import AccountSettings, Settings
from whaletrader.errors import CorruptLogError, StorageError, UsageError


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path / "home")
    made.ensure()
    return made


def test_the_newest_runs_log_is_meant_when_none_is_named(directory: DataDirectory) -> None:
    with pytest.raises(UsageError, match="no run in"):
        find_log(directory, None)
    directory.new_run()
    newest = directory.new_run()
    newest.log.touch()
    assert find_log(directory, None) == newest.log


def test_a_log_is_named_by_its_file_its_folder_or_its_runs_number(directory: DataDirectory) -> None:
    folder = directory.new_run()
    folder.log.touch()
    for named in (str(folder.log), str(folder.root), folder.run_id):
        assert find_log(directory, named) == folder.log
    with pytest.raises(UsageError, match="no log 0002"):
        find_log(directory, "0002")


def test_a_log_says_what_it_was_started_with(tmp_path: Path) -> None:
    with reading(write_log(tmp_path / "log.db")) as store:
        told = described(store)
    assert told.dataset == "f" * 64
    assert told.simulated
    assert told.trader.account_id == "paper"
    assert told.tree() == Settings(account=AccountSettings(starting_equity_micro=5_000_000))


def test_a_run_on_real_data_is_not_called_simulated(tmp_path: Path) -> None:
    with reading(write_log(tmp_path / "log.db", description(kind="real"))) as store:
        assert not described(store).simulated


@pytest.mark.parametrize("genesis", [b"", b"{", b'{"dataset": 1}'])
def test_a_log_that_is_no_run_of_ours_is_refused(tmp_path: Path, genesis: bytes) -> None:
    with (
        reading(write_log(tmp_path / "log.db", genesis)) as store,
        pytest.raises(CorruptLogError, match="started with"),
    ):
        described(store)


def test_a_log_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no event log"), reading(tmp_path / "log.db"):
        pytest.fail("it opened a log that is not there")


def test_reading_writes_nothing(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.db")
    before = log.read_bytes()
    with reading(log) as store:
        assert store.progress().count == 2
    assert log.read_bytes() == before


def test_a_log_decided_again_by_the_same_code_is_the_same(tmp_path: Path) -> None:
    result = replay_log(write_log(tmp_path / "log.db"))
    assert result.difference is None
    assert result.handled == 1


def test_a_decision_that_nobody_takes_now_is_the_first_difference(tmp_path: Path) -> None:
    result = replay_log(write_log(tmp_path / "log.db", with_orphan=True))
    assert result.difference is not None
    assert "record 1" in result.difference.sentence()


def test_an_audit_without_a_key_leaves_the_seals_alone(directory: DataDirectory, tmp_path: Path) -> None:
    audit = audit_log(write_log(tmp_path / "log.db"), directory)
    assert audit.sound
    assert (audit.records, audit.seals) == (2, 0)
    assert not (directory.keys / "seal.key").exists()


def test_an_audit_names_a_changed_record(directory: DataDirectory, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.db")
    data = bytearray(log.read_bytes())
    data[data.rindex(b"operator-of-this-test")] ^= 1
    log.write_bytes(data)
    audit = audit_log(log, directory)
    assert not audit.sound
    assert audit.findings[0].place == "record 1"


def test_a_story_is_told_by_any_id_of_the_log(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.db")
    with reading(log) as store:
        first = next(iter(store.read()))
    assert story_of(log, first.id).steps[0].message_id == first.id
    with pytest.raises(UsageError, match="nonsense"):
        story_of(log, "nonsense")


def test_status_folds_the_newest_run(directory: DataDirectory) -> None:
    assert status_of(directory).run is None
    folder = directory.new_run()
    write_log(folder.log)
    folder.info.write_text(json.dumps({"run_id": "0001", "source": "sim", "simulated": True, "state": "running"}))
    status = status_of(directory)
    assert status.run is not None
    assert status.run.state == "interrupted"  # nobody runs here, whatever the file says
    assert status.summary is not None
    assert status.summary.starting_equity_micro == 5_000_000
    assert status.summary.simulated
    assert (status.running_pid, status.latch, status.newest) == (0, None, ())


def test_a_run_can_go_on_until_it_has_ended(directory: DataDirectory) -> None:
    assert not unfinished(directory)
    folder = directory.new_run()
    assert not unfinished(directory)
    folder.log.touch()
    assert unfinished(directory)
    for state, expected in (("running", True), ("interrupted", True), ("ended", False)):
        folder.info.write_text(json.dumps({"run_id": "0001", "source": "sim", "simulated": True, "state": state}))
        assert unfinished(directory) is expected
    folder.info.write_text("{")
    assert read_info(folder) is None
    assert unfinished(directory)
