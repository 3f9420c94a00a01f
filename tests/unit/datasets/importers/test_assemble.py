"""Copies among the fills of several sources, against a plain loop; and what only the whole of an import can count."""

from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.datasets.importers.test_pull import api, fill, log, logs, market, page, pull, source
from whaletrader.datasets.importers.assemble import _latest, _rank_copies
from whaletrader.datasets.importers.run import import_pull
from whaletrader.datasets.schema import MOST_COPIES, NO_ID

INDEXED = [0, 1]
"""Sources 0 and 1 tell rows apart by their logs' places, 2 and 3 do not."""
ROW = st.tuples(st.integers(0, 3), st.sampled_from([5, NO_ID]), st.integers(1, 2), st.integers(-1, 1),
                st.one_of(st.none(), st.integers(0, 3)))  # fmt: skip


def frame_of(rows):
    ranks, values = Counter(), []
    for place, (origin, transaction, size, role, fee) in enumerate(rows):
        # A source numbers its own copies; an indexed one knows its rows for different logs.
        rank = 0 if origin in INDEXED else ranks[origin, transaction, size]
        ranks[origin, transaction, size] += 1
        values.append((transaction, 1, 2, 1, 400_000, size, 9, rank, origin, place, role, fee))
    names = ("transaction", "wallet", "token", "side", "price_micro", "size_micro", "ts", "dup_rank", "source",
             "source_row", "role", "fee_micro")  # fmt: skip
    types = dict.fromkeys(names, pl.Int64) | {"transaction": pl.UInt32, "dup_rank": pl.UInt16, "role": pl.Int8}
    return pl.DataFrame(values, schema=types, orient="row")


@settings(max_examples=150, deadline=None)
@given(st.lists(ROW, max_size=12))
def test_as_many_fills_count_as_the_source_that_tells_most_of_them_knows(rows):
    ranked = _rank_copies(frame_of(rows), INDEXED)
    assert ranked.height == len(rows)
    for transaction in (5, NO_ID):
        for size in (1, 2):
            some = [row for row in rows if row[1:3] == (transaction, size)]
            told = Counter(row[0] for row in some)
            counted = ranked.filter(
                (pl.col("transaction") == transaction) & (pl.col("size_micro") == size) & (pl.col("dup_rank") == 0)
            ).height
            if not some:
                assert counted == 0
            elif transaction == NO_ID:
                # Without a transaction nothing shows that two sources mean the same fill.
                assert counted == sum(n if origin in INDEXED else 1 for origin, n in told.items())
            else:
                # Equal logs are several fills; a source without places vouches for one alone.
                assert counted == max(n if origin in INDEXED else 1 for origin, n in told.items())


def test_what_one_source_knows_of_a_fill_all_its_copies_know_and_a_fee_of_nothing_is_known():
    ranked = _rank_copies(frame_of([(2, 5, 1, -1, None), (3, 5, 1, 1, 0)]), INDEXED).sort("source")
    assert ranked.select("dup_rank", "role", "fee_micro").rows() == [(0, 1, 0), (1, 1, 0)]
    apart = _rank_copies(frame_of([(2, NO_ID, 1, -1, None), (3, NO_ID, 1, 1, 7)]), INDEXED).sort("source")
    assert apart.select("role", "fee_micro").rows() == [(-1, None), (1, 7)]


def test_the_rank_of_a_copy_fits_its_column_however_many_there_are():
    many = pl.DataFrame({"n": range(MOST_COPIES + 5)})
    rows = frame_of([(2, 5, 1, -1, None)]).join(many, how="cross").drop("n")
    ranked = _rank_copies(rows, INDEXED)
    assert (ranked["dup_rank"].min(), ranked["dup_rank"].max(), ranked.height) == (0, MOST_COPIES, MOST_COPIES + 5)


@pytest.mark.parametrize(("columns", "latest"), [([[1, 5], [3]], 5), ([[], [None, 2]], 2), ([[]], 0), ([], 0)])
def test_the_latest_time_of_columns_that_may_be_empty(columns, latest):
    assert _latest([pl.Series(values, dtype=pl.Int64) for values in columns]) == latest


def imported(folder, **files):
    return import_pull(pull(folder / "p", **files), folder / "d")


def test_rows_of_a_source_are_all_accounted_for_after_the_dictionaries(tmp_path):
    rows = [fill(), fill(condition_id="", token_id="9" * 70), fill(size=2.0, token_id="", outcome_index=1)]
    report = imported(
        tmp_path,
        trades=[page("data_v2.activity", api(*rows))],
        markets=[page("gamma.markets", {"markets": [market()]})],
    )
    entry = source(report, "trades:")
    assert (entry.rows_in, entry.rows_out, entry.dropped) == (3, 2, {"market_unknown": 1})
    assert report.dataset.table("rejects")["source_row"].to_list() == [1]
    assert report.dataset.table("trades").height == 2


def test_activity_of_two_pages_counts_once_and_what_one_page_repeats_stays(tmp_path):
    split = fill(type="SPLIT", price=0, side="", usdc_size=10.0)
    other = fill(type="MERGE", price=0, side="", usdc_size=10.0)
    report = imported(tmp_path, trades=[page("data_v2.activity", api(split, split, other))])
    assert report.dataset.table("activity").height == 3
    twice = imported(
        tmp_path / "two", trades=[page("data_v2.activity", api(split, split)), page("data_v1.activity", [split])]
    )
    kinds = sorted((entry.name, entry.rows_out) for entry in twice.dataset.manifest.sources)
    assert sum(rows for _, rows in kinds) == twice.dataset.table("activity").height == 2


def test_what_the_chain_tells_of_a_side_replaces_the_api_and_leaves_other_sides(tmp_path):
    sale = fill(side="SELL", usdc_size=2.0, size=5.0)
    report = imported(
        tmp_path,
        trades=[page("data_v2.activity", api(fill(), sale))],
        chain=[page("chain.logs", logs(log(1, 0, 1_600_000, 4_000_000), log(2, 0, 2_400_000, 6_000_000)))],
        markets=[page("gamma.markets", {"markets": [market()]})],
    )
    kept = report.dataset.table("trades").filter(pl.col("dup_rank") == 0)
    assert sorted(kept["size_micro"].to_list()) == [4_000_000, 5_000_000, 6_000_000]
    assert source(report, "trades:data").dropped == {"told_by_the_chain": 1}
