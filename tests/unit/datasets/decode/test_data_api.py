"""Decoders of Data-API rows: exact numbers, one identity per wallet, a reason for each row that cannot be used."""

from decimal import Decimal

import pytest

from tests.unit.datasets.tiny import T0, cid, token, wallet
from whaletrader.datasets.decode.data_api import (
    Fault,
    decode_activity,
    decode_position,
    decode_trade,
    kind_of,
    market_facts,
    price_fault,
    rows_of,
    size_fault,
)
from whaletrader.domain.values import NANOS, TapeSide

TRADE = {
    "proxyWallet": wallet(1),
    "side": "BUY",
    "asset": token(1, 1),
    "conditionId": cid(1),
    "size": 30974.624038,
    "price": 0.968534758,
    "timestamp": T0,
    "title": "Will it?",
    "slug": "will-it",
    "eventSlug": "it",
    "outcome": "No",
    "outcomeIndex": 1,
    "transactionHash": "0xAB",
}
REDEEM = {
    "proxyWallet": wallet(1),
    "timestamp": T0,
    "conditionId": cid(1),
    "type": "REDEEM",
    "size": 10.5,
    "usdcSize": 10.5,
    "transactionHash": "0xab",
    "price": 0,
    "asset": "",
    "side": "",
    "outcomeIndex": 999,
}
POSITION = {
    "proxyWallet": wallet(1),
    "asset": token(1, 0),
    "conditionId": cid(1),
    "size": 100,
    "avgPrice": 0.5086,
    "totalBought": 200,
    "realizedPnl": -7.25,
    "curPrice": 0.4,
    "redeemable": False,
    "outcome": "Yes",
    "outcomeIndex": 0,
    "oppositeOutcome": "No",
    "oppositeAsset": token(1, 1),
    "negativeRisk": True,
    "endDate": "2026-07-11",
}


def test_a_fill_is_decoded_to_the_last_micro_unit():
    row = decode_trade(TRADE)
    assert (row.price_micro, row.size_micro, row.ts) == (968_535, 30_974_624_038, T0 * NANOS)
    assert (row.side, row.outcome_index, row.outcome, row.tx_hash) == (TapeSide.BUY, 1, "No", "0xab")


@pytest.mark.parametrize(
    ("text", "micro"),
    [("0.29", 290_000), (0.57, 570_000), (0.58, 580_000), ("0.1", 100_000), (Decimal("0.123456"), 123_456), (1, 10**6)],
)
def test_prices_are_exact_whether_number_or_text(text, micro):
    assert decode_trade(TRADE | {"price": text}).price_micro == micro


@pytest.mark.parametrize("stamp", [T0, str(T0), float(T0), f" {T0} ".strip(), Decimal(T0)])
def test_times_may_be_numbers_or_text(stamp):
    assert decode_trade(TRADE | {"timestamp": stamp}).ts == T0 * NANOS


def test_the_case_of_an_address_does_not_matter():
    mixed = TRADE | {"proxyWallet": "0x" + wallet(0xABCDEF)[2:].upper(), "conditionId": "0x" + cid(0xAB)[2:].upper()}
    row = decode_trade(mixed)
    assert (row.address, row.condition_id) == (wallet(0xABCDEF), cid(0xAB))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"price": float("nan")}, "price_missing"),
        ({"price": None}, "price_missing"),
        ({"price": True}, "price_missing"),
        ({"price": "dear"}, "price_missing"),
        ({"price": "Infinity"}, "price_missing"),
        ({"price": 1.2}, "price_above_one"),
        ({"price": -0.01}, "price_negative"),
        ({"size": 0}, "size_not_positive"),
        ({"size": -1}, "size_not_positive"),
        ({"size": ""}, "size_missing"),
        ({"size": 1e30}, "size_missing"),
        ({"timestamp": None}, "time_missing"),
        ({"timestamp": 0}, "time_missing"),
        ({"timestamp": 0.5}, "time_missing"),
        ({"timestamp": T0 * 1000}, "time_missing"),
        ({"timestamp": "yesterday"}, "time_missing"),
        ({"side": ""}, "side_unknown"),
        ({"side": "HOLD"}, "side_unknown"),
        ({"proxyWallet": ""}, "wallet_missing"),
        ({"proxyWallet": "0x12"}, "wallet_missing"),
        ({"proxyWallet": 7}, "wallet_missing"),
        ({"conditionId": "0x" + "a" * 62}, "combination_trade"),
        ({"conditionId": "0x" + "a" * 10}, "condition_id_malformed"),
        ({"conditionId": "", "asset": ""}, "market_unknown"),
    ],
)
def test_a_fill_that_cannot_be_used_has_its_reason(change, reason):
    assert decode_trade(TRADE | change) == Fault(reason)


