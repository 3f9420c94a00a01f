"""What surrounds a scoring: Ctrl-C, stages, files."""

from pathlib import Path

import pytest
import typer

from whaletrader.cli.score_run import INTERRUPTED, check_target, check_targets, interruptible, stages, write_atomically
from whaletrader.errors import StorageError, UsageError


def test_ctrl_c_is_one_sentence_and_exit_code_130(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, interruptible():
        raise KeyboardInterrupt
    assert ended.value.exit_code == INTERRUPTED == 130
    assert capsys.readouterr().err == "whaletrader: interrupted; no file was written, and no dataset changed.\n"


def test_what_ends_well_is_let_through() -> None:
    with interruptible():
        done = True
    assert done


def test_stages_are_lines_where_standard_error_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with stages() as tell:
        tell("one")
        tell("two")
    assert capsys.readouterr().err == "one\ntwo\n"


def test_a_file_is_put_in_place_whole(tmp_path: Path) -> None:
    target = tmp_path / "file"
    for content in (b"first", b"second, longer"):
        write_atomically(target, content)
        assert target.read_bytes() == content
    assert list(tmp_path.iterdir()) == [target]


def test_what_cannot_be_put_in_place_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    (tmp_path / ".file.partial").mkdir()
    with pytest.raises(StorageError, match="choose another file"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"


def test_a_target_is_checked_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_target(None)
    check_target(tmp_path / "file")
    monkeypatch.chdir(tmp_path)
    check_target(Path("file"))
    with pytest.raises(UsageError, match="there is no folder"):
        check_target(tmp_path / "gone" / "file")
    with pytest.raises(UsageError, match="is a folder"):
        check_target(tmp_path)


def test_one_file_for_two_reports_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_targets((None, Path("scores.csv"), Path("scores.parquet")))
    with pytest.raises(UsageError, match="a file of its own"):
        check_targets((tmp_path / "scores", None, Path("scores")))
