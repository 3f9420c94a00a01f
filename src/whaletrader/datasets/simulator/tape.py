"""Prints of the simulated tape: bursts of fills, each begun by somebody with or without an opinion, and later exits.

Skilled wallets buy what is below its fair value. Lucky wallets buy what will win in the first half of the span and
anything later: their past looks like skill and is none. Wash pairs trade with each other. Market makers rest and are
hit. Noise buys anything.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from whaletrader.datasets.simulator.params import LABELS, SimulationParams
from whaletrader.datasets.simulator.paths import Floats, Ints, Paths, last_trading_ts
from whaletrader.domain.values import NANOS, TapeRole, TapeSide

_BURST = 6.0  # fills per burst
_GAP_S = 7.0  # mean seconds between fills of a burst
_LEADER_SHARES = (0.16, 0.10, 0.0, 0.02, 0.72)  # who begins a burst, by label
_MADE_SHARE = 0.28  # fills whose resting side is a market maker on the tape
_EXIT_SHARE = 0.22
_MIN_EDGE = 0.03
_HIT_RATE_OF_LUCK = 0.85
_TICK_MICRO = 10_000


@dataclass(frozen=True)
class Prints:
    """Fills as equal-length arrays; `print_id` is shared by the fills of one transaction."""

    ts: Ints
    wallet: Ints
    market: Ints
    outcome: Ints
    side: Ints
    role: Ints
    price_micro: Ints
    size_micro: Ints
    print_id: Ints

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> "Prints":
        """The chosen fills."""
        return Prints(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


def join_prints(parts: list[Prints]) -> Prints:
    """All fills of several parts, in order."""
    return Prints(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Prints)}
    )


def first_wallets(params: SimulationParams) -> dict[str, int]:
    """Row number of each label's first wallet."""
    starts = np.concatenate([[0], np.cumsum(params.people)])
    return {label: int(start) for label, start in zip(LABELS, starts, strict=False)}


def draw_tape(params: SimulationParams, paths: Paths, rng: np.random.Generator) -> Prints:
    """Every fill of the simulation, unsorted."""
    takers = _bursts(params, paths, rng)
    exits = _exits(params, paths, takers, rng)
    both = join_prints([takers, exits])
    makers = _makers(params, both, rng)
    wash = _wash(params, paths, int(both.print_id.max(initial=-1)) + 1, rng)
    tape = join_prints([both, makers, wash])
    return tape.take(tape.ts < params.end_ts)


def _bursts(params: SimulationParams, paths: Paths, rng: np.random.Generator) -> Prints:
    bursts = max(1, int(params.fills / (_BURST * (1 + _EXIT_SHARE) * (1 + _MADE_SHARE))))
    weight = rng.lognormal(0.0, 0.8, params.markets)
    market = rng.choice(params.markets, bursts, p=weight / weight.sum())
    open_ns = last_trading_ts(paths) - paths.start_ts
    begin_s = paths.start_ts[market] // NANOS + (rng.random(bursts) * (open_ns[market] // NANOS)).astype(np.int64)
    length = 1 + rng.poisson(_BURST - 1.0, bursts)
    burst = np.repeat(np.arange(bursts), length)
    first = np.zeros(burst.size, dtype=bool)
    first[np.cumsum(length) - length] = True
    gap = np.where(first, 0, 1 + rng.exponential(_GAP_S, burst.size).astype(np.int64))
    since = np.cumsum(gap)
    ts = (begin_s[burst] + since - since[np.flatnonzero(first)][burst]) * NANOS
    ts = np.minimum(ts, last_trading_ts(paths)[market[burst]])
    label = np.full(burst.size, LABELS.index("noise"))
    label[first] = rng.choice(len(LABELS), int(first.sum()), p=np.array(_LEADER_SHARES))
    return _priced(params, paths, ts, market[burst], label, rng)


def _priced(
    params: SimulationParams, paths: Paths, ts: Ints, market: Ints, label: Ints, rng: np.random.Generator
) -> Prints:
    """Choose wallet, outcome, price and size of taker buys."""
    fair, mid = paths.at(paths.fair, market, ts), paths.at(paths.price, market, ts)
    counts, starts = np.array(params.people), np.concatenate([[0], np.cumsum(params.people)])[:-1]
    label = np.where((label == 0) & (np.abs(fair - mid) < _MIN_EDGE), 4, label)
    label = np.where((label == 3) | (counts[label] == 0), 4, label)
    wallet = starts[label] + (rng.random(ts.size) * counts[label]).astype(np.int64)
    outcome = (rng.random(ts.size) < 0.5).astype(np.int64)
    outcome = np.where(label == 0, (fair < mid).astype(np.int64), outcome)
    half = params.start_ts + (params.end_ts - params.start_ts) // 2
    told = (label == 1) & (paths.end_ts[market] < half) & (rng.random(ts.size) < _HIT_RATE_OF_LUCK)
    outcome = np.where(told, (~paths.won0[market]).astype(np.int64), outcome)
    paid = np.where(outcome == 0, mid, 1.0 - mid) + params.half_spread + rng.normal(0.0, 0.004, ts.size)
    scale = np.array([1200.0, 1200.0, 400.0, 400.0, 90.0])[label]
    dollars = np.clip(scale * rng.lognormal(0.0, 0.8, ts.size), 2.0, 50_000.0)
    price = to_tick(paid)
    return Prints(
        ts=ts,
        wallet=wallet,
        market=market,
        outcome=outcome,
        side=np.full(ts.size, int(TapeSide.BUY)),
        role=np.full(ts.size, int(TapeRole.TAKER)),
        price_micro=price,
        size_micro=shares_micro(dollars, price),
        print_id=np.arange(ts.size),
    )


