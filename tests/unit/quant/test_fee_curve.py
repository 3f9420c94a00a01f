"""The float fee curve, beside the exact integers."""

import numpy as np
import pytest

from whaletrader.quant.fee_curve import fee_per_share, taker_fee, taker_fees


@pytest.mark.parametrize(("price", "fee"), [(0.5, 0.0175), (0.25, 0.013125), (0.01, 0.000693), (0.0, 0.0), (1.0, 0.0)])
def test_one_share_of_a_crypto_market(price: float, fee: float) -> None:
    assert fee_per_share(price, 0.07, 1, False) == pytest.approx(fee, abs=1e-15)


def test_exponent_and_price_factor() -> None:
    assert fee_per_share(0.5, 0.25, 2, True) == pytest.approx(0.0078125, abs=1e-15)
    assert fee_per_share(0.3, 0.02, 0, False) == 0.02


def test_a_fee_that_lies_on_a_tick_is_not_cut_by_float_error() -> None:
    assert taker_fee(0.7, 100.0, 0.04, 1, False) == pytest.approx(0.84, abs=1e-12)
    assert taker_fee(0.65, 100.0, 0.05, 1, False) == pytest.approx(1.1375, abs=1e-12)


def test_a_fee_between_ticks_is_cut() -> None:
    assert taker_fee(0.98, 31.6122, 0.05, 1, False) == pytest.approx(0.03097, abs=1e-12)


def test_columns_are_the_scalars() -> None:
    prices, sizes = np.array([0.1, 0.5, 0.9]), np.array([10.0, 20.0, 30.0])
    rates, exponents = np.array([0.05, 0.25, 0.07]), np.array([1, 2, 1])
    factors = np.array([False, True, False])
    expected = [taker_fee(*row) for row in zip(prices, sizes, rates, exponents, factors, strict=True)]
    assert taker_fees(prices, sizes, rates, exponents, factors).tolist() == expected
