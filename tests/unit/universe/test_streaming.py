"""Scoring in parts through files gives what scoring in memory gives, and leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.support.score_tapes import assert_same, mixed, stored
from tests.support.waiting import wait_until
from whaletrader.adapters.local.executor import LocalExecutor
from whaletrader.datasets.store import Dataset
from whaletrader.errors import DataError, ExecutorError
from whaletrader.universe import partitions
from whaletrader.universe.policies import POLICIES
from whaletrader.universe.scores import ScoreParams, Scores, score_universe
from whaletrader.universe.source import FrameSource

DAY_NS = 86_400 * 10**9
PARAMS = ScoreParams(min_bets_fill=4, min_bets_position=4, min_groups=2, n_boot=200, policies=POLICIES)


@pytest.fixture(scope="module")
def source() -> FrameSource:
    return mixed()


@pytest.fixture(scope="module")
def whole(source: FrameSource) -> Scores:
    return score_universe(source, PARAMS)


@pytest.fixture(scope="module")
def dataset(source: FrameSource, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return stored(source, tmp_path_factory.mktemp("mixed"))


def test_the_universe_of_these_tests_has_something_of_everything(whole: Scores) -> None:
    assert set(whole.counts.filter(pl.col("step") == "tested")["kind"].cast(pl.String)) == {"fill", "position"}
    assert whole.counts.filter(pl.col("step") == "tested")["wallets"].min() > 0
    reasons = whole.funnel.group_by(pl.col("reason").cast(pl.String)).agg(pl.col("events").sum())
    assert set(reasons.filter(pl.col("events") > 0)["reason"]) >= {
        "priced", "market_unknown", "no_print_in_window", "leader_exited_first", "unresolved", "not_filled"
    }  # fmt: skip
    assert whole.frame["truncated"].any()


@pytest.mark.parametrize("parts", [2, 3, 7, 60])
def test_any_number_of_parts_gives_the_same_rows(
    source: FrameSource, whole: Scores, parts: int, tmp_path: Path
) -> None:
    assert_same(score_universe(source, PARAMS, work_dir=tmp_path, partitions=parts), whole)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("chunk", [37, 400])
def test_chunks_of_any_size_give_the_same_rows(
    dataset: Dataset, whole: Scores, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "CHUNK_ROWS", chunk)
    assert_same(score_universe(Dataset.open(dataset.path), PARAMS, work_dir=tmp_path, partitions=4), whole)


def test_what_was_known_at_a_date_is_the_same_in_parts(source: FrameSource, tmp_path: Path) -> None:
    params = ScoreParams(
        as_of_ts=20 * DAY_NS, since_ts=3 * DAY_NS, min_bets_fill=3, min_bets_position=3, min_groups=2, n_boot=200
    )
    whole = score_universe(source, params)
    assert whole.frame.height > 0
    assert_same(score_universe(source, params, work_dir=tmp_path, partitions=5), whole)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_worker_processes_give_the_same_rows(dataset: Dataset, whole: Scores, workers: int, tmp_path: Path) -> None:
    found = score_universe(dataset, PARAMS, executor=LocalExecutor(workers), work_dir=tmp_path, partitions=3)
    assert_same(found, whole)


def test_many_trades_are_scored_in_parts_unasked(
    dataset: Dataset, whole: Scores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whaletrader.universe.scores.TRADES_IN_MEMORY", 100)
    monkeypatch.setattr("whaletrader.universe.scores.TRADES_PER_PART", 300)
    used: list[int] = []

    class Counting:
        def map(self, work, items):  # type: ignore[no-untyped-def]
            used.append(len(items))
            return map(work, items)

    assert_same(score_universe(dataset, PARAMS, executor=Counting(), work_dir=tmp_path), whole)
    assert used[0] > 2


def test_a_universe_without_a_wallet_can_be_scored_in_parts(tmp_path: Path) -> None:
    found = score_universe(FrameSource({}), PARAMS, work_dir=tmp_path, partitions=3)
    assert found.frame.is_empty()
    assert found.counts["wallets"].sum() == 0


def test_a_broken_part_file_is_one_clear_error(source: FrameSource, tmp_path: Path) -> None:
    broken = stored(source, tmp_path / "data")
    (file,) = (tmp_path / "data").glob("trades-*.parquet")
    content = bytearray(file.read_bytes())
    content[40 : len(content) // 2] = bytes(len(content) // 2 - 40)
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"table trades of .* cannot be read"):
        score_universe(Dataset.open(broken.path), PARAMS, work_dir=tmp_path / "work", partitions=3)
    assert list((tmp_path / "work").iterdir()) == []


def test_a_part_that_is_gone_is_one_clear_error_and_leaves_nothing(source: FrameSource, tmp_path: Path) -> None:
    class Vandal:
        def map(self, work, items):  # type: ignore[no-untyped-def]
            for file in tmp_path.rglob("trades-1-*.parquet"):
                file.unlink()
            return LocalExecutor(1).map(work, items)

    with pytest.raises(DataError, match="a work file of the scoring cannot be read"):
        score_universe(source, PARAMS, executor=Vandal(), work_dir=tmp_path, partitions=3)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_dies_leaves_no_half_result(source: FrameSource, tmp_path: Path) -> None:
    class Deadly:
        def map(self, work, items):  # type: ignore[no-untyped-def]
            raise ExecutorError("a worker process died", retryable=True)

    with pytest.raises(ExecutorError, match="died"):
        score_universe(source, PARAMS, executor=Deadly(), work_dir=tmp_path, partitions=3)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.crash
def test_what_a_killed_run_left_is_removed_by_the_next_one(source: FrameSource, whole: Scores, tmp_path: Path) -> None:
    program = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from whaletrader.universe.partitions import work_folder\n"
        "with work_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'trades-0-0.parquet').write_bytes(b'half')\n"
        "    print(folder, flush=True)\n"
        "    threading.Event().wait(120)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    left = Path(child.stdout.readline().strip())
    assert left.is_dir()
    assert_same(score_universe(source, PARAMS, work_dir=tmp_path, partitions=2), whole)
    assert left.is_dir(), "a run that is alive keeps its folder"
    child.kill()
    child.wait()
    wait_until(lambda: child.poll() is not None, 10)
    assert_same(score_universe(source, PARAMS, work_dir=tmp_path, partitions=2), whole)
    assert list(tmp_path.iterdir()) == []
