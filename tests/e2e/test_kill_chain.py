"""A chain of real `kill -9`, at random but seeded places of one run: it still ends as if none had happened."""

import os
import random
import signal
import sqlite3
import subprocess

import pytest

from tests.support.app_children import Forker
from tests.support.command import command, environment, run, write_settings
from tests.support.compare import domain_stream, log_of, order_faults
from tests.support.scenario import FAULTS, write_scenario
from tests.support.waiting import wait_until
from whaletrader.app.exchange_process import ExchangeProcess

pytestmark = [pytest.mark.crash, pytest.mark.slow]
KILLS = 20
CHAINS = 50 if os.environ.get("WHALETRADER_SOAK") else 1
SEED = 20_261_122
PAUSE_MS = 10
"""Between two steps, so that a run lasts long enough to be shot somewhere."""


def count(log):
    """How many records are committed, 0 before the log is there."""
    try:
        with sqlite3.connect(f"file:{log}?mode=ro", uri=True, timeout=5) as connection:
            return connection.execute("SELECT coalesce(max(offset), 0) FROM records").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def alive(pid):
    """Whether a process runs; a zombie does not."""
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] not in "ZX"


def wait_for_records(log, least, pid):
    wait_until(lambda: count(log) >= least or not alive(pid), 120, f"{least} records")


@pytest.fixture(scope="module")
def forker():
    with Forker() as started:
        yield started


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_scenario(tmp_path_factory.mktemp("chain") / "dataset")


@pytest.fixture(scope="module")
def stream(forker, dataset, tmp_path_factory):
    """The domain stream of the uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole")
    exchange = ExchangeProcess(folder / "exchange.db", dataset, FAULTS)
    try:
        forker.up(dataset, folder / "data", exchange.port, 0)
        assert forker.ended() == 0
    finally:
        exchange.stop()
    return domain_stream(log_of(folder / "data"))


@pytest.mark.parametrize("chain", range(CHAINS))
def test_a_chain_of_kills_changes_nothing(forker, dataset, stream, tmp_path, chain):
    chance = random.Random(SEED + chain)
    targets = sorted(chance.sample(range(2, int(len(stream) * 0.9)), KILLS))
    exchange, data = ExchangeProcess(tmp_path / "exchange.db", dataset, FAULTS), tmp_path / "data"
    log, places, killed = log_of(data), [], 0
    try:
        for target in targets:
            pid = forker.up(dataset, data, exchange.port, PAUSE_MS)
            # Where the run already stands behind the target, it is shot as soon as it has recovered and written.
            wait_for_records(log, max(target, count(log) + 1), pid)
            os.kill(pid, signal.SIGKILL)
            killed += forker.ended() == -signal.SIGKILL
            places.append(count(log))
        forker.up(dataset, data, exchange.port, 0)
        assert forker.ended() == 0
    finally:
        exchange.stop()
    assert killed == KILLS
    assert len(set(places)) > KILLS // 2, "the shots fell at different places"
    assert domain_stream(log) == stream
    assert order_faults(log, tmp_path / "exchange.db") == []


def test_twenty_kills_of_the_command_itself_change_nothing(small_market, tmp_path):
    """`whaletrader up`, as a person starts it, shot with the system's own `kill -9` and started again."""
    heads = []
    for name, targets in (("whole", []), ("shot", list(range(400, 8_400, 400)))):
        home = write_settings(tmp_path / name, mark_interval_s=1_200)
        exchange = ExchangeProcess(tmp_path / f"{name}.db", small_market, FAULTS)
        words = ("up", "--source", f"replay:{small_market}", "--data-dir", home, "--no-dashboard")
        words += ("--exchange", f"port:{exchange.port}")
        log, killed = home / "runs" / "0001" / "log.db", 0
        try:
            for target in targets:
                child = subprocess.Popen(command(*words), stderr=subprocess.DEVNULL, env=environment())
                wait_for_records(log, max(target, count(log) + 1), child.pid)
                subprocess.run(["kill", "-9", str(child.pid)], check=False)
                killed += child.wait() == -signal.SIGKILL
            done = run(*words)
        finally:
            exchange.stop()
        assert done.returncode == 0, done.stderr
        assert killed == len(targets)
        assert order_faults(log, tmp_path / f"{name}.db") == []
        heads.append(domain_stream(log))
    assert len(heads[0]) > 8_000
    assert heads[0] == heads[1]
