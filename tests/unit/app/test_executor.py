"""Which executor the options mean."""

import pytest

from whaletrader.adapters.local.executor import LocalExecutor
from whaletrader.app.executor import executor_for
from whaletrader.errors import UsageError


def test_without_options_the_work_is_done_here() -> None:
    assert isinstance(executor_for(), LocalExecutor)
    assert list(executor_for().map(abs, [-1, 2])) == [1, 2]


@pytest.mark.parametrize("workers", [0, -1, 257])
def test_a_number_of_workers_that_cannot_be_is_refused(workers: int) -> None:
    with pytest.raises(UsageError, match="between 1 and 256"):
        executor_for(workers)


def test_workers_and_a_cluster_at_once_are_refused() -> None:
    with pytest.raises(UsageError, match="either"):
        executor_for(2, "auto")
