import json
from pathlib import Path
from typing import Any

from tests.support.venue_http import token
from tests.support.venue_live import MARKET_ID, book, live, ws_book
from tests.support.venue_sockets import MARKET, ListSink
from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket.market_channel import (
    FAULT_PAUSE_NS,
    HASH_EVERY_NS,
    HASHES_KEPT,
    TOKENS_PER_SOCKET,
    MarketTalk,
    _Kept,
    market_frame,
)
from whaletrader.adapters.polymarket.stream_status import EpochCause
from whaletrader.datasets.decode.rows import BookDelta, BookSnapshot, LastTrade, TickSizeChange

SAMPLES = Path(__file__).parents[3] / "data" / "polymarket" / "samples"
YES, NO = token(0, 0), token(0, 1)
NOW = 1_790_272_300 * 10**9
MS = 1_790_272_257_000
FIRST = book(YES, MS, [("0.5", "10"), ("0.49", "5")], [("0.6", "10")])


def talk(*tokens: str) -> tuple[MarketTalk, ListSink]:
    sink = ListSink()
    one = MarketTalk(sink)
    one.tokens = {each: _Kept() for each in tokens}
    one.opening()
    return one, sink


def hear(one: MarketTalk, frame: Any, at: int = NOW) -> bool:
    return one.heard(json.dumps(frame).encode(), at)


def change(after: dict[str, Any], price: str, size: str, side: str = "BUY", **more: str) -> dict[str, Any]:
    """A change with the hash and the best prices of the book that it leads to."""
    entry = {
        "asset_id": after["asset_id"],
        "price": price,
        "size": size,
        "side": side,
        "hash": after["hash"],
        "best_bid": after["bids"][-1]["price"],
        "best_ask": after["asks"][-1]["price"],
    } | more
    return {
        "event_type": "price_change",
        "market": MARKET_ID,
        "timestamp": after["timestamp"],
        "price_changes": [entry],
    }


def test_the_first_frame_is_the_venues_own() -> None:
    assert json.loads(market_frame(["1", "2"])) == {
        "type": "market",
        "assets_ids": ["1", "2"],
        "custom_feature_enabled": True,
    }


def test_changes_are_held_back_until_a_snapshot_came() -> None:
    one, sink = talk(YES)
    after = book(YES, MS + 1, [("0.5", "11"), ("0.49", "5")], [("0.6", "10")])
    assert hear(one, change(after, "0.5", "11"))
    assert not sink.rows
    hear(one, ws_book(FIRST))
    hear(one, change(after, "0.5", "11"))
    assert [type(row) for row in sink.rows] == [BookSnapshot, BookDelta]


def test_a_right_hash_proves_the_rule_and_a_wrong_one_then_is_a_fault() -> None:
    one, sink = talk(YES)
    faults: list[str] = []
    one.on_fault = lambda token_id, _ts: faults.append(token_id)
    one.take_books(json.dumps([FIRST]).encode(), NOW)
    after = book(YES, MS + 1, [("0.5", "11"), ("0.49", "5")], [("0.6", "10")])
    hear(one, change(after, "0.5", "11"))
    assert (one.hash_checks, one.hash_faults, faults) == (2, 0, [])
    wrong = change(after, "0.49", "6", hash="0" * 40)
    hear(one, wrong, NOW + HASH_EVERY_NS)
    assert (one.hash_faults, faults) == (1, [YES])
    assert not one.whole(YES)
    before = len(sink.rows)
    hear(one, change(after, "0.48", "6"))
    assert len(sink.rows) == before


def test_before_a_right_hash_was_seen_a_wrong_one_of_a_change_says_nothing() -> None:
    one, _ = talk(YES)
    one.take_books(json.dumps([FIRST]).encode(), NOW)
    hear(one, change(FIRST, "0.49", "6", hash="0" * 40))
    assert one.hash_faults == 0
    assert one.whole(YES)


def test_where_most_hashes_of_changes_are_wrong_they_prove_nothing() -> None:
    one, _ = talk(YES)
    one.take_books(json.dumps([FIRST]).encode(), NOW)
    hear(one, change(FIRST, "0.5", "10"))
    for n in range(1, 2 * HASHES_KEPT):
        at = NOW + n * HASH_EVERY_NS
        one.take_books(json.dumps([FIRST]).encode(), at)
        hear(one, change(FIRST, "0.49", "5", hash="0" * 40), at)
    assert HASHES_KEPT // 2 <= one.hash_faults <= HASHES_KEPT
    assert one.whole(YES)


