"""What the exchange reads out of signed amounts, against every case of the official package."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_orders import START, YES, Orders, market
from whaletrader.adapters.paper.server.terms import (
    Terms,
    duplicate,
    expiry_refusal,
    mode_refusal,
    small_marketable,
    terms_of,
)
from whaletrader.adapters.paper.server.types import Mode, NewOrder, Refusal
from whaletrader.domain.amounts import AMOUNT_DECIMALS, market_amounts
from whaletrader.domain.values import MICRO, NANOS, Side

VECTORS = Path(__file__).resolve().parents[4] / "data" / "polymarket" / "vectors" / "amounts.json"
CASES = json.loads(VECTORS.read_text())["vectors"]


def micro(text):
    return int(Decimal(text) * MICRO)


def order(side, maker, taker, **changes):
    values = {"order_id": "0x01", "owner": "key", "maker": "0x", "signer": "0x", "token_id": YES, "side": side}
    values |= {"maker_amount": maker, "taker_amount": taker, "salt": 1, "timestamp_ms": 1} | changes
    return NewOrder(**values)


def names(case):
    return "-".join((case["side"], case["tick"], case["price"], case["qty"]))


@pytest.mark.parametrize("case", CASES, ids=map(names, CASES))
def test_limit_orders_of_the_official_package_are_read_as_they_were_meant(case):
    signed = order(case["side"], case["limit"]["makerAmount"], case["limit"]["takerAmount"])
    terms = terms_of(signed, market(tick_micro=micro(case["tick"]), min_order_micro=0))
    shares = case["limit"]["takerAmount" if case["side"] == "BUY" else "makerAmount"]
    assert terms == Terms(micro(case["price"]), shares, -1)


@pytest.mark.parametrize("case", CASES, ids=map(names, CASES))
@pytest.mark.parametrize("kind", ["FAK", "FOK"])
def test_market_orders_of_the_official_package_are_read_as_they_were_meant(case, kind):
    maker, taker = case["market"]["makerAmount"], case["market"]["takerAmount"]
    if maker == 0 or taker == 0:
        return
    terms = terms_of(order(case["side"], maker, taker, order_type=kind), market(tick_micro=micro(case["tick"])))
    buys = case["side"] == "BUY"
    assert terms == Terms(micro(case["price"]), taker if buys else maker, maker if buys else -1)


@given(
    tick=st.sampled_from(sorted(AMOUNT_DECIMALS)),
    ticks=st.integers(1, 9_999),
    cents=st.integers(100, 10_000_000),
    side=st.sampled_from(Side),
)
@settings(max_examples=300, deadline=None)
def test_every_market_order_is_read_at_the_price_that_was_meant(tick, ticks, cents, side):
    price = (ticks * tick - 1) % (MICRO - tick) // tick * tick + tick
    amounts = market_amounts(side, price, cents * 10_000, tick)
    terms = terms_of(order(side, amounts.maker, amounts.taker, order_type="FAK"), market(tick_micro=tick))
    assert isinstance(terms, Terms), terms
    assert terms.price_micro == price


@given(maker=st.integers(-5, 10**12), taker=st.integers(-5, 10**12), kind=st.sampled_from(("GTC", "FAK", "FOK")))
@settings(max_examples=200, deadline=None)
def test_whatever_amounts_come_they_are_read_exactly_or_refused(maker, taker, kind):
    for side in Side:
        found = terms_of(order(side, maker, taker, order_type=kind), market())
        if isinstance(found, Refusal):
            assert found.status == 400
            continue
        assert found.price_micro % 10_000 == 0
        cash = maker if side is Side.BUY else taker
        assert found.price_micro * found.size_micro <= cash * MICRO


def test_an_order_with_the_ticks_price_but_other_amounts_is_refused():
    assert "breaks minimum tick size rule: 0.01" in terms_of(order("BUY", 4_050_000, 10_000_000), market()).message
    assert "breaks minimum tick size rule: 0.01" in terms_of(order("BUY", 10_000_000, 10_000_000), market()).message
    many = terms_of(order("BUY", 4_123_456 // 16 * 16, 10_000_000, order_type="FAK"), market())
    assert isinstance(many, Refusal)
    sell = terms_of(order("SELL", 10_001_000, 4_000_400), market())
    assert "the sell orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 4" in sell.message


def test_a_gtd_order_must_live_a_minute_and_others_must_not_expire():
    orders, second = Orders(), START // NANOS
    kinds = {"GTC": 0, "GTD": second + 60}
    for kind, expiration in kinds.items():
        one = orders.limit(1, "BUY", YES, 0.4, 10, order_type=kind, expiration_s=expiration)
        assert expiry_refusal(one, START) is None
    for kind, expiration in {"GTC": second + 600, "GTD": second + 59}.items():
        one = orders.limit(1, "BUY", YES, 0.4, 10, order_type=kind, expiration_s=expiration)
        assert expiry_refusal(one, START).message == "invalid expiration"


def test_modes_refuse_in_the_venues_words():
    assert mode_refusal(Mode.NORMAL, 0) is None
    assert mode_refusal(Mode.RESTARTING, 9, cancels=True).status == 425
    assert mode_refusal(Mode.POST_ONLY, 9).code == "post_only_mode"
    assert mode_refusal(Mode.POST_ONLY, 9, post_only=True) is None
    assert mode_refusal(Mode.POST_ONLY, 9, cancels=True) is None
    assert mode_refusal(Mode.CANCEL_ONLY, 0).status == 503
    assert mode_refusal(Mode.CANCEL_ONLY, 0, cancels=True) is None
    assert mode_refusal(Mode.DISABLED, 0, cancels=True).status == 503


def test_duplicates_and_tiny_buys_are_named():
    assert duplicate(order("BUY", 1, 1)).message == "order 0x01 is invalid. Duplicated."
    assert small_marketable(order("BUY", 997_500, 2_000_000)).message.endswith("($0.9975), min size: $1")
    assert small_marketable(order("SELL", 1, 1)) is None
    assert small_marketable(order("BUY", MICRO, 1)) is None
