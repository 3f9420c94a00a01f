"""What `whaletrader backtest` prints and writes."""

from pathlib import Path

import msgspec
import pytest

from tests.unit.report.made import report
from tests.unit.report.test_page_parts import null_report
from whaletrader.app.layout import DataDirectory
from whaletrader.cli.backtest import JSON_FILE, PAGE_FILE, backtest_and_print, print_report, write_and_print
from whaletrader.config.tree import Settings
from whaletrader.datasets.simulator import simulate
from whaletrader.datasets.simulator.params import SimulationParams
from whaletrader.errors import DataError, StorageError, UsageError

TINY = SimulationParams(
    days=10, binary_markets=10, groups=1, outcomes_per_group=2, fills=300, skilled=1, lucky=1, market_makers=1,
    wash=2, noise=4, quoted_markets=1,
)  # fmt: skip


def test_the_terminal_shows_stamp_headline_variants_and_funnel(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(report())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("SIMULATED")
    assert lines[1] == "2 leaders & a <tag>"
    assert any(line.startswith("Baseline v0.1") and "11,000.00" in line for line in lines)
    assert sum("leader entries" in line for line in lines) == 2


def test_what_is_not_known_is_not_printed_as_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(report())
    assert "sharpe not known" in capsys.readouterr().out


def test_a_null_report_is_printed_as_one_and_nothing_in_it_is_made_up(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(null_report())
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("Certified null: no wallet's edge survived")
    (ours,) = [line for line in lines if line.startswith("Whale Trader")]
    assert "10,000.00 pUSD (+0.00%)" in ours
    assert "sharpe not known" in ours
    assert "hits none closed" in ours
    assert "fills 0" in ours


def test_the_json_of_a_simulated_report_bears_the_stamp(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for simulated, stamp in ((True, "SIMULATED"), (False, "")):
        write_and_print(report(simulated=simulated), tmp_path, as_json=True)
        told = msgspec.json.decode(capsys.readouterr().out)
        assert (told["simulated"], told["stamp"]) == (simulated, stamp)


def test_real_data_is_printed_without_a_stamp(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(report(simulated=False))
    assert "SIMULATED" not in capsys.readouterr().out


def test_a_dataset_too_thin_is_refused_before_anything_is_replayed(tmp_path: Path) -> None:
    simulate(tmp_path / "tiny", TINY, seed=1)
    with pytest.raises(DataError, match="enough settled bets"):
        backtest_and_print(f"replay:{tmp_path / 'tiny'}", DataDirectory(tmp_path / "home"), Settings())


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        backtest_and_print(f"replay:{tmp_path / 'none'}", DataDirectory(tmp_path / "home"), Settings())


def test_an_output_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    simulate(tmp_path / "tiny", TINY, seed=1)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="--out"):
        backtest_and_print(
            f"replay:{tmp_path / 'tiny'}", DataDirectory(tmp_path / "home"), Settings(), out=tmp_path / "file" / "out"
        )


def test_json_and_page_are_written_and_the_json_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_and_print(report(), tmp_path, as_json=True)
    told = capsys.readouterr()
    assert msgspec.json.decode((tmp_path / JSON_FILE).read_bytes()) == msgspec.json.decode(told.out)
    assert (tmp_path / PAGE_FILE).read_text().startswith("<!doctype html>")
    assert str(tmp_path / PAGE_FILE) in told.err
    assert sorted(path.name for path in tmp_path.iterdir()) == [PAGE_FILE, JSON_FILE]


def test_a_folder_that_cannot_be_written_keeps_the_former_report(tmp_path: Path) -> None:
    (tmp_path / f"{JSON_FILE}.partial").mkdir()
    (tmp_path / JSON_FILE).write_text("former")
    with pytest.raises(StorageError, match="--out"):
        write_and_print(report(), tmp_path, as_json=False)
    assert (tmp_path / JSON_FILE).read_text() == "former"
