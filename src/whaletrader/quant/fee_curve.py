"""The taker fee as a float curve, for whole columns and inside kernels; `domain.fees` is the exact integer form.

It knows no schedules: rate, exponent and the price factor are plain numbers.
"""

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit

_FEE_TICKS = 1e5
_NUDGE = 1e-9


@njit(cache=True)  # type: ignore[untyped-decorator]
def fee_per_share(price: float, rate: float, exponent: int, times_price: bool) -> float:
    """Fee for one share at `price` before truncation: rate * [p] * (p(1-p))^exponent, in whole units.

    Parameters
    ----------
    price, rate : float
        Price in [0, 1]; rate in whole units (0.07).
    exponent : int
        Small and >= 0.
    times_price : bool
        Whether the price is a further factor.

    Returns
    -------
    float
        The fee in whole units of collateral. Source: the venue's fee documentation.
    """
    fee = rate
    for _ in range(exponent):
        fee *= price * (1.0 - price)
    return fee * price if times_price else fee


@njit(cache=True)  # type: ignore[untyped-decorator]
def taker_fee(price: float, size: float, rate: float, exponent: int, times_price: bool) -> float:
    """Fee of a fill in whole units, truncated at five decimals.

    A nudge of 1e-9 of a fee tick keeps float error from cutting a fee that is exactly on a tick; against the integer
    form the result may differ by one tick (0.00001) where the exact fee lies that close below one.
    """
    ticks = size * fee_per_share(price, rate, exponent, times_price) * _FEE_TICKS
    return float(np.floor(ticks * (1.0 + 1e-15) + _NUDGE) / _FEE_TICKS)


@njit(cache=True)  # type: ignore[untyped-decorator]
def taker_fees(
    prices: NDArray[np.float64],
    sizes: NDArray[np.float64],
    rates: NDArray[np.float64],
    exponents: NDArray[np.int64],
    times_price: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Columnar `taker_fee`: five arrays of shape (n,) to one of shape (n,), whole units."""
    fees = np.empty(prices.size, np.float64)
    for i in range(prices.size):
        fees[i] = taker_fee(prices[i], sizes[i], rates[i], exponents[i], times_price[i])
    return fees
