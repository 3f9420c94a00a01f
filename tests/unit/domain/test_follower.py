"""What a follower expects to pay, and how far he goes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.follower import (
    PriceView,
    adverse_drift_micro,
    greatest_edge_micro,
    is_tradable,
    limit_price_micro,
    reference_price_micro,
)
from whaletrader.domain.values import MICRO, Side

TICKS = st.sampled_from([100_000, 10_000, 5_000, 2_500, 1_000, 100])
PRICES = st.integers(0, MICRO)
MAYBE = st.one_of(st.just(-1), PRICES)


def view(leader=500_000, others=-1, bid=-1, ask=-1, half=10_000):
    return PriceView(
        leader_micro=leader, others_micro=others, bid_micro=bid, ask_micro=ask, assumed_half_spread_micro=half
    )


@pytest.mark.parametrize(
    ("seen", "buy", "sell"),
    [
        (view(), 510_000, 490_000),
        (view(others=520_000), 530_000, 490_000),
        (view(others=480_000), 510_000, 470_000),
        (view(bid=495_000, ask=505_000), 505_000, 495_000),
        (view(bid=470_000, ask=480_000), 505_000, 470_000),
        (view(bid=560_000, ask=570_000), 570_000, 495_000),
        (view(bid=499_000, ask=500_001), 500_501, 499_000),
        (view(ask=530_000), 530_000, 490_000),
        (view(leader=-1, others=300_000), 310_000, 290_000),
        (view(leader=-1, ask=300_000, bid=290_000), 300_000, 290_000),
    ],
)
def test_the_reference_is_the_worse_of_what_is_known(seen, buy, sell):
    assert (reference_price_micro(Side.BUY, seen), reference_price_micro(Side.SELL, seen)) == (buy, sell)


def test_without_any_price_there_is_no_reference():
    assert reference_price_micro(Side.BUY, view(leader=-1)) is None
    assert reference_price_micro(Side.SELL, view(leader=-1)) is None


def test_a_crossed_quote_is_no_spread():
    assert view(bid=510_000, ask=500_000).half_spread_micro == 10_000


@settings(max_examples=200, deadline=None)
@given(leader=PRICES, others=MAYBE, bid=MAYBE, ask=MAYBE, half=st.integers(0, 50_000))
def test_a_buyer_never_expects_to_pay_less_nor_a_seller_to_get_more_than_any_known_price(
    leader, others, bid, ask, half
):
    seen = view(leader, others, bid, ask, half)
    buy, sell = reference_price_micro(Side.BUY, seen), reference_price_micro(Side.SELL, seen)
    assert buy >= max(leader, others, ask)
    assert sell <= min(price for price in (leader, others, bid) if price >= 0)
    assert adverse_drift_micro(buy, seen) >= 0


def test_the_drift_counts_only_what_scoring_did_not_charge():
    assert adverse_drift_micro(510_000, view()) == 0
    assert adverse_drift_micro(530_000, view()) == 20_000
    assert adverse_drift_micro(505_000, view()) == 0


@settings(max_examples=300, deadline=None)
@given(
    side=st.sampled_from(list(Side)),
    reference=st.integers(-MICRO, 2 * MICRO),
    slippage=st.integers(0, 100_000),
    tick=TICKS,
)
def test_a_limit_is_on_the_tick_within_the_range_and_never_beyond_the_slippage(side, reference, slippage, tick):
    limit = limit_price_micro(side, reference, slippage, tick)
    assert limit % tick == 0
    assert is_tradable(limit, tick)
    if side is Side.BUY and reference + slippage >= tick:
        assert limit <= reference + slippage
    if side is Side.SELL and reference - slippage <= MICRO - tick:
        assert limit >= reference - slippage


@pytest.mark.parametrize("cents", [29, 57, 58])
def test_prices_that_floats_round_a_tick_low_stay_where_they_are(cents):
    price = cents * 10_000
    assert limit_price_micro(Side.BUY, price, 0, 10_000) == price
    assert limit_price_micro(Side.SELL, price, 0, 10_000) == price


@pytest.mark.parametrize(("price", "fee", "edge"), [(500_000, 20_000, 240_000), (980_000, 0, 10_000), (MICRO, 0, 0)])
def test_an_edge_is_at_most_half_of_what_can_be_won(price, fee, edge):
    assert greatest_edge_micro(price, fee) == edge


def test_the_ends_of_the_range_are_one_tick_inside():
    assert not is_tradable(9_999, 10_000)
    assert is_tradable(10_000, 10_000)
    assert is_tradable(990_000, 10_000)
    assert not is_tradable(990_001, 10_000)
