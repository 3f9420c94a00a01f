"""Answers of the Data API, new and frozen, as rows."""

import json

import pytest

from tests.support.mutate import sample
from whaletrader.datasets.decode.data_api_v2 import (
    decode_activity,
    decode_positions,
    decode_resolutions,
    decode_trades,
)
from whaletrader.datasets.decode.rows import PositionChange

ACTIVITY = sample("data_v2_activity_20260908.json")
TRADES = sample("data_v2_trades_20260908.json")
V1 = sample("data_v1_trades_20260924.json")


def page(rows, cursor=None):
    pagination = {"limit": 100, "offset": 0, "has_more": cursor is not None, "next_cursor": cursor}
    return json.dumps({"data": rows, "pagination": pagination})


def test_the_fee_is_what_a_takers_buy_cost_beyond_its_price():
    free, paid = decode_activity(page(ACTIVITY)).rows
    assert (paid.fee_micro, paid.role) == (489_750, "taker")
    assert (free.fee_micro, free.role) == (0, "")
    assert (paid.price_micro, paid.size_micro) == (86_450, 155_030_000)


def test_of_a_sale_the_fee_cannot_be_told():
    row = {**ACTIVITY[1], "side": "SELL"}
    assert decode_activity(page([row])).rows[0].fee_micro == -1


def test_an_outcome_without_a_label_is_none():
    rows = decode_trades(page(TRADES)).rows
    assert [row.outcome_index for row in rows] == [-1, -1]
    assert [row.source for row in rows] == ["data_v2", "data_v2"]
    assert [row.side for row in rows] == ["BUY", "SELL"]


def test_the_frozen_interface_gives_the_same_kind_of_row():
    rows = decode_trades(json.dumps(V1)).rows
    assert len(rows) == len(V1)
    assert {row.source for row in rows} == {"data_v1"}
    mint = rows[:2]
    assert mint[0].tx_hash == mint[1].tx_hash
    assert mint[0].price_micro + mint[1].price_micro == 1_000_000
    assert [row.side for row in mint] == ["BUY", "BUY"]


def test_a_page_says_where_the_next_begins():
    assert decode_trades(page(TRADES, "abc")).next_cursor == "abc"
    assert decode_trades(page(TRADES)).next_cursor == ""


def test_combos_are_refused_by_name_and_the_others_stay():
    combo = {**TRADES[0], "condition_id": "0x" + "12" * 31, "slug": "", "outcome": ""}
    found = decode_trades(page([TRADES[0], combo, TRADES[1]]))
    assert len(found.rows) == 2
    assert [each.reason for each in found.rejects] == ["combination_trade"]


@pytest.mark.parametrize("kind", ["SPLIT", "MERGE", "REDEEM", "CONVERSION", "MAKER_REBATE", "DEPOSIT"])
def test_what_changes_a_position_without_a_trade_is_a_row_of_its_kind(kind):
    row = {**ACTIVITY[0], "type": kind, "side": "", "price": 0, "token_id": ""}
    change = decode_activity(page([row])).rows[0]
    assert isinstance(change, PositionChange)
    assert (change.kind, change.amount_micro, change.usd_micro) == (kind, 14_285_715, 13_285_715)


def test_a_reward_belongs_to_no_market():
    row = {"proxy_wallet": ACTIVITY[0]["proxy_wallet"], "timestamp": 1788886609, "type": "REWARD", "size": 3}
    assert decode_activity(page([row])).rows[0].market_id == ""


def test_an_unknown_kind_of_activity_is_counted():
    found = decode_activity(page([{**ACTIVITY[0], "type": "GIFT"}]))
    assert [each.reason for each in found.rejects] == ["unknown_event_type"]


def test_positions_of_both_interfaces_are_read():
    yes = decode_positions(page(sample("data_v2_positions_20260908.json"))).rows[1]
    assert (yes.size_micro, yes.avg_price_micro, yes.price_micro) == (400_000_000_000, 500_000, 245_500)
    assert (yes.neg_risk, yes.mergeable, yes.status, yes.outcome_index) == (True, True, "OPEN", 0)
    closed = decode_positions(json.dumps(sample("data_v1_closed_positions_20260924.json"))).rows
    assert [row.realized_pnl_micro for row in closed[:2]] == [1_113_036_600, -276_136_600]
    assert closed[0].size_micro == 0


def test_a_question_that_is_not_decided_has_no_row_and_one_decided_pays():
    rows = sample("data_v2_resolutions.json")
    found = decode_resolutions(page(rows))
    assert [row.payouts_micro for row in found.rows] == [(0, 1_000_000)]
    assert found.rejects == ()
    half = {**rows[0], "price": "0.5"}
    yes = {**rows[0], "price": 1}
    unset = {**rows[0], "price": "69"}
    found = decode_resolutions(page([half, unset, yes]))
    assert [row.payouts_micro for row in found.rows] == [(500_000, 500_000), (1_000_000, 0)]
    assert [each.reason for each in found.rejects] == ["payout_unknown"]


def test_an_error_is_told_with_its_code():
    found = decode_trades(b'{"error":"slow down","code":"rate_limited","retryable":true,"trace_id":"x"}')
    assert [(each.reason, each.detail) for each in found.rejects] == [("server_error", "rate_limited slow down")]
    assert [each.reason for each in decode_trades(b"7").rejects] == ["not_a_list"]
    assert [each.reason for each in decode_trades(b"<html>").rejects] == ["malformed_json"]


def test_what_the_rounding_of_a_price_hides_in_a_large_fill_is_no_fee_and_makes_nobody_a_taker():
    size, exact = 800_000, 0.12345678904
    row = {
        "type": "TRADE", "proxy_wallet": "0x" + "1" * 40, "side": "BUY", "token_id": "123", "outcome_index": 0,
        "condition_id": "0x" + "a" * 64, "transaction_hash": "0x" + "b" * 64, "timestamp": 1_790_000_000,
        "size": size, "price": 0.1234567890, "usdc_size": round(size * exact, 6),
    }  # fmt: skip
    (fill,) = decode_activity(json.dumps({"data": [row]})).rows
    assert (fill.role, fill.fee_micro) == ("", -1)
    (fill,) = decode_activity(json.dumps({"data": [row | {"usdc_size": size * 0.123456789 + 40.0}]})).rows
    assert (fill.role, fill.fee_micro) == ("taker", 40_000_000)
