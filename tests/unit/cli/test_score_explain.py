"""`whaletrader score explain`: one wallet's verdict, every piece of evidence, and what would change it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from whaletrader.cli.score import app
from whaletrader.datasets.simulator import SimulationParams, simulate
from whaletrader.errors import UsageError

SMALL = SimulationParams(days=60, binary_markets=80, groups=3, fills=8_000, noise=30, quoted_markets=5)

runner = CliRunner()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain") / "sim"
    simulate(folder, SMALL, seed=3)
    return folder


@pytest.fixture(scope="module")
def best(simulated: Path) -> str:
    """The wallet with the best lower bound by fills."""
    found = json.loads(run("--data", simulated, "--json", "--no-placebo", "--top", 1).stdout)
    return str(found["best"][0]["wallet"])


@pytest.fixture(scope="module")
def story(simulated: Path, best: str) -> dict[str, Any]:
    result = run("explain", best, "--data", simulated, "--json", "--policies", "taker,first_hold")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def run(*words: object) -> Result:
    return runner.invoke(app, [str(word) for word in words])


def test_all_evidence_stands_in_the_steps_of_the_method_with_its_limit(story: dict[str, Any]) -> None:
    unit = story["units"][0]
    steps = list(dict.fromkeys(row["step"] for row in unit["evidence"]))
    assert steps == ["enough data", "null model", "significance", "persistence", "bias corrections"]
    for row in unit["evidence"]:
        known = row["value"] is not None and row["threshold"] is not None
        assert (row["passed"] is not None) == known
        assert row["meaning"]
    needed = {row["needed_for"] for row in unit["evidence"]} - {""}
    assert needed == {"LIKELY_LUCK", "MODERATE_SKILL", "HIGH_SKILL"}


def test_edges_among_the_evidence_are_in_dollars_a_share(story: dict[str, Any]) -> None:
    for unit in story["units"]:
        values = {row["name"]: row["value"] for row in unit["evidence"]}
        if unit["row"]["lower"] is not None:
            assert values["lower"] == pytest.approx(unit["row"]["lower"], abs=2e-6)
            assert values["shrunk"] == pytest.approx(unit["row"]["shrunk"], abs=1e-3)


def test_every_policy_and_kind_has_its_own_evidence(story: dict[str, Any]) -> None:
    keys = [(unit["row"]["kind"], unit["row"]["policy"]) for unit in story["units"]]
    assert len(set(keys)) == len(keys)
    assert {policy for _, policy in keys} == {"taker", "first_hold"}


def test_a_verdict_says_what_would_change_it(story: dict[str, Any]) -> None:
    for unit in story["units"]:
        assert unit["changes"]
        assert all(change.startswith(("to ", "not even ")) for change in unit["changes"])


def test_the_wallet_stands_among_placebos(story: dict[str, Any]) -> None:
    for place in story["units"][0]["placebo"]:
        assert 0 <= place["better"] <= place["judged"]
        assert place["which"] in place["sentence"]


def test_the_edge_is_told_at_every_delay(story: dict[str, Any]) -> None:
    (copy,) = story["copyability"]
    assert [point["delay_s"] for point in copy["points"]] == [1.0, 5.0, 15.0, 60.0, 300.0, 3_600.0]


def test_a_person_reads_the_same(simulated: Path, best: str) -> None:
    result = run("explain", best, "--data", simulated)
    assert result.exit_code == 0
    assert result.stdout.startswith("SIMULATED")
    for word in (
        best,
        "bias corrections",
        "needed for HIGH_SKILL",
        "would change:",
        "edge against delay",
        "Thresholds",
    ):
        assert word in result.stdout
    assert "nan" not in result.stdout.lower().replace("finance", "")


def test_so_much_of_an_address_that_only_one_begins_so_is_enough(simulated: Path, best: str) -> None:
    result = run("explain", best[:12].upper().replace("0X", "0x"), "--data", simulated, "--no-placebo")
    assert result.exit_code == 0, result.output
    assert best in result.stdout


def test_a_wallet_without_enough_bets_is_told_why_nothing_is_claimed(simulated: Path) -> None:
    result = run("explain", "0x", "--data", simulated)
    assert isinstance(result.exception, UsageError)
    many = json.loads(run("--data", simulated, "--json", "--no-placebo", "--min-bets", 500).stdout)
    assert many["best"] == []
    some = result.exception.message.split("such as ")[1].split(" and ")[0]
    told = run("explain", some, "--data", simulated, "--min-bets", 500, "--no-placebo")
    assert "INSUFFICIENT_DATA" in told.stdout
    assert "nothing is claimed: too few bets" in told.stdout


@pytest.mark.parametrize("asked", ["0xnobody", "", "  "])
def test_an_unknown_wallet_is_one_sentence(simulated: Path, asked: str) -> None:
    result = run("explain", asked, "--data", simulated)
    assert isinstance(result.exception, UsageError)
    assert "no wallet of this dataset" in result.exception.message
    assert "whaletrader score --csv FILE" in result.exception.message


def test_a_prefix_of_many_names_two_and_their_number(simulated: Path) -> None:
    result = run("explain", "0x", "--data", simulated)
    assert isinstance(result.exception, UsageError)
    assert "wallets begin with '0x', such as 0x" in result.exception.message
