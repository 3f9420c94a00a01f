"""The venue's own JavaScript client trades at the local exchange as if it were the venue."""

import sys
from typing import Any

import pytest

from tests.support.local_exchange import local_exchange
from tests.support.npm_calls import ENDPOINTS, endpoints_in
from tests.support.official_npm import installed, run_scenarios
from tests.support.venue_scenarios import SCENARIOS, missing


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[str, Any]]:
    with local_exchange() as local:
        return run_scenarios(local)


@pytest.fixture
def told(outcomes: dict[str, dict[str, Any]], request: pytest.FixtureRequest) -> Any:
    """What the scenario of this test's name told."""
    outcome = outcomes[request.node.name.removeprefix("test_")]
    assert "fault" not in outcome, outcome["fault"]
    return outcome["told"]


def refused(answer: dict[str, Any], words: str) -> bool:
    return answer["status"] == 400 and words in answer["error"]


def test_every_scenario_has_its_test(outcomes: dict[str, dict[str, Any]]) -> None:
    assert missing(sys.modules[__name__]) == []
    assert set(outcomes) == set(SCENARIOS)


def test_its_endpoints_are_those_that_the_exchange_is_held_to() -> None:
    assert endpoints_in(installed()) == set(ENDPOINTS)


def test_derive_keys(told: Any) -> None:
    assert told["keys"] == {"apiKeys": [told["creds"]["key"]]}
    assert told["closed"] == {"closed_only": False}


def test_a_second_derivation_gives_the_same_keys(told: Any) -> None:
    assert told["first"] == told["again"]
    assert told["first"] != told["other"]


def test_place_a_resting_order(told: Any) -> None:
    assert (told["success"], told["status"], told["errorMsg"]) == (True, "live", "")
    assert (told["makingAmount"], told["takingAmount"]) == ("", "")


def test_place_a_crossing_order(told: Any) -> None:
    assert (told["status"], told["makingAmount"], told["takingAmount"]) == ("matched", "4", "10")
    assert len(told["tradeIDs"]) == len(told["transactionsHashes"]) == 1


def test_place_a_batch(told: Any) -> None:
    assert [answer["status"] for answer in told] == ["live"] * 15
    assert len({answer["orderID"] for answer in told}) == 15


def test_a_batch_with_one_bad_order_takes_the_others(told: Any) -> None:
    assert [answer["errorMsg"] == "" for answer in told] == [True, False, True]
    assert "lower than the minimum" in told[1]["errorMsg"]
    assert told[1]["success"] is True


def test_the_same_bytes_again_are_one_order(told: Any) -> None:
    assert refused(told["again"], "Duplicated.")
    assert [order["id"] for order in told["open"]] == [told["first"]["orderID"]]


def test_cancel_an_order(told: Any) -> None:
    ids = told["ids"]
    assert told["one"]["canceled"] == ids[:1]
    assert set(told["two"]["canceled"]) == set(ids[1:3])
    assert set(told["market"]["canceled"]) == set(ids[3:])
    assert told["none"] == {"canceled": [], "not_canceled": {}}


def test_cancel_what_is_gone(told: Any) -> None:
    assert told["answer"]["canceled"] == []
    assert list(told["answer"]["not_canceled"]) == [told["orderID"]]


def test_read_the_book(told: Any) -> None:
    book = told["book"]
    assert [level["price"] for level in book["bids"]] == ["0.38", "0.39", "0.4"]
    assert book["asks"] == [{"price": "0.45", "size": "10"}]
    assert told["hash"] == told["recomputed"]
    assert told["books"][0]["hash"] == told["hash"]
    assert (told["mid"], told["bid"], told["ask"]) == ({"mid": "0.425"}, {"price": "0.4"}, {"price": "0.45"})
    assert (told["spread"], told["tick"], told["ok"]) == ({"spread": "0.05"}, "0.01", "OK")
    assert told["markets"] == 8
    assert told["time"] > 1_700_000_000


def test_read_open_orders(told: Any) -> None:
    (order,) = told["open"]
    assert order == told["one"]
    assert (order["id"], order["status"]) == (told["orderID"], "ORDER_STATUS_LIVE")
    assert (order["price"], order["original_size"], order["size_matched"]) == ("0.2", "7.5", "0")
    assert told["others"] == []


def test_read_trades(told: Any) -> None:
    (made,), (own,) = told["made"], told["own"]
    assert (made["trader_side"], own["trader_side"]) == ("MAKER", "TAKER")
    assert own["taker_order_id"] == told["taken"]["orderID"]
    assert (own["side"], own["price"], own["size"]) == ("BUY", "0.4", "10")
    (leg,) = made["maker_orders"]
    assert (leg["order_id"], leg["side"], leg["price"]) == (told["rested"]["orderID"], "BUY", "0.6")


def test_read_balances(told: Any) -> None:
    spent = int(told["before"]["balance"]) - int(told["after"]["balance"])
    assert spent >= 8_000_000
    assert int(told["held"]["balance"]) >= 20_000_000
    assert len(told["before"]["allowances"]) == 3


def test_user_channel_tells_placement_trade_and_cancel(told: Any) -> None:
    orders = [event for event in told["events"] if event["event_type"] == "order" and event["id"] == told["result"]]
    assert (orders[0]["type"], orders[-1]["type"]) == ("PLACEMENT", "CANCELLATION")
    assert orders[-1]["size_matched"] == "10"
    trades = [event for event in told["events"] if event["event_type"] == "trade"]
    assert (trades[0]["status"], trades[0]["trader_side"]) == ("MATCHED", "MAKER")


def test_a_trade_is_matched_mined_and_confirmed(told: Any) -> None:
    (trade_id,) = told["result"]["tradeIDs"]
    states = [event for event in told["events"] if event["event_type"] == "trade" and event["id"] == trade_id]
    assert [event["status"] for event in states] == ["MATCHED", "MINED", "CONFIRMED"]
    assert "transaction_hash" not in states[0]
    assert told["result"]["transactionsHashes"] == [states[-1]["transaction_hash"]]


def test_fill_or_kill_without_enough_is_an_outcome(told: Any) -> None:
    assert refused(told, "order couldn't be fully filled. FOK orders are fully filled or killed.")


def test_fill_and_kill_without_any_is_an_outcome(told: Any) -> None:
    assert refused(told["none"], "no orders found to match with FAK order.")
    assert (told["part"]["status"], told["part"]["takingAmount"]) == ("matched", "10")


def test_a_post_only_order_that_crosses_is_refused(told: Any) -> None:
    assert refused(told, "invalid post-only order: order crosses book")


def test_a_wrong_tick_is_refused(told: Any) -> None:
    assert told["right"]["status"] == "live"
    assert refused(told["wrong"], "breaks minimum tick size rule: 0.01")


def test_a_size_below_the_minimum_is_refused(told: Any) -> None:
    assert refused(told, "lower than the minimum: 5")


def test_more_than_the_balance_is_refused(told: Any) -> None:
    assert refused(told["buy"], "not enough balance / allowance")
    assert refused(told["sell"], "not enough balance / allowance")


def test_a_signature_for_the_wrong_exchange_is_refused(told: Any) -> None:
    assert refused(told, "invalid signature")
