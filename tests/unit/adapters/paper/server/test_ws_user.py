"""The user stream: whole credentials open it, and an API key hears of its own orders and trades only."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.support.front_desk import Front, Wire, settled
from tests.support.venue_callers import Trader
from whaletrader.adapters.paper.server.edge import StreamHandler
from whaletrader.domain.values import MICRO, NANOS

SAMPLE = Path(__file__).parents[4] / "data" / "polymarket" / "samples" / "clob_ws_user_docs.json"
DOCUMENTED = {frame["event_type"]: frame for frame in json.loads(SAMPLE.read_text())}
CENT = 10_000
SHARES = 10 * MICRO


@pytest.fixture
def front() -> Front:
    return Front()


@pytest.fixture
def ada(front: Front) -> Trader:
    return front.trader("ada")


def stream(front: Front) -> StreamHandler:
    assert front.face.streams is not None
    return front.face.streams["/ws/user"]


def opening(trader: Trader, **changes: Any) -> dict[str, Any]:
    key = trader.api_key
    auth = {"apiKey": key.key, "secret": key.secret, "passphrase": key.passphrase}
    return {"type": "user", "auth": auth} | changes


def listening(front: Front, first: dict[str, Any], then: Callable[[Wire], Coroutine[Any, Any, None]]) -> Wire:
    """Open with a frame, let something happen, hang up; return what was told."""
    wire = Wire()

    async def scene() -> None:
        wire.say(first)
        serving = asyncio.ensure_future(stream(front)(wire))
        await settled()
        await then(wire)
        await settled()
        wire.hang_up()
        await serving

    asyncio.run(scene())
    return wire


def test_placement_and_cancellation_are_told(front: Front, ada: Trader) -> None:
    yes = front.market("100k").token_ids[0]

    async def orders(_wire: Wire) -> None:
        front.place(ada, yes, "BUY", 40 * CENT, SHARES)
        front.delete(ada, "/cancel-all")

    placed, gone = listening(front, opening(ada), orders).frames("order")
    assert set(DOCUMENTED["order"]) <= set(placed)
    assert (placed["type"], gone["type"]) == ("PLACEMENT", "CANCELLATION")
    assert (placed["status"], gone["status"]) == ("LIVE", "CANCELED")
    assert (placed["price"], placed["original_size"], placed["size_matched"]) == ("0.4", "10", "0")
    assert placed["owner"] == placed["order_owner"] == ada.api_key.key
    assert placed["timestamp"] == str(front.now_ns // NANOS)
    assert placed["id"] == gone["id"]


def test_both_sides_hear_of_a_trade_and_of_every_step_of_its_settlement(front: Front, ada: Trader) -> None:
    yes, no = front.market("100k").token_ids
    bob = front.trader("bob")
    front.place(ada, yes, "BUY", 60 * CENT, SHARES)

    async def trade(_wire: Wire) -> None:
        front.place(bob, no, "BUY", 40 * CENT, 5 * MICRO)
        for _ in range(8):
            front.pass_s(1.0)

    wire = listening(front, opening(ada), trade)
    told = wire.frames("trade")
    assert [event["status"] for event in told] == ["MATCHED", "MINED", "CONFIRMED"]
    assert [("transaction_hash" in event) for event in told] == [False, True, True]
    assert set(DOCUMENTED["trade"]) <= set(told[0])
    assert (told[0]["owner"], told[0]["trade_owner"]) == (ada.api_key.key, bob.api_key.key)
    assert (told[0]["trader_side"], told[0]["side"], told[0]["price"]) == ("MAKER", "BUY", "0.4")
    (leg,) = told[0]["maker_orders"]
    assert set(DOCUMENTED["trade"]["maker_orders"][0]) <= set(leg)
    (update,) = wire.frames("order")
    assert (update["type"], update["size_matched"]) == ("UPDATE", "5")


def test_the_taker_hears_of_his_trade_once(front: Front, ada: Trader) -> None:
    yes, no = front.market("100k").token_ids
    bob = front.trader("bob")
    for cents in (60, 61):
        front.place(ada, yes, "BUY", cents * CENT, SHARES)

    async def trade(_wire: Wire) -> None:
        front.place(bob, no, "BUY", 40 * CENT, 20 * MICRO)

    told = listening(front, opening(bob), trade).frames("trade")
    assert {event["trader_side"] for event in told} == {"TAKER"}
    assert len({event["id"] for event in told}) == len(told)


def test_nobody_hears_of_others(front: Front, ada: Trader) -> None:
    yes = front.market("100k").token_ids[0]
    eve = front.trader("eve")

    async def order(_wire: Wire) -> None:
        front.place(ada, yes, "BUY", 40 * CENT, SHARES)

    assert listening(front, opening(eve), order).frames() == []


def test_a_choice_of_markets_is_kept_and_may_be_changed(front: Front, ada: Trader) -> None:
    one, other = front.market("100k"), front.market("treaty")

    async def orders(wire: Wire) -> None:
        front.place(ada, one.token_ids[0], "BUY", 40 * CENT, SHARES)
        front.place(ada, other.token_ids[0], "BUY", 40 * CENT, SHARES)
        wire.say({"operation": "subscribe", "markets": [other.condition_id.upper().replace("0X", "0x")]})
        wire.say({"operation": "unsubscribe", "markets": [one.condition_id]})
        await settled()
        front.place(ada, one.token_ids[0], "BUY", 41 * CENT, SHARES)
        front.place(ada, other.token_ids[0], "BUY", 41 * CENT, SHARES)

    told = listening(front, opening(ada, markets=[one.condition_id]), orders).frames("order")
    assert [(event["market"], event["price"]) for event in told] == [
        (one.condition_id, "0.4"),
        (other.condition_id, "0.41"),
    ]


def test_no_markets_named_are_all_markets(front: Front, ada: Trader) -> None:
    async def order(_wire: Wire) -> None:
        front.place(ada, front.market("treaty").token_ids[0], "BUY", 40 * CENT, SHARES)

    assert len(listening(front, opening(ada, markets=[]), order).frames("order")) == 1


def test_a_ping_is_answered_and_nonsense_is_told_so(front: Front, ada: Trader) -> None:
    async def chat(wire: Wire) -> None:
        for word in ("PING", "hello", "{}", '{"operation":"subscribe"}'):
            wire.say(word)

    assert listening(front, opening(ada), chat).sent == ["PONG", *["INVALID OPERATION"] * 3]


@pytest.mark.parametrize("part", ["apiKey", "secret", "passphrase"])
@pytest.mark.parametrize("value", ["", "wrong", None])
def test_wrong_credentials_are_shut_out_without_a_word(front: Front, ada: Trader, part: str, value: str | None) -> None:
    first = opening(ada)
    first["auth"] |= {part: value}
    wire = Wire()
    wire.say(first)
    asyncio.run(_served(front, wire))
    assert wire.closed == 1008
    assert wire.sent == []


@pytest.mark.parametrize("first", ["PING", "{}", '{"type":"user"}', "x"])
def test_a_first_frame_without_credentials_is_shut_out(front: Front, first: str) -> None:
    wire = Wire()
    wire.say(first)
    asyncio.run(_served(front, wire))
    assert wire.closed == 1008


def test_the_other_channels_frame_is_shut_out(front: Front, ada: Trader) -> None:
    wire = Wire()
    wire.say(opening(ada, type="market"))
    asyncio.run(_served(front, wire))
    assert wire.closed == 1008


async def _served(front: Front, wire: Wire) -> None:
    await stream(front)(wire)
