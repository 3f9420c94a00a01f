"""Decisions of the wallets whose edge is known.

A decision's side is drawn from the market's result so that, given everything public, the bought token wins with
exactly the probability that leaves the wanted edge to a follower who pays the costs of that price. The evidence that
the decision itself gives is the likelihood ratio `ratio` (its logarithm): whoever sees it, at any later price, has the
posterior odds price odds x ratio.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from whaletrader.datasets.simulator.universe.costs import Costs
from whaletrader.datasets.simulator.universe.markets import STEPS, Markets
from whaletrader.datasets.simulator.universe.params import Mind, PopulationParams
from whaletrader.domain.values import NANOS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SUREST = 0.97
_TRIES = 6
_HIT_RATE_OF_SPEED = 0.9
_FALLS, _MOST_MORE = 0.04, 8
"""How far a token has to fall until a doubler buys again, and how often he does at most."""


@dataclass(frozen=True, eq=False)
class Decisions:
    """Buys decided by minds, as equal-length arrays; `exits` is the chance that the position is sold early."""

    ts: Ints
    market: Ints
    wallet: Ints
    outcome: Ints
    ratio: Floats
    stake: Floats
    exits: Floats

    def take(self, index: Ints | Bools) -> "Decisions":
        """The chosen decisions."""
        return Decisions(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


def join(parts: list[Decisions]) -> Decisions:
    """All decisions of several parts, in order."""
    return Decisions(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Decisions)}
    )


def no_decisions() -> Decisions:
    """None."""
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Decisions(ts=whole, market=whole, wallet=whole, outcome=whole, ratio=real, stake=real, exits=real)


def draw_decisions(params: PopulationParams, markets: Markets, costs: Costs, rng: np.random.Generator) -> Decisions:
    """Every decision of every mind, in the order of minds and wallets."""
    first, parts = 0, [no_decisions()]
    for mind in params.minds:
        if mind.follows:
            found = _followed(join(parts), mind, first, markets, rng)
        else:
            found = _copied(_decided(mind, first, params, markets, costs, rng), mind, markets, rng)
            found = _doubled(found, markets) if mind.doubles else found
        parts.append(found)
        first += mind.wallets
    return join(parts)


def _decided(
    mind: Mind, first: int, params: PopulationParams, markets: Markets, costs: Costs, rng: np.random.Generator
) -> Decisions:
    """What every independent mind of a kind decides."""
    thinkers = mind.wallets // mind.copies
    counts = np.rint(mind.bets * np.exp(rng.normal(0.0, 1.0, thinkers) * mind.spread)).astype(np.int64)
    owner, market, ts = _occasions(mind, np.maximum(counts, 1), params, markets, rng)
    odds = markets.odds_at(market, ts)
    if mind.fast:
        outcome, ratio = _before_the_move(market, ts, markets, rng), np.zeros(ts.size)
    else:
        edge = np.full(ts.size, mind.edge)
        if mind.off_at is not None:
            edge[ts >= off_ts(mind, params)] = -1.0
        outcome, ratio = informed_side(odds, markets.won0[market], edge, market, ts, costs, rng)
    whole = np.full(ts.size, 1.0)
    wallet = first + owner * mind.copies
    return Decisions(ts, market, wallet, outcome, ratio, mind.stake * whole, mind.exits * whole)


def off_ts(mind: Mind, params: PopulationParams) -> int:
    """When a mind's edge goes."""
    assert mind.off_at is not None
    return params.start_ts + int(mind.off_at * (params.end_ts - params.start_ts) / NANOS) * NANOS


