from hypothesis import given
from hypothesis import strategies as st

from whaletrader.domain.settlement import fill_cash_micro, payout_cash_micro, voided_cash_micro
from whaletrader.domain.values import MICRO, Side

prices = st.integers(1, MICRO - 1)
sizes = st.integers(1, 10**12)
fees = st.integers(0, 10**9)


def test_a_buy_pays_and_a_sale_receives_the_fee_is_always_paid():
    assert fill_cash_micro(Side.BUY, 560_000, 10_000_000, 172_480) == -5_772_480
    assert fill_cash_micro(Side.SELL, 560_000, 10_000_000, 172_480) == 5_427_520


@given(prices, sizes, fees)
def test_rounding_is_against_us_by_less_than_one_micro(price, size, fee):
    paid = -fill_cash_micro(Side.BUY, price, size, fee) - fee
    got = fill_cash_micro(Side.SELL, price, size, fee) + fee
    assert 0 <= paid * MICRO - price * size < MICRO
    assert 0 <= price * size - got * MICRO < MICRO


@given(st.sampled_from(Side), prices, sizes, fees)
def test_a_failed_settlement_undoes_exactly_what_the_fill_did(side, price, size, fee):
    assert fill_cash_micro(side, price, size, fee) + voided_cash_micro(side, price, size, fee) == 0


def test_payouts_of_one_a_half_and_nothing():
    assert payout_cash_micro(7_770_001, MICRO) == 7_770_001
    assert payout_cash_micro(7_770_001, 500_000) == 3_885_000
    assert payout_cash_micro(7_770_001, 0) == 0
