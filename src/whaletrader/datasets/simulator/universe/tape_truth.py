"""Where a follower would have entered and left, for every purchase of a chunk: rows of the tape, no amounts.

It states the product's own rule (5 s delay, 60 s window, mirrored exit) a second time, on purpose: the truth must not
be computed by what it judges.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from whaletrader.domain.values import NANOS
from whaletrader.kernels import njit

Ints = NDArray[np.int64]

DELAY_NS = 5 * NANOS
WINDOW_NS = 60 * NANOS
NOBODY = -1
LEFT_FIRST = -2
"""The leader sold before the follower could enter."""


class Prints(NamedTuple):
    """A chunk's prints by market and time; `key` is (wallet, token) as one number."""

    ts: Ints
    market: Ints
    wallet: Ints
    key: Ints
    sold: NDArray[np.bool_]


def matches(prints: Prints) -> tuple[Ints, Ints]:
    """(entry row or NOBODY or LEFT_FIRST, exit row or NOBODY) of every print; NOBODY where the print is a sale."""
    sales = np.flatnonzero(prints.sold)
    order = sales[np.lexsort((prints.ts[sales], prints.key[sales]))]
    entry, leave = _matches(prints, order)
    return entry, leave


@njit(cache=True)  # type: ignore[untyped-decorator]
def _matches(prints: Prints, sales: Ints) -> tuple[Ints, Ints]:
    entry = np.full(prints.ts.size, -1, np.int64)
    leave = np.full(prints.ts.size, -1, np.int64)
    for row in range(prints.ts.size):
        if prints.sold[row]:
            continue
        entry[row] = _next_of_others(prints, row)
        sale = _first_sale(prints, sales, prints.key[row], prints.ts[row])
        if entry[row] >= 0 and sale >= 0:
            if prints.ts[sale] + DELAY_NS <= prints.ts[entry[row]]:
                entry[row] = -2
            else:
                leave[row] = _next_of_others(prints, sale)
    return entry, leave


@njit(cache=True)  # type: ignore[untyped-decorator]
def _next_of_others(prints: Prints, row: int) -> int:
    """First print of another wallet in [t + delay, t + delay + window]."""
    found = row + 1
    while found < prints.ts.size and prints.market[found] == prints.market[row]:
        since = prints.ts[found] - prints.ts[row]
        if since > DELAY_NS + WINDOW_NS:
            return -1
        if since >= DELAY_NS and prints.wallet[found] != prints.wallet[row]:
            return int(found)
        found += 1
    return -1


@njit(cache=True)  # type: ignore[untyped-decorator]
def _first_sale(prints: Prints, sales: Ints, key: int, ts: int) -> int:
    low, high = 0, sales.size
    while low < high:
        middle = (low + high) // 2
        at = sales[middle]
        if prints.key[at] < key or (prints.key[at] == key and prints.ts[at] <= ts):
            low = middle + 1
        else:
            high = middle
    return int(sales[low]) if low < sales.size and prints.key[sales[low]] == key else -1
