"""Bounded waiting for a condition: the only way a test lets time pass."""

import threading
import time
from collections.abc import Callable

SLACK = 4.0
"""A limit is there for what never comes true, not for speed: a crowded machine gets more."""


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str = "the condition") -> None:
    """Poll until `condition()` holds; fail with `what` after `SLACK` times `timeout_s`."""
    timeout_s *= SLACK
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout_s} s")
        pause.wait(0.02)
