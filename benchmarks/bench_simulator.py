"""The test universe on disk: fills a second and the greatest memory, of a process of its own; sizes are printed.

    python -m benchmarks.bench_simulator [FILLS] [WALLETS]

Without arguments it writes 5 million fills, a tenth of what the long run does; figures of 50 million are scaled only
in the line that says so.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import report
from whaletrader.datasets.simulator.universe import write_population
from whaletrader.datasets.simulator.universe.presets import scale_params

FILLS, WALLETS = 5_000_000, 100_000
FULL = 50_000_000
TARGET_S = 600.0
SEED = 1


def main() -> None:
    """Write one population and report."""
    fills = int(sys.argv[1]) if len(sys.argv) > 1 else FILLS
    wallets = int(sys.argv[2]) if len(sys.argv) > 2 else max(WALLETS, fills // 50)
    with tempfile.TemporaryDirectory() as folder:
        warm = scale_params(100, 5_000)
        write_population(Path(folder) / "warm", warm, SEED)
        started, worked = time.perf_counter(), time.process_time()
        dataset = write_population(Path(folder) / "population", scale_params(wallets, fills), SEED)
        seconds, worked = time.perf_counter() - started, time.process_time() - worked
        rows = dataset.manifest.tables["trades"].rows
        size = sum(path.stat().st_size for path in (Path(folder) / "population").glob("*.parquet"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    what = f"{rows:,} fills, {wallets:,} wallets"
    report(f"test universe written, {what}", rows / seconds, "fills/s")
    report(f"test universe, processor time, {what}", worked, "s")
    report(f"greatest memory, {what}", peak, "GiB", target=6.0, higher_is_better=False)
    report(f"size on disk, {what}", size / 1024**2, "MiB")
    scaled = "" if rows >= FULL else f", scaled from {rows:,}"
    report(f"test universe of 50 M fills{scaled}", seconds * FULL / rows, "s", target=TARGET_S, higher_is_better=False)


if __name__ == "__main__":
    main()
