"""Let `whaletrader up --source live` run against the local exchange while everything goes wrong; count what is lost.

    python scripts/soak.py [--minutes 30] [--seed 5] [--write] [--json]

A simulated dataset's past is the history by which leaders are judged; its future is traded at the exchange in
accelerated time by the very wallets, under the fault plan `scripts/soak_faults.toml`. Trading and faults end before the
run does: what was missed has to be filled by then. Compared are the exchange's own list of fills and the run's log.
Exit 1 when a fill of a followed leader is missing or invented, or memory grew. `--write` tells it in docs/validation.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from whaletrader.adapters.paper.server.truth import TruthRow, read_truth
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.datasets.simulator import simulate
from whaletrader.datasets.simulator.params import SimulationParams
from whaletrader.domain.values import DAY_NS, NANOS
from whaletrader.messages.leaders import WhaleDiscovered, WhalePruned
from whaletrader.messages.market import WhaleTradeObserved
from whaletrader.messages.orders import OrderFilled
from whaletrader.runtime.records import to_message

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "validation" / "soak.md"
FAULTS = ROOT / "scripts" / "soak_faults.toml"
COMMAND = [sys.executable, "-m", "whaletrader"]
COMPILE = """
from importlib import import_module
from whaletrader.cli.warm import use_kernel_cache, warm_ups
use_kernel_cache()
for name in warm_ups():
    import_module(name).compile_kernels()
"""
"""Leaves the kernels in their cache: the run is not to wait for the compiler."""
PAST_DAYS, FUTURE_DAYS = 100, 20
START_LIMIT_S = 60.0
END_LIMIT_S = 120.0
SETTLE_S = 1.0
MOST_SPEED = 4_000.0
SAMPLE_S = 2.0
MOST_GROWTH = 0.10
"""Of the resident memory, from the second sixth of the run to its last."""
Fill = tuple[str, str, str, str, int]


@dataclass
class Result:
    """What a soak came to."""

    minutes: float
    seed: int
    traded: int = 0
    """Fills of anybody while the run was up."""
    followed: int = 0
    due: int = 0
    """Fills of leaders while they were followed."""
    observed: int = 0
    lost: int = 0
    invented: int = 0
    twice: int = 0
    copies: int = 0
    messages: int = 0
    memory_first_mb: float = 0.0
    memory_last_mb: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    up_ended: int = -1
    lost_keys: list[str] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Share by which memory grew."""
        return self.memory_last_mb / self.memory_first_mb - 1.0 if self.memory_first_mb else 0.0

    def failures(self, *, short: bool) -> list[str]:
        """Say what is not as it must be; a short run says nothing of memory."""
        told = []
        if self.up_ended != 0:
            told.append(f"the run ended with {self.up_ended}")
        if not self.due:
            told.append("no followed leader traded")
        told += [f"{getattr(self, name)} fills {name}" for name in ("lost", "invented", "twice") if getattr(self, name)]
        if not short and self.growth > MOST_GROWTH:
            told.append(f"memory grew by {self.growth:.0%}")
        return told


def main() -> int:
    """Run the soak, print its figures; 1 when something is wrong."""
    parser = argparse.ArgumentParser(description="Soak the live run against the local exchange.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--speed", type=float, default=0.0, help="seconds of the dataset in one (default: as fits)")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--keep", type=Path, help="where to leave everything (default: nowhere)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="whaletrader-soak-") as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        result = soak(folder, options.minutes, options.seed, options.speed)
    print(json.dumps(asdict(result), indent=1) if options.json else page_of(result))
    if options.write:
        PAGE.write_text(page_of(result), encoding="utf-8")
    wrong = result.failures(short=options.minutes < 10)
    for line in wrong:
        print(f"soak: {line}", file=sys.stderr)
    return 1 if wrong else 0