def _occasions(
    mind: Mind, counts: Ints, params: PopulationParams, markets: Markets, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """(owner, market, time) of every bet: markets of as many event groups as there are, prices inside the band."""
    usable = np.flatnonzero(markets.resolved_ts < params.end_ts)
    owners, found, times = [], [], []
    for owner, count in enumerate(counts.tolist()):
        drawn = _spread_out(usable, markets.group, mind.per_event, rng)
        ts, inside = _moment(drawn, mind, markets, rng)
        chosen = np.flatnonzero(inside)[:count]
        owners.append(np.full(chosen.size, owner, dtype=np.int64))
        found.append(drawn[chosen])
        times.append(ts[chosen])
    return np.concatenate(owners), np.concatenate(found), np.concatenate(times)


def _spread_out(usable: Ints, group: Ints, per_event: int, rng: np.random.Generator) -> Ints:
    """Markets in random order, at most so many of one event group."""
    drawn = rng.permutation(usable)
    order = np.argsort(group[drawn], kind="stable")
    sorted_groups = group[drawn][order]
    rank = np.empty(drawn.size, dtype=np.int64)
    rank[order] = np.arange(drawn.size) - np.searchsorted(sorted_groups, sorted_groups)
    return drawn[rank < per_event]


def _moment(market: Ints, mind: Mind, markets: Markets, rng: np.random.Generator) -> tuple[Ints, Bools]:
    """For each market the earliest of some random times of its life at which the price lies inside the band: a
    stopping time, so that the choice knows nothing of what comes after it.
    """
    life_s = (markets.end_ts - markets.start_ts)[market] / NANOS
    gone = np.sort(rng.uniform(*mind.life, (_TRIES, market.size)), axis=0)
    ts = markets.start_ts[market]
    done = np.zeros(market.size, dtype=np.bool_)
    for part in gone:
        at = markets.start_ts[market] + (life_s * part).astype(np.int64) * NANOS
        price = markets.price_at(market, at)
        here = ~done & (price >= mind.band[0]) & (price <= mind.band[1])
        ts, done = np.where(here, at, ts), done | here
    return ts, done


def informed_side(
    odds: Floats, won0: Bools, edge: Floats, market: Ints, ts: Ints, costs: Costs, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """The side bought and the logarithm of its likelihood ratio.

    Buying outcome 0 when it wins has chance a, when it loses b, with a / b = r0 and (1 - b) / (1 - a) = r1: both sides
    then win with the wanted probabilities whatever the first price was.
    """
    price0 = 1.0 / (1.0 + np.exp(-odds))
    ratio = [_ratio(price, edge + costs.to_buy(market, ts, price)) for price in (price0, 1.0 - price0)]
    knows = ratio[0] * ratio[1] > 1.0 + 1e-9
    spare = np.where(knows, ratio[0] * ratio[1] - 1.0, 1.0)
    if_lost = np.where(knows, (ratio[1] - 1.0) / spare, 0.5)
    if_won = np.where(knows, ratio[0] * if_lost, 0.5)
    first = rng.random(odds.size) < np.where(won0, if_won, if_lost)
    logs = np.log(np.where(first, ratio[0], ratio[1]))
    return np.where(first, 0, 1).astype(np.int64), np.where(knows, logs, 0.0)


def _ratio(price: Floats, gross: Floats) -> Floats:
    """Likelihood ratio that lifts a probability by `gross`, at most to near certainty, never down."""
    wins = np.clip(price + gross, price, np.maximum(_SUREST, price))
    found: Floats = wins * (1.0 - price) / (price * (1.0 - wins))
    return found


def _before_the_move(market: Ints, ts: Ints, markets: Markets, rng: np.random.Generator) -> Ints:
    """The side that the next step will lift, nine times in ten; the time is moved to that step by `_copied`."""
    step = np.minimum(markets.step(market, ts), STEPS - 2)
    rises = markets.odds[market, step + 1] > markets.odds[market, step]
    right = rng.random(ts.size) < _HIT_RATE_OF_SPEED
    return np.where(rises == right, 0, 1).astype(np.int64)


def _copied(found: Decisions, mind: Mind, markets: Markets, rng: np.random.Generator) -> Decisions:
    """A fast mind's time is just before the next step; copies act within seconds of the first of them."""
    if mind.fast:
        step = np.minimum(markets.step(found.market, found.ts), STEPS - 2)
        lead = (1 + (rng.random(step.size) * 4).astype(np.int64)) * NANOS
        found = _at(found, markets.step_ts(found.market, step + 1) - lead)
    parts = [found]
    for copy in range(1, mind.copies):
        late = (1 + (rng.random(found.ts.size) * 25).astype(np.int64)) * NANOS
        moved = _at(found, found.ts + late)
        parts.append(_by(moved, found.wallet + copy))
    return join(parts)


def _doubled(found: Decisions, markets: Markets) -> Decisions:
    """Each decision again at every later step at which the token is well below its last purchase's price."""
    sign = np.where(found.outcome == 0, 1.0, -1.0)
    begun = markets.step(found.market, found.ts)
    last = expit(sign * markets.odds[found.market, begun])
    more = np.zeros(found.ts.size, dtype=np.int64)
    parts = [found]
    for ahead in range(1, STEPS):
        step = begun + ahead
        price = expit(sign * markets.odds[found.market, np.minimum(step, STEPS)])
        ts = markets.step_ts(found.market, np.minimum(step, STEPS)) + NANOS
        falls = (price < last - _FALLS) & (more < _MOST_MORE) & (ts < markets.last_ts[found.market])
        parts.append(_at(found, ts).take(falls))
        last, more = np.where(falls, price, last), more + falls
    return join(parts)


def _followed(others: Decisions, mind: Mind, first: int, markets: Markets, rng: np.random.Generator) -> Decisions:
    """Herders: each picks decisions of others at random and repeats them minutes later."""
    counts = np.minimum(int(mind.bets), others.ts.size)
    picks = [rng.choice(others.ts.size, counts, replace=False) for _ in range(mind.wallets)]
    if not picks or not counts:
        return no_decisions()
    chosen = others.take(np.concatenate(picks))
    late = (20 + rng.exponential(120.0, chosen.ts.size).astype(np.int64)) * NANOS
    wallet = first + np.repeat(np.arange(mind.wallets), counts)
    moved = _by(_at(chosen, chosen.ts + late), wallet)
    whole = np.full(chosen.ts.size, 1.0)
    moved = Decisions(
        moved.ts, moved.market, moved.wallet, moved.outcome, moved.ratio, mind.stake * whole, mind.exits * whole
    )
    return moved.take(moved.ts < markets.last_ts[moved.market])


def _at(found: Decisions, ts: Ints) -> Decisions:
    return Decisions(ts, found.market, found.wallet, found.outcome, found.ratio, found.stake, found.exits)


def _by(found: Decisions, wallet: Ints) -> Decisions:
    return Decisions(found.ts, found.market, wallet, found.outcome, found.ratio, found.stake, found.exits)
