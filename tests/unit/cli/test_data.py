"""`whaletrader data`: what it prints, what it returns, and one sentence for what cannot be."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tests.unit.datasets.tiny import market_row, trade_row, write_bundle, write_dataset
from whaletrader.cli.data import app
from whaletrader.datasets.manifest import MANIFEST_FILE
from whaletrader.datasets.simulator import SimulationParams, simulate
from whaletrader.errors import SchemaError, UsageError

runner = CliRunner()


@pytest.fixture
def bundle_folder(tmp_path):
    return write_bundle(tmp_path / "bundle", [market_row(1)], [trade_row(1), trade_row(1, price=1.2)])


def run(*words):
    return runner.invoke(app, [str(word) for word in words])


def test_import_tells_what_became_of_every_row(bundle_folder, tmp_path):
    result = run("import", bundle_folder, "--into", tmp_path / "d")
    assert result.exit_code == 0
    assert "trades:some/sample: 1 of 2 rows; dropped 1 price_above_one" in result.output
    assert (tmp_path / "d" / MANIFEST_FILE).is_file()


def test_import_json_is_the_manifest_and_what_was_done(bundle_folder, tmp_path):
    body = json.loads(run("import", bundle_folder, "--into", tmp_path / "d", "--json").stdout)
    assert body["staged"] == ["markets.parquet", "trades.parquet"]
    assert body["tables"]["trades"]["rows"] == 1
    assert body["simulated"] is False


def test_a_second_import_says_that_there_is_nothing_to_do(bundle_folder, tmp_path):
    run("import", bundle_folder, "--into", tmp_path / "d")
    result = run("import", bundle_folder, "--into", tmp_path / "d")
    assert (result.exit_code, result.output.startswith("nothing to do:")) == (0, True)


def test_import_names_a_source_that_is_not_there(tmp_path):
    result = run("import", tmp_path / "gone", "--into", tmp_path / "d")
    assert isinstance(result.exception, UsageError)
    assert result.exception.exit_code == 2


def test_import_without_a_target_is_bad_usage(bundle_folder):
    assert run("import", bundle_folder).exit_code == 2


def test_info_describes_a_dataset(bundle_folder, tmp_path):
    run("import", bundle_folder, "--into", tmp_path / "d")
    output = run("info", tmp_path / "d").output
    assert "bundle (real data), fingerprint" in output
    assert "trades" in output


def test_info_stamps_a_simulation(tmp_path):
    simulate(tmp_path, SimulationParams(days=5, binary_markets=3, groups=1, fills=50), seed=9)
    assert "SIMULATED, seed 9" in run("info", tmp_path).output
    body = json.loads(run("info", tmp_path, "--json").stdout)
    assert (body["simulated"], body["seed"]) == (True, 9)


def test_info_of_what_is_no_dataset_is_one_sentence(tmp_path):
    result = run("info", tmp_path)
    assert isinstance(result.exception, SchemaError)
    assert result.exception.exit_code == 1


def test_verify_passes_sound_data(tmp_path):
    write_dataset(tmp_path, trades=[{}])
    result = run("verify", tmp_path)
    assert result.exit_code == 0
    assert ", 0 faults" in result.output


def test_verify_fails_damaged_data(tmp_path):
    dataset = write_dataset(tmp_path, trades=[{"side": 1}])
    result = run("verify", tmp_path)
    assert result.exit_code == 1
    assert "FAULT wallets.oversold_unmarked: 1" in result.output
    body = json.loads(run("verify", dataset.path, "--json").stdout)
    assert body["ok"] is False


@pytest.mark.parametrize("command", ["import", "info", "verify"])
def test_every_command_has_an_example(command):
    assert f"whaletrader data {command} " in run(command, "--help").output


def test_help_imports_nothing_heavy():
    script = (
        "import sys; import whaletrader.cli.data; print([n for n in ('polars', 'numpy', 'rich') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
