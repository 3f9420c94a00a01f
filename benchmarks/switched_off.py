"""Leaders with an edge, half of whom lose it at a known bet: the streams that the pruning rules are judged on.

SIMULATED. Yes-or-no payoffs at prices 0.1-0.9, bets of one event group settled by one draw, costs of the follower; each
leader is first judged on a history, as a scan would, and only who passes is followed. No clock and no market is here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whaletrader.quant.mixture_prior import mixture_shrink

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEADERS = 200
"""Judged per seed and edge; about as many without any edge are judged beside them."""
HISTORY_BETS = (100, 300)
ON_BETS = (50, 250)
AFTER_BETS = 300
MORE_IN_GROUP = 1 / 3
"""Chance that an event group has one bet more: 1.5 bets on average."""
Z95 = 1.6448536269514722


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Who was followed: what was promised of each, and what came; arrays of shape (leaders, groups), NaN at the end.

    `share` is the follower's proceeds per share, `cost` his all-in price, both means over the group's bets; `bets`
    counts the bets up to and including the group. `switch` is the bet from which the edge is gone, and `off` who lost
    it. `spread` is the deviation of a group's edge in the history.
    """

    edge: Floats
    mean: Floats
    promised: Floats
    lower: Floats
    spread: Floats
    groups: Ints
    switch: Ints
    off: NDArray[np.bool_]
    share: Floats
    cost: Floats
    bets: Floats


def followed_leaders(edges: Floats, seed: int) -> Followed:
    """Make the leaders of a seed with these net edges per share, shape (n,), judge them, and follow who passes."""
    rng = np.random.default_rng(seed)
    n = edges.size
    everyone = np.concatenate([edges, np.full(n, -0.015)])
    lengths = rng.integers(*HISTORY_BETS, everyone.size)
    history = [_stream(rng, edge, bets, bets) for edge, bets in zip(everyone, lengths, strict=True)]
    means = np.array([float((share - cost).mean()) for share, cost, _ in history])
    spread = np.array([float((share - cost).std(ddof=1)) for share, cost, _ in history])
    groups = np.array([share.size for share, _, _ in history])
    errors = spread / np.sqrt(groups)
    promised, lower = mixture_shrink(means, errors).means, means - Z95 * errors
    passed = np.flatnonzero((lower[:n] > 0.0) & (promised[:n] > 0.0))
    off = np.zeros(n, np.bool_)
    off[rng.permutation(n)[: n // 2]] = True
    on = rng.integers(*ON_BETS, n)
    streams = [_stream(rng, edges[i], on[i] + AFTER_BETS, on[i] if off[i] else 2**40) for i in passed]
    return Followed(
        edge=edges[passed], mean=means[passed], promised=promised[passed], lower=lower[passed], spread=spread[passed],
        groups=groups[passed], switch=on[passed], off=off[passed],
        share=_padded([s for s, _, _ in streams]),
        cost=_padded([c for _, c, _ in streams]),
        bets=_padded([b for _, _, b in streams]),
    )  # fmt: skip


def _stream(rng: np.random.Generator, edge: float, n_bets: int, switch: int) -> tuple[Floats, Floats, Floats]:
    """Proceeds and cost per event group, and the bets so far; from bet `switch` on the price is right."""
    price = rng.uniform(0.1, 0.9, n_bets)
    cost = price + 0.01 + 0.02 * price * (1.0 - price)  # half-spread and taker fee
    group = np.cumsum(rng.random(n_bets) >= MORE_IN_GROUP)
    group -= group[0]
    draw = rng.random(int(group[-1]) + 1)[group]
    chance = np.where(np.arange(n_bets) < switch, np.clip(cost + edge, 0.0, 1.0), price)
    count = np.bincount(group).astype(np.float64)
    share = np.bincount(group, (draw < chance).astype(np.float64)) / count
    return share, np.bincount(group, cost) / count, np.cumsum(count)


def _padded(rows: list[Floats]) -> Floats:
    out = np.full((len(rows), max((row.size for row in rows), default=0)), np.nan)
    for index, row in enumerate(rows):
        out[index, : row.size] = row
    return out
