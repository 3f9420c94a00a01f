import threading
import time

import pytest

from tests.support.venue_http import WALLET, Answer, activity_row, condition, market_row, token, tx
from tests.support.venue_live import book, live, mined, ws_book
from tests.support.venue_sockets import MARKET, RTDS, rtds_trade
from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket.live_sources import MOST_TOKENS
from whaletrader.datasets.decode.rows import BookSnapshot, MarketMeta, VenueFill
from whaletrader.domain.values import NANOS
from whaletrader.errors import ExchangeError, StorageError, UsageError

TOKEN = token(0, 0)
TRADES = ("activity", "trades")


def hashes(rows: list[VenueFill], source: str) -> list[str]:
    return [row.tx_hash for row in rows if row.source == source]


def test_nothing_is_fresh_before_the_start_and_after_the_end() -> None:
    with live(start=False) as it:
        assert it.sources.freshness().reason == "the live sources do not run"
        it.sources.start()
        it.sources.watch([], [WALLET])
        wait_until(lambda: it.sources.freshness().fresh, 5)
        assert it.sources.stop(5)
        assert not it.sources.freshness().fresh
        assert it.sources.stop(5)


def test_stop_without_a_start_and_two_starts_do_no_harm() -> None:
    with live(start=False) as it:
        assert it.sources.stop(5)
    with live() as it:
        it.sources.start()
        assert sum(one.name == "whaletrader-live-sources" for one in threading.enumerate()) == 1


def test_fills_of_the_stream_reach_the_sink_once_though_two_sockets_tell_them() -> None:
    with live() as it:
        wait_until(lambda: it.sockets.subscribers(RTDS, TRADES) == 2, 5)
        for number in range(20):
            assert it.sockets.push(RTDS, rtds_trade(number), what=TRADES) == 2
        wait_until(lambda: len(it.sink.of(VenueFill)) >= 20, 5)
        wait_until(lambda: it.source("activity.0").data_age_s >= 0 <= it.source("activity.1").data_age_s, 5)
        assert sorted(hashes(it.sink.of(VenueFill), "rtds.trades")) == sorted(tx(number) for number in range(20))


def test_books_come_by_the_socket_and_the_markets_terms_by_rest() -> None:
    rest = book(TOKEN, 1_790_272_257_000, [("0.5", "10")], [("0.6", "10")])
    with live() as it:
        it.sockets.books[TOKEN] = ws_book(rest)
        it.http.books[TOKEN] = rest
        it.sources.watch([TOKEN], [])
        wait_until(lambda: it.sources.freshness(TOKEN).fresh, 5)
        wait_until(lambda: it.source("market.0").hash_checks >= 1, 5)
        assert it.source("market.0").hash_faults == 0
        assert {row.token_id for row in it.sink.of(BookSnapshot)} == {TOKEN}
        wait_until(lambda: it.source("clob.books").seen >= 1, 5)


def test_a_token_without_an_up_to_date_book_is_not_fresh() -> None:
    with live() as it:
        it.sources.watch([TOKEN], [])
        wait_until(lambda: it.sources.freshness().fresh, 5)
        refused = it.sources.freshness(TOKEN)
        assert not refused.fresh
        assert TOKEN in refused.reason


def test_a_gap_of_the_stream_is_filled_from_the_data_api() -> None:
    now_s = int(time.time())
    with live(sweep_s=3600.0, since_ts=(now_s - 60) * NANOS) as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: it.sockets.subscribers(RTDS, TRADES) == 2, 5)
        it.sockets.push(RTDS, rtds_trade(0), what=TRADES)
        wait_until(lambda: it.http.asked("/data-api/v2/activity") >= 1, 5)
        it.http.activity[WALLET] = [activity_row(7, ts=now_s), activity_row(8, ts=now_s)]
        it.sockets.drop(RTDS)
        wait_until(lambda: it.sockets.subscribers(RTDS, TRADES) == 2, 10)
        it.sockets.push(RTDS, rtds_trade(1), what=TRADES)
        wait_until(lambda: sorted(hashes(it.sink.of(VenueFill), "data_v2")) == [tx(7), tx(8)], 10)

        def resumed() -> bool:
            """Either socket may have come back after the last push: each has to hear something anew."""
            it.sockets.push(RTDS, rtds_trade(1), what=TRADES)
            return it.source("activity.0").epoch >= 2

        wait_until(resumed, 20)
        from_ts, until_ts = next(gap[1:] for gap in it.sink.gaps[::-1] if gap[0] == "rtds.trades")
        assert from_ts < until_ts