def soak(folder: Path, minutes: float, seed: int, speed: float) -> Result:
    """Run the exchange and the platform side by side, and compare what both wrote down."""
    result = Result(minutes, seed)
    length_s = minutes * 60
    quiet_s = min(max(length_s / 6, 35.0), 180.0)
    speed = speed or min(0.9 * FUTURE_DAYS * DAY_NS / NANOS / (length_s - quiet_s), MOST_SPEED)
    history = make_history(folder / "history", seed)
    subprocess.run([sys.executable, "-c", COMPILE], check=True)
    data = folder / "data"
    data.mkdir(exist_ok=True)
    plan = folder / "faults.toml"
    plan.write_text(f"until_s = {length_s - quiet_s}\n{FAULTS.read_text(encoding='utf-8')}", encoding="utf-8")
    wishes = ["--source", f"replay:{history}", "--begin", "now", "--speed", str(speed), "--seed", str(seed)]
    wishes += ["--trading-s", str(length_s - quiet_s), "--faults", str(plan), "--settle-s", str(SETTLE_S)]
    exchange = start(["exchange", "--port", "0", *wishes, "--truth", str(folder / "truth.jsonl")], folder / "exchange")
    try:
        settings = wait_for_settings(exchange, folder / "exchange.out")
        (data / "whaletrader.toml").write_text(settings, encoding="utf-8")
        wishes = ["--history", str(history), "--data-dir", str(data), "--no-dashboard", "--new"]
        begun_ns = time.time_ns()
        up = start(["up", "--source", "live", *wishes], folder / "up")
        samples = watch_memory(up, begun_ns / NANOS + length_s)
        result.up_ended = end(up)
    finally:
        end(exchange)
    result.faults = struck(folder / "exchange.err")
    judge_memory(result, samples)
    compare(result, read_truth(folder / "truth.jsonl"), data / "runs" / "0001" / "log.db", begun_ns)
    return result


def make_history(path: Path, seed: int) -> Path:
    """Simulate a dataset whose past ends today."""
    start_ts = (time.time_ns() - PAST_DAYS * DAY_NS) // DAY_NS * DAY_NS
    crowd = {"skilled": 14, "lucky": 2, "market_makers": 4, "wash": 2, "noise": 60}
    sizes = {"fills": 60_000, "binary_markets": 200, "groups": 5, "quoted_markets": 0}
    params = SimulationParams(start_ts=start_ts, days=PAST_DAYS + FUTURE_DAYS, **crowd, **sizes)
    simulate(path, params, seed=seed)
    return path


def start(arguments: list[str], name: Path) -> subprocess.Popen[bytes]:
    """Start a command of ours with its output in files."""
    with name.with_suffix(".out").open("wb") as out, name.with_suffix(".err").open("wb") as err:
        return subprocess.Popen([*COMMAND, *arguments], stdout=out, stderr=err)


def end(process: subprocess.Popen[bytes]) -> int:
    """End a process as Ctrl-C does; return how it ended."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        return process.wait(timeout=END_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def wait_for_settings(exchange: subprocess.Popen[bytes], out: Path) -> str:
    """Return the settings that the exchange prints when it is about to serve."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and exchange.poll() is None:
        told = out.read_text(encoding="utf-8")
        if "confirmations" in told:
            return told[told.index("[venue]") :]
        time.sleep(0.1)
    raise SystemExit("soak: the exchange did not start; see its log")


def watch_memory(process: subprocess.Popen[bytes], until_s: float) -> list[float]:
    """Sample a process's resident memory (MB) until a time or until it ends."""
    page_mb = os.sysconf("SC_PAGE_SIZE") / 1_000_000
    samples = []
    while time.time() < until_s and process.poll() is None:
        try:
            samples.append(int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * page_mb)
        except (OSError, IndexError):
            break
        time.sleep(SAMPLE_S)
    return samples


