"""A universe scored on a Ray cluster of two nodes is the one scored in memory."""

from pathlib import Path

import pytest

from tests.support.executors import ray_cluster
from tests.support.score_tapes import assert_same, mixed
from whaletrader.universe.scores import ScoreParams, score_universe

PARAMS = ScoreParams(min_bets_fill=4, min_bets_position=4, min_groups=2, n_boot=200)


@pytest.mark.server
@pytest.mark.slow
def test_two_nodes_give_the_same_rows(tmp_path: Path) -> None:
    from whaletrader.app.executor import executor_for

    source = mixed()
    with ray_cluster(nodes=2) as address:
        found = score_universe(source, PARAMS, executor=executor_for(1, address), work_dir=tmp_path, partitions=4)
    assert_same(found, score_universe(source, PARAMS))
    assert list(tmp_path.iterdir()) == []
