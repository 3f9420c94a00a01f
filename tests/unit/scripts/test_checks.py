"""The runner of all checks counts what pytest wrote, and takes nothing for a success that it did not see."""

import sys
import textwrap

import pytest

from scripts import checks
from tests.conftest import LONGEST_FIRST, ROOT, pytest_collection_modifyitems

EXAMPLE = """
import pytest

def test_good():
    assert True

def test_bad():
    assert 0

def test_left_out():
    pytest.skip("no server")

@pytest.fixture
def broken():
    raise ValueError

def test_with_a_broken_fixture(broken):
    assert True

@pytest.mark.xfail(strict=True)
def test_known_fault():
    assert 0
"""


@pytest.fixture
def junit(tmp_path):
    """The JUnit file of a real run of pytest over five tests."""
    (tmp_path / "test_example.py").write_text(textwrap.dedent(EXAMPLE), encoding="utf-8")
    target = tmp_path / "junit.xml"
    folder = str(tmp_path)
    checks.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            f"--rootdir={folder}",
            folder,
            f"--junitxml={target}",
        ]
    )
    return target


def test_passed_failed_and_skipped_are_counted_from_pytests_own_file(junit):
    outcome = checks.count("unit", junit)
    assert (outcome.passed, outcome.failed, outcome.skipped) == (2, 2, 1)


def test_a_skipped_test_is_named_with_its_reason(junit):
    (reason,) = checks.count("unit", junit).reasons
    assert "test_left_out" in reason
    assert "no server" in reason


def test_a_run_without_a_junit_file_counts_nothing(tmp_path):
    outcome = checks.count("unit", tmp_path / "junit.xml")
    assert (outcome.passed, outcome.failed, outcome.skipped) == (0, 0, 0)


def test_the_last_line_holds_the_counts_alone(capsys):
    code = checks.print_summary(
        [checks.Outcome("lint"), checks.Outcome("unit", passed=3), checks.Outcome("e2e", passed=1)], 7.0
    )
    assert capsys.readouterr().out.splitlines()[-1] == "4 passed, 0 failed, 0 skipped"
    assert code == 0


def test_one_failed_part_fails_the_whole(capsys):
    code = checks.print_summary([checks.Outcome("lint", failed=1), checks.Outcome("unit", passed=3)], 7.0)
    assert capsys.readouterr().out.splitlines()[-1] == "3 passed, 1 failed, 0 skipped"
    assert code == 1


def test_a_skip_fails_in_continuous_integration_and_only_there(capsys, monkeypatch):
    parts = [checks.Outcome("unit", passed=3, skipped=2, reasons=["a", "b"])]
    monkeypatch.setattr(checks, "IN_CI", False)
    assert checks.print_summary(parts, 7.0) == 0
    monkeypatch.setattr(checks, "IN_CI", True)
    assert checks.print_summary(parts, 7.0) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "3 passed, 2 failed, 0 skipped"


def test_a_part_that_takes_too_long_is_ended_and_fails(monkeypatch):
    monkeypatch.setattr(checks, "PART_LIMIT_S", 0.2)
    assert checks.run([sys.executable, "-c", "import threading; threading.Event().wait(60)"]) == 1


def test_every_folder_of_tests_is_a_part():
    folders = checks.test_folders()
    assert folders[:2] == ["tidy", "unit"]
    on_disk = {path.relative_to(checks.ROOT / "tests").parts[0] for path in (checks.ROOT / "tests").rglob("test_*.py")}
    assert set(folders) == on_disk


def test_the_whole_time_is_the_clocks_and_not_the_sum_of_what_ran_at_once(capsys):
    checks.print_summary([checks.Outcome("kernels", 60.0), checks.Outcome("types", 27.0)], 61.0)
    (total,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("total")]
    assert total.split() == ["total", "61.0", "s"]


@pytest.fixture
def tools(monkeypatch, tmp_path):
    """Tools that write down when they began and ended; the kernels end when the types have begun."""
    told = tmp_path / "told"

    def tool(name, waits_for=""):
        said = f"open({str(told)!r}, 'a').write({name!r} + ' %s\\n')"
        waits = f"while {waits_for!r} not in open({str(told)!r}).read(): threading.Event().wait(0.01)"
        lines = ["import threading", said % "begins", *([waits] if waits_for else []), said % "ends"]
        return [sys.executable, "-c", "\n".join(lines)]

    monkeypatch.setattr(
        checks, "TOOLS", {"set-up": tool("set-up"), "kernels": tool("kernels", "types ends"), "types": tool("types")}
    )
    monkeypatch.setattr(checks, "PART_LIMIT_S", 60)
    return told


def test_kernels_are_compiled_beside_what_needs_none(tools):
    outcomes = checks.run_parts(["set-up", "kernels", "types"], fast=False)
    assert [(one.name, one.failed) for one in outcomes] == [("set-up", 0), ("types", 0), ("kernels", 0)]
    said = tools.read_text().splitlines()
    assert said[:2] == ["set-up begins", "set-up ends"]
    assert said[-1] == "kernels ends"


def test_tests_begin_behind_the_kernels(tools, monkeypatch):
    begun = []
    monkeypatch.setitem(checks.TOOLS, "kernels", checks.TOOLS["set-up"])
    monkeypatch.setattr(checks, "run_tests", lambda name, fast: begun.append(name) or checks.Outcome(name))
    outcomes = checks.run_parts(["kernels", "tidy", "unit"], fast=True)
    assert [one.name for one in outcomes] == ["tidy", "kernels", "unit"]
    assert begun == ["tidy", "unit"]


def test_nothing_runs_behind_a_set_up_that_failed(tools, monkeypatch):
    monkeypatch.setitem(checks.TOOLS, "set-up", [sys.executable, "-c", "raise SystemExit(1)"])
    assert [one.name for one in checks.run_parts(["set-up", "kernels", "types"], fast=False)] == ["set-up"]
    assert not tools.exists()


def test_kernels_are_not_left_behind_when_a_part_breaks_off(tools, monkeypatch):
    def broken(_name):
        raise KeyboardInterrupt

    monkeypatch.setattr(checks, "run_tool", broken)
    started = []
    monkeypatch.setattr(
        checks, "begun", lambda command, begun=checks.begun: started.append(begun(command)) or started[-1]
    )
    with pytest.raises(KeyboardInterrupt):
        checks.run_parts(["kernels", "types"], fast=False)
    assert started[0].poll() is not None


def test_files_that_last_longest_are_there_and_begin():
    class Found:
        def __init__(self, name):
            self.path = ROOT / name

    assert [name for name in LONGEST_FIRST if not (ROOT / name).is_file()] == []
    assert {checks.PARALLEL[name.split("/")[1]] for name in LONGEST_FIRST} == {"loadfile"}
    items = [Found("tests/unit/test_a.py"), Found(LONGEST_FIRST[1]), Found(LONGEST_FIRST[0]), Found("tests/unit/b.py")]
    before = list(items)
    pytest_collection_modifyitems(items)
    assert items == [before[2], before[1], before[0], before[3]]
