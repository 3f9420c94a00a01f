"""Scores from a child process are those of this process; a child that dies or cannot open its data is told."""

import os
import signal

import pytest

from tests.support.heard import hear, history_until, listening, traced_scenario
from tests.support.scenario import HOUR, START_S, scenario_settings, write_scenario
from tests.support.waiting import wait_until
from whaletrader.adapters.local.heard_whales import HeardWhales
from whaletrader.adapters.local.whale_process import Ears, WhaleProcess
from whaletrader.adapters.local.whale_source import DatasetWhales
from whaletrader.datasets.store import Dataset
from whaletrader.domain.values import NANOS
from whaletrader.errors import ExecutorError

AS_OF = (START_S + 12 * 24 * HOUR) * NANOS


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_scenario(tmp_path_factory.mktemp("whales") / "dataset")


@pytest.fixture
def whales(dataset):
    made = WhaleProcess(dataset, scenario_settings())
    yield made
    made.close()


def test_a_scan_is_begun_goes_on_elsewhere_and_is_the_same_as_here(dataset, whales):
    assert not whales.ready(AS_OF)
    wait_until(lambda: whales.ready(AS_OF), 240, "the child's answer")
    told = whales.scan(AS_OF)
    assert told == DatasetWhales(Dataset.open(dataset), scenario_settings()).scan(AS_OF)
    assert told.n_qualified > 0
    assert whales.scan(AS_OF) == told, "who asks again without waiting is answered too"


def test_a_child_that_dies_is_an_error_and_no_empty_answer(whales):
    os.kill(whales._child.pid, signal.SIGKILL)
    whales._child.join(10)
    with pytest.raises(ExecutorError, match="died"):
        whales.scan(AS_OF)


def test_a_history_that_cannot_be_opened_is_an_error(tmp_path):
    whales = WhaleProcess(tmp_path / "none", scenario_settings())
    with pytest.raises(ExecutorError, match="died"):
        whales.scan(AS_OF)
    whales.close()


def test_the_child_ends_with_its_owner_whatever_it_is_at(dataset):
    whales = WhaleProcess(dataset, scenario_settings())
    whales.ready(AS_OF)
    child = whales._child
    whales.close()
    assert not child.is_alive()


def test_a_child_with_ears_judges_by_what_is_heard_while_it_lives(tmp_path):
    whole = traced_scenario(tmp_path / "scenario")
    split, as_of = (START_S + 2 * 24 * HOUR) * NANOS, (START_S + 12 * 24 * HOUR) * NANOS
    history, run = history_until(whole, split, tmp_path / "history"), tmp_path / "0001"
    ears = Ears(str(run / "live"), str(run / "judged"))
    with listening(run) as feed:
        whales = WhaleProcess(history.path, scenario_settings(), ears)
        try:
            early = whales.scan(split)
            assert early.source == history.fingerprint, "nothing was heard yet"
            hear(feed, whole, split, as_of)
            question = (as_of, (f"fill/{early.scores[0].wallet}",) if early.scores else (), split)
            wait_until(lambda: whales.ready(*question), 240, "the child's answer")
            told = whales.answer(*question)
            assert told is not None
            assert told == whales.scan(*question)
        finally:
            whales.close()
    assert told == HeardWhales(history, run / "live", tmp_path / "other", scenario_settings()).scan(*question)
    assert told.n_qualified > early.n_qualified
    assert whales.answer(*question) is None, "it was taken"
