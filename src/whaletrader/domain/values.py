"""Ids, units and the closed sets of words that everything else is written in.

Money, prices and shares are integers in micro-units (10^-6); times are UTC nanoseconds. The functions at the end are
the only place where micro-units and floats meet.
"""

from enum import IntEnum, StrEnum
from typing import NewType

import numpy as np
from numpy.typing import NDArray

MarketId = NewType("MarketId", str)
"""Condition id of a market: 0x and 64 hex digits, lower case."""
TokenId = NewType("TokenId", str)
"""Outcome token id, a decimal string: what the book trades and the only identity of an outcome."""
EventGroupId = NewType("EventGroupId", str)
"""Markets that resolve together (neg-risk events above all)."""
Wallet = NewType("Wallet", str)
"""Lower-case 0x address."""
AccountId = NewType("AccountId", str)
"""One of our books, with its own equity and limits."""

MICRO = 1_000_000
"""Micro-units in one unit: 0.53 is 530000."""
NANOS = 1_000_000_000
"""Nanoseconds in a second."""
DAY_NS = 86_400 * NANOS


class Side(StrEnum):
    """The side of an order or a fill; a leader's SELL is an exit of that token, there are no shorts."""

    BUY = "BUY"
    SELL = "SELL"


class Role(StrEnum):
    """Who rested and who crossed, where the source tells."""

    MAKER = "maker"
    TAKER = "taker"
    UNKNOWN = "unknown"


class LeaderEventKind(StrEnum):
    """The two kinds of leader events, kept apart in every figure."""

    FILL = "fill"
    POSITION = "position"


class FeeProvenance(StrEnum):
    """Where a market's fee schedule comes from; live trading accepts `market` only."""

    MARKET = "market"
    INFERRED = "inferred"
    WORST_CASE = "worst_case"


class TradingState(StrEnum):
    """ACTIVE trades; REDUCING takes only orders that reduce risk; HALTED takes none (cancels always pass)."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class TapeSide(IntEnum):
    """How a dataset's `side` column codes a `Side`."""

    BUY = 0
    SELL = 1


class TapeRole(IntEnum):
    """How a dataset's `role` column codes a `Role`."""

    UNKNOWN = -1
    MAKER = 0
    TAKER = 1


def to_micro(value: float) -> int:
    """Round a number of whole units to the nearest micro-unit (ties to even)."""
    return round(value * MICRO)


def from_micro(micro: int) -> float:
    """Whole units of an amount in micro-units, as float64."""
    return micro / MICRO


def floats_from_micro(micro: NDArray[np.int64]) -> NDArray[np.float64]:
    """Columnar form of `from_micro`: same shape, float64."""
    return micro.astype(np.float64) / MICRO
