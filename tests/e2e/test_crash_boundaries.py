"""Killed once at every commit, send and acknowledge boundary of a scenario, a run ends as if nothing had happened."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from statistics import median

import msgspec
import pytest

from tests.support.app_children import Forker
from tests.support.compare import domain_stream, log_of, order_faults
from tests.support.scenario import write_scenario
from tests.support.waiting import SLACK
from whaletrader.app.run import RunInfo
from whaletrader.runtime.failpoints import KINDS

pytestmark = [pytest.mark.crash, pytest.mark.slow]
MOST_BOUNDARIES = 150
RECOVERY_S = 3.0
"""The slowest of all on a machine that does nothing else; half of them have to be as quick on any machine."""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crash")
    return folder, write_scenario(folder / "dataset")


@pytest.fixture(scope="module")
def whole(scenario):
    """The uninterrupted run: its domain stream and how often each kind of boundary was passed."""
    folder, dataset = scenario
    with Forker() as forker:
        assert forker.run(dataset, folder / "whole", count_file=str(folder / "counts")) == [0]
    return domain_stream(log_of(folder / "whole/data")), json.loads((folder / "counts").read_text())


def test_the_scenario_passes_each_kind_of_boundary_at_least_twice_and_few_enough_to_try_all(whole):
    stream, counts = whole
    assert set(counts) == set(KINDS)
    assert min(counts.values()) >= 2
    assert sum(counts.values()) <= MOST_BOUNDARIES
    types = {record[1] for record in stream}
    assert {"OrderFilled", "OrderCancelled", "OrderOutcomeUnknown", "RedeemPosition", "SettlementUpdated"} <= types


def test_the_uninterrupted_run_agrees_with_the_exchange(scenario, whole):
    folder, _ = scenario
    assert order_faults(log_of(folder / "whole/data"), folder / "whole/exchange.db") == []


def test_killed_at_any_boundary_the_run_ends_the_same(scenario, whole):
    """Two children at a time; each boundary once."""
    folder, dataset = scenario
    stream, counts = whole
    jobs: SimpleQueue[str] = SimpleQueue()
    for kind in KINDS:
        for number in range(1, counts[kind] + 1):
            jobs.put(f"{kind}:{number}")
    failed: list[str] = []
    slowest: list[float] = []

    def work() -> None:
        with Forker() as forker:
            for failpoint in _each(jobs):
                place = folder / failpoint.replace(":", "-")
                failed.extend(_judge(forker.run(dataset, place, failpoint), place, stream, failpoint))
                slowest.append(_recovery_s(place))

    threads = [threading.Thread(target=work) for _ in range(2)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(slowest)} kills in {time.monotonic() - began:.0f} s, slowest recovery {max(slowest):.2f} s")
    assert failed == []
    assert len(slowest) == sum(counts.values())
    assert median(slowest) <= RECOVERY_S
    assert max(slowest) <= RECOVERY_S * SLACK


def _each(jobs: "SimpleQueue[str]") -> Iterator[str]:
    while True:
        try:
            yield jobs.get_nowait()
        except Empty:
            return


def _judge(codes: list[int], place, stream: list[tuple], failpoint: str) -> list[str]:
    if codes != [-signal.SIGKILL, 0]:
        return [f"{failpoint}: exit codes {codes}"]
    faults = order_faults(log_of(place / "data"), place / "exchange.db")
    if domain_stream(log_of(place / "data")) != stream:
        faults.append("another domain stream")
    return [f"{failpoint}: {fault}" for fault in faults]


def _recovery_s(place) -> float:
    info = place / "data/runs/0001/run.json"
    return msgspec.json.decode(info.read_bytes(), type=RunInfo).recovery_s
