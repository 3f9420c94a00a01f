from dataclasses import replace

import pytest

from tests.support.vectors import TEST_KEY, named, vectors
from whaletrader.domain.order_hash import keccak256
from whaletrader.domain.order_hash_v1 import (
    ORDER_TYPE_V1,
    OrderStructV1,
    domain_separator_v1,
    order_digest_v1,
    struct_hash_v1,
)
from whaletrader.domain.signature import signer_of
from whaletrader.domain.values import Side

FILE = vectors("orders_v1_legacy")
CASES = FILE["vectors"]


def order_of(told):
    return OrderStructV1(
        salt=int(told["salt"]), maker=told["maker"], signer=told["signer"], taker=told["taker"],
        token_id=told["tokenId"], maker_amount=int(told["makerAmount"]), taker_amount=int(told["takerAmount"]),
        expiration_s=int(told["expiration"]), nonce=int(told["nonce"]), fee_rate_bps=int(told["feeRateBps"]),
        side=Side.SELL if int(told["side"]) else Side.BUY, signature_type=int(told["signatureType"]),
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_old_orders_have_the_ids_that_archives_name_them_by(case):
    order, neg_risk = order_of(case["order_struct"]), case["input"]["neg_risk"]
    assert "0x" + domain_separator_v1(neg_risk=neg_risk).hex() == case["domain_separator"]
    assert "0x" + struct_hash_v1(order).hex() == case["order_struct_hash"]
    digest = order_digest_v1(order, neg_risk=neg_risk)
    assert "0x" + digest.hex() == case["order_hash"]
    assert "0x" + TEST_KEY.sign(digest).hex() == case["signature"]
    assert signer_of(digest, bytes.fromhex(case["signature"][2:])) == TEST_KEY.address


def test_the_type_is_the_contracts():
    assert "0x" + keccak256(ORDER_TYPE_V1.encode()).hex() == FILE["order_typehash"]


@pytest.mark.parametrize(
    "change", [{"nonce": 1}, {"fee_rate_bps": 1}, {"expiration_s": 1}, {"taker": "0x" + "11" * 20}]
)
def test_every_field_is_part_of_the_hash(change):
    order = order_of(CASES[0]["order_struct"])
    assert struct_hash_v1(replace(order, **change)) != struct_hash_v1(order)
