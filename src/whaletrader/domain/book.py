"""A token's order book as its public feed tells it: shares by level in integer ticks, snapshots and deltas; numba.

Whose orders they are, queues and matching are not known here (`matching.price_time`); gaps are the caller's to notice.
"""

import numpy as np
from numpy.typing import NDArray

from whaletrader.domain.matching.price_time import levels_of
from whaletrader.domain.values import MICRO, Side
from whaletrader.kernels import njit

Ints = NDArray[np.int64]
BIDS, ASKS = 0, 1
SIDE_CODES = {Side.BUY: BIDS, Side.SELL: ASKS}


class TokenBook:
    """One token's levels; prices off its tick are counted and left out.

    Parameters
    ----------
    tick_micro : int
        The market's tick in micro-units.
    """

    def __init__(self, tick_micro: int) -> None:
        self._tick = tick_micro
        n = levels_of(tick_micro)
        self._sizes = np.zeros((2, n + 1), np.int64)
        self._best = np.array([0, n], np.int64)
        self.refused = 0
        """Levels that were left out so far."""

    @property
    def tick_micro(self) -> int:
        """The tick it is kept in."""
        return self._tick

    def reset(self, bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> int:
        """Take a snapshot, (price, size) in micro-units in any order; return how many levels were left out."""
        self._sizes[:] = 0
        self._best[:] = 0, self._sizes.shape[1] - 1
        rows = np.array([*bids, *asks], np.int64).reshape(-1, 2)
        sides = np.repeat(np.array([BIDS, ASKS], np.int64), [len(bids), len(asks)])
        return self.apply(sides, np.ascontiguousarray(rows[:, 0]), np.ascontiguousarray(rows[:, 1]))

    def apply(self, sides: Ints, prices_micro: Ints, sizes_micro: Ints) -> int:
        """Take changed levels, oldest first; return how many were left out.

        Parameters
        ----------
        sides : int64 array, shape (n,)
            `BIDS` or `ASKS`.
        prices_micro, sizes_micro : int64 arrays, shape (n,)
            A level's price and its new total; 0 shares: the level is gone.
        """
        refused = int(_apply(self._sizes, self._best, sides, prices_micro, sizes_micro, self._tick))
        self.refused += refused
        return refused

    def set(self, side: str, price_micro: int, size_micro: int) -> bool:
        """Take one changed level; False where it was left out."""
        code = SIDE_CODES[Side(side)]
        taken = bool(_set_level(self._sizes, self._best, code, price_micro, size_micro, self._tick))
        self.refused += not taken
        return taken

    def set_tick(self, tick_micro: int) -> int:
        """Go over to another tick; return how many levels do not fit into it and are gone."""
        bids, asks = self.levels(Side.BUY), self.levels(Side.SELL)
        n = levels_of(tick_micro)
        self._tick, self._sizes = tick_micro, np.zeros((2, n + 1), np.int64)
        return self.reset(bids, asks)

    def best(self) -> tuple[int, int]:
        """Return the best bid (0 if none) and the best ask (1000000 if none)."""
        return int(self._best[BIDS]) * self._tick, int(self._best[ASKS]) * self._tick

    def size_at(self, side: str, price_micro: int) -> int:
        """Return the shares at a price; 0 off the tick."""
        level, rest = divmod(price_micro, self._tick)
        return 0 if rest or not 0 < price_micro < MICRO else int(self._sizes[SIDE_CODES[Side(side)], level])

    def levels(self, side: str) -> list[tuple[int, int]]:
        """Return (price, size) of a side as the venue lists them: the best is the last."""
        code = SIDE_CODES[Side(side)]
        found = np.flatnonzero(self._sizes[code])
        if code == ASKS:
            found = found[::-1]
        return list(zip((found * self._tick).tolist(), self._sizes[code, found].tolist(), strict=True))

    def is_crossed(self) -> bool:
        """Whether a bid is at or above an ask: something was missed."""
        bid, ask = self.best()
        return bid >= ask


@njit(cache=True)  # type: ignore[untyped-decorator]
def _set_level(sizes: Ints, best: Ints, side: int, price: int, amount: int, tick: int) -> bool:
    last = sizes.shape[1] - 1
    level = price // tick
    if level * tick != price or level <= 0 or level >= last or amount < 0 or side < 0 or side > 1:
        return False
    sizes[side, level] = amount
    if amount > 0:
        if (level > best[0]) if side == 0 else (level < best[1]):
            best[side] = level
    elif level == best[side]:
        move = -1 if side == 0 else 1
        while 0 < level < last and sizes[side, level] == 0:
            level += move
        best[side] = level
    return True


@njit(cache=True)  # type: ignore[untyped-decorator]
def _apply(sizes: Ints, best: Ints, sides: Ints, prices: Ints, amounts: Ints, tick: int) -> int:
    refused = 0
    for row in range(sides.shape[0]):
        if not _set_level(sizes, best, sides[row], prices[row], amounts[row], tick):
            refused += 1
    return refused
