"""The CLOB's public calls, in the venue's words and with its quirks."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.front_desk import Front
from whaletrader.adapters.paper.server.edge import Request
from whaletrader.domain.values import MICRO

SAMPLE = Path(__file__).parents[4] / "data" / "polymarket" / "samples" / "clob_rest_book_20260924.json"
CENT = 10_000
UNKNOWN = "12345"


@pytest.fixture
def front() -> Front:
    return Front()


@pytest.fixture
def quoted(front: Front) -> tuple[Front, str, str]:
    """A market with bids at 38, 39 and 40 cents and an ask at 45."""
    ada = front.trader("ada")
    yes, no = front.market("100k").token_ids
    for cents in (40, 38, 39):
        front.place(ada, yes, "BUY", cents * CENT, 10 * MICRO)
    front.place(ada, no, "BUY", 55 * CENT, 7_500_000)
    return front, yes, no


def test_the_exchange_is_alive_and_tells_its_time_and_version(front: Front) -> None:
    assert front.get("/ok") == front.get("/") == "OK"
    assert front.get("/time") == front.now_ns // 10**9
    assert front.get("/version") == {"version": 2}


def test_a_book_has_the_captured_ones_keys_in_their_order(quoted: tuple[Front, str, str]) -> None:
    front, yes, _ = quoted
    captured = json.loads(SAMPLE.read_text())
    assert list(front.get("/book", token_id=yes)) == list(captured)


def test_the_best_price_of_a_book_is_the_last_of_each_side(quoted: tuple[Front, str, str]) -> None:
    front, yes, no = quoted
    book, other = front.get("/book", token_id=yes), front.get("/book", token_id=no)
    assert [level["price"] for level in book["bids"]] == ["0.38", "0.39", "0.4"]
    assert [level["price"] for level in other["asks"]] == ["0.62", "0.61", "0.6"]
    assert book["asks"] == [{"price": "0.45", "size": "7.5"}]
    assert other["bids"] == [{"price": "0.55", "size": "7.5"}]
    assert (book["tick_size"], book["min_order_size"], book["neg_risk"]) == ("0.01", "5", False)


def test_price_buy_is_the_bid_and_sell_the_ask(quoted: tuple[Front, str, str]) -> None:
    front, yes, _ = quoted
    assert front.get("/price", token_id=yes, side="BUY") == {"price": "0.4"}
    assert front.get("/price", token_id=yes, side="sell") == {"price": "0.45"}
    assert front.get("/midpoint", token_id=yes) == {"mid": "0.425"}
    assert front.get("/spread", token_id=yes) == {"spread": "0.05"}


def test_many_tokens_are_asked_at_once_and_unknown_ones_left_out(quoted: tuple[Front, str, str]) -> None:
    front, yes, no = quoted
    asked = [{"token_id": yes}, {"token_id": UNKNOWN}, {"token_id": no}]
    assert [book["asset_id"] for book in front.post("/books", asked)] == [yes, no]
    assert front.post("/midpoints", asked) == {yes: "0.425", no: "0.575"}
    assert front.post("/spreads", asked) == {yes: "0.05", no: "0.05"}
    sides = [{"token_id": yes, "side": "BUY"}, {"token_id": yes, "side": "SELL"}, {"token_id": UNKNOWN, "side": "BUY"}]
    assert front.post("/prices", sides) == {yes: {"BUY": "0.4", "SELL": "0.45"}}


@pytest.mark.parametrize("path", ["/book", "/midpoint", "/spread", "/tick-size", "/neg-risk", "/fee-rate", "/price"])
def test_an_unknown_token_has_no_order_book(front: Front, path: str) -> None:
    told = front.get(path, 404, token_id=UNKNOWN, side="BUY")
    assert told == {"error": "No orderbook exists for the requested token id"}


def test_a_side_that_is_none_is_refused(front: Front) -> None:
    assert front.get("/price", 400, token_id=front.market("100k").token_ids[0], side="LEFT") == {
        "error": "Invalid side"
    }


@pytest.mark.parametrize("path", ["/books", "/midpoints", "/spreads", "/prices", "/last-trades-prices"])
@pytest.mark.parametrize("body", [{}, "x", [1], None])
def test_a_body_that_is_no_list_of_objects_is_refused(front: Front, path: str, body: Any) -> None:
    assert front.post(path, body, 400) == {"error": "Invalid payload"}


def test_more_than_five_hundred_tokens_are_refused(front: Front) -> None:
    assert "error" in front.post("/last-trades-prices", [{"token_id": UNKNOWN}] * 501, 400)


def test_the_last_trade_has_three_places_and_a_side(quoted: tuple[Front, str, str]) -> None:
    front, yes, _ = quoted
    assert front.get("/last-trade-price", token_id=yes) == {"price": "0.5", "side": ""}
    front.place(front.trader("bob"), yes, "BUY", 45 * CENT, 5 * MICRO)
    assert front.get("/last-trade-price", token_id=yes) == {"price": "0.450", "side": "BUY"}
    told = front.post("/last-trades-prices", [{"token_id": yes}, {"token_id": UNKNOWN}])
    assert told == [{"token_id": yes, "price": "0.450", "side": "BUY"}]


def test_ticks_and_terms_are_numbers(front: Front) -> None:
    fine, group, free = front.market("200k"), front.market("ada-elected"), front.market("treaty")
    assert front.get("/tick-size", token_id=fine.token_ids[0]) == {"minimum_tick_size": 0.001}
    assert front.get("/neg-risk", token_id=group.token_ids[1]) == {"neg_risk": True}
    assert front.get("/fee-rate", token_id=fine.token_ids[0]) == {"base_fee": 1000}
    assert front.get("/fee-rate", token_id=free.token_ids[0]) == {"base_fee": 0}


def test_one_call_tells_all_that_an_order_needs(front: Front) -> None:
    market = front.market("200k")
    terms = front.get(f"/clob-markets/{market.condition_id}")
    assert [token["t"] for token in terms["t"]] == list(market.token_ids)
    assert (terms["mts"], terms["mos"], terms["nr"], terms["itode"]) == (0.001, 5, False, True)
    assert terms["fd"] == {"r": 0.07, "e": 1, "to": True}


def test_a_market_without_fees_has_no_fee_terms(front: Front) -> None:
    assert "fd" not in front.get(f"/clob-markets/{front.market('treaty').condition_id}")


def test_a_token_leads_to_its_market(front: Front) -> None:
    market = front.market("100k")
    told = front.get(f"/markets-by-token/{market.token_ids[1]}")
    assert told["condition_id"] == market.condition_id
    assert front.get(f"/markets/{market.condition_id}")["market_slug"] == market.slug


@pytest.mark.parametrize("path", ["/clob-markets/0x1", "/markets/0x1", "/markets-by-token/1"])
def test_an_unknown_market_is_not_found(front: Front, path: str) -> None:
    assert front.get(path, 404) == {"error": "market not found"}


@pytest.mark.parametrize("path", ["/markets", "/simplified-markets", "/sampling-markets"])
def test_markets_come_in_pages_that_end(front: Front, path: str) -> None:
    told = front.get(path, next_cursor="MA==")
    assert told["next_cursor"] == "LTE="
    assert told["count"] == len(told["data"]) == len(front.venue.markets)
    assert front.get(path, next_cursor="LTE=")["data"] == []
    assert "error" in front.get(path, 400, next_cursor="nonsense")


def test_the_winner_is_marked_once_a_market_is_resolved(front: Front) -> None:
    market = front.market("100k")
    front.venue.resolve(market.condition_id, (0, MICRO), front.now_ns)
    told = front.get(f"/markets/{market.condition_id}")
    assert told["closed"]
    assert [token["winner"] for token in told["tokens"]] == [False, True]


def test_prices_are_kept_by_the_minute(quoted: tuple[Front, str, str]) -> None:
    front, yes, no = quoted
    bob = front.trader("bob")
    started = front.now_ns // 10**9
    for cents in (45, 60):
        front.place(bob, no, "BUY", cents * CENT + 15 * CENT, 5 * MICRO)
        front.pass_s(60)
    told = front.get("/prices-history", market=no, startTs=str(started - 60), endTs=str(started + 600), fidelity="1")
    assert [point["p"] for point in told["history"]] == [0.6, 0.6]
    assert front.get("/prices-history", market=no, interval="1h")["history"] == told["history"]
    assert front.get("/prices-history", market=yes, interval="max") == {"history": []}
    assert "error" in front.get("/prices-history", 400, market=yes)
    assert "error" in front.get("/prices-history", 400, market=yes, interval="2h")


def test_what_is_not_served_is_not_found_and_a_wrong_method_not_allowed(front: Front) -> None:
    assert front.get("/nothing", 404) == {"error": "Not Found"}
    assert front.told(Request("PUT", "/book"), 405) == {"error": "Method Not Allowed"}


def test_there_are_no_rewards(front: Front) -> None:
    assert front.get("/rewards/markets/current")["data"] == []


def test_a_markets_live_activity_are_its_newest_trades_as_their_takers_had_them(
    quoted: tuple[Front, str, str],
) -> None:
    front, yes, _ = quoted
    bob, market = front.trader("bob"), front.market("100k")
    for price, size in ((45 * CENT, 5 * MICRO), (46 * CENT, 6 * MICRO)):
        front.place(bob, yes, "BUY", price, size)
    rows = front.get(f"/markets/live-activity/{market.condition_id}")
    assert [(row["size"], row["price"], row["side"], row["outcome"]) for row in rows] == [
        ("2.5", "0.45", "BUY", "Yes"),
        ("5", "0.45", "BUY", "Yes"),
    ]
    assert {row["user"]["address"].lower() for row in rows} == {bob.wallet}
    assert {row["market"]["asset_id"] for row in rows} == {yes}
    assert front.get("/markets/live-activity/0x1", 404) == {"error": "market not found"}
