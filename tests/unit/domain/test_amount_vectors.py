"""Amounts of the official package, case by case, and of its decimal arithmetic at any size."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.vectors import micro, vectors
from whaletrader.domain.amounts import AMOUNT_DECIMALS, Amounts, limit_amounts, market_amounts
from whaletrader.domain.values import MICRO, Side

FILE = vectors("amounts")
CASES = FILE["vectors"]
IDS = [f"{case['tick']}-{case['price']}-{case['qty']}-{case['side']}" for case in CASES]
TICKS = sorted(AMOUNT_DECIMALS)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_amounts_are_the_packages(case):
    side, price, tick = Side(case["side"]), micro(case["price"]), micro(case["tick"])
    for kind, compute in (("limit", limit_amounts), ("market", market_amounts)):
        if kind in case:
            told = Amounts(case[kind]["makerAmount"], case[kind]["takerAmount"])
            assert compute(side, price, micro(case["qty"]), tick) == told, kind


@pytest.mark.parametrize("tick", FILE["rounding"])
def test_the_rounding_table_is_the_packages(tick):
    told = FILE["rounding"][tick]
    assert AMOUNT_DECIMALS[micro(tick)] == told["amount"]
    assert told["size"] == 2


def cut(value, decimals, rounding):
    step = Decimal(1).scaleb(-decimals)
    return value if value == value.quantize(step, rounding=ROUND_FLOOR) else value.quantize(step, rounding=rounding)


def by_decimals(side, price, quantity, decimals, *, market):
    """The package's own steps in decimals: size to 2, amount up at four more than its decimals, then down."""
    given = cut(quantity, 2, ROUND_FLOOR)
    other = given / price if market and side is Side.BUY else given * price
    other = cut(cut(other, decimals + 4, ROUND_CEILING), decimals, ROUND_FLOOR)
    shares, collateral = (other, given) if market and side is Side.BUY else (given, other)
    pair = (collateral, shares) if side is Side.BUY else (shares, collateral)
    return Amounts(*(int(value * MICRO) for value in pair))


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(TICKS),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 5_000_000 * MICRO),
    st.sampled_from(Side),
    st.booleans(),
)
def test_amounts_follow_the_packages_steps_at_any_tick_price_and_size(tick, where, quantity, side, market):
    price = tick * (1 + int(where * (MICRO // tick - 1)))
    told = by_decimals(
        side, Decimal(price) / MICRO, Decimal(quantity) / MICRO, AMOUNT_DECIMALS[tick], market=market
    )  # fmt: skip
    assert (market_amounts if market else limit_amounts)(side, price, quantity, tick) == told


@pytest.mark.parametrize(("tick", "price"), [(10_000, 290_000), (10_000, 570_000), (10_000, 580_000), (2_500, 562_500)])
def test_prices_that_floats_miss_come_out_exactly(tick, price):
    made = market_amounts(Side.SELL, price, 100 * MICRO, tick)
    assert made == Amounts(100 * MICRO, price * 100)
    assert limit_amounts(Side.BUY, price, 100 * MICRO, tick).maker == price * 100
