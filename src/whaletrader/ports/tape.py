"""The tape of prints, as the paper exchange sees it: what others traded after our order arrived, and how markets ended.

It tells the exchange what came later; agents never see it.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from whaletrader.domain.fees import FeeSchedule

NO_TRANSACTION = 0xFFFFFFFF
"""The transaction code of a print whose source names none."""


@dataclass(frozen=True, slots=True)
class Prints:
    """Prints of one market as columns of equal length, sorted by (`ts`, source row); first of equal rows only."""

    ts: NDArray[np.int64]
    outcome_index: NDArray[np.int8]
    price_micro: NDArray[np.int64]
    """Of the outcome that was printed."""
    size_micro: NDArray[np.int64]
    wallet: NDArray[np.uint32]
    transaction: NDArray[np.uint32]
    """`NO_TRANSACTION` where unknown."""
    row: NDArray[np.int64]
    """Identifies the print on this tape."""


@dataclass(frozen=True, slots=True)
class TapeMarket:
    """What the exchange must know of a market; -1 stands for an unknown number."""

    market_id: str
    token_ids: tuple[str, ...]
    """Outcome 0 and outcome 1."""
    category: str
    neg_risk: bool
    tick_micro: int
    min_order_micro: int
    resolved: bool
    resolved_ts: int
    """When it could be known, -1 where it is not known (or did not happen)."""
    payouts_micro: tuple[int, ...]
    """Per share of outcome 0 and 1; empty when not resolved."""


class PrintTape(Protocol):
    """Read-only and deterministic."""

    def prints(self, market_id: str, from_ts: int, until_ts: int) -> Prints:
        """Return the prints of both outcomes in [from_ts, until_ts]; none for an unknown market."""
        ...

    def wallet_code(self, wallet: str) -> int:
        """Return the code of a wallet in `Prints.wallet`, -1 where the tape does not know it."""
        ...

    def market(self, market_id: str) -> TapeMarket | None:
        """Return a market, None when the tape does not know it."""
        ...

    def market_of_token(self, token_id: str) -> TapeMarket | None:
        """Return the market of a token, None when the tape does not know it."""
        ...

    def fee_schedule(self, market_id: str, ts: int) -> FeeSchedule:
        """Return the market's fee schedule at a time; the worst case where nothing better is known."""
        ...
