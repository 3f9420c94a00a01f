"""The tape in chunks of bursts: every chunk's fills from a generator of its own, so memory is bounded by a chunk."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from whaletrader.datasets.simulator.universe.costs import Costs
from whaletrader.datasets.simulator.universe.crowd import GAP_EDGES_S, Bursts, Crowd, next_shares
from whaletrader.datasets.simulator.universe.fills import (
    Fills,
    join_fills,
    make_fills,
    shares_micro,
    stakes,
    to_grid,
)
from whaletrader.datasets.simulator.universe.markets import Markets
from whaletrader.datasets.simulator.universe.minds import Decisions, informed_side
from whaletrader.datasets.simulator.universe.params import PopulationParams
from whaletrader.domain.values import NANOS, TapeRole, TapeSide

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_HALF_SPREAD = 0.005
_NOISE = 0.003
_NARROWS = 0.05
"""Nearer to 0 or 1 than this, spread and noise shrink in proportion."""
_CHUNK_STREAM = 7
_TRADED_ON, _SOON_S = 0.5, (6, 40)
"""After a mind's decision somebody always trades on, soon, and each time as likely as not somebody else."""


@dataclass(frozen=True, eq=False)
class World:
    """What chunks are drawn from."""

    params: PopulationParams
    markets: Markets
    decisions: Decisions
    bursts: Bursts
    crowd: Crowd
    costs: Costs
    seed: int


def chunks(world: World, ready: Fills, *, whole: bool = False) -> Iterator[Fills]:
    """Fills in order of time, a chunk of bursts at a time or all at once; `ready` are fills made elsewhere."""
    parts = _chunks(world, ready)
    yield from [join_fills(list(parts))] if whole else parts


def _chunks(world: World, ready: Fills) -> Iterator[Fills]:
    pending = ready.take(np.argsort(ready.ts, kind="stable"))
    length = 1.0 / (1.0 - float(next_shares(world.params).sum()))
    step = max(1, int(world.params.chunk_fills / (length * world.params.clips_mean)))
    starts = range(0, max(world.bursts.ts.size, 1), step)
    for number, first in enumerate(starts):
        rng = np.random.default_rng([world.seed, _CHUNK_STREAM, number])
        made = _chunk(world, slice(first, first + step), rng)
        both = join_fills([pending, made])
        both = both.take(np.argsort(both.ts, kind="stable"))
        later = first + step
        until = world.bursts.ts[later] if later < world.bursts.ts.size else world.params.end_ts
        cut = int(np.searchsorted(both.ts, until))
        yield both.take(np.arange(cut))
        pending = both.take(np.arange(cut, both.ts.size))


@dataclass(frozen=True, eq=False)
class _Positions:
    """One row per entry: a wallet buys a token in one go, in `clips` fills."""

    ts: Ints
    market: Ints
    wallet: Ints
    outcome: Ints
    ratio: Floats
    factor: Floats
    exits: Floats

    def take(self, index: NDArray[np.bool_]) -> "_Positions":
        return _Positions(
            self.ts[index], self.market[index], self.wallet[index], self.outcome[index], self.ratio[index],
            self.factor[index], self.exits[index],
        )  # fmt: skip


def _chunk(world: World, rows: slice, rng: np.random.Generator) -> Fills:
    positions = _entries(world, rows, rng)
    buys, entry = _clips(world, positions, rng)
    sells = _exits(world, positions, buys, entry, rng)
    after = _companions(world, sells, rng)
    takers = join_fills([buys, sells, after])
    return join_fills([takers, _made(world, takers, rng)])


