"""Our own orders and trades as REST spells them: exact numbers, both clocks, and None instead of half a row."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.polymarket.account_rows import order_row, trade_row

ORDER = {
    "id": "0xAB", "status": "ORDER_STATUS_LIVE", "owner": "key", "maker_address": "0xCD", "market": "0xEF",
    "asset_id": "71", "side": "buy", "price": "0.57", "original_size": "100", "size_matched": "12.5",
    "outcome": "Yes", "order_type": "GTD", "associate_trades": ["t1", 2], "created_at": 1_790_000_000,
    "expiration": "0",
}  # fmt: skip
MAKER = {"order_id": "0xM", "asset_id": "71", "matched_amount": "4", "price": "0.57", "maker_address": "0xCD"}
TRADE = {
    "id": "t", "size": "4", "price": "0.57", "status": "TRADE_STATUS_CONFIRMED", "side": "BUY", "asset_id": "71",
    "match_time": "1790000000", "last_update": "1790000009", "trader_side": "taker", "taker_order_id": "0xT",
    "maker_orders": [MAKER], "transaction_hash": "0xFF", "market": "0xEF",
}  # fmt: skip


def test_an_order_is_read_field_by_field():
    row = order_row(ORDER)
    assert (row.order_id, row.market_id, row.maker) == ("0xab", "0xef", "0xcd")
    assert (row.price_micro, row.original_size_micro, row.size_matched_micro) == (570_000, 100_000_000, 12_500_000)
    assert (row.side, row.status, row.order_type, row.type) == ("BUY", "LIVE", "GTD", "")
    assert row.associate_trades == ("t1", "2")
    assert row.ts_event == 1_790_000_000 * 10**9


@pytest.mark.parametrize(
    "change", [{"id": None}, {"id": ""}, {"price": "cheap"}, {"price": "-0.1"}, {"original_size": None},
               {"original_size": "Infinity"}, {"original_size": "1e30"}],
)  # fmt: skip
def test_an_order_without_its_id_price_or_size_is_none(change):
    assert order_row(ORDER | change) is None


@pytest.mark.parametrize("matched", ["many", "NaN", "-1", [], "1e30"])
def test_an_order_whose_fills_cannot_be_read_is_none_and_not_unfilled(matched):
    assert order_row(ORDER | {"size_matched": matched}) is None


@pytest.mark.parametrize("matched", [None, "", "0", 0])
def test_an_order_that_tells_of_no_fill_has_none(matched):
    assert order_row(ORDER | {"size_matched": matched}).size_matched_micro == 0


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**15))
def test_every_amount_of_six_decimals_comes_through_exactly(micro):
    text = str(Decimal(micro) / 1_000_000)
    assert order_row(ORDER | {"original_size": text}).original_size_micro == micro


@pytest.mark.parametrize(
    ("told", "ts"),
    [(1_790_000_000, 1_790_000_000 * 10**9), ("1790000000", 1_790_000_000 * 10**9),
     ("1790000000123", 1_790_000_000_123 * 10**6), ("", -1), (None, -1), ("soon", -1), (-5, -1), ("1e9", -1),
     (10**30, -1)],
)  # fmt: skip
def test_a_time_is_seconds_or_milliseconds_or_unknown(told, ts):
    assert order_row(ORDER | {"created_at": told}).ts_event == ts


@settings(max_examples=200, deadline=None)
@given(st.integers(-(10**6), 10**20))
def test_no_time_is_too_large_for_64_bits(told):
    assert -1 <= order_row(ORDER | {"created_at": told}).ts_event < 2**63


def test_a_trades_time_is_that_of_its_last_update_else_of_the_match():
    row = trade_row(TRADE)
    assert (row.ts_event, row.ts_match) == (1_790_000_009 * 10**9, 1_790_000_000 * 10**9)
    assert trade_row(TRADE | {"last_update": ""}).ts_event == 1_790_000_000 * 10**9
    assert (row.status, row.trader_side, row.tx_hash) == ("CONFIRMED", "TAKER", "0xff")
    assert (row.maker_orders[0].order_id, row.maker_orders[0].maker) == ("0xm", "0xcd")


@pytest.mark.parametrize("change", [{"matched_amount": "0"}, {"matched_amount": "x"}, {"price": None}])
def test_one_maker_that_cannot_be_read_spoils_the_trade_as_its_price_would_be_another(change):
    assert trade_row(TRADE | {"maker_orders": [MAKER, MAKER | change]}) is None


@pytest.mark.parametrize("makers", [None, "x", {}, [], [7]])
def test_a_trade_without_makers_is_known_by_its_own_price(makers):
    assert trade_row(TRADE | {"maker_orders": makers}).maker_orders == ()
