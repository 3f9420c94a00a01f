"""The CLOB's face as a whole: whatever is sent to it, proved or not, it answers and never breaks."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.front_desk import Front
from tests.support.venue_callers import Trader
from whaletrader.adapters.paper.server.edge import Request
from whaletrader.domain.values import MICRO

PATHS = (
    "/", "/time", "/version", "/book", "/books", "/midpoint", "/midpoints", "/price", "/prices", "/spread", "/spreads",
    "/tick-size", "/neg-risk", "/fee-rate", "/last-trade-price", "/last-trades-prices", "/markets", "/markets/x",
    "/simplified-markets", "/clob-markets/x", "/markets-by-token/1", "/prices-history", "/builder/trades",
    "/auth/api-key", "/auth/derive-api-key", "/auth/api-keys", "/auth/builder-api-key", "/data/orders", "/data/trades",
    "/data/order/x", "/balance-allowance", "/balance-allowance/update", "/notifications", "/order-scoring",
    "/orders-scoring", "/order", "/orders", "/cancel-all", "/cancel-market-orders", "/v1/heartbeats", "/nothing",
)  # fmt: skip
METHODS = ("GET", "POST", "DELETE")
EXPECTED = {200, 400, 401, 404, 405}
FRONT = Front()
ADA: Trader = FRONT.trader("ada")
TOKEN = FRONT.market("100k").token_ids[0]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.just(TOKEN),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
bodies = st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode())
names = st.sampled_from(
    ("token_id", "side", "next_cursor", "market", "asset_id", "asset_type", "signature_type", "id", "after", "before",
     "interval", "startTs", "endTs", "fidelity", "builder_code", "maker_address")
)  # fmt: skip
queries = st.dictionaries(
    names, st.sampled_from((TOKEN, "MA==", "LTE=", "BUY", "0", "-1", "1d", "COLLATERAL", "")) | st.text(max_size=9)
)


def holds(request: Request) -> None:
    """Check that a call is answered with a known status and a body that can be read."""
    answer = FRONT.reply(request)
    assert answer.status in EXPECTED, (request, answer)
    json.loads(answer.body)


@given(st.sampled_from(METHODS), st.sampled_from(PATHS), queries, bodies)
@settings(max_examples=400, deadline=None)
def test_whatever_a_stranger_sends_is_answered(method: str, path: str, query: dict[str, str], body: bytes) -> None:
    holds(Request(method, path, query, {}, body, "stranger"))
    assert FRONT.venue.orders == {}


@given(st.sampled_from(METHODS), st.sampled_from(PATHS), queries, bodies)
@settings(max_examples=400, deadline=None)
def test_whatever_an_account_sends_is_answered(method: str, path: str, query: dict[str, str], body: bytes) -> None:
    if (method, path) == ("DELETE", "/auth/api-key"):
        return
    holds(ADA.l2(method, path, body, **query))
    assert FRONT.get("/time") > 0


def _changed(body: dict[str, Any], field: str, value: Any) -> bytes:
    where = body["order"] if field in body["order"] else body
    return json.dumps(
        body | {"order": body["order"] | {field: value}} if where is not body else body | {field: value}
    ).encode()


@given(
    st.sampled_from(
        ("salt", "maker", "signer", "tokenId", "makerAmount", "takerAmount", "side", "signatureType", "timestamp",
         "metadata", "builder", "signature", "expiration", "owner", "orderType", "postOnly", "deferExec")
    ),
    values,
)  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_whatever_an_orders_field_holds_is_answered(field: str, value: Any) -> None:
    body = json.loads(ADA.order(TOKEN, "BUY", 200_000, 5 * MICRO)[1])
    holds(ADA.l2("POST", "/order", _changed(body, field, value)))
    assert FRONT.delete(ADA, "/cancel-all")["not_canceled"] == {}


@pytest.mark.parametrize("word", ["secret", "passphrase"])
def test_no_answer_but_the_keys_own_tells_a_secret(word: str) -> None:
    held = getattr(ADA.api_key, word)
    for method in METHODS:
        for path in PATHS:
            if path.startswith("/auth/"):
                continue
            answer = FRONT.reply(ADA.l2(method, path, b"{}"))
            assert held.encode() not in answer.body
            assert re.search(held, str(answer.headers)) is None
