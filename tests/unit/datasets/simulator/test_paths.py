"""Latent values are martingales that end at the outcome's side; prices lag them."""

import numpy as np
import pytest

from whaletrader.datasets.simulator.params import STEPS, SimulationParams
from whaletrader.datasets.simulator.paths import draw_paths, last_trading_ts, resolution_ts

MANY = SimulationParams(binary_markets=4_000, groups=300, outcomes_per_group=3)


@pytest.fixture(scope="module")
def paths():
    return draw_paths(MANY, np.random.default_rng(1))


def test_grids_have_a_row_per_market(paths):
    assert paths.fair.shape == paths.price.shape == (MANY.markets, STEPS + 1)
    assert paths.won0.shape == paths.group.shape == (MANY.markets,)


def test_fair_values_are_probabilities_and_prices_are_tradable(paths):
    assert ((paths.fair >= 0) & (paths.fair <= 1)).all()
    assert ((paths.price > 0.01) & (paths.price < 0.99)).all()


@pytest.mark.parametrize("step", [0, STEPS // 2, STEPS])
def test_fair_values_are_calibrated_at_every_age(paths, step):
    for low in (0.1, 0.3, 0.5, 0.7):
        chosen = (paths.fair[:, step] > low) & (paths.fair[:, step] <= low + 0.2)
        gap = paths.won0[chosen].mean() - paths.fair[chosen, step].mean()
        assert abs(gap) < 4 * 0.5 / np.sqrt(chosen.sum())


def test_fair_values_do_not_drift(paths):
    change = paths.fair[:, STEPS] - paths.fair[:, 0]
    assert abs(change.mean()) < 4 * change.std() / np.sqrt(change.size)


def test_at_the_end_most_markets_are_nearly_decided(paths):
    sure = np.maximum(paths.fair[:, -1], 1 - paths.fair[:, -1])
    assert np.median(sure) > 0.9


def test_exactly_one_outcome_of_a_group_wins_and_fair_values_add_up(paths):
    for group in range(MANY.groups):
        members = paths.group == group
        assert paths.won0[members].sum() == 1
        assert paths.fair[members].sum(axis=0) == pytest.approx(np.ones(STEPS + 1))


def test_the_price_follows_the_fair_value_with_a_lag(paths):
    step = STEPS // 2
    gap_before = paths.fair[:, step] - paths.price[:, step]
    moved = paths.price[:, step + 30] - paths.price[:, step]
    assert np.corrcoef(gap_before, moved)[0, 1] > 0.6


def test_without_a_lag_the_price_is_the_fair_value():
    paths = draw_paths(SimulationParams(price_lag_steps=1e-9), np.random.default_rng(2))
    inside = (paths.fair > 0.02) & (paths.fair < 0.98)
    assert paths.price[inside] == pytest.approx(paths.fair[inside], abs=1e-6)


def test_lives_are_whole_seconds_inside_the_span(paths):
    assert (paths.start_ts >= MANY.start_ts).all()
    assert (paths.start_ts < MANY.end_ts).all()
    assert (paths.start_ts % 10**9 == 0).all()
    assert (paths.end_ts > paths.start_ts).all()


def test_trading_stops_before_the_end_and_results_come_after(paths):
    assert (last_trading_ts(paths) < paths.end_ts).all()
    assert (resolution_ts(paths) > paths.end_ts).all()


def test_a_value_is_that_of_the_step_that_began_last(paths):
    market = np.array([0, 0, 0])
    life = paths.end_ts[0] - paths.start_ts[0]
    ts = paths.start_ts[0] + np.array([0, life // 2, life])
    assert paths.at(paths.fair, market, ts).tolist() == [
        paths.fair[0, 0],
        paths.fair[0, STEPS // 2],
        paths.fair[0, STEPS],
    ]


def test_times_outside_a_life_take_its_ends(paths):
    ts = np.array([paths.start_ts[3] - 10**12, paths.end_ts[3] + 10**12])
    assert paths.at(paths.price, np.array([3, 3]), ts).tolist() == [paths.price[3, 0], paths.price[3, STEPS]]