def test_fills_come_from_the_chains_logs_and_a_taken_back_one_is_told_as_such() -> None:
    with live() as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: it.source("chain.logs").state == "LIVE", 5)
        it.http.logs = [mined(1, 1_001), mined(2, 1_001)]
        it.http.newest_block = 1_001
        wait_until(lambda: sorted(hashes(it.sink.of(VenueFill), "chain")) == [tx(1), tx(2)], 5)
        it.http.logs = [mined(1, 1_001)]
        wait_until(lambda: any(row.removed for row in it.sink.of(VenueFill)), 5)
        assert [row.tx_hash for row in it.sink.of(VenueFill) if row.removed] == [tx(2)]
        assert all(row.ts_event > 0 for row in it.sink.of(VenueFill))


def test_while_neither_the_stream_nor_the_chain_is_heard_orders_are_refused() -> None:
    with live(stale_after_s=1) as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: it.sources.freshness().fresh, 5)
        it.http.refusals += [("/rpc", Answer(500))] * 200
        wait_until(lambda: not it.sources.freshness().fresh, 10)
        assert it.sources.freshness().reason == "neither the activity stream nor the chain is heard"
        it.http.refusals.clear()
        it.http.newest_block += 1
        wait_until(lambda: it.sources.freshness().fresh, 20)


def test_with_the_stream_alone_orders_wait_until_its_gap_is_filled() -> None:
    with live(stale_after_s=5) as it:
        it.http.refusals += [("/rpc", Answer(400))] * 10_000 + [("/data-api", Answer(503))] * 10_000
        it.sources.watch([], [WALLET])
        wait_until(lambda: it.sockets.subscribers(RTDS, TRADES) == 2, 5)
        it.sockets.push(RTDS, rtds_trade(0), what=TRADES)
        wait_until(lambda: it.source("activity.0").state == "LIVE", 5)
        assert it.sources.freshness().reason == "a gap of the activity stream is not filled yet"
        it.http.relent("/data-api")

        def filled() -> bool:
            it.sockets.push(RTDS, rtds_trade(0), what=TRADES)
            return it.sources.freshness().fresh

        wait_until(filled, 30)


def test_the_sinks_own_error_surfaces_and_stops_orders() -> None:
    with live() as it:
        wait_until(lambda: it.sockets.subscribers(RTDS, TRADES) == 2, 5)
        it.sources.check()
        it.sink.error = StorageError("the disk is full")
        it.sockets.push(RTDS, rtds_trade(0), what=TRADES)
        wait_until(lambda: "failed" in it.sources.freshness().reason, 5)
        with pytest.raises(StorageError, match="the disk is full"):
            it.sources.check()


def test_what_was_heard_before_the_end_is_kept_though_the_sink_is_slow() -> None:
    with live() as it:
        wait_until(lambda: it.sockets.subscribers(RTDS, TRADES) == 2, 5)
        it.sink.pause_s = 0.3
        for number in range(50):
            it.sockets.push(RTDS, rtds_trade(number), what=TRADES)
        wait_until(lambda: it.source("activity.0").seen == it.source("activity.1").seen == 50, 5)
        assert it.sources.stop(5)
        assert sorted(hashes(it.sink.of(VenueFill), "rtds.trades")) == sorted(tx(number) for number in range(50))


def test_a_fault_of_ours_surfaces_with_its_cause() -> None:
    with live() as it:
        wait_until(lambda: it.sockets.subscribers(RTDS, TRADES) == 2, 5)
        it.sink.error = KeyError("x")
        it.sockets.push(RTDS, rtds_trade(0), what=TRADES)
        wait_until(lambda: "failed" in it.sources.freshness().reason, 5)
        with pytest.raises(ExchangeError, match="the source sink failed") as caught:
            it.sources.check()
        assert isinstance(caught.value.__cause__, KeyError)


def test_markets_that_the_sink_lacks_are_described_by_condition_and_by_token() -> None:
    with live() as it:
        it.http.markets = [market_row(0, closed=False), market_row(1)]
        it.http.market_of[token(1, 0)] = condition(1)
        it.sink.lacking = ([condition(0)], [token(1, 0), token(9, 0)])
        wait_until(lambda: {row.market_id for row in it.sink.of(MarketMeta)} == {condition(0), condition(1)}, 5)
        asked = it.http.asked("/gamma/markets/keyset")
        wait_until(lambda: it.source("gamma.markets").seen == 2, 5)
        assert it.http.asked("/gamma/markets/keyset") == asked


def test_more_tokens_than_the_sockets_hold_are_refused_at_once() -> None:
    with live(start=False) as it, pytest.raises(UsageError, match="watch fewer"):
        it.sources.watch([str(number) for number in range(MOST_TOKENS + 1)], [])


def test_the_end_is_quick_while_everything_hangs() -> None:
    with live() as it:
        it.http.hold_after = 0
        it.sockets.mute |= {RTDS, MARKET}
        it.sources.watch([TOKEN], [WALLET])
        wait_until(lambda: it.http.held.is_set(), 5)
        begun = time.monotonic()
        assert it.sources.stop(5)
        assert time.monotonic() - begun < 4