def _entries(world: World, rows: slice, rng: np.random.Generator) -> _Positions:
    """Who buys what in the bursts: their beginners, and those who trade on."""
    bursts, markets = world.bursts, world.markets
    decision = bursts.decision[rows]
    length = _lengths(world, decision, rng)
    burst = np.repeat(np.arange(decision.size), length)
    begins = np.cumsum(length) - length
    gap = _gaps(next_shares(world.params), burst.size, rng)
    gap[begins] = 0
    if world.params.followed is not None:
        traded_on = begins[decision >= 0] + 1
        gap[traded_on] = rng.integers(*_SOON_S, traded_on.size)
    since = np.cumsum(gap)
    ts = bursts.ts[rows][burst] + (since - since[begins][burst]) * NANOS
    market = bursts.market[rows][burst]
    price = markets.price_at(market, ts)
    lean = rng.random(decision.size)[burst]
    second = np.where(rng.random(burst.size) < world.params.shape.favour, 1.0 - price, lean)
    outcome = (rng.random(burst.size) < second).astype(np.int64)
    wallet = world.crowd.wallets(market, rng)
    ratio, factor = np.zeros(burst.size), np.ones(burst.size)
    if world.params.crowd_edge is not None:
        edge = np.full(burst.size, world.params.crowd_edge)
        odds, won0 = markets.odds_at(market, ts), markets.won0[market]
        outcome, ratio = informed_side(odds, won0, edge, market, ts, world.costs, rng)
    exits = np.full(burst.size, world.params.exit_share)
    led, by = begins[decision >= 0], decision[decision >= 0]
    wallet[led], outcome[led] = world.decisions.wallet[by], world.decisions.outcome[by]
    ratio[led], factor[led] = world.decisions.ratio[by], world.decisions.stake[by]
    exits[led] = world.decisions.exits[by]
    found = _Positions(ts, market, wallet, outcome, ratio, factor, exits)
    open_still = (ts < markets.last_ts[market]) & (ts < world.params.end_ts)
    return found.take(open_still)


def _lengths(world: World, decision: Ints, rng: np.random.Generator) -> Ints:
    """Fills of each burst."""
    length: Ints = rng.geometric(1.0 - float(next_shares(world.params).sum()), decision.size)
    if world.params.followed is None:
        return length
    traded_on: Ints = 1 + rng.geometric(_TRADED_ON, decision.size)
    found: Ints = np.where(decision >= 0, traded_on, length)
    return found


def _gaps(shares: Floats, count: int, rng: np.random.Generator) -> Ints:
    """Whole seconds between prints of a burst."""
    upto = np.cumsum(shares) / shares.sum()
    piece = np.minimum(np.searchsorted(upto, rng.random(count), side="right"), upto.size - 1)
    edges = np.log(np.array(GAP_EDGES_S))
    log_gap = edges[piece] + rng.random(count) * (edges[piece + 1] - edges[piece])
    seconds: Ints = np.rint(np.exp(log_gap)).astype(np.int64)
    return seconds


def _clips(world: World, found: _Positions, rng: np.random.Generator) -> tuple[Fills, Ints]:
    """Each entry's fills, seconds apart, and which entry each belongs to."""
    clips = _clip_counts(world.params, found.ts.size, rng)
    entry = np.repeat(np.arange(clips.size), clips)
    begins = np.cumsum(clips) - clips
    gap = 1 + rng.exponential(6.0, entry.size).astype(np.int64)
    gap[begins] = 0
    since = np.cumsum(gap)
    market, outcome = found.market[entry], found.outcome[entry]
    ts = found.ts[entry] + (since - since[begins][entry]) * NANOS
    ts = np.minimum(ts, world.markets.last_ts[market] - NANOS)
    price = _printed(world.markets, market, outcome, ts, 1.0, rng)
    shape = world.params.shape
    own = world.crowd.wealth[found.wallet][entry]
    normal = np.sqrt(shape.stake_icc) * own + np.sqrt(1.0 - shape.stake_icc) * rng.standard_normal(ts.size)
    size = shares_micro(stakes(normal, shape) * found.factor[entry], price)
    buys = make_fills(
        ts=ts, wallet=found.wallet[entry], market=market, outcome=outcome, side=int(TapeSide.BUY),
        role=int(TapeRole.TAKER), price_micro=price, size_micro=size, ratio=found.ratio[entry],
    )  # fmt: skip
    return buys, entry


