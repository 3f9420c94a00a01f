"""Run the synthetic scenario many times in children that may kill themselves, without importing everything each time.

    python -m tests.support.crashes

reads jobs from standard input, one JSON line each: [folder, facts, fail-point specification, count file]. It forks a
child for each, and answers with the child's exit code (negative: the signal that ended it).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.support.synthetic import Run, open_store
from whaletrader.runtime.failpoints import COUNT_VARIABLE, KILL_VARIABLE, POINTS, Failpoints

ROOT = Path(__file__).resolve().parents[2]


class Children:
    """The process that forks: start it with `with`."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.support.crashes"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)
        assert self._process.stdout
        self._process.stdout.close()

    def run(self, folder: Path, facts: int, failpoint: str = "", count_file: str = "") -> int:
        """Run the scenario in a child; its exit code."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([str(folder), facts, failpoint, count_file]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def child(folder: Path, facts: int, failpoint: str, count_file: str) -> None:
    """Run the scenario to its end, with the fail-points of this job in place of the process's own."""
    points = Failpoints({KILL_VARIABLE: failpoint, COUNT_VARIABLE: count_file})
    POINTS.__dict__.update(points.__dict__)
    run = Run(open_store(folder), folder, facts)
    run.engine.run()
    run.engine.close()
    if count_file:
        POINTS.write_counts()


def main() -> None:
    """Answer jobs until the input ends."""
    for line in sys.stdin:
        folder, facts, failpoint, count_file = json.loads(line)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                child(Path(folder), facts, failpoint, count_file)
                code = 0
            finally:
                os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
