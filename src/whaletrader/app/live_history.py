"""The history that a live run judges by: the one it began with, also where that was added to or replaced meanwhile.

Its files lie in the run's folder under a second name (a copy, where the disk is another); an import never changes a
file, it makes new ones. So a run that was interrupted goes on, whatever became of the folder it was pointed at.
"""

import os
import shutil
from pathlib import Path

from whaletrader.app.layout import RunFolder
from whaletrader.app.sources import Tell
from whaletrader.datasets.manifest import MANIFEST_FILE, write_manifest
from whaletrader.datasets.store import Dataset
from whaletrader.errors import StorageError, UsageError


def require_like(history: Dataset | None, *, simulated: bool) -> None:
    """Refuse to judge the venue's own wallets by a made-up history; `simulated` says that the venue is made up too.

    Raises
    ------
    UsageError
        The history is SIMULATED and the venue is not.
    """
    if history is not None and history.simulated and not simulated:
        raise UsageError(
            f"the history {history.path} is SIMULATED and the venue is not: give a history of the venue's own fills "
            "(`whaletrader data pull`), or none"
        )


def history_of(folder: RunFolder, given: Dataset | None, tell: Tell) -> Dataset | None:
    """Return what the run in a folder judges by: of a new run the given history, else the one it began with.

    Raises
    ------
    StorageError
        A new run's history cannot be kept.
    """
    if not folder.log.exists():
        return None if given is None else _kept(given, folder.history)
    if not (folder.history / MANIFEST_FILE).is_file():
        return given
    first = Dataset.open(folder.history)
    if given is None or given.fingerprint != first.fingerprint:
        tell(
            f"run {folder.run_id} goes on with the history that it began with, {first.fingerprint[:16]}: "
            "`--new` begins one with another history"
        )
    return first


def _kept(given: Dataset, into: Path) -> Dataset:
    shutil.rmtree(into, ignore_errors=True)  # of a start that came to nothing
    try:
        into.mkdir(parents=True)
        for entry in given.manifest.tables.values():
            for file in entry.files:
                _link(given.path / file, into / file)
        write_manifest(into, given.manifest)
    except OSError as error:
        raise StorageError(
            f"the history {given.path} cannot be kept for the run ({error.strerror}): make room, and where it is being "
            "imported into, start again when that is done"
        ) from None
    return Dataset.open(into)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or one that knows no second names
        shutil.copyfile(source, target)
