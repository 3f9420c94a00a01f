"""Who trades when: bursts of fills, begun by anybody or by a mind's decision, and the crowd that fills them.

The crowd knows nothing: it picks sides by a burst's lean, wallets by how busy they are, and mostly those of the
market's own community, so that wallets herd into the same markets.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whaletrader.datasets.simulator.universe.markets import Markets
from whaletrader.datasets.simulator.universe.minds import Decisions
from whaletrader.datasets.simulator.universe.params import PopulationParams
from whaletrader.domain.values import NANOS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GAP_EDGES_S = (1.0, 60.0, 600.0, 3_600.0, 86_400.0)
"""The next print comes in one of these intervals, log-uniformly, or not at all."""


@dataclass(frozen=True, eq=False)
class Bursts:
    """Beginnings of bursts in order of time; `decision` is the row of the decision that begins it, or -1."""

    ts: Ints
    market: Ints
    decision: Ints


def next_shares(params: PopulationParams) -> Floats:
    """Chance that the next print of a burst comes within each interval of `GAP_EDGES_S`."""
    if params.followed is None:
        return np.array(params.shape.next_print_shares)
    return np.array([params.followed, 0.0, 0.0, 0.0])


def draw_bursts(params: PopulationParams, markets: Markets, decisions: Decisions, rng: np.random.Generator) -> Bursts:
    """Bursts of the crowd, as many as make about `fills` fills, and one for every decision."""
    length = 1.0 / (1.0 - float(next_shares(params).sum()))
    count = max(1, round(params.fills / (length * params.clips_mean)))
    weight = np.exp(rng.normal(0.0, params.shape.market_log_sigma, markets.start_ts.size))
    market = rng.choice(weight.size, count, p=weight / weight.sum())
    life_s = (markets.last_ts - markets.start_ts)[market] // NANOS
    gone = rng.random(count) ** (1.0 / params.shape.time_power)
    ts = markets.start_ts[market] + (gone * life_s).astype(np.int64) * NANOS
    none = np.full(count, -1, dtype=np.int64)
    ts = np.concatenate([ts, decisions.ts])
    market = np.concatenate([market, decisions.market])
    decision = np.concatenate([none, np.arange(decisions.ts.size)])
    order = np.argsort(ts, kind="stable")
    inside = order[(ts[order] < params.end_ts) & (ts[order] < markets.last_ts[market[order]])]
    return Bursts(ts[inside], market[inside], decision[inside])


class Crowd:
    """Wallets of the crowd by community, with how busy and how rich each is."""

    def __init__(self, params: PopulationParams, markets: Markets, rng: np.random.Generator) -> None:
        self._first = params.first_of("noise")
        self._herding = params.herding
        self._busy = np.concatenate([[0.0], np.cumsum(np.exp(rng.normal(0.0, params.activity_sigma, params.wallets)))])
        communities = max(1, round(params.wallets / params.community))
        self._edges = self._busy[np.linspace(0, params.wallets, communities + 1).astype(np.int64)]
        self._community = rng.integers(0, communities, int(markets.group[-1]) + 1)[markets.group]
        self.wealth = rng.standard_normal(params.total_wallets)
        self._makers = (params.first_of("market_maker"), params.makers)

    def wallets(self, market: Ints, rng: np.random.Generator) -> Ints:
        """A wallet for every fill of these markets."""
        community = self._community[market]
        local = rng.random(market.size) < self._herding
        low = np.where(local, self._edges[community], 0.0)
        high = np.where(local, self._edges[community + 1], self._busy[-1])
        place = np.searchsorted(self._busy, low + rng.random(market.size) * (high - low), side="right") - 1
        found: Ints = self._first + np.clip(place, 0, self._busy.size - 2)
        return found

    def makers(self, count: int, rng: np.random.Generator) -> Ints:
        """A market maker for every fill."""
        first, makers = self._makers
        return first + rng.integers(0, makers, count)
