"""How single values of archives are read, whatever type their column has."""

from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest

from whaletrader.datasets.importers.archive_columns import (
    first_name,
    flag_of,
    hash_of,
    is_table,
    read_table,
    text_of,
    time_of,
)
from whaletrader.domain.values import NANOS

SECOND = 1_669_060_169
MOMENT = datetime(2022, 11, 21, 19, 49, 29, tzinfo=UTC)
DIGITS = "05a7f9b0b016d7e431b4e62b374870a91a8d863cc04d94edbb53d26a990b60a1"


def one(value, expression, name="timestamp", dtype=None):
    """What an expression makes of a column that holds one value."""
    frame = pl.DataFrame({name: pl.Series([value], dtype=dtype)})
    return frame.select(expression(frame.schema)).item()


@pytest.mark.parametrize(
    "value",
    [
        SECOND, float(SECOND), SECOND * 1000, str(SECOND), f" {SECOND}.0", str(SECOND * 1000),
        "2022-11-21T19:49:29Z", "2022-11-21T19:49:29.123Z", "2022-11-21 19:49:29+00", "2022-11-21 19:49:29",
        MOMENT, MOMENT.replace(tzinfo=None), MOMENT.astimezone(timezone(timedelta(hours=5))),
    ],
    ids=str,
)  # fmt: skip
def test_every_spelling_of_a_time_is_the_same_instant(value):
    assert one(value, time_of) == SECOND * NANOS


def test_a_bare_date_is_its_midnight():
    assert one("2022-11-21", time_of) == SECOND // 86_400 * 86_400 * NANOS


@pytest.mark.parametrize("value", ["", "soon", "0", "-5", 0, -1, float("nan"), 10**15, "99999-01-01", None])
def test_what_can_be_no_time_is_none(value):
    assert one(value, time_of, dtype=pl.String if value is None else None) is None


def test_the_best_time_of_several_counts_and_none_is_none():
    frame = pl.DataFrame({"datetime": ["2020-01-01"], "blocktimestamp": [SECOND]})
    assert frame.select(time_of(frame.schema)).item() == SECOND * NANOS
    assert frame.select(time_of(frame.schema, "closedtime")).item() is None


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_of_every_unit_are_nanoseconds(unit):
    assert one(MOMENT, time_of, dtype=pl.Datetime(unit, "UTC")) == SECOND * NANOS


@pytest.mark.parametrize(
    ("value", "flag"),
    [("True", True), ("t", True), ("1", True), (1, True), (True, True), ("false", False), ("F", False), (0, False),
     (False, False), ("maybe", None), ("", None)],
)  # fmt: skip
def test_flags_are_read_in_every_spelling(value, flag):
    assert one(value, lambda schema: flag_of(schema, "closed"), "closed") is flag


@pytest.mark.parametrize("value", [DIGITS, "0x" + DIGITS, "0x" + DIGITS.upper(), f" {DIGITS} "])
@pytest.mark.parametrize("name", ["transactionhash", "txhash", "hash"])
def test_a_hash_has_its_prefix_and_lower_case(value, name):
    assert one(value, hash_of, name) == "0x" + DIGITS


def test_a_hash_may_stand_in_the_id_before_the_order():
    assert one(f"0x{DIGITS}_0x{'a' * 64}", hash_of, "id") == "0x" + DIGITS
    assert one(DIGITS[:-1], hash_of, "txhash") is None
    assert one("x", hash_of, "other") is None


@pytest.mark.parametrize("value", ["", " ", "nan", "None", "null"])
def test_what_exports_write_for_nothing_is_nothing(value):
    assert one(value, lambda schema: text_of(schema, "slug"), "slug") is None


def test_the_first_of_several_names_counts():
    columns = pl.Schema({"b": pl.String, "a": pl.String})
    assert first_name(columns, "a", "b") == "a"
    assert first_name(columns, "c") is None


def test_columns_with_one_plain_name_are_read_once(tmp_path):
    file = tmp_path / "x.csv"
    pl.DataFrame({"market_id": ["1"], "marketId": ["2"], "Maker": ["m"]}).write_csv(file)
    read = read_table(file).collect()
    assert read.columns == ["marketid", "maker"]
    assert read["marketid"].to_list() == ["1"]


@pytest.mark.parametrize(
    ("name", "known"), [("a.parquet", True), ("a.csv", True), ("a.csv.gz", True), ("a.json", False), ("a.md", False)]
)
def test_tables_are_known_by_their_ending(tmp_path, name, known):
    (tmp_path / name).write_text("")
    assert is_table(tmp_path / name) is known
    assert not is_table(tmp_path / ("gone-" + name))
