"""A run without a history begins with nobody, and what it heard is the next run's history."""

import re

from tests.support.command import fact_rows, run, running, write_settings
from tests.support.waiting import wait_until
from whaletrader.datasets.store import Dataset

UP = ("up", "--source", "live", "--no-dashboard", "--data-dir")


def settings_of(exchange, home):
    """Write the settings that the exchange prints into a data directory."""
    text = ""
    while "confirmations" not in text:
        line = exchange.process.stdout.readline()
        assert line, exchange.said
        text += line
    lines = re.findall(r"^\w+ = .+$", text, re.MULTILINE)
    return write_settings(home, "\n".join(["[web]", "port = 0", "[venue]", *lines, ""]))


def heard(home, run_id):
    """How much lies in a run's store."""
    return sum(path.stat().st_size for path in (home / "runs" / run_id / "live").glob("*.rows"))


def scans(home, run_id):
    return fact_rows(home / "runs" / run_id / "log.db", "UniverseScanned")


def test_what_a_run_without_a_history_heard_is_the_history_of_the_next(tmp_path):
    words = ("exchange", "--port", "0", "--speed", "5", "--settle-s", "0.5", "--seed", "11")
    with running(tmp_path / "exchange", *words) as exchange:
        home = settings_of(exchange, tmp_path / "home")
        with running(tmp_path / "first", *UP, home) as first:
            first.wait_for("no --history: nobody is followed until a scan")
            first.wait_for("leaders judged by no history")
            wait_until(lambda: heard(home, "0001") > 30_000, 120, "something to be heard")
            code, _ = first.interrupt()
            assert code == 0, first.said
        (scan,) = scans(home, "0001")
        assert scan.source.startswith("no history")
        history = tmp_path / "history"
        done = run("data", "import", home / "runs" / "0001", "--into", history)
        assert done.returncode == 0, done.stderr
        assert "SIMULATED" in done.stdout
        dataset = Dataset.open(history)
        assert dataset.table("trades").height > 20
        described = dataset.table("markets")["question"] != ""
        assert described.any(), "markets that nobody follows are described too"
        with running(tmp_path / "second", *UP, home, "--new", "--history", history) as second:
            second.wait_for(f"leaders judged by history {dataset.fingerprint[:16]}")
            code, _ = second.interrupt()
            assert code == 0, second.said
        (scan,) = scans(home, "0002")
        assert scan.source.startswith(dataset.fingerprint)
        assert scan.n_wallets > 0
        done = run("data", "import", home / "runs" / "0002", "--into", history)
        assert done.returncode == 0, done.stderr
        assert Dataset.open(history).fingerprint != dataset.fingerprint
        with running(tmp_path / "third", *UP, home, "--history", history) as third:
            third.wait_for(f"run 0002 goes on with the history that it began with, {dataset.fingerprint[:16]}")
            third.wait_for("mode: paper")
            code, _ = third.interrupt()
            assert code == 0, third.said
