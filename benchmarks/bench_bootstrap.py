"""Bootstraps of many wallets: stationary of the Sharpe ratio beside `arch`, clustered of the edge beside a NumPy loop.

All do fewer wallets and are scaled, and say so. Ours: replicates and both intervals of each wallet. The peers:
replicates only, one wallet after the other; the loop's have a mean and a t statistic, as ours.
"""

import time

import numpy as np
from arch.bootstrap import StationaryBootstrap
from numpy.typing import NDArray

from benchmarks.figures import report
from whaletrader.quant.stationary import sharpe_intervals
from whaletrader.quant.studentised import ClusterIntervals, cluster_bootstrap_t

WALLETS = 10_000
DAYS = 250
RESAMPLES = 2_000
MEAN_BLOCK = 10
OURS = 2_000
PEERS = 100
PEERS_RESAMPLES = 100
CLUSTERS = 100
PEERS_LOOP = 100
LOOP_RESAMPLES = 200
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


def made_up_edges(wallets: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Summed edges and numbers of bets of each wallet's clusters, shape (wallets, CLUSTERS) each."""
    rng = np.random.default_rng(2)
    return rng.uniform(-0.6, 0.6, (wallets, CLUSTERS)), rng.integers(1, 5, (wallets, CLUSTERS)).astype(np.float64)


def clustered(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> ClusterIntervals:
    """Ours, for all wallets at once."""
    offsets = np.arange(sums.shape[0] + 1) * CLUSTERS
    return cluster_bootstrap_t(
        sums.ravel(), counts.ravel(), offsets, np.arange(sums.shape[0]), seed=1, n_boot=RESAMPLES
    )


def clustered_s(wallets: int) -> float:
    """Seconds for all resamples of so many wallets; the kernels are compiled before."""
    sums, counts = made_up_edges(wallets)
    clustered(sums[:2], counts[:2])
    started = time.perf_counter()
    clustered(sums, counts)
    return time.perf_counter() - started


def loop_s(wallets: int, resamples: int) -> float:
    """Seconds of the loop that one would write with NumPy."""
    sums, counts = made_up_edges(wallets)
    rng = np.random.default_rng(3)
    started = time.perf_counter()
    for own, bets in zip(sums, counts, strict=True):
        rest = own - own.sum() / bets.sum() * bets
        for _ in range(resamples):
            places = rng.integers(0, CLUSTERS, CLUSTERS)
            values, weights = rest[places], bets[places]
            gap = values.sum() / weights.sum()
            values.sum() / np.sqrt(np.square(values - gap * weights).sum())
    return time.perf_counter() - started


def report_clustered() -> None:
    """The clustered bootstrap beside the loop, both scaled to all wallets and resamples."""
    ours = clustered_s(OURS) * WALLETS / OURS
    peer = loop_s(PEERS_LOOP, LOOP_RESAMPLES) * WALLETS / PEERS_LOOP * RESAMPLES / LOOP_RESAMPLES
    what = f"clustered bootstrap, {WALLETS:,} wallets x {CLUSTERS} clusters x {RESAMPLES:,} resamples"
    name = f"NumPy loop, scaled from {PEERS_LOOP} wallets x {LOOP_RESAMPLES} resamples"
    report(f"{what}, scaled from {OURS:,} wallets", ours, "s", peer=peer, peer_name=name, higher_is_better=False)
    report("clustered bootstrap, the loop's time over ours, both scaled", peer / ours, "x", target=TARGET)


def main() -> None:
    """Measure, scale to all wallets and resamples, and report."""
    ours = ours_s(OURS) * WALLETS / OURS
    peer = peer_s(PEERS, PEERS_RESAMPLES) * WALLETS / PEERS * RESAMPLES / PEERS_RESAMPLES
    what = f"{WALLETS:,} wallets x {DAYS} days x {RESAMPLES:,} resamples"
    name = f"arch, scaled from {PEERS} wallets x {PEERS_RESAMPLES} resamples"
    report(f"bootstrap of Sharpe, {what}, scaled from {OURS:,} wallets", ours, "s",
           peer=peer, peer_name=name, higher_is_better=False)  # fmt: skip
    report("bootstrap of Sharpe, arch's time over ours, both scaled", peer / ours, "x", target=TARGET)
    report_clustered()


if __name__ == "__main__":
    main()
