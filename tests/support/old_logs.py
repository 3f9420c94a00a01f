"""Logs that earlier versions wrote, under `tests/data/log_v<FORMAT>/<NAME>`: a version must open those of its format.

They are never written again; each holds `log.db` and `log.head` as a clean stop left them.
"""

import shutil
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "data"


def copy_of(name: str, folder: Path) -> Path:
    """Copy a committed log into a folder, because opening writes; the copy's path."""
    for file in (DATA / name).glob("log.*"):
        shutil.copy(file, folder / file.name)
    return folder / "log.db"
