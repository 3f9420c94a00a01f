"""What a follower expects to pay or get for a copy, how far the price has drifted, and how far he goes: exact integers.

The leader's own price anchors these numbers; it is never the price of our fill. Follower returns over whole tables are
`universe`'s.
"""

from dataclasses import dataclass

from whaletrader.domain.amounts import price_within
from whaletrader.domain.values import MICRO, Side

GREATEST_EDGE_DIVISOR = 2
"""An edge counts as at most half of all that can be won at a price."""


@dataclass(frozen=True, slots=True)
class PriceView:
    """What is known of a token's price when a leader's event arrives; -1 stands for unknown.

    Parameters
    ----------
    leader_micro : int
        The leader's price of a fill, or the market's price when a position was found.
    others_micro : int
        The newest fresh print of somebody else, -1 if none.
    bid_micro, ask_micro : int
        Fresh quote, -1 where unknown.
    assumed_half_spread_micro : int
        What `domain.spread` says; used where the quote is not known on both sides, and as what scoring charged.
    """

    leader_micro: int
    others_micro: int
    bid_micro: int
    ask_micro: int
    assumed_half_spread_micro: int

    @property
    def half_spread_micro(self) -> int:
        """Half of the quoted spread, rounded up, else the assumed one."""
        if self.bid_micro >= 0 and self.ask_micro >= self.bid_micro:
            return (self.ask_micro - self.bid_micro + 1) // 2
        return self.assumed_half_spread_micro


def reference_price_micro(side: Side, view: PriceView) -> int | None:
    """Price that a taker expects: the worse of the known prices, and the half-spread on top.

    Parameters
    ----------
    side : Side
        BUY enters, SELL exits.
    view : PriceView
        Prices in micro-units.

    Returns
    -------
    int or None
        Micro-units per share, not yet on the tick and perhaps outside (0, 1); None when no price is known at all.
    """
    known = [price for price in (view.leader_micro, view.others_micro) if price >= 0]
    if side is Side.BUY:
        quotes = [view.ask_micro] if view.ask_micro >= 0 else []
        worst = [max(known) + view.half_spread_micro] if known else []
        return max(worst + quotes, default=None)
    quotes = [view.bid_micro] if view.bid_micro >= 0 else []
    worst = [min(known) - view.half_spread_micro] if known else []
    return min(worst + quotes, default=None)


def adverse_drift_micro(reference_micro: int, view: PriceView) -> int:
    """How much more a buyer pays than scoring assumed (leader's price, assumed half-spread); micro-units, >= 0."""
    return max(0, reference_micro - view.leader_micro - view.assumed_half_spread_micro)


def greatest_edge_micro(reference_micro: int, fee_micro: int) -> int:
    """Largest edge per share that is believed at a price.

    Parameters
    ----------
    reference_micro, fee_micro : int
        Expected price and taker fee of one share, in micro-units.

    Returns
    -------
    int
        Half of 1 - price - fee: a leader's mean edge over all his prices says little where almost nothing can be won.
    """
    return (MICRO - reference_micro - fee_micro) // GREATEST_EDGE_DIVISOR


def limit_price_micro(side: Side, reference_micro: int, slippage_micro: int, tick_micro: int) -> int:
    """Worst price of an order: the reference and the slippage, on the tick and never beyond either.

    Parameters
    ----------
    side : Side
        A BUY's limit is rounded down to the tick, a SELL's up.
    reference_micro, slippage_micro, tick_micro : int
        Micro-units; tick > 0 divides 1.

    Returns
    -------
    int
        A multiple of the tick in [tick, 1 - tick].

    Examples
    --------
    >>> limit_price_micro(Side.BUY, 515_000, 20_000, 10_000), limit_price_micro(Side.SELL, 515_000, 20_000, 10_000)
    (530000, 500000)
    """
    worst = reference_micro + (slippage_micro if side is Side.BUY else -slippage_micro)
    limit = price_within(side, min(max(worst, tick_micro), MICRO - tick_micro), tick_micro)
    assert limit is not None, (worst, tick_micro)
    return limit


def is_tradable(price_micro: int, tick_micro: int) -> bool:
    """Whether a price lies within [tick, 1 - tick]; all in micro-units."""
    return tick_micro <= price_micro <= MICRO - tick_micro
