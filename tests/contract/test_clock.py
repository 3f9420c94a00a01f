"""What every clock must do: whole nanoseconds of UTC since 1970, and never an earlier time in a quiet process."""

import time

import pytest

from tests.support.waiting import wait_until
from whaletrader.adapters.local.clock import SystemClock
from whaletrader.domain.values import NANOS
from whaletrader.ports.clock import Clock

YEAR_2020 = 1_577_836_800 * NANOS
YEAR_2100 = 4_102_444_800 * NANOS


class Stepping(Clock):
    """Stands still but for the steps that it is told to make: what a test hands to whoever wants a clock."""

    def __init__(self, now_ns: int = YEAR_2020) -> None:
        self.now = now_ns

    def now_ns(self) -> int:
        self.now += 1
        return self.now


@pytest.fixture(params=[SystemClock, Stepping])
def clock(request: pytest.FixtureRequest) -> Clock:
    return request.param()


def test_it_tells_whole_nanoseconds(clock: Clock) -> None:
    assert type(clock.now_ns()) is int
    assert YEAR_2020 <= clock.now_ns() < YEAR_2100


def test_it_fits_into_the_logs_columns(clock: Clock) -> None:
    assert clock.now_ns() < 2**63


def test_it_moves_forward(clock: Clock) -> None:
    begin = clock.now_ns()
    wait_until(lambda: clock.now_ns() > begin, 2, "the clock's next tick")
    assert clock.now_ns() > begin


def test_the_machines_clock_is_the_machines() -> None:
    before = time.time_ns()
    told = SystemClock().now_ns()
    assert before - NANOS <= told <= time.time_ns() + NANOS
