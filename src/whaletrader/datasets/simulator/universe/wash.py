"""Wash pairs: two wallets that trade with each other to look busy, buying both outcomes of a market and selling both
back a little later.
"""

import numpy as np
from scipy.special import expit

from whaletrader.datasets.simulator.universe.fills import Fills, join_fills, make_fills, no_fills, to_grid
from whaletrader.datasets.simulator.universe.markets import Markets
from whaletrader.datasets.simulator.universe.params import PopulationParams
from whaletrader.domain.values import NANOS, TapeRole, TapeSide

_DEALS = 120
_SHARES = 1_500.0


def wash_fills(params: PopulationParams, markets: Markets, rng: np.random.Generator) -> Fills:
    """A hundred and twenty deals of every pair: one takes outcome 0, the other outcome 1; then both undo it."""
    if not params.wash_pairs:
        return no_fills()
    pair = np.repeat(np.arange(params.wash_pairs), _DEALS)
    market = rng.integers(0, markets.start_ts.size, pair.size)
    life = (markets.last_ts - markets.start_ts)[market] // NANOS
    ts = markets.start_ts[market] + (rng.random(pair.size) * (life - 120)).astype(np.int64) * NANOS
    size = np.maximum(np.rint(_SHARES * rng.lognormal(0.0, 0.5, pair.size)), 1.0).astype(np.int64) * 1_000_000
    first = params.first_of("wash") + 2 * pair
    turn = rng.integers(0, 2, pair.size)
    parts = []
    for late, side in ((0, TapeSide.BUY), (20 + rng.integers(0, 60, pair.size), TapeSide.SELL)):
        when = ts + late * NANOS
        price = to_grid(expit(markets.odds_at(market, when)))
        taker = make_fills(
            ts=when, wallet=first + turn, market=market, outcome=0, side=int(side), role=int(TapeRole.TAKER),
            price_micro=price, size_micro=size, ratio=0.0,
        )  # fmt: skip
        maker = make_fills(
            ts=when, wallet=first + 1 - turn, market=market, outcome=1, side=int(side), role=int(TapeRole.MAKER),
            price_micro=1_000_000 - price, size_micro=size, ratio=0.0,
        )  # fmt: skip
        parts += [taker, maker]
    found = join_fills(parts)
    return found.take(found.ts < params.end_ts)
