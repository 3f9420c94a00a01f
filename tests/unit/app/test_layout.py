"""Every file of a data directory has one place; runs are numbered; what cannot be written is told in one sentence."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from whaletrader.app.layout import DataDirectory, default_root, replace_text
from whaletrader.errors import StorageError

NOBODY = 65534


def test_making_it_twice_changes_nothing(tmp_path):
    directory = DataDirectory(tmp_path / "new")
    directory.ensure()
    before = sorted(tmp_path.rglob("*"))
    directory.ensure()
    assert sorted(tmp_path.rglob("*")) == before


def test_the_keys_folder_is_its_owners_alone(tmp_path):
    directory = DataDirectory(tmp_path / "new")
    directory.ensure()
    assert directory.keys.stat().st_mode & 0o077 == 0


def test_looking_makes_nothing(tmp_path):
    directory = DataDirectory(tmp_path / "missing")
    assert directory.current_run() is None
    assert not (tmp_path / "missing").exists()


def test_runs_are_numbered_and_the_newest_is_current(tmp_path):
    directory = DataDirectory(tmp_path)
    directory.ensure()
    assert [directory.new_run().run_id for _ in range(3)] == ["0001", "0002", "0003"]
    assert directory.current_run().run_id == "0003"


def test_a_number_is_not_used_again_after_a_run_was_removed(tmp_path):
    directory = DataDirectory(tmp_path)
    directory.ensure()
    first = directory.new_run()
    directory.new_run()
    first.root.rmdir()
    assert directory.new_run().run_id == "0003"


@pytest.mark.parametrize("text", ["", "0009\n", "../..\n", "\n"])
def test_a_current_run_that_is_not_there_is_none(tmp_path, text):
    directory = DataDirectory(tmp_path / "data")
    directory.ensure()
    directory.current.write_text(text)
    current = directory.current_run()
    assert current is None


def test_all_files_of_a_run_lie_in_its_folder(tmp_path):
    run = DataDirectory(tmp_path).run("0001")
    places = {run.log, run.head, run.exchange, run.signer, run.info, run.live, run.judged, run.history}
    assert len(places) == 8
    assert {place.parent for place in places} == {run.root}


@contextmanager
def ordinary_user():
    """Not the superuser, who may write anywhere."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_read_only_place_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with ordinary_user(), pytest.raises(StorageError, match="choose another with --data-dir"):
        DataDirectory(tmp_path / "data").ensure()


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(StorageError, match="choose another with --data-dir"):
        DataDirectory(tmp_path / "data").ensure()


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({"WHALETRADER_HOME": "/x/y", "HOME": "/h"}, "linux", "/x/y"),
        ({"HOME": "/h"}, "linux", "/h/.local/share/whaletrader"),
        ({"HOME": "/h", "XDG_DATA_HOME": "/xdg"}, "linux", "/xdg/whaletrader"),
        ({"HOME": "/h", "XDG_DATA_HOME": "/xdg"}, "darwin", "/h/Library/Application Support/whaletrader"),
    ],
)
def test_the_default_place_follows_the_platforms_convention(environ, platform, expected):
    assert default_root(environ, platform) == Path(expected)


def test_a_small_file_is_replaced_whole(tmp_path):
    path = tmp_path / "file"
    replace_text(path, "one")
    replace_text(path, "two")
    assert path.read_text() == "two"
    assert list(tmp_path.iterdir()) == [path]
