"""Examines what a run needs: the machine, the data directory, the settings, the keys, the newest log."""

import importlib.util
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from whaletrader.app.layout import DataDirectory
from whaletrader.app.lock import holder_pid, is_held
from whaletrader.app.settings import load_settings
from whaletrader.errors import WhaleTraderError
from whaletrader.runtime.latch import KillLatch

MIN_FREE_BYTES = 1_000_000_000
MIN_SQLITE = (3, 35, 0)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


def examine(directory: DataDirectory, *, venue: bool = False) -> list[Check]:
    """Look at everything; a fault in one check is told and does not stop the others.

    With `venue` also at what live trading needs, which asks the venue and a node of the chain.
    """
    found = [_told(name, partial(look, directory)) for name, look in _CHECKS]
    return found + _examine_venue(directory) if venue else found


def _examine_venue(directory: DataDirectory) -> list[Check]:
    from whaletrader.app.venue_checks import VenueChecks

    try:
        checks = VenueChecks(directory)
    except WhaleTraderError as fault:
        return [Check("venue", False, str(fault))]
    try:
        return [_told(name, look) for name, look in checks.rows()]
    finally:
        checks.close()


def _told(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except (WhaleTraderError, OSError) as fault:
        return Check(name, False, str(fault))


def _python(_: DataDirectory) -> str:
    version = ".".join(str(part) for part in sys.version_info[:3])
    missing = [name for name in ("polars", "numba", "coincurve", "cryptography") if not importlib.util.find_spec(name)]
    if missing:
        raise WhaleTraderError(f"{', '.join(missing)} cannot be imported; run `make setup`")
    return f"Python {version}, SQLite {sqlite3.sqlite_version}"


def _sqlite(_: DataDirectory) -> str:
    if sqlite3.sqlite_version_info < MIN_SQLITE:
        raise WhaleTraderError(f"SQLite {sqlite3.sqlite_version} is older than 3.35")
    return f"SQLite {sqlite3.sqlite_version} has what the log needs"


def _writable(directory: DataDirectory) -> str:
    directory.ensure()
    probe = directory.root / f".probe-{os.getpid()}"
    probe.write_bytes(b"")
    probe.unlink()
    return f"{directory.root} can be written"


def _space(directory: DataDirectory) -> str:
    free = shutil.disk_usage(_existing(directory.root)).free
    if free < MIN_FREE_BYTES:
        raise WhaleTraderError(f"only {free / 1e9:.2f} GB are free at {directory.root}; a run wants 1 GB")
    return f"{free / 1e9:.0f} GB free"


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _settings(directory: DataDirectory) -> str:
    loaded = load_settings(directory.root)
    return f"{len(loaded.values)} settings are in order"


def _port(directory: DataDirectory) -> str:
    web = load_settings(directory.root).settings.web
    if is_held(directory.lock):
        return f"port {web.port} may be the running process's own"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((web.host, web.port))
        except OSError:
            raise WhaleTraderError(f"port {web.port} is in use; set web.port or give --port") from None
    return f"port {web.port} is free"


def _running(directory: DataDirectory) -> str:
    return f"process {holder_pid(directory.lock)} runs here" if is_held(directory.lock) else "nobody runs here"


def _latch(directory: DataDirectory) -> str:
    state = KillLatch(directory.latch).read()
    if state is not None:
        raise WhaleTraderError(f"the kill latch is thrown ({state.reason}); `whaletrader resume` clears it")
    return "not thrown"


def _keys(directory: DataDirectory) -> str:
    found = list(_secrets(directory))
    for path in found:
        if path.stat().st_mode & 0o077:
            raise WhaleTraderError(f"{path} can be read by others; chmod 600 it")
    return f"{len(found)} keys, readable by their owner only" if found else "no keys yet; made at the first start"


def _secrets(directory: DataDirectory) -> Iterator[Path]:
    for name in ("seal.key", "order.key", "venue.key", "relayer.key"):
        path = directory.keys / name
        if path.exists():
            yield path


def _log(directory: DataDirectory) -> str:
    from whaletrader.app.inspect import audit_log

    current = directory.current_run()
    if current is None or not current.log.is_file():
        return "no run yet"
    if is_held(directory.lock):
        return f"run {current.run_id} is being written; audit it when it has stopped"
    audit = audit_log(current.log, directory)
    if not audit.sound:
        first = audit.findings[0]
        raise WhaleTraderError(f"run {current.run_id}: {first.place}: {first.what}")
    return f"run {current.run_id}: {audit.records} records, chain, anchor and {audit.seals} seals hold"


_CHECKS: tuple[tuple[str, Callable[[DataDirectory], str]], ...] = (
    ("python", _python),
    ("sqlite", _sqlite),
    ("data directory", _writable),
    ("disk space", _space),
    ("settings", _settings),
    ("dashboard port", _port),
    ("running process", _running),
    ("kill latch", _latch),
    ("keys", _keys),
    ("newest log", _log),
)
