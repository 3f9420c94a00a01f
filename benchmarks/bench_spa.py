"""Hansen's test of superior predictive ability for many models, beside `arch`; both whole, nothing is scaled.

Ours draws its own resamples within the time measured, as the peer does, and studentises, which the peer does too.
"""

import time

import numpy as np
from arch.bootstrap import SPA
from numpy.typing import NDArray

from benchmarks.figures import report
from whaletrader.quant.reality_check import superior_ability
from whaletrader.quant.stationary import stationary_indices

MODELS = 2_000
RESAMPLES = 1_000
DAYS = 500
MEAN_BLOCK = 10
ROUNDS = 3
TARGET = 10.0


def made_up_losses(models: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Daily losses of a benchmark, shape (DAYS,), and of models, shape (DAYS, models), with fat tails."""
    rng = np.random.default_rng(1)
    return rng.standard_t(4, DAYS), rng.standard_t(4, (DAYS, models))


def ours_s(models: int, resamples: int) -> float:
    """Seconds for the resamples and the three p-values; the kernels are compiled before."""
    benchmark, losses = made_up_losses(models)
    stationary_indices(DAYS, 2, float(MEAN_BLOCK), seed=1)
    started = time.perf_counter()
    drawn = stationary_indices(DAYS, resamples, float(MEAN_BLOCK), seed=1)
    superior_ability(benchmark, losses, drawn, mean_block=float(MEAN_BLOCK))
    return time.perf_counter() - started


def peer_s(models: int, resamples: int) -> float:
    """Seconds of the peer for the same."""
    benchmark, losses = made_up_losses(models)
    started = time.perf_counter()
    SPA(benchmark, losses, block_size=MEAN_BLOCK, reps=resamples, seed=1).compute()
    return time.perf_counter() - started


def main() -> None:
    """Measure and report."""
    ours = min(ours_s(MODELS, RESAMPLES) for _ in range(ROUNDS))
    peer = min(peer_s(MODELS, RESAMPLES) for _ in range(ROUNDS))
    what = f"SPA, {MODELS:,} models x {RESAMPLES:,} resamples x {DAYS} days"
    report(what, ours, "s", peer=peer, peer_name="arch", higher_is_better=False)
    report("SPA, arch's time over ours", peer / ours, "x", target=TARGET)


if __name__ == "__main__":
    main()
