"""Markets: prices are martingales, results keep the price's own probability and hang together inside events."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from whaletrader.datasets.simulator.universe.calibration import CALIBRATION
from whaletrader.datasets.simulator.universe.markets import EDGES, STEPS, draw_markets
from whaletrader.datasets.simulator.universe.params import PopulationParams
from whaletrader.domain.values import NANOS

PARAMS = PopulationParams(markets=20_000, days=120.0)


@pytest.fixture(scope="module")
def markets():
    return draw_markets(PARAMS, np.random.default_rng(1))


@pytest.mark.parametrize("step", [0, 16, 40, 64, 96, 120, STEPS])
def test_a_price_is_the_chance_of_its_own_result_at_every_time_of_a_life(markets, step):
    price = expit(markets.odds[:, step].astype(float))
    surprise = markets.won0 - price
    groups = np.bincount(markets.group, surprise)
    assert abs(surprise.mean()) < 4.0 * np.sqrt((groups**2).sum()) / surprise.size


@pytest.mark.parametrize("step", [16, 64, 112])
def test_a_price_is_right_in_every_band(markets, step):
    price = expit(markets.odds[:, step].astype(float))
    for low in np.arange(0.1, 0.9, 0.2):
        inside = (price >= low) & (price < low + 0.2)
        if inside.sum() < 200:
            continue
        surprise = np.where(inside, markets.won0 - price, 0.0)
        groups = np.bincount(markets.group, surprise)
        assert abs(surprise.sum()) < 4.0 * np.sqrt((groups**2).sum())


def test_a_price_does_not_trend(markets):
    price = expit(markets.odds.astype(float))
    past, next_move = price[:, 96] - price[:, 64], price[:, 112] - price[:, 96]
    groups = np.bincount(markets.group, past * next_move)
    assert abs((past * next_move).sum()) < 4.0 * np.sqrt((groups**2).sum())


def test_markets_are_decided_at_their_end(markets):
    last = expit(markets.odds[:, STEPS].astype(float))
    assert np.mean(np.where(markets.won0, last, 1 - last) > 0.9) > 0.8


def test_results_inside_an_event_hang_together(markets):
    first = expit(markets.odds[:, 0].astype(float))
    z = (markets.won0 - first) / np.sqrt(first * (1 - first))
    common = ~markets.neg_risk
    same = (markets.group[1:] == markets.group[:-1]) & common[1:]
    assert np.mean((z[1:] * z[:-1])[same]) > 0.15


def test_one_outcome_at_most_wins_in_a_neg_risk_event(markets):
    wins = np.bincount(markets.group[markets.neg_risk], markets.won0[markets.neg_risk])
    assert wins.max() == 1.0
    assert wins.sum() > 0


def test_markets_of_one_event_live_together(markets):
    same = markets.group[1:] == markets.group[:-1]
    assert (markets.start_ts[1:][same] == markets.start_ts[:-1][same]).all()
    assert (markets.category[1:][same] == markets.category[:-1][same]).all()


def test_without_correlation_results_of_an_event_are_independent():
    shape = replace(CALIBRATION, group_rho=0.0, neg_risk_share=0.0)
    made = draw_markets(PopulationParams(markets=20_000, days=120.0, shape=shape), np.random.default_rng(2))
    first = expit(made.odds[:, 0].astype(float))
    z = (made.won0 - first) / np.sqrt(first * (1 - first))
    same = made.group[1:] == made.group[:-1]
    products = (z[1:] * z[:-1])[same]
    assert abs(products.mean()) < 4.0 / np.sqrt(products.size)


def test_a_step_begins_at_the_second_that_is_said(markets):
    rng = np.random.default_rng(3)
    market, step = rng.integers(0, 20_000, 5_000), rng.integers(0, STEPS, 5_000)
    began = markets.step_ts(market, step)
    assert (markets.step(market, began) >= step).all()
    long = (markets.end_ts - markets.start_ts)[market] > 10**6 * NANOS
    assert (markets.step(market, began)[long] == step[long]).all()
    assert (markets.step(market, began - NANOS)[long & (step > 0)] == (step - 1)[long & (step > 0)]).all()


def test_late_steps_are_short():
    assert EDGES[0] == 0.0
    assert EDGES[-1] == 1.0
    assert (np.diff(EDGES)[1:] < np.diff(EDGES)[:-1]).all()


def test_the_clock_is_the_variance_of_the_paths(markets):
    moves = markets.odds[:, 100].astype(float) - markets.odds[:, 60]
    drift = np.where(markets.won0, 0.5, -0.5) * (markets.clock[100] - markets.clock[60])
    assert np.var(moves - drift) == pytest.approx(markets.clock[100] - markets.clock[60], rel=0.1)


def test_lives_are_whole_seconds_inside_the_span(markets):
    assert (markets.start_ts % NANOS == 0).all()
    assert (markets.end_ts > markets.last_ts).all()
    assert (markets.start_ts >= PARAMS.start_ts).all()
    assert (markets.start_ts < PARAMS.end_ts).all()
