"""The benchmarks' figures become one table, and a missed target is never told as met."""

import json

import pytest

from benchmarks import run
from benchmarks.figures import report


def test_a_figure_is_one_line_of_json(capsys):
    figure = report("append", 60_000.0, "messages/s", peer=20_000.0, peer_name="peer", target=50_000.0)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == figure
    assert figure["ratio"] == 3.0


@pytest.mark.parametrize(
    ("ours", "higher_is_better", "met"),
    [(2.0, True, True), (0.5, True, False), (0.5, False, True), (2.0, False, False)],
)
def test_a_target_is_met_on_its_better_side_only(ours, higher_is_better, met):
    assert report("figure", ours, "x", target=1.0, higher_is_better=higher_is_better)["met"] is met


def test_without_a_target_nothing_is_met_or_missed():
    assert report("figure", 1.0, "s")["met"] is None


def test_the_table_names_unit_peer_and_target():
    figures = [report("append", 60_000.0, "messages/s", peer=20_000.0, peer_name="other", target=50_000.0)]
    line = run.table(figures).splitlines()[1]
    assert line.split("  ")[0] == "append"
    for text in ("60,000 messages/s", "20,000 messages/s (other)", "3.00", "≥ 50,000 messages/s", "yes"):
        assert text in line


def bench(folder, name, source):
    package = folder / "benchmarks"
    package.mkdir(exist_ok=True)
    (package / f"bench_{name}.py").write_text(source, encoding="utf-8")
    return package / f"bench_{name}.py"


def test_a_benchmark_runs_in_a_process_of_its_own_and_its_lines_are_read(tmp_path, monkeypatch):
    path = bench(tmp_path, "one", "print('a remark')\nprint('{\"name\": \"one\"}')\n")
    monkeypatch.setattr(run, "FOLDER", path.parent)
    assert run.measure(path) == [{"name": "one"}]


def test_a_benchmark_that_fails_has_no_figures(tmp_path, monkeypatch):
    path = bench(tmp_path, "broken", 'print(\'{"name": "one"}\')\nraise SystemExit(3)\n')
    monkeypatch.setattr(run, "FOLDER", path.parent)
    assert run.measure(path) is None


def test_an_unknown_benchmark_is_bad_usage(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["run.py", "no-such"])
    assert run.main() == 2
    assert "no such benchmark: no-such" in capsys.readouterr().err


@pytest.mark.parametrize(("met", "code"), [(True, 0), (None, 0), (False, 1)])
def test_a_missed_target_fails_the_run(met, code, tmp_path, monkeypatch):
    line = {"name": "one", "ours": 1.0, "unit": "s", "peer": None, "peer_name": "", "ratio": None, "target": 2.0}
    path = bench(tmp_path, "one", f"print({json.dumps(line | {'higher_is_better': True, 'met': met})!r})\n")
    monkeypatch.setattr(run, "FOLDER", path.parent)
    monkeypatch.setattr("sys.argv", ["run.py"])
    assert run.main() == code
