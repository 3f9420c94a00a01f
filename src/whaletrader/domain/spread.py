"""The half-spread that is assumed where no quote is known: a committed table by price band and category.

The table is computed from real books, once: the 75th percentile of the half-spread over book snapshots, by distance
d = min(p, 1-p) of the mid from the nearer end, quotes wider than 0.20 left out.

- *Sports*: 1,785 full snapshots of 30 tokens of 18 baseball games, June 2025. The row is the widest of all sources, so
  every category without books of its own gets it too (120 REST books of 20 tokens, March 2026, lie below it in every
  band that they hold).
- *Crypto*: 786 snapshots of 58 tokens of short up/down markets, April 2026; the bands between 0.2 and 0.4, which it
  does not hold, take its widest value, and so does the one below them.

A capture of 15-minute crypto quotes was left out: it reports the far ends of the book (0.01 and 0.99) as best.
This file assumes; it never stands in for a quote that is known.
"""

from bisect import bisect_left

from whaletrader.domain.values import MICRO

BAND_UPPER_MICRO: tuple[int, ...] = (20_000, 50_000, 100_000, 200_000, 300_000, 400_000, 500_000)
"""Upper ends, inclusive, of the bands of d = min(p, 1-p)."""
DEFAULT_HALF_SPREAD_MICRO: tuple[int, ...] = (5_000, 17_500, 20_000, 15_000, 15_000, 15_000, 20_000)
"""Half-spread by band for every category without a row of its own."""
HALF_SPREAD_MICRO: dict[str, tuple[int, ...]] = {
    "crypto": (5_000, 5_000, 5_000, 10_000, 10_000, 10_000, 10_000),
    "sports": DEFAULT_HALF_SPREAD_MICRO,
}
"""Half-spread by band, by category."""


def half_spread_row(category: str) -> tuple[int, ...]:
    """Half-spreads of a category in micro-units, one per band of `BAND_UPPER_MICRO` (for columnar use)."""
    return HALF_SPREAD_MICRO.get(category, DEFAULT_HALF_SPREAD_MICRO)


def half_spread_micro(price_micro: int, category: str) -> int:
    """Half-spread assumed at a price.

    Parameters
    ----------
    price_micro : int
        Price of the token in micro-units, 0 <= price <= 1.
    category : str
        The market's category; an unknown one gets the default row.

    Returns
    -------
    int
        Micro-units per share; the same for a token and its complement.

    Notes
    -----
    Source: book snapshots, see the module's docstring. The columnar form is
    ``np.searchsorted(BAND_UPPER_MICRO, np.minimum(p, MICRO - p), side="left")`` into `half_spread_row`.

    Examples
    --------
    >>> half_spread_micro(530_000, "sports"), half_spread_micro(30_000, "crypto")
    (20000, 5000)
    """
    assert 0 <= price_micro <= MICRO, price_micro
    return half_spread_row(category)[bisect_left(BAND_UPPER_MICRO, min(price_micro, MICRO - price_micro))]
