"""Parts by market: nothing is lost, nothing is doubled, order holds, and the work folder is cleaned."""

import fcntl
import shutil
from itertools import pairwise
from pathlib import Path
from typing import TextIO

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.score_tapes import VENUE, mixed, stored
from whaletrader.datasets.schema import NO_ID
from whaletrader.errors import DataError, StorageError
from whaletrader.universe import partitions
from whaletrader.universe.entries import LARGE, with_large
from whaletrader.universe.partitions import (
    PARTED,
    MarketPartition,
    balanced,
    chunks,
    large_rows,
    part_by_market,
    read_work_files,
    rows_of,
    work_folder,
    write_work_file,
)
from whaletrader.universe.source import FrameSource


@pytest.fixture(scope="module")
def source() -> FrameSource:
    return mixed(trades=600)


def parts_of(source: FrameSource, folder: Path, count: int = 4) -> list[MarketPartition]:
    by_market = np.bincount(source.table("trades").filter(pl.col("market") != NO_ID)["market"].to_numpy(), minlength=30)
    return part_by_market(source, folder, balanced(by_market, count))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_runs_of_codes_cover_all_of_them_once_and_none_is_far_too_large(counts: list[int], parts: int) -> None:
    bounds = balanced(np.array(counts, np.int64), parts)
    assert (bounds[0], bounds[-1]) == (0, len(counts))
    assert (np.diff(bounds) > 0).all()
    assert bounds.size - 1 <= parts
    sums = [sum(counts[a:b]) for a, b in pairwise(bounds.tolist())]
    assert max(sums) <= sum(counts) / parts + max(counts)


def test_the_parts_hold_every_row_once_and_in_order(source: FrameSource, tmp_path: Path) -> None:
    parts = parts_of(source, tmp_path)
    assert len(parts) == 4
    trades = source.table("trades").drop("source", "source_row")
    for part in parts:
        found = part.table("trades")
        mine = trades.filter(pl.col("market").is_in(found["market"].unique().implode()))
        assert found.equals(mine)
    for name in PARTED:
        assert sum(part.table(name).height for part in parts) == source.table(name).height


def test_rows_of_unknown_markets_are_in_the_last_part(source: FrameSource, tmp_path: Path) -> None:
    parts = parts_of(source, tmp_path)
    unknown = [part.table("trades").filter(pl.col("market") == NO_ID).height for part in parts]
    assert unknown[:-1] == [0, 0, 0]
    assert unknown[-1] == source.table("trades").filter(pl.col("market") == NO_ID).height > 0


def test_quotes_follow_their_tokens_market(source: FrameSource, tmp_path: Path) -> None:
    for part in parts_of(source, tmp_path):
        markets = set(part.table("trades")["market"].to_list())
        assert {token // 2 for token in part.table("quotes")["token"].to_list()} <= markets


def test_what_belongs_to_all_is_in_every_part(source: FrameSource, tmp_path: Path) -> None:
    for part in parts_of(source, tmp_path):
        assert part.table("markets").height == source.table("markets").height
        assert part.table("wallets")["address"].to_list() == [VENUE]
        assert part.fingerprint == source.fingerprint


def test_a_part_without_rows_of_a_table_has_an_empty_one(tmp_path: Path) -> None:
    part = MarketPartition("none", {})
    assert not part.has("trades")
    assert part.table("trades").is_empty()
    assert part.table("signals").schema["price_micro"] == pl.Int64


def test_a_parts_own_rows_can_be_removed(source: FrameSource, tmp_path: Path) -> None:
    first, second, *_ = parts_of(source, tmp_path)
    first.remove_rows()
    first.remove_rows()
    assert first.table("markets").height == second.table("markets").height
    assert second.table("trades").height > 0
    with pytest.raises(DataError, match="score again"):
        first.table("trades")


@pytest.mark.parametrize("name", ["trades", "signals"])
@pytest.mark.parametrize("ranges", [[(0, 12)], [(0, 3), (3, 4), (4, 12)]])
def test_large_entries_are_the_same_by_ranges_of_wallets(
    source: FrameSource, name: str, ranges: list[tuple[int, int]], tmp_path: Path
) -> None:
    expected = with_large(source.table(name))[LARGE].to_numpy()
    assert 0 < expected.sum() < expected.size
    assert (large_rows(source, name, ranges) == expected).all()
    assert (large_rows(stored(source, tmp_path), name, ranges) == expected).all()


def test_chunks_are_the_table(source: FrameSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "CHUNK_ROWS", 97)
    for each in (source, stored(source, tmp_path)):
        found = list(chunks(each, "trades", ["ts", "wallet"]))
        assert [len(chunk) for chunk in found[:-1]] == [97] * (len(found) - 1)
        assert pl.concat(found).equals(source.table("trades").select("ts", "wallet"))
        assert rows_of(each, "trades") == source.table("trades").height


def test_a_broken_work_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataError, match="a work file of the scoring cannot be read"):
        read_work_files((str(tmp_path / "broken.parquet"),))


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="choose another folder"), work_folder(tmp_path / "file" / "below"):
        raise AssertionError("there is no such folder")
    with pytest.raises(StorageError, match="cannot write into the work folder"):
        write_work_file(pl.DataFrame({"a": [1]}), tmp_path / "nowhere" / "a.parquet")


def test_the_work_folder_goes_with_its_run_even_when_that_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with work_folder(tmp_path) as folder:
            (folder / "half").write_text("half")
            raise DataError("a part is broken")

    with pytest.raises(DataError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_folders_that_are_not_of_a_run_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "score-keeper").mkdir()
    (tmp_path / "score-keeper" / "lock").write_text("somebody's own")
    (tmp_path / "whaletrader-score-without-lock").mkdir()
    with work_folder(tmp_path) as folder:
        assert folder.name.startswith("whaletrader-score-")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "mine",
        "score-keeper",
        "whaletrader-score-without-lock",
    ]


def test_a_folder_that_another_run_took_away_before_it_was_locked_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, taken = fcntl.flock, []

    def late(file: TextIO, how: int) -> None:
        if not taken:
            taken.append(Path(file.name).parent)
            shutil.rmtree(taken[0])
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with work_folder(tmp_path) as folder:
        assert folder.is_dir()
        assert folder != taken[0]
    assert list(tmp_path.iterdir()) == []
