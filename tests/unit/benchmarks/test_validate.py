"""The runner of validations, and the page that one writes."""

import json

import pytest

from benchmarks import page, validate
from benchmarks.page import Page


def made_up_page():
    made = Page("made", "A made-up page", "Nothing is validated here.")
    made.heading("Figures")
    made.figure("share", 0.0456789, target=0.05, higher_is_better=False)
    made.figure("coverage", 0.93, "of 1", target=0.95)
    made.figure("seeds", 20)
    made.table(("band", "share"), [("0.1-0.3", 0.5), ("0.3-0.5", float("nan"))])
    made.text("The end.")
    return made


def test_a_page_shows_what_was_measured_its_target_and_whether_it_was_met(capsys):
    text = made_up_page().render()
    assert "| share | 0.04568 | ≤ 0.05 | met |" in text
    assert "| coverage | 0.93 of 1 | ≥ 0.95 of 1 | **not met** |" in text
    assert "| seeds | 20 | – | – |" in text
    assert "| 0.3-0.5 | – |" in text
    assert text.startswith("# A made-up page\n\nNothing is validated here.\n\n")
    assert text.endswith("The end.\n")
    assert [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()] == ["share", "coverage", "seeds"]


def test_a_quick_run_writes_no_document(monkeypatch):
    monkeypatch.setenv(page.QUICK, "1")
    monkeypatch.delenv(page.INTO, raising=False)
    assert page.quick()
    assert made_up_page().write() is None


def test_a_page_is_written_where_it_belongs(tmp_path, monkeypatch):
    monkeypatch.setenv(page.INTO, str(tmp_path))
    sheet = made_up_page()
    assert sheet.write() == tmp_path / "made.md"
    assert (tmp_path / "made.md").read_text(encoding="utf-8") == sheet.render()


def test_a_whole_run_writes_into_the_documents(monkeypatch):
    monkeypatch.delenv(page.INTO, raising=False)
    monkeypatch.setenv(page.QUICK, "0")
    assert not page.quick()
    assert page.folder() == page.FOLDER


def made_up(folder, monkeypatch, source):
    package = folder / "benchmarks"
    package.mkdir()
    (package / "validate_one.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(validate, "FOLDER", package)
    monkeypatch.setattr(validate.run, "FOLDER", package)


LINE = {"name": "one", "ours": 1.0, "unit": "", "peer": None, "peer_name": "", "ratio": None, "target": 2.0}


@pytest.mark.parametrize(("met", "code"), [(True, 0), (None, 0), (False, 1)])
def test_a_target_that_is_missed_fails_the_run(met, code, tmp_path, monkeypatch, capsys):
    line = json.dumps(LINE | {"higher_is_better": True, "met": met})
    made_up(tmp_path, monkeypatch, f"print({line!r})\n")
    monkeypatch.setattr("sys.argv", ["validate.py", "one"])
    assert validate.main() == code
    assert "one" in capsys.readouterr().out


def test_quick_is_told_to_the_validation(tmp_path, monkeypatch):
    line = json.dumps(LINE | {"higher_is_better": True, "met": True})
    source = f"import os\nassert os.environ[{page.QUICK!r}] == '1'\nprint({line!r})\n"
    made_up(tmp_path, monkeypatch, source)
    monkeypatch.setenv(page.QUICK, "0")
    monkeypatch.setattr("sys.argv", ["validate.py", "--quick"])
    assert validate.main() == 0


def test_one_that_breaks_is_named(tmp_path, monkeypatch, capsys):
    made_up(tmp_path, monkeypatch, "raise SystemExit(3)\n")
    monkeypatch.setattr("sys.argv", ["validate.py"])
    assert validate.main() == 1
    assert "the validation one could not be carried out" in capsys.readouterr().err


def test_an_unknown_validation_is_bad_usage(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["validate.py", "no-such"])
    assert validate.main() == 2
    assert "no such validation: no-such" in capsys.readouterr().err
