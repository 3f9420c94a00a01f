"""Everything a person may give wrongly: one clear sentence, the right exit code, nothing lost; by the real command."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.support.command import refused, run, running, write_settings
from tests.support.compare import domain_stream, log_of
from whaletrader.datasets.manifest import MANIFEST_FILE

HOST = "127.0.0.1"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return write_settings(tmp_path / "home")


def up(source: object, home: Path, *words: object, **more: str):
    return run("up", "--source", source, "--data-dir", home, "--no-dashboard", *words, **more)


# ---- what is asked for


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("up", "--mode", "live"), ("--mode live needs --source live",)),
        (("up", "--source", "live", "--mode", "live"), ("real money", "--confirm paper")),
        (("up", "--source", "live", "--mode", "live", "--confirm", "other"), ("--confirm paper",)),
        (("up", "--source", "live", "--exchange", "process"), ("--exchange is for replays",)),
        (("up", "--source", "live", "--history", "/nowhere"), ("no folder /nowhere", "whaletrader data pull")),
        (("up", "--history", "/"), ("--history is for --source live",)),
        (("up", "--mode", "dream"), ("no mode 'dream'",)),
        (("up", "--exchange", "far"), ("no exchange 'far'", "port:N")),
        (("up", "--exchange", "port:x"), ("no exchange 'port:x'",)),
        (("up", "--source", "tape"), ("no source 'tape'", "sim, replay:PATH or live")),
        (("up", "--source", "replay:"), ("no source 'replay:'",)),
        (("up", "--source", "replay:/nowhere"), ("no folder /nowhere", "whaletrader data import")),
        (("up", "--account", "Not A Name"), ("account.name", "command line")),
        (("audit", "verify"), ("no run", "whaletrader up")),
        (("replay", "0007"), ("no log 0007",)),
        (("explain", "0xabc"), ("no run",)),
    ],
)
def test_what_cannot_be_done_is_refused_as_bad_usage(words: tuple[str, ...], said: tuple[str, ...], home: Path):
    more = ("--no-dashboard",) if words[0] == "up" else ()
    refused(run(*words, *more, "--data-dir", home), 2, *said)


@pytest.mark.parametrize(
    "words",
    [
        ("sideways",),
        ("up", "--sideways"),
        ("up", "--port", "99999"),
        ("up", "--seed", "-1"),
        ("explain",),
        ("score", "--top", "0"),
        ("data", "import", "somewhere"),
    ],
)
def test_words_that_no_command_knows_are_bad_usage(words: tuple[str, ...]):
    done = run(*words)
    assert done.returncode == 2
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


# ---- settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[limits]\nper_trad = 0.01\n", ("Unknown setting limits.per_trad", "did you mean limits.per_trade?")),
        ("[follower]\ndelay_s = 'soon'\n", ("follower.delay_s", "whole number", "'soon'")),
        ("[limits]\nper_trade = true\n", ("limits.per_trade", "decimal number")),
        ("[web]\nport = 70000\n", ("web.port", "65535")),
        ("[limits\n", ("not valid TOML",)),
    ],
)
def test_a_bad_setting_in_the_file_is_named(text: str, said: tuple[str, ...], home: Path):
    write_settings(home, text)
    refused(run("config", "check", "--data-dir", home), 2, *said)
    refused(up("sim", home), 2, *said)
    assert not (home / "runs").exists()


def test_a_bad_setting_in_the_environment_is_named(home: Path):
    done = run("config", "show", "--data-dir", home, WHALETRADER_LIMITS__PER_TRADE="a lot")
    refused(done, 2, "limits.per_trade", "WHALETRADER_LIMITS__PER_TRADE", "'a lot'")
    refused(run("config", "check", "--data-dir", home, WHALETRADER_NONSENSE="1"), 2, "nonsense")


# ---- data


def test_a_folder_that_is_no_dataset_is_named(tmp_path: Path, home: Path):
    (tmp_path / "empty").mkdir()
    refused(up(f"replay:{tmp_path / 'empty'}", home), 2, "neither a dataset nor a data bundle")
    refused(run("data", "info", tmp_path / "empty"), 1, "no dataset", "whaletrader data import")
    refused(run("data", "verify", tmp_path / "gone"), 1, "no dataset")
    refused(run("score", "--data", tmp_path / "gone"), 2, "there is no folder")


def test_a_dataset_without_one_of_its_files_is_named(small_scenario: Path, tmp_path: Path, home: Path):
    damaged = Path(shutil.copytree(small_scenario, tmp_path / "damaged"))
    next(damaged.glob("trades-*.parquet")).unlink()
    refused(up(f"replay:{damaged}", home), 1, "trades")


def test_a_dataset_with_a_broken_manifest_is_named(small_scenario: Path, tmp_path: Path, home: Path):
    damaged = Path(shutil.copytree(small_scenario, tmp_path / "damaged"))
    (damaged / MANIFEST_FILE).write_text("{")
    refused(up(f"replay:{damaged}", home), 1, "dataset.json")


def answer(**other: object) -> dict[str, object]:
    """A trade as the Data API gives it."""
    return {
        "proxyWallet": f"0x{1:040x}",
        "side": "BUY",
        "asset": "123",
        "conditionId": f"0x{7:064x}",
        "size": 10,
        "price": 0.4,
        "timestamp": 1_775_500_000,
        "outcomeIndex": 0,
        "outcome": "Yes",
        "transactionHash": f"0x{9:064x}",
    } | other


def imported(rows: list[dict[str, object]], folder: Path) -> dict[str, object]:
    """Import answers of the Data API; return what became of the trades."""
    source = folder / "trades.json"
    source.write_text(json.dumps(rows))
    done = run("data", "import", source, "--into", folder / "dataset", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def fates(body: dict[str, object], fate: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for source in body["sources"]:
        for reason, count in source[fate].items():
            counts[reason] = counts.get(reason, 0) + count
    return counts


def test_prices_that_are_none_are_dropped_and_counted(tmp_path: Path):
    rows = [answer(price=price, timestamp=1_775_500_000 + n) for n, price in enumerate([0.4, "NaN", -0.1, 1.2])]
    body = imported(rows, tmp_path)
    assert body["tables"]["trades"]["rows"] == 1
    assert sum(fates(body, "dropped").values()) == 3
    assert "price_above_one" in fates(body, "dropped")


def test_a_row_that_comes_twice_is_kept_with_its_rank(tmp_path: Path):
    body = imported([answer(), answer(), answer(timestamp=1_775_500_001)], tmp_path)
    assert body["tables"]["trades"]["rows"] == 3
    trades = pl.read_parquet(next((tmp_path / "dataset").glob("trades-*.parquet")))
    assert sorted(trades["dup_rank"]) == [0, 0, 1]


def test_a_market_that_nobody_described_is_kept_and_can_be_replayed(tmp_path: Path, home: Path):
    body = imported([answer(), answer(timestamp=1_775_500_900, side="SELL")], tmp_path)
    assert body["tables"]["markets"]["rows"] == 1
    done = up(f"replay:{tmp_path / 'dataset'}", home)
    assert done.returncode == 0, done.stderr
    assert "orders: none" in done.stdout


def test_a_table_without_its_columns_is_named(tmp_path: Path):
    folder = tmp_path / "tables"
    folder.mkdir()
    pl.DataFrame({"when": [1], "who": ["me"]}).write_parquet(folder / "trades.parquet")
    done = run("data", "import", folder, "--into", tmp_path / "dataset", "--format", "canonical")
    refused(done, 1, "trades")
    assert not (tmp_path / "dataset" / MANIFEST_FILE).exists()


@pytest.mark.parametrize(("name", "content"), [("trades.json", "{"), ("notes.txt", "hello"), ("trades.json", "")])
def test_a_file_that_cannot_be_read_as_data_is_named(name: str, content: str, tmp_path: Path):
    (tmp_path / name).write_text(content)
    done = run("data", "import", tmp_path / name, "--into", tmp_path / "dataset")
    assert done.returncode in (1, 2)
    refused(done, done.returncode, name)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    refused(run("data", "import", tmp_path / "gone.json", "--into", tmp_path / "d"), 2, "gone.json")


# ---- the machine


def test_a_port_in_use_is_told_before_anything_starts(home: Path, small_scenario: Path):
    with socket.socket() as holder:
        holder.bind((HOST, 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = run("up", "--source", f"replay:{small_scenario}", "--data-dir", home, "--port", port)
    refused(done, 1, f"{HOST}:{port}", "--port")
    assert not list((home / "runs").iterdir())


def test_a_second_process_on_the_same_data_directory_is_refused(home: Path, small_market: Path, tmp_path: Path):
    write_settings(home, mark_interval_s=600)
    with running(tmp_path / "errors", "up", "--source", f"replay:{small_market}", "--data-dir", home) as first:
        first.wait_for("0 %  ")
        first.process.send_signal(signal.SIGSTOP)  # it would be done before the second has begun
        second = up(f"replay:{small_market}", home)
        first.process.send_signal(signal.SIGCONT)
        refused(second, 1, f"process {first.process.pid}", "--data-dir")
        code, output = first.interrupt()
    assert code == 0
    assert "SIMULATED" in output


def test_a_data_directory_of_somebody_else_is_refused(small_scenario: Path):
    """As another user where we may become one, else with the rights taken away."""
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        home.chmod(0o555)
        Path(folder).chmod(0o755)
        prefix = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if is_root else ()
        if is_root and shutil.which("setpriv") is None:
            pytest.skip("setpriv is needed to become another user")
        words = ("up", "--source", "sim", "--data-dir", home, "--no-dashboard")
        done = run(*words, prefix=prefix)
        refused(done, 1, str(home), "Permission denied", "--data-dir")
        killed = run("kill", "--data-dir", home, prefix=prefix)
        refused(killed, 1, str(home))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


def remounted(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


def test_a_read_only_disk_is_told_and_the_log_on_it_can_still_be_read(small_disk: Path, small_scenario: Path):
    home = write_settings(small_disk / "home")
    assert up(f"replay:{small_scenario}", home).returncode == 0
    remounted(small_disk, "ro")
    refused(up(f"replay:{small_scenario}", home), 1, str(home), "Read-only file system")
    refused(run("kill", "--data-dir", home), 1, str(home))
    assert run("status", "--data-dir", home).returncode == 0
    assert run("audit", "verify", "--data-dir", home).returncode == 0
    remounted(small_disk, "rw")


@pytest.fixture(scope="module")
def whole(small_scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple]:
    """The domain stream of the scenario's run on a disk with room."""
    home = write_settings(tmp_path_factory.mktemp("whole") / "home")
    assert up(f"replay:{small_scenario}", home).returncode == 0
    return domain_stream(log_of(home))


@pytest.mark.parametrize("free_kib", [300, 1_000])
def test_a_full_disk_stops_the_run_and_loses_nothing(
    free_kib: int, small_disk: Path, small_scenario: Path, whole: list[tuple]
):
    home = write_settings(small_disk / "home")
    ballast = small_disk / "ballast"
    used = os.statvfs(small_disk)
    ballast.write_bytes(b"\0" * (used.f_bavail * used.f_frsize - free_kib * 1024))
    refused(up(f"replay:{small_scenario}", home), 1, "full", str(home))
    # The latch needs no block of its own.
    assert run("kill", "--data-dir", home).returncode == 0
    assert run("resume", "--data-dir", home).returncode == 0
    for asked in (home / "control").iterdir():
        asked.unlink()
    ballast.unlink()
    assert run("audit", "verify", "--data-dir", home).returncode == 0
    again = up(f"replay:{small_scenario}", home)
    assert again.returncode == 0, again.stderr
    assert "going on with run 0001" in again.stderr
    assert domain_stream(log_of(home)) == whole
