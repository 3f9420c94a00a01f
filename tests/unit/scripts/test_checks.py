"""The runner of all checks counts what pytest wrote, and takes nothing for a success that it did not see."""

import sys
import textwrap

import pytest

from scripts import checks

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
        [checks.Outcome("lint"), checks.Outcome("unit", passed=3), checks.Outcome("e2e", passed=1)]
    )
    assert capsys.readouterr().out.splitlines()[-1] == "4 passed, 0 failed, 0 skipped"
    assert code == 0


def test_one_failed_part_fails_the_whole(capsys):
    code = checks.print_summary([checks.Outcome("lint", failed=1), checks.Outcome("unit", passed=3)])
    assert capsys.readouterr().out.splitlines()[-1] == "3 passed, 1 failed, 0 skipped"
    assert code == 1


def test_a_skip_fails_in_continuous_integration_and_only_there(capsys, monkeypatch):
    parts = [checks.Outcome("unit", passed=3, skipped=2, reasons=["a", "b"])]
    monkeypatch.setattr(checks, "IN_CI", False)
    assert checks.print_summary(parts) == 0
    monkeypatch.setattr(checks, "IN_CI", True)
    assert checks.print_summary(parts) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "3 passed, 2 failed, 0 skipped"


def test_a_part_that_takes_too_long_is_ended_and_fails(monkeypatch):
    monkeypatch.setattr(checks, "PART_LIMIT_S", 0.2)
    assert checks.run([sys.executable, "-c", "import threading; threading.Event().wait(60)"]) == 1


def test_every_folder_of_tests_is_a_part():
    folders = checks.test_folders()
    assert folders[:2] == ["tidy", "unit"]
    on_disk = {path.relative_to(checks.ROOT / "tests").parts[0] for path in (checks.ROOT / "tests").rglob("test_*.py")}
    assert set(folders) == on_disk
