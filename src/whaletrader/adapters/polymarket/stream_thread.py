"""One background thread with its own asyncio loop, in which named jobs are kept going until `stop()`.

A job that fails is written down with its words, started again after a pause, and its failure is kept until somebody
takes it (`check`): nothing is swallowed. `stop()` is bounded: what does not end in time is left to a daemon thread and
named. Blocking calls (HTTP) run in threads of their own, since the loop's own pool would hold up the end.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Self, TypeVar

import msgspec

from whaletrader.errors import ExchangeError, WhaleTraderError

T = TypeVar("T")

Job = Callable[[], Coroutine[Any, Any, None]]
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
STOP_S = 10.0
CALLS_AT_ONCE = 4

_log = logging.getLogger("whaletrader.stream")


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A job that failed though it should not: how often, and the newest reason."""

    job: str
    times: int
    error: BaseException


class StreamThread:
    """Runs the jobs; start and stop once."""

    def __init__(self, name: str, jobs: Mapping[str, Job]) -> None:
        self._name = name
        self._jobs = dict(jobs)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failures: dict[str, Failure] = {}

    def start(self) -> None:
        """Start the thread; returns when its loop runs."""
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._main, name=self._name, daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self, timeout_s: float = STOP_S) -> bool:
        """End the jobs and the thread; return whether all ended in time. May be called twice, and from a signal."""
        thread, loop, ending = self._thread, self._loop, self._ending
        if thread is None or loop is None or ending is None:
            return True
        if thread.is_alive():
            self._soon(ending.set)
            thread.join(timeout_s)
        if thread.is_alive():
            _log.error("%s did not end within %s s", self._name, timeout_s)
        return not thread.is_alive()

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread is not None and self._thread.is_alive()

    def call_soon(self, step: Callable[[], object]) -> None:
        """Run a short step within the loop; nothing happens when the thread does not run."""
        self._soon(step)

    def failures(self) -> tuple[Failure, ...]:
        """Return every job that failed, in the order of the jobs."""
        return tuple(self._failures[job] for job in self._jobs if job in self._failures)

    def check(self) -> None:
        """Raise the first failure there is; it stays until the thread ends, since its data may be incomplete.

        Raises
        ------
        WhaleTraderError
            The job's own error.
        ExchangeError
            Any other exception; its cause is attached.
        """
        for failure in self.failures():
            if isinstance(failure.error, WhaleTraderError):
                raise failure.error
            kind = type(failure.error).__name__
            raise ExchangeError(
                f"the source {failure.job} failed {failure.times} times ({kind}); it is tried again, "
                "but orders wait: stop and start anew"
            ) from failure.error

    def _soon(self, step: Callable[[], object]) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        try:
            loop.call_soon_threadsafe(step)
        except RuntimeError:
            if not loop.is_closed():  # closed between the question and the call: the thread has ended
                raise

    def _main(self) -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._serve())
        finally:
            loop.close()
            self._ready.set()

    async def _serve(self) -> None:
        self._ending, self._loop = asyncio.Event(), asyncio.get_running_loop()
        kept = [asyncio.create_task(self._keep(name, job), name=name) for name, job in self._jobs.items()]
        self._ready.set()
        try:
            await self._ending.wait()
        finally:
            for task in kept:
                task.cancel()
            await asyncio.gather(*kept, return_exceptions=True)

    async def _keep(self, name: str, job: Job) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            task = asyncio.create_task(job(), name=name)
            try:
                await asyncio.wait({task})
            finally:
                if not task.done():
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
            error = task.exception()
            if error is None:
                return  # the job had an end of its own
            before = self._failures.get(name)
            self._failures[name] = Failure(job=name, times=before.times + 1 if before else 1, error=error)
            _log.error("%s failed", name, exc_info=error)
            await asyncio.sleep(pause_s)
            pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)


class Calls:
    """Blocking calls from within a loop, a few at once, each in a daemon thread of its own."""

    def __init__(self, at_once: int = CALLS_AT_ONCE) -> None:
        self._turns = asyncio.Semaphore(at_once)

    async def run(self, call: Callable[[], T]) -> T:
        """Return what the call returns or raise what it raises; when cancelled, its answer is dropped."""
        async with self._turns:
            return await _in_thread(call)


def _in_thread(call: Callable[[], T]) -> Awaitable[T]:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def work() -> None:
        with _Carrier(loop, future) as carrier:
            carrier.tell(future.set_result, call())

    threading.Thread(target=work, name="whaletrader-call", daemon=True).start()
    return future


class _Carrier:
    """Carries what a call returns or raises to the loop in which it is awaited."""

    def __init__(self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any]) -> None:
        self._loop = loop
        self._future = future

    def tell(self, step: Callable[[Any], None], value: Any) -> None:
        """Settle the future, unless nobody waits any more."""
        try:
            self._loop.call_soon_threadsafe(self._settle, step, value)
        except RuntimeError:
            if not self._loop.is_closed():
                raise

    def _settle(self, step: Callable[[Any], None], value: Any) -> None:
        if not self._future.done():
            step(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is not None:
            self.tell(self._future.set_exception, error)
        return True
