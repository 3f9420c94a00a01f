"""Replays the very app over a dataset, with its own leaders or with placebos, in this process or in one of its own.

The run keeps no log: its head and count are what the report says of it. Nothing of the user's data directory is
touched.
"""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from whaletrader.app.build import build
from whaletrader.app.layout import DataDirectory
from whaletrader.app.run import run_app
from whaletrader.app.summary import Summary
from whaletrader.app.world import WrapWhales
from whaletrader.backtest.placebo import PlaceboWhales
from whaletrader.backtest.record import Recorder, RunRecord
from whaletrader.config.tree import Settings
from whaletrader.datasets.store import Dataset
from whaletrader.errors import WhaleTraderError
from whaletrader.universe.follower import FollowerParams, build_follower_table

NO_SNAPSHOTS = 2**40


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One replay: which dataset, which settings, and which placebo (0: the real leaders)."""

    dataset: str
    settings: Settings
    placebo: int
    scratch: str
    """Where a temporary data directory may be made."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay came to."""

    summary: Summary
    record: RunRecord
    log_count: int


def follower_params(settings: Settings) -> FollowerParams:
    """How a follower is priced under these settings."""
    follower = settings.follower
    return FollowerParams(
        delay_s=float(follower.delay_s),
        window_s=float(follower.window_s),
        own_size_usd_micro=follower.own_size_usd_micro,
    )


def replay(job: Job) -> Replayed:
    """Run the app to the dataset's end."""
    dataset = Dataset.open(job.dataset)
    runtime = msgspec.structs.replace(job.settings.runtime, snapshot_every=NO_SNAPSHOTS)
    settings = msgspec.structs.replace(job.settings, runtime=runtime)
    recorder = Recorder()
    with TemporaryDirectory(dir=job.scratch, prefix=".run-") as root:
        directory = DataDirectory(Path(root))
        directory.ensure()
        app = build(
            settings,
            directory,
            directory.new_run(),
            dataset,
            kept=False,
            wrap_whales=_wrapped(job, dataset) if job.placebo else None,
            projections=[recorder],
        )
        summary = run_app(app)
        count = app.store.progress().count
        app.close(clean=True)
    return Replayed(summary=summary, record=recorder.finished(), log_count=count)


def _wrapped(job: Job, dataset: Dataset) -> WrapWhales:
    table = build_follower_table(dataset, follower_params(job.settings))
    seed = (job.settings.seed + job.placebo) % 2**63
    return lambda real: PlaceboWhales(real, table, seed=seed)


def replay_bytes(job: bytes) -> bytes:
    """`replay` between processes."""
    return msgspec.msgpack.encode(replay(msgspec.msgpack.decode(job, type=Job)))


class Replays:
    """Replays that go on in child processes, at most two at a time; use it in a `with` block."""

    def __init__(self, jobs: Sequence[Job], *, processes: int = 2) -> None:
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(max(1, min(processes, len(jobs))), mp_context=context)
        self._told: list[Future[bytes]] = [self._pool.submit(replay_bytes, msgspec.msgpack.encode(job)) for job in jobs]

    def __enter__(self) -> "Replays":
        """Nothing more to open."""
        return self

    def __exit__(self, *_fault: object) -> None:
        """End the processes, also where something failed."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def results(self) -> list[Replayed]:
        """Wait for all of them, in the order of the jobs."""
        try:
            return [msgspec.msgpack.decode(told.result(), type=Replayed) for told in self._told]
        except BrokenProcessPool:
            raise WhaleTraderError("a replay's process died, perhaps for want of memory; try fewer placebos") from None
