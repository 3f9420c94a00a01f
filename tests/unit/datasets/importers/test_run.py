"""Imports as a whole: idempotent, resumable after a kill at any place, additive, clear about what they cannot read."""

import shutil
import subprocess
import sys

import polars as pl
import pytest

from tests.unit.datasets.tiny import market_row, trade_row, write_bundle, write_dataset
from whaletrader.datasets.importers import run
from whaletrader.datasets.importers.run import import_any, import_bundle, import_data_api
from whaletrader.datasets.manifest import MANIFEST_FILE
from whaletrader.datasets.store import Dataset
from whaletrader.errors import SchemaError, UsageError

MARKETS = [market_row(n) for n in range(3)]
TRADES = [trade_row(n % 3, n, price=0.1 + n / 20) for n in range(9)]


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.fixture
def bundle_folder(tmp_path):
    return write_bundle(tmp_path / "bundle", MARKETS, TRADES)


def test_a_second_import_finds_nothing_to_do(bundle_folder, tmp_path):
    first = import_bundle(bundle_folder, tmp_path / "d")
    before = contents(tmp_path / "d")
    second = import_bundle(bundle_folder, tmp_path / "d")
    assert not first.nothing_to_do
    assert second.nothing_to_do
    assert second.known == ("markets.parquet", "trades.parquet")
    assert contents(tmp_path / "d") == before


