"""The warm-up compiles what a backtest runs, for the very arrays that it runs on."""

import numpy as np
from numba.core.dispatcher import Dispatcher

from tests.support.universe import Tape
from whaletrader.backtest import baseline, resample
from whaletrader.backtest.metrics import hit_rate
from whaletrader.backtest.warm import compile_kernels
from whaletrader.backtest.windows import Window
from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.quant import clusters
from whaletrader.universe.follower import build_follower_table, follower_inputs


def compiled() -> dict[str, list[object]]:
    kernels = [value for module in (baseline, resample, clusters) for value in vars(module).values()]
    return {kernel.__name__: list(kernel.signatures) for kernel in kernels if isinstance(kernel, Dispatcher)}


def test_after_the_warm_up_a_baseline_and_a_bootstrap_compile_nothing() -> None:
    compile_kernels()
    before = compiled()
    # Out of the cache, what only another kernel calls is not loaded by itself.
    called = ("_spend", "_daily", "_marks", "_resample", "design_effect")
    assert [name for name in called if not before[name]] == []
    made = Tape(wallets=2).market(0, 1.0, 90_000).market(1)
    for m in range(2):
        made.trade(5, 0, m, 0.5).trade(12, 1, m, 0.5)
    source = made.source()
    events = baseline.leaders_events(build_follower_table(source), [Window("W", 0, DAY_NS)], [[0]])
    run = baseline.run_baseline(events, follower_inputs(source).world.prints, 9 * MICRO, 0, 3, [1])
    assert run.trades["exit_ts"].null_count() == 1
    resample.stationary_bootstrap(np.linspace(-0.01, 0.02, 25), seed=3)
    hit_rate(1, [1, 2])
    assert compiled() == before
