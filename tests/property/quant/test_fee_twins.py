"""The float fee curve equals the exact integers, up to a tick where the exact fee lies on the border of one."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.values import MICRO
from whaletrader.quant.fee_curve import fee_per_share, taker_fee

prices = st.integers(0, MICRO)
sizes = st.integers(0, 10**13)
rates = st.sampled_from([0, 17_500, 30_000, 40_000, 50_000, 70_000, 72_000, 250_000])
exponents = st.integers(0, 2)
TICK = 10


def exact_ticks(schedule: FeeSchedule, price: int, size: int) -> Fraction:
    p = Fraction(price, MICRO)
    fee = Fraction(size, MICRO) * Fraction(schedule.rate_micro, MICRO) * (p * (1 - p)) ** schedule.exponent
    return (fee * p if schedule.times_price else fee) * 100_000


@settings(max_examples=400, deadline=None)
@given(prices, sizes, rates, exponents, st.booleans())
def test_both_forms_agree(price: int, size: int, rate: int, exponent: int, times_price: bool) -> None:
    schedule = FeeSchedule(rate, exponent, times_price)
    exact = taker_fee_micro(schedule, price, size)
    ours = round(taker_fee(price / MICRO, size / MICRO, rate / MICRO, exponent, times_price) * MICRO)
    ticks = exact_ticks(schedule, price, size)
    gap = min(ticks % 1, 1 - ticks % 1)
    clear = gap > Fraction(1, 10**8) + ticks / 10**13
    assert abs(exact - ours) <= (0 if clear else TICK)


@settings(max_examples=400, deadline=None)
@given(prices, sizes, rates, exponents, st.booleans())
def test_the_integer_fee_is_the_exact_one_cut_at_five_decimals(
    price: int, size: int, rate: int, exponent: int, times_price: bool
) -> None:
    schedule = FeeSchedule(rate, exponent, times_price)
    ticks = exact_ticks(schedule, price, size)
    assert taker_fee_micro(schedule, price, size) == int(ticks) * TICK


@settings(max_examples=200, deadline=None)
@given(st.floats(0.0, 1.0), rates, exponents)
def test_a_token_and_its_complement_cost_the_same_fee(price: float, rate: int, exponent: int) -> None:
    one = fee_per_share(price, rate / MICRO, exponent, False)
    other = fee_per_share(1.0 - price, rate / MICRO, exponent, False)
    assert abs(one - other) <= 1e-12


@settings(max_examples=200, deadline=None)
@given(prices, sizes, sizes, rates)
def test_more_shares_never_cost_less(price: int, first: int, second: int, rate: int) -> None:
    small, large = sorted((first, second))
    schedule = FeeSchedule(rate)
    assert taker_fee_micro(schedule, price, small) <= taker_fee_micro(schedule, price, large)
