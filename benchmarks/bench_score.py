"""All of `score` on simulated universes of growing size: seconds, peak memory of all its processes, growth with size.

    python -m benchmarks.bench_score [--wallets N ...] [--workers N] [--keep FOLDER]

By default 10,000 and 100,000 wallets; with WHALETRADER_BENCH_FULL=1 also a million (50 million fills, minutes of
simulation first). Every size is scored in a process of its own, reading included; the kernels are compiled beforehand.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from benchmarks.figures import report

SMALL, FULL = (10_000, 100_000), 1_000_000
FILLS_PER_WALLET = 50
SEED = 20_261_122
TARGET_S, TARGET_GB = 600.0, 6.0
TARGET_SLOPE = 1.15
"""Of log time against log wallets: 1 is linear."""

SCORE = """
import sys
from pathlib import Path
from whaletrader.app.executor import executor_for
from whaletrader.datasets.store import Dataset
from whaletrader.universe.scores import ScoreParams, score_universe
if __name__ == "__main__":
    dataset, workers = Dataset.open(sys.argv[1]), int(sys.argv[2])
    scores = score_universe(dataset, ScoreParams(), executor=executor_for(workers), work_dir=Path(sys.argv[3]))
    counts = dict(scores.counts.select("step", "wallets").group_by("step", maintain_order=True).sum().iter_rows())
    print(scores.frame.height, counts["tested"], counts["survived_fdr"])
"""


def main() -> None:
    """Simulate, score and report every size."""
    parser = argparse.ArgumentParser(description="Measure the scoring of whole universes.")
    full = os.environ.get("WHALETRADER_BENCH_FULL") == "1"
    parser.add_argument("--wallets", type=int, nargs="+", default=[*SMALL, FULL] if full else list(SMALL))
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 2))
    parser.add_argument("--keep", type=Path, help="a folder in which the simulated universes are kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-score-") as folder:
        place = Path(folder)
        script = place / "score_once.py"
        script.write_text(SCORE)
        kept = options.keep or place
        compile_first(script, simulated(kept, 1_000), options.workers, place)
        taken = {n: measured(script, simulated(kept, n), n, options.workers, place) for n in sorted(options.wallets)}
    tell_growth(taken)


def simulated(folder: Path, wallets: int) -> Path:
    """The simulated universe of so many wallets; made unless it is there."""
    from whaletrader.datasets.manifest import MANIFEST_FILE
    from whaletrader.datasets.simulator.universe.population import write_population
    from whaletrader.datasets.simulator.universe.presets import scale_params

    path = folder / f"scale-{wallets}"
    if not (path / MANIFEST_FILE).is_file():
        began = time.perf_counter()
        write_population(path, scale_params(wallets, FILLS_PER_WALLET * wallets), SEED)
        print(f"simulated {wallets:,} wallets in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return path


def compile_first(script: Path, data: Path, workers: int, place: Path) -> None:
    """Score a small universe, so that no figure contains the compiler."""
    subprocess.run([sys.executable, script, data, str(workers), place / "work"], check=True, stdout=subprocess.DEVNULL)


def measured(script: Path, data: Path, wallets: int, workers: int, place: Path) -> float:
    """Score one universe in a process of its own; report and return the seconds."""
    from whaletrader.datasets.store import Dataset

    fills = Dataset.open(data).manifest.tables["trades"].rows
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, script, data, str(workers), place / "work"], stdout=subprocess.PIPE, text=True
    )
    peak = 0.0
    while child.poll() is None:
        peak = max(peak, resident_gb(child.pid))
        time.sleep(0.1)
    seconds = time.perf_counter() - began
    found = (child.stdout.read() if child.stdout else "").split()
    if child.returncode:
        raise SystemExit(f"scoring {wallets:,} wallets failed")
    told = f"score, {wallets:,} wallets, {fills:,} fills, {workers} workers"
    print(f"{told}: {found[0]} rows, {found[1]} tested, {found[2]} survived", file=sys.stderr, flush=True)
    whole = wallets >= FULL
    report(told, seconds, "s", target=TARGET_S if whole else None, higher_is_better=False)
    report(f"{told}: peak memory", peak, "GB", target=TARGET_GB, higher_is_better=False)
    return seconds


def resident_gb(pid: int) -> float:
    """Memory of a process and its descendants in GB, shared pages counted once where the system tells them (Linux)."""
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has just ended
    return total * 1024 / 1e9


def tell_growth(taken: dict[int, float]) -> None:
    """Slope of log time against log wallets between the sizes next to each other."""
    sizes = sorted(taken)
    for small, large in pairwise(sizes):
        slope = math.log(taken[large] / taken[small]) / math.log(large / small)
        name = f"score, growth from {small:,} to {large:,} wallets (log time by log wallets)"
        report(name, slope, "", target=TARGET_SLOPE, higher_is_better=False)


if __name__ == "__main__":
    main()
