"""What SQLite's errors mean to the user, one sentence each."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whaletrader.errors import BusyError, CorruptLogError, StorageError, WhaleTraderError

_SENTENCES: tuple[tuple[str, type[WhaleTraderError], str], ...] = (
    ("disk is full", StorageError, "the disk is full: free some space; everything committed to {path} is intact"),
    ("readonly", StorageError, "{path} is read-only: make the file and its folder writable"),
    ("unable to open", StorageError, "{path} cannot be opened: check that its folder exists and is writable"),
    ("disk i/o error", StorageError, "the disk failed while {path} was read or written"),
    ("locked", BusyError, "{path} is in use by another process: stop that one first"),
    ("malformed", CorruptLogError, "{path} is damaged ({error}): restore it from a copy"),
    ("not a database", CorruptLogError, "{path} is not an event log, or its first page is damaged"),
)


@contextmanager
def told_plainly(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours; conflicts of keys pass through."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise explained(error, path) from error
    except UnicodeDecodeError as error:
        raise CorruptLogError(f"{path} is damaged (text that is none): restore it from a copy") from error


def explained(error: sqlite3.Error, path: Path) -> WhaleTraderError:
    """Find the sentence for an error."""
    text = str(error).lower()
    for part, kind, sentence in _SENTENCES:
        if part in text:
            return kind(sentence.format(path=path, error=error))
    return CorruptLogError(f"{path} cannot be used as an event log: {error}")
