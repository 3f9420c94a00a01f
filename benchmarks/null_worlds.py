"""Made-up wallets without any skill, for validating tests: bets settle together and stakes have a fat tail.

A bet pays 1 with the chance of its all-in price, so that its edge per share has mean nought. Bets of one event group
are on one outcome at one price and go the same way. Nothing here reads data or knows a pipeline.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whaletrader.quant.bounded_mean import Clusters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TAIL = 1.3
"""Hill's index of the stakes: their mean exists, their variance does not."""
BANDS = {"0.05-0.30": (0.05, 0.30), "0.30-0.70": (0.30, 0.70), "0.70-0.95": (0.70, 0.95)}
BETS_MOST = 4


@dataclass(frozen=True, slots=True, eq=False)
class Wallets:
    """Arrays of shape (wallets, event groups): price, payoff (0 or 1), number of bets and stake of each group."""

    price: Floats
    payoff: Floats
    bets: Ints
    stake: Floats

    def edges(self) -> Floats:
        """Edge per share of each group, in [-1, 1]."""
        return self.payoff - self.price

    def profits(self) -> Floats:
        """Profit of each group in stakes of one: the stake over the price buys so many shares."""
        return self.stake * (self.payoff / self.price - 1.0)

    def clusters(self) -> Clusters:
        """The same as clusters of several bets, one wallet after the other."""
        wallets, groups = self.price.shape
        bets = self.bets.ravel()
        return Clusters(
            np.arange(wallets + 1) * groups, bets, self.payoff.ravel() * bets, self.price.ravel() * bets
        )  # fmt: skip


def unskilled(rng: np.random.Generator, wallets: int, groups: int, band: str, *, edge: float = 0.0) -> Wallets:
    """Wallets that bet on groups of their own; `edge` is added to each chance of winning, 0 for no skill."""
    price = rng.uniform(*BANDS[band], (wallets, groups))
    payoff = (rng.random((wallets, groups)) < price + edge).astype(np.float64)
    bets = rng.integers(1, BETS_MOST + 1, (wallets, groups))
    return Wallets(price, payoff, bets, (1.0 - rng.random((wallets, groups))) ** (-1.0 / TAIL))


def herd(
    rng: np.random.Generator, wallets: int, groups: int, events: int, band: str, *, habits: bool = False
) -> Wallets:
    """Wallets that bet on the same `events`, either side, in the order of time: their results depend on each other.

    Time is cut into `groups` equal stretches, and each wallet takes one event of each. With `habits`, a wallet takes
    the same side nine times in ten: like-minded wallets gain and lose together.
    """
    low, high = BANDS[band]
    yes = rng.uniform(low, high, events)
    happened = rng.random(events) < yes
    stretch = events // groups
    picked = np.arange(groups) * stretch + rng.integers(0, stretch, (wallets, groups))
    # Who takes the other side pays what is left of one share, or prices would not be the chances.
    leaning = rng.choice([0.1, 0.9], (wallets, 1)) if habits else 0.5
    other = rng.random((wallets, groups)) < leaning
    price = np.where(other, 1.0 - yes[picked], yes[picked])
    payoff = (happened[picked] != other).astype(np.float64)
    bets = rng.integers(1, BETS_MOST + 1, (wallets, groups))
    return Wallets(price, payoff, bets, (1.0 - rng.random((wallets, groups))) ** (-1.0 / TAIL))


def normal_days(rng: np.random.Generator, wallets: int, days: int, coefficient: float = 0.0) -> Floats:
    """Daily returns of mean nought, normal, each day remembering the one before by `coefficient`."""
    values = rng.standard_normal((wallets, days + 50))
    for day in range(1, days + 50):
        values[:, day] += coefficient * values[:, day - 1]
    return values[:, 50:]
