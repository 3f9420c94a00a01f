"""PSR and DSR of many wallets from their daily returns, beside `skfolio` on the same numbers, best of several runs.

Either gets the matrix as it likes it best: ours a row per wallet, the peer a column. The peer's DSR needs the trials'
Sharpe ratios, which it gets from its own means and deviations.
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from skfolio.measures import deflated_sharpe_ratio, mean, probabilistic_sharpe_ratio, standard_deviation

from benchmarks.figures import report
from whaletrader.quant.sharpe_arrays import psr_and_dsr

Floats = NDArray[np.float64]

WALLETS = 10_000
DAYS = 250
RUNS = 5
TARGET = 10.0


def made_up_returns() -> Floats:
    """Daily returns with fat tails, shape (wallets, days)."""
    return np.random.default_rng(1).standard_t(5, (WALLETS, DAYS)) + 0.05


def peers(returns: Floats) -> tuple[Floats, Floats]:
    """Both ratios by the peer; `returns` has a column per wallet."""
    trials = np.asarray(mean(returns)) / np.asarray(standard_deviation(returns))
    return np.asarray(probabilistic_sharpe_ratio(returns)), np.asarray(deflated_sharpe_ratio(returns, trials))


def best_s(work: Callable[[], object]) -> float:
    """Seconds of the fastest of several runs, after one that compiles."""
    work()
    taken = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def main() -> None:
    """Check that both say the same, measure, report."""
    ours = made_up_returns()
    theirs = np.ascontiguousarray(ours.T)
    np.testing.assert_allclose(psr_and_dsr(ours), peers(theirs), atol=1e-10)
    ours_s, peer_s = best_s(lambda: psr_and_dsr(ours)), best_s(lambda: peers(theirs))
    report(f"PSR and DSR, {WALLETS:,} wallets x {DAYS} days", ours_s, "s",
           peer=peer_s, peer_name="skfolio", higher_is_better=False)  # fmt: skip
    report("PSR and DSR, skfolio's time over ours", peer_s / ours_s, "x", target=TARGET)


if __name__ == "__main__":
    main()
