"""Fail-points are parsed strictly, count, and kill at the place that was named."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from whaletrader.errors import UsageError
from whaletrader.runtime.failpoints import COUNT_VARIABLE, KILL_VARIABLE, KINDS, Failpoints, parse

PROGRAM = """
from whaletrader.runtime.failpoints import POINTS
for number in range(3):
    POINTS.hit("before_commit")
    print(number, flush=True)
    POINTS.hit("after_commit")
"""


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_specification_names_kinds_and_numbers() -> None:
    assert parse("before_send:2,after_ack:1") == {("before_send", 2), ("after_ack", 1)}
    assert parse("") == frozenset()


@pytest.mark.parametrize("text", ["sometimes:1", "before_send", "before_send:0", "before_send:x", "before_send:-1"])
def test_anything_else_is_refused_with_the_kinds_named(text: str) -> None:
    with pytest.raises(UsageError, match="before_commit, after_commit"):
        parse(text)


def test_without_a_specification_nothing_is_counted() -> None:
    points = Failpoints({})
    points.hit("before_send")
    assert not points.active
    assert points.passed == dict.fromkeys(KINDS, 0)


@pytest.mark.crash
def test_the_process_dies_at_the_named_place() -> None:
    done = run(**{KILL_VARIABLE: "before_commit:2"})
    assert done.returncode == -signal.SIGKILL
    assert done.stdout == "0\n"
    assert run(**{KILL_VARIABLE: "after_commit:3"}).stdout == "0\n1\n2\n"


@pytest.mark.crash
def test_counting_writes_how_often_each_kind_was_passed(tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    assert run(**{COUNT_VARIABLE: str(file)}).returncode == 0
    assert json.loads(file.read_text()) == {**dict.fromkeys(KINDS, 0), "before_commit": 3, "after_commit": 3}
