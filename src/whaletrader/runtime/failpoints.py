"""Places at which a test kills the process: before and after every commit, send and acknowledgement.

`WHALETRADER_FAILPOINT=kind:n[,kind:n]` ends the process with SIGKILL at the n-th time that a place of this kind is
passed; `WHALETRADER_FAILPOINT_COUNT=path` writes how often each kind was passed when the process ends by itself.
Without either, passing a place is one look at a flag.
"""

import atexit
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from whaletrader.errors import UsageError

KINDS = ("before_commit", "after_commit", "before_send", "after_send", "before_ack", "after_ack")
KILL_VARIABLE = "WHALETRADER_FAILPOINT"
COUNT_VARIABLE = "WHALETRADER_FAILPOINT_COUNT"


def parse(text: str) -> frozenset[tuple[str, int]]:
    """Read `kind:n[,kind:n]`."""
    points = []
    for part in filter(None, text.split(",")):
        kind, _, number = part.partition(":")
        if kind not in KINDS or not number.isdecimal() or int(number) < 1:
            raise UsageError(f"{KILL_VARIABLE}: {part!r} is not KIND:N with N ≥ 1 and KIND one of {', '.join(KINDS)}")
        points.append((kind, int(number)))
    return frozenset(points)


class Failpoints:
    """Counts the places passed, and kills where it was told to."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._deadly = parse(environment.get(KILL_VARIABLE, ""))
        self._count_file = environment.get(COUNT_VARIABLE, "")
        self.active = bool(self._deadly or self._count_file)
        self.passed = dict.fromkeys(KINDS, 0)
        if self._count_file:
            atexit.register(self.write_counts)

    def hit(self, kind: str) -> None:
        """Pass a place."""
        if not self.active:
            return
        self.passed[kind] += 1
        if (kind, self.passed[kind]) in self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    def write_counts(self) -> None:
        """Write how often each kind was passed."""
        Path(self._count_file).write_text(json.dumps(self.passed), encoding="utf-8")


POINTS = Failpoints(os.environ)
"""This process's own."""
