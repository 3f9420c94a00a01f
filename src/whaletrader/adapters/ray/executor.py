"""Work on a Ray cluster, one task an item; the cluster is somebody else's and is left running.

Its machines must see the files that the items name: give `work_dir` on storage that all of them share. The same version
of the package must be installed on each.
"""

import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from whaletrader.errors import ExecutorError, UsageError
from whaletrader.ports.executor import failure

T = TypeVar("T")
R = TypeVar("R")

_PER_CPU = 2
"""Tasks under way for each processor of the cluster."""
_CONNECT_S = 10.0
"""How long an address may take to answer; Ray itself would try for minutes."""


class RayExecutor:
    """Fills the port `executor` on the cluster at `address`."""

    def __init__(self, address: str) -> None:
        try:
            import ray
        except ModuleNotFoundError:
            raise UsageError("working on a Ray cluster needs the package ray: install whaletrader[ray]") from None
        self._ray: Any = ray
        if ray.is_initialized():
            return
        check_answers(address)
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            told = str(error).partition("\n")[0]
            raise UsageError(f"there is no Ray cluster at {address} ({told}); start one with `ray start`") from None

    def map(self, work: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Yield the results in the order of the items; `ExecutorError` at the first that failed."""
        task = self._ray.remote(max_retries=1)(_carried_out)
        pending: deque[Any] = deque()
        rest = iter(items)
        number = 0
        try:
            most = _PER_CPU * max(int(self._ray.cluster_resources().get("CPU", 1)), 1)
            pending.extend(task.remote(work, item) for item in islice(rest, most))
            while pending:
                yield self._result(pending.popleft(), number)
                number += 1
                pending.extend(task.remote(work, item) for item in islice(rest, 1))
        finally:
            for reference in pending:
                self._ray.cancel(reference, force=True)

    def _result(self, reference: Any, number: int) -> Any:
        errors = self._ray.exceptions
        try:
            return self._ray.get(reference)
        except errors.RayTaskError as error:
            cause = error.cause
            raise failure(number, cause) from cause
        except errors.RayError as error:
            told = str(error).partition("\n")[0]
            raise ExecutorError(
                f"a Ray worker died ({type(error).__name__}: {told}); look after the cluster and try again",
                retryable=True,
            ) from None


def check_answers(address: str) -> None:
    """`UsageError` where nobody listens at HOST:PORT; an address of another form is Ray's to read."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"there is no Ray cluster at {address} ({error}); start one with `ray start`") from None


def _carried_out(work: Callable[[T], R], item: T) -> R:
    """A function of a module, as Ray wants it; `work` may be any picklable callable."""
    return work(item)
