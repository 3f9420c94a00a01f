"""How long the blocks of a block bootstrap should be, chosen from a series' own autocorrelation.

Chooses lengths only; draws nothing.
"""

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit

Floats = NDArray[np.float64]

FEWEST = 16
"""Below this, there are not enough lags to look at and the length is withheld."""


@njit(cache=True)  # type: ignore[untyped-decorator]
def _dot(left: Floats, right: Floats) -> float:
    total = 0.0
    for i in range(left.size):
        total += left[i] * right[i]
    return total


@njit(cache=True)  # type: ignore[untyped-decorator]
def _lags(centred: Floats, acv: Floats, quiet: int) -> int:
    """Fill in the autocovariances; return the lag before the first `quiet` insignificant ones in a row, or -1."""
    n, run, found = centred.size, 0, -1
    bound = 2.0 * np.sqrt(np.log10(n) / n)
    for lag in range(acv.size):
        if found < 0 and lag >= quiet and run >= quiet:
            found = lag - quiet
        product = _dot(centred[lag:], centred[: n - lag])
        acv[lag] = product / n
        late, early = centred[lag + 1 :], centred[: n - lag - 1]
        scale = np.sqrt(_dot(late, late) * _dot(early, early))
        run = run + 1 if scale > 0.0 and abs(product) / scale < bound else 0
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def _one(series: Floats) -> tuple[float, float]:
    n = series.size
    quiet = max(5, int(np.log10(n)))
    most = int(np.ceil(np.sqrt(n))) + quiet
    acv = np.zeros(most + 1)
    found = _lags(series - series.mean(), acv, quiet)
    width = most if found < 0 else min(2 * max(found, 1), most)
    slope, level = 0.0, acv[0]
    for k in range(1, width + 1):
        weight = 1.0 if k / width <= 0.5 else 2.0 * (1.0 - k / width)
        slope += 2.0 * weight * k * acv[k]
        level += 2.0 * weight * acv[k]
    if level == 0.0:
        return np.nan, np.nan
    longest = np.ceil(min(3.0 * np.sqrt(n), n / 3.0))
    stationary = (slope * slope / (level * level) * n) ** (1.0 / 3.0)
    circular = (1.5 * slope * slope / (level * level) * n) ** (1.0 / 3.0)
    return min(stationary, longest), min(circular, longest)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _many(series: Floats) -> Floats:
    out = np.empty((2, series.shape[0]))
    for s in range(series.shape[0]):
        spread = np.abs(series[s] - series[s].mean()).max()
        out[:, s] = np.nan
        if spread > 1e-12 * np.abs(series[s]).max():
            out[0, s], out[1, s] = _one(series[s])
    return out


def optimal_block_lengths(series: Floats) -> tuple[Floats, Floats]:
    """Block lengths that minimise the mean squared error of the bootstrap's variance of a mean.

    Parameters
    ----------
    series : ndarray
        Shape (S, n), finite: one series a row.

    Returns
    -------
    tuple of ndarray
        Each (S,), in observations, at most min(3 sqrt(n), n / 3) rounded up: expected length for the stationary
        bootstrap, length for the circular one. May be below 1 (draw single observations); NaN for a constant series
        or fewer than 16 observations: withheld.

    Notes
    -----
    Politis & White (2004), doi:10.1081/ETC-120028836, with the correction of Patton, Politis & White (2009),
    doi:10.1080/07474930802459016. The conventions where the papers leave a choice are those of `arch`.

    Examples
    --------
    >>> stationary, circular = optimal_block_lengths(np.sin(np.arange(100.0) / 9.0)[None, :])
    >>> round(float(stationary[0]), 2), round(float(circular[0]), 2)
    (12.65, 14.48)
    """
    series = np.ascontiguousarray(series, np.float64)
    if series.shape[1] < FEWEST:
        withheld = np.full(series.shape[0], np.nan)
        return withheld, withheld.copy()
    assert bool(np.all(np.isfinite(series))), "every value must be finite"
    found = _many(series)
    return found[0], found[1]
