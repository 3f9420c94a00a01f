"""Where the discovery agent's scans are carried out."""

from collections.abc import Sequence
from typing import Protocol

from whaletrader.messages.leaders import UniverseScanned


class WhaleSource(Protocol):
    """Scores a universe of wallets on what was known at a time, and tells what followed leaders' bets brought."""

    def scan(self, as_of_ts: int, followed: Sequence[str] = (), since_ts: int = 0) -> UniverseScanned:
        """Score everything known at `as_of_ts`; tell the outcomes of `followed` (KIND/WALLET) settled after `since_ts`.

        Deterministic for the same data, settings and arguments.
        """
        ...
