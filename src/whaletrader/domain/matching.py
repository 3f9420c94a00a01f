"""How an order of ours would have been filled: the model "later prints".

Our order takes part in what others traded after it arrived, at a price worse than theirs by a half-spread and an
impact that grows with our stake, and never in more than a share of each print. The leader's own prints, and whatever
was printed in his second or transaction, are not ours to take. Depth, queues and books are not modelled here.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from whaletrader.domain.amounts import SIZE_STEP_MICRO
from whaletrader.domain.values import MICRO, NANOS

Ints = NDArray[np.int64]

IMPACT_MICRO = 4_000
"""Impact per share of a stake of `IMPACT_STAKE_MICRO`; it grows with the stake's square root."""
IMPACT_STAKE_MICRO = 1_000 * MICRO
PARTICIPATION_MICRO = 500_000
"""The share of a print that we may count as ours."""


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


@njit(cache=True)  # type: ignore[untyped-decorator]
def step(prints: Ints, limit_micro: int, size_micro: int, participation_micro: int, is_buy: bool) -> Ints:
    """Fill one order from later prints, in their order.

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
    int64 array, shape (3, k)
        Rows: index of the print, our price, our shares (two decimals); their sum is at most `size_micro`, no
        price is beyond the limit nor better than the print.
    """
    out = np.zeros((3, prints.shape[1]), np.int64)
    left, k = size_micro, 0
    for i in range(prints.shape[1]):
        price = prints[0, i]
        if prints[3, i] == 1 or price <= 0 or price >= MICRO:
            continue
        share = prints[1, i] * participation_micro // MICRO
        take = min(left, share) // SIZE_STEP_MICRO * SIZE_STEP_MICRO
        if take <= 0:
            continue
        stake = price * (take // SIZE_STEP_MICRO) // (MICRO // SIZE_STEP_MICRO)
        worse = prints[2, i] + np.int64(np.ceil(IMPACT_MICRO * np.sqrt(stake / IMPACT_STAKE_MICRO)))
        ours = price + worse if is_buy else price - worse
        if ours <= 0 or ours >= MICRO or (ours > limit_micro if is_buy else ours < limit_micro):
            continue
        out[0, k], out[1, k], out[2, k] = i, ours, take
        k += 1
        left -= take
        if left < SIZE_STEP_MICRO:
            break
    return out[:, :k]
