"""The real command in a child process, as a person types it: nothing of the test's own process is shared with it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.waiting import wait_until

TIMEOUT_S = 300
SCENARIO_SETTINGS = """\
[discovery]
min_resolved_bets_fills = 10
min_resolved_bets_signals = 10
min_event_groups = 10
bootstrap_resamples = 200
[copy]
max_position_age_s = 3600
[execution]
max_slippage = "0.03"
[runtime]
mark_interval_s = {mark_interval_s}
[web]
port = 0
"""


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "whaletrader", *(str(word) for word in words)]


def environment(**more: str) -> dict[str, str]:
    """The test's environment without what would change a setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WHALETRADER_")}
    return kept | {"COLUMNS": "200"} | more


def run(*words: object, prefix: Sequence[str] = (), **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; `more` is put into its environment."""
    words = (*prefix, *command(*words))
    return subprocess.run(
        words, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment(**more), check=False
    )


def write_settings(home: Path, text: str | None = None, *, mark_interval_s: int = 43_200) -> Path:
    """Make a data directory under whose settings the small scenario trades."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "whaletrader.toml").write_text(text or SCENARIO_SETTINGS.format(mark_interval_s=mark_interval_s))
    return home


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> str:
    """Check that a command was refused in one clear sentence that holds these words; return it."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("whaletrader: ")]
    assert len(said) == 1, done.stderr
    assert done.stderr.splitlines()[-1] == said[0]
    for word in words:
        assert word in said[0], said[0]
    return said[0]


def head_of(text: str) -> str:
    """The log's head as the summary prints it."""
    found = re.search(r"head ([0-9a-f]{16})", text)
    assert found, text
    return found[1]


class Running:
    """A command that runs beside the test; what it says on standard error goes to a file."""

    def __init__(self, errors: Path, *words: object) -> None:
        self._errors = errors
        with errors.open("w") as file:
            self.process: subprocess.Popen[str] = subprocess.Popen(
                command(*words), stdout=subprocess.PIPE, stderr=file, text=True, env=environment()
            )

    @property
    def said(self) -> str:
        """Everything on standard error so far."""
        return self._errors.read_text()

    def wait_for(self, text: str, timeout_s: float = TIMEOUT_S) -> str:
        """Wait until it says something; fail when it ends before."""
        wait_until(lambda: text in self.said or self.process.poll() is not None, timeout_s, repr(text))
        assert text in self.said, self.said
        return self.said

    def end(self) -> tuple[int, str]:
        """Wait for its end; return exit code and standard output."""
        output, _ = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode, output

    def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.end()


@contextmanager
def running(errors: Path, *words: object) -> Iterator[Running]:
    """Start a command; at the end of the block it is killed where it still runs."""
    started = Running(errors, *words)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
        started.process.communicate()


def fact_rows(log: Path, kind: str) -> list[Any]:
    """The payloads of all records of one type in a log."""
    from whaletrader.app.inspect import reading
    from whaletrader.runtime.records import to_message

    with reading(log) as store:
        return [to_message(record).payload for record in store.read() if record.type == kind]
