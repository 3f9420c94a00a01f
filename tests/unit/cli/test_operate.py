"""`kill`, `resume`, `status` and `doctor`, with and without a process that runs."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from whaletrader.app.layout import DataDirectory
from whaletrader.app.lock import DirectoryLock
from whaletrader.cli.main import app
from whaletrader.errors import UsageError
from whaletrader.runtime.latch import KillLatch


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path)
    made.ensure()
    return made


def command(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def asked(directory: DataDirectory) -> list[dict[str, str]]:
    return [json.loads(path.read_text()) for path in sorted(directory.control.glob("*.json"))]


def begin_run(directory: DataDirectory, state: str) -> None:
    folder = directory.new_run()
    folder.log.touch()
    folder.info.write_text(json.dumps({"run_id": "0001", "source": "sim", "simulated": True, "state": state}))


def test_kill_throws_the_latch_with_its_reason(directory: DataDirectory) -> None:
    done = command("kill", "--reason", "odd fills", "--data-dir", directory.root)
    assert done.exit_code == 0
    state = KillLatch(directory.latch).read()
    assert state is not None
    assert state.reason == "odd fills"
    assert state.ts > 0
    assert "no process runs here" in done.output
    assert asked(directory) == []


def test_kill_makes_the_data_directory_where_there_is_none(tmp_path: Path) -> None:
    assert command("kill", "--data-dir", tmp_path / "new").exit_code == 0
    assert KillLatch(DataDirectory(tmp_path / "new").latch).thrown()


def test_the_first_reason_stays(directory: DataDirectory) -> None:
    command("kill", "--reason", "first", "--data-dir", directory.root)
    command("kill", "--reason", "second", "--data-dir", directory.root)
    state = KillLatch(directory.latch).read()
    assert state is not None
    assert state.reason == "first"


def test_a_running_process_is_asked_to_halt_and_to_trade_again(directory: DataDirectory) -> None:
    with DirectoryLock(directory.lock):
        killed = command("kill", "--reason", "odd", "--data-dir", directory.root)
        resumed = command("resume", "--data-dir", directory.root)
    assert f"process {os.getpid()} sends nothing but cancels" in killed.output
    assert f"process {os.getpid()} is asked to trade again" in resumed.output
    assert [one["command"] for one in asked(directory)] == ["KILL", "RESUME"]
    assert asked(directory)[0]["argument"] == "odd"
    assert asked(directory)[0]["operator"] != ""


@pytest.mark.parametrize(("state", "commands"), [("interrupted", ["RESUME"]), ("running", ["RESUME"]), ("ended", [])])
def test_only_a_run_that_can_go_on_is_left_a_resume(directory: DataDirectory, state: str, commands: list[str]) -> None:
    """An interrupted run that was killed would go on halted; one that ended has nobody to read it."""
    begin_run(directory, state)
    done = command("resume", "--data-dir", directory.root)
    assert done.exit_code == 0
    assert [one["command"] for one in asked(directory)] == commands
    assert ("when it goes on" in done.output) == bool(commands)


def test_resume_clears_the_latch(directory: DataDirectory) -> None:
    KillLatch(directory.latch).throw("test", 1)
    assert "the kill latch is cleared" in command("resume", "--data-dir", directory.root).output
    assert not KillLatch(directory.latch).thrown()
    assert "was not thrown" in command("resume", "--data-dir", directory.root).output


def test_status_of_an_empty_directory_says_how_to_begin(directory: DataDirectory) -> None:
    done = command("status", "--data-dir", directory.root)
    assert done.exit_code == 0
    assert "no process here" in done.output
    assert "kill latch: not thrown" in done.output
    assert "whaletrader up --source sim" in done.output


def test_status_names_the_process_and_the_latchs_reason(directory: DataDirectory) -> None:
    KillLatch(directory.latch).throw("odd fills", 1)
    with DirectoryLock(directory.lock):
        said = command("status", "--data-dir", directory.root).output
        body = json.loads(command("status", "--json", "--data-dir", directory.root).output)
    assert f"running: process {os.getpid()}" in said
    assert "kill latch: THROWN, odd fills" in said
    assert body["latch"] == {"reason": "odd fills", "ts": 1}
    assert body["running_pid"] == os.getpid()
    assert body["run"] is None


def test_doctor_prints_every_check_and_fails_with_the_worst(directory: DataDirectory) -> None:
    (directory.root / "whaletrader.toml").write_text("[web]\nport = 0\n")
    done = command("doctor", "--data-dir", directory.root)
    assert done.exit_code == 0
    assert all(line.startswith("ok ") for line in done.output.splitlines())
    KillLatch(directory.latch).throw("test", 1)
    done = command("doctor", "--data-dir", directory.root)
    assert done.exit_code == 1
    assert "FAIL kill latch" in done.output


def test_the_breaker_is_reset_only_when_asked(directory: DataDirectory) -> None:
    begin_run(directory, "interrupted")
    done = command("resume", "--breaker", "--data-dir", directory.root)
    assert "with the breaker reset" in done.output
    assert [one["command"] for one in asked(directory)] == ["RESET_BREAKER", "RESUME"]


@pytest.mark.parametrize("held", [True, False])
def test_a_leader_is_dropped_from_the_run_that_is_there(directory: DataDirectory, held: bool) -> None:
    wallet = "0x" + "Ab" * 20
    if held:
        with DirectoryLock(directory.lock):
            done = command("prune", wallet, "--data-dir", directory.root)
    else:
        begin_run(directory, "interrupted")
        done = command("prune", wallet, "--data-dir", directory.root)
    assert done.exit_code == 0
    assert wallet.lower() in done.output
    assert [(one["command"], one["argument"]) for one in asked(directory)] == [("PRUNE", wallet.lower())]


@pytest.mark.parametrize("wallet", ["", "0x12", "alice", "0x" + "g" * 40])
def test_what_is_no_wallet_cannot_be_dropped(directory: DataDirectory, wallet: str) -> None:
    begin_run(directory, "interrupted")
    done = command("prune", wallet, "--data-dir", directory.root)
    assert isinstance(done.exception, UsageError)
    assert "is no wallet" in done.exception.message
    assert asked(directory) == []


def test_without_a_run_nobody_can_be_dropped(directory: DataDirectory) -> None:
    done = command("prune", "0x" + "0" * 40, "--data-dir", directory.root)
    assert isinstance(done.exception, UsageError)
    assert asked(directory) == []
