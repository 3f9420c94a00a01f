"""Posted orders: the official client's are taken, and whatever was changed in one is refused in the venue's words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.venue_callers import Trader
from whaletrader.adapters.paper.server import orders
from whaletrader.adapters.paper.server.auth import Session
from whaletrader.adapters.paper.server.orders import OrderDesk, WirePost, posted_batch, posted_one
from whaletrader.adapters.paper.server.types import Account, NewOrder, Refusal, VenueMarket
from whaletrader.domain.clob_auth import ApiKey
from whaletrader.domain.wallet_addresses import wallet_type

VECTORS = Path(__file__).parents[4] / "data" / "polymarket" / "vectors" / "orders_v2_v3.json"
FILE = json.loads(VECTORS.read_text())
OWNER = FILE["owner_api_key_in_payload"]
ADDRESS = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
SESSION = Session(ADDRESS, ApiKey(OWNER, "", ""))
PLAIN = [case for case in FILE["vectors"] if case["signature_bytes"] != 480]
TOKEN = "1001"


def wallet_of(address: str, owner: str, kind: int) -> Account | None:
    """Every wallet that the owner has by the factories is deployed."""
    return Account(address=address, owner=owner, signature_type=kind) if wallet_type(owner, address) == kind else None


def desk(neg_risk: bool = False, wallets: Callable[[str, str, int], Account | None] = wallet_of) -> OrderDesk:
    return OrderDesk(lambda token: market(token, neg_risk) if token != "404" else None, wallets)


def market(token: str, neg_risk: bool) -> VenueMarket:
    return VenueMarket(condition_id="0x1", token_ids=(token, "0"), neg_risk=neg_risk)


def posted(body: bytes) -> WirePost:
    post = posted_one(body)
    assert isinstance(post, WirePost)
    return post


@pytest.fixture
def ada() -> Trader:
    return Trader("ada", ApiKey("key", "", ""))


def session(trader: Trader) -> Session:
    return Session(trader.key.address, trader.api_key)


def verdict(trader: Trader, change: Callable[[dict[str, Any]], None], neg_risk: bool = False) -> NewOrder | Refusal:
    """What becomes of an order that was changed after it was signed."""
    body = json.loads(trader.order(TOKEN, "BUY", 500_000, 100_000_000)[1])
    change(body)
    return told(posted_one(json.dumps(body).encode()), trader, neg_risk)


def told(post: WirePost | Refusal, trader: Trader, neg_risk: bool = False) -> NewOrder | Refusal:
    return post if isinstance(post, Refusal) else desk(neg_risk).verified(post, session(trader))


@pytest.mark.parametrize("case", PLAIN, ids=[case["name"] for case in PLAIN])
def test_the_official_clients_orders_are_taken(case: dict[str, Any]) -> None:
    post = posted(msgspec.json.encode(case["payload"]))
    order = desk(case["input"]["neg_risk"]).verified(post, SESSION)
    assert isinstance(order, NewOrder), order
    assert order.order_id == case["order_hash"]
    assert order.maker == case["order_struct"]["maker"].lower()
    assert order.maker_amount == int(case["order_struct"]["makerAmount"])
    assert order.post_only == case["input"]["post_only"]
    assert order.order_type == case["input"]["order_type"]


@pytest.mark.parametrize("case", PLAIN, ids=[case["name"] for case in PLAIN])
def test_the_wrong_exchange_is_an_invalid_signature(case: dict[str, Any]) -> None:
    post = posted(msgspec.json.encode(case["payload"]))
    refused = desk(not case["input"]["neg_risk"]).verified(post, SESSION)
    settled_elsewhere = case["domain"]["version"] == "3"
    assert isinstance(refused, NewOrder) if settled_elsewhere else refused == orders.BAD_SIGNATURE


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_every_signature_type_is_taken(kind: int) -> None:
    trader = Trader("ada", ApiKey("key", "", ""), kind)
    order_id, body = trader.order(TOKEN, "SELL", 400_000, 5_000_000)
    order = told(posted_one(body), trader)
    assert isinstance(order, NewOrder)
    assert (order.order_id, order.maker, order.side) == (order_id, trader.wallet, "SELL")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("makerAmount", "50000001"),
        ("takerAmount", "100000001"),
        ("salt", 2),
        ("side", "SELL"),
        ("timestamp", "1"),
        ("tokenId", "1002"),
        ("metadata", "0x" + "01" * 32),
        ("builder", "0x" + "01" * 32),
        ("signature", "0x" + "11" * 317),
        ("signature", "0x"),
        ("signature", "no hex"),
    ],
)
def test_a_change_to_what_is_signed_is_an_invalid_signature(ada: Trader, field: str, value: object) -> None:
    assert verdict(ada, lambda body: body["order"].update({field: value})) == orders.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("makerAmount", "0"),
        ("makerAmount", "-1"),
        ("makerAmount", "1e9"),
        ("takerAmount", str(1 << 63)),
        ("salt", 1 << 53),
        ("salt", "1"),
        ("salt", -1),
        ("side", 0),
        ("side", "buy"),
        ("signatureType", 4),
        ("maker", "0x12"),
        ("signer", "nobody"),
        ("timestamp", "soon"),
        ("tokenId", "١"),
        ("tokenId", "0xab"),
        ("metadata", "0x"),
        ("builder", ""),
        ("expiration", "never"),
        ("expiration", "1" * 5_000),
        ("makerAmount", "0" * 5_000 + "5"),
    ],
)
def test_a_field_out_of_its_range_is_an_invalid_payload(ada: Trader, field: str, value: object) -> None:
    assert verdict(ada, lambda body: body["order"].update({field: value})) == orders.BAD_PAYLOAD


@pytest.mark.parametrize("field", ["order", "orderType", "owner"])
def test_a_missing_part_is_an_invalid_payload(ada: Trader, field: str) -> None:
    assert verdict(ada, lambda body: body.pop(field)) == orders.BAD_PAYLOAD


def test_an_unknown_order_type_is_an_invalid_payload(ada: Trader) -> None:
    assert verdict(ada, lambda body: body.update(orderType="IOC")) == orders.BAD_PAYLOAD


def test_another_owner_is_refused(ada: Trader) -> None:
    assert verdict(ada, lambda body: body.update(owner="other")) == orders.WRONG_OWNER


def test_expiration_and_type_are_not_signed(ada: Trader) -> None:
    order = verdict(ada, lambda body: (body.update(orderType="GTD"), body["order"].update(expiration="1795400000")))
    assert isinstance(order, NewOrder)
    assert (order.order_type, order.expiration_s) == ("GTD", 1_795_400_000)


def test_the_former_exchanges_order_is_a_version_mismatch(ada: Trader) -> None:
    def older(body: dict[str, Any]) -> None:
        body["order"] |= {"nonce": "0", "feeRateBps": "0", "taker": "0x" + "0" * 40}
        del body["order"]["timestamp"]

    assert verdict(ada, older) == orders.WRONG_VERSION


def test_a_strangers_wallet_is_refused(ada: Trader) -> None:
    eve = Trader("eve")
    given = verdict(ada, lambda body: body["order"].update(maker=eve.wallet, signer=eve.wallet))
    assert given == orders.WRONG_SIGNER
    assert verdict(ada, lambda body: body["order"].update(signer=ada.key.address)) == orders.WRONG_SIGNER


def test_a_plain_key_is_told_to_use_a_deposit_wallet() -> None:
    ada = Trader("ada", ApiKey("key", "", ""), 0)
    post = posted(ada.order(TOKEN, "BUY", 500_000, 10_000_000)[1])
    assert desk(wallets=lambda *_: None).verified(post, session(ada)) == orders.WRONG_MAKER


def test_a_wallet_that_is_not_deployed_is_refused_as_the_venue_does(ada: Trader) -> None:
    def undeployed(address: str, owner: str, kind: int) -> Account | None:
        return Account(address=address, owner=owner, signature_type=kind, deployed=False)

    post = posted(ada.order(TOKEN, "BUY", 500_000, 10_000_000)[1])
    assert desk(wallets=undeployed).verified(post, session(ada)) == orders.WRONG_SIGNER


def test_an_unknown_token_has_no_market(ada: Trader) -> None:
    post = posted(ada.order("404", "BUY", 500_000, 10_000_000)[1])
    assert desk().verified(post, session(ada)) == orders.NO_MARKET


def test_a_bad_order_refuses_only_itself_in_a_batch(ada: Trader) -> None:
    bodies = [ada.order(TOKEN, "BUY", 500_000, 10_000_000)[1] for _ in range(3)]
    bodies[1] = b'{"owner":"x"}'
    batch = posted_batch(b"[" + b",".join(bodies) + b"]")
    assert not isinstance(batch, Refusal)
    assert [isinstance(post, WirePost) for post in batch] == [True, False, True]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"[1", b"null", b"\xff"])
def test_what_is_no_batch_is_an_invalid_payload(body: bytes) -> None:
    assert posted_batch(body) == orders.BAD_PAYLOAD


def test_sixteen_orders_are_too_many() -> None:
    refused = posted_batch(b"[" + b",".join([b"{}"] * 16) + b"]")
    assert refused == Refusal(400, "Too many orders in payload: 16, max allowed: 15")
