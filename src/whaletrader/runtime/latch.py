"""The kill latch: a file whose existence means "send nothing but cancels".

It needs nobody alive: any process may throw it, and the effect runner and the signer look at it before every send. It
fails closed: what cannot be read counts as thrown. Only an operator clears it.
"""

import json
import os
from pathlib import Path

import msgspec

from whaletrader.errors import StorageError


class LatchState(msgspec.Struct, frozen=True, kw_only=True):
    """Why and when the latch was thrown."""

    reason: str
    ts: int
    """UTC nanoseconds, 0 where the file does not say."""


class KillLatch:
    """The latch at one path."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def thrown(self) -> bool:
        """Tell whether it holds; any doubt is a yes."""
        try:
            # Not `stat`: a link that leads nowhere is a latch that somebody threw.
            os.lstat(self.path)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def read(self) -> LatchState | None:
        """Return why it was thrown, None when it is not."""
        if not self.thrown():
            return None
        try:
            if self.path.is_file():  # a pipe would keep its reader waiting
                return msgspec.json.decode(self.path.read_bytes(), type=LatchState)
        except (OSError, msgspec.DecodeError):
            pass
        return LatchState(reason="the latch file is there, but does not say why", ts=0)

    def throw(self, reason: str, ts: int) -> LatchState:
        """Throw it; the first reason stays. `StorageError` when not even an empty file can be made."""
        try:
            # The empty file is the kill: it needs no free block, so it works on a full disk too.
            descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return self.read() or LatchState(reason=reason, ts=ts)
        except OSError as error:
            raise StorageError(
                f"cannot throw the kill latch {self.path}: {error.strerror}; stop the process instead"
            ) from None
        state = LatchState(reason=reason, ts=ts)
        try:
            os.write(descriptor, json.dumps({"reason": reason, "ts": ts}).encode())
            os.fsync(descriptor)
        except OSError:
            pass  # killed all the same, only without its reason
        finally:
            os.close(descriptor)
        _sync_folder(self.path.parent)
        return state

    def clear(self) -> bool:
        """Clear it; False when it was not thrown."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"cannot clear the kill latch {self.path}: {error.strerror}") from None
        _sync_folder(self.path.parent)
        return True


def _sync_folder(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)
