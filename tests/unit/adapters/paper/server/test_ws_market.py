"""The market stream: what is told on subscription, what afterwards, and to whom; in the captured frames' words."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.support.front_desk import Front, Wire, settled
from whaletrader.adapters.paper.server.edge import StreamHandler
from whaletrader.domain.values import MICRO

SAMPLE = Path(__file__).parents[4] / "data" / "polymarket" / "samples" / "clob_ws_market_20260924.json"
CAPTURED = {frame["event_type"]: frame for frame in json.loads(SAMPLE.read_text())}
CENT = 10_000
SHARES = 10 * MICRO


@pytest.fixture
def front() -> Front:
    return Front()


def stream(front: Front) -> StreamHandler:
    assert front.face.streams is not None
    return front.face.streams["/ws/market"]


def listening(
    front: Front, tokens: list[str], then: Callable[[Wire], Coroutine[Any, Any, None]], *, custom: bool = False
) -> Wire:
    """Subscribe, let something happen, hang up; return what was told."""
    wire = Wire()

    async def scene() -> None:
        wire.say({"type": "market", "assets_ids": tokens, "custom_feature_enabled": custom})
        serving = asyncio.ensure_future(stream(front)(wire))
        await settled()
        await then(wire)
        await settled()
        wire.hang_up()
        await serving

    asyncio.run(scene())
    return wire


async def nothing(_wire: Wire) -> None:
    """Nothing happens."""


def test_a_subscription_is_answered_with_all_books_in_one_array(front: Front) -> None:
    yes, no = front.market("100k").token_ids
    front.place(front.trader("ada"), yes, "BUY", 40 * CENT, SHARES)
    wire = listening(front, [yes, no], nothing)
    (frame,) = wire.sent
    books = json.loads(frame)
    assert [book["asset_id"] for book in books] == [yes, no]
    assert books[0]["bids"] == [{"price": "0.4", "size": "10"}]
    assert books[1]["asks"] == [{"price": "0.6", "size": "10"}]
    assert set(books[0]) == set(CAPTURED["book"])


def test_a_book_frames_hash_is_that_of_the_same_book_by_rest(front: Front) -> None:
    yes = front.market("100k").token_ids[0]
    front.place(front.trader("ada"), yes, "BUY", 40 * CENT, SHARES)
    (told,) = listening(front, [yes], nothing).frames("book")
    rest = front.get("/book", token_id=yes)
    assert told["hash"] == rest["hash"]
    preimage = json.dumps(rest | {"hash": ""}, separators=(",", ":"), ensure_ascii=False)
    assert told["hash"] == hashlib.sha1(preimage.encode(), usedforsecurity=False).hexdigest()


def test_one_order_changes_a_level_in_both_books(front: Front) -> None:
    ada, (yes, no) = front.trader("ada"), front.market("100k").token_ids

    async def order(_wire: Wire) -> None:
        front.place(ada, yes, "BUY", 40 * CENT, SHARES)

    (frame,) = listening(front, [yes], order).frames("price_change")
    assert set(frame) == set(CAPTURED["price_change"])
    first, second = frame["price_changes"]
    assert set(first) == set(CAPTURED["price_change"]["price_changes"][0])
    assert (first["asset_id"], first["side"], first["price"], first["size"]) == (yes, "BUY", "0.4", "10")
    assert (second["asset_id"], second["side"], second["price"], second["size"]) == (no, "SELL", "0.6", "10")
    assert (first["best_bid"], first["best_ask"]) == ("0.4", "1")
    assert first["hash"] == front.get("/book", token_id=yes)["hash"]


def test_a_level_that_is_gone_has_size_nought(front: Front) -> None:
    ada, (yes, _) = front.trader("ada"), front.market("100k").token_ids
    front.place(ada, yes, "BUY", 40 * CENT, SHARES)

    async def cancel(_wire: Wire) -> None:
        front.delete(ada, "/cancel-all")

    (frame,) = listening(front, [yes], cancel).frames("price_change")
    assert [change["size"] for change in frame["price_changes"]] == ["0", "0"]


def test_a_trade_is_told_with_its_hash_and_followed_by_books(front: Front) -> None:
    ada, bob, (yes, no) = front.trader("ada"), front.trader("bob"), front.market("100k").token_ids
    front.place(ada, yes, "BUY", 60 * CENT, SHARES)

    async def trade(_wire: Wire) -> None:
        front.place(bob, no, "BUY", 40 * CENT, 5 * MICRO)

    wire = listening(front, [yes, no], trade)
    (last,) = wire.frames("last_trade_price")
    assert set(last) == set(CAPTURED["last_trade_price"])
    assert (last["asset_id"], last["side"], last["price"], last["size"]) == (no, "BUY", "0.4", "5")
    assert len(last["transaction_hash"]) == 66
    books = wire.frames("book")[2:]
    assert {book["asset_id"] for book in books} == {yes, no}
    assert next(book for book in books if book["asset_id"] == yes)["bids"] == [{"price": "0.6", "size": "5"}]


def test_nobody_hears_of_markets_he_did_not_name(front: Front) -> None:
    ada, mine, other = front.trader("ada"), front.market("100k").token_ids[0], front.market("treaty").token_ids[0]

    async def order(_wire: Wire) -> None:
        front.place(ada, other, "BUY", 40 * CENT, SHARES)

    wire = listening(front, [mine], order)
    assert len(wire.sent) == 1


def test_a_second_subscription_to_a_token_gives_no_second_book(front: Front) -> None:
    yes, no = front.market("100k").token_ids

    async def again(wire: Wire) -> None:
        wire.say({"operation": "subscribe", "assets_ids": [yes, no]})

    wire = listening(front, [yes], again)
    assert [book["asset_id"] for book in wire.frames("book")] == [yes, no]
    assert json.loads(wire.sent[1])["asset_id"] == no


def test_unsubscribing_and_subscribing_gives_a_new_book(front: Front) -> None:
    ada, (yes, _) = front.trader("ada"), front.market("100k").token_ids

    async def renew(wire: Wire) -> None:
        wire.say({"operation": "unsubscribe", "assets_ids": [yes, "nobody's"]})
        await settled()
        front.place(ada, yes, "BUY", 40 * CENT, SHARES)
        wire.say({"operation": "subscribe", "assets_ids": [yes]})

    wire = listening(front, [yes], renew)
    assert wire.frames("price_change") == []
    assert [len(book["bids"]) for book in wire.frames("book")] == [0, 1]


def test_a_ping_is_answered_and_nonsense_is_told_so(front: Front) -> None:
    async def chat(wire: Wire) -> None:
        for word in ("PING", "pong?", "{", '{"operation":"dance","assets_ids":[]}', "[]"):
            wire.say(word)

    wire = listening(front, [], chat)
    assert wire.sent == ["PONG", *["INVALID OPERATION"] * 4]


@pytest.mark.parametrize("first", ["PING", "{}", '{"type":"user"}', '{"operation":"subscribe","assets_ids":[]}', "x"])
def test_a_connection_whose_first_frame_does_not_subscribe_is_closed(front: Front, first: str) -> None:
    wire = Wire()
    wire.say(first)
    asyncio.run(_served(front, wire))
    assert wire.closed is not None
    assert wire.frames() == []


async def _served(front: Front, wire: Wire) -> None:
    await stream(front)(wire)


def test_bests_are_told_to_those_who_asked_for_them(front: Front) -> None:
    ada, (yes, _) = front.trader("ada"), front.market("100k").token_ids

    async def orders(_wire: Wire) -> None:
        front.place(ada, yes, "BUY", 40 * CENT, SHARES)
        front.place(ada, yes, "BUY", 39 * CENT, SHARES)

    told = listening(front, [yes], orders, custom=True).frames("best_bid_ask")
    assert [(event["asset_id"], event["best_bid"], event["best_ask"], event["spread"]) for event in told] == [
        (yes, "0.4", "1", "0.6")
    ]
    assert listening(front, [yes], orders).frames("best_bid_ask") == []


def test_a_resolution_and_a_new_market_are_told_to_those_who_asked(front: Front) -> None:
    market = front.market("100k")

    async def resolve(_wire: Wire) -> None:
        front.venue.resolve(market.condition_id, (0, MICRO), front.now_ns)

    (event,) = listening(front, [market.token_ids[0]], resolve, custom=True).frames("market_resolved")
    assert (event["market"], event["winning_asset_id"]) == (market.condition_id, market.token_ids[1])
    assert event["winning_outcome"] == "No"
    assert event["assets_ids"] == list(market.token_ids)


def test_a_draw_has_no_winner(front: Front) -> None:
    market = front.market("100k")

    async def resolve(_wire: Wire) -> None:
        front.venue.resolve(market.condition_id, (MICRO // 2, MICRO // 2), front.now_ns)

    (event,) = listening(front, [market.token_ids[0]], resolve, custom=True).frames("market_resolved")
    assert "winning_asset_id" not in event


def test_a_new_market_is_told_with_its_fees_as_text(front: Front) -> None:
    from whaletrader.adapters.paper.server.listing import shelf

    async def listed(_wire: Wire) -> None:
        front.venue.add_market(shelf(99, front.now_ns)[0], front.now_ns)

    (event,) = listening(front, [], listed, custom=True).frames("new_market")
    assert event["fee_schedule"] == {"exponent": "1", "rate": "0.07", "taker_only": "true", "rebate_rate": "0.2"}
    assert len(event["assets_ids"]) == 2
    assert listening(front, [], nothing).frames("new_market") == []


def test_a_finer_tick_is_told_for_both_tokens(front: Front) -> None:
    ada, bob, market = front.trader("ada"), front.trader("bob"), front.market("100k")
    yes, no = market.token_ids

    async def dear(_wire: Wire) -> None:
        front.place(ada, yes, "BUY", 97 * CENT, SHARES)
        front.place(bob, no, "BUY", 3 * CENT, 40 * MICRO)

    told = listening(front, [yes, no], dear).frames("tick_size_change")
    assert {(event["asset_id"], event["old_tick_size"], event["new_tick_size"]) for event in told} == {
        (yes, "0.01", "0.001"),
        (no, "0.01", "0.001"),
    }


def test_a_reader_that_has_gone_is_forgotten(front: Front) -> None:
    ada, (yes, _) = front.trader("ada"), front.market("100k").token_ids
    wire = listening(front, [yes], nothing)
    front.place(ada, yes, "BUY", 40 * CENT, SHARES)
    assert len(wire.sent) == 1
