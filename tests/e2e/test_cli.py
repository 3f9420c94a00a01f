"""The command as a person uses it: begin, stop, go on, look, kill, resume, explain, replay, audit."""

import json
import shutil
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from tests.support.command import TIMEOUT_S, fact_rows, head_of, refused, run, running, write_settings
from tests.support.compare import domain_stream, log_of
from tests.support.waiting import wait_until
from whaletrader.runtime.latch import KillLatch

COMMANDS = [
    ("up",),
    ("demo",),
    ("score",),
    ("backtest",),
    ("replay",),
    ("explain",),
    ("status",),
    ("kill",),
    ("resume",),
    ("doctor",),
    ("data", "import"),
    ("data", "info"),
    ("data", "verify"),
    ("config", "show"),
    ("config", "check"),
    ("audit", "verify"),
]
SLOW_S = 300
"""Marks that often keep the small market busy for a few seconds."""


def up(dataset: Path, home: Path, *words: object):
    return run("up", "--source", f"replay:{dataset}", "--data-dir", home, "--no-dashboard", *words)


def slow_words(dataset: Path, home: Path) -> tuple[object, ...]:
    return ("up", "--source", f"replay:{dataset}", "--data-dir", home, "--no-dashboard")


@pytest.fixture(scope="module")
def whole(small_market: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple]:
    """The domain stream of the market's run when nobody interrupts it."""
    home = write_settings(tmp_path_factory.mktemp("whole") / "home", mark_interval_s=SLOW_S)
    done = up(small_market, home)
    assert done.returncode == 0, done.stderr
    return domain_stream(log_of(home))


