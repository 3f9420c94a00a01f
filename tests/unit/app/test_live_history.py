"""A live run judges by the history that it began with, whatever becomes of the folder it was pointed at."""

import os
import shutil

import pytest

from tests.support.heard import history_until, traced_scenario
from tests.support.scenario import HOUR, START_S
from whaletrader.app.layout import DataDirectory
from whaletrader.app.live_history import history_of, require_like
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.domain.values import NANOS
from whaletrader.errors import StorageError, UsageError

UNTIL = (START_S + 48 * HOUR) * NANOS


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return traced_scenario(tmp_path_factory.mktemp("whole") / "scenario")


@pytest.fixture
def history(whole, tmp_path):
    return history_until(whole, UNTIL, tmp_path / "history")


@pytest.fixture
def folder(tmp_path):
    return DataDirectory(tmp_path / "home").new_run()


def began(folder, history):
    told = []
    found = history_of(folder, history, told.append)
    folder.log.write_bytes(b"")
    assert told == []
    return found


def resumed(folder, history):
    told = []
    return history_of(folder, history, told.append), told


def test_a_new_run_keeps_its_history_and_says_nothing(folder, history):
    found = began(folder, history)
    assert found.path == folder.history
    assert found.fingerprint == history.fingerprint
    assert found.table("trades").equals(history.table("trades"))


def test_a_run_without_a_history_keeps_none(folder):
    assert began(folder, None) is None
    assert not folder.history.exists()
    assert resumed(folder, None) == (None, [])


def test_a_run_goes_on_with_its_history_after_another_took_the_folder(folder, history, whole):
    began(folder, history)
    other = history_until(whole, UNTIL - 12 * HOUR * NANOS, history.path)
    assert other.fingerprint != history.fingerprint
    found, told = resumed(folder, other)
    assert found.fingerprint == history.fingerprint
    assert found.table("trades").height > 0
    (sentence,) = told
    assert sentence.startswith(f"run 0001 goes on with the history that it began with, {history.fingerprint[:16]}")


def test_a_run_goes_on_with_its_history_where_none_is_named(folder, history):
    began(folder, history)
    found, told = resumed(folder, None)
    assert (found.fingerprint, len(told)) == (history.fingerprint, 1)


def test_the_same_history_is_nothing_to_tell(folder, history):
    began(folder, history)
    assert resumed(folder, history)[1] == []


def test_a_run_that_kept_none_goes_by_what_is_named(folder, history):
    began(folder, None)
    assert resumed(folder, history) == (history, [])


def test_a_start_that_came_to_nothing_leaves_no_part_of_a_history(folder, history, whole, tmp_path):
    other = history_until(whole, UNTIL - 12 * HOUR * NANOS, tmp_path / "other")
    history_of(folder, other, lambda _text: None)
    found = began(folder, history)
    assert {path.name for path in found.path.iterdir()} == {path.name for path in history.path.iterdir()}


def test_a_history_on_another_disk_is_copied(folder, history, monkeypatch):
    def refused(_source, _target):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refused)
    found = began(folder, history)
    assert found.table("trades").equals(history.table("trades"))


def test_a_history_that_vanishes_meanwhile_is_told_in_one_sentence(folder, history):
    shutil.rmtree(history.path)
    with pytest.raises(StorageError, match="cannot be kept for the run"):
        history_of(folder, history, lambda _text: None)


def test_what_was_kept_is_whole(folder, history):
    began(folder, history)
    again = Dataset.open(folder.history)
    assert again.manifest == history.manifest


def test_the_venues_own_wallets_are_not_judged_by_a_made_up_history(tmp_path):
    made_up, real = (DatasetWriter(tmp_path / kind, kind, kind).finish() for kind in ("simulated", "real"))
    with pytest.raises(UsageError, match="is SIMULATED and the venue is not"):
        require_like(made_up, simulated=False)
    require_like(made_up, simulated=True)
    require_like(real, simulated=False)
    require_like(real, simulated=True)
    require_like(None, simulated=False)
