import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.support.venue_sockets import USER, VenueSockets, venue_sockets
from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket.session import Plan, Session, words
from whaletrader.adapters.polymarket.stream_status import Epoch, EpochCause, StreamState
from whaletrader.adapters.polymarket.stream_thread import StreamThread

PATH = "/other"


class Words:
    """Says hello; hears anything but PONG as a sign of life."""

    def __init__(self) -> None:
        self.on = True
        self.frames: list[bytes] = []
        self.epochs: list[Epoch] = []
        self.fault: Exception | None = None

    def wanted(self) -> bool:
        return self.on

    def opening(self) -> tuple[str, ...]:
        return ("hello", "there")

    def again(self) -> tuple[str, ...]:
        return ("again",)

    def ping(self) -> str:
        return "PING"

    def heard(self, frame: bytes, arrived_ts: int) -> bool:
        if self.fault is not None:
            raise self.fault
        self.frames.append(frame)
        return frame != b"PONG"

    def resumed(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)


@contextmanager
def session(url: str, **plan: float) -> Iterator[tuple[Session, Words, StreamThread]]:
    times: dict[str, float] = {"ping_every_s": 0.2, "probe_after_s": 5.0, "stale_after_s": 10.0, "first_pause_s": 0.02}
    talk = Words()
    one = Session(Plan(source="it", url=url, **(times | plan)), talk)
    thread = StreamThread("test-session", {"it": one.run})
    thread.start()
    try:
        yield one, talk, thread
    finally:
        assert thread.stop(5)


def live(server: VenueSockets, one: Session, path: str = PATH) -> Callable[[], bool]:
    def reached() -> bool:
        if one.state is not StreamState.LIVE:
            server.push(path, "word")
        return one.state is StreamState.LIVE

    return reached


def test_the_first_frames_are_the_subscription_in_order() -> None:
    with venue_sockets() as server, session(server.url(PATH)):
        wait_until(lambda: len(server.texts(PATH)) >= 2, 5)
        assert [text for _, _, text in server.heard][:2] == ["hello", "there"]


def test_it_pings_on_a_quiet_socket_and_a_pong_is_no_sign_of_life() -> None:
    with venue_sockets() as server, session(server.url(USER), ping_every_s=0.05) as (one, talk, _):
        wait_until(lambda: talk.frames.count(b"PONG") >= 3, 5)
        assert one.state is StreamState.WAITING
        assert one.status().data_age_s == -1.0
        assert not talk.epochs


def test_it_pings_on_a_busy_socket_too() -> None:
    with venue_sockets() as server, session(server.url(PATH), ping_every_s=0.05):
        wait_until(lambda: server.open(PATH) == 1, 5)

        def busy() -> bool:
            server.push(PATH, "word")
            return server.pings(PATH) >= 3

        wait_until(busy, 5)


def test_the_first_word_begins_the_first_epoch() -> None:
    before = time.time_ns()
    with venue_sockets() as server, session(server.url(PATH)) as (one, talk, _):
        wait_until(live(server, one), 5)
        (epoch,) = talk.epochs
        assert (epoch.number, epoch.cause) == (1, EpochCause.START)
        assert before <= epoch.from_ts <= epoch.until_ts <= time.time_ns()
        assert 0 <= one.status().data_age_s < 5


def test_silence_with_an_open_socket_is_probed_and_then_left() -> None:
    with venue_sockets() as server, session(server.url(PATH), probe_after_s=0.15, stale_after_s=0.4) as (one, talk, _):
        wait_until(live(server, one), 5)
        wait_until(lambda: "again" in server.texts(PATH), 5)
        probed = next(number for _, number, text in server.heard if text == "again")
        assert (PATH, probed, "hello") in server.heard, "it asked again on the socket that it had"
        wait_until(lambda: server.opened[PATH] >= probed + 2, 5)
        assert "silent with an open socket" in one.status().last_error
        wait_until(live(server, one), 5)
        assert talk.epochs[-1].cause is EpochCause.SILENCE
        assert talk.epochs[-1].from_ts < talk.epochs[-1].until_ts


def test_a_word_after_the_probe_keeps_the_socket_and_tells_of_the_gap() -> None:
    with venue_sockets() as server, session(server.url(PATH), probe_after_s=0.1, stale_after_s=30.0) as (one, talk, _):
        wait_until(live(server, one), 5)
        wait_until(lambda: one.state is StreamState.SILENT, 5)
        assert one.in_gap
        server.push(PATH, "word")
        wait_until(lambda: len(talk.epochs) >= 2, 5)
        assert talk.epochs[1].cause is EpochCause.SILENCE
        assert server.opened[PATH] == 1
        assert not one.in_gap or one.state is StreamState.SILENT


