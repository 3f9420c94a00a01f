"""`whaletrader score`: what it prints for people and for programs, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.unit.datasets.tiny import market_row, trade_row, write_bundle
from whaletrader.cli.score import score_command
from whaletrader.datasets.simulator import SimulationParams, simulate
from whaletrader.errors import UsageError

SMALL = SimulationParams(days=60, binary_markets=80, groups=3, fills=8_000, noise=30, quoted_markets=5)

runner = CliRunner()
app = typer.Typer(rich_markup_mode=None)
app.command()(score_command)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("score") / "sim"
    simulate(folder, SMALL, seed=3)
    return folder


def run(*words: object) -> Result:
    return runner.invoke(app, [str(word) for word in words])


def test_a_leaderboard_names_its_funnel_and_is_stamped_simulated(simulated: Path) -> None:
    result = run("--data", simulated, "--top", 3)
    assert result.exit_code == 0
    assert result.stdout.startswith("SIMULATED")
    for word in ("fill:", "position:", "no_print_in_window", "INSUFFICIENT_DATA"):
        assert word in result.stdout


def test_json_carries_everything_a_program_needs(simulated: Path) -> None:
    found = json.loads(run("--data", simulated, "--json", "--top", 2, "--min-bets", 10).stdout)
    assert found["simulated"] is True
    assert set(found["leaders"]) == {"fill", "position"}
    assert all(len(rows) <= 2 for rows in found["leaders"].values())
    assert found["params"]["min_bets_fill"] == 10
    for row in found["leaders"]["fill"]:
        assert row["lower_micro"] <= row["mean_edge_micro"] <= row["upper_micro"]
    events = sum(row["events"] for row in found["funnel"])
    assert events == sum(row["events"] for row in found["edge"])


def test_the_same_seed_prints_the_same_bytes(simulated: Path) -> None:
    first, second = (run("--data", simulated, "--json", "--seed", 5).stdout for _ in range(2))
    assert first == second


def test_an_earlier_date_knows_fewer_events(simulated: Path) -> None:
    late, early = (
        json.loads(run("--data", simulated, "--json", *extra).stdout)["funnel"]
        for extra in ([], ["--as-of", "2026-04-20"])
    )
    assert sum(row["events"] for row in early) < sum(row["events"] for row in late)


def test_a_folder_that_is_no_dataset_is_refused_in_one_sentence(tmp_path: Path) -> None:
    result = run("--data", tmp_path)
    assert isinstance(result.exception, UsageError)
    assert "neither a dataset nor a data bundle" in result.exception.message


def test_a_data_bundle_is_imported_once_and_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = write_bundle(tmp_path / "small", markets=[market_row(1)], trades=[trade_row(), trade_row(who=2)])
    monkeypatch.setenv("WHALETRADER_DATA", str(bundle))
    first, second = (run("--data-dir", tmp_path / "home", "--json") for _ in range(2))
    found = json.loads(first.stdout)
    assert (found["simulated"], found["dataset"]["name"]) == (False, "small")
    assert sum(row["events"] for row in found["edge"]) == 2
    assert second.stdout == first.stdout
    assert (tmp_path / "home" / "datasets" / "small" / "dataset.json").is_file()


@pytest.mark.parametrize(
    "words",
    [("--window", "inf"), ("--window", "nan"), ("--delay", "1e10"), ("--seed", str(2**63)), ("--window", "-1")],
)
def test_a_number_out_of_range_is_bad_usage(simulated: Path, words: tuple[str, str]) -> None:
    result = run("--data", simulated, *words)
    assert result.exit_code == 2
    assert words[0] in result.output


@pytest.mark.parametrize("date", ["0001-01-01T00:00+05:00", "9999-01-01", "1969-12-31"])
def test_a_date_before_or_after_the_venues_time_is_refused(simulated: Path, date: str) -> None:
    result = run("--data", simulated, "--as-of", date)
    assert isinstance(result.exception, UsageError)


def test_a_date_that_is_none_is_refused(simulated: Path) -> None:
    result = run("--data", simulated, "--as-of", "yesterday")
    assert isinstance(result.exception, UsageError)
    assert "--as-of" in result.exception.message


def test_help_imports_nothing_heavy() -> None:
    program = "import sys, whaletrader.cli.score; print([m for m in ('numpy', 'polars', 'rich') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
