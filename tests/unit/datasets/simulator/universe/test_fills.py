"""Fills: prices on the grid, stakes with the fitted body and tail."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.datasets.simulator.universe.calibration import CALIBRATION
from whaletrader.datasets.simulator.universe.fills import (
    join_fills,
    make_fills,
    no_fills,
    shares_micro,
    stakes,
    to_grid,
)


def some(count):
    return make_fills(
        ts=np.arange(count), wallet=1, market=2, outcome=0, side=0, role=1, price_micro=500_000, size_micro=10_000,
        ratio=0.5,
    )  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.floats(0.0, 1.0))
def test_prices_lie_inside_on_the_grid(price):
    found = to_grid(np.array([price]))[0]
    assert 1_000 <= found <= 999_000
    assert found % 1_000 == 0
    assert abs(found / 1e6 - price) <= 0.001 + 1e-9


@settings(max_examples=100, deadline=None)
@given(st.floats(0.01, 1e6), st.integers(1, 999))
def test_shares_are_worth_the_money_and_at_least_one(dollars, thousandths):
    price = np.array([thousandths * 1_000])
    size = shares_micro(np.array([dollars]), price)[0]
    assert size >= 1_000_000
    assert size % 10_000 == 0
    if size > 1_000_000:
        assert size * price[0] / 1e12 == pytest.approx(dollars, abs=0.0051 * price[0] / 1e6 + 1e-9)


def test_stakes_have_the_fitted_median_and_tail():
    usd = np.sort(stakes(np.random.default_rng(1).standard_normal(400_000), CALIBRATION))
    assert np.median(usd) == pytest.approx(np.exp(CALIBRATION.stake_log_mean), rel=0.03)
    tail = usd[-20_000:]
    alpha = 1.0 / np.mean(np.log(tail[1:] / tail[0]))
    assert alpha == pytest.approx(CALIBRATION.stake_tail_alpha, abs=0.1)


def test_stakes_grow_with_their_rank_without_a_jump():
    normal = np.linspace(-5.0, 5.0, 20_001)
    usd = stakes(normal, CALIBRATION)
    assert (np.diff(usd) >= 0).all()
    assert (np.diff(np.log(usd))[normal[1:] < 4.0] < 0.05).all()


def test_parts_join_in_order_and_nothing_joins_to_nothing():
    both = join_fills([some(2), no_fills(), some(3)])
    assert both.ts.tolist() == [0, 1, 0, 1, 2]
    assert both.wallet.dtype == np.int32
    assert join_fills([no_fills(), no_fills()]).ts.size == 0


def test_taking_keeps_columns_together():
    found = some(5).take(np.array([True, False, True, False, False]))
    assert found.ts.tolist() == [0, 2]
    assert found.ratio.tolist() == [0.5, 0.5]
