"""Subscriptions of the activity stream: who gets what, and the quirks of its commands."""

import asyncio
import json
from collections.abc import Callable, Mapping

from tests.support import venue_record as world
from tests.support.waiting_async import until
from whaletrader.adapters.paper.server.edge import StreamClosed
from whaletrader.adapters.paper.server.recorder import ANNOUNCE_LAG_NS, STREAM_LAG_NS, Recorder
from whaletrader.adapters.paper.server.rtds import ActivityFeed, Client, passes
from whaletrader.domain.values import NANOS


class Stream:
    """Keeps what is sent; gives what a client says, then ends."""

    def __init__(self, *says: str) -> None:
        self.sent: list[str] = []
        self._says = list(says)
        self.asked = 0
        self.ended = asyncio.Event()
        self.query: Mapping[str, str] = {}

    async def receive(self) -> str:
        self.asked += 1
        if self._says:
            return self._says.pop(0)
        await self.ended.wait()
        raise StreamClosed

    def send(self, frame: str | bytes) -> None:
        self.sent.append(frame if isinstance(frame, str) else frame.decode())

    def close(self, code: int = 1000) -> None:
        self.ended.set()


def command(action: str, *wanted: tuple[str, str], filters: str = "") -> str:
    subscriptions = [
        {"topic": topic, "type": kind} | ({"filters": filters} if filters else {}) for topic, kind in wanted
    ]
    return json.dumps({"action": action, "subscriptions": subscriptions})


def wants(*frames: str) -> Callable[[str], bool]:
    """What a client wants after some commands, of the first leg of a small record."""
    recorder = world.three_wallets()
    feed = ActivityFeed(recorder.record, lambda: world.START, 1)
    client = Client(Stream(), "c")
    for frame in frames:
        feed.on_frame(client, frame)
    return lambda kind: client.wants(kind, recorder.record, recorder.record.legs.rows[0])


def test_a_subscription_gets_its_type_or_all_with_a_star() -> None:
    assert [wants(command("subscribe", ("activity", "trades")))(kind) for kind in ("trades", "orders_matched")] == [
        True,
        False,
    ]
    assert wants(command("subscribe", ("activity", "*")))("orders_matched")


def test_unsubscribing_mirrors_subscribing() -> None:
    assert not wants(command("subscribe", ("activity", "trades")), command("unsubscribe", ("activity", "trades")))(
        "trades"
    )


def test_an_unknown_topic_spoils_its_whole_frame_and_no_other() -> None:
    spoilt = command("subscribe", ("activity", "trades"), ("activities", "trades"))
    assert not wants(spoilt)("trades")
    assert wants(spoilt, command("subscribe", ("activity", "trades")))("trades")


def test_filters_pass_their_event_and_a_stray_blank_passes_nothing() -> None:
    recorder = world.three_wallets()
    leg = recorder.record.legs.rows[0]
    slug = recorder.record.cards[leg.market_id].event_slug
    assert passes("", recorder.record, leg)
    assert passes(f'{{"event_slug":"{slug}"}}', recorder.record, leg)
    assert not passes('{"event_slug":"another"}', recorder.record, leg)
    assert not passes(f'{{"event_slug": "{slug}"}}', recorder.record, leg)
    assert not passes("event_slug", recorder.record, leg)


def test_pings_and_noise_are_not_answered() -> None:
    feed = ActivityFeed(world.three_wallets().record, lambda: world.START, 1)
    client = Client(Stream(), "c")
    for frame in ("ping", "", "{", "[]", '{"action":1}'):
        feed.on_frame(client, frame)
    assert client.stream.sent == []  # type: ignore[attr-defined]


def test_the_announcement_comes_before_the_trades_and_only_for_the_taker() -> None:
    recorder = Recorder()
    times: list[tuple[float, str, str]] = []

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        feed = ActivityFeed(recorder.record, lambda: world.START, 1)
        recorder.listen(feed.on_leg)
        stream = Stream(command("subscribe", ("activity", "*")))
        serving = asyncio.create_task(feed.serve(stream))
        await until(lambda: stream.asked > 1)
        world.play(recorder, (world.usual_trade(),))
        for count in range(1, 5):
            await until(lambda count=count: len(stream.sent) >= count)  # type: ignore[misc]
            told = json.loads(stream.sent[count - 1])
            times.append((loop.time() - start, told["type"], told["payload"]["proxyWallet"].lower()))
        stream.close()
        await serving

    asyncio.run(scene())
    kinds = [kind for _, kind, _ in times]
    assert kinds == ["orders_matched", "trades", "trades", "trades"]
    assert times[0][2] == world.TAKER
    assert abs(times[1][0] - times[0][0] - (STREAM_LAG_NS - ANNOUNCE_LAG_NS) / NANOS) < 0.15
