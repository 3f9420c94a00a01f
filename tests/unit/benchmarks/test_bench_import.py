"""The import benchmark measures an import that is really carried out."""

from benchmarks.bench_import import MARKETS, copy_with_pyarrow, make_source, timed
from whaletrader.datasets.importers.canonical import import_canonical
from whaletrader.datasets.verify import verify


def test_the_benchmarks_source_is_imported_row_by_row(tmp_path):
    make_source(tmp_path / "source", rows=2_000, parts=2)
    dataset = import_canonical(tmp_path / "source", tmp_path / "d")
    assert dataset.table("trades").height == 2_000
    assert dataset.table("markets").height == MARKETS
    assert not dataset.has("rejects")
    faults = {check.name for check in verify(dataset) if not check.ok}
    assert faults <= {"wallets.oversold_unmarked"}


def test_the_peer_copies_the_same_rows(tmp_path):
    make_source(tmp_path / "source", rows=2_000, parts=2)
    copy_with_pyarrow(tmp_path / "source", tmp_path / "peer")
    assert list((tmp_path / "peer").glob("*.parquet"))


def test_a_round_begins_without_the_former_ones_files(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "old").touch()
    assert timed(lambda: None, tmp_path / "d") >= 0
    assert not (tmp_path / "d").exists()
