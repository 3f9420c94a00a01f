"""`whaletrader score`: what it prints for people and for programs, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from tests.unit.datasets.tiny import market_row, trade_row, write_bundle
from whaletrader.cli.score import app
from whaletrader.datasets.simulator import SimulationParams, simulate
from whaletrader.errors import StorageError, UsageError

SMALL = SimulationParams(days=60, binary_markets=80, groups=3, fills=8_000, noise=30, quoted_markets=5)

runner = CliRunner()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("score") / "sim"
    simulate(folder, SMALL, seed=3)
    return folder


@pytest.fixture(scope="module")
def found(simulated: Path) -> dict[str, object]:
    """The JSON of a run with everything in it."""
    return dict(json.loads(run("--data", simulated, "--json", "--top", 2, "--min-bets", 10).stdout))


def run(*words: object) -> Result:
    return runner.invoke(app, [str(word) for word in words])


# ---- for people


def test_a_leaderboard_names_its_funnel_and_is_stamped_simulated(simulated: Path) -> None:
    result = run("--data", simulated, "--top", 3)
    assert result.exit_code == 0
    assert result.stdout.startswith("SIMULATED")
    for word in ("fill, taker:", "position, taker:", "no_print_in_window", "withheld:", "mirrored", "Thresholds "):
        assert word in result.stdout


def test_without_placebos_there_are_none(simulated: Path) -> None:
    result = run("--data", simulated, "--no-placebo")
    assert "mirrored" not in result.stdout
    assert "without skill" not in result.stderr


def test_long_work_is_told_on_standard_error_stage_by_stage(simulated: Path) -> None:
    result = run("--data", simulated)
    assert result.stderr.splitlines()[:2] == ["pricing and judging every wallet", "judging wallets without skill"]


def test_every_policy_has_its_own_board(simulated: Path) -> None:
    result = run("--data", simulated, "--policies", "taker,first_hold", "--no-placebo", "--top", 1)
    assert "fill, taker:" in result.stdout
    assert "fill, first_hold:" in result.stdout


# ---- for programs


def test_json_carries_everything_a_program_needs(found: dict[str, object]) -> None:
    assert found["simulated"] is True
    assert found["stamp"] == "SIMULATED"
    assert found["parameters"]["min_bets_fill"] == 10  # type: ignore[index]
    assert len(found["thresholds"]["sha256"]) == 64  # type: ignore[index]
    counts: dict[str, int] = {}
    for row in found["best"]:  # type: ignore[attr-defined]
        assert row["lower"] <= row["edge"] <= row["upper"]
        counts[row["kind"]] = counts.get(row["kind"], 0) + 1
    assert all(n <= 2 for n in counts.values())


def test_the_funnel_of_wallets_never_widens_and_the_withheld_are_all_told(found: dict[str, object]) -> None:
    for kind in ("fill", "position"):
        steps = {row["step"]: row["wallets"] for row in found["steps"] if row["kind"] == kind}  # type: ignore[attr-defined]
        for wider, narrower in (("found", "priced"), ("priced", "enough_bets"), ("enough_bets", "tested"),
                                ("tested", "lower_above_zero"), ("lower_above_zero", "survived_fdr")):  # fmt: skip
            assert steps[wider] >= steps[narrower]
        withheld = sum(row["wallets"] for row in found["withheld"] if row["kind"] == kind)  # type: ignore[attr-defined]
        assert steps["found"] - steps["tested"] == withheld


def test_placebos_stand_beside_the_observed(found: dict[str, object]) -> None:
    names = {row["which"] for row in found["placebo"]}  # type: ignore[attr-defined]
    assert names == {"observed", "mirrored", "random-1", "random-2"}
    for row in found["placebo"]:  # type: ignore[attr-defined]
        assert row["p_curve"]["x"] == sorted(row["p_curve"]["x"])
        assert row["p_curve"]["y"] == sorted(row["p_curve"]["y"])


def test_nothing_in_the_json_is_no_number(simulated: Path) -> None:
    text = run("--data", simulated, "--json").stdout
    assert "NaN" not in text
    assert "Infinity" not in text


def test_the_same_seed_prints_the_same_bytes(simulated: Path) -> None:
    first, second = (run("--data", simulated, "--json", "--seed", 5).stdout for _ in range(2))
    assert first == second


def test_an_earlier_date_knows_fewer_events(simulated: Path) -> None:
    late, early = (
        json.loads(run("--data", simulated, "--json", "--no-placebo", *extra).stdout)["events"]
        for extra in ([], ["--as-of", "2026-04-20"])
    )
    assert sum(row["count"] for row in early) < sum(row["count"] for row in late)


def test_a_data_bundle_is_imported_once_and_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = write_bundle(tmp_path / "small", markets=[market_row(1)], trades=[trade_row(), trade_row(who=2)])
    monkeypatch.setenv("WHALETRADER_DATA", str(bundle))
    first, second = (run("--data-dir", tmp_path / "home", "--json") for _ in range(2))
    told = json.loads(first.stdout)
    assert (told["simulated"], told["stamp"], told["dataset"]["name"]) == (False, "", "small")
    assert sum(row["count"] for row in told["events"]) == 2
    assert told["headline"]["verdict"] == "nobody_judged"
    assert second.stdout == first.stdout
    assert (tmp_path / "home" / "datasets" / "small" / "dataset.json").is_file()


# ---- files


def test_the_page_and_the_whole_frame_are_written(simulated: Path, tmp_path: Path) -> None:
    page, table, columns = (tmp_path / name for name in ("scores.html", "scores.csv", "scores.parquet"))
    result = run("--data", simulated, "--html", page, "--csv", table, "--parquet", columns)
    assert result.exit_code == 0
    assert page.read_text().startswith("<!doctype html>")
    frame = pl.read_parquet(columns)
    assert frame.height == pl.read_csv(table, infer_schema=False).height > 0
    assert {"policy", "kind", "rank", "address", "verdict", "withheld", "lower_micro"} <= set(frame.columns)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.csv", "scores.html", "scores.parquet"]
    assert f"written: {page}" in result.stderr


def test_a_file_that_is_there_is_replaced_as_a_whole(simulated: Path, tmp_path: Path) -> None:
    page = tmp_path / "scores.html"
    page.write_text("old")
    run("--data", simulated, "--no-placebo", "--html", page)
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("option", ["--html", "--csv", "--parquet"])
def test_a_file_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path, option: str) -> None:
    result = run(option, tmp_path / "gone" / "file")
    assert isinstance(result.exception, UsageError)
    assert "there is no folder" in result.exception.message
    folder = run(option, tmp_path)
    assert isinstance(folder.exception, UsageError)
    assert "is a folder" in folder.exception.message


def test_a_disk_that_refuses_is_told_and_leaves_nothing_half_written(simulated: Path, tmp_path: Path) -> None:
    (tmp_path / ".scores.csv.partial").mkdir()
    result = run("--data", simulated, "--no-placebo", "--csv", tmp_path / "scores.csv")
    assert isinstance(result.exception, StorageError)
    assert "scores.csv" in result.exception.message
    assert not (tmp_path / "scores.csv").exists()


# ---- what is refused


def test_a_folder_that_is_no_dataset_is_refused_in_one_sentence(tmp_path: Path) -> None:
    result = run("--data", tmp_path)
    assert isinstance(result.exception, UsageError)
    assert "neither a dataset nor a data bundle" in result.exception.message


@pytest.mark.parametrize(
    "words",
    [("--window", "inf"), ("--window", "nan"), ("--delay", "1e10"), ("--seed", str(2**63)), ("--window", "-1"),
     ("--workers", "0"), ("--top", "0")],
)  # fmt: skip
def test_a_number_out_of_range_is_bad_usage(simulated: Path, words: tuple[str, str]) -> None:
    result = run("--data", simulated, *words)
    assert result.exit_code == 2
    assert words[0] in result.output


@pytest.mark.parametrize("date", ["0001-01-01T00:00+05:00", "9999-01-01", "1969-12-31", "yesterday"])
def test_a_date_that_is_none_or_out_of_the_venues_time_is_refused(simulated: Path, date: str) -> None:
    result = run("--data", simulated, "--as-of", date)
    assert isinstance(result.exception, UsageError)
    assert "--as-of" in result.exception.message


@pytest.mark.parametrize(
    ("policies", "told"),
    [("dream", "no follower policy 'dream'"), ("", "at least one follower policy"), ("taker,taker", "only once")],
)
def test_policies_that_cannot_be_are_refused(simulated: Path, policies: str, told: str) -> None:
    result = run("--data", simulated, "--policies", policies)
    assert isinstance(result.exception, UsageError)
    assert told in result.exception.message


def test_workers_and_a_cluster_at_once_are_refused(simulated: Path) -> None:
    result = run("--data", simulated, "--workers", "2", "--ray", "local")
    assert isinstance(result.exception, UsageError)


def test_a_large_datasets_parts_are_put_where_it_was_asked(
    simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whaletrader.universe.scores.TRADES_IN_MEMORY", 0)
    monkeypatch.setattr("whaletrader.universe.scores.TRADES_PER_PART", 3_000)
    no_folder = tmp_path / "file"
    no_folder.write_text("", encoding="utf-8")
    result = run("--data", simulated, "--no-placebo", "--work-dir", no_folder)
    assert isinstance(result.exception, StorageError)
    assert "choose another folder" in result.exception.message


def test_options_before_explain_are_refused_instead_of_lost(simulated: Path) -> None:
    result = run("--data", simulated, "explain", "0x1")
    assert isinstance(result.exception, UsageError)
    assert "whaletrader score explain" in result.exception.message


def test_help_imports_nothing_heavy() -> None:
    program = "import sys, whaletrader.cli.score; print([m for m in ('numpy', 'polars', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
