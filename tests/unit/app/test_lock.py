"""One process per data directory; the lock falls with its holder."""

import os

import pytest

from whaletrader.app.lock import DirectoryLock, holder_pid, is_held
from whaletrader.errors import BusyError, StorageError


def test_while_it_is_held_nobody_else_gets_it_and_the_holder_is_named(tmp_path):
    path = tmp_path / "lock"
    with DirectoryLock(path):
        assert is_held(path)
        assert holder_pid(path) == os.getpid()
        with pytest.raises(BusyError, match=f"process {os.getpid()}; stop it"), DirectoryLock(path):
            pass


def test_after_the_block_it_is_free(tmp_path):
    path = tmp_path / "lock"
    for _ in range(2):
        with DirectoryLock(path):
            pass
        assert not is_held(path)
        assert holder_pid(path) == 0


def test_an_error_inside_frees_it_too(tmp_path):
    path = tmp_path / "lock"
    with pytest.raises(ZeroDivisionError), DirectoryLock(path):
        _ = 1 / 0
    assert not is_held(path)


def test_a_lock_file_that_a_dead_process_left_is_no_lock(tmp_path):
    path = tmp_path / "lock"
    path.write_text("4194304")
    assert not is_held(path)
    with DirectoryLock(path):
        assert holder_pid(path) == os.getpid()


def test_asking_makes_no_file(tmp_path):
    assert not is_held(tmp_path / "lock")
    assert holder_pid(tmp_path / "lock") == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "nonsense", "-1"])
def test_a_lock_file_that_says_nothing_names_nobody(tmp_path, text):
    (tmp_path / "lock").write_text(text)
    assert holder_pid(tmp_path / "lock") == 0


def test_where_it_cannot_be_made_that_is_told(tmp_path):
    with pytest.raises(StorageError, match="cannot lock the data directory"), DirectoryLock(tmp_path / "no" / "lock"):
        pass
