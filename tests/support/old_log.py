"""Writes the committed log of the scenario, and what its money came to; run it only when a new log is to be committed.

    python -m tests.support.old_log FOLDER

A log that was committed is never written again: that it still opens is what its test is for.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.support.compare import log_of
from tests.support.fold_log import folded
from tests.support.scenario import write_scenario
from tests.support.up_child import up


def main() -> None:
    """Run the scenario, and keep the log, its anchor and its money state."""
    into = Path(sys.argv[1])
    if (into / "log.db").exists():
        raise SystemExit(f"{into} holds a log already")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        up(write_scenario(folder / "dataset"), folder / "data", 0, 0)
        log = log_of(folder / "data")
        shutil.copy(log, into / "log.db")
        shutil.copy(log.with_name("log.head"), into / "log.head")
    (into / "money.json").write_text(json.dumps(folded(into / "log.db"), indent=1) + "\n")


if __name__ == "__main__":
    main()
