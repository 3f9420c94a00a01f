import json
from dataclasses import replace

import pytest

from whaletrader.domain.order_hash import MAX_SALT, OrderStruct
from whaletrader.domain.order_payload import batch_body, order_body
from whaletrader.domain.values import Side

EOA = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
ORDER = OrderStruct(MAX_SALT, EOA, EOA, "71321", 5_000_000, 10_000_000, Side.SELL, 0, 1_795_305_600_000)


def sent(**changes):
    return json.loads(order_body(ORDER, **{"owner": "k", "signature": "0x00", **changes}))


def test_only_a_post_only_order_carries_the_field():
    assert "postOnly" not in sent()
    assert sent(post_only=True)["postOnly"] is True


def test_numbers_are_text_but_for_salt_and_signature_type():
    order = sent(order_type="GTD", expiration_s=1_795_392_000)["order"]
    assert order["salt"] == MAX_SALT
    assert order["signatureType"] == 0
    assert order["side"] == "SELL"
    for field in ("makerAmount", "takerAmount", "timestamp", "expiration", "tokenId"):
        assert isinstance(order[field], str)
    assert order["expiration"] == "1795392000"


def test_deferred_execution_is_told():
    assert sent(defer=True)["deferExec"] is True


def test_a_quote_in_the_owner_stays_json():
    assert sent(owner='a"b')["owner"] == 'a"b'


@pytest.mark.parametrize("order_type", ["FOK", "FAK"])
def test_an_immediate_order_is_never_post_only(order_type):
    with pytest.raises(AssertionError):
        sent(order_type=order_type, post_only=True)


def test_an_unknown_order_type_or_a_salt_no_json_number_holds_is_a_bug():
    with pytest.raises(AssertionError):
        sent(order_type="IOC")
    with pytest.raises(AssertionError):
        order_body(replace(ORDER, salt=MAX_SALT + 1), owner="k", signature="0x")


def test_a_batch_is_the_array_of_its_orders():
    one = order_body(ORDER, owner="k", signature="0x00")
    two = order_body(replace(ORDER, salt=1), owner="k", signature="0x01")
    assert batch_body([one, two]) == b"[" + one + b"," + two + b"]"
    assert [order["order"]["salt"] for order in json.loads(batch_body([one, two]))] == [MAX_SALT, 1]


@pytest.mark.parametrize("count", [0, 16])
def test_a_batch_has_one_to_fifteen_orders(count):
    with pytest.raises(AssertionError):
        batch_body([b"{}"] * count)