def judge_memory(result: Result, samples: list[float]) -> None:
    """Compare the medians of the second and the last sixth of the run."""
    sixth = len(samples) // 6
    if sixth:
        result.memory_first_mb = round(statistics.median(samples[sixth : 2 * sixth]), 1)
        result.memory_last_mb = round(statistics.median(samples[-sixth:]), 1)


def struck(told: Path) -> dict[str, int]:
    """How often each fault struck, as the exchange says at its end."""
    text = told.read_text(encoding="utf-8")
    if "faults: " not in text or "faults: none" in text:
        return {}
    parts = text[text.rindex("faults: ") + 8 :].strip().rstrip(".").split(", ")
    return {name: int(count) for name, count in (part.rsplit(" ", 1) for part in parts)}


def compare(result: Result, truth: list[TruthRow], log: Path, begun_ns: int) -> None:
    """Set the exchange's list of fills against the run's log."""
    since: dict[str, int] = {}
    until: dict[str, int] = {}
    observed: Counter[Fill] = Counter()
    store = SqliteEventStore.open_reader(log)
    try:
        for record in store.read():
            message = to_message(record)
            result.messages += 1
            match message.payload:
                case WhaleDiscovered(kind="fill", wallet=wallet):
                    since.setdefault(wallet, message.ts_init)
                    until.pop(wallet, None)
                case WhalePruned(kind="fill", wallet=wallet):
                    until[wallet] = message.ts_init
                case WhaleTradeObserved(kind="fill") as seen:
                    observed[seen.tx_hash, seen.wallet, seen.token_id, seen.side, seen.size_micro] += 1
                case OrderFilled():
                    result.copies += 1
    finally:
        store.close(clean=False)
    everything = Counter((row.tx_hash, row.wallet, row.token_id, row.side, row.size_micro) for row in truth)
    due = [row for row in truth if since.get(row.wallet, 1 << 62) < row.ts < until.get(row.wallet, 1 << 62)]
    wanted = Counter((row.tx_hash, row.wallet, row.token_id, row.side, row.size_micro) for row in due)
    result.traded = sum(row.ts >= begun_ns for row in truth)
    result.followed, result.due, result.observed = len(since), len(due), sum(observed.values())
    result.lost, result.invented = sum((wanted - observed).values()), len(set(observed) - set(everything))
    result.twice = sum((observed - everything).values()) - result.invented
    result.lost_keys = ["/".join(map(str, fill)) for fill in (wanted - observed)][:20]


def page_of(result: Result) -> str:
    """The figures as a page."""
    faults = [f"| {name.replace('@', ' at ')} | {count:,} |" for name, count in sorted(result.faults.items())]
    wrong = result.failures(short=result.minutes < 10)
    head = (
        f"`make soak` (seed {result.seed}, {result.minutes:g} minutes): `up --source live` follows the leaders of a\n"
        "simulated dataset whose future is traded at the local exchange by the very wallets in accelerated time,\n"
        "under [the fault plan](../../scripts/soak_faults.toml). SIMULATED."
    )
    return "\n".join(
        [
            "# Soak: the live run against the local exchange",
            "",
            head,
            "",
            f"Result: {'; '.join(wrong) if wrong else 'nothing lost, nothing invented, nothing told twice'}.",
            "",
            "| figure | value |",
            "|---|---|",
            f"| fills of anybody while it ran | {result.traded:,} |",
            f"| leaders followed | {result.followed} |",
            f"| their fills while followed | {result.due:,} |",
            f"| fills in the log | {result.observed:,} |",
            f"| lost (set difference after back-fill) | {result.lost} |",
            f"| invented | {result.invented} |",
            f"| told twice | {result.twice} |",
            f"| fills of our own copies | {result.copies:,} |",
            f"| messages in the log | {result.messages:,} |",
            f"| resident memory, second sixth | {result.memory_first_mb:.0f} MB |",
            f"| resident memory, last sixth | {result.memory_last_mb:.0f} MB ({result.growth:+.1%}) |",
            "",
            "| fault | struck |",
            "|---|---|",
            *faults,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
