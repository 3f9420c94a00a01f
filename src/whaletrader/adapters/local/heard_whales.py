"""Scans a universe by a history and by what the run has heard since, up to the moment that is asked for.

What was heard is imported anew for each scan as `whaletrader data import` would do it, into a folder that only this
reads; then both are joined in memory and scored as any dataset is. A scan is so a function of the history, of what lay
on the disk by its time, and of the settings: it may be repeated after a crash, and is the same. A bet whose mirrored
exit was heard only after a later scan had been asked for is told by none.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from whaletrader.adapters.local.joined import Past, joined
from whaletrader.adapters.local.whale_source import DatasetWhales
from whaletrader.config.tree import Settings
from whaletrader.datasets.importers.heard import is_heard
from whaletrader.datasets.importers.run import import_heard
from whaletrader.datasets.store import Dataset
from whaletrader.messages.leaders import UniverseScanned
from whaletrader.universe.source import TableSource

MOST_FILLS = 5_000_000
"""Of what was heard so many of the newest fills are judged by: some 0.5 GB."""


class HeardWhales:
    """Fills the port `whale_source` from a history, or none, and a run's `live` folder."""

    def __init__(
        self, history: Dataset | None, live: Path, scratch: Path, settings: Settings, *, most_fills: int = MOST_FILLS
    ) -> None:
        self._past, self._live, self._scratch = Past(history), live, scratch
        self._settings, self._most_fills = settings, most_fills
        shutil.rmtree(scratch, ignore_errors=True)

    def scan(self, as_of_ts: int, followed: Sequence[str] = (), since_ts: int = 0) -> UniverseScanned:
        """Score everything known at `as_of_ts`; `source` says by what, and until when it was listened to."""
        return DatasetWhales(self._known(as_of_ts), self._settings).scan(as_of_ts, followed, since_ts)

    def _known(self, as_of_ts: int) -> TableSource:
        if not is_heard(self._live):
            return self._past.source
        heard = import_heard(self._live, self._scratch, until_ts=as_of_ts).dataset
        return joined(self._past, heard, until_ts=as_of_ts, most_fills=self._most_fills)
