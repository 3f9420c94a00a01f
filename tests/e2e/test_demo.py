"""`whaletrader demo`: a run through all agents and the backtest on the same data, in one command."""

import json
from pathlib import Path

import pytest

from tests.support.command import run, write_settings


def reports(home: Path) -> list[Path]:
    return sorted((home / "reports").glob("*/report.json"))


@pytest.mark.slow
def test_the_demo_runs_backtests_and_ends_on_a_simulated_market(small_market: Path, tmp_path: Path) -> None:
    home = write_settings(tmp_path / "home")
    done = run("demo", "--exit", "--data", small_market, "--data-dir", home, "--port", 0)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("SIMULATED: ")
    assert "Baseline" in done.stdout
    (report,) = reports(home)
    assert str(report.with_name("report.html")) in done.stderr
    assert "SIMULATED" in report.with_name("report.html").read_text()
    assert json.loads(report.read_text())["stamp"] == "SIMULATED"
    info = json.loads((home / "runs/0001/run.json").read_text())
    assert (info["state"], info["simulated"]) == ("ended", True)


@pytest.mark.slow
def test_the_demo_runs_on_real_data(bundle: Path, tmp_path: Path) -> None:
    done = run("demo", "--exit", "--data", bundle, "--data-dir", tmp_path, "--port", 0)
    assert done.returncode == 0, done.stderr
    assert "SIMULATED" not in done.stdout + done.stderr
    (report,) = reports(tmp_path)
    assert json.loads(report.read_text())["stamp"] == ""
    assert "SIMULATED" not in report.with_name("report.html").read_text()
