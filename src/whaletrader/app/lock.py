"""One process per data directory: an advisory lock that the system drops when its holder dies."""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from whaletrader.errors import BusyError, StorageError


class DirectoryLock:
    """Holds `lock` in a data directory for as long as the block lasts; its text is the holder's process id."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1

    def __enter__(self) -> "DirectoryLock":
        try:
            descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(
                f"cannot lock the data directory {self.path.parent}: {error.strerror}; choose another with --data-dir"
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            holder = holder_pid(self.path)
            who = f"process {holder}" if holder else "another process"
            raise BusyError(
                f"{self.path.parent} is in use by {who}; stop it, or choose another directory with --data-dir"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = -1


def holder_pid(path: Path) -> int:
    """Return the process id that the lock file names, 0 when it names none."""
    try:
        text = path.read_text().strip()
    except OSError:
        return 0
    return int(text) if text.isdigit() else 0


def is_held(path: Path) -> bool:
    """Tell whether a living process holds the lock, without taking it for longer than the question."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
