"""Builders' trades: both sides of a match count, each with its own code, and the pages hold every leg once."""

import pytest

from tests.support.front_desk import Front
from tests.support.venue_callers import Trader
from whaletrader.adapters.paper.server.builders import PAGE
from whaletrader.domain.values import MICRO

CENT = 10_000
MINE, YOURS = "ab" * 32, "cd" * 32


@pytest.fixture
def front() -> Front:
    front = Front()
    front.venue.builders.register(MINE, 50, 100)
    front.venue.builders.register(YOURS, 0, 10)
    return front


def placed(front: Front, trader: Trader, token: str, cents: int, code: str) -> None:
    body = trader.order(token, "BUY", cents * CENT, 5 * MICRO, builder=code)[1]
    assert front.told(trader.l2("POST", "/order", body))["orderID"]


def test_makers_and_takers_legs_go_to_their_own_builders(front: Front) -> None:
    yes, no = front.market("100k").token_ids
    placed(front, front.trader("ada"), yes, 60, MINE)
    placed(front, front.trader("bob"), no, 40, YOURS)
    (made,) = front.get("/builder/trades", builder_code=MINE)["data"]
    (taken,) = front.get("/builder/trades", builder_code=f"0x{YOURS}")["data"]
    assert (made["tradeType"], taken["tradeType"]) == ("MAKER", "TAKER")
    assert (made["assetId"], taken["assetId"]) == (yes, no)
    assert made["id"] == taken["id"]
    assert made["fee"] == made["feeUsdc"] == "0.015"  # half a per cent of 3 dollars
    assert taken["fee"] == taken["feeUsdc"] == "0.086"  # 0.07 * 5 * 0.4 * 0.6 for the platform, 0.1 % of 2 dollars


def test_everybody_may_ask_what_a_builder_charges(front: Front) -> None:
    rates = {"builder_maker_fee_rate_bps": 50, "builder_taker_fee_rate_bps": 100}
    assert front.get(f"/fees/builder-fees/0x{MINE}") == rates
    assert front.get(f"/fees/builder-fees/0x{'12' * 32}", 404) == {"error": "builder code not found"}


def test_an_order_with_a_code_that_nobody_registered_is_refused(front: Front) -> None:
    ada, token = front.trader("ada"), front.market("100k").token_ids[0]
    body = ada.order(token, "BUY", 60 * CENT, 5 * MICRO, builder="12" * 32)[1]
    assert front.told(ada.l2("POST", "/order", body), 400) == {"error": "invalid builder code"}


def test_the_hash_is_told_once_it_is_mined(front: Front) -> None:
    yes, no = front.market("100k").token_ids
    placed(front, front.trader("ada"), yes, 60, MINE)
    placed(front, front.trader("bob"), no, 40, YOURS)
    assert front.get("/builder/trades", builder_code=MINE)["data"][0]["transactionHash"] == ""
    front.pass_s(10)
    (made,) = front.get("/builder/trades", builder_code=MINE)["data"]
    assert made["status"] == "TRADE_STATUS_CONFIRMED"
    assert len(made["transactionHash"]) == 66


def test_pages_hold_every_leg_once(front: Front) -> None:
    trades = PAGE + 5
    yes, no = front.market("treaty").token_ids
    ada, bob = front.trader("ada"), front.trader("bob")
    for _ in range(trades):
        placed(front, ada, yes, 60, MINE)
        placed(front, bob, no, 40, YOURS)
    seen: list[str] = []
    cursor = "MA=="
    while cursor != "LTE=":
        told = front.get("/builder/trades", builder_code=MINE, next_cursor=cursor)
        seen += [row["id"] for row in told["data"]]
        cursor = told["next_cursor"]
    assert len(seen) == len(set(seen)) == trades


@pytest.mark.parametrize("code", ["", "0x", "ab", "0" * 64])
def test_a_code_that_is_none_is_refused(front: Front, code: str) -> None:
    assert front.get("/builder/trades", 400, builder_code=code) == {"error": "invalid builder code"}


def test_a_market_narrows_the_trades(front: Front) -> None:
    one, other = front.market("100k"), front.market("treaty")
    ada, bob = front.trader("ada"), front.trader("bob")
    for market in (one, other):
        placed(front, ada, market.token_ids[0], 60, MINE)
        placed(front, bob, market.token_ids[1], 40, YOURS)
    assert front.get("/builder/trades", builder_code=MINE)["count"] == 2
    (row,) = front.get("/builder/trades", builder_code=MINE, market=other.condition_id)["data"]
    assert row["market"] == other.condition_id
