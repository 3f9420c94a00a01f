"""Replays in processes of their own: what goes wrong in one is told in one sentence."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from whaletrader.backtest.replayed import Job, Replays, follower_params, replay
from whaletrader.config.tree import FollowerSettings, Settings
from whaletrader.datasets.simulator import simulate
from whaletrader.datasets.simulator.params import SimulationParams
from whaletrader.errors import SchemaError, WhaleTraderError

TINY = SimulationParams(
    days=10, binary_markets=10, groups=1, outcomes_per_group=2, fills=300, skilled=1, lucky=1, market_makers=1,
    wash=2, noise=4, quoted_markets=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replayed") / "tiny"
    simulate(path, TINY, seed=1)
    return path


def job(dataset: Path, scratch: Path) -> Job:
    return Job(dataset=str(dataset), settings=Settings(), placebo=0, scratch=str(scratch))


def test_a_replays_process_that_dies_gives_one_sentence_that_says_what_to_do(tiny: Path, tmp_path: Path) -> None:
    before = {child.pid for child in multiprocessing.active_children()}
    with Replays([job(tiny, tmp_path)]) as replays:
        mine = [child.pid for child in multiprocessing.active_children() if child.pid and child.pid not in before]
        assert len(mine) == 1
        os.kill(mine[0], signal.SIGKILL)
        with pytest.raises(WhaleTraderError) as told:
            replays.results()
    message = told.value.message
    assert message == "a replay's process died, perhaps for want of memory; try fewer placebos"
    assert told.value.__suppress_context__
    assert {child.pid for child in multiprocessing.active_children()} <= before


def test_a_replays_own_fault_comes_through_as_it_is(tmp_path: Path) -> None:
    with Replays([job(tmp_path / "none", tmp_path)]) as replays, pytest.raises(SchemaError) as told:
        replays.results()
    assert "none" in told.value.message
    assert "Traceback" not in told.value.message


def test_a_replay_leaves_nothing_behind_and_keeps_no_log(tiny: Path, tmp_path: Path) -> None:
    run = replay(job(tiny, tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert run.log_count > 0
    assert len(run.summary.log_head) == 64
    assert run.summary.simulated
    assert run.record.equity[-1][1] == run.summary.equity_micro
    assert sum(run.record.closed_groups()) == sum(leader.n_closed for leader in run.record.leaders)


def test_a_replay_in_this_process_and_one_in_its_own_are_the_same(tiny: Path, tmp_path: Path) -> None:
    here = replay(job(tiny, tmp_path))
    with Replays([job(tiny, tmp_path), job(tiny, tmp_path)]) as replays:
        there = replays.results()
    assert [run.summary.log_head for run in there] == [here.summary.log_head] * 2
    assert there[0].record == here.record


def test_the_follower_is_priced_by_the_settings() -> None:
    settings = Settings(follower=FollowerSettings(delay_s=7, window_s=90, own_size_usd_micro=25_000_000))
    params = follower_params(settings)
    assert (params.delay_s, params.window_s, params.own_size_usd_micro) == (7.0, 90.0, 25_000_000)
