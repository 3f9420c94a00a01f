"""Maker and taker amounts of an order by the market's tick, in exact integers: no float ever touches a price.

What the venue demands: prices are multiples of the tick inside [tick, 1 - tick], shares have two decimals, amounts
have as many decimals as the tick allows. Minimum sizes are judged here too; whether an order is wise is not.
"""

from dataclasses import dataclass

from whaletrader.domain.values import MICRO, Side

AMOUNT_DECIMALS: dict[int, int] = {100_000: 3, 10_000: 4, 5_000: 5, 2_500: 6, 1_000: 5, 100: 6}
"""Decimals of the computed amount by tick in micro-units (venue documentation, "Ticks and rounding")."""
FINEST_TICK_MICRO = min(AMOUNT_DECIMALS)
"""No market's price is below it."""
USUAL_TICK_MICRO = 10_000
"""The venue's usual tick, taken where a source does not tell it."""
SIZE_STEP_MICRO = 10_000
"""Shares have two decimals."""
USUAL_MIN_ORDER_MICRO = 5 * MICRO
"""Smallest resting order in shares where a source does not tell it."""
MIN_MARKETABLE_MICRO = MICRO
"""Smallest notional of a BUY that crosses: one dollar after rounding."""
_GUARD_DECIMALS = 4
"""A quotient is rounded up this many decimals beyond its last before it is cut."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What the maker gives and wants, in base units (10^-6)."""

    maker: int
    taker: int


def known_tick(tick_micro: int) -> int:
    """Return a usable tick: the given one, or the venue's usual one where it is unknown or no tick of the venue."""
    return tick_micro if tick_micro in AMOUNT_DECIMALS else USUAL_TICK_MICRO


def floor_size(size_micro: int) -> int:
    """Cut shares to two decimals, towards zero."""
    return size_micro // SIZE_STEP_MICRO * SIZE_STEP_MICRO


def price_within(side: Side, worst_price_micro: int, tick_micro: int) -> int | None:
    """Best admissible limit price that is no worse than `worst_price_micro`.

    Parameters
    ----------
    side : Side
        BUY rounds down to the tick, SELL rounds up.
    worst_price_micro : int
        Greatest price of a BUY, least of a SELL, in micro-units.
    tick_micro : int
        The market's tick in micro-units.

    Returns
    -------
    int or None
        A multiple of the tick inside [tick, 1 - tick], None where there is none.
    """
    low, high = tick_micro, MICRO - tick_micro
    if side is Side.BUY:
        price = min(worst_price_micro // tick_micro * tick_micro, high)
        return price if price >= low else None
    price = max(-(-worst_price_micro // tick_micro) * tick_micro, low)
    return price if price <= high else None


def limit_amounts(side: Side, price_micro: int, size_micro: int, tick_micro: int) -> Amounts:
    """Amounts of a limit order; shares are cut to two decimals first.

    Parameters
    ----------
    side : Side
        BUY gives collateral for shares, SELL gives shares for collateral.
    price_micro, size_micro, tick_micro : int
        Micro-units; the price must be a multiple of a tick of `AMOUNT_DECIMALS` inside [tick, 1 - tick].

    Returns
    -------
    Amounts
        Exact: at these decimals the product of price and shares needs no rounding.

    Examples
    --------
    >>> limit_amounts(Side.BUY, 570_000, 17_770_000, 10_000)
    Amounts(maker=10128900, taker=17770000)
    """
    _check_price(price_micro, tick_micro)
    shares = floor_size(size_micro)
    collateral, rest = divmod(price_micro * shares, MICRO)
    assert rest == 0, (price_micro, shares)
    return Amounts(collateral, shares) if side is Side.BUY else Amounts(shares, collateral)


def market_amounts(side: Side, price_micro: int, quantity_micro: int, tick_micro: int) -> Amounts:
    """Amounts of a FOK or FAK order: a BUY spends `quantity_micro` of collateral, a SELL sells so many shares.

    Parameters
    ----------
    side : Side
        What the quantity means: collateral for a BUY, shares for a SELL; both are cut to two decimals.
    price_micro, quantity_micro, tick_micro : int
        Micro-units; the price as for `limit_amounts`.

    Returns
    -------
    Amounts
        Shares wanted are rounded up four decimals beyond the tick's amount decimals, then cut there.

    Examples
    --------
    >>> market_amounts(Side.BUY, 570_000, 5_000_000, 10_000)
    Amounts(maker=5000000, taker=8771900)
    """
    _check_price(price_micro, tick_micro)
    given = floor_size(quantity_micro)
    if side is Side.SELL:
        return Amounts(given, price_micro * given // MICRO)
    decimals = AMOUNT_DECIMALS[tick_micro]
    guarded = -(-given * 10 ** (decimals + _GUARD_DECIMALS) // price_micro)
    return Amounts(given, guarded // 10**_GUARD_DECIMALS * 10 ** (6 - decimals))


def most_shares(collateral_micro: int) -> int:
    """Most shares that a FOK or FAK BUY can bring: it spends its collateral whatever the price, down to the least one.

    Parameters
    ----------
    collateral_micro : int
        What it spends, micro-units.

    Returns
    -------
    int
        Micro-units; by the finest tick of all, since a market's tick may become finer while the order is on its way.
    """
    return collateral_micro * MICRO // FINEST_TICK_MICRO


def below_minimum(side: Side, price_micro: int, size_micro: int, min_order_micro: int) -> bool:
    """Whether the venue would refuse a resting order as too small (shares), or a crossing BUY (one dollar).

    Parameters
    ----------
    side : Side
        The dollar minimum holds for a BUY only.
    price_micro, size_micro : int
        Limit price and shares in micro-units.
    min_order_micro : int
        The market's minimum in shares, -1 where unknown (five shares are then assumed).
    """
    minimum = USUAL_MIN_ORDER_MICRO if min_order_micro < 0 else min_order_micro
    if size_micro <= 0 or size_micro < minimum:
        return True
    return side is Side.BUY and price_micro * size_micro < MIN_MARKETABLE_MICRO * MICRO


def _check_price(price_micro: int, tick_micro: int) -> None:
    assert tick_micro in AMOUNT_DECIMALS, tick_micro
    assert tick_micro <= price_micro <= MICRO - tick_micro, price_micro
    assert price_micro % tick_micro == 0, (price_micro, tick_micro)
