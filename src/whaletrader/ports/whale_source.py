"""Where the discovery agent's scans are carried out."""

from typing import Protocol

from whaletrader.messages.leaders import UniverseScanned


class WhaleSource(Protocol):
    """Scores a universe of wallets on what was known at a time."""

    def scan(self, as_of_ts: int) -> UniverseScanned:
        """Score everything known at `as_of_ts`; deterministic for the same data, settings and time."""
        ...
