"""How large an order may be: fractional Kelly, cost, and the largest size on the venue's step that a rule admits.

Everything is exact integer arithmetic in micro-units; no rule lives here, only what rules need.
"""

from collections.abc import Callable

from whaletrader.domain.amounts import MIN_MARKETABLE_MICRO, SIZE_STEP_MICRO, USUAL_MIN_ORDER_MICRO, floor_size
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.values import MICRO, Side

_FEE_TICK_MICRO = 10


def cost_micro(fee: FeeSchedule, price_micro: int, size_micro: int) -> int:
    """Greatest collateral that a BUY of `size_micro` shares at `price_micro` or better takes, taker fee included.

    Parameters
    ----------
    fee : FeeSchedule
        The market's schedule.
    price_micro, size_micro : int
        Worst price and shares, micro-units.

    Returns
    -------
    int
        Rounded up. A better price costs less, fee included, because a schedule's fee never falls faster than the price.
    """
    return -(-price_micro * size_micro // MICRO) + taker_fee_micro(fee, price_micro, size_micro)


def all_in_price_micro(fee: FeeSchedule, price_micro: int) -> int:
    """Price and taker fee of one share, rounded up to the venue's fee tick."""
    per_share = taker_fee_micro(fee, price_micro, MICRO)
    return price_micro + per_share + (_FEE_TICK_MICRO if fee.rate_micro else 0)


def kelly_size_micro(fraction_micro: int, equity_micro: int, edge_micro: int, all_in_micro: int) -> int:
    """Shares that fractional Kelly stakes on.

    Parameters
    ----------
    fraction_micro : int
        Fraction of full Kelly in micro (250000 is a quarter).
    equity_micro : int
        Wealth in micro-units.
    edge_micro : int
        Expected payout per share less its all-in price: shrunk and net of costs.
    all_in_micro : int
        Price and costs per share, in (0, 1).

    Returns
    -------
    int
        k * edge / (1 - c) of wealth, divided by c, rounded down; 0 without an edge, never a floor. Kelly (1956),
        doi:10.1002/j.1538-7305.1956.tb03809.x.

    Examples
    --------
    >>> kelly_size_micro(250_000, 10_000_000_000, 50_000, 500_000)
    500000000
    """
    if edge_micro <= 0 or equity_micro <= 0 or not 0 < all_in_micro < MICRO:
        return 0
    return fraction_micro * edge_micro * equity_micro // ((MICRO - all_in_micro) * all_in_micro)


def affordable_size_micro(budget_micro: int, fee: FeeSchedule, price_micro: int) -> int:
    """Largest size on the venue's step whose `cost_micro` is within a budget; 0 where nothing is."""
    if budget_micro <= 0:
        return 0
    dearest = price_micro + taker_fee_micro(fee, price_micro, MICRO) + _FEE_TICK_MICRO
    surely = floor_size(budget_micro * MICRO // dearest)
    slack = surely * 2 * _FEE_TICK_MICRO // price_micro
    return largest_size(
        lambda size: cost_micro(fee, price_micro, size) <= budget_micro,
        surely,
        floor_size(surely + slack + 2 * SIZE_STEP_MICRO),
    )


def minimum_size_micro(side: Side, price_micro: int, min_order_micro: int) -> int:
    """Least size on the venue's step that it takes: the order may rest (shares) and, for a BUY, may cross (one dollar).

    Parameters
    ----------
    side : Side
        The dollar minimum holds for a BUY only.
    price_micro : int
        Limit price in micro-units.
    min_order_micro : int
        The market's minimum in shares, -1 where unknown (five shares are then assumed).
    """
    least = USUAL_MIN_ORDER_MICRO if min_order_micro < 0 else max(min_order_micro, SIZE_STEP_MICRO)
    if side is Side.BUY:
        least = max(least, -(-MIN_MARKETABLE_MICRO * MICRO // price_micro))
    return -(-least // SIZE_STEP_MICRO) * SIZE_STEP_MICRO


def largest_size_below(excess: Callable[[int], int], least_micro: int, most_micro: int) -> int:
    """Largest size on the venue's step at which a convex risk stays below its limit.

    Parameters
    ----------
    excess : callable
        Risk less limit at a size; convex, negative at `least_micro`.
    least_micro, most_micro : int
        Micro-units on the venue's step.

    Returns
    -------
    int
        A size whose excess is negative while the next step's is not (or `most_micro`): the chord of a convex function
        crosses zero too early, so each chord raises the lower end; every third step halves what is left.
    """
    low, high = least_micro // SIZE_STEP_MICRO, most_micro // SIZE_STEP_MICRO
    at_low, at_high = excess(least_micro), excess(most_micro) if high > low else -1
    if at_high < 0:
        return max(most_micro, least_micro)
    turn = 0
    while high - low > 1:
        turn += 1
        chord = low + (high - low) * -at_low // (at_high - at_low)
        place = ((low + high) // 2, chord, low + 1)[turn % 3]
        place = min(max(place, low + 1), high - 1)
        found = excess(place * SIZE_STEP_MICRO)
        if found < 0:
            low, at_low = place, found
        else:
            high, at_high = place, found
    return low * SIZE_STEP_MICRO


def largest_size(admissible: Callable[[int], bool], least_micro: int, most_micro: int) -> int:
    """Largest admissible size on the venue's step between two sizes, of which the lesser is known to be admissible.

    Parameters
    ----------
    admissible : callable
        Whether a size is; if one is, so is every lesser one down to `least_micro`.
    least_micro, most_micro : int
        Micro-units on the venue's step.

    Returns
    -------
    int
        Found by bisection; always a size that `admissible` said yes to (or `least_micro`).
    """
    if most_micro <= least_micro or admissible(most_micro):
        return max(most_micro, least_micro)
    low, high = least_micro // SIZE_STEP_MICRO, most_micro // SIZE_STEP_MICRO
    while high - low > 1:
        middle = (low + high) // 2
        if admissible(middle * SIZE_STEP_MICRO):
            low = middle
        else:
            high = middle
    return low * SIZE_STEP_MICRO