def test_a_wrong_best_price_is_a_fault_without_any_hash() -> None:
    one, _ = talk(YES)
    hear(one, ws_book(FIRST))
    hear(one, change(FIRST, "0.49", "6", best_bid="0.51"))
    assert one.hash_faults == 1
    assert not one.whole(YES)


def test_a_wrong_book_is_asked_for_anew_only_now_and_then() -> None:
    one, _ = talk(YES)
    faults: list[str] = []
    one.on_fault = lambda token_id, _ts: faults.append(token_id)
    for n in range(3):
        hear(one, ws_book(FIRST), NOW + n)
        hear(one, change(FIRST, "0.49", "6", best_bid="0.51"), NOW + n)
    assert (len(faults), one.hash_faults) == (1, 3)
    hear(one, ws_book(FIRST), NOW + FAULT_PAUSE_NS)
    hear(one, change(FIRST, "0.49", "6", best_bid="0.51"), NOW + FAULT_PAUSE_NS)
    assert len(faults) == 2


def test_a_rest_book_that_was_overtaken_gives_only_the_markets_terms() -> None:
    one, sink = talk(YES)
    later = book(YES, MS + 10, [("0.5", "12")], [("0.6", "10")])
    hear(one, ws_book(later))
    assert one.lacking() == [YES]
    one.take_books(json.dumps([FIRST]).encode(), NOW)
    assert one.lacking() == []
    assert [row.ts_event for row in sink.of(BookSnapshot)] == [(MS + 10) * 10**6]


def test_the_sockets_own_snapshot_holds_though_its_time_is_earlier() -> None:
    one, sink = talk(YES)
    hear(one, ws_book(book(YES, MS + 10, [("0.5", "12")], [("0.6", "10")])))
    hear(one, ws_book(FIRST))
    assert len(sink.of(BookSnapshot)) == 2
    hear(one, change(FIRST, "0.49", "5"))
    assert one.hash_faults == 0


def test_one_order_changes_two_books() -> None:
    one, sink = talk(YES, NO)
    other = book(NO, MS, [("0.4", "10")], [("0.5", "10"), ("0.51", "5")])
    hear(one, [ws_book(FIRST), ws_book(other)])
    frame = change(FIRST, "0.49", "6")
    frame["price_changes"] += change(other, "0.51", "6", "SELL")["price_changes"]
    hear(one, frame)
    assert [(row.token_id, row.side) for row in sink.of(BookDelta)] == [(YES, "BUY"), (NO, "SELL")]


def test_trades_ticks_and_what_is_no_event_pass_by() -> None:
    one, sink = talk(YES)
    common = {"market": MARKET_ID, "asset_id": YES, "timestamp": str(MS)}
    trade = common | {"event_type": "last_trade_price", "price": "0.5", "size": "1", "side": "BUY", "fee_rate_bps": "0"}
    tick = common | {"event_type": "tick_size_change", "old_tick_size": "0.01", "new_tick_size": "0.001"}
    assert hear(one, [trade, tick])
    assert [type(row) for row in sink.rows] == [LastTrade, TickSizeChange]
    assert not one.heard(b"PONG", NOW)
    assert not one.heard(b"[]", NOW)
    assert not one.heard(b"INVALID OPERATION", NOW)
    assert one.counts.rejected == 1


def test_captured_frames_run_through_and_their_cut_books_are_no_fault() -> None:
    frames = json.loads((SAMPLES / "clob_ws_market_20260924.json").read_text())
    one, sink = talk(*{frame["asset_id"] for frame in frames if frame["event_type"] == "book"})
    for frame in frames:
        hear(one, frame)
    hear(one, frames)
    assert one.hash_faults == 0
    assert sink.of(BookSnapshot)
    assert sink.of(BookDelta)
    assert not sink.rejects


def test_a_tampered_delta_makes_an_epoch_and_a_new_snapshot_on_the_same_socket() -> None:
    with live() as it:
        it.sockets.books[YES], it.http.books[YES] = ws_book(FIRST), FIRST
        it.sources.watch([YES], [])
        wait_until(lambda: it.sources.freshness(YES).fresh, 5)
        it.sockets.push(MARKET, change(FIRST, "0.49", "6", best_bid="0.51"))
        wait_until(lambda: it.source("market.0").hash_faults == 1, 5)
        wait_until(lambda: it.sources.freshness(YES).fresh, 5)
        status = it.source("market.0")
        assert [epoch.cause for epoch in status.epochs] == [EpochCause.START, EpochCause.HASH]
        assert it.sockets.opened[MARKET] == 1
        assert json.loads(it.sockets.texts(MARKET)[-2])["operation"] == "unsubscribe"


