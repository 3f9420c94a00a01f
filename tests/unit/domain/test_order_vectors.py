"""Orders of the official package, from their inputs to the bytes that are sent."""

import json

import pytest

from tests.support.vectors import KEYS, micro, named, struct_from, vectors
from whaletrader.domain.amounts import limit_amounts, market_amounts
from whaletrader.domain.order_hash import (
    CONTRACT_WALLET,
    contract_wallet_digest,
    contract_wallet_signature,
    domain_separator,
    exchange_contract,
    order_digest,
    order_hash,
    struct_hash,
)
from whaletrader.domain.order_payload import order_body
from whaletrader.domain.signature import SESSION_KEY_BYTES, order_signer, session_key_signature, signer_of
from whaletrader.domain.values import Side

FILE = vectors("orders_v2_v3")
CASES = FILE["vectors"]
every_case = pytest.mark.parametrize("case", CASES, ids=named(CASES))


def inner_of(case):
    return bytes.fromhex(case["inner_ecdsa_signature"][2:])


def signer_in(case):
    return signer_of(bytes.fromhex(case["signing_digest"][2:]), inner_of(case))


@every_case
def test_the_amounts_follow_from_the_tick(case):
    told, struct = case["input"], case["order_struct"]
    side, tick, price = Side(told["side"]), micro(told["tick_size"]), micro(told["price"])
    if told["kind"] == "limit":
        made = limit_amounts(side, price, micro(told["size"]), tick)
    else:
        quantity = told["amount"] or told["size"] or told["shares"]
        made = market_amounts(side, price, micro(quantity), tick)
    assert (str(made.maker), str(made.taker)) == (struct["makerAmount"], struct["takerAmount"])


@every_case
def test_the_token_and_the_market_choose_the_exchange(case):
    contract = exchange_contract(case["order_struct"]["tokenId"], neg_risk=case["input"]["neg_risk"])
    assert contract.value == (case["domain"]["version"], case["domain"]["verifyingContract"])
    assert "0x" + domain_separator(contract).hex() == case["domain_separator"]


@every_case
def test_hashes_and_digests_are_the_packages(case):
    order, neg_risk = struct_from(case["order_struct"]), case["input"]["neg_risk"]
    assert "0x" + struct_hash(order).hex() == case["order_struct_hash"]
    assert order_hash(order, neg_risk=neg_risk) == case["order_hash"]
    digest = contract_wallet_digest if order.signature_type == CONTRACT_WALLET else order_digest
    assert "0x" + digest(order, neg_risk=neg_risk).hex() == case["signing_digest"]


@every_case
def test_signature_and_body_are_the_packages_byte_for_byte(case):
    told, neg_risk = case["input"], case["input"]["neg_risk"]
    order, signature = struct_from(case["order_struct"]), inner_of(case)
    signer = signer_in(case)
    if signer in KEYS:
        assert KEYS[signer].sign(bytes.fromhex(case["signing_digest"][2:])) == signature
    if order.signature_type == CONTRACT_WALLET:
        signature = contract_wallet_signature(order, signature, neg_risk=neg_risk)
    if case["signature_bytes"] == SESSION_KEY_BYTES:
        signature = session_key_signature(signer, signature)
    assert "0x" + signature.hex() == case["signature"]
    body = order_body(
        order,
        owner=FILE["owner_api_key_in_payload"],
        signature=case["signature"],
        order_type=told["order_type"],
        post_only=told["post_only"],
        expiration_s=told["expiration"],
        builder=told["builder"],
    )
    assert body.decode() == case["body"]


@every_case
def test_every_signature_type_is_recovered_to_the_key_that_made_it(case):
    order, neg_risk = struct_from(case["order_struct"]), case["input"]["neg_risk"]
    signature = bytes.fromhex(case["signature"][2:])
    assert order_signer(order, signature, neg_risk=neg_risk) == signer_in(case)


@every_case
def test_an_order_in_lower_case_is_sent_in_the_same_bytes(case):
    told, lower = case["input"], json.loads(json.dumps(case["order_struct"]))
    lower |= {"maker": lower["maker"].lower(), "signer": lower["signer"].lower()}
    body = order_body(
        struct_from(lower), owner=FILE["owner_api_key_in_payload"], signature=case["signature"],
        order_type=told["order_type"], post_only=told["post_only"], expiration_s=told["expiration"],
        builder=told["builder"][2:],
    )  # fmt: skip
    assert body.decode() == case["body"]
