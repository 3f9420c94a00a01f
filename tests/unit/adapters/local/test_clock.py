"""The machine's clock tells nanoseconds of this century."""

import time

from whaletrader.adapters.local.clock import SystemClock


def test_it_is_the_machines_time_in_nanoseconds():
    before = time.time_ns()
    now = SystemClock().now_ns()
    assert before <= now <= time.time_ns()