@pytest.mark.parametrize("index", [999, None, "", 2, -1, "x"])
def test_an_outcome_that_is_none_of_two_is_unknown(index):
    assert decode_trade(TRADE | {"outcomeIndex": index}).outcome_index is None


def test_a_fill_of_a_token_alone_is_kept():
    assert decode_trade(TRADE | {"conditionId": ""}).token_id == token(1, 1)


def test_a_redemption_has_no_outcome():
    row = decode_activity(REDEEM)
    assert (row.kind, row.size_micro, row.usd_micro, row.outcome_index) == ("REDEEM", 10_500_000, 10_500_000, None)


def test_a_reward_belongs_to_no_market():
    assert decode_activity(REDEEM | {"type": "REWARD", "conditionId": ""}).condition_id is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"size": None}, "size_missing"),
        ({"size": -1}, "size_negative"),
        ({"timestamp": ""}, "time_missing"),
        ({"conditionId": "0x" + "b" * 62}, "combination_trade"),
    ],
)
def test_activity_that_cannot_be_used_has_its_reason(change, reason):
    assert decode_activity(REDEEM | change) == Fault(reason)


def test_a_redemption_of_nothing_is_a_fact():
    assert decode_activity(REDEEM | {"size": 0}).size_micro == 0


def test_a_position_is_decoded():
    row = decode_position(POSITION)
    assert (row.size_micro, row.avg_price_micro, row.realized_pnl_micro) == (10**8, 508_600, -7_250_000)
    assert (row.opposite_token_id, row.redeemable) == (token(1, 1), False)


@pytest.mark.parametrize("average", [-0.01, 1.01, float("nan"), None])
def test_an_impossible_average_is_left_out(average):
    assert decode_position(POSITION | {"avgPrice": average}).avg_price_micro is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"curPrice": 2}, "price_above_one"),
        ({"size": 0}, "size_not_positive"),
        ({"conditionId": ""}, "market_unknown"),
        ({"proxyWallet": ""}, "wallet_missing"),
        ({"conditionId": "0x" + "a" * 62}, "combination_trade"),
    ],
)
def test_a_position_that_cannot_be_used_has_its_reason(change, reason):
    assert decode_position(POSITION | change) == Fault(reason)


def test_each_row_knows_its_kind():
    assert [kind_of(row) for row in (TRADE, TRADE | {"type": "TRADE"}, REDEEM, POSITION)] == [
        "trade",
        "trade",
        "activity",
        "position",
    ]


def test_what_a_row_says_of_its_market():
    facts = market_facts(TRADE | {"negativeRisk": True})
    assert (facts.condition_id, facts.slug, facts.event_slug, facts.neg_risk) == (cid(1), "will-it", "it", True)
    assert market_facts(TRADE | {"conditionId": ""}) is None
    assert market_facts(TRADE | {"conditionId": "0x" + "a" * 62}) is None


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 0.1}, {"a": 2}]',
        '{"a": 0.1}\n{"a": 2}\n',
        '\n{"a": 0.1}\n\n{"a": 2}',
        '{"data": [{"a": 0.1}, {"a": 2}]}',
    ],
)
def test_answers_come_in_several_forms(text):
    assert rows_of(text) == [{"a": Decimal("0.1")}, {"a": 2}]


def test_an_empty_answer_has_no_rows():
    assert rows_of(" \n ") == []
    assert rows_of("[]") == []


def test_numbers_that_are_none_are_read_and_rejected_later():
    (row,) = rows_of('[{"price": NaN}]')
    assert decode_trade(TRADE | row) == Fault("price_missing")


@pytest.mark.parametrize("text", ["nonsense", "[1, 2]", '"x"', '{"a": 1}\nnonsense', "5"])
def test_what_is_no_answer_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"is no (JSON|list of JSON objects)"):
        rows_of(text)


def test_faults_of_prices_and_sizes_at_their_ends():
    assert [price_fault(value) for value in (None, -1, 0, 10**6, 10**6 + 1)] == [
        "price_missing",
        "price_negative",
        None,
        None,
        "price_above_one",
    ]
    assert [size_fault(value) for value in (None, 0, 1)] == ["size_missing", "size_not_positive", None]
