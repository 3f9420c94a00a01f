"""The stationary bootstrap of the Sharpe ratio for many wallets, beside `arch`; both do fewer wallets and are scaled.

Ours: replicates and both intervals of each wallet. The peer: replicates only, one wallet after the other.
"""

import time

import numpy as np
from arch.bootstrap import StationaryBootstrap
from numpy.typing import NDArray

from benchmarks.figures import report
from whaletrader.quant.stationary import sharpe_intervals

WALLETS = 10_000
DAYS = 250
RESAMPLES = 2_000
MEAN_BLOCK = 10
OURS = 2_000
PEERS = 100
PEERS_RESAMPLES = 100
TARGET = 50.0


def made_up_returns(wallets: int) -> NDArray[np.float64]:
    """Daily returns with fat tails."""
    return np.random.default_rng(1).standard_t(4, (wallets, DAYS)) + 0.05


def ours_s(wallets: int) -> float:
    """Seconds for all resamples of so many wallets; the kernels are compiled before."""
    returns = made_up_returns(wallets)
    sharpe_intervals(returns[:2], float(MEAN_BLOCK), seed=1, n_boot=RESAMPLES)
    started = time.perf_counter()
    sharpe_intervals(returns, float(MEAN_BLOCK), seed=1, n_boot=RESAMPLES)
    return time.perf_counter() - started


def peer_s(wallets: int, resamples: int) -> float:
    """Seconds of the peer for some resamples of so many wallets."""
    returns = made_up_returns(wallets)
    started = time.perf_counter()
    for number, row in enumerate(returns):
        StationaryBootstrap(MEAN_BLOCK, row, seed=number).apply(lambda x: x.mean() / x.std(ddof=1), resamples)
    return time.perf_counter() - started


def main() -> None:
    """Measure, scale to all wallets and resamples, and report."""
    ours = ours_s(OURS) * WALLETS / OURS
    peer = peer_s(PEERS, PEERS_RESAMPLES) * WALLETS / PEERS * RESAMPLES / PEERS_RESAMPLES
    what = f"{WALLETS:,} wallets x {DAYS} days x {RESAMPLES:,} resamples"
    name = f"arch, scaled from {PEERS} wallets x {PEERS_RESAMPLES} resamples"
    report(f"bootstrap of Sharpe, {what}, scaled from {OURS:,} wallets", ours, "s",
           peer=peer, peer_name=name, higher_is_better=False)  # fmt: skip
    report("bootstrap of Sharpe, arch's time over ours, both scaled", peer / ours, "x", target=TARGET)


if __name__ == "__main__":
    main()
