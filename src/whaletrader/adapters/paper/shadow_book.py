"""A market's public book as paper orders meet it: what others show, less what paper orders took, and who waits where.

Both outcomes are kept on the axis of outcome 0. A level that paper orders took from stays so much smaller until it is
gone from the public book: nobody refilled it for us.
"""

from dataclasses import dataclass

from whaletrader.domain.book import TokenBook
from whaletrader.domain.matching import price_time as core
from whaletrader.domain.matching.price_time import ASK, BID, Command, Fill
from whaletrader.domain.values import MICRO, Side

_SIDES = (Side.BUY, Side.SELL)


@dataclass(slots=True)
class Resting:
    """A paper order that waits in the book, by its place on the axis of outcome 0."""

    order_hash: str
    axis: int
    price_micro: int
    """Of outcome 0."""
    left_micro: int
    ahead_micro: int
    """Shares of others that were there before; -1 where the book was not known when it came."""
    leader_wallet: str = ""


class ShadowBook:
    """The public book of one market with paper orders in it."""

    def __init__(self, token_ids: tuple[str, ...], tick_micro: int) -> None:
        self._outcome = {token: outcome for outcome, token in enumerate(token_ids)}
        self._book = TokenBook(tick_micro)
        self._taken: dict[tuple[int, int], int] = {}
        self.known = False
        """Whether a snapshot has come."""

    @property
    def tick_micro(self) -> int:
        """The tick in force."""
        return self._book.tick_micro

    def place(self, token_id: str, side: str, price_micro: int) -> tuple[int, int]:
        """Return an order's or a level's axis, and its price of outcome 0."""
        outcome = self._outcome[token_id]
        return core.axis_of(side, outcome), price_micro if outcome == 0 else MICRO - price_micro

    def reset(self, token_id: str, bids: list[tuple[int, int]], asks: list[tuple[int, int]], tick_micro: int) -> None:
        """Take a snapshot of either token; `tick_micro` -1 keeps the tick."""
        self.set_tick(tick_micro)
        if self._outcome[token_id] == 1:
            bids, asks = ([(MICRO - price, size) for price, size in side] for side in (asks, bids))
        self._book.reset(bids, asks)
        for axis, price in list(self._taken):
            self._forget_gone(axis, price)
        self.known = True

    def set_level(self, token_id: str, side: str, price_micro: int, size_micro: int) -> tuple[int, int]:
        """Take a changed level; return its (axis, price of outcome 0)."""
        axis, price = self.place(token_id, side, price_micro)
        self._book.set(_SIDES[axis], price, size_micro)
        self._forget_gone(axis, price)
        return axis, price

    def set_tick(self, tick_micro: int) -> None:
        """Go over to another tick."""
        if tick_micro > 0 and tick_micro != self._book.tick_micro:
            self._book.set_tick(tick_micro)

    def shown(self, axis: int, price_micro: int) -> int:
        """Return the shares of others at a price, less what paper orders took of them."""
        shown = self._book.size_at(_SIDES[axis], price_micro)
        return max(0, shown - self._taken.get((axis, price_micro), 0))

    def crosses(self, axis: int, price_micro: int) -> bool:
        """Whether public orders stand at or beyond an order's price (price of outcome 0)."""
        bid, ask = self._book.best()
        return ask <= price_micro if axis == BID else bid >= price_micro

    def offers(self, axis: int, limit_micro: int) -> list[tuple[int, int]]:
        """Return what an order of `axis` with this limit (price of outcome 0) meets: (price, shares), best first."""
        other = 1 - axis
        rows = reversed(self._book.levels(_SIDES[other]))
        met = [(price, self.shown(other, price)) for price, _ in rows]
        return [
            (price, size)
            for price, size in met
            if size > 0 and (price <= limit_micro if axis == BID else price >= limit_micro)
        ]

    def match(self, token_id: str, side: str, price_micro: int, size_micro: int, mode: int) -> tuple[int, list[Fill]]:
        """Match an incoming paper order with the matching core; return the shares left and its fills.

        Every public level stands in the core's book as one order. What was taken is remembered.
        """
        outcome = self._outcome[token_id]
        axis, limit = self.place(token_id, side, price_micro)
        tick = self._book.tick_micro
        offers = self.offers(axis, limit)
        book = core.new_book(tick, len(offers) + 1)
        for price, size in offers:
            core.step(book, Command(1 - axis, price // tick, 0, min(size, core.MAX_AMOUNT), -1, core.REST))
        left, fills = core.step(book, Command(axis, limit // tick, outcome, size_micro, -1, mode))[1:]
        for fill in fills:
            self.take(1 - axis, fill.level * tick, fill.size_micro)
        return left, fills

    def take(self, axis: int, price_micro: int, size_micro: int) -> None:
        """Remember that a paper order took shares of a public level."""
        self._taken[axis, price_micro] = self._taken.get((axis, price_micro), 0) + size_micro

    def price_of(self, token_id: str, level: int) -> int:
        """Return a token's own price at a level of the core's book."""
        return core.price_of(level, self._outcome[token_id], self._book.tick_micro)

    def fits(self, price_micro: int) -> bool:
        """Whether a price is a multiple of the tick in force."""
        return price_micro % self._book.tick_micro == 0

    def best(self, token_id: str) -> tuple[int, int]:
        """Return a token's best public bid (0 if none) and ask (1000000 if none)."""
        bid, ask = self._book.best()
        return (bid, ask) if self._outcome[token_id] == 0 else (MICRO - ask, MICRO - bid)

    def _forget_gone(self, axis: int, price_micro: int) -> None:
        if not self._book.size_at(_SIDES[axis], price_micro):
            self._taken.pop((axis, price_micro), None)


def filled_by_print(resting: Resting, taker_axis: int, price_micro: int, size_micro: int) -> int:
    """Return how many shares of a print a resting order gets; the queue before it is served first.

    Parameters
    ----------
    resting : Resting
        Its queue is shortened by what is served.
    taker_axis : int
        The axis of whoever crossed: the print is of use to the other axis only.
    price_micro, size_micro : int
        The print: price of outcome 0, shares.

    Notes
    -----
    A print beyond the order's own price went through it: the order would have been served in full before.
    """
    if taker_axis == resting.axis or resting.ahead_micro < 0:
        return 0
    better = price_micro - resting.price_micro if resting.axis == ASK else resting.price_micro - price_micro
    if better < 0:
        return 0
    if better > 0:
        resting.ahead_micro = 0
    served = min(resting.ahead_micro, size_micro)
    resting.ahead_micro -= served
    return min(resting.left_micro, size_micro - served)
