"""What every executor must do: the results in order, the first failure with its cause, and no work for nobody."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.executors import ray_cluster
from whaletrader.adapters.local.executor import LocalExecutor
from whaletrader.errors import DataError, ExecutorError
from whaletrader.ports.executor import Executor


def square(number: int) -> int:
    return number * number


def unlike(number: int) -> str:
    """The later the item, the faster: the order of completion is not that of the items."""
    sum(range(200_000 // (number + 1)))
    return str(number)


def refuse_third(number: int) -> int:
    if number == 2:
        raise DataError("the third part cannot be read; import the data anew")
    return number


def divide(number: int) -> float:
    return 1 / number


def die(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def leave_a_mark(place: tuple[str, int]) -> int:
    folder, number = place
    (Path(folder) / str(number)).touch()
    return number


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with ray_cluster(nodes=2) as address:
        yield address


@pytest.fixture(params=["in process", "two processes", pytest.param("ray", marks=pytest.mark.server)])
def executor(request: pytest.FixtureRequest) -> Executor:
    if request.param == "ray":
        from whaletrader.adapters.ray.executor import RayExecutor

        return RayExecutor(request.getfixturevalue("cluster"))
    return LocalExecutor(1 if request.param == "in process" else 2)


@pytest.fixture(params=["two processes", pytest.param("ray", marks=pytest.mark.server)])
def others(request: pytest.FixtureRequest) -> Executor:
    """Executors whose workers can die alone."""
    if request.param == "ray":
        from whaletrader.adapters.ray.executor import RayExecutor

        return RayExecutor(request.getfixturevalue("cluster"))
    return LocalExecutor(2)


def test_no_items_give_no_results(executor: Executor) -> None:
    assert list(executor.map(square, [])) == []


def test_results_come_in_the_order_of_the_items(executor: Executor) -> None:
    assert list(executor.map(square, range(20))) == [number * number for number in range(20)]
    assert list(executor.map(unlike, range(12))) == [str(number) for number in range(12)]


def test_the_work_may_carry_parameters(executor: Executor) -> None:
    assert list(executor.map(partial(pow, 2), [3, 4])) == [8, 16]


def test_an_executor_can_be_used_again(executor: Executor) -> None:
    assert [list(executor.map(square, [3])) for _ in range(2)] == [[9], [9]]


def test_the_results_before_a_failure_are_given_and_our_own_error_is_told_in_its_words(executor: Executor) -> None:
    results = executor.map(refuse_third, range(5))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ExecutorError) as told:
        next(results)
    assert told.value.message == "the third part cannot be read; import the data anew"
    assert isinstance(told.value.__cause__, DataError)


def test_any_other_failure_names_its_part_and_kind(executor: Executor) -> None:
    with pytest.raises(ExecutorError, match=r"part 2 of the work failed \(ZeroDivisionError") as told:
        list(executor.map(divide, [1, 0, 2]))
    assert isinstance(told.value.__cause__, ZeroDivisionError)


def test_whoever_stops_reading_stops_the_rest(executor: Executor, tmp_path: Path) -> None:
    results = executor.map(leave_a_mark, [(str(tmp_path), number) for number in range(200)])
    assert next(results) == 0
    del results
    assert len(list(tmp_path.iterdir())) < 200


def test_a_worker_that_dies_is_one_clear_error(others: Executor) -> None:
    with pytest.raises(ExecutorError, match=r"worker .*died"):
        list(others.map(die, range(4)))


def test_after_a_death_the_executor_works_again(others: Executor) -> None:
    with pytest.raises(ExecutorError):
        list(others.map(die, range(4)))
    assert list(others.map(square, [2])) == [4]