@pytest.fixture(scope="module")
def traded(small_scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which the scenario was run to its end."""
    home = write_settings(tmp_path_factory.mktemp("traded") / "home")
    done = up(small_scenario, home)
    assert done.returncode == 0, done.stderr
    (home / "said").write_text(done.stdout)
    return home


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_tells_its_options_and_an_example(words: tuple[str, ...]) -> None:
    from typer.testing import CliRunner

    from whaletrader.cli.main import app

    said = CliRunner().invoke(app, [*words, "--help"]).output
    assert "Example:" in said
    assert f"whaletrader {' '.join(words)}" in " ".join(said.partition("Example:")[2].split())


def test_the_command_alone_lists_all_commands() -> None:
    done = run("--help")
    assert done.returncode == 0
    listed = {line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line.startswith("  ")}
    assert {words[0] for words in COMMANDS} <= listed


# ---- stop and go on


def test_ctrl_c_stops_cleanly_and_only_a_start_with_the_same_settings_goes_on(
    small_market: Path, tmp_path: Path, whole: list[tuple]
) -> None:
    home = write_settings(tmp_path / "home", mark_interval_s=SLOW_S)
    with running(tmp_path / "errors", *slow_words(small_market, home)) as first:
        first.wait_for("  0 %  ")
        code, output = first.interrupt()
    assert code == 0
    assert "the next `whaletrader up` with the same source goes on" in first.said
    assert "SIMULATED" in output
    status = json.loads(run("status", "--data-dir", home, "--json").stdout)
    assert (status["run"]["state"], status["running_pid"]) == ("interrupted", 0)
    assert run("audit", "verify", "--data-dir", home).returncode == 0
    refused(up(small_market, home, "--seed", "7"), 2, "run 0001", "other data or settings", "--new")
    again = up(small_market, home)
    assert "going on with run 0001" in again.stderr
    assert again.returncode == 0
    assert domain_stream(log_of(home)) == whole


def test_killed_while_it_runs_it_goes_on_where_it_was(small_market: Path, tmp_path: Path, whole: list[tuple]) -> None:
    home = write_settings(tmp_path / "home", mark_interval_s=SLOW_S)
    with running(tmp_path / "errors", *slow_words(small_market, home)) as first:
        first.wait_for("  0 %  ")
        first.process.send_signal(signal.SIGKILL)
        first.end()
    status = json.loads(run("status", "--data-dir", home, "--json").stdout)
    assert (status["run"]["state"], status["running_pid"]) == ("interrupted", 0)
    again = up(small_market, home)
    assert again.returncode == 0
    assert domain_stream(log_of(home)) == whole


def test_a_run_that_ended_is_followed_by_a_new_one_with_the_same_log(small_scenario: Path, traded: Path) -> None:
    again = up(small_scenario, traded)
    assert again.returncode == 0
    assert head_of(again.stdout) == head_of((traded / "said").read_text())
    assert (traded / "runs" / "0002" / "log.db").is_file()
    assert domain_stream(log_of(traded, "0001")) == domain_stream(log_of(traded, "0002"))


# ---- kill and resume


def test_kill_and_resume_reach_a_running_process(small_market: Path, small_scenario: Path, tmp_path: Path) -> None:
    home = write_settings(tmp_path / "home", mark_interval_s=120)

    def n_asked() -> int:
        with sqlite3.connect(f"file:{log_of(home)}?mode=ro", uri=True, timeout=10) as log:
            return log.execute("SELECT count(*) FROM records WHERE type = 'OperatorCommand'").fetchone()[0]

    def asked() -> list[str]:
        return [command.command for command in fact_rows(log_of(home), "OperatorCommand")]

    with running(tmp_path / "errors", *slow_words(small_market, home)) as first:
        first.wait_for("  0 %  ")
        began = time.monotonic()
        killed = run("kill", "--reason", "a test", "--data-dir", home)
        seconds = time.monotonic() - began
        assert f"process {first.process.pid}" in killed.stdout
        assert "kill latch: THROWN, a test" in run("status", "--data-dir", home).stdout
        assert run("resume", "--data-dir", home).returncode == 0
        wait_until(lambda: n_asked() == 3, TIMEOUT_S, "the run's hearing of it")
        code, _ = first.interrupt()
    assert (killed.returncode, code) == (0, 0)
    assert asked() == ["START", "KILL", "RESUME"]
    print(f"kill answered in {seconds:.2f} s")
    assert seconds <= 5.0  # under a second on a machine that does nothing else
    # The interrupted run had other data: a new one leaves it as it is.
    assert up(small_scenario, home, "--new").returncode == 0
    assert fact_rows(log_of(home, "0002"), "OrderFilled") != []
    assert asked() == ["START", "KILL", "RESUME"]


def test_kill_works_without_any_process_and_holds_for_the_next_one(small_scenario: Path, tmp_path: Path) -> None:
    home = write_settings(tmp_path / "home")
    killed = run("kill", "--data-dir", home)
    assert killed.returncode == 0
    assert "no process runs here" in killed.stdout
    done = up(small_scenario, home)
    assert done.returncode == 0
    assert "KILLED: the kill latch is thrown" in done.stderr
    reports = fact_rows(log_of(home), "OrderReport")
    assert {report.kind for report in reports} == {"NOT_SENT"}
    assert {report.reason for report in reports} == {"KILL_LATCH"}
    assert fact_rows(log_of(home), "OrderFilled") == []
    resumed = run("resume", "--data-dir", home)
    assert resumed.returncode == 0
    assert not KillLatch(home / "kill.latch").thrown()
    again = up(small_scenario, home)
    assert "KILLED" not in again.stderr
    assert fact_rows(log_of(home, "0002"), "OrderFilled") != []


def test_resume_without_anything_to_resume_says_so(tmp_path: Path) -> None:
    done = run("resume", "--data-dir", tmp_path)
    assert done.returncode == 0
    assert "no run waits here" in done.stdout
    assert list((tmp_path / "control").iterdir()) == []


# ---- look


def test_status_tells_what_the_run_told(traded: Path) -> None:
    status = run("status", "--data-dir", traded)
    told = (traded / "said").read_text().splitlines()
    assert set(told) <= set(status.stdout.splitlines())
    assert "no process here" in status.stdout
    body = json.loads(run("status", "--data-dir", traded, "--json").stdout)
    assert body["summary"]["ended"] is True
    assert body["summary"]["simulated"] is True
    assert len(body["newest"]) == 5


def test_a_fill_an_order_and_its_event_tell_the_same_story(traded: Path) -> None:
    fill = fact_rows(log_of(traded), "OrderFilled")[0]
    asked = [fill.order_hash, fill.trade_id, fill.approval_id]
    stories = [json.loads(run("explain", name, "--data-dir", traded, "--json").stdout) for name in asked]
    assert stories[0]["steps"] == stories[1]["steps"] == stories[2]["steps"]
    types = [step["type"] for step in stories[0]["steps"]]
    wanted = ["WhaleTradeObserved", "CopySignal", "ApprovedTrade", "SubmitOrder", "OrderFilled", "MarketResolved"]
    places = [types.index(name) for name in wanted]
    assert places == sorted(places)


def test_explain_names_an_id_that_nobody_knows(traded: Path) -> None:
    refused(run("explain", "0xdead", "--data-dir", traded), 2, "0xdead", "whaletrader status")


def test_a_replay_decides_the_same(traded: Path) -> None:
    done = run("replay", "0001", "--data-dir", traded)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("the same: ")


def test_an_audit_names_the_record_whose_byte_was_flipped(traded: Path, tmp_path: Path) -> None:
    sound = run("audit", "verify", "0001", "--data-dir", traded)
    assert sound.returncode == 0
    assert "sound" in sound.stdout
    folder = Path(shutil.copytree(traded / "runs" / "0001", tmp_path / "0001"))
    data = bytearray((folder / "log.db").read_bytes())
    place = data.index(b"PER_TRADE")
    data[place] ^= 1
    (folder / "log.db").write_bytes(data)
    damaged = run("audit", "verify", folder, "--data-dir", traded)
    assert damaged.returncode == 1
    assert "FAULT at record " in damaged.stdout
    assert "not sound" in damaged.stdout


def test_doctor_finds_a_run_in_order_and_names_a_thrown_latch(traded: Path) -> None:
    assert run("doctor", "--data-dir", traded).returncode == 0
    KillLatch(traded / "kill.latch").throw("a test", 1)
    done = run("doctor", "--data-dir", traded, "--json")
    KillLatch(traded / "kill.latch").clear()
    assert done.returncode == 1
    failed = [check["name"] for check in json.loads(done.stdout) if not check["ok"]]
    assert failed == ["kill latch"]


def test_config_show_tells_where_each_value_came_from(traded: Path) -> None:
    shown = json.loads(
        run("config", "show", "--json", "--data-dir", traded, WHALETRADER_LIMITS__PER_TRADE="0.01").stdout
    )
    assert shown["execution.max_slippage"] == {"value": "0.03", "origin": "whaletrader.toml"}
    assert shown["limits.per_trade"] == {"value": "0.01", "origin": "WHALETRADER_LIMITS__PER_TRADE"}
    assert shown["seed"]["origin"] == "default"
    assert run("config", "check", "--data-dir", traded).returncode == 0
