"""Opening a dataset: exactly the schema's columns, or one sentence that names what is wrong."""

import msgspec
import polars as pl
import pytest

from tests.unit.datasets.tiny import write_dataset
from whaletrader.datasets.manifest import MANIFEST_FILE
from whaletrader.datasets.schema import TABLES
from whaletrader.datasets.store import REQUIRED, Dataset
from whaletrader.errors import DataError, SchemaError


@pytest.fixture
def dataset(tmp_path):
    return write_dataset(tmp_path / "d", trades=[{}, {"wallet": 1, "side": 1}])


def change(dataset, edit):
    """Edit the manifest on disk as plain JSON."""
    file = dataset.path / MANIFEST_FILE
    body = msgspec.json.decode(file.read_bytes())
    edit(body)
    file.write_bytes(msgspec.json.encode(body))


def rewrite(dataset, table, frame):
    frame.write_parquet(dataset.path / dataset.manifest.tables[table].files[0])


def test_a_table_has_exactly_the_columns_of_the_schema(dataset):
    for name in REQUIRED:
        assert dict(dataset.table(name).schema) == TABLES[name]


def test_a_table_is_read_once(dataset):
    assert dataset.table("trades") is dataset.table("trades")


def test_a_scan_gives_the_same_rows(dataset):
    assert dataset.scan("trades").collect().equals(dataset.table("trades"))


def test_a_table_that_the_dataset_does_not_have_is_empty_and_typed(dataset):
    assert not dataset.has("quotes")
    assert dataset.table("quotes").is_empty()
    assert dict(dataset.table("quotes").schema) == TABLES["quotes"]


def test_has_says_whether_there_are_rows(dataset, tmp_path):
    assert dataset.has("trades")
    assert not write_dataset(tmp_path / "empty").has("trades")


def test_a_table_that_the_schema_does_not_know_is_named(dataset):
    with pytest.raises(SchemaError, match="there is no table whales; the tables are wallets"):
        dataset.table("whales")


def test_the_fingerprint_does_not_depend_on_the_place(tmp_path):
    one = write_dataset(tmp_path / "one", trades=[{}])
    other = write_dataset(tmp_path / "two", trades=[{}])
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != write_dataset(tmp_path / "three", trades=[{}, {}]).fingerprint


def test_a_missing_required_table_is_named(dataset):
    change(dataset, lambda body: body["tables"].pop("tokens"))
    with pytest.raises(SchemaError, match="lacks the table tokens"):
        Dataset.open(dataset.path)


def test_an_unknown_table_in_the_manifest_is_named(dataset):
    change(dataset, lambda body: body["tables"].update(whales={"rows": 0, "files": [], "sha256": []}))
    with pytest.raises(SchemaError, match="a table whales that the schema does not know"):
        Dataset.open(dataset.path)


def test_a_missing_file_is_named(dataset):
    file = dataset.manifest.tables["trades"].files[0]
    (dataset.path / file).unlink()
    with pytest.raises(SchemaError, match=f"lacks the file {file} of table trades"):
        Dataset.open(dataset.path)


def test_a_missing_column_is_named(dataset):
    rewrite(dataset, "trades", dataset.table("trades").drop("price_micro"))
    with pytest.raises(SchemaError, match="lacks the column price_micro of table trades"):
        Dataset.open(dataset.path).table("trades")


def test_a_column_of_another_type_is_named(dataset):
    rewrite(dataset, "trades", dataset.table("trades").with_columns(pl.col("price_micro").cast(pl.Float64)))
    with pytest.raises(SchemaError, match="has price_micro as Float64, table trades needs Int64"):
        Dataset.open(dataset.path).table("trades")


def test_a_file_that_is_no_parquet_is_named(dataset):
    (dataset.path / dataset.manifest.tables["trades"].files[0]).write_bytes(b"nonsense, nonsense, nonsense")
    with pytest.raises(SchemaError, match="is no Parquet file"):
        Dataset.open(dataset.path).table("trades")


def test_a_damaged_page_is_a_data_error(dataset):
    file = dataset.path / dataset.manifest.tables["trades"].files[0]
    raw = bytearray(file.read_bytes())
    raw[4:60] = bytes(56)
    file.write_bytes(bytes(raw))
    with pytest.raises(DataError, match="import the data anew"):
        Dataset.open(dataset.path).table("trades")


def test_a_further_column_is_left_out(dataset):
    rewrite(dataset, "trades", dataset.table("trades").with_columns(more=pl.lit(1)))
    assert list(Dataset.open(dataset.path).table("trades").columns) == list(TABLES["trades"])
