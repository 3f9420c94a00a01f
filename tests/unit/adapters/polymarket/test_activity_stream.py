import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_http import tx
from tests.support.venue_live import live
from tests.support.venue_sockets import RTDS, ListSink, rtds_trade
from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket import once as once_module
from whaletrader.adapters.polymarket.activity_stream import ActivityTalk, frames
from whaletrader.adapters.polymarket.once import Once
from whaletrader.adapters.polymarket.stream_status import Epoch, EpochCause
from whaletrader.datasets.decode.rows import LastTrade, PositionChange, VenueFill
from whaletrader.datasets.decode.rtds import decode_rtds

SAMPLES = Path(__file__).parents[3] / "data" / "polymarket" / "samples"
TRADES, MATCHED = ("activity", "trades"), ("activity", "orders_matched")
NOW = 1_790_272_258 * 10**9


def fill(number: int, **more: Any) -> VenueFill:
    (row,) = decode_rtds(json.dumps(rtds_trade(number, **more)).encode()).rows
    assert isinstance(row, VenueFill)
    return row


def activity_talk() -> tuple[ActivityTalk, ListSink]:
    sink, epochs = ListSink(), list[Epoch]()
    return ActivityTalk(Once(), sink, epochs.append), sink


def test_each_type_has_a_frame_of_its_own_and_no_filter() -> None:
    said = [json.loads(frame) for frame in frames("subscribe")]
    assert said == [
        {"action": "subscribe", "subscriptions": [{"topic": "activity", "type": kind}]}
        for kind in ("trades", "orders_matched")
    ]


def test_one_bad_topic_in_a_batch_would_kill_the_others_and_ours_come_alone() -> None:
    with live() as it:
        wait_until(lambda: it.sockets.subscribers(RTDS, MATCHED) == 2, 5)
        assert it.sockets.subscribers(RTDS, TRADES) == 2
        assert all(len(json.loads(text)["subscriptions"]) == 1 for text in it.sockets.texts(RTDS))


def test_a_refused_topic_is_a_reject_and_no_sign_of_life() -> None:
    talk, sink = activity_talk()
    assert not talk.heard(b'{"statusCode":401,"body":{"message":"topic not found"}}', NOW)
    assert len(sink.rejects) == 1
    assert talk.counts.rejected == 1


def test_empty_frames_and_pongs_are_no_sign_of_life() -> None:
    talk, sink = activity_talk()
    assert not any(talk.heard(frame, NOW) for frame in (b"", b"  ", b"pong", b"ping"))
    assert not sink.rejects


def test_matched_orders_are_passed_on_but_only_trades_are_a_sign_of_life() -> None:
    talk, sink = activity_talk()
    assert not talk.heard(json.dumps(rtds_trade(0, kind="orders_matched")).encode(), NOW)
    assert talk.heard(json.dumps(rtds_trade(0)).encode(), NOW)
    assert [row.source for row in sink.rows] == ["rtds.orders_matched", "rtds.trades"]


def test_captured_frames_come_through_with_the_lag_of_each() -> None:
    talk, sink = activity_talk()
    captured = json.loads((SAMPLES / "rtds_activity_trades_20260924.json").read_text())
    for frame in captured:
        talk.heard(json.dumps(frame).encode(), frame["timestamp"] * 10**6)
    assert len(sink.of(VenueFill)) == len(captured)
    assert 0 <= talk.counts.lags.quantile_s(0.5) < 5


def test_two_equal_fills_of_one_transaction_are_two_though_two_sockets_tell_both() -> None:
    once = Once()
    first, second = once.tally(lasting=True), once.tally(lasting=True)
    told = [row for tally in (first, second, first, second) for row in once.new(tally, [fill(0)])]
    assert len(told) == 2


