"""Minds: their purchases win as often as the wanted edge says, whatever the side, and choose nothing by hindsight."""

import numpy as np
import pytest
from scipy.special import expit

from whaletrader.datasets.simulator.universe.costs import Costs
from whaletrader.datasets.simulator.universe.frames import fees_frame, markets_frame
from whaletrader.datasets.simulator.universe.markets import draw_markets
from whaletrader.datasets.simulator.universe.minds import draw_decisions, informed_side, off_ts
from whaletrader.datasets.simulator.universe.params import Mind, PopulationParams


def setting(*minds, markets=4_000):
    params = PopulationParams(markets=markets, days=120.0, minds=minds)
    drawn = draw_markets(params, np.random.default_rng(5))
    fees = fees_frame(markets_frame(params, drawn, np.random.default_rng(6)))
    return params, drawn, Costs(list(params.shape.categories), drawn, fees)


def test_both_sides_win_as_often_as_their_edge_says():
    _, markets, costs = setting()
    rng = np.random.default_rng(8)
    market = rng.integers(0, 4_000, 400_000)
    price0 = rng.uniform(0.1, 0.9, market.size)
    won0 = rng.random(market.size) < price0
    odds, ts = np.log(price0 / (1 - price0)), markets.start_ts[market]
    side, ratio = informed_side(odds, won0, np.full(market.size, 0.05), market, ts, costs, rng)
    for outcome in (0, 1):
        chosen = side == outcome
        price = np.where(outcome == 0, price0, 1 - price0)[chosen]
        wins = (won0 == (outcome == 0))[chosen]
        wanted = np.minimum(price + 0.05 + costs.to_buy(market[chosen], ts[chosen], price), 0.97)
        assert wins.mean() == pytest.approx(wanted.mean(), abs=4 * 0.5 / np.sqrt(chosen.sum()))
        posterior = expit(np.where(outcome == 0, odds, -odds)[chosen] + ratio[chosen])
        assert np.abs(posterior - wanted).max() < 1e-9


def test_without_an_edge_the_side_says_nothing():
    _, markets, costs = setting()
    rng = np.random.default_rng(9)
    market = rng.integers(0, 4_000, 100_000)
    won0 = rng.random(market.size) < 0.4
    odds = np.full(market.size, np.log(0.4 / 0.6))
    edge = np.full(market.size, -1.0)
    side, ratio = informed_side(odds, won0, edge, market, markets.start_ts[market], costs, rng)
    assert (ratio == 0.0).all()
    assert abs(np.corrcoef(side, won0)[0, 1]) < 0.015


def test_the_choice_of_markets_and_times_knows_nothing_of_results():
    mind = Mind(label="noise", wallets=40, edge=-1.0, bets=300, band=(0.35, 0.65))
    params, markets, costs = setting(mind)
    found = draw_decisions(params, markets, costs, np.random.default_rng(1))
    surprise = markets.won0[found.market] - markets.price_at(found.market, found.ts)
    groups = np.bincount(markets.group[found.market], surprise)
    assert abs(surprise.sum()) < 4.0 * np.sqrt((groups**2).sum())


def test_prices_lie_inside_the_band_and_bets_in_markets_of_their_own():
    mind = Mind(label="skilled", wallets=5, edge=0.1, bets=200, band=(0.31, 0.69))
    params, markets, costs = setting(mind)
    found = draw_decisions(params, markets, costs, np.random.default_rng(1))
    price = markets.price_at(found.market, found.ts)
    assert ((price >= 0.31) & (price <= 0.69)).all()
    for wallet in range(5):
        groups = markets.group[found.market[found.wallet == wallet]]
        assert groups.size == 200
        assert np.unique(groups).size == groups.size


def test_minds_bet_only_where_the_result_will_be_known():
    mind = Mind(label="skilled", wallets=3, edge=0.1, bets=100)
    params, markets, costs = setting(mind)
    found = draw_decisions(params, markets, costs, np.random.default_rng(1))
    assert (markets.resolved_ts[found.market] < params.end_ts).all()


def test_copies_buy_the_same_within_seconds():
    mind = Mind(label="sybil", wallets=6, edge=0.1, bets=30, copies=3)
    params, markets, costs = setting(mind)
    found = draw_decisions(params, markets, costs, np.random.default_rng(1))
    first, copy = found.take(found.wallet == 0), found.take(found.wallet == 2)
    assert (first.market == copy.market).all()
    assert (first.outcome == copy.outcome).all()
    late = (copy.ts - first.ts) / 1e9
    assert ((late >= 1) & (late <= 26)).all()


def test_herders_repeat_decisions_of_others_later_with_their_evidence():
    minds = (
        Mind(label="skilled", wallets=4, edge=0.1, bets=50),
        Mind(label="herder", wallets=3, edge=0.0, bets=20, follows=True),
    )
    params, markets, costs = setting(*minds)
    found = draw_decisions(params, markets, costs, np.random.default_rng(1))
    led = {
        (market, outcome): (ts, ratio)
        for market, outcome, ts, ratio, wallet in zip(
            found.market, found.outcome, found.ts, found.ratio, found.wallet, strict=True
        )
        if wallet < 4
    }
    herd = found.take(found.wallet >= 4)
    assert herd.ts.size > 40
    assert all((market, outcome) in led for market, outcome in zip(herd.market, herd.outcome, strict=True))
    assert set(herd.ratio.tolist()) <= set(found.ratio[found.wallet < 4].tolist())


def test_herders_without_anybody_to_follow_do_nothing():
    params, markets, costs = setting(Mind(label="herder", wallets=3, edge=0.0, bets=20, follows=True))
    assert draw_decisions(params, markets, costs, np.random.default_rng(1)).ts.size == 0


def test_a_switched_off_mind_guesses_afterwards():
    mind = Mind(label="skilled_until", wallets=20, edge=0.2, bets=150, off_at=0.5)
    params, markets, costs = setting(mind)
    found = draw_decisions(params, markets, costs, np.random.default_rng(1))
    later = found.ts >= off_ts(mind, params)
    assert later.any()
    assert (found.ratio[later] == 0.0).all()
    assert (found.ratio[~later] > 0.0).all()


def test_a_fast_mind_acts_seconds_before_the_price_moves_its_way():
    mind = Mind(label="fast", wallets=10, edge=0.0, bets=150, fast=True)
    params, markets, costs = setting(mind)
    found = draw_decisions(params, markets, costs, np.random.default_rng(1))
    sign = np.where(found.outcome == 0, 1.0, -1.0)
    before, after = markets.price_at(found.market, found.ts), markets.price_at(found.market, found.ts + 5 * 10**9)
    assert np.mean(sign * (after - before) > 0) > 0.8
    assert (found.ratio == 0.0).all()
