"""Stationary bootstrap of daily returns: return, Sharpe ratio and drawdown of the same resampled years.

Blocks of geometric length keep what follows on what (Politis & Romano 1994, doi:10.1080/01621459.1994.10476870); draws
are a counter-based hash of the seed, so neither threads nor other variants change them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit
from whaletrader.quant.bootstrap import mix64

Floats = NDArray[np.float64]

MEAN_BLOCK_DAYS = 5.0
RESAMPLES = 2_000
CONFIDENCE = 0.90
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_S11 = np.uint64(11)


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Per resample: total return, Sharpe ratio per day (NaN where constant) and greatest drawdown, each shape (B,)."""

    total: Floats
    sharpe: Floats
    drawdown: Floats


@njit(cache=True)  # type: ignore[untyped-decorator]
def _uniform(state: np.uint64, counter: np.uint64) -> float:
    return float(mix64(state + counter * _GOLDEN) >> _S11) / 9007199254740992.0


@njit(cache=True)  # type: ignore[untyped-decorator]
def _resample(returns: Floats, seed: np.uint64, resamples: int, mean_block: float) -> Floats:
    n = returns.size
    out = np.empty((3, resamples), np.float64)
    state, counter = mix64(seed + _GOLDEN), np.uint64(0)
    for b in range(resamples):
        wealth, peak, deepest, total, squares, at = 1.0, 1.0, 0.0, 0.0, 0.0, 0
        for i in range(n):
            counter += np.uint64(1)
            fresh = _uniform(state, counter)
            if i == 0 or fresh * mean_block < 1.0:
                counter += np.uint64(1)
                at = min(int(_uniform(state, counter) * n), n - 1)
            else:
                at = (at + 1) % n
            value = returns[at]
            total += value
            squares += value * value
            wealth *= 1.0 + value
            peak = max(peak, wealth)
            deepest = max(deepest, 1.0 - wealth / peak)
        mean = total / n
        variance = max(squares - n * mean * mean, 0.0) / max(n - 1, 1)
        out[0, b] = wealth - 1.0
        out[1, b] = mean / np.sqrt(variance) if variance > 1e-24 else np.nan
        out[2, b] = deepest
    return out


def stationary_bootstrap(
    returns: Floats, *, seed: int, resamples: int = RESAMPLES, mean_block: float = MEAN_BLOCK_DAYS
) -> Resampled:
    """Resample daily returns, shape (n,), n >= 1."""
    assert returns.size, "no returns to resample"
    found = _resample(np.asarray(returns, np.float64), np.uint64(seed), resamples, mean_block)
    return Resampled(found[0], found[1], found[2])


def percentile_interval(draws: Floats, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Two-sided percentile interval of the finite draws, shape (B,); NaN without one."""
    finite = np.sort(draws[np.isfinite(draws)])
    if not finite.size:
        return float("nan"), float("nan")
    tail = (1.0 - confidence) / 2.0
    low = int(np.floor(tail * finite.size + 1e-9))
    return float(finite[low]), float(finite[finite.size - 1 - low])
