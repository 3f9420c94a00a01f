"""Made-up wallets as bet tables, for validating what is said of each: everything is drawn from a seed.

A bet's chance is its price plus the wallet's edge, and its all-in cost is its price: an edge of 0 is the best that a
wallet without skill can have. A wallet's prices vary about a centre; bets of one event group mostly win and lose
together. Nothing here reads data or knows what a test says.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.universe.bets import BetTable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SPREADS = (np.inf, 30.0, 8.0)
"""How closely a wallet keeps to its centre price (the sum of a beta distribution's parameters); each as often."""
TOGETHER = 0.7
"""Chance that the bets of an event group share their luck."""
ALONE = 0.6
"""Chance that an event group ends with the bet at hand: group sizes are geometric."""
GROUP_MOST = 20
TICK = 0.001
CHEAPEST = 0.005
TAIL = 1.3
"""Hill's index of the number of event groups per wallet in a crowd."""


@dataclass(frozen=True, slots=True, eq=False)
class MadeUpBets:
    """A bet table and the true mean edge of each unit's bets, in shares of a dollar."""

    table: BetTable
    edge: Floats


def centres(rng: np.random.Generator, low: float, high: float, wallets: int) -> Floats:
    """Centre prices in a band, even in log odds, shape (wallets,)."""
    ends = np.log(np.array([low, high]) / (1.0 - np.array([low, high])))
    return 1.0 / (1.0 + np.exp(-rng.uniform(*ends, wallets)))


def crowd_sizes(rng: np.random.Generator, wallets: int, least: int, most: int) -> Ints:
    """Event groups per wallet: Pareto, so that a few have a great many."""
    found = np.floor(least * (1.0 - rng.random(wallets)) ** (-1.0 / TAIL))
    return np.minimum(found, most).astype(np.int64)


def made_up_bets(
    rng: np.random.Generator,
    centre: Floats,
    groups: Ints,
    edge: Floats | float = 0.0,
    *,
    shared: int = 0,
    sold: float = 0.0,
    single: bool = False,
) -> MadeUpBets:
    """Bets of wallets with these centre prices and numbers of event groups, shape (wallets,) each.

    With `shared` all wallets bet on the same so many event groups, either side; else each on its own. `sold` is the
    share of bets that end before resolution at a price whose mean is the chance. `single`: one bet per event group.
    """
    wallets = centre.size
    owner = np.repeat(np.arange(wallets), groups)
    event = rng.integers(0, shared, owner.size) if shared else np.arange(owner.size)
    order = np.lexsort((event, owner))
    event = event[order]
    size = np.ones(owner.size, np.int64) if single else np.minimum(rng.geometric(ALONE, owner.size), GROUP_MOST)
    owner, event = np.repeat(owner, size), np.repeat(event, size)
    luck = _luck(rng, event, np.arange(size.size).repeat(size), shared)
    spread = np.asarray(SPREADS)[rng.integers(0, len(SPREADS), wallets)]
    price = _prices(rng, centre[owner], spread[owner])
    chance = np.clip(price + np.broadcast_to(edge, (wallets,))[owner], 0.0, 1.0)
    payoff = (luck < chance).astype(np.float64)
    early = rng.random(owner.size) < sold
    payoff[early] = rng.beta(8.0 * chance[early] + 1e-3, 8.0 * (1.0 - chance[early]) + 1e-3)
    policy = "taker_hold" if sold == 0.0 else "taker"
    table = _table(owner, event, price, payoff, pl.Series("policy", [policy] * wallets))
    bets = np.bincount(owner, minlength=wallets)
    return MadeUpBets(table, np.bincount(owner, chance - price, wallets) / bets)


def _luck(rng: np.random.Generator, event: Ints, group: Ints, shared: int) -> Floats:
    """A number in [0, 1) per bet; mostly one for all of a wallet's bets on an event, and of others' on the same."""
    n_groups = int(group[-1]) + 1
    common = rng.random(shared)[event] if shared else rng.random(n_groups)[group]
    mirrored = (rng.random(n_groups) < 0.5)[group]
    own = rng.random(group.size)
    return np.where((rng.random(n_groups) < TOGETHER)[group], np.where(mirrored, 1.0 - common, common), own)


def _prices(rng: np.random.Generator, centre: Floats, spread: Floats) -> Floats:
    loose = np.isfinite(spread)
    price = centre.copy()
    price[loose] = rng.beta(spread[loose] * centre[loose], spread[loose] * (1.0 - centre[loose]))
    return np.clip(np.round(price / TICK) * TICK, CHEAPEST, 1.0 - CHEAPEST)


def _table(owner: Ints, event: Ints, price: Floats, payoff: Floats, policy: pl.Series) -> BetTable:
    wallets = policy.len()
    cost = np.rint(price * 1e6).astype(np.int64)
    nought = np.zeros(owner.size, np.int64)
    day = np.arange(owner.size)
    units = pl.DataFrame({"policy": policy, "kind": "fill", "wallet": np.arange(wallets)})
    return BetTable(
        units=units,
        offsets=np.concatenate([[0], np.bincount(owner, minlength=wallets).cumsum()]).astype(np.int64),
        group=event,
        edge=np.rint(payoff * 1e6).astype(np.int64) - cost,
        cost=cost,
        entry_price=cost,
        entry_day=day,
        exit_day=day,
        known_ts=nought,
        stake=nought,
        leader_price=nought,
        spread=nought,
        waited=nought,
    )


def planted_bets(
    rng: np.random.Generator, wallets: int, bets: int, edge: float, band: tuple[float, float], policy: str
) -> MadeUpBets:
    """Wallets with one edge over so many independent markets, one bet each, at prices even in a band."""
    owner = np.repeat(np.arange(wallets), bets)
    price = np.round(rng.uniform(*band, owner.size) / TICK) * TICK
    payoff = (rng.random(owner.size) < price + edge).astype(np.float64)
    table = _table(owner, np.arange(owner.size), price, payoff, pl.Series("policy", [policy] * wallets))
    return MadeUpBets(table, np.full(wallets, edge))
