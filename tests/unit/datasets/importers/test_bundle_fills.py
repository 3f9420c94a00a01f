"""Fills of a bundle: each kind of bad row is rejected with its reason, what can be mended is, and all is counted."""

import math

import pytest

from tests.unit.datasets.tiny import T0, cid, imported, market_row, token, trade_row, wallet
from whaletrader.datasets.schema import MOST_COPIES
from whaletrader.domain.values import NANOS, TapeRole, TapeSide

MARKETS = [market_row(1), market_row(2, outcome0="Lions", outcome1="Bears")]


def one(tmp_path, *rows):
    return imported(tmp_path, MARKETS, rows)


def source_of(dataset, table="trades"):
    return next(entry for entry in dataset.manifest.sources if entry.table == table)


def test_a_fill_keeps_its_values_in_canonical_units(tmp_path):
    row = trade_row(1, 7, side="SELL", price=0.53, size=12.5, fee_usd_implied=0.25, role_inferred="taker")
    fill = one(tmp_path, row).table("trades").row(0, named=True)
    assert (fill["ts"], fill["price_micro"], fill["size_micro"]) == (T0 * NANOS, 530_000, 12_500_000)
    assert (fill["side"], fill["role"], fill["fee_micro"]) == (TapeSide.SELL, TapeRole.TAKER, 250_000)
    assert (fill["token"], fill["market"], fill["outcome_index"], fill["dup_rank"], fill["source_row"]) == (
        0,
        0,
        0,
        0,
        0,
    )


def test_a_fill_without_a_fee_is_not_taken_for_a_makers(tmp_path):
    row = trade_row(fee_usd_implied=0.0, role_inferred="maker_or_no_fee")
    fill = one(tmp_path, row).table("trades").row(0, named=True)
    assert (fill["role"], fill["fee_micro"]) == (TapeRole.UNKNOWN, 0)


