"""What a follower pays beside the print, per share, in whole units: assumed half-spread, impact of 50 dollars, taker
fee. The same assumptions as the product's own follower makes where the tape has no quote.
"""

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.datasets.simulator.universe.markets import Markets
from whaletrader.domain.matching.later_prints import IMPACT_MICRO, IMPACT_STAKE_MICRO
from whaletrader.domain.spread import BAND_UPPER_MICRO, half_spread_row
from whaletrader.domain.values import MICRO

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

IMPACT = round(IMPACT_MICRO * math.sqrt(50 * MICRO / IMPACT_STAKE_MICRO)) / MICRO
"""Of the follower's usual 50 dollars."""


class Costs:
    """Half-spreads by category and fee rates by market and era."""

    def __init__(self, categories: list[str], markets: Markets, schedules: pl.DataFrame) -> None:
        self._spread = np.array([half_spread_row(name) for name in categories], dtype=np.int64) / MICRO
        self._bands = np.array(BAND_UPPER_MICRO, dtype=np.int64) / MICRO
        self._category = markets.category
        self._eras = np.unique(schedules["from_ts"].to_numpy())
        self._rates = _rates(schedules, self._eras, markets.start_ts.size)

    def half_spread(self, market: Ints, price: Floats) -> Floats:
        """Assumed half-spread of a token at a price."""
        band = np.searchsorted(self._bands[:-1], np.minimum(price, 1.0 - price) - 1e-9, side="left")
        found: Floats = self._spread[self._category[market], band]
        return found

    def rate(self, market: Ints, ts: Ints) -> Floats:
        """Taker rate in force."""
        era = np.searchsorted(self._eras, ts, side="right") - 1
        found: Floats = self._rates[era, market]
        return found

    def to_buy(self, market: Ints, ts: Ints, price: Floats) -> Floats:
        """All that a share costs beyond the print's price."""
        extra = self.half_spread(market, price) + IMPACT
        paid = np.minimum(price + extra, 1.0)
        found: Floats = extra + self.rate(market, ts) * paid * (1.0 - paid)
        return found

    def to_sell(self, market: Ints, ts: Ints, price: Floats) -> Floats:
        """All that a share loses against the print's price."""
        taken = np.maximum(price - self.half_spread(market, price) - IMPACT, 0.0)
        kept = np.maximum(taken - self.rate(market, ts) * taken * (1.0 - taken), 0.0)
        found: Floats = price - kept
        return found


def _rates(schedules: pl.DataFrame, eras: Ints, markets: int) -> Floats:
    """Rates by era and market; an era without a row of its own goes on with the one before."""
    rates: Floats = np.full((eras.size, markets), np.nan)
    era = np.searchsorted(eras, schedules["from_ts"].to_numpy())
    rates[era, schedules["market"].cast(pl.Int64).to_numpy()] = schedules["rate_micro"].to_numpy() / MICRO
    for place in range(1, eras.size):
        rates[place] = np.where(np.isnan(rates[place]), rates[place - 1], rates[place])
    return rates
