"""Where independent pieces of work are carried out: in this process, in others, on other machines."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from whaletrader.errors import ExecutorError, WhaleTraderError

T = TypeVar("T")
R = TypeVar("R")


class Executor(Protocol):
    """Carries out the same work on many items; the answers do not depend on where or when each was carried out."""

    def map(self, work: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Yield `work(item)` in the order of the items; `ExecutorError`, with its cause, at the first that failed.

        `work`, the items and the results must be picklable: functions of a module, plain data. Few items are under way
        at a time, so that unread results do not pile up; whoever stops reading stops the rest.
        """
        ...


def failure(number: int, cause: BaseException) -> ExecutorError:
    """The error that tells of item `number` (from 0): the cause's own sentence where it is ours, else its kind too."""
    if isinstance(cause, WhaleTraderError):
        return ExecutorError(cause.message, retryable=cause.retryable)
    return ExecutorError(f"part {number + 1} of the work failed ({type(cause).__name__}: {cause})")
