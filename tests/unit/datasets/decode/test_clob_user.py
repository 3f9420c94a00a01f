"""The user channel and the private answers that say the same."""

import json

import pytest

from tests.support.mutate import sample
from whaletrader.datasets.decode.clob_user import decode_user, decode_user_answer, plain_status

TRADE, ORDER = sample("clob_ws_user_docs.json")


def test_the_documented_trade_is_read():
    trade = decode_user(json.dumps(TRADE)).rows[0]
    assert (trade.trade_id, trade.status, trade.side) == ("28c4d2eb-bbea-40e7-a9f0-b2fdb56b2c2e", "MATCHED", "BUY")
    assert (trade.price_micro, trade.size_micro, trade.ts_match) == (570_000, 10_000_000, 1_672_290_701 * 10**9)
    maker = trade.maker_orders[0]
    assert (maker.matched_micro, maker.price_micro, maker.outcome) == (10_000_000, 570_000, "YES")
    assert maker.order_id.startswith("0xff354cd7")


def test_the_documented_order_is_read():
    order = decode_user(json.dumps(ORDER)).rows[0]
    assert (order.type, order.side, order.original_size_micro, order.size_matched_micro) == (
        "PLACEMENT",
        "SELL",
        10_000_000,
        0,
    )
    assert order.associate_trades == ()


def test_an_array_of_events_keeps_its_order():
    assert [type(row).__name__ for row in decode_user(json.dumps([TRADE, ORDER])).rows] == ["UserTrade", "UserOrder"]


def test_statuses_lose_the_prefix_that_rest_puts_before_them():
    assert plain_status("TRADE_STATUS_CONFIRMED") == "CONFIRMED"
    assert plain_status("ORDER_STATUS_LIVE") == "LIVE"
    assert plain_status("mined") == "MINED"


def test_a_page_of_trades_says_where_the_next_begins():
    row = {key: value for key, value in TRADE.items() if key not in ("event_type", "matchtime")}
    row |= {"match_time": "1672290701", "status": "TRADE_STATUS_MINED", "trader_side": "MAKER", "bucket_index": 2}
    row["transaction_hash"] = "0x" + "AB" * 32
    found = decode_user_answer(json.dumps({"data": [row], "next_cursor": "MTAw"}))
    trade = found.rows[0]
    assert (trade.status, trade.trader_side, trade.bucket_index) == ("MINED", "MAKER", 2)
    assert trade.tx_hash == "0x" + "ab" * 32
    assert found.next_cursor == "MTAw"


def test_the_last_page_has_no_next():
    assert decode_user_answer(json.dumps({"data": [], "next_cursor": "LTE="})).next_cursor == ""


def test_one_order_and_a_bare_list_are_read_too():
    row = {key: value for key, value in ORDER.items() if key not in ("event_type", "timestamp")}
    row |= {"created_at": 1672290687, "status": "ORDER_STATUS_MATCHED", "order_type": "GTC"}
    for answer in (row, [row], {"data": [row]}):
        order = decode_user_answer(json.dumps(answer)).rows[0]
        assert (order.status, order.order_type, order.ts_event) == ("MATCHED", "GTC", 1_672_290_687 * 10**9)


def test_a_trade_with_a_leg_that_cannot_be_read_is_refused_whole():
    bad = json.loads(json.dumps(TRADE))
    bad["maker_orders"].append({"order_id": "0x1"})
    decoded = decode_user(json.dumps([bad, ORDER]))
    assert len(decoded.rows) == 1
    assert [reject.reason for reject in decoded.rejects] == ["token_missing"]


def test_a_frame_that_cannot_be_read_is_not_repeated_in_its_refusal():
    decoded = decode_user(b'{"auth": {"secret": "hush"')
    assert [(reject.reason, reject.head) for reject in decoded.rejects] == [("malformed_json", b"")]


@pytest.mark.parametrize("frame", [b"PONG", "", b"ping"])
def test_pongs_are_no_rows(frame):
    assert decode_user(frame).rejects == ()


def test_unknown_events_are_counted():
    assert [each.reason for each in decode_user(b'{"event_type":"new"}').rejects] == ["unknown_event_type"]
    assert [each.reason for each in decode_user_answer(b'{"error":"Unauthorized"}').rejects] == ["server_error"]
