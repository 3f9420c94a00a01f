import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whaletrader.domain.amounts import (
    AMOUNT_DECIMALS,
    Amounts,
    below_minimum,
    floor_size,
    known_tick,
    limit_amounts,
    market_amounts,
    most_shares,
    price_within,
)
from whaletrader.domain.values import MICRO, Side

TICKS = sorted(AMOUNT_DECIMALS)


def micro(text):
    return int(Decimal(text) * MICRO)


@pytest.mark.parametrize(
    ("tick", "price", "size", "side", "maker", "taker"),
    [
        ("0.1", "0.1", "5.019", "BUY", 501_000, 5_010_000),
        ("0.1", "0.1", "1234.567", "BUY", 123_456_000, 1_234_560_000),
        ("0.01", "0.57", "17.77", "BUY", 10_128_900, 17_770_000),
        ("0.001", "0.123", "250.5", "SELL", 250_500_000, 30_811_500),
    ],
)
def test_limit_amounts_are_the_venues(tick, price, size, side, maker, taker):
    assert limit_amounts(Side(side), micro(price), micro(size), micro(tick)) == Amounts(maker, taker)


@pytest.mark.parametrize(
    ("price", "dollars", "wanted"),
    [("0.57", "5", 8_771_900), ("0.57", "5.019", 8_789_400), ("0.57", "17.77", 31_175_400), ("0.29", "29", 100_000_000),
     ("0.58", "58", 100_000_000)],
)  # fmt: skip
def test_market_orders_at_29_57_and_58_cents_are_not_signed_one_tick_low(price, dollars, wanted):
    amounts = market_amounts(Side.BUY, micro(price), micro(dollars), 10_000)
    assert amounts.taker == wanted
    assert Decimal(amounts.maker) / amounts.taker >= Decimal(price)


@pytest.mark.parametrize("tick", TICKS)
def test_at_every_price_of_every_tick_the_price_signed_is_the_price_meant(tick):
    for price in range(tick, MICRO, tick):
        amounts = limit_amounts(Side.BUY, price, 7_770_000, tick)
        assert amounts.maker * MICRO == price * amounts.taker


@given(
    tick=st.sampled_from(TICKS),
    ticks=st.integers(1, 9_999),
    dollars=st.integers(10_000, 10_000 * MICRO),
)
def test_a_market_buy_never_signs_a_price_below_its_own_by_more_than_its_last_decimal(tick, ticks, dollars):
    price = min(ticks * tick, MICRO - tick)
    amounts = market_amounts(Side.BUY, price, dollars, tick)
    exact = Decimal(floor_size(dollars)) * MICRO / price
    last = 10 ** (6 - AMOUNT_DECIMALS[tick])
    assert amounts.taker % last == 0
    assert exact - last < amounts.taker < exact + 1


def test_all_amounts_of_the_official_package(bundle):
    path = bundle.parent / "reference" / "polymarket" / "vectors" / "amounts.json"
    if not path.exists():
        pytest.skip(f"the venue's vectors are not beside the data: {path}")
    cases = json.loads(path.read_text())["vectors"]
    assert cases
    for case in cases:
        numbers = [micro(case[name]) for name in ("price", "qty", "tick")]
        for make, name in ((limit_amounts, "limit"), (market_amounts, "market")):
            expected = Amounts(case[name]["makerAmount"], case[name]["takerAmount"])
            assert make(Side(case["side"]), *numbers) == expected, case


def test_a_limit_price_is_rounded_towards_safety():
    assert price_within(Side.BUY, 575_000, 10_000) == 570_000
    assert price_within(Side.SELL, 575_000, 10_000) == 580_000
    assert price_within(Side.BUY, 570_000, 10_000) == price_within(Side.SELL, 570_000, 10_000) == 570_000


def test_outside_the_range_of_ticks_there_is_no_price():
    assert price_within(Side.BUY, 9_999, 10_000) is None
    assert price_within(Side.SELL, 990_001, 10_000) is None
    assert price_within(Side.BUY, 999_999, 10_000) == 990_000
    assert price_within(Side.SELL, 1, 10_000) == 10_000


def test_an_unknown_tick_is_the_usual_one():
    assert known_tick(-1) == known_tick(7) == 10_000
    assert known_tick(1_000) == 1_000


def test_minimum_sizes_are_five_shares_and_one_dollar():
    assert below_minimum(Side.BUY, 500_000, 4_990_000, -1)
    assert not below_minimum(Side.BUY, 500_000, 5_000_000, -1)
    assert below_minimum(Side.BUY, 190_000, 5_000_000, -1)
    assert not below_minimum(Side.SELL, 190_000, 5_000_000, -1)
    assert below_minimum(Side.SELL, 190_000, 14_990_000, 15_000_000)
    assert below_minimum(Side.SELL, 190_000, 0, 0)


@given(st.integers(1, 10**12), st.sampled_from(sorted(AMOUNT_DECIMALS)), st.data())
def test_no_price_of_any_tick_brings_a_market_buy_more_shares_than_the_most(spent, tick, data):
    price = tick * data.draw(st.integers(1, 10**6 // tick - 1))
    assert spent * 10**6 // price <= most_shares(spent)