def test_two_imports_of_the_same_files_are_the_same_bytes(bundle_folder, tmp_path):
    import_bundle(bundle_folder, tmp_path / "one")
    import_bundle(bundle_folder, tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_files_are_known_by_their_content_not_their_age(bundle_folder, tmp_path):
    import_bundle(bundle_folder, tmp_path / "d")
    shutil.copytree(bundle_folder, tmp_path / "copy" / "bundle")
    assert import_bundle(tmp_path / "copy" / "bundle", tmp_path / "d").nothing_to_do


def test_a_changed_file_replaces_its_former_version(bundle_folder, tmp_path):
    import_bundle(bundle_folder, tmp_path / "d")
    write_bundle(bundle_folder, MARKETS, TRADES[:4])
    report = import_bundle(bundle_folder, tmp_path / "d")
    assert report.staged == ("trades.parquet",)
    assert report.known == ("markets.parquet",)
    assert report.dataset.table("trades").height == 4
    fresh = import_bundle(bundle_folder, tmp_path / "fresh").dataset
    assert report.dataset.fingerprint == fresh.fingerprint


class Killed(BaseException):
    """Stands for the end of the process at a certain place."""


@pytest.mark.parametrize("place", range(11))
def test_an_import_that_died_anywhere_is_finished_by_the_next(bundle_folder, tmp_path, place):
    seen = []

    def die(step, _done, _total):
        seen.append(step)
        if len(seen) > place:
            raise Killed

    with pytest.raises(Killed):
        import_bundle(bundle_folder, tmp_path / "d", die)
    assert not (tmp_path / "d" / MANIFEST_FILE).exists()
    report = import_bundle(bundle_folder, tmp_path / "d")
    assert report.dataset.fingerprint == import_bundle(bundle_folder, tmp_path / "whole").dataset.fingerprint
    assert len(report.known) == min(place, 2)


@pytest.mark.crash
def test_a_killed_process_leaves_parts_that_the_next_one_uses(bundle_folder, tmp_path):
    script = f"""
import os, signal
from whaletrader.datasets.importers.run import import_bundle
def die(step, done, total):
    if step == "trades":
        os.kill(os.getpid(), signal.SIGKILL)
import_bundle({str(bundle_folder)!r}, {str(tmp_path / "d")!r}, die)
"""
    child = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    assert child.returncode == -9
    report = import_bundle(bundle_folder, tmp_path / "d")
    assert report.staged == ()
    assert not report.nothing_to_do
    assert report.dataset.table("trades").height == len(TRADES)
    assert not (tmp_path / "d" / ".writing").exists()


FULL_DISK = """
import resource, signal, sys
from whaletrader.datasets.importers.run import import_bundle
from whaletrader.errors import StorageError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    import_bundle({source!r}, {target!r})
except StorageError as error:
    print(error.message)
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("limit", [0, 1_000, 3_500, 4_500])
def test_a_full_disk_is_one_sentence_and_loses_nothing(bundle_folder, tmp_path, limit):
    import_bundle(bundle_folder, tmp_path / "d")
    before = contents(tmp_path / "d")
    write_bundle(bundle_folder, MARKETS, [trade_row(n % 3, n, price=(n % 97) / 100) for n in range(500)])
    script = FULL_DISK.format(limit=limit, source=str(bundle_folder), target=str(tmp_path / "d"))
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert child.returncode == 1, child.stderr
    assert child.stdout.startswith("cannot write")
    assert child.stdout.count("\n") == 1
    assert contents(tmp_path / "d") == before
    assert import_bundle(bundle_folder, tmp_path / "d").dataset.table("trades").height == 500


def test_a_half_staged_part_is_read_again(bundle_folder, tmp_path):
    import_bundle(bundle_folder, tmp_path / "d")
    part = next((tmp_path / "d" / ".staged").glob("01-*"))
    (part / "part.json").unlink()
    report = import_bundle(bundle_folder, tmp_path / "d")
    assert report.staged == ("trades.parquet",)
    assert report.dataset.table("trades").height == len(TRADES)


def test_progress_names_every_step_and_ends_below_its_total(bundle_folder, tmp_path):
    steps = []
    import_bundle(bundle_folder, tmp_path / "d", lambda step, done, total: steps.append((step, done, total)))
    assert [step for step, _, _ in steps[:4]] == ["markets.parquet", "trades.parquet", "dictionaries", "trades"]
    assert [done for _, done, _ in steps] == list(range(len(steps)))
    assert steps[-1][2] == len(steps)


def test_what_has_no_home_is_named_with_the_reason(bundle_folder, tmp_path):
    pl.DataFrame({"x": [1]}).write_parquet(bundle_folder / "trades_2022_midterms_amm.parquet")
    manifest = import_bundle(bundle_folder, tmp_path / "d").dataset.manifest
    entry = manifest.sources[-1]
    assert (entry.file, entry.rows_out) == ("trades_2022_midterms_amm.parquet", 0)
    assert entry.not_imported == "times are local and the time zone is unknown"


def test_a_missing_table_of_the_bundle_is_named(bundle_folder, tmp_path):
    (bundle_folder / "markets.parquet").unlink()
    with pytest.raises(SchemaError, match=r"is no data bundle: trades\.parquet or markets\.parquet is missing"):
        import_bundle(bundle_folder, tmp_path / "d")


def test_a_missing_folder_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="is no folder"):
        import_bundle(tmp_path / "gone", tmp_path / "d")


def test_a_missing_column_is_named(bundle_folder, tmp_path):
    frame = pl.read_parquet(bundle_folder / "trades.parquet").drop("price")
    frame.write_parquet(bundle_folder / "trades.parquet")
    with pytest.raises(SchemaError, match=r"trades\.parquet lacks a column that the importer needs.*price"):
        import_bundle(bundle_folder, tmp_path / "d")


def test_a_file_that_is_no_parquet_is_named(bundle_folder, tmp_path):
    (bundle_folder / "trades.parquet").write_bytes(b"no parquet at all")
    with pytest.raises(SchemaError, match=r"trades\.parquet cannot be read"):
        import_bundle(bundle_folder, tmp_path / "d")


def test_a_column_of_another_type_is_named(bundle_folder, tmp_path):
    frame = pl.read_parquet(bundle_folder / "trades.parquet").with_columns(price=pl.lit("dear"))
    frame.write_parquet(bundle_folder / "trades.parquet")
    with pytest.raises(SchemaError, match=r"trades\.parquet cannot be read as the table it should be"):
        import_bundle(bundle_folder, tmp_path / "d")


def test_a_failed_import_leaves_the_former_dataset(bundle_folder, tmp_path):
    before = import_bundle(bundle_folder, tmp_path / "d").dataset.fingerprint
    (bundle_folder / "trades.parquet").write_bytes(b"no parquet at all")
    with pytest.raises(SchemaError):
        import_bundle(bundle_folder, tmp_path / "d")
    assert Dataset.open(tmp_path / "d").fingerprint == before


def test_sources_cannot_be_added_to_a_dataset_that_has_none(bundle_folder, tmp_path):
    write_dataset(tmp_path / "d", trades=[{}])
    with pytest.raises(UsageError, match="holds a real dataset that sources cannot be added to"):
        import_bundle(bundle_folder, tmp_path / "d")


def test_a_layout_is_guessed(bundle_folder, tmp_path):
    assert import_any(bundle_folder, tmp_path / "a").dataset.table("trades").height == len(TRADES)
    assert import_any(tmp_path / "a", tmp_path / "b").dataset.fingerprint
    with pytest.raises(SchemaError, match="is neither a data bundle, nor answers"):
        import_any(tmp_path, tmp_path / "c")


def test_an_unknown_layout_and_a_missing_source_are_usage_errors(bundle_folder, tmp_path):
    with pytest.raises(UsageError, match="there is no layout csv; choose one of auto, bundle"):
        import_any(bundle_folder, tmp_path / "d", "csv")
    with pytest.raises(UsageError, match="does not exist"):
        import_any(tmp_path / "gone", tmp_path / "d")
    with pytest.raises(UsageError, match="does not exist"):
        import_data_api(tmp_path / "gone", tmp_path / "d")


def test_every_layout_is_named_once():
    assert len(set(run.LAYOUTS)) == len(run.LAYOUTS)
