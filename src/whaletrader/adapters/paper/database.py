"""Opens the SQLite files of the paper exchanges; what lies in them their stores know."""

import sqlite3
from pathlib import Path

from whaletrader.errors import StorageError


def opened(path: Path | str, tables: str) -> sqlite3.Connection:
    """Open a file (or ":memory:") and make its tables; the users' threads share it, one at a time."""
    try:
        database = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
        database.execute("PRAGMA journal_mode = WAL")
        # Survives the death of the process; a paper exchange need not survive the loss of power.
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(tables)
    except sqlite3.Error as error:
        raise StorageError(f"The paper exchange's store {path} cannot be opened: {error}.") from error
    return database
