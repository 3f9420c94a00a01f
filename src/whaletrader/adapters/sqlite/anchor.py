"""The anchor file beside a log: replaced as a whole, never written in place."""

import os
from pathlib import Path

import msgspec

from whaletrader.errors import CorruptLogError, StorageError
from whaletrader.ports.chain import Anchor


def anchor_path(log: Path) -> Path:
    """Return where a log's anchor lies: `log.head` beside `log.db`."""
    return log.with_suffix(".head")


def write_anchor(path: Path, anchor: Anchor) -> None:
    """Write it to disk before it takes the old one's place."""
    fresh = path.with_suffix(".head.new")
    try:
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(anchor) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        reason = error.strerror or error
        raise StorageError(f"the anchor {path} cannot be written ({reason}): free space or make it writable") from error


def read_anchor(path: Path) -> Anchor | None:
    """Read it; None where there is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Anchor)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"the anchor {path} cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CorruptLogError(f"the anchor {path} is damaged: {error}") from error
