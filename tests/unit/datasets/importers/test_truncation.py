"""Truncated histories: who sold what the tape never saw bought, and whose source is a sample."""

import polars as pl
import pytest

from tests.unit.datasets.tiny import canonical_trade, imported, market_row, table_frame, trade_row
from whaletrader.datasets.importers.truncation import mark_truncated, oversold_tokens
from whaletrader.datasets.schema import NO_ID

SHARE = 1_000_000


def fills(*rows):
    return table_frame(
        "trades", [canonical_trade(ts=ts, side=side, size_micro=size * SHARE) for ts, side, size in rows]
    )


def activity(*rows):
    return table_frame("activity", [{"ts": ts, "kind": kind, "size_micro": size * SHARE} for ts, kind, size in rows])


def oversold(trades, moves=()):
    return oversold_tokens(trades, activity(*moves)).rows()


def test_selling_what_was_bought_is_whole():
    assert oversold(fills((1, 0, 5), (2, 1, 5))) == []


def test_selling_more_than_was_bought_is_seen():
    assert oversold(fills((1, 0, 5), (2, 1, 6))) == [(0, 0)]


def test_buying_back_later_does_not_hide_it():
    assert oversold(fills((1, 1, 5), (2, 0, 9))) == [(0, 0)]


def test_in_one_instant_the_buy_comes_first():
    assert oversold(fills((1, 1, 5), (1, 0, 5))) == []


def test_rounding_of_a_hundredth_share_is_no_oversell():
    trades = table_frame(
        "trades", [canonical_trade(size_micro=SHARE), canonical_trade(ts=9e18, side=1, size_micro=SHARE + 9_000)]
    )
    assert oversold(trades) == []


def test_a_split_gives_both_outcomes():
    assert oversold(fills((2, 1, 5)), [(1, "SPLIT", 5)]) == []


def test_a_merge_takes_both_outcomes():
    assert oversold(fills((1, 0, 5)), [(2, "MERGE", 5)]) == [(0, 1)]


def test_further_copies_of_a_fill_give_nothing():
    trades = fills((1, 0, 5), (1, 0, 5), (2, 1, 10))
    ranked = trades.with_columns(dup_rank=pl.Series([0, 1, 0], dtype=pl.UInt16))
    assert oversold(ranked) == [(0, 0)]


def test_activity_of_no_market_is_left_out():
    rewards = table_frame("activity", [{"kind": "SPLIT", "market": NO_ID, "size_micro": SHARE}])
    assert oversold_tokens(fills(), rewards).is_empty()


def marked(trades, coverage):
    wallets = pl.DataFrame({"wallet": [0], "address": ["0xa"]}, schema={"wallet": pl.UInt32, "address": pl.String})
    frame = pl.DataFrame(coverage, schema={"address": pl.String, "coverage": pl.String}, orient="row")
    row = mark_truncated(wallets, trades, activity(), frame).row(0, named=True)
    return row["truncated"], row["truncation_reason"]


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        ([("0xa", "complete")], (False, "")),
        ([("0xa", "complete"), ("0xa", "sample")], (False, "")),
        ([("0xa", "bounded_window"), ("0xa", "sample")], (True, "bounded_window")),
        ([("0xa", "sample")], (True, "sample_source")),
        ([], (True, "sample_source")),
    ],
)
def test_the_best_source_of_a_wallet_decides(coverage, expected):
    assert marked(fills((1, 0, 5)), coverage) == expected


def test_an_oversell_outweighs_a_complete_source():
    assert marked(fills((1, 1, 5)), [("0xa", "complete")]) == (True, "sells_exceed_buys")


def test_a_wallet_without_fills_says_so():
    assert marked(fills(), []) == (True, "no_fills")


def test_an_import_marks_its_wallets(tmp_path):
    source = "Achenzy-prog/Insider_Amy"
    rows = [trade_row(who=1, source=source), trade_row(who=2), trade_row(who=3, side="SELL", source=source)]
    reasons = imported(tmp_path, [market_row(1)], rows).table("wallets")["truncation_reason"].to_list()
    assert reasons == ["", "sample_source", "sells_exceed_buys"]
