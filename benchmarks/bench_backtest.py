"""A whole backtest of the simulated market: three variants, figures and page; seconds, compiled kernels warm."""

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(sys.prefix) / "cache" / "numba"))

from benchmarks.figures import report
from whaletrader.backtest.make import make_report
from whaletrader.backtest.replayed import Job, replay
from whaletrader.config.tree import Settings
from whaletrader.datasets.simulator import simulate
from whaletrader.report.page import page_html

TARGET_S = 90.0


def measure(folder: Path) -> None:
    """Time one replay alone, then everything."""
    dataset, settings = simulate(folder / "sim", seed=20_261_122), Settings()
    replay(Job(dataset=str(dataset.path), settings=settings, placebo=0, scratch=str(folder)))
    began = time.perf_counter()
    alone = replay(Job(dataset=str(dataset.path), settings=settings, placebo=0, scratch=str(folder)))
    seconds = time.perf_counter() - began
    report("backtest: messages of one replay", alone.log_count / seconds, "messages/s")
    began = time.perf_counter()
    page_html(make_report(dataset, settings, placebos=1, scratch=folder))
    spent = time.perf_counter() - began
    report("backtest: simulated market, three variants", spent, "s", target=TARGET_S, higher_is_better=False)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        measure(Path(place))


if __name__ == "__main__":
    main()
