"""The CLOB's private calls: every one is proved, limited, and answered in the venue's words."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.support.front_desk import Front
from tests.support.venue_callers import Trader, request
from whaletrader.adapters.paper.server.limits import LimitMode
from whaletrader.adapters.paper.server.types import Mode
from whaletrader.domain.order_payload import batch_body
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.domain.wallet_addresses import own_wallets

CENT = 10_000
SHARES = 10 * MICRO
PRIVATE = [
    ("GET", "/auth/api-keys"),
    ("DELETE", "/auth/api-key"),
    ("POST", "/auth/readonly-api-key"),
    ("POST", "/auth/builder-api-key"),
    ("GET", "/auth/builder-api-key"),
    ("DELETE", "/auth/builder-api-key"),
    ("DELETE", "/auth/readonly-api-key"),
    ("GET", "/auth/readonly-api-keys"),
    ("GET", "/v1/user/session-signers"),
    ("GET", "/rewards/user"),
    ("GET", "/rewards/user/markets"),
    ("GET", "/rewards/user/total"),
    ("GET", "/rewards/user/percentages"),
    ("GET", "/auth/ban-status/closed-only"),
    ("GET", "/data/orders"),
    ("GET", "/data/order/0x1"),
    ("GET", "/data/trades"),
    ("GET", "/data/pre-migration-orders"),
    ("GET", "/balance-allowance"),
    ("GET", "/balance-allowance/update"),
    ("GET", "/notifications"),
    ("DELETE", "/notifications"),
    ("GET", "/order-scoring"),
    ("POST", "/orders-scoring"),
    ("POST", "/order"),
    ("POST", "/orders"),
    ("DELETE", "/order"),
    ("DELETE", "/orders"),
    ("DELETE", "/cancel-all"),
    ("DELETE", "/cancel-market-orders"),
    ("POST", "/v1/heartbeats"),
]


@pytest.fixture
def front() -> Front:
    return Front()


@pytest.fixture
def ada(front: Front) -> Trader:
    return front.trader("ada")


@pytest.fixture
def yes(front: Front) -> str:
    return front.market("100k").token_ids[0]


def rests(front: Front, trader: Trader, token: str, cents: int = 20) -> str:
    return str(front.place(trader, token, "BUY", cents * CENT, SHARES)["orderID"])


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_a_private_call_without_proof_is_refused(front: Front, method: str, path: str) -> None:
    assert front.told(request(method, path, {}), 401) == {"error": "Unauthorized/Invalid api key"}


def test_an_order_is_answered_with_its_hash(front: Front, ada: Trader, yes: str) -> None:
    order_id, body = ada.order(yes, "BUY", 41 * CENT, SHARES)
    told = front.told(ada.l2("POST", "/order", body))
    assert told == {
        "success": True,
        "errorMsg": "",
        "orderID": order_id,
        "status": "live",
        "makingAmount": "",
        "takingAmount": "",
        "tradeIDs": [],
        "transactionsHashes": [],
    }


def test_the_same_order_again_is_a_duplicate(front: Front, ada: Trader, yes: str) -> None:
    order_id, body = ada.order(yes, "BUY", 41 * CENT, SHARES)
    front.told(ada.l2("POST", "/order", body))
    told = front.told(ada.l2("POST", "/order", body), 400)
    assert told == {"error": f"order {order_id} is invalid. Duplicated."}


def test_a_match_tells_what_was_given_and_taken(front: Front, ada: Trader, yes: str) -> None:
    rests(front, ada, yes, 60)
    no = front.market("100k").token_ids[1]
    told = front.place(front.trader("bob"), no, "BUY", 45 * CENT, 5 * MICRO)
    assert (told["status"], told["makingAmount"], told["takingAmount"]) == ("matched", "2", "5")


def test_a_bad_order_in_a_batch_says_success_and_why_not(front: Front, ada: Trader, yes: str) -> None:
    bodies = [ada.order(yes, "BUY", 20 * CENT, size)[1] for size in (SHARES, MICRO, SHARES)]
    told = front.told(ada.batch(bodies))
    assert [one["success"] for one in told] == [True, True, True]
    assert [bool(one["orderID"]) for one in told] == [True, False, True]
    assert told[1]["errorMsg"].endswith("Size (1) lower than the minimum: 5")


def test_a_batch_of_sixteen_is_refused(front: Front, ada: Trader, yes: str) -> None:
    bodies = [ada.order(yes, "BUY", 20 * CENT, SHARES)[1] for _ in range(16)]
    body = b"[" + b",".join(bodies) + b"]"
    assert "max allowed: 15" in front.told(ada.l2("POST", "/orders", body), 400)["error"]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\x00", b'{"orderID":1}', b"[1,2]"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/order"), ("POST", "/orders"), ("DELETE", "/order")])
def test_nonsense_is_an_invalid_payload(front: Front, ada: Trader, method: str, path: str, body: bytes) -> None:
    told = front.reply(ada.l2(method, path, body))
    assert told.status in (200, 400)
    answer = json.loads(told.body)
    assert "Invalid order payload" in json.dumps(answer)


def test_orders_are_cancelled_one_by_one_many_by_market_and_all(front: Front, ada: Trader, yes: str) -> None:
    ids = [rests(front, ada, yes) for _ in range(6)]
    assert front.delete(ada, "/order", {"orderID": ids[0]}) == {"canceled": ids[:1], "not_canceled": {}}
    assert set(front.delete(ada, "/orders", ids[1:3])["canceled"]) == set(ids[1:3])
    assert front.delete(ada, "/cancel-market-orders", {"asset_id": front.market("treaty").token_ids[0]}) == {
        "canceled": [],
        "not_canceled": {},
    }
    assert front.delete(ada, "/cancel-market-orders", {"asset_id": yes})["canceled"] == ids[3:]
    last = rests(front, ada, yes)
    assert front.delete(ada, "/cancel-all")["canceled"] == [last]


def test_nobody_cancels_anothers_order(front: Front, ada: Trader, yes: str) -> None:
    order_id = rests(front, ada, yes)
    told = front.delete(front.trader("eve"), "/order", {"orderID": order_id})
    assert told["canceled"] == []
    assert list(told["not_canceled"]) == [order_id]
    assert front.get("/book", token_id=yes)["bids"] != []


def test_cancelling_needs_a_market_or_a_token_and_not_too_many_ids(front: Front, ada: Trader) -> None:
    assert "error" in front.delete(ada, "/cancel-market-orders", {}, 400)
    assert "max allowed: 3000" in front.delete(ada, "/orders", ["0x1"] * 3001, 400)["error"]
    assert "error" in front.delete(ada, "/orders", {"orderID": "0x1"}, 400)


def test_open_orders_are_told_as_rest_does_and_filtered(front: Front, ada: Trader, yes: str) -> None:
    order_id = rests(front, ada, yes)
    other = front.market("treaty")
    rests(front, ada, other.token_ids[1])
    (order,) = front.told(ada.l2("GET", "/data/orders", asset_id=yes))["data"]
    assert order == front.told(ada.l2("GET", f"/data/order/{order_id}"))
    assert (order["status"], order["outcome"], order["order_type"]) == ("ORDER_STATUS_LIVE", "Yes", "GTC")
    assert (order["original_size"], order["size_matched"], order["price"]) == ("10", "0", "0.2")
    assert order["created_at"] == front.now_ns // NANOS
    assert order["maker_address"].lower() == ada.wallet
    assert front.told(ada.l2("GET", "/data/orders", market=other.condition_id))["count"] == 1
    assert front.told(ada.l2("GET", "/data/orders", id=order_id))["data"] == [order]
    assert front.told(ada.l2("GET", "/data/orders", id="0x1"))["data"] == []


def test_open_orders_come_in_pages(front: Front, ada: Trader, yes: str) -> None:
    ids = [rests(front, ada, yes) for _ in range(105)]
    first = front.told(ada.l2("GET", "/data/orders", next_cursor="MA=="))
    second = front.told(ada.l2("GET", "/data/orders", next_cursor=first["next_cursor"]))
    assert [order["id"] for order in first["data"] + second["data"]] == ids
    assert (first["count"], second["next_cursor"]) == (100, "LTE=")


def test_an_order_is_told_to_its_owner_only_and_for_ever(front: Front, ada: Trader, yes: str) -> None:
    order_id = rests(front, ada, yes)
    front.delete(ada, "/cancel-all")
    assert front.told(ada.l2("GET", f"/data/order/{order_id}"))["status"] == "ORDER_STATUS_CANCELED"
    assert front.told(ada.l2("GET", "/data/orders"))["data"] == []
    eve = front.trader("eve")
    assert front.told(eve.l2("GET", f"/data/order/{order_id}"), 404) == {"error": "order not found"}


def matched(front: Front, ada: Trader) -> tuple[Trader, dict[str, Any]]:
    """Ada's bid for "Yes" and Bob's for "No" meet: shares are minted."""
    yes, no = front.market("100k").token_ids
    rests(front, ada, yes, 60)
    bob = front.trader("bob")
    return bob, front.place(bob, no, "BUY", 40 * CENT, 5 * MICRO)


def test_a_trade_is_told_to_both_sides(front: Front, ada: Trader) -> None:
    bob, taken = matched(front, ada)
    (made,) = front.told(ada.l2("GET", "/data/trades"))["data"]
    (own,) = front.told(bob.l2("GET", "/data/trades"))["data"]
    assert (made["trader_side"], own["trader_side"]) == ("MAKER", "TAKER")
    assert made["id"] == own["id"] == taken["tradeIDs"][0]
    assert own["taker_order_id"] == taken["orderID"]
    assert (own["side"], own["price"], own["size"], own["outcome"]) == ("BUY", "0.4", "5", "No")
    (leg,) = own["maker_orders"]
    assert (leg["side"], leg["price"], leg["matched_amount"], leg["outcome"]) == ("BUY", "0.6", "5", "Yes")
    assert leg["maker_address"].lower() == ada.wallet


def test_a_trade_has_its_hash_once_it_is_mined(front: Front, ada: Trader) -> None:
    bob, _ = matched(front, ada)
    states = []
    for _ in range(6):
        (trade,) = front.told(bob.l2("GET", "/data/trades"))["data"]
        states.append((trade["status"], bool(trade["transaction_hash"])))
        front.pass_s(1.0)
    assert states[0] == ("TRADE_STATUS_MATCHED", False)
    assert ("TRADE_STATUS_MINED", True) in states
    assert states[-1] == ("TRADE_STATUS_CONFIRMED", True)


def test_trades_are_filtered(front: Front, ada: Trader) -> None:
    bob, taken = matched(front, ada)
    market, now_s = front.market("100k"), front.now_ns // NANOS
    for query in (
        {"id": taken["tradeIDs"][0]},
        {"market": market.condition_id},
        {"asset_id": market.token_ids[0]},
        {"asset_id": market.token_ids[1]},
        {"maker_address": ada.wallet},
        {"after": str(now_s), "before": str(now_s)},
    ):
        assert front.told(bob.l2("GET", "/data/trades", **query))["count"] == 1, query
    for query in ({"id": "x"}, {"market": "0x1"}, {"asset_id": "1"}, {"after": str(now_s + 1)}, {"before": "1"}):
        assert front.told(bob.l2("GET", "/data/trades", **query))["count"] == 0, query
    assert "error" in front.told(bob.l2("GET", "/data/trades", after="yesterday"), 400)
    assert front.told(front.trader("eve").l2("GET", "/data/trades"))["data"] == []


def test_balances_are_base_units_as_text(front: Front, ada: Trader) -> None:
    told = front.told(ada.l2("GET", "/balance-allowance", asset_type="COLLATERAL", signature_type="3"))
    assert told["balance"] == "10000000000"
    assert len(told["allowances"]) == 3
    assert all(spender != spender.lower() for spender in told["allowances"])


def test_shares_are_told_when_they_are_mined(front: Front, ada: Trader, yes: str) -> None:
    matched(front, ada)
    query = {"asset_type": "CONDITIONAL", "token_id": yes, "signature_type": "3"}
    assert front.told(ada.l2("GET", "/balance-allowance", **query))["balance"] == "0"
    front.pass_s(10)
    assert front.told(ada.l2("GET", "/balance-allowance/update", **query))["balance"] == "5000000"


@pytest.mark.parametrize(
    "query",
    [
        {"asset_type": "GOLD", "signature_type": "3"},
        {"asset_type": "CONDITIONAL", "token_id": "1", "signature_type": "3"},
        {"asset_type": "COLLATERAL", "signature_type": "9"},
    ],
)
def test_an_unknown_asset_or_wallet_type_is_refused(front: Front, ada: Trader, query: dict[str, str]) -> None:
    assert "error" in front.told(ada.l2("GET", "/balance-allowance", **query), 400)


def test_every_wallet_type_is_opened_when_it_is_first_used(front: Front, ada: Trader) -> None:
    own = own_wallets(ada.key.address)
    assert own.deposit in front.venue.accounts
    assert own.proxy not in front.venue.accounts
    for kind, wallet in (("1", own.proxy), ("2", own.safe)):
        told = front.told(ada.l2("GET", "/balance-allowance", asset_type="COLLATERAL", signature_type=kind))
        assert told["balance"] == "10000000000"
        assert front.venue.accounts[wallet].owner == ada.key.address
    told = front.told(ada.l2("GET", "/balance-allowance", asset_type="COLLATERAL", signature_type="0"))
    assert told["balance"] == "0"


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_every_wallet_type_trades(front: Front, yes: str, kind: int) -> None:
    trader = front.trader("cyd", kind)
    assert front.place(trader, yes, "BUY", 20 * CENT, SHARES)["status"] == "live"


def test_a_plain_key_trades_only_where_the_rules_say_so(front: Front, yes: str) -> None:
    told = front.place(front.trader("cyd", 0), yes, "BUY", 20 * CENT, SHARES, status=400)
    assert told == {"error": "maker address not allowed, please use the deposit wallet flow"}
    lax = Front(eoa_makers=True)
    assert lax.place(lax.trader("cyd", 0), lax.market("100k").token_ids[0], "BUY", 20 * CENT, SHARES)["success"]


def test_a_read_only_key_looks_and_does_not_trade(front: Front, ada: Trader, yes: str) -> None:
    keyring_key = front.told(ada.l2("POST", "/auth/readonly-api-key"))["apiKey"]
    assert front.told(ada.l2("GET", "/auth/readonly-api-keys")) == {"readonlyApiKeys": [keyring_key]}
    body = ada.order(yes, "BUY", 20 * CENT, SHARES)[1]
    forged = ada.l2("POST", "/order", body)
    forged = replace(forged, headers={**forged.headers, "poly_api_key": keyring_key})
    assert front.told(forged, 401) == {"error": "Unauthorized/Invalid api key"}


def test_a_dead_key_is_refused(front: Front, ada: Trader) -> None:
    assert front.delete(ada, "/auth/api-key") == "OK"
    assert "error" in front.told(ada.l2("GET", "/data/orders"), 401)


def test_a_heartbeat_that_stops_cancels_what_rests(front: Front, ada: Trader, yes: str) -> None:
    rests(front, ada, yes)
    beat = front.told(ada.l2("POST", "/v1/heartbeats", b'{"heartbeat_id":""}'))["heartbeat_id"]
    wrong = front.told(ada.l2("POST", "/v1/heartbeats", b'{"heartbeat_id":"x"}'), 400)
    assert wrong == {"error_msg": "Invalid Heartbeat ID", "heartbeat_id": beat}
    front.pass_s(5)
    body = json.dumps({"heartbeat_id": beat}).encode()
    assert front.told(ada.l2("POST", "/v1/heartbeats", body))["heartbeat_id"]
    front.pass_s(9)
    assert front.told(ada.l2("GET", "/data/orders"))["count"] == 1
    front.pass_s(2)
    assert front.told(ada.l2("GET", "/data/orders"))["count"] == 0


def test_a_restart_refuses_everything_and_is_post_only_after(front: Front, ada: Trader, yes: str) -> None:
    front.venue.restart(front.now_ns)
    assert front.reply(ada.l2("POST", "/order", ada.order(yes, "BUY", 20 * CENT, SHARES)[1])).status == 425
    bodies = [ada.order(yes, "BUY", 20 * CENT, SHARES)[1] for _ in range(2)]
    assert front.reply(ada.l2("POST", "/orders", batch_body(bodies))).status == 425
    front.pass_s(91)
    refused = front.reply(ada.l2("POST", "/order", ada.order(yes, "BUY", 20 * CENT, SHARES)[1]))
    told = json.loads(refused.body)
    assert (refused.status, told["code"]) == (503, "post_only_mode")
    assert dict(refused.headers)["Retry-After"] == str(told["retry_after_seconds"])
    assert front.place(ada, yes, "BUY", 20 * CENT, SHARES, post_only=True)["success"]
    mixed = front.told(ada.l2("POST", "/orders", batch_body(bodies)))
    assert [one["success"] for one in mixed] == [True, True]
    assert all("post-only mode" in one["errorMsg"] for one in mixed)
    front.pass_s(121)
    assert front.place(ada, yes, "BUY", 20 * CENT, SHARES)["status"] == "live"


@pytest.mark.parametrize(
    ("mode", "order", "cancel"),
    [(Mode.CANCEL_ONLY, 503, 200), (Mode.DISABLED, 503, 503), (Mode.NORMAL, 200, 200)],
)
def test_modes_stop_orders_or_everything(
    front: Front, ada: Trader, yes: str, mode: Mode, order: int, cancel: int
) -> None:
    front.venue.set_mode(mode, front.now_ns)
    assert front.reply(ada.l2("POST", "/order", ada.order(yes, "BUY", 20 * CENT, SHARES)[1])).status == order
    assert front.reply(ada.l2("DELETE", "/cancel-all")).status == cancel


def test_the_signers_limit_is_told_and_held() -> None:
    front = Front(limits=LimitMode.ENFORCE)
    ada, yes = front.trader("ada"), front.market("100k").token_ids[0]
    for expected in ("45", "30", "15", "0"):
        bodies = [ada.order(yes, "BUY", 20 * CENT, SHARES)[1] for _ in range(15)]
        answer = front.reply(ada.batch(bodies))
        assert answer.status == 200
        assert dict(answer.headers)["Poly-RateLimit-Remaining"] == expected
    body = ada.order(yes, "BUY", 20 * CENT, SHARES)[1]
    assert front.reply(ada.l2("POST", "/order", body)).status == 429
    front.pass_s(1)
    assert front.reply(ada.l2("POST", "/order", body)).status == 200
    assert dict(front.reply(ada.l2("DELETE", "/cancel-all")).headers)["Poly-RateLimit-Remaining"] == "58"


def test_a_caller_that_is_too_fast_is_told_by_the_content_network() -> None:
    front = Front(limits=LimitMode.ENFORCE)
    ada = front.trader("ada")
    statuses = [front.reply(ada.l2("GET", "/balance-allowance/update", asset_type="COLLATERAL")) for _ in range(51)]
    last = statuses[-1]
    assert (last.status, last.body, dict(last.headers)["Retry-After"]) == (429, b"error code: 1015", "0")


def test_no_order_counts_for_rewards(front: Front, ada: Trader) -> None:
    assert front.told(ada.l2("GET", "/order-scoring", order_id="0x1")) == {"scoring": False}
    assert front.told(ada.l2("POST", "/orders-scoring", b'["0x1"]')) == {"0x1": False}
    assert front.told(ada.l2("GET", "/notifications")) == []
    assert front.told(ada.l2("GET", "/auth/ban-status/closed-only")) == {"closed_only": False}


def test_an_account_that_may_only_close_is_told_so(front: Front, ada: Trader) -> None:
    front.venue.accounts[ada.wallet].closed_only = True
    assert front.told(ada.l2("GET", "/auth/ban-status/closed-only")) == {"closed_only": True}


def test_builder_keys_are_listed_without_their_secrets(front: Front, ada: Trader) -> None:
    made = front.told(ada.l2("POST", "/auth/builder-api-key"))
    assert set(made) == {"key", "secret", "passphrase"}
    (listed,) = front.told(ada.l2("GET", "/auth/builder-api-key"))
    assert listed["key"] == made["key"]
    assert "secret" not in listed
    assert front.told(front.trader("eve").l2("GET", "/auth/builder-api-key")) == []


def test_builder_keys_are_taken_back_all_at_once(front: Front, ada: Trader) -> None:
    bob = front.trader("bob")
    for each in (ada, ada, bob):
        front.told(each.l2("POST", "/auth/builder-api-key"))
    assert front.told(ada.l2("DELETE", "/auth/builder-api-key")) == "OK"
    assert front.told(ada.l2("GET", "/auth/builder-api-key")) == []
    assert len(front.told(bob.l2("GET", "/auth/builder-api-key"))) == 1


def test_a_read_only_key_is_removed_by_its_owner_alone(front: Front, ada: Trader) -> None:
    key = front.told(ada.l2("POST", "/auth/readonly-api-key"))["apiKey"]
    body = json.dumps({"key": key}).encode()
    assert front.told(front.trader("eve").l2("DELETE", "/auth/readonly-api-key", body)) is False
    assert front.told(ada.l2("DELETE", "/auth/readonly-api-key", body)) is True
    assert front.told(ada.l2("DELETE", "/auth/readonly-api-key", body)) is False
    own = json.dumps({"key": ada.api_key.key}).encode()
    assert front.told(ada.l2("DELETE", "/auth/readonly-api-key", own)) is False
    assert front.told(ada.l2("GET", "/auth/api-keys")) == {"apiKeys": [ada.api_key.key]}


def test_nobody_earns_rewards_here(front: Front, ada: Trader) -> None:
    for path in ("/rewards/user", "/rewards/user/markets"):
        told = front.told(ada.l2("GET", path, date="2026-09-24"))
        assert (told["data"], told["next_cursor"]) == ([], "LTE=")
    assert front.told(ada.l2("GET", "/rewards/user/total", date="2026-09-24")) == []
    assert front.told(ada.l2("GET", "/rewards/user/percentages")) == {}


def test_a_builders_trades_are_those_that_carry_its_code(front: Front, ada: Trader) -> None:
    yes, no = front.market("100k").token_ids
    code = "ab" * 32
    front.venue.builders.register(code)
    rests(front, ada, yes, 60)
    bob = front.trader("bob")
    front.told(bob.l2("POST", "/order", bob.order(no, "BUY", 40 * CENT, 5 * MICRO, builder=code)[1]))
    (row,) = front.get("/builder/trades", builder_code=f"0x{code}")["data"]
    assert (row["tradeType"], row["builder"], row["assetId"]) == ("TAKER", f"0x{code}", no)
    assert (row["size"], row["sizeUsdc"], row["price"], row["side"]) == ("5", "2", "0.4", "BUY")
    assert front.get("/builder/trades", builder_code="0x" + "cd" * 32)["data"] == []
    assert front.get("/builder/trades", builder_code=f"0x{code}", asset_id=yes)["data"] == []
    assert "error" in front.get("/builder/trades", 400, builder_code="0x" + "0" * 64)
