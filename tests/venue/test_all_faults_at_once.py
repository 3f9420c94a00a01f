"""The soak in its short form: two minutes of the live run against the local exchange while everything goes wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT_S = 600
EVERY_FACE = {"rtds", "rpc", "clob"}


@pytest.mark.slow
@pytest.mark.server
def test_nothing_is_lost_invented_or_told_twice_in_two_minutes(tmp_path: Path) -> None:
    command = [sys.executable, "scripts/soak.py", "--minutes", "2", "--json", "--keep", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert (told["lost"], told["invented"], told["twice"], told["up_ended"]) == (0, 0, 0, 0)
    assert told["due"] > 0
    assert {name.split("@")[1] for name in told["faults"]} >= EVERY_FACE
