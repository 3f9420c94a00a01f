"""What cannot be opened is refused in one sentence; no source stands in for another."""

import pytest

from tests.support.scenario import write_scenario
from whaletrader.app.layout import DataDirectory
from whaletrader.app.sources import check_history, open_source, simulated_folder
from whaletrader.datasets import simulator
from whaletrader.errors import SchemaError, UsageError


@pytest.fixture
def directory(tmp_path):
    made = DataDirectory(tmp_path / "data")
    made.ensure()
    return made


@pytest.mark.parametrize("source", ["", "replay", "replay:", "sim:7", "tape", "Live"])
def test_an_unknown_source_is_refused_with_what_there_is(directory, source):
    with pytest.raises(UsageError, match="use sim, replay:PATH or live"):
        open_source(source, directory, seed=1)


def test_live_is_no_dataset(directory):
    with pytest.raises(UsageError, match="the source live is no dataset"):
        open_source("live", directory, seed=1)


def test_a_history_is_for_the_live_source_and_must_be_there(tmp_path):
    check_history("sim", None)
    check_history("live", tmp_path)
    with pytest.raises(UsageError, match="--history is for --source live"):
        check_history("sim", tmp_path)
    with pytest.raises(UsageError, match="whaletrader data pull"):
        check_history("live", tmp_path / "none")


def test_a_missing_folder_is_refused(directory, tmp_path):
    with pytest.raises(UsageError, match="there is no folder"):
        open_source(f"replay:{tmp_path / 'none'}", directory, seed=1)


def test_a_folder_without_data_is_refused(directory, tmp_path):
    with pytest.raises(UsageError, match="neither a dataset nor a data bundle"):
        open_source(f"replay:{tmp_path}", directory, seed=1)


def test_a_dataset_is_opened_where_it_lies(directory, tmp_path):
    written = write_scenario(tmp_path / "dataset")
    opened = open_source(f"replay:{written}", directory, seed=1)
    assert (opened.path, opened.simulated) == (written, True)
    assert list(directory.datasets.iterdir()) == []


def test_a_damaged_dataset_is_refused(directory, tmp_path):
    written = write_scenario(tmp_path / "dataset")
    (written / "dataset.json").write_text("{")
    with pytest.raises(SchemaError):
        open_source(f"replay:{written}", directory, seed=1)


def test_another_state_of_the_simulator_simulates_anew(tmp_path, monkeypatch):
    directory = DataDirectory(tmp_path)
    before = simulated_folder(directory, 3)
    assert simulated_folder(directory, 3) == before
    assert simulated_folder(directory, 4) != before
    (tmp_path / "simulator").mkdir()
    (tmp_path / "simulator" / "__init__.py").write_text("")
    monkeypatch.setattr(simulator, "__file__", str(tmp_path / "simulator" / "__init__.py"))
    assert simulated_folder(directory, 3) != before