def test_an_unknown_fee_is_null(tmp_path):
    assert one(tmp_path, trade_row()).table("trades")["fee_micro"].to_list() == [None]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"price": math.nan}, "price_missing"),
        ({"price": None}, "price_missing"),
        ({"price": math.inf}, "price_missing"),
        ({"price": -0.1}, "price_negative"),
        ({"price": 1.2}, "price_above_one"),
        ({"size": math.nan}, "size_missing"),
        ({"size": None}, "size_missing"),
        ({"size": 0.0}, "size_not_positive"),
        ({"size": -5.0}, "size_not_positive"),
        ({"ts": None}, "time_missing"),
        ({"ts": 0}, "time_missing"),
        ({"ts": -T0}, "time_missing"),
        ({"ts": T0 * 10_000}, "time_missing"),
        ({"wallet": ""}, "wallet_missing"),
        ({"wallet": None}, "wallet_missing"),
        ({"side": "HOLD"}, "side_unknown"),
        ({"side": None}, "side_unknown"),
        ({"condition_id": None, "asset_id": "77"}, "market_unknown"),
        ({"condition_id": None, "asset_id": None}, "market_unknown"),
        ({"asset_id": None, "outcome_index": None, "outcome": "Tigers"}, "outcome_unknown"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason_and_counted(tmp_path, bad, reason):
    dataset = one(tmp_path, trade_row(), trade_row(**bad))
    assert dataset.table("trades").height == 1
    reject = dataset.table("rejects").row(0, named=True)
    assert (reject["reason"], reject["source_row"]) == (reason, 1)
    assert reject["row"].startswith("{")
    entry = source_of(dataset)
    assert (entry.rows_in, entry.rows_out, entry.dropped) == (2, 1, {reason: 1})


@pytest.mark.parametrize("price", [0.0, 1.0])
def test_prices_at_the_ends_are_prices(tmp_path, price):
    assert one(tmp_path, trade_row(price=price)).table("trades")["price_micro"].to_list() == [round(price * 1e6)]


def test_exact_duplicates_are_kept_with_a_rank(tmp_path):
    dataset = one(tmp_path, trade_row(), trade_row(size=11.0), trade_row(), trade_row())
    assert dataset.table("trades").sort("source_row")["dup_rank"].to_list() == [0, 0, 1, 2]
    assert source_of(dataset).doubted == {"exact_duplicate": 2}


def test_rows_that_differ_in_any_column_are_no_duplicates(tmp_path):
    dataset = one(tmp_path, trade_row(tx_hash=None), trade_row(tx_hash=None, trader_name="x"))
    assert dataset.table("trades")["dup_rank"].to_list() == [0, 0]


def test_a_missing_market_is_found_by_the_token(tmp_path):
    dataset = one(tmp_path, trade_row(2, condition_id=None))
    assert dataset.table("trades").select("market", "token").row(0) == (1, 2)
    assert source_of(dataset).mended == {"market_from_dictionary": 1}
    assert dataset.table("mended").select("source_row", "what").rows() == [(0, "market")]


def test_a_missing_token_is_found_by_market_and_outcome(tmp_path):
    dataset = one(tmp_path, trade_row(2, asset_id=None, outcome_index=1))
    assert dataset.table("trades")["token"].to_list() == [3]
    assert source_of(dataset).mended == {"token_from_dictionary": 1}


def test_a_missing_outcome_is_found_by_the_token(tmp_path):
    dataset = one(tmp_path, trade_row(2, asset_id=token(2, 1), outcome_index=None, outcome=""))
    assert dataset.table("trades").select("token", "outcome_index").row(0) == (3, 1)
    assert dataset.table("mended")["what"].to_list() == ["outcome"]


def test_a_missing_outcome_is_found_by_its_label_where_only_one_bears_it(tmp_path):
    dataset = one(tmp_path, trade_row(2, asset_id=None, outcome_index=None, outcome="Bears"))
    assert dataset.table("trades")["outcome_index"].to_list() == [1]


def test_a_label_that_both_outcomes_bear_mends_nothing(tmp_path):
    markets = [market_row(1, outcome0="Draw", outcome1="Draw")]
    dataset = imported(tmp_path, markets, [trade_row(1, asset_id=None, outcome_index=None, outcome="Draw")])
    assert dataset.table("rejects")["reason"].to_list() == ["outcome_unknown"]


def test_a_token_that_the_markets_do_not_name_is_learnt_from_another_fill(tmp_path):
    markets = [market_row(1, token0=None, token1=None)]
    dataset = imported(tmp_path, markets, [trade_row(1), trade_row(1, condition_id=None, outcome_index=None)])
    assert dataset.table("trades")["market"].to_list() == [0, 0]
    assert dataset.table("tokens")["token_id"].to_list() == [token(1, 0), f"{cid(1)}:1"]


def test_a_token_of_another_market_is_doubted_and_the_dictionary_believed(tmp_path):
    dataset = one(tmp_path, trade_row(1, asset_id=token(2, 0)))
    assert dataset.table("trades")["market"].to_list() == [1]
    assert source_of(dataset).doubted == {"token_contradicts_market": 1}


def test_the_market_of_a_fill_that_no_metadata_knows_is_made(tmp_path):
    dataset = one(tmp_path, trade_row(9))
    market = dataset.table("markets").filter(condition_id=cid(9)).row(0, named=True)
    assert (market["category"], market["resolved"], market["slug"]) == ("other", False, "")
    assert dataset.table("trades").height == 1


def test_addresses_are_one_wallet_whatever_their_case(tmp_path):
    upper = "0x" + f"{0xABC:040X}"
    dataset = one(tmp_path, trade_row(wallet=upper), trade_row(who=0xABC, size=3.0))
    assert dataset.table("wallets")["address"].to_list() == [wallet(0xABC)]


def test_each_origin_is_a_source_of_its_own(tmp_path):
    dataset = one(tmp_path, trade_row(source="b/b"), trade_row(source="a/a"), trade_row(source="a/a", price=2.0))
    entries = [entry for entry in dataset.manifest.sources if entry.table == "trades"]
    assert [(e.name, e.rows_in, e.rows_out) for e in entries] == [("trades:a/a", 2, 1), ("trades:b/b", 1, 1)]
    names = [dataset.manifest.sources[index].name for index in dataset.table("trades").sort("source_row")["source"]]
    assert names == ["trades:b/b", "trades:a/a"]


def test_rows_in_are_rows_out_and_rows_dropped(tmp_path):
    dataset = one(tmp_path, trade_row(), trade_row(price=2.0), trade_row(condition_id=None, asset_id="5"))
    entry = source_of(dataset)
    assert entry.rows_in == entry.rows_out + sum(entry.dropped.values())


def test_more_copies_than_a_rank_can_count_share_the_greatest(tmp_path):
    dataset = imported(tmp_path, [market_row(1)], [trade_row()] * 65_540)
    ranks = dataset.table("trades")["dup_rank"]
    assert (len(ranks), ranks.max(), (ranks == 0).sum()) == (65_540, MOST_COPIES, 1)
