from dataclasses import replace

import pytest

from whaletrader.domain.order_hash import (
    MAX_SALT,
    NO_BYTES32,
    ExchangeContract,
    OrderStruct,
    domain_separator,
    exchange_contract,
    keccak256,
    order_hash,
    struct_hash,
    struct_of,
    token_number,
)
from whaletrader.domain.values import Side

EOA = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
TOKEN = "71321045679252212594626385532706912750332728571942532289631379312455583992563"
NEG_RISK_TOKEN = "94476829201604408463453426454480212459887267917122244941405244686637914508323"
POSITION = "2944745107963973882638829167904864193045792973186295829089061843916156416"

BUY = OrderStruct(1001, EOA, EOA, TOKEN, 50_000_000, 100_000_000, Side.BUY, 0, 1_795_305_600_000)
SELL_NEG_RISK = OrderStruct(
    1013, "0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50", "0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50", NEG_RISK_TOKEN,
    250_500_000, 30_811_500, Side.SELL, 3, 1_795_305_600_000,
)  # fmt: skip
BUY_POSITION = OrderStruct(2001, EOA, EOA, POSITION, 5_000_000, 10_000_000, Side.BUY, 0, 1_795_305_600_000)


@pytest.mark.parametrize(
    ("order", "neg_risk", "expected"),
    [
        (BUY, False, "0x96833f7c32b89b49bad82bafae4866b735ab5ff7cd8ebaedd85f52c5167e2e1b"),
        (SELL_NEG_RISK, True, "0x774fc48eb813afff9ef08537b1157ed7b7bad0e1e84a5d0064311d7001cb6c96"),
        (BUY_POSITION, False, "0x8aa447a6a9a232e536176bb629c1a0647e503c63c8dc166eed80ec485faa12fa"),
    ],
)
def test_the_order_id_is_the_venues(order, neg_risk, expected):
    assert order_hash(order, neg_risk=neg_risk) == expected


def test_domain_separators_are_the_venues():
    standard = "3264e159346253e26a64e00b69032db0e7d32f94628de3e6eecb50304d7af3d2"
    assert domain_separator(ExchangeContract.STANDARD).hex() == standard
    neg_risk = "9b858f53327b0bd13af8ec14cfb35234fb9eb7b0504d1a4e61f433840d30e81a"
    assert domain_separator(ExchangeContract.NEG_RISK).hex() == neg_risk
    positions = "466c63910185bbd55e8679264200c4e0abdcbb0c6264eb3d41d13326022e095b"
    assert domain_separator(ExchangeContract.POSITIONS).hex() == positions


def test_position_ids_seen_on_the_venue_go_to_the_position_exchange():
    for seen in (
        "1162654702417329243518891277010413122836313410091608738884307871557302091776",
        "524379651764045603508148259553640401077755828089529765630804762163209568257",
    ):
        assert exchange_contract(seen, neg_risk=True) is ExchangeContract.POSITIONS
    assert exchange_contract(TOKEN, neg_risk=False) is ExchangeContract.STANDARD
    assert exchange_contract(NEG_RISK_TOKEN, neg_risk=True) is ExchangeContract.NEG_RISK
    assert exchange_contract("1001", neg_risk=False) is ExchangeContract.STANDARD


@pytest.mark.parametrize(
    "change",
    [
        {"salt": 1002}, {"maker": "0x" + "11" * 20}, {"signer": "0x" + "11" * 20}, {"token_id": NEG_RISK_TOKEN},
        {"maker_amount": 1}, {"taker_amount": 1}, {"side": Side.SELL}, {"signature_type": 2}, {"timestamp_ms": 1},
        {"metadata": "01" * 32}, {"builder": "01" * 32},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_signed_field_changes_the_hash(change):
    assert struct_hash(replace(BUY, **change)) != struct_hash(BUY)


def test_the_wrong_exchange_gives_another_hash():
    assert order_hash(BUY, neg_risk=True) != order_hash(BUY, neg_risk=False)


def test_a_token_without_a_number_gets_one_from_its_name():
    simulated = "0x" + "ab" * 32 + ":0"
    assert token_number(simulated) == int.from_bytes(keccak256(simulated.encode()), "big")
    assert token_number(simulated) != token_number(simulated[:-1] + "1")
    assert token_number("1001") == 1001
    assert token_number(str(2**256)) < 2**256
    assert token_number("²") == int.from_bytes(keccak256("²".encode()), "big")


def test_keccak_is_the_one_of_ethereum():
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert MAX_SALT < 2**53
    assert len(NO_BYTES32) == 64


def test_what_is_signed_is_taken_from_any_order_with_those_fields():
    struct = OrderStruct(
        salt=7,
        maker="0x" + "11" * 20,
        signer="0x" + "22" * 20,
        token_id="5",
        maker_amount=3,
        taker_amount=4,
        side=Side.SELL,
        signature_type=0,
        timestamp_ms=9,
        metadata="ab" * 32,
    )
    assert struct_of(struct) == struct
