"""How an order of ours would have been filled: the model "later prints".

Our order takes part in what others traded after it arrived, at a price worse than theirs by a half-spread and an
impact that grows with our stake, and never in more than a share of each print. The leader's own prints, and whatever
was printed in his second or transaction, are not ours to take. Depth, queues and books are not modelled here.
"""

from math import isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from whaletrader.domain.amounts import SIZE_STEP_MICRO, floor_size
from whaletrader.domain.values import MICRO, NANOS

Ints = NDArray[np.int64]

IMPACT_MICRO = 4_000
"""Impact per share of a stake of `IMPACT_STAKE_MICRO`; it grows with the stake's square root."""
IMPACT_STAKE_MICRO = 1_000 * MICRO
PARTICIPATION_MICRO = 500_000
"""The share of a print that we may count as ours."""


class Match(NamedTuple):
    """One fill: which print, at what price, how many shares (micro-units)."""

    row: int
    price_micro: int
    size_micro: int


def not_ours(ts: Ints, wallet: NDArray[np.uint32], transaction: NDArray[np.uint32], leader: int, none: int) -> Ints:
    """Which prints are out of reach: the leader's, those of his seconds and transactions, and a match's second row.

    Parameters
    ----------
    ts : int64 array, shape (n,)
        Times, ascending.
    wallet, transaction : uint32 arrays, shape (n,)
        Codes; maker's and taker's row of one match share a transaction, only the first counts.
    leader : int
        The leader's wallet code, -1 where he has none.
    none : int
        The transaction code of a print that names none.

    Returns
    -------
    int64 array, shape (n,)
        1 where the print is excluded.
    """
    his: NDArray[np.bool_] = wallet.astype(np.int64) == leader
    seconds = ts // NANOS
    named = transaction != none
    excluded: NDArray[np.bool_] = (
        his | np.isin(seconds, seconds[his]) | (named & np.isin(transaction, transaction[his & named]))
    )
    eligible = np.flatnonzero(~excluded & named)
    _, first = np.unique(transaction[eligible], return_index=True)
    repeated = np.ones(eligible.size, np.bool_)
    repeated[first] = False
    excluded[eligible[repeated]] = True
    return excluded.astype(np.int64)


def step(prints: Ints, limit_micro: int, size_micro: int, participation_micro: int, is_buy: bool) -> list[Match]:
    """Fill one order from later prints, in their order; plain integers, because an order meets few prints.

    Parameters
    ----------
    prints : int64 array, shape (4, n)
        Rows: price of our token, size, half-spread (micro-units), and 1 where the print is not ours to take.
    limit_micro, size_micro : int
        The order's limit price and shares.
    participation_micro : int
        The share of a print that may be ours.
    is_buy : bool
        A BUY pays more than the print, a SELL gets less.

    Returns
    -------
    list of Match
        Shares have two decimals, at most `size_micro` in all; no price is beyond the limit or better than the print.
    """
    found: list[Match] = []
    left = size_micro
    for index, (price, printed, spread, excluded) in enumerate(prints.T.tolist()):
        if left < SIZE_STEP_MICRO:
            break
        take = floor_size(min(left, printed * participation_micro // MICRO))
        if excluded or take <= 0 or not 0 < price < MICRO:
            continue
        worse = spread + impact_micro(price * take // MICRO)
        ours = price + worse if is_buy else price - worse
        if 0 < ours < MICRO and (ours <= limit_micro if is_buy else ours >= limit_micro):
            found.append(Match(index, ours, take))
            left -= take
    return found


def impact_micro(stake_micro: int) -> int:
    """Impact per share of a stake: ``IMPACT_MICRO * sqrt(stake / IMPACT_STAKE_MICRO)``, rounded up in exact integers.

    Parameters
    ----------
    stake_micro : int
        Price times shares in micro-units, >= 0.

    Notes
    -----
    A square-root law in our own stake is an assumption: a tape of prints does not know the depth that they met.

    Examples
    --------
    >>> impact_micro(0), impact_micro(50_000_000), impact_micro(1_000_000_000)
    (0, 895, 4000)
    """
    square = -(-(IMPACT_MICRO**2) * stake_micro // IMPACT_STAKE_MICRO)
    return isqrt(square - 1) + 1 if square > 0 else 0
