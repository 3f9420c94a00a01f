"""Runs of the whole app in children that may kill themselves, beside an exchange that is a process of its own.

    python -m tests.support.app_children

imports everything once, then reads jobs from standard input, one JSON line each. For a job it forks an exchange with
its own store and fault plan, a child that runs the app with the job's fail-point until it dies, and, where it
died, a child that goes on; then it ends the exchange. It answers with the exit codes (negative: the signal). A job that
begins with "up" starts one child over an exchange that is there already, and leaves the killing to who asked.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]


class Forker:
    """The process that forks: start it with `with`, one per thread."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.support.app_children"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def run(self, dataset: Path, folder: Path, failpoint: str = "", count_file: str = "") -> list[int]:
        """Run the scenario, over two children where the first was killed; return their exit codes."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([str(dataset), str(folder), failpoint, count_file]) + "\n")
        self._process.stdin.flush()
        answer: list[int] = json.loads(self._process.stdout.readline())
        return answer

    def up(self, dataset: Path, data: Path, port: int, pause_ms: int) -> int:
        """Start one child that runs the app slowly; return its process id. Ask for `ended` before the next job."""
        return self._ask(["up", str(dataset), str(data), str(port), str(pause_ms)])

    def ended(self) -> int:
        """Wait for the child of `up`; return its exit code."""
        return self._ask([])

    def _ask(self, job: list[str]) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def main() -> None:
    """Answer jobs until the input ends."""
    load_everything()
    for line in sys.stdin:
        asked = json.loads(line)
        if asked[0] == "up":
            serve_up(Path(asked[1]), Path(asked[2]), int(asked[3]), int(asked[4]))
            continue
        dataset, folder, failpoint, count_file = asked
        print(json.dumps(job(Path(dataset), Path(folder), failpoint, count_file)), flush=True)


def load_everything() -> None:
    """Import and compile what a run needs, once for all children; whoever starts a forker need not.

    No table is touched, because threads would not survive a fork: the kernels come from numba's cache by the types
    that its index names.
    """
    import river.drift  # noqa: F401 - a run imports it at its first scan
    from numba.core.dispatcher import Dispatcher

    from tests.support.scenario import FAULTS, scenario_settings  # noqa: F401
    from whaletrader.adapters.paper import line_server  # noqa: F401
    from whaletrader.app import run  # noqa: F401
    from whaletrader.domain import warm

    warm.compile_kernels()
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("whaletrader.")]
    kernels = [value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)]
    for kernel in dict.fromkeys(kernels):
        index = getattr(kernel._cache, "_cache_file", None)
        for types, *_ in index._load_index() if index else ():
            kernel.compile(types)


def job(dataset: Path, folder: Path, failpoint: str, count_file: str) -> list[int]:
    """Run one job."""
    folder.mkdir(parents=True)
    exchange, port = start_exchange(dataset, folder / "exchange.db")
    try:
        codes = [forked(lambda: app(dataset, folder / "data", port, failpoint, count_file))]
        if failpoint:
            codes.append(forked(lambda: app(dataset, folder / "data", port, "", "")))
    finally:
        os.kill(exchange, signal.SIGKILL)
        os.waitpid(exchange, 0)
    return codes


def serve_up(dataset: Path, data: Path, port: int, pause_ms: int) -> None:
    """Start the child, say its process id, and its exit code when that is asked for."""
    from tests.support.up_child import up

    pid = started(lambda: up(dataset, data, port, pause_ms))
    print(pid, flush=True)
    sys.stdin.readline()
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def forked(what: Any) -> int:
    """Do something in a child; return its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(started(what), 0)[1])


def started(what: Any) -> int:
    """Start a child that does something; return its process id."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            what()
            code = 0
        finally:
            os._exit(code)
    return pid


def start_exchange(dataset: Path, store: Path) -> tuple[int, int]:
    """Fork an exchange; return its process id and port."""
    from tests.support.scenario import FAULTS
    from whaletrader.adapters.paper.exchange import PaperExchange
    from whaletrader.adapters.paper.faults import FaultPlan
    from whaletrader.adapters.paper.line_server import ExchangeServer
    from whaletrader.adapters.paper.telling import Rules
    from whaletrader.app.exchange_process import make_tape

    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            plan = FaultPlan(
                drop_micro=FAULTS.drop_micro,
                delay_micro=FAULTS.delay_micro,
                repeat_micro=FAULTS.repeat_micro,
                delay_s=FAULTS.delay_s,
            )
            with ExchangeServer(PaperExchange(store, make_tape(dataset), Rules(plan))) as served:
                os.write(writing, f"{served.port}\n".encode())
                served.serve_forever(poll_interval=0.5)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as said:
        return pid, int(said.readline())


def app(dataset: Path, data: Path, port: int, failpoint: str, count_file: str) -> None:
    """Run the app to its end, with the fail-points of this job in place of the process's own."""
    from tests.support.scenario import FAULTS, scenario_settings
    from whaletrader.app.layout import DataDirectory
    from whaletrader.app.run import opened, run_app
    from whaletrader.runtime.failpoints import COUNT_VARIABLE, KILL_VARIABLE, POINTS, Failpoints

    points = Failpoints({KILL_VARIABLE: failpoint, COUNT_VARIABLE: count_file})
    POINTS.__dict__.update(points.__dict__)
    settings = scenario_settings(faults=FAULTS)
    with opened(f"replay:{dataset}", DataDirectory(data), settings, exchange=f"port:{port}") as built:
        run_app(built)
    if count_file:
        POINTS.write_counts()


if __name__ == "__main__":
    main()
