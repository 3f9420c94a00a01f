"""Runs the baseline's and the resampling's kernels once on a few rows, so that their compiled form lies in the cache.

The rows go the way of a real run: a kernel is compiled anew for arrays of another layout.
"""

from whaletrader.backtest.baseline import leaders_events, run_baseline
from whaletrader.backtest.metrics import Tally, metrics_of
from whaletrader.backtest.windows import Window
from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.universe.follower import build_follower_table, follower_inputs
from whaletrader.universe.warm import few_rows

_DAYS = 30


def compile_kernels() -> None:
    """Copy two made-up wallets for some days, and resample what that came to."""
    source = few_rows()
    windows = [Window("W1", 0, _DAYS * DAY_NS)]
    events = leaders_events(build_follower_table(source), windows, [[0, 1]])
    run = run_baseline(events, follower_inputs(source).world.prints, 1_000 * MICRO, 0, _DAYS, [2])
    # So few rows move equity on too few days to be resampled by themselves.
    run.curve.equity[2::2] *= 1.001
    tally = Tally(group_sizes=[1, 2], won=1, open_bets=0, fills=run.trades.height, traded=1.0, fees=0.0)
    metrics_of(run.curve, tally, seed=1)
