"""Sizes: Kelly without a floor, what a budget buys, the venue's minimum, the largest admissible one."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.risk import FEE, FREE
from whaletrader.domain.amounts import SIZE_STEP_MICRO, below_minimum
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.rebates import amount_within
from whaletrader.domain.risk.sizing import (
    affordable_size_micro,
    all_in_price_micro,
    cost_micro,
    kelly_size_micro,
    largest_size,
    largest_size_below,
    minimum_size_micro,
)
from whaletrader.domain.values import MICRO, Side
from whaletrader.quant.kelly import fractional_kelly

QUARTER = 250_000


@settings(max_examples=150, deadline=None)
@given(
    budget=st.integers(MICRO, 10**12),
    price=st.integers(1, 999).map(lambda mills: mills * 1_000),
    rate=st.sampled_from((0, 30_000, 40_000, 50_000, 70_000)),
)
def test_a_budget_with_fees_buys_what_the_official_package_would_spend_to_the_step(budget, price, rate):
    fee = FeeSchedule(rate)
    size = affordable_size_micro(budget, fee, price)
    spent = amount_within(budget, price, budget, fee)  # dollars before the fee, exact
    all_in = Fraction(price, MICRO) * budget / MICRO / spent  # dollars a share with the fee, exact
    # The fee is cut (less than 10 micro-units) and the cost is rounded up (less than one).
    assert size <= (budget + 10) / all_in
    assert size + SIZE_STEP_MICRO > (budget - 1) / all_in


def test_kelly_agrees_with_the_float_formula():
    for edge, cost in ((20_000, 500_000), (5_000, 900_000), (100_000, 40_000)):
        size = kelly_size_micro(QUARTER, 10_000 * MICRO, edge, cost)
        share = fractional_kelly((cost + edge) / MICRO, cost / MICRO, 0.25)
        assert size == pytest.approx(share * 10_000 / (cost / MICRO) * MICRO, rel=1e-6)


@pytest.mark.parametrize("edge", [0, -1, -50_000])
def test_kelly_stakes_nothing_without_an_edge(edge):
    assert kelly_size_micro(QUARTER, 10_000 * MICRO, edge, 500_000) == 0


@pytest.mark.parametrize("all_in", [0, MICRO, MICRO + 5])
def test_kelly_stakes_nothing_at_an_impossible_price(all_in):
    assert kelly_size_micro(QUARTER, 10_000 * MICRO, 10_000, all_in) == 0


def test_kelly_stakes_nothing_of_nothing():
    assert kelly_size_micro(QUARTER, 0, 10_000, 500_000) == 0
    assert kelly_size_micro(QUARTER, -5, 10_000, 500_000) == 0


def test_a_cost_holds_price_and_fee():
    assert cost_micro(FREE, 530_000, 10 * MICRO) == 5_300_000
    fee = taker_fee_micro(FEE, 530_000, 10 * MICRO)
    assert fee > 0
    assert cost_micro(FEE, 530_000, 10 * MICRO) == 5_300_000 + fee


def test_a_cost_is_rounded_up():
    assert cost_micro(FREE, 333_333, 10_001) == -(-333_333 * 10_001 // MICRO)


@pytest.mark.parametrize(
    "fee",
    [FEE, FeeSchedule(70_000), FeeSchedule(1_000_000), FeeSchedule(250_000, 2), FeeSchedule(250_000, 2, True)],
    ids=["0.05", "0.07", "1", "squared", "times price"],
)
def test_a_better_price_never_costs_more_fee_included(fee):
    costs = [cost_micro(fee, price, 100 * MICRO) for price in range(10_000, MICRO, 10_000)]
    assert costs == sorted(costs)


def test_the_all_in_price_is_never_below_price_and_fee():
    for price in range(10_000, MICRO, 30_000):
        exact = price + Fraction(FEE.rate_micro * price * (MICRO - price), MICRO**2)
        assert exact <= all_in_price_micro(FEE, price) <= exact + 20
    assert all_in_price_micro(FREE, 400_000) == 400_000


@pytest.mark.parametrize("price", [10_000, 130_000, 500_000, 990_000])
@pytest.mark.parametrize("budget", [1, 50_000, 3_000_000, 200_000_000, 12_345_678_901])
def test_a_budget_buys_the_largest_size_that_it_pays(price, budget):
    size = affordable_size_micro(budget, FEE, price)
    assert size % SIZE_STEP_MICRO == 0
    assert cost_micro(FEE, price, size) <= budget
    assert cost_micro(FEE, price, size + SIZE_STEP_MICRO) > budget


@pytest.mark.parametrize("budget", [0, -1, -(10**9)])
def test_no_budget_buys_nothing(budget):
    assert affordable_size_micro(budget, FEE, 500_000) == 0


@pytest.mark.parametrize("price", [1_000, 33_000, 190_000, 200_000, 570_000, 990_000])
@pytest.mark.parametrize("least", [-1, 0, 5_000_000, 15_000_000])
@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_the_minimum_is_the_least_size_that_the_venue_takes(price, least, side):
    size = minimum_size_micro(side, price, least)
    assert size % SIZE_STEP_MICRO == 0
    assert not below_minimum(side, price, size, least)
    assert size == SIZE_STEP_MICRO or below_minimum(side, price, size - SIZE_STEP_MICRO, least)


def test_a_dear_share_is_bound_by_five_shares_and_a_cheap_one_by_one_dollar():
    assert minimum_size_micro(Side.BUY, 500_000, -1) == 5 * MICRO
    assert minimum_size_micro(Side.BUY, 50_000, -1) == 20 * MICRO
    assert minimum_size_micro(Side.SELL, 50_000, -1) == 5 * MICRO


@pytest.mark.parametrize("border", [5, 6, 77, 998, 999, 1_000])
def test_bisection_finds_the_border(border):
    step = SIZE_STEP_MICRO
    assert largest_size(lambda size: size <= border * step, 5 * step, 1_000 * step) == border * step


@pytest.mark.parametrize("border", [5, 6, 77, 500, 998, 999, 1_000, 5_000])
@pytest.mark.parametrize("power", [1, 2, 6])
def test_a_convex_risk_is_followed_to_the_last_step_below_its_limit(border, power):
    step, asked = SIZE_STEP_MICRO, []

    def excess(size):
        asked.append(size)
        return (size // step) ** power - border**power - 1

    assert largest_size_below(excess, 5 * step, 1_000 * step) == min(border, 1_000) * step
    assert len(asked) <= 40


def test_a_piecewise_linear_risk_needs_few_questions():
    step, asked = SIZE_STEP_MICRO, []

    def excess(size):
        asked.append(size)
        return max(size, 3 * size - 400_000 * step) - 900_000 * step

    found = largest_size_below(excess, 500 * step, 2_000_000 * step)
    assert excess(found) < 0 <= excess(found + step)
    assert len(asked) <= 20


def test_there_is_nothing_to_search_between_equal_ends():
    assert largest_size_below(lambda size: -1, 50_000, 50_000) == 50_000


def test_bisection_never_returns_what_was_not_admitted():
    asked = []

    def admissible(size):
        asked.append(size)
        return size in (0, 30_000)

    assert largest_size(admissible, 0, 40_000) in {0, 30_000}
    assert len(asked) <= 4
