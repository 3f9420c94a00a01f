import asyncio
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket.stream_thread import Calls, StreamThread
from whaletrader.errors import ExchangeError, StorageError


async def forever() -> None:
    await asyncio.Event().wait()


def test_a_job_with_an_end_of_its_own_is_not_started_again() -> None:
    runs: list[int] = []

    async def once() -> None:
        runs.append(1)

    thread = StreamThread("t", {"once": once, "forever": forever})
    thread.start()
    wait_until(lambda: bool(runs), 5)
    assert thread.running
    thread.check()
    assert thread.stop(5)
    assert runs == [1]
    assert not thread.running


def test_a_failing_job_is_counted_started_again_and_raised_by_check() -> None:
    runs: list[int] = []

    async def failing() -> None:
        runs.append(1)
        raise ZeroDivisionError("a fault of ours")

    thread = StreamThread("t", {"good": forever, "bad": failing})
    thread.start()
    wait_until(lambda: len(runs) >= 2, 10)
    (failure,) = thread.failures()
    assert (failure.job, failure.times >= 1) == ("bad", True)
    with pytest.raises(ExchangeError, match="the source bad failed") as caught:
        thread.check()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert thread.stop(5)
    with pytest.raises(ExchangeError):
        thread.check()


def test_an_error_of_our_own_kind_is_raised_as_it_is() -> None:
    async def failing() -> None:
        raise StorageError("the disk is full")

    thread = StreamThread("t", {"bad": failing})
    thread.start()
    wait_until(lambda: bool(thread.failures()), 5)
    with pytest.raises(StorageError, match="the disk is full"):
        thread.check()
    assert thread.stop(5)


def test_steps_from_other_threads_run_in_the_loops_thread() -> None:
    names: list[str] = []
    thread = StreamThread("the-loop", {"forever": forever})
    thread.call_soon(lambda: names.append("too early"))
    thread.start()
    thread.call_soon(lambda: names.append(threading.current_thread().name))
    wait_until(lambda: bool(names), 5)
    assert names == ["the-loop"]
    assert thread.stop(5)
    thread.call_soon(lambda: names.append("too late"))
    assert names == ["the-loop"]


def test_blocking_calls_return_raise_and_are_a_few_at_once() -> None:
    running, most = [0], [0]
    lock = threading.Lock()
    pause = threading.Event()

    def call(value: int) -> int:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        pause.wait(0.02)
        with lock:
            running[0] -= 1
        if value == 3:
            raise KeyError(value)
        return value

    async def main() -> list[object]:
        calls = Calls(at_once=2)
        return await asyncio.gather(*(calls.run(lambda n=n: call(n)) for n in range(6)), return_exceptions=True)

    found = asyncio.run(main())
    assert [each for each in found if isinstance(each, int)] == [0, 1, 2, 4, 5]
    assert isinstance(found[3], KeyError)
    assert most[0] == 2


def test_a_call_that_hangs_does_not_hold_up_the_end() -> None:
    held, release = threading.Event(), threading.Event()

    def hang() -> None:
        held.set()
        release.wait(30)

    async def job() -> None:
        await Calls().run(hang)

    thread = StreamThread("t", {"hanging": job})
    thread.start()
    assert held.wait(5)
    begun = time.monotonic()
    assert thread.stop(5)
    assert time.monotonic() - begun < 2
    release.set()


def test_a_job_that_refuses_to_end_is_reported_within_the_time() -> None:
    entered, release = threading.Event(), threading.Event()

    async def stubborn() -> None:
        entered.set()
        release.wait(30)  # blocks the loop itself

    thread = StreamThread("t", {"stubborn": stubborn})
    thread.start()
    assert entered.wait(5)
    begun = time.monotonic()
    assert not thread.stop(0.2)
    assert time.monotonic() - begun < 2
    release.set()
    assert thread.stop(5)


def test_an_interrupted_process_ends_though_nobody_stopped_the_thread() -> None:
    program = textwrap.dedent(
        """
        import asyncio, os, signal, threading
        from whaletrader.adapters.polymarket.stream_thread import Calls, StreamThread
        async def job():
            await Calls().run(lambda: threading.Event().wait(60))
        thread = StreamThread("t", {"job": job})
        thread.start()
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(60)
        """
    )
    begun = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=False)
    assert ended.returncode != 0
    assert b"KeyboardInterrupt" in ended.stderr
    assert time.monotonic() - begun < 20