def test_a_lost_socket_makes_every_book_out_of_date_until_its_new_snapshot() -> None:
    with live() as it:
        it.sockets.books[YES], it.http.books[YES] = ws_book(FIRST), FIRST
        it.sources.watch([YES], [])
        wait_until(lambda: it.sources.freshness(YES).fresh, 5)
        it.sockets.refusals[MARKET] = 1_000_000
        it.sockets.drop(MARKET)
        wait_until(lambda: not it.sources.freshness(YES).fresh, 5)
        it.sockets.refusals[MARKET] = 0
        wait_until(lambda: it.sources.freshness(YES).fresh, 10)
        assert it.source("market.0").epochs[-1].cause is EpochCause.RECONNECT
        assert len(it.sink.of(BookSnapshot)) >= 2


def test_a_snapshot_and_then_silence_is_noticed_by_asking_again() -> None:
    with live(stale_after_s=1) as it:
        it.sockets.books[YES], it.http.books[YES] = ws_book(FIRST), FIRST
        it.sources.watch([YES], [])
        wait_until(lambda: it.sources.freshness(YES).fresh, 5)
        it.sockets.mute.add(MARKET)
        wait_until(lambda: it.sockets.opened[MARKET] >= 2, 10)
        assert not it.sources.market.whole(YES)
        it.sockets.mute.clear()
        wait_until(lambda: it.sources.market.whole(YES), 20)


def test_a_quiet_market_stays_fresh_because_asking_again_brings_its_book() -> None:
    with live(stale_after_s=2) as it:
        it.sockets.books[YES], it.http.books[YES] = ws_book(FIRST), FIRST
        it.sources.watch([YES], [])
        wait_until(lambda: len(it.sink.of(BookSnapshot)) >= 4, 10)
        assert it.sockets.opened[MARKET] == 1


def test_watching_changes_on_the_open_socket() -> None:
    with live() as it:
        other = book(NO, MS, [("0.4", "10")], [("0.5", "10")])
        it.sockets.books |= {YES: ws_book(FIRST), NO: ws_book(other)}
        it.sources.watch([YES], [])
        wait_until(lambda: it.sockets.subscribers(MARKET, YES) == 1, 5)
        it.sources.watch([NO], [])
        wait_until(lambda: it.sockets.subscribers(MARKET, NO) == 1, 5)
        wait_until(lambda: it.sockets.subscribers(MARKET, YES) == 0, 5)
        wait_until(lambda: it.sources.freshness(NO).fresh, 5)
        assert it.sockets.opened[MARKET] == 1
        it.sources.watch([], [])
        wait_until(lambda: it.sockets.open(MARKET) == 0, 15)


def test_many_tokens_are_spread_over_sockets() -> None:
    tokens = [str(number) for number in range(1, TOKENS_PER_SOCKET + 2)]
    with live() as it:
        it.sources.watch(tokens, [])
        wait_until(lambda: it.sockets.opened[MARKET] == 2, 5)
        wait_until(lambda: it.sockets.subscribers(MARKET, tokens[-1]) == 1, 5)
        assert [one.source for one in it.sources.status() if one.source.startswith("market.")] == [
            "market.0",
            "market.1",
        ]


def test_malformed_parts_of_a_frame_harm_no_neighbour() -> None:
    one, sink = talk(YES, NO)
    other = ws_book(book(NO, MS, [("0.5", "10")], [("0.6", "10")]))
    broken = {"event_type": "price_change", "market": MARKET_ID, "timestamp": str(MS), "price_changes": 5}
    assert hear(one, [ws_book(FIRST), broken, other | {"bids": 5}])
    assert [row.token_id for row in sink.of(BookSnapshot)] == [YES]
    assert (one.whole(YES), one.whole(NO)) == (True, False)


def test_a_book_that_trading_could_not_read_is_not_whole_and_is_asked_for_by_rest() -> None:
    one, _ = talk(YES)
    hear(one, ws_book(FIRST))
    hear(one, ws_book(FIRST) | {"bids": [{"price": "1.5", "size": "3"}], "hash": ""})
    assert not one.whole(YES)
    assert one.lacking() == [YES]
    assert one.take_books(json.dumps([FIRST | {"asks": 7}]).encode(), NOW) == set()
    assert not one.whole(YES)
    assert one.take_books(json.dumps([FIRST]).encode(), NOW) == {YES}
    assert one.whole(YES)