def test_a_broken_connection_is_made_again_and_is_an_epoch() -> None:
    with venue_sockets() as server, session(server.url(PATH)) as (one, talk, _):
        wait_until(live(server, one), 5)
        server.drop(PATH)
        wait_until(lambda: server.opened[PATH] == 2, 5)
        wait_until(live(server, one), 5)
        assert [epoch.cause for epoch in talk.epochs] == [EpochCause.START, EpochCause.RECONNECT]
        assert one.status().reconnects == 1


def test_refusals_are_told_by_their_status_and_outlasted() -> None:
    with venue_sockets() as server:
        server.refusals[PATH] = 1_000_000
        with session(server.url(PATH)) as (one, _, _thread):
            wait_until(lambda: one.status().last_error == "refused with HTTP 503", 5)
            wait_until(lambda: server.refusals[PATH] <= 1_000_000 - 3, 5)
            server.refusals[PATH] = 0
            wait_until(live(server, one), 10)


def test_a_server_that_is_gone_and_comes_back_is_found() -> None:
    server = VenueSockets()
    with server.running():
        url = server.url(PATH)
    with session(url) as (one, _, _thread):
        wait_until(lambda: one.state is StreamState.DOWN, 5)
        with server.running():
            wait_until(live(server, one), 10)


def test_a_storm_of_closed_connections_makes_the_pauses_grow() -> None:
    with venue_sockets() as server:
        server.closing[PATH] = 10_000
        with session(server.url(PATH), first_pause_s=0.02, longest_pause_s=60.0):
            wait_until(lambda: server.opened[PATH] >= 4, 5)
            count, begun = server.opened[PATH], time.monotonic()
            wait_until(lambda: server.opened[PATH] >= count + 2, 10)
            assert time.monotonic() - begun > 0.02 * 2 ** (count - 1) * 0.5


def test_pauses_are_the_same_for_the_same_seed_and_bounded() -> None:
    async def pauses(seed: int) -> list[float]:
        plan = Plan(source="x", url="ws://x", ping_every_s=1, probe_after_s=1, stale_after_s=1, seed=seed)
        one = Session(plan, Words())
        found = []
        for failures in range(40):
            one._failures = failures
            found.append(one._pause_s())
        return found

    first, again, other = (asyncio.run(pauses(seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert max(first) <= 30.0
    assert min(first) > 0.0


def test_nothing_to_ask_means_no_connection_until_something_is_asked() -> None:
    with venue_sockets() as server:
        talk = Words()
        talk.on = False
        one = Session(
            Plan(
                source="it", url=server.url(PATH), ping_every_s=1, probe_after_s=5, stale_after_s=9, first_pause_s=0.01
            ),
            talk,
        )
        thread = StreamThread("test-session", {"it": one.run})
        thread.start()
        wait_until(lambda: one.state is StreamState.IDLE, 5)
        assert server.opened[PATH] == 0
        talk.on = True
        thread.call_soon(one.ask)
        wait_until(live(server, one), 5)
        talk.on = False
        server.push(PATH, "word")
        wait_until(lambda: one.state is StreamState.IDLE, 5)
        assert thread.stop(5)
        assert one.state is StreamState.STOPPED


def test_what_the_talk_raises_is_not_swallowed_and_leaves_a_gap() -> None:
    with venue_sockets() as server, session(server.url(PATH)) as (one, talk, thread):
        wait_until(live(server, one), 5)
        talk.fault = KeyError("bug")
        server.push(PATH, "word")
        wait_until(lambda: bool(thread.failures()), 5)
        assert isinstance(thread.failures()[0].error, KeyError)
        talk.fault = None
        wait_until(live(server, one), 10)
        assert talk.epochs[-1].cause is EpochCause.RECONNECT


def test_a_peer_that_never_completes_the_handshake_does_not_hold_up_the_end() -> None:
    async def silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        one = Session(
            Plan(source="it", url=f"ws://127.0.0.1:{port}/", ping_every_s=1, probe_after_s=1, stale_after_s=2), Words()
        )
        thread = StreamThread("test-session", {"it": one.run})
        thread.start()
        await asyncio.to_thread(wait_until, lambda: one.state is StreamState.CONNECTING, 5)
        begun = time.monotonic()
        assert await asyncio.to_thread(thread.stop, 5)
        assert time.monotonic() - begun < 3
        server.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError(), "no answer in time"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (ValueError("wss://node/SECRET"), "ValueError"),
        (OSError("wss://node/SECRET"), "OSError"),
    ],
)
def test_an_address_that_may_hold_a_key_is_not_told(error: Exception, said: str) -> None:
    assert words(error) == said
