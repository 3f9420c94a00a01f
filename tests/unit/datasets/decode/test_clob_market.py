"""Frames of the market channel, books and compact market data."""

import json

import pytest

from tests.support.mutate import sample
from whaletrader.datasets.decode.clob_market import decode_book, decode_market
from whaletrader.datasets.decode.rows import (
    BestBidAsk,
    BookDelta,
    BookSnapshot,
    LastTrade,
    MarketResolvedFrame,
    NewMarketFrame,
    TickSizeChange,
)

FRAMES = sample("clob_ws_market_20260924.json")
MARKET, TOKEN = FRAMES[1]["market"], FRAMES[1]["asset_id"]
NO = "104425493878736059469967522531475345635535129482242136756374819053652959839920"
MS = 1_790_272_269_309
HEAD = {"market": MARKET, "asset_id": TOKEN, "timestamp": str(MS)}


def read(event):
    return decode_market(json.dumps(event))


def one(event):
    decoded = read(event)
    assert decoded.rejects == ()
    assert len(decoded.rows) == 1
    return decoded.rows[0]


def test_the_captured_frames_are_read_whole():
    decoded = read(FRAMES)
    kinds = [type(row) for row in decoded.rows]
    assert decoded.rejects == ()
    assert [kinds.count(kind) for kind in (BookSnapshot, BookDelta, LastTrade)] == [3, 6, 1]


def test_an_object_is_read_like_an_array_of_one():
    assert read(FRAMES[1]).rows == read([FRAMES[1]]).rows


def test_the_best_level_is_the_last_of_each_side():
    book = one(FRAMES[1])
    assert book.bids[-1] == (610_000, 3_256_610_000)
    assert book.asks[-1] == (620_000, 163_745_060_000)
    assert max(price for price, _ in book.bids) == book.bids[-1][0]
    assert min(price for price, _ in book.asks) == book.asks[-1][0]
    assert (book.tick_micro, book.last_trade_micro) == (10_000, 390_000)
    assert book.ts_event == 1_790_272_267_688 * 1_000_000


def test_the_rest_book_tells_minimum_and_group_too():
    book = decode_book(json.dumps(sample("clob_rest_book_20260924.json")[0])).rows[0]
    assert (book.min_order_micro, book.neg_risk, book.tick_micro) == (5_000_000, True, 10_000)
    assert book.hash == "7579762267918d7197195fbdeea8df93ef8ee532"
    assert book.bids[-1][0] < book.asks[-1][0]


def test_an_answer_that_is_an_error_is_told_as_one():
    decoded = decode_book(b'{"error":"No orderbook exists for the requested token id"}')
    assert [(each.reason, each.detail[:12]) for each in decoded.rejects] == [("server_error", "No orderbook")]


def test_one_change_is_two_entries_that_mirror_each_other():
    yes, no = read(FRAMES[3]).rows
    assert (yes.side, no.side) == ("BUY", "SELL")
    assert (yes.token_id, no.token_id) == (TOKEN, NO)
    assert yes.price_micro + no.price_micro == 1_000_000
    assert yes.size_micro == no.size_micro == 703_988_220_000
    assert (yes.best_bid_micro, yes.best_ask_micro) == (610_000, 620_000)


def test_a_bad_entry_of_a_change_leaves_the_other_alone():
    event = json.loads(json.dumps(FRAMES[3]))
    event["price_changes"][0]["price"] = "1.5"
    decoded = read(event)
    assert [row.token_id for row in decoded.rows] == [NO]
    assert [reject.reason for reject in decoded.rejects] == ["price_above_one"]


def test_a_level_that_is_gone_has_size_zero():
    event = json.loads(json.dumps(FRAMES[3]))
    event["price_changes"][0]["size"] = "0"
    assert read(event).rows[0].size_micro == 0


def test_the_older_form_of_a_change_is_read_too():
    event = {**HEAD, "event_type": "price_change", "hash": "aa"}
    event["changes"] = [{"price": "0.5", "side": "SELL", "size": "3"}]
    row = one(event)
    assert (row.token_id, row.price_micro, row.size_micro, row.hash) == (TOKEN, 500_000, 3_000_000, "aa")


def test_a_book_with_a_level_that_cannot_be_read_is_no_book():
    event = json.loads(json.dumps(FRAMES[1]))
    event["bids"][0]["size"] = "many"
    assert [reject.reason for reject in read(event).rejects] == ["size_missing"]
    del event["bids"]
    assert [reject.reason for reject in read(event).rejects] == ["levels_missing"]


def test_a_last_trade_names_its_transaction_and_no_wallet():
    trade = one(FRAMES[-1])
    assert (trade.price_micro, trade.size_micro, trade.side) == (2_000, 20_000_000, "SELL")
    assert trade.tx_hash.startswith("0x8ed4b95e")


def test_a_tick_change_tells_both_ticks():
    row = one({**HEAD, "event_type": "tick_size_change", "old_tick_size": "0.01", "new_tick_size": "0.001"})
    assert isinstance(row, TickSizeChange)
    assert (row.old_tick_micro, row.new_tick_micro) == (10_000, 1_000)


def test_the_best_prices_may_lack_a_side():
    row = one({**HEAD, "event_type": "best_bid_ask", "best_bid": "", "best_ask": "0.4"})
    assert isinstance(row, BestBidAsk)
    assert (row.best_bid_micro, row.best_ask_micro) == (-1, 400_000)


def test_a_resolved_market_names_its_winner():
    event = {"event_type": "market_resolved", "market": MARKET, "timestamp": MS, "winning_asset_id": TOKEN}
    row = one({**event, "winning_outcome": "Yes", "assets_ids": [TOKEN, NO]})
    assert isinstance(row, MarketResolvedFrame)
    assert (row.winning_token_id, row.winning_outcome, row.token_ids) == (TOKEN, "Yes", (TOKEN, NO))


def test_a_new_market_tells_its_fees_as_text():
    schedule = {"exponent": "1", "rate": "0.05", "taker_only": "true", "rebate_rate": "0.15"}
    event = {"event_type": "new_market", "market": MARKET, "timestamp": str(MS), "assets_ids": [TOKEN, NO]}
    row = one({**event, "outcomes": ["Yes", "No"], "fee_schedule": schedule})
    assert isinstance(row, NewMarketFrame)
    assert (row.fee_rate_micro, row.fee_exponent, row.fee_taker_only, row.fee_rebate_micro) == (
        50_000,
        1,
        True,
        150_000,
    )


@pytest.mark.parametrize("frame", ["PONG", b"PONG", b"", b" "])
def test_pongs_are_no_rows(frame):
    decoded = decode_market(frame)
    assert (decoded.rows, decoded.rejects) == ((), ())


def test_unknown_events_are_counted_and_neighbours_survive():
    decoded = read([FRAMES[0], {"event_type": "brand_new"}, 7, FRAMES[-1]])
    assert len(decoded.rows) == 2
    assert [reject.reason for reject in decoded.rejects] == ["unknown_event_type", "not_an_object"]
