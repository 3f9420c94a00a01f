"""Allows the venue's contracts what they have to move of the live wallet; the one transaction that a start needs."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from whaletrader.app.layout import DataDirectory
from whaletrader.app.lock import DirectoryLock
from whaletrader.app.sources import Tell
from whaletrader.app.venue_gateway import open_gateway
from whaletrader.config.tree import Settings
from whaletrader.errors import ExchangeError

WAIT_S = 120.0
LOOK_EVERY_S = 1.0


def allow_venue(settings: Settings, directory: DataDirectory, tell: Tell, *, wait_s: float = WAIT_S) -> list[str]:
    """Send what is missing and wait until the chain has it; return what was missing.

    Raises
    ------
    UsageError
        The account cannot trade (place, key, wallet): nothing is sent.
    ExchangeError
        The chain does not show the allowances in time; asking again is harmless.
    """
    directory.ensure()
    with DirectoryLock(directory.lock), TemporaryDirectory() as scratch:
        gateway = open_gateway(settings, directory, Path(scratch) / "gateway.db")
        try:
            missing = gateway.allow()
            if missing:
                tell(f"sent for wallet {gateway.kind.wallet}: {', '.join(missing)}; waiting for the chain")
            until = time.monotonic() + wait_s
            while not gateway.oracle.missing().complete:
                if time.monotonic() > until:
                    raise ExchangeError(
                        f"the chain does not show the allowances after {wait_s:.0f} s; look again with "
                        "`whaletrader doctor --venue` before asking anew",
                        retryable=True,
                    )
                time.sleep(LOOK_EVERY_S)
            return missing
        finally:
            gateway.close()
