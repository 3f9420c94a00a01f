"""Staged parts: complete or not there at all, and known by their content."""

import polars as pl
import pytest

from tests.unit.datasets.tiny import source_entry
from whaletrader.datasets.importers.checks import price_reasons, size_reasons, split_rejects, time_reasons
from whaletrader.datasets.importers.staging import StagedPart, StagingArea, file_sha256


def part():
    made = StagedPart(sources=[source_entry()])
    made.add(
        "tokens", pl.DataFrame({"token_id": ["1"], "condition_id": ["c"], "outcome_index": [0], "outcome": ["Yes"]})
    )
    return made


def test_a_part_is_read_once(tmp_path):
    area = StagingArea(tmp_path)
    reads = []

    def read():
        reads.append(1)
        return part()

    assert [area.stage("a", read), area.stage("a", read)] == [True, False]
    assert reads == [1]


def test_a_part_comes_back(tmp_path):
    area = StagingArea(tmp_path)
    area.stage("a", part)
    assert area.sources("a") == [source_entry()]
    assert area.table("a", "tokens").equals(part().tables["tokens"])
    assert area.table("a", "trades") is None


def test_a_part_whose_reading_failed_is_not_there(tmp_path):
    area = StagingArea(tmp_path)

    def fail():
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        area.stage("a", fail)
    assert area.keys() == []


def test_parts_are_in_order_of_their_keys(tmp_path):
    area = StagingArea(tmp_path)
    for key in ("b", "a", "c"):
        area.stage(key, part)
    assert area.keys() == ["a", "b", "c"]


def test_former_versions_are_forgotten_and_nothing_else(tmp_path):
    area = StagingArea(tmp_path)
    for key in ("x-1", "x-2", "y-1"):
        area.stage(key, part)
    area.forget("x-", except_key="x-2")
    area.forget("", except_key="")
    assert area.keys() == ["x-2", "y-1"]


def test_adding_twice_appends(tmp_path):
    made = part()
    made.add("tokens", part().tables["tokens"])
    assert made.tables["tokens"].height == 2


def test_a_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert file_sha256(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def rows(**columns):
    frame = pl.DataFrame(columns)
    return frame.with_columns(source=pl.lit(0), source_row=pl.int_range(pl.len()))


def test_sound_rows_pass_untouched():
    frame = rows(price_micro=[0, 10**6], size_micro=[1, 2], ts=[1, 2])
    good, bad = split_rejects(frame, {**time_reasons(), **price_reasons(), **size_reasons()})
    assert good.equals(frame)
    assert bad.is_empty()


def test_the_first_reason_counts():
    frame = rows(price_micro=[-1], size_micro=[0])
    _, bad = split_rejects(frame, {**price_reasons(), **size_reasons()})
    assert bad["reason"].to_list() == ["price_negative"]


def test_a_reject_keeps_the_text_of_its_row():
    _, bad = split_rejects(rows(price_micro=[2_000_000]), price_reasons())
    assert bad.row(0) == (0, 0, "price_above_one", '{"price_micro":2000000}')
