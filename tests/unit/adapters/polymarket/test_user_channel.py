import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.venue_sockets import USER, ListSink, VenueSockets, venue_sockets
from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket.stream_status import Epoch, EpochCause, StreamState
from whaletrader.adapters.polymarket.user_channel import UserChannel
from whaletrader.datasets.decode.rows import UserOrder, UserTrade
from whaletrader.domain.clob_auth import ApiKey
from whaletrader.errors import StorageError

SAMPLES = Path(__file__).parents[3] / "data" / "polymarket" / "samples"
KEY = ApiKey("an-api-key-id", "the-api-secret", "the-passphrase")


@contextmanager
def channel(server: VenueSockets, ping_every_s: float = 0.3) -> Iterator[tuple[UserChannel, ListSink, list[Epoch]]]:
    sink, epochs = ListSink(), list[Epoch]()
    one = UserChannel(server.url("/ws"), KEY, sink, epochs.append, ping_every_s=ping_every_s)
    one.start()
    try:
        yield one, sink, epochs
    finally:
        assert one.stop(5)


def test_the_first_frame_carries_the_credentials_and_no_markets() -> None:
    with venue_sockets() as server, channel(server):
        wait_until(lambda: bool(server.texts(USER)), 5)
        assert json.loads(server.texts(USER)[0]) == {
            "type": "user",
            "auth": {"apiKey": "an-api-key-id", "secret": "the-api-secret", "passphrase": "the-passphrase"},
        }


def test_orders_and_trades_come_as_rows_one_by_one_or_in_an_array() -> None:
    frames = json.loads((SAMPLES / "clob_ws_user_docs.json").read_text())
    with venue_sockets() as server, channel(server) as (one, sink, _):
        wait_until(lambda: one.freshness().fresh, 5)
        server.push(USER, frames)
        for frame in frames:
            server.push(USER, frame)
        wait_until(lambda: len(sink.rows) == 4, 5)
        assert [type(row) for row in sink.rows] == [UserTrade, UserOrder] * 2


def test_quiet_orders_are_no_silence_while_pings_are_answered() -> None:
    with venue_sockets() as server, channel(server, 0.4) as (one, _, epochs):
        wait_until(lambda: server.pings(USER) >= 5, 10)
        assert one.freshness().fresh
        assert len(epochs) == 1
        assert server.opened[USER] == 1


def test_unanswered_pings_make_a_new_connection_and_an_epoch() -> None:
    with venue_sockets() as server, channel(server, 0.1) as (one, _, epochs):
        wait_until(lambda: bool(epochs), 5)
        server.mute.add(USER)
        wait_until(lambda: not one.freshness().fresh, 5)
        wait_until(lambda: server.opened[USER] >= 2, 5)
        before = len(epochs)
        server.mute.clear()
        wait_until(lambda: len(epochs) > before, 10)
        assert epochs[-1].cause is EpochCause.SILENCE
        wait_until(lambda: one.freshness().fresh, 5)


def test_a_broken_connection_is_an_epoch_for_whoever_reads_orders_anew() -> None:
    with venue_sockets() as server, channel(server) as (one, _, epochs):
        wait_until(lambda: bool(epochs), 5)
        server.drop(USER)
        wait_until(lambda: len(epochs) >= 2, 10)
        assert (epochs[1].cause, epochs[1].number) == (EpochCause.RECONNECT, 2)
        assert one.status().reconnects >= 1


def test_before_the_start_it_is_idle_and_not_fresh() -> None:
    one = UserChannel("ws://127.0.0.1:1/ws", KEY, ListSink(), lambda _epoch: None)
    assert one.status().state is StreamState.IDLE
    assert not one.freshness().fresh
    assert one.stop(1)


def test_the_listeners_error_surfaces() -> None:
    with venue_sockets() as server, channel(server) as (one, sink, _):
        wait_until(lambda: one.freshness().fresh, 5)
        sink.error = StorageError("the disk is full")
        server.push(USER, json.loads((SAMPLES / "clob_ws_user_docs.json").read_text()))

        def surfaced() -> bool:
            return "failed" in one.freshness().reason

        wait_until(surfaced, 5)
        with pytest.raises(StorageError):
            one.check()


def test_no_secret_is_told_by_logs_status_rejects_or_errors(caplog: Any) -> None:
    with caplog.at_level(logging.DEBUG), venue_sockets() as server, channel(server) as (one, sink, epochs):
        wait_until(lambda: one.freshness().fresh, 5)
        server.push(USER, '{"event_type":"error","auth":{"secret":"the-api-secret","passphrase":"the-passphrase"')
        wait_until(lambda: bool(sink.rejects), 5)
        server.drop(USER)
        wait_until(lambda: len(epochs) >= 2, 10)
        logged = [record.getMessage() for record in caplog.records if record.name.startswith("whaletrader")]
        said = repr((logged, one.status(), sink.rejects, one.freshness(), vars(one)))
        assert "the-api-secret" not in said
        assert "the-passphrase" not in said
