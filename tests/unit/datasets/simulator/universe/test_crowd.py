"""The crowd: bursts in order of time, wallets that herd, makers among makers."""

from dataclasses import replace

import numpy as np
import pytest

from whaletrader.datasets.simulator.universe.chunks import _clip_counts, _gaps
from whaletrader.datasets.simulator.universe.crowd import Crowd, draw_bursts, next_shares
from whaletrader.datasets.simulator.universe.markets import draw_markets
from whaletrader.datasets.simulator.universe.minds import no_decisions
from whaletrader.datasets.simulator.universe.params import PopulationParams

PARAMS = PopulationParams(wallets=2_000, fills=50_000, markets=500, days=60.0)


@pytest.fixture(scope="module")
def markets():
    return draw_markets(PARAMS, np.random.default_rng(1))


def test_bursts_come_in_order_inside_span_and_life(markets):
    bursts = draw_bursts(PARAMS, markets, no_decisions(), np.random.default_rng(2))
    assert (np.diff(bursts.ts) >= 0).all()
    assert (bursts.ts < PARAMS.end_ts).all()
    assert (bursts.ts >= markets.start_ts[bursts.market]).all()
    assert (bursts.ts < markets.last_ts[bursts.market]).all()
    assert (bursts.decision == -1).all()


def test_wallets_are_of_the_crowd_and_makers_are_makers(markets):
    crowd = Crowd(PARAMS, markets, np.random.default_rng(3))
    market = np.arange(500)
    wallets = crowd.wallets(market, np.random.default_rng(4))
    assert (wallets >= PARAMS.first_of("noise")).all()
    assert (wallets < PARAMS.total_wallets).all()
    makers = crowd.makers(1_000, np.random.default_rng(5))
    assert set(makers.tolist()) == set(range(PARAMS.makers))


def repeats(herding, markets):
    """How often two random fills of one market come from one community."""
    params = replace(PARAMS, herding=herding)
    crowd = Crowd(params, markets, np.random.default_rng(3))
    rng = np.random.default_rng(4)
    market = rng.integers(0, 500, 20_000)
    one, other = crowd.wallets(market, rng), crowd.wallets(market, rng)
    return np.mean((one - params.makers) // 250 == (other - params.makers) // 250)


def test_wallets_herd_into_the_same_markets(markets):
    assert repeats(0.9, markets) > 0.7
    assert repeats(0.0, markets) < 0.3


def test_the_busiest_trade_most(markets):
    crowd = Crowd(PARAMS, markets, np.random.default_rng(3))
    wallets = crowd.wallets(np.random.default_rng(5).integers(0, 500, 100_000), np.random.default_rng(4))
    counts = np.sort(np.bincount(wallets))[::-1]
    assert counts[:200].sum() > 0.25 * counts.sum()


def test_gaps_fall_into_their_intervals_as_often_as_fitted():
    shares = np.array([0.4, 0.2, 0.1, 0.1])
    gaps = _gaps(shares, 100_000, np.random.default_rng(1))
    upto = [np.mean(gaps <= edge) for edge in (60, 600, 3_600, 86_400)]
    assert upto == pytest.approx([0.5, 0.75, 0.875, 1.0], abs=0.01)


def test_what_follows_is_the_presets_or_the_real_tapes():
    assert next_shares(PARAMS).tolist() == [0.85, 0.0, 0.0, 0.0]
    assert next_shares(replace(PARAMS, followed=None)).tolist() == list(PARAMS.shape.next_print_shares)


def test_clips_have_the_wanted_mean_and_single_ones_prevail():
    for mean in (1.0, 1.2, 1.6):
        counts = _clip_counts(replace(PARAMS, clips=mean), 200_000, np.random.default_rng(1))
        assert counts.mean() == pytest.approx(mean, abs=0.02)
        assert counts.min() == 1
        assert np.mean(counts == 1) > 0.6
