"""Writing a dataset: checked, sorted, whole or not at all, and the same bytes every time."""

import polars as pl
import pytest

from tests.unit.datasets.tiny import T0, canonical_trade, source_entry, table_frame, write_dataset
from whaletrader.datasets.manifest import MANIFEST_FILE
from whaletrader.datasets.schema import TABLES
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.writer import DatasetWriter, is_sorted, sort_columns
from whaletrader.domain.values import NANOS
from whaletrader.errors import DataError, SchemaError, StorageError


def trades(*times):
    return table_frame("trades", [canonical_trade(ts=ts, source_row=row) for row, ts in enumerate(times)])


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def test_rows_are_sorted_by_time_source_and_source_row(tmp_path):
    writer = DatasetWriter(tmp_path, "t", "real")
    writer.write("trades", trades(30, 10, 20, 10))
    assert writer.finish().table("trades").select("ts", "source_row").rows() == [(10, 1), (10, 3), (20, 2), (30, 0)]


def test_the_order_of_ties_is_kept(tmp_path):
    rows = [{"ts": 5, "token": n} for n in (3, 1, 2)]
    writer = DatasetWriter(tmp_path, "t", "real")
    writer.write("prices", table_frame("prices", [*rows, {"ts": 1, "token": 9}]))
    assert writer.finish().table("prices")["token"].to_list() == [9, 3, 1, 2]


def test_the_same_rows_give_the_same_bytes(tmp_path):
    one = write_dataset(tmp_path / "one", trades=[{}, {"ts": 5}])
    other = write_dataset(tmp_path / "two", trades=[{}, {"ts": 5}])
    assert contents(one.path) == contents(other.path)


def test_writing_again_replaces_what_was_there(tmp_path):
    write_dataset(tmp_path, trades=[{}] * 3)
    again = write_dataset(tmp_path, trades=[{}])
    assert again.table("trades").height == 1
    assert sum(name.startswith("trades-") for name in contents(tmp_path)) == 1


def test_nothing_else_in_the_folder_is_touched(tmp_path):
    (tmp_path / "mine.parquet").write_bytes(b"mine")
    (tmp_path / "trades-of-mine.parquet").write_bytes(b"mine too")
    write_dataset(tmp_path, trades=[{}])
    assert (tmp_path / "mine.parquet").read_bytes() == b"mine"
    assert (tmp_path / "trades-of-mine.parquet").read_bytes() == b"mine too"


def test_until_the_end_the_former_dataset_stands(tmp_path):
    former = write_dataset(tmp_path, trades=[{}])
    writer = DatasetWriter(tmp_path, "t", "real")
    writer.write("trades", trades(1, 2, 3))
    assert Dataset.open(tmp_path).fingerprint == former.fingerprint
    assert Dataset.open(tmp_path).table("trades").height == 1


def test_before_the_first_end_there_is_no_dataset(tmp_path):
    DatasetWriter(tmp_path, "t", "real").write("trades", trades(1))
    with pytest.raises(SchemaError, match="is no dataset"):
        Dataset.open(tmp_path)


def test_what_a_killed_writer_left_is_swept_away(tmp_path):
    DatasetWriter(tmp_path, "t", "real").write("trades", trades(1))
    dataset = write_dataset(tmp_path, trades=[{}])
    assert not (tmp_path / ".writing").exists()
    assert set(contents(tmp_path)) == {
        MANIFEST_FILE,
        *(file for entry in dataset.manifest.tables.values() for file in entry.files),
    }


def test_parts_in_order_become_one_table(tmp_path):
    writer = DatasetWriter(tmp_path, "t", "real")
    writer.write("trades", trades(2, 1))
    writer.write("trades", trades(4, 3))
    dataset = writer.finish()
    assert dataset.table("trades")["ts"].to_list() == [1, 2, 3, 4]
    assert dataset.manifest.tables["trades"].rows == 4
    assert len(dataset.manifest.tables["trades"].files) == 2


def test_a_part_that_begins_too_early_is_refused(tmp_path):
    writer = DatasetWriter(tmp_path, "t", "real")
    writer.write("trades", trades(5))
    with pytest.raises(DataError, match="begins before the end of the part before it"):
        writer.write("trades", trades(4))


def test_ids_that_are_not_row_numbers_are_refused(tmp_path):
    writer = DatasetWriter(tmp_path, "t", "real")
    with pytest.raises(DataError, match="the ids of table wallets are not its row numbers"):
        writer.write("wallets", table_frame("wallets", [{"wallet": 1}]))


def test_a_wrong_type_is_refused_before_anything_is_written(tmp_path):
    writer = DatasetWriter(tmp_path, "t", "real")
    with pytest.raises(SchemaError, match="what is written as trades has ts as String"):
        writer.write("trades", trades(1).with_columns(pl.lit("x").alias("ts")))


def test_the_span_is_that_of_trades_and_signals(tmp_path):
    dataset = write_dataset(tmp_path, trades=[{}], signals=[{"ts": (T0 + 5) * NANOS}], prices=[{"ts": 1}])
    assert (dataset.manifest.first_ts, dataset.manifest.last_ts) == (T0 * NANOS, (T0 + 5) * NANOS)


def test_a_dataset_without_trades_has_no_span(tmp_path):
    assert write_dataset(tmp_path).manifest.first_ts is None


def test_sources_are_numbered_in_order(tmp_path):
    writer = DatasetWriter(tmp_path, "t", "real")
    assert [writer.add_source(source_entry()), writer.add_source(source_entry())] == [0, 1]


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="cannot write a dataset into"):
        DatasetWriter(tmp_path / "file", "t", "real")


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], True), ([1], True), ([1, 1, 2], True), ([2, 1], False), ([1, 3, 2], False)],
)
def test_sortedness_is_seen(values, expected):
    frame = table_frame("prices", [{"ts": value} for value in values])
    assert is_sorted(frame, ["ts", "source"]) is expected


def test_a_second_column_breaks_ties_only():
    frame = table_frame("prices", [{"ts": 1, "source": 9}, {"ts": 2, "source": 0}, {"ts": 2, "source": 1}])
    assert is_sorted(frame, ["ts", "source"])
    assert not is_sorted(frame.reverse(), ["ts", "source"])


def test_every_table_has_an_order():
    for name, columns in TABLES.items():
        assert set(sort_columns(name)) <= set(columns)
