"""A follower's costs here are those of the product's own follower."""

import numpy as np
import polars as pl
import pytest

from whaletrader.datasets.simulator.universe.costs import IMPACT, Costs
from whaletrader.datasets.simulator.universe.frames import fees_frame, markets_frame
from whaletrader.datasets.simulator.universe.markets import draw_markets
from whaletrader.datasets.simulator.universe.params import PopulationParams
from whaletrader.domain.spread import half_spread_micro
from whaletrader.domain.values import DAY_NS
from whaletrader.universe.costs import cost_tables, fee_per_share_micro, impact_micro

PARAMS = PopulationParams(markets=300, days=60.0)


@pytest.fixture(scope="module")
def setting():
    markets = draw_markets(PARAMS, np.random.default_rng(1))
    frame = markets_frame(PARAMS, markets, np.random.default_rng(2))
    fees = fees_frame(frame)
    return frame, fees, Costs(list(PARAMS.shape.categories), markets, fees)


def test_half_spreads_are_those_of_the_table_in_every_band(setting):
    frame, _, costs = setting
    names = frame["category"].to_list()
    for thousandths in (1, 20, 21, 50, 51, 100, 101, 200, 301, 399, 401, 500, 620, 980, 999):
        price = np.full(300, thousandths / 1_000)
        found = np.rint(costs.half_spread(np.arange(300), price) * 1e6)
        assert found.tolist() == [half_spread_micro(thousandths * 1_000, name) for name in names]


def test_fees_are_those_of_the_products_schedules_on_every_date(setting):
    frame, fees, costs = setting
    tables = cost_tables(frame, fees)
    rng = np.random.default_rng(3)
    market, price = rng.integers(0, 300, 400), rng.uniform(0.05, 0.9, 400)
    ts = PARAMS.start_ts + rng.integers(0, 60, 400) * DAY_NS
    extra = costs.half_spread(market, price) + IMPACT
    fee = costs.to_buy(market, ts, price) - extra
    for row in range(400):
        paid = round((price[row] + extra[row]) * 1e6)
        theirs = fee_per_share_micro(tables, int(market[row]), int(ts[row]), paid)[0]
        assert fee[row] * 1e6 == pytest.approx(theirs, abs=1.1)


def test_the_impact_is_that_of_fifty_dollars():
    assert round(IMPACT * 1e6) == impact_micro(50_000_000)


def test_selling_costs_too_and_never_more_than_the_price(setting):
    _, _, costs = setting
    market, ts = np.arange(300), np.full(300, PARAMS.start_ts)
    for price in (0.001, 0.01, 0.3, 0.9):
        lost = costs.to_sell(market, ts, np.full(300, price))
        assert (lost > 0).all()
        assert (lost <= price + 1e-12).all()


def test_every_market_has_a_declared_schedule(setting):
    frame, fees, _ = setting
    assert fees["market"].n_unique() == frame.height
    assert set(fees["provenance"].to_list()) == {"market"}
    assert fees.filter(pl.col("from_ts") == 0)["rate_micro"].sum() == 0
