import json
import time
from itertools import pairwise

from tests.support.venue_http import WALLET, Answer, activity_row, tx
from tests.support.venue_live import Live, live
from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket.activity_sweep import BACK_S, MARGIN_S, SETTLE_S
from whaletrader.datasets.decode.rows import PositionChange, VenueFill
from whaletrader.domain.values import NANOS

PATH = "/data-api/v2/activity"
OTHER = "0x" + "9" * 40


def fills(it: Live) -> list[str]:
    return sorted(row.tx_hash for row in it.sink.of(VenueFill))


def asked(it: Live) -> list[dict[str, list[str]]]:
    return [query for _, path, query in list(it.http.requests) if path == PATH]


def test_the_parameter_moves_so_that_no_cached_answer_is_read() -> None:
    with live(sweep_s=1.05) as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: len(asked(it)) >= 3, 10)
        ends = [query["end"][0] for query in asked(it)]
        assert len(set(ends)) == len(ends)
        assert all(int(end) > time.time() for end in ends)


def test_overlapping_answers_tell_each_fill_once_and_two_equal_fills_twice() -> None:
    now_s = int(time.time())
    with live(sweep_s=0.1, since_ts=(now_s - 60) * NANOS) as it:
        same = activity_row(1, ts=now_s)
        it.http.activity[WALLET] = [same, same, activity_row(2, ts=now_s)]
        it.sources.watch([], [WALLET])
        wait_until(lambda: len(asked(it)) >= 5 and len(fills(it)) >= 3, 10)
        assert fills(it) == [tx(1), tx(1), tx(2)]


def test_rows_of_one_second_that_are_indexed_late_are_not_lost() -> None:
    now_s = int(time.time())
    with live(sweep_s=0.1, since_ts=(now_s - 60) * NANOS) as it:
        it.http.activity[WALLET] = [activity_row(1, ts=now_s)]
        it.sources.watch([], [WALLET])
        wait_until(lambda: fills(it) == [tx(1)], 5)
        it.http.activity[WALLET] = [activity_row(2, ts=now_s), activity_row(1, ts=now_s)]
        wait_until(lambda: fills(it) == [tx(1), tx(2)], 5)


def test_splits_merges_redemptions_and_conversions_are_told_too() -> None:
    now_s = int(time.time())
    kinds = ("SPLIT", "MERGE", "REDEEM", "CONVERSION")
    with live(sweep_s=0.1, since_ts=(now_s - 60) * NANOS) as it:
        it.http.activity[WALLET] = [activity_row(n, ts=now_s, type=kind, side="") for n, kind in enumerate(kinds)]
        it.sources.watch([], [WALLET])
        wait_until(lambda: len(asked(it)) >= 4 and len(it.sink.of(PositionChange)) >= len(kinds), 10)
        assert [row.kind for row in it.sink.of(PositionChange)] == list(kinds)


def test_a_history_of_many_pages_is_walked_to_its_end() -> None:
    now_s = int(time.time())
    with live(start=False, since_ts=(now_s - 5_000) * 10**9) as it:
        it.http.page_rows = 10
        it.http.activity[WALLET] = [activity_row(n, ts=now_s - 4_000 + n) for n in range(95)]
        it.sources.watch([], [WALLET])
        it.sources.start()
        wait_until(lambda: len(fills(it)) == 95, 10)


def test_a_refused_wallet_is_owed_and_tried_again_while_others_go_on() -> None:
    now_s = int(time.time())
    with live(sweep_s=3600.0, since_ts=(now_s - 60) * NANOS) as it:
        it.http.activity = {WALLET: [activity_row(1, ts=now_s)], OTHER: [activity_row(2, wallet=OTHER, ts=now_s)]}
        it.http.refusals += [(PATH, Answer(400, b'{"error":"no"}'))]
        it.sources.watch([], [WALLET, OTHER])
        wait_until(lambda: bool(it.sink.of(VenueFill)), 5)
        wait_until(lambda: it.sources.sweep.owed == 0, 10)
        assert fills(it) == [tx(1), tx(2)]


def test_a_gap_is_read_at_once_from_its_beginning_and_again_later() -> None:
    now_s = int(time.time())
    with live(sweep_s=3600.0) as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: len(asked(it)) == 1, 5)
        it.http.activity[WALLET] = [activity_row(1, ts=now_s - 500)]
        from_ts = (now_s - 600) * 10**9
        it.sources._thread.call_soon(lambda: it.sources.sweep.gap(from_ts, from_ts))
        wait_until(lambda: fills(it) == [tx(1)], 5)
        assert int(asked(it)[1]["start"][0]) <= now_s - 600
        (kept,) = it.sources.sweep._wallets.values()
        wait_until(lambda: len(kept.due) == 2, 5, "two readings more, much later")