def _clip_counts(params: PopulationParams, count: int, rng: np.random.Generator) -> Ints:
    """Fills of each entry: one, or two and more geometrically; the mean may be set, how many the many have may not."""
    many = max((params.shape.clips_mean - 1.0) / max(1.0 - params.shape.clips_single, 1e-9), 1.0)
    several = rng.random(count) < (params.clips_mean - 1.0) / many
    return np.where(several, 1 + rng.geometric(1.0 / many, count), 1).astype(np.int64)


def _exits(world: World, found: _Positions, buys: Fills, entry: Ints, rng: np.random.Generator) -> Fills:
    """Some positions are sold whole before the end; nobody sells what he does not hold."""
    shape, markets = world.params.shape, world.markets
    hold = np.exp(rng.normal(shape.hold_log_mean, shape.hold_log_sigma, found.ts.size))
    last = np.zeros(found.ts.size, dtype=np.int64)
    last[entry] = buys.ts  # fills of an entry are in order of time: the last one stays
    ts = last + (1 + np.minimum(hold, 1e8).astype(np.int64)) * NANOS
    chosen = (rng.random(found.ts.size) < found.exits) & (ts < markets.last_ts[found.market])
    chosen &= ts < world.params.end_ts
    size = np.zeros(found.ts.size, dtype=np.int64)
    np.add.at(size, entry, buys.size_micro)
    ts, market, outcome = ts[chosen], found.market[chosen], found.outcome[chosen]
    price = _printed(markets, market, outcome, ts, -1.0, rng)
    return make_fills(
        ts=ts, wallet=found.wallet[chosen], market=market, outcome=outcome, side=int(TapeSide.SELL),
        role=int(TapeRole.TAKER), price_micro=price, size_micro=size[chosen], ratio=0.0,
    )  # fmt: skip


def _companions(world: World, sells: Fills, rng: np.random.Generator) -> Fills:
    """A sale is followed by somebody's purchase as often as any fill is."""
    chosen = sells.take(rng.random(sells.ts.size) < next_shares(world.params)[0])
    market = chosen.market.astype(np.int64)
    ts = chosen.ts + (6 + rng.integers(0, 40, chosen.ts.size)) * NANOS
    outcome = rng.integers(0, 2, ts.size)
    price = _printed(world.markets, market, outcome, ts, 1.0, rng)
    wallet, shape = world.crowd.wallets(market, rng), world.params.shape
    normal = np.sqrt(shape.stake_icc) * world.crowd.wealth[wallet]
    normal = normal + np.sqrt(1.0 - shape.stake_icc) * rng.standard_normal(ts.size)
    found = make_fills(
        ts=ts, wallet=wallet, market=market, outcome=outcome, side=int(TapeSide.BUY), role=int(TapeRole.TAKER),
        price_micro=price, size_micro=shares_micro(stakes(normal, shape), price), ratio=0.0,
    )  # fmt: skip
    return found.take((ts < world.markets.last_ts[market]) & (ts < world.params.end_ts))


def _made(world: World, takers: Fills, rng: np.random.Generator) -> Fills:
    """The resting side of some purchases: a market maker buys the other outcome at what is left of a dollar."""
    bought = (takers.side == int(TapeSide.BUY)) & (rng.random(takers.ts.size) < world.params.maker_share)
    chosen = takers.take(bought)
    return make_fills(
        ts=chosen.ts, wallet=world.crowd.makers(chosen.ts.size, rng), market=chosen.market,
        outcome=1 - chosen.outcome, side=int(TapeSide.BUY), role=int(TapeRole.MAKER),
        price_micro=1_000_000 - chosen.price_micro, size_micro=chosen.size_micro, ratio=-chosen.ratio,
    )  # fmt: skip


def _printed(markets: Markets, market: Ints, outcome: Ints, ts: Ints, way: float, rng: np.random.Generator) -> Ints:
    """Prices of takers who buy (`way` 1) or sell (-1) at these times."""
    sign = np.where(outcome == 0, 1.0, -1.0)
    mid = expit(sign * markets.odds_at(market, ts))
    scale = np.minimum(np.minimum(mid, 1.0 - mid) / _NARROWS, 1.0)
    return to_grid(mid + scale * (way * _HALF_SPREAD + rng.normal(0.0, _NOISE, ts.size)))
