"""Work in this process, or in processes of this machine; started anew (spawn), so that no state is carried over."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

from whaletrader.errors import ExecutorError, UsageError
from whaletrader.ports.executor import failure

T = TypeVar("T")
R = TypeVar("R")

MOST_WORKERS = 256
_DIED = "a worker process died, perhaps for want of memory; use fewer workers, or make room"


class LocalExecutor:
    """Fills the port `executor`: one worker works in this process, more are processes of their own."""

    def __init__(self, workers: int = 1) -> None:
        if not 1 <= workers <= MOST_WORKERS:
            raise UsageError(f"the number of workers must lie between 1 and {MOST_WORKERS}, not {workers}")
        self._workers = workers

    def map(self, work: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Yield the results in the order of the items; `ExecutorError` at the first that failed."""
        pool = self._pool()
        pending: deque[Future[R]] = deque()
        rest = iter(items)
        number = 0
        try:
            pending.extend(pool.submit(work, item) for item in islice(rest, self._workers + 1))
            while pending:
                yield _result(pending.popleft(), number)
                number += 1
                pending.extend(pool.submit(work, item) for item in islice(rest, 1))
        except BrokenProcessPool:
            raise ExecutorError(_DIED, retryable=True) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _pool(self) -> Pool:
        """One thread stands for "in this process": its futures hold what failed like those of the processes do."""
        if self._workers == 1:
            return ThreadPoolExecutor(1)
        share = max((os.cpu_count() or 1) // self._workers, 1)
        return ProcessPoolExecutor(
            self._workers, mp_context=get_context("spawn"), initializer=_limit_threads, initargs=(share,)
        )


def _limit_threads(share: int) -> None:
    """Keep a worker's own threads to its share of the machine; runs before the libraries are loaded.

    Ctrl-C reaches every process of a terminal: the parent ends the work, a worker must not tell of it too.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(share)


def _result(future: "Future[R]", number: int) -> R:
    cause = future.exception()
    if isinstance(cause, BrokenProcessPool):
        raise ExecutorError(_DIED, retryable=True) from None
    if cause is not None:
        raise failure(number, cause) from cause
    return future.result()
