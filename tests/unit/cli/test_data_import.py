"""`whaletrader data import` finds out by itself what it was given."""

import json

from typer.testing import CliRunner

from tests.unit.datasets.importers.test_archive import HUGGING_FACE, MARKETS, csv, parquet
from tests.unit.datasets.importers.test_pull import api, fill, page, pull
from whaletrader.cli.data import app
from whaletrader.errors import UsageError

runner = CliRunner()


def run(*words):
    return runner.invoke(app, [str(word) for word in words])


def test_an_archive_is_recognised_and_every_row_accounted_for(tmp_path):
    folder = parquet(
        csv(tmp_path / "a", "markets.csv", MARKETS), "x.parquet", HUGGING_FACE, HUGGING_FACE | {"maker": ""}
    )
    result = run("import", folder, "--into", tmp_path / "d")
    assert result.exit_code == 0
    assert (
        "trades:chain.archive:x.parquet: 1 of 2 rows; mended 1 market, 1 outcome; dropped 1 wallet_missing"
        in " ".join(result.output.replace("_from_dictionary", "").split())
    )
    assert "nothing to do" in run("import", folder, "--into", tmp_path / "d").output


def test_a_pull_is_recognised_by_its_folder_and_by_its_raw(tmp_path):
    folder = pull(tmp_path / "p", trades=[page("data_v2.activity", api(fill()))])
    for number, place in enumerate((folder, folder / "raw")):
        body = json.loads(run("import", place, "--into", tmp_path / f"d{number}", "--json").stdout)
        assert body["tables"]["trades"]["rows"] == 1


def test_the_layout_may_be_named(tmp_path):
    folder = parquet(csv(tmp_path / "a", "markets.csv", MARKETS), "x.parquet", HUGGING_FACE)
    assert run("import", folder, "--into", tmp_path / "d", "--format", "archive").exit_code == 0
    wrong = run("import", folder, "--into", tmp_path / "e", "--format", "shape")
    assert isinstance(wrong.exception, UsageError)
    assert "archive" in wrong.exception.message
