"""What all commands share, and what the program's own entry makes of a fault."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from whaletrader.cli import main as entry
from whaletrader.cli.common import data_directory, note, print_json, say
from whaletrader.errors import BusyError, SettingError, StorageError, WhaleTraderError


def test_a_given_data_directory_is_taken_as_it_is(tmp_path: Path) -> None:
    assert data_directory(tmp_path) == tmp_path


def test_a_tilde_is_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_directory(Path("~/whales")) == tmp_path / "whales"


def test_without_one_it_is_the_platforms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WHALETRADER_HOME", str(tmp_path / "x"))
    assert data_directory(None) == tmp_path / "x"


def test_results_go_out_and_remarks_beside_them(capsys: pytest.CaptureFixture[str]) -> None:
    say("result")
    note("remark")
    assert capsys.readouterr() == ("result\n", "remark\n")


def test_json_is_sorted_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"b": 1, "a": [None, "é"]})
    said = capsys.readouterr().out
    assert json.loads(said) == {"a": [None, "é"], "b": 1}
    assert said.index('"a"') < said.index('"b"')


@pytest.mark.parametrize(
    ("fault", "code", "sentence"),
    [
        (WhaleTraderError("it failed"), 1, "whaletrader: it failed"),
        (StorageError("the disk is full"), 1, "whaletrader: the disk is full"),
        (BusyError("it is in use"), 1, "whaletrader: it is in use"),
        (SettingError("no such setting"), 2, "whaletrader: no such setting"),
        (OSError(errno.ENOSPC, "No space left on device", "/x/y"), 1, "No space left on device (/x/y)"),
        (OSError("odd"), 1, "odd"),
        (KeyboardInterrupt(), 1, "whaletrader: interrupted"),
    ],
)
def test_a_fault_is_one_sentence_and_an_exit_code(
    fault: BaseException,
    code: int,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise fault

    monkeypatch.setattr(entry, "app", fail)
    with pytest.raises(SystemExit) as left:
        entry.main()
    said = capsys.readouterr()
    assert left.value.code == code
    assert said.out == ""
    assert sentence in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "banned"),
    [
        (["--help"], ["numpy", "polars", "rich", "numba"]),
        (["kill"], ["numpy", "polars", "rich", "numba", "google.protobuf"]),
        (["resume"], ["numpy", "polars", "rich", "numba", "google.protobuf"]),
        (["status"], ["polars", "rich", "numba", "scipy"]),
        (["up", "--mode", "live"], ["polars", "rich", "numba", "scipy"]),
    ],
)
def test_what_must_answer_at_once_loads_nothing_heavy(words: list[str], banned: list[str], tmp_path: Path) -> None:
    words = words if words == ["--help"] else [*words, "--data-dir", str(tmp_path)]
    program = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print('loaded', [name for name in {banned!r} if name in sys.modules]))\n"
        f"sys.argv = ['whaletrader', *{words!r}]\n"
        "from whaletrader.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.splitlines()[-1] == "loaded []", done.stdout + done.stderr
