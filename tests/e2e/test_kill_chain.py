"""A chain of real `kill -9`, at random but seeded places of one run: it still ends as if none had happened."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.support.compare import domain_stream, log_of, order_faults
from tests.support.scenario import FAULTS, write_scenario
from tests.support.waiting import wait_until
from whaletrader.app.exchange_process import ExchangeProcess
from whaletrader.app.run import RunInfo

pytestmark = [pytest.mark.crash, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("WHALETRADER_SOAK_KILLS", "20"))
SEED = 20_261_122


def up(dataset, data, port, pause_ms):
    command = [sys.executable, "-m", "tests.support.up_child", str(dataset), str(data)]
    command += ["--port", str(port), "--pause-ms", str(pause_ms)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def count(log):
    """How many records are committed, 0 before the log is there."""
    try:
        with sqlite3.connect(f"file:{log}?mode=ro", uri=True, timeout=5) as connection:
            return connection.execute("SELECT coalesce(max(offset), 0) FROM records").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def wait_for_records(log, least, process):
    wait_until(lambda: count(log) >= least or process.poll() is not None, 120, f"{least} records")


def whole_run(folder, dataset):
    exchange = ExchangeProcess(folder / "whole.db", dataset, FAULTS)
    try:
        process = up(dataset, folder / "whole", exchange.port, 0)
        assert process.wait(timeout=120) == 0, process.stderr.read()
    finally:
        exchange.stop()
    return domain_stream(log_of(folder / "whole"))


def test_a_chain_of_kills_changes_nothing(tmp_path):
    dataset = write_scenario(tmp_path / "dataset")
    stream = whole_run(tmp_path, dataset)
    chance = random.Random(SEED)
    targets = sorted(chance.sample(range(2, int(len(stream) * 0.95)), KILLS))
    exchange, data = ExchangeProcess(tmp_path / "exchange.db", dataset, FAULTS), tmp_path / "data"
    log, recoveries, killed = log_of(data), [], 0
    try:
        for target in targets:
            process = up(dataset, data, exchange.port, 10)
            # Where the run already stands behind the target, it is shot as soon as it has recovered and written.
            wait_for_records(log, max(target, count(log) + 1), process)
            process.send_signal(signal.SIGKILL)
            killed += process.wait(timeout=30) == -signal.SIGKILL
            recoveries.append(msgspec.json.decode((log.parent / "run.json").read_bytes(), type=RunInfo).sessions)
        process = up(dataset, data, exchange.port, 0)
        assert process.wait(timeout=120) == 0, process.stderr.read()
    finally:
        exchange.stop()
    assert killed == KILLS
    assert recoveries == list(range(1, KILLS + 1))
    assert domain_stream(log) == stream
    assert order_faults(log, tmp_path / "exchange.db") == []
