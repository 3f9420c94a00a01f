"""Latent probabilities and prices of the simulated markets.

A market's fair value is the posterior probability of its outcome given a noisy signal that runs over its life: a
martingale, and the outcome is drawn from it, so whoever buys at fair value earns nothing on average. The price
follows the fair value with a lag: who knows the fair value has an edge that lasts for hours.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whaletrader.datasets.simulator.params import STEPS, SimulationParams
from whaletrader.domain.values import DAY_NS, NANOS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SIGNAL = 2.4  # signal-to-noise over a life: most markets are nearly decided at their end
_PRICE_MIN, _PRICE_MAX = 0.012, 0.988
_MAX_LIFE_DAYS = 30.0


@dataclass(frozen=True)
class Paths:
    """Arrays by market: times (ns), outcome-0 won, group (−1: none), and grids (markets × STEPS + 1) of fair value
    and price.
    """

    start_ts: Ints
    end_ts: Ints
    won0: NDArray[np.bool_]
    group: Ints
    fair: Floats
    price: Floats

    def at(self, grid: Floats, market: Ints, ts: Ints) -> Floats:
        """Value of `grid` for each (market, time): the grid step that began last."""
        life = self.end_ts[market] - self.start_ts[market]
        step = np.clip((ts - self.start_ts[market]) * STEPS // life, 0, STEPS)
        values: Floats = grid[market, step]
        return values


def draw_paths(params: SimulationParams, rng: np.random.Generator) -> Paths:
    """Draw lives, outcomes, fair values and prices of all markets."""
    start, end = _lives(params, rng, params.binary_markets)
    group_start, group_end = _lives(params, rng, params.groups)
    outcomes = params.outcomes_per_group
    fair, won = _fair_values(rng, params.binary_markets, 2)
    group_fair, group_won = _fair_values(rng, params.groups, outcomes)
    all_fair = np.concatenate([fair[:, 0], group_fair.reshape(-1, STEPS + 1)])
    return Paths(
        start_ts=np.concatenate([start, np.repeat(group_start, outcomes)]),
        end_ts=np.concatenate([end, np.repeat(group_end, outcomes)]),
        won0=np.concatenate([won == 0, (group_won[:, None] == np.arange(outcomes)).ravel()]),
        group=np.concatenate([np.full(params.binary_markets, -1), np.repeat(np.arange(params.groups), outcomes)]),
        fair=all_fair,
        price=_lagged(all_fair, params.price_lag_steps),
    )


def _lives(params: SimulationParams, rng: np.random.Generator, count: int) -> tuple[Ints, Ints]:
    """Starts are spread over the span, lives are log-normal around six days; whole seconds."""
    longest = min(_MAX_LIFE_DAYS, params.days * 0.5)
    start = rng.uniform(0.0, params.days * 0.97, count)
    life = np.clip(rng.lognormal(np.log(min(6.0, longest)), 0.7, count), 0.2, longest)
    seconds = np.rint(start * 86_400).astype(np.int64)
    end = seconds + np.rint(life * 86_400).astype(np.int64)
    return params.start_ts + seconds * NANOS, params.start_ts + end * NANOS


def _fair_values(rng: np.random.Generator, events: int, outcomes: int) -> tuple[Floats, Ints]:
    """Posterior paths (events × outcomes × STEPS + 1) and the winners, drawn from a Dirichlet prior."""
    prior = rng.dirichlet(np.full(outcomes, 2.0), events)
    winner = (rng.random(events)[:, None] > np.cumsum(prior, axis=1)).sum(axis=1).clip(0, outcomes - 1)
    noise = rng.standard_normal((events, outcomes, STEPS)) / np.sqrt(STEPS)
    path = np.concatenate([np.zeros((events, outcomes, 1)), np.cumsum(noise, axis=2)], axis=2)
    clock = np.linspace(0.0, 1.0, STEPS + 1)
    drift = (winner[:, None] == np.arange(outcomes))[:, :, None] * clock
    evidence = _SIGNAL * (path + _SIGNAL * drift) + np.log(prior)[:, :, None]
    weight = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    fair = weight / weight.sum(axis=1, keepdims=True)
    return np.round(fair, 9), winner.astype(np.int64)


def _lagged(fair: Floats, lag_steps: float) -> Floats:
    """Exponential lag; in the last tenth of a life news spreads four times as fast."""
    price: Floats = np.empty(fair.shape)
    price[:, 0] = fair[:, 0]
    for step in range(1, STEPS + 1):
        speed = (4.0 if step > 0.9 * STEPS else 1.0) / (lag_steps + 1.0)
        price[:, step] = price[:, step - 1] + min(1.0, speed) * (fair[:, step] - price[:, step - 1])
    rounded: Floats = np.round(np.clip(price, _PRICE_MIN, _PRICE_MAX), 9).astype(np.float64)
    return rounded


def last_trading_ts(paths: Paths) -> Ints:
    """Trading stops a little before the end: the result is not on the tape."""
    return paths.end_ts - (paths.end_ts - paths.start_ts) // 32


def resolution_ts(paths: Paths) -> Ints:
    """Results are known an hour after the end."""
    return paths.end_ts + DAY_NS // 24
