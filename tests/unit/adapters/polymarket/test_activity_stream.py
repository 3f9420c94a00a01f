import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_http import tx
from tests.support.venue_live import live
from tests.support.venue_sockets import RTDS, ListSink, rtds_trade
from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket.activity_stream import ActivityStream, ActivityTalk, frames
from whaletrader.adapters.polymarket.once import FRAMES_KEPT, Frames, Once
from whaletrader.adapters.polymarket.stream_status import Epoch, EpochCause
from whaletrader.datasets.decode.rows import LastTrade, PositionChange, VenueFill
from whaletrader.datasets.decode.rtds import decode_rtds

SAMPLES = Path(__file__).parents[3] / "data" / "polymarket" / "samples"
TRADES, MATCHED = ("activity", "trades"), ("activity", "orders_matched")
NOW = 1_790_272_258 * 10**9
HEARD = st.tuples(st.integers(0, 3), st.booleans(), st.booleans())
"""A kind of fill, and which of the two sockets heard it."""


def fill(number: int, **more: Any) -> VenueFill:
    (row,) = decode_rtds(json.dumps(rtds_trade(number, **more)).encode()).rows
    assert isinstance(row, VenueFill)
    return row


def activity_talk() -> tuple[ActivityTalk, ListSink]:
    sink, epochs = ListSink(), list[Epoch]()
    return ActivityTalk(0, Once(2), sink, epochs.append), sink


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
    once = Once(2)
    told = [row for socket in (0, 1, 0, 1) for row in once.heard(socket, [fill(0)])]
    assert len(told) == 2


def test_what_one_socket_lost_the_other_tells() -> None:
    once = Once(2)
    assert once.heard(0, [fill(0), fill(0)]) == [fill(0), fill(0)]
    assert once.heard(1, [fill(0)]) == []
    assert once.heard(1, [fill(1)]) == [fill(1)]
    assert once.heard(0, [fill(1)]) == []


def test_a_frame_that_comes_twice_on_one_socket_is_one_fill() -> None:
    once = Once(2)
    assert once.heard(0, [fill(0)]) == [fill(0)]
    assert once.heard(0, [fill(0)], repeated=True) == []
    assert once.heard(1, [fill(0)]) == []


def test_a_frame_that_comes_twice_on_both_sockets_is_two_fills() -> None:
    once = Once(2)
    told = [
        row
        for socket, again in ((0, False), (0, True), (1, False), (1, True))
        for row in once.heard(socket, [fill(0)], repeated=again)
    ]
    assert len(told) == 2


def test_the_same_bytes_are_known_again_for_a_while() -> None:
    frames_heard = Frames()
    assert [frames_heard.repeated(frame) for frame in (b"a", b"b", b"a")] == [False, False, True]
    for number in range(FRAMES_KEPT):
        frames_heard.repeated(str(number).encode())
    assert not frames_heard.repeated(b"b")


def test_a_repeated_frame_reaches_the_sink_once() -> None:
    talk, sink = activity_talk()
    frame = json.dumps(rtds_trade(0)).encode()
    assert [talk.heard(frame, NOW) for _ in range(3)] == [True] * 3
    assert len(sink.rows) == 1
    assert talk.counts.seen == 3


@settings(max_examples=200, deadline=None)
@given(st.lists(HEARD, max_size=30), st.randoms(use_true_random=False))
def test_the_union_of_two_lossy_sockets_is_told_in_any_order(kinds: list[tuple[int, bool, bool]], rng: Any) -> None:
    """Each socket hears a part; of each kind as many are told as the better socket heard."""
    once = Once(2)
    heard = [(socket, kind) for kind, a, b in kinds for socket, there in ((0, a), (1, b)) if there]
    rng.shuffle(heard)
    told: list[int] = []
    for socket, kind in heard:
        told += [kind for _ in once.heard(socket, [fill(kind)])]
    for kind in range(4):
        assert told.count(kind) == max(heard.count((0, kind)), heard.count((1, kind)))