def to_tick(price: Floats) -> Ints:
    """Prices on the one-cent grid, inside (0, 1)."""
    return np.clip(np.rint(price * 100).astype(np.int64), 1, 99) * _TICK_MICRO


def shares_micro(dollars: Floats, price_micro: Ints) -> Ints:
    """Shares for an amount of money, on a grid of a hundredth share, at least five."""
    hundredths = np.rint(dollars * 1e8 / price_micro).astype(np.int64)
    return np.maximum(hundredths, 500) * 10_000


def _exits(params: SimulationParams, paths: Paths, entries: Prints, rng: np.random.Generator) -> Prints:
    """Some buyers sell all they bought in a fill, seconds before a later print of that market; nobody sells what he
    does not hold.
    """
    order = np.lexsort((entries.ts, entries.market))
    market, ts = entries.market[order], entries.ts[order]
    last = np.searchsorted(market, market, side="right") - 1
    place = np.arange(order.size)
    later = np.minimum(place + 1 + (rng.random(order.size) * (last - place)).astype(np.int64), last)
    lead_s = 3 + (rng.random(order.size) * 15).astype(np.int64)
    when = np.maximum(ts[later] - lead_s * NANOS, ts + NANOS)
    chosen = (rng.random(order.size) < _EXIT_SHARE) & (place < last) & (when < last_trading_ts(paths)[market])
    held, ts = entries.take(order[chosen]), when[chosen]
    mid = paths.at(paths.price, held.market, ts)
    got = np.where(held.outcome == 0, mid, 1.0 - mid) - params.half_spread + rng.normal(0.0, 0.004, ts.size)
    return Prints(
        ts=ts,
        wallet=held.wallet,
        market=held.market,
        outcome=held.outcome,
        side=np.full(ts.size, int(TapeSide.SELL)),
        role=held.role,
        price_micro=to_tick(got),
        size_micro=held.size_micro,
        print_id=entries.ts.size + np.arange(ts.size),
    )


def _makers(params: SimulationParams, takers: Prints, rng: np.random.Generator) -> Prints:
    """The resting side of some fills: the same token the other way, in the same transaction."""
    chosen = takers.take(np.flatnonzero(rng.random(takers.ts.size) < _MADE_SHARE))
    wallet = first_wallets(params)["market_maker"] + (rng.random(chosen.ts.size) * params.market_makers).astype(
        np.int64
    )
    return Prints(
        ts=chosen.ts,
        wallet=wallet,
        market=chosen.market,
        outcome=chosen.outcome,
        side=1 - chosen.side,
        role=np.full(chosen.ts.size, int(TapeRole.MAKER)),
        price_micro=chosen.price_micro,
        size_micro=chosen.size_micro,
        print_id=chosen.print_id,
    )


def _wash(params: SimulationParams, paths: Paths, next_print: int, rng: np.random.Generator) -> Prints:
    """Pairs that pass the same shares to and fro at the mid price, in one market at a time."""
    pairs, rounds = params.wash // 2, max(1, params.fills // 1500)
    first = first_wallets(params)["wash"]
    pair = np.repeat(np.arange(pairs), rounds * 2)
    turn = np.tile(np.arange(rounds * 2) % 2, pairs)
    deal = np.repeat(np.arange(pairs * rounds), 2)
    market = (rng.random(pairs * rounds) * params.markets).astype(np.int64)[deal]
    open_s = (last_trading_ts(paths)[market] - paths.start_ts[market]) // NANOS
    offset = (rng.random(pairs * rounds)[deal] * (open_s - 60)).astype(np.int64) + turn * 20
    ts = paths.start_ts[market] + offset * NANOS
    dollars = 800.0 * rng.lognormal(0.0, 0.4, pairs * rounds)[deal]
    price = to_tick(paths.at(paths.price, market, ts))
    size = shares_micro(dollars, to_tick(paths.at(paths.price, market, ts - turn * 20 * NANOS)))
    buyer, seller = first + 2 * pair + turn, first + 2 * pair + 1 - turn
    ids = next_print + np.arange(ts.size)
    zeros = np.zeros(ts.size, dtype=np.int64)
    buys = Prints(
        ts=ts,
        wallet=buyer,
        market=market,
        outcome=zeros,
        side=zeros,
        role=zeros + 1,
        price_micro=price,
        size_micro=size,
        print_id=ids,
    )
    sells = Prints(
        ts=ts,
        wallet=seller,
        market=market,
        outcome=zeros,
        side=zeros + 1,
        role=zeros,
        price_micro=price,
        size_micro=size,
        print_id=ids,
    )
    return join_prints([buys, sells])
