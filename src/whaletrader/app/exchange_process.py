"""The paper exchange as a child process: started, found by its port, and stopped with the run.

Its store lies where it is told; if the run's own process dies, whoever started the exchange keeps it.
"""

import subprocess
import sys
from pathlib import Path

from whaletrader.config.tree import FaultPlanSettings
from whaletrader.errors import ExchangeError
from whaletrader.ports.tape import PrintTape

_GREETING = "listening 127.0.0.1:"


def make_tape(dataset: Path) -> PrintTape:
    """Make the tape of a dataset: named to the exchange's process, which knows no other adapter."""
    from whaletrader.adapters.local.replay_feed import ReplayFeed
    from whaletrader.datasets.store import Dataset

    opened = Dataset.open(dataset)
    return ReplayFeed(opened, simulated=opened.simulated).tape()


class ExchangeProcess:
    """A running exchange; `port` is where it listens."""

    def __init__(self, store: Path, dataset: Path, faults: FaultPlanSettings) -> None:
        command = [sys.executable, "-m", "whaletrader.adapters.paper.line_server", "--store", str(store)]
        command += ["--tape", "whaletrader.app.exchange_process:make_tape", "--dataset", str(dataset)]
        for name in ("drop_micro", "delay_micro", "repeat_micro", "fail_micro", "delay_s"):
            command += [f"--{name.replace('_', '-')}", str(getattr(faults, name))]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said.startswith(_GREETING):
            self.stop()
            raise ExchangeError(f"the exchange's process did not start (it ended with {self._process.returncode})")
        self.port = int(said.removeprefix(_GREETING))

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