def test_what_one_socket_lost_the_other_tells() -> None:
    once = Once()
    first, second = once.tally(lasting=True), once.tally(lasting=True)
    assert once.new(first, [fill(0), fill(0)]) == [fill(0), fill(0)]
    assert once.new(second, [fill(0)]) == []
    assert once.new(second, [fill(1)]) == [fill(1)]
    assert once.new(first, [fill(1)]) == []


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), max_size=30), st.randoms(use_true_random=False)
)
def test_the_union_of_two_lossy_sockets_is_told_whatever_the_order(
    kinds: list[tuple[int, bool, bool]], rng: Any
) -> None:
    """Each socket hears a part; of each kind as many are told as the better socket heard."""
    once = Once()
    tallies = (once.tally(lasting=True), once.tally(lasting=True))
    heard = [(socket, kind) for kind, a, b in kinds for socket, there in ((0, a), (1, b)) if there]
    rng.shuffle(heard)
    told: list[int] = []
    for socket, kind in heard:
        told += [kind for _ in once.new(tallies[socket], [fill(kind)])]
    for kind in range(4):
        assert told.count(kind) == max(heard.count((0, kind)), heard.count((1, kind)))


def test_an_answer_that_overlaps_an_earlier_one_tells_only_what_is_new() -> None:
    once = Once()
    change = PositionChange(source="data_v2", kind="SPLIT", wallet="0x1", amount_micro=5, ts_event=1, tx_hash="0x2")
    assert once.new(once.tally(lasting=False), [fill(0), change]) == [fill(0), change]
    assert once.new(once.tally(lasting=False), [fill(0), fill(0), change, change]) == [fill(0), change]


def test_rows_without_an_identity_problem_pass() -> None:
    trade = LastTrade(market_id="m", token_id="1", ts_event=1, price_micro=1, size_micro=1, side="BUY")
    once = Once()
    assert once.new(once.tally(lasting=True), [trade, trade]) == [trade, trade]


def test_the_memory_of_what_was_told_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(once_module, "KINDS_KEPT", 10)
    once = Once()
    tally = once.tally(lasting=True)
    for number in range(100):
        once.new(tally, [fill(number)])
    assert len(tally) == 10
    assert once.new(once.tally(lasting=False), [fill(99)]) == []


def test_a_gap_of_one_socket_is_none_while_the_other_hears() -> None:
    with live() as it:
        gaps: list[tuple[int, int]] = []
        wait_until(lambda: it.sockets.subscribers(RTDS, TRADES) == 2, 5)
        it.sockets.push(RTDS, rtds_trade(0), what=TRADES)
        wait_until(lambda: {it.source(f"activity.{n}").state for n in (0, 1)} == {"LIVE"}, 5)
        it.sources.activity.on_gap = lambda from_ts, until_ts: gaps.append((from_ts, until_ts))
        dropped_ts = it.source("activity.0").last_data_ts
        it.sockets.drop(RTDS, only=0)
        wait_until(lambda: it.sockets.opened[RTDS] == 3, 10)
        wait_until(lambda: it.sockets.subscribers(RTDS, TRADES) == 2, 5)
        it.sockets.push(RTDS, rtds_trade(1), only=1)
        wait_until(lambda: it.source("activity.1").last_data_ts > dropped_ts or it.source("activity.0").epoch > 1, 5)
        it.sockets.push(RTDS, rtds_trade(2), what=TRADES)
        wait_until(lambda: bool(gaps), 5)
        assert gaps[0][0] > dropped_ts


def test_a_silent_lapse_with_an_open_socket_is_noticed_and_the_subscription_renewed() -> None:
    with live(stale_after_s=1) as it:
        wait_until(lambda: it.sockets.subscribers(RTDS, TRADES) == 2, 5)
        it.sockets.push(RTDS, rtds_trade(0), what=TRADES)
        for connection in list(it.sockets._subscribed):
            it.sockets._subscribed[connection].clear()
        wait_until(lambda: it.sockets.subscribers(RTDS, TRADES) >= 1, 5)
        wait_until(
            lambda: it.sockets.push(RTDS, rtds_trade(1), what=TRADES) > 0 and len(it.sink.of(VenueFill)) >= 2, 10
        )
        causes = {epoch.cause for n in (0, 1) for epoch in it.source(f"activity.{n}").epochs}
        assert EpochCause.SILENCE in causes
        assert {row.tx_hash for row in it.sink.of(VenueFill)} == {tx(0), tx(1)}
