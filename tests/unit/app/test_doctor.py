"""Every check of the doctor, in order and out of order."""

import os
import shutil
import socket
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest

from whaletrader.app import doctor
from whaletrader.app.doctor import Check, examine
from whaletrader.app.layout import DataDirectory
from whaletrader.app.lock import DirectoryLock
from whaletrader.runtime.latch import KillLatch

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path / "home")
    made.ensure()
    made.settings_file.write_text("[web]\nport = 0\n")
    return made


def found(directory: DataDirectory, name: str) -> Check:
    return next(check for check in examine(directory) if check.name == name)


def test_a_fresh_directory_is_in_order(directory: DataDirectory) -> None:
    checks = examine(directory)
    assert [check.name for check in checks if not check.ok] == []
    assert len(checks) == 10
    assert all(check.detail for check in checks)


def test_a_missing_package_is_named(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None if name == "numba" else object())
    check = found(directory, "python")
    assert not check.ok
    assert "numba cannot be imported" in check.detail


def test_an_old_sqlite_is_named(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 8, 0))
    assert not found(directory, "sqlite").ok


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    check = found(DataDirectory(tmp_path / "file" / "home"), "data directory")
    assert not check.ok
    assert "--data-dir" in check.detail


def test_too_little_space_is_named(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(2, 1, 10_000_000))
    check = found(directory, "disk space")
    assert not check.ok
    assert "0.01 GB" in check.detail


def test_space_is_looked_up_where_the_directory_will_be(tmp_path: Path) -> None:
    assert found(DataDirectory(tmp_path / "not" / "yet"), "disk space").ok


def test_a_bad_setting_is_named_and_does_not_stop_the_other_checks(directory: DataDirectory) -> None:
    directory.settings_file.write_text("[limits]\nper_trad = 1\n")
    failed = [check.name for check in examine(directory) if not check.ok]
    assert failed == ["settings", "dashboard port"]
    assert "limits.per_trad" in found(directory, "settings").detail


def test_a_port_in_use_is_named(directory: DataDirectory) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        directory.settings_file.write_text(f"[web]\nport = {port}\n")
        check = found(directory, "dashboard port")
        assert not check.ok
        assert str(port) in check.detail
        with DirectoryLock(directory.lock):
            assert found(directory, "dashboard port").ok  # it may be the running process's own


def test_the_running_process_is_named(directory: DataDirectory) -> None:
    assert found(directory, "running process").detail == "nobody runs here"
    with DirectoryLock(directory.lock):
        assert str(os.getpid()) in found(directory, "running process").detail


def test_a_thrown_latch_is_named_with_its_reason(directory: DataDirectory) -> None:
    KillLatch(directory.latch).throw("odd fills", 1)
    check = found(directory, "kill latch")
    assert not check.ok
    assert "odd fills" in check.detail
    assert "whaletrader resume" in check.detail


def test_a_key_that_others_can_read_is_named(directory: DataDirectory) -> None:
    key = directory.keys / "seal.key"
    key.write_bytes(b"x")
    key.chmod(0o600)
    assert found(directory, "keys").ok
    key.chmod(0o644)
    check = found(directory, "keys")
    assert not check.ok
    assert "chmod 600" in check.detail


def test_a_damaged_log_is_named_with_the_place(directory: DataDirectory) -> None:
    from tests.support.logs import write_log

    folder = directory.new_run()
    write_log(folder.log)
    assert found(directory, "newest log").ok
    with DirectoryLock(directory.lock):
        assert "is being written" in found(directory, "newest log").detail
    data = bytearray(folder.log.read_bytes())
    place = data.rindex(b"operator-of-this-test")
    data[place] ^= 1
    folder.log.write_bytes(data)
    check = found(directory, "newest log")
    assert not check.ok
    assert "record 1" in check.detail