def test_a_wallet_that_is_no_longer_watched_is_no_longer_asked_for() -> None:
    with live(sweep_s=0.05) as it:
        it.sources.watch([], [WALLET])
        wait_until(lambda: len(asked(it)) >= 2, 5)
        it.sources.watch([], [OTHER])
        wait_until(lambda: asked(it)[-1]["user"] == [OTHER], 5)
        count = len(asked(it))
        wait_until(lambda: len(asked(it)) >= count + 3, 5)
        assert {query["user"][0] for query in asked(it)[count:]} == {OTHER}
        assert it.source("data_v2.activity").state == "LIVE"


def test_what_cannot_be_used_is_refused_once_though_it_is_read_again() -> None:
    now_s = int(time.time())
    with live(sweep_s=0.1, since_ts=(now_s - 60) * NANOS) as it:
        combo = activity_row(1, ts=now_s) | {"condition_id": "0x" + "a" * 62}
        it.http.activity[WALLET] = [combo, activity_row(2, ts=now_s)]
        it.sources.watch([], [WALLET])
        wait_until(lambda: len(asked(it)) >= 5 and bool(fills(it)), 10)
        assert len(it.sink.rejects) == 1
        assert fills(it) == [tx(2)]


def test_a_listing_that_leads_back_is_an_error_and_not_walked_for_ever() -> None:
    row = activity_row(1, ts=int(time.time()))
    circle = [
        Answer(200, json.dumps({"data": [row], "pagination": {"next_cursor": cursor}}).encode()) for cursor in "aba"
    ]
    with live(start=False, sweep_s=3600.0) as it:
        it.http.refusals += [(PATH, answer) for answer in circle]
        it.sources.watch([], [WALLET])
        it.sources.start()
        wait_until(lambda: "repeats a cursor" in it.source("data_v2.activity").last_error, 5)
        assert len(asked(it)) == 3


def test_a_gap_from_long_ago_is_not_read_behind_what_is_whole_so_that_nothing_forgotten_is_told_again() -> None:
    now_s = int(time.time())
    with live(start=False, since_ts=(now_s - 50_000) * 10**9, sweep_s=3600.0) as it:
        it.http.activity[WALLET] = [activity_row(n, ts=now_s - 40_000 + n) for n in range(30)]
        it.sources.watch([], [WALLET])
        it.sources.start()
        wait_until(lambda: len(fills(it)) == 30, 5)
        wait_until(lambda: it.sources.sweep.owed == 0, 5)
        count = len(asked(it))
        it.sources._thread.call_soon(lambda: it.sources.sweep.gap((now_s - 50_000) * 10**9, now_s * 10**9))
        wait_until(lambda: len(asked(it)) > count, 5)
        assert int(asked(it)[-1]["start"][0]) >= now_s - SETTLE_S - BACK_S - 1


def test_a_wallet_that_is_watched_again_goes_on_where_it_was() -> None:
    now_s = int(time.time())
    with live(start=False, since_ts=(now_s - 50_000) * 10**9, sweep_s=3600.0) as it:
        it.http.activity[WALLET] = [activity_row(1, ts=now_s - 40_000), activity_row(2, ts=now_s)]
        it.sources.watch([], [WALLET])
        it.sources.start()
        wait_until(lambda: it.sources.sweep.owed == 0 and len(fills(it)) == 2, 5)
        it.sources.watch([], [OTHER])
        wait_until(lambda: WALLET not in it.sources.sweep._wallets, 5)
        it.http.activity[WALLET] += [activity_row(3, ts=now_s)]
        it.sources.watch([], [WALLET])
        wait_until(lambda: fills(it) == [tx(1), tx(2), tx(3)], 5)
        assert int(asked(it)[-1]["start"][0]) >= now_s - SETTLE_S - 1


def test_readings_are_told_of_until_they_reach_the_end_of_the_last_gap() -> None:
    read: list[tuple[str, int, int]] = []
    began_s = int(time.time())
    with live(start=False, since_ts=(began_s - 5_000) * NANOS, sweep_s=0.1) as it:
        it.sources.sweep.on_read = lambda wallet, from_ts, until_ts: read.append((wallet, from_ts, until_ts))
        it.sources.watch([], [WALLET])
        it.sources.start()
        wait_until(lambda: len(read) >= 2, 10)
        wallet, from_ts, until_ts = read[0]
        assert (wallet, from_ts) == (WALLET, (began_s - 5_000 - MARGIN_S) * NANOS)
        assert until_ts <= (int(time.time()) - SETTLE_S) * NANOS, "the newest rows may not have been indexed"
        assert all(later[1] <= earlier[2] for earlier, later in pairwise(list(read))), "readings leave no hole"