def test_an_answer_that_overlaps_an_earlier_one_tells_only_what_is_new() -> None:
    once = Once()
    change = PositionChange(source="data_v2", kind="SPLIT", wallet="0x1", amount_micro=5, ts_event=1, tx_hash="0x2")
    assert once.answered([fill(0), change]) == [fill(0), change]
    assert once.answered([fill(0), fill(0), change, change]) == [fill(0), change]
    assert once.answered([fill(0)]) == []


def test_rows_without_an_identity_problem_pass() -> None:
    trade = LastTrade(market_id="m", token_id="1", ts_event=1, price_micro=1, size_micro=1, side="BUY")
    assert Once(1).heard(0, [trade, trade], repeated=True) == [trade, trade]
    assert Once().answered([trade, trade]) == [trade, trade]


def test_the_memory_of_what_was_told_is_bounded() -> None:
    once = Once(1, kept=10)
    for number in range(100):
        once.heard(0, [fill(number)])
    assert len(once._told) == len(once._heard[0]) == 10
    assert once.answered([fill(99)]) == []


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
        for subscribed in list(it.sockets._subscribed.values()):
            subscribed.clear()
        wait_until(lambda: it.sockets.subscribers(RTDS, TRADES) >= 1, 5)
        wait_until(
            lambda: it.sockets.push(RTDS, rtds_trade(1), what=TRADES) > 0 and len(it.sink.of(VenueFill)) >= 2, 10
        )
        causes = {epoch.cause for n in (0, 1) for epoch in it.source(f"activity.{n}").epochs}
        assert EpochCause.SILENCE in causes
        assert {row.tx_hash for row in it.sink.of(VenueFill)} == {tx(0), tx(1)}


def two_sockets() -> tuple[ActivityStream, list[tuple[int, int]]]:
    """Sockets that nobody opens, and the list of what was missed."""
    stream, missed = ActivityStream("ws://127.0.0.1:1", 10.0, ListSink()), []
    stream.on_missed = lambda from_ts, until_ts: missed.append((from_ts, until_ts))
    return stream, missed


def resumed(stream: ActivityStream, socket: int, from_ts: int, until_ts: int) -> None:
    """Let a socket hear again after a gap."""
    session = stream.sessions[socket]
    source = session.plan.source
    epoch = Epoch(source=source, number=1, cause=EpochCause.RECONNECT, from_ts=from_ts, until_ts=until_ts)
    session._epochs.append(epoch)
    session._gap, session.last_life_ts = None, until_ts
    stream.talks[socket].resumed(epoch)


def test_what_came_before_the_first_frame_was_missed_and_a_return_beside_a_listening_socket_misses_nothing() -> None:
    stream, missed = two_sockets()
    resumed(stream, 0, 10, 20)
    assert missed == [(10, 20)]
    resumed(stream, 1, 10, 25)
    assert missed[1:] == [(10, 20)]
    resumed(stream, 1, 40, 50)
    assert missed[2:] == []


def test_a_stretch_in_which_one_socket_was_away_and_the_other_silent_is_told_once_that_is_certain() -> None:
    stream, missed = two_sockets()
    resumed(stream, 0, 1, 2)
    resumed(stream, 1, 1, 2)
    missed.clear()
    resumed(stream, 1, 100, 105)
    assert missed == [], "the other socket is believed to listen"
    resumed(stream, 0, 100, 150)
    assert missed == [(100, 105)], "it was silent since 100"


def test_a_socket_in_a_gap_listened_to_its_last_sign_of_life_only() -> None:
    stream, missed = two_sockets()
    resumed(stream, 0, 1, 2)
    resumed(stream, 1, 1, 2)
    missed.clear()
    first = stream.sessions[0]
    first.last_life_ts, first._gap = 30, (EpochCause.SILENCE, 30)
    resumed(stream, 1, 20, 60)
    assert missed == [(30, 60)]
