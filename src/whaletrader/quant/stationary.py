"""Stationary bootstrap of the Sharpe ratio: blocks of random length that wrap around keep a series' dependence.

Each block comes from one counter-based hash of (seed, key, replicate, block), so a series' interval depends neither on
the other series nor on threads. Block sums come from prefix sums: no index is ever stored. How long blocks should be
says `block_length`. Nothing here knows that bets settle together; see `bootstrap`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit
from whaletrader.quant.bootstrap import mix64

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_LOW = np.uint64(0xFFFFFFFF)
_S32 = np.uint64(32)
_TABLE = 4_096
_TABLE_SHIFT, _TABLE_WIDTH = np.uint64(20), np.uint64((1 << 20) - 1)
"""A word's lower half has 32 bits: its leading 12 choose the place in the table, 20 are left within it."""
_CONSTANT = 1e-12
"""A variance below this share of the series' own mean square is the float error of equal values."""
_CHUNK = 64
"""Series whose replicates are held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class SharpeIntervals:
    """Estimates per period, their errors and two-sided intervals, each of shape (S,); see `sharpe_intervals`."""

    estimates: Floats
    errors: Floats
    percentile: tuple[Floats, Floats]
    studentised: tuple[Floats, Floats]
    undefined: Ints
    """Replicates without a Sharpe ratio (all drawn values equal)."""


@njit(cache=True)  # type: ignore[untyped-decorator]
def _state(seed: np.uint64, key: int) -> np.uint64:
    return np.uint64(mix64(mix64(seed + _GOLDEN) ^ (np.uint64(key) * _MIX_1 + _GOLDEN)))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _longer(low: np.uint64, rate: float, n: int) -> int:
    """Geometric length less 1 by inversion, at most n; `low` is a word's lower half, `rate` log(1 - 1/mean block)."""
    if rate == -np.inf:
        return 0
    uniform = (np.float64(low) + 0.5) / 4294967296.0
    return int(min(np.log(uniform) / rate, float(n)))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _length_table(rate: float, n: int) -> NDArray[np.int32]:
    """`_longer` by a word's leading bits; -1 where they do not settle it: most logarithms need not be taken."""
    table = np.empty(_TABLE, np.int32)
    for place in range(_TABLE):
        first = np.uint64(place) << _TABLE_SHIFT
        longest, shortest = _longer(first, rate, n), _longer(first + _TABLE_WIDTH, rate, n)
        table[place] = longest if longest == shortest and longest < 2147483647 else -1
    return table


@njit(cache=True)  # type: ignore[untyped-decorator]
def _draw_block(word: np.uint64, n: int, rate: float, table: NDArray[np.int32]) -> tuple[int, int]:
    """Start in [0, n) and length, at least 1, of the block that a random word stands for."""
    start = np.int64(((word >> _S32) * np.uint64(n)) >> _S32)
    low = word & _LOW
    longer = np.int64(table[low >> _TABLE_SHIFT])
    if longer < 0:
        longer = _longer(low, rate, n)
    return int(start), int(1 + longer)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _indices(n: int, n_boot: int, rate: float, state: np.uint64) -> Ints:
    out, table = np.empty((n_boot, n), np.int64), _length_table(rate, n)
    for b in range(n_boot):
        counter, place = np.uint64(b) * np.uint64(n) * _GOLDEN, 0
        while place < n:
            counter += _GOLDEN
            start, length = _draw_block(mix64(state + counter), n, rate, table)
            for step in range(min(length, n - place)):
                out[b, place] = (start + step) % n
                place += 1
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _prefix_sums(centred: Floats) -> Floats:
    """Sums and sums of squares before each place of the series written twice, shape (2n + 1, 2)."""
    n = centred.size
    sums = np.zeros((2 * n + 1, 2))
    for i in range(2 * n):
        sums[i + 1, 0] = sums[i, 0] + centred[i % n]
        sums[i + 1, 1] = sums[i, 1] + centred[i % n] ** 2
    return sums


@njit(cache=True)  # type: ignore[untyped-decorator]
def _draw_sums(
    sums: Floats, b: int, rate: float, state: np.uint64, table: NDArray[np.int32], parts: Floats
) -> tuple[int, float, float]:
    """Fill in length, sum and sum of squares of each block of replicate `b`: number of blocks, and both sums."""
    n = sums.shape[0] // 2
    counter, drawn, blocks, first, second = np.uint64(b) * np.uint64(n) * _GOLDEN, 0, 0, 0.0, 0.0
    while drawn < n:
        counter += _GOLDEN
        start, length = _draw_block(mix64(state + counter), n, rate, table)
        end = start + min(length, n - drawn)
        total, squares = sums[end, 0] - sums[start, 0], sums[end, 1] - sums[start, 1]
        parts[blocks, 0], parts[blocks, 1], parts[blocks, 2] = end - start, total, squares
        first, second, drawn, blocks = first + total, second + squares, drawn + end - start, blocks + 1
    return blocks, first, second


@njit(cache=True)  # type: ignore[untyped-decorator]
def _error_of_blocks(parts: Floats, n: int, moments: tuple[float, float, float]) -> float:
    """Standard error from the blocks' summed influence on the Sharpe ratio (Götze & Künsch's natural estimator)."""
    shift, spread, ratio = moments
    linear, bend = 1.0 / spread, 0.5 * ratio / (spread * spread)
    total = 0.0
    for block in range(parts.shape[0]):
        length, first, second = parts[block, 0], parts[block, 1], parts[block, 2]
        squares = second - shift * (2.0 * first - length * shift)
        influence = (first - length * shift) * linear - squares * bend + 0.5 * ratio * length
        total += influence * influence
    return float(np.sqrt(total) / n)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _replicates(values: Floats, rate: float, state: np.uint64, ratios: Floats, errors: Floats) -> None:
    """Sharpe ratio and standard error of each replicate of one series; NaN where all drawn values are equal."""
    n, mean = values.size, values.mean()
    sums, table, parts = _prefix_sums(values - mean), _length_table(rate, n), np.empty((n, 3))
    floor = _CONSTANT * (sums[n, 1] / n + mean * mean)
    for b in range(ratios.size):
        blocks, first, second = _draw_sums(sums, b, rate, state, table, parts)
        shift = first / n
        variance = (second - first * shift) / (n - 1)
        if variance > floor:
            spread = np.sqrt(variance)
            ratios[b] = (mean + shift) / spread
            errors[b] = _error_of_blocks(parts[:blocks], n, (shift, spread, ratios[b]))
        else:
            ratios[b], errors[b] = np.nan, np.nan


@njit(cache=True)  # type: ignore[untyped-decorator]
def _many_replicates(returns: Floats, rates: Floats, keys: Ints, seed: np.uint64, n_boot: int) -> Floats:
    out = np.empty((2, returns.shape[0], n_boot))
    for s in range(returns.shape[0]):
        _replicates(returns[s], rates[s], _state(seed, keys[s]), out[0, s], out[1, s])
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _estimates(returns: Floats, rates: Floats) -> Floats:
    """Sharpe ratio and its standard error under the stationary bootstrap's own variance of a mean, shape (2, S)."""
    out = np.full((2, returns.shape[0]), np.nan)
    n = returns.shape[1]
    for s in range(returns.shape[0]):
        mean, spread = returns[s].mean(), returns[s].std() * np.sqrt(n / (n - 1))
        if spread * spread > _CONSTANT * (returns[s] ** 2).mean():
            ratio = mean / spread
            scaled = (returns[s] - mean) / spread
            influence = scaled - 0.5 * ratio * (scaled * scaled - 1.0)
            out[0, s], out[1, s] = ratio, np.sqrt(_variance_of_mean(influence, rates[s]))
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _variance_of_mean(values: Floats, rate: float) -> float:
    n = values.size
    centred = values - values.mean()
    total = 0.0
    for lag in range(n):
        weight = (1.0 - lag / n) * np.exp(lag * rate) + lag / n * np.exp((n - lag) * rate) if lag else 0.5
        covariance = 0.0
        for i in range(n - lag):
            covariance += centred[i] * centred[i + lag]
        total += 2.0 * weight * covariance / n
    return max(float(total), 0.0) / n


def _rates(mean_blocks: Floats | float, size: int) -> Floats:
    """log(1 - 1/block): -inf for single draws; a block below 1 or unknown is a single draw."""
    blocks = np.broadcast_to(np.asarray(mean_blocks, np.float64), (size,))
    with np.errstate(divide="ignore"):
        return np.log1p(-1.0 / np.fmax(blocks, 1.0))


def stationary_indices(n: int, n_boot: int, mean_block: float, *, seed: int, key: int = 0) -> Ints:
    """Places drawn by the stationary bootstrap, the very ones behind `sharpe_intervals`.

    Parameters
    ----------
    n : int
        Length of the series, 1 to 2**32 - 1.
    n_boot : int
        Replicates.
    mean_block : float
        Expected length of a block in observations; 1 or less draws single observations.
    seed, key : int
        Unsigned 64-bit seed, and the series' own number.

    Returns
    -------
    ndarray
        Shape (n_boot, n), places in [0, n); after n - 1 comes 0.

    Notes
    -----
    Politis & Romano (1994), "The Stationary Bootstrap", doi:10.1080/01621459.1994.10476870.

    Examples
    --------
    >>> drawn = stationary_indices(5, 2, 1e9, seed=7)
    >>> bool(((drawn[:, 1:] - drawn[:, :-1]) % 5 == 1).all())
    True
    """
    assert 1 <= n < 2**32, n
    state = np.uint64(_state(np.uint64(seed), key))  # numba returns Python's own int, which it would read as signed
    return np.asarray(_indices(n, n_boot, float(_rates(mean_block, 1)[0]), state))


def variance_of_stationary_mean(values: Floats, mean_block: float) -> float:
    """Variance of the mean of a stationary-bootstrap replicate given the data, without drawing any.

    Parameters
    ----------
    values : ndarray
        Shape (n,).
    mean_block : float
        Expected length of a block.

    Returns
    -------
    float
        In the squared unit of `values`; the population variance over n for single draws.

    Notes
    -----
    Politis & Romano (1994), doi:10.1080/01621459.1994.10476870, Lemma 1.

    Examples
    --------
    >>> variance_of_stationary_mean(np.array([1.0, 3.0]), 1.0)
    0.5
    """
    return float(_variance_of_mean(np.asarray(values, np.float64), float(_rates(mean_block, 1)[0])))


def sharpe_replicates(
    returns: Floats, mean_blocks: Floats | float, *, seed: int, n_boot: int = 2_000, keys: Ints | None = None
) -> tuple[Floats, Floats]:
    """Bootstrapped Sharpe ratios (n - 1) of each series, and their standard errors.

    Parameters
    ----------
    returns : ndarray
        Shape (S, n), finite, n at least 2: one series a row.
    mean_blocks : ndarray or float
        Shape (S,) or one for all: expected block lengths in observations.
    seed : int
        Unsigned 64-bit.
    n_boot : int
        Replicates per series.
    keys : ndarray, optional
        Shape (S,): a stable number per series (its row by default); equal keys and seeds give equal draws.

    Returns
    -------
    tuple of ndarray
        Each (S, n_boot); NaN where a replicate's values are all equal. The error sums each block's influence:
        Götze & Künsch (1996), doi:10.1214/aos/1069362303; Ledoit & Wolf (2008), doi:10.1016/j.jempfin.2008.03.002.

    Examples
    --------
    >>> ratios, errors = sharpe_replicates(np.array([[0.01, 0.02, -0.01, 0.03]]), 2.0, seed=1, n_boot=100)
    >>> ratios.shape, errors.shape
    ((1, 100), (1, 100))
    """
    returns = np.ascontiguousarray(returns, np.float64)
    size, n = returns.shape
    assert 2 <= n < 2**32, n
    assert bool(np.all(np.isfinite(returns))), "every return must be finite"
    numbers = np.arange(size) if keys is None else np.asarray(keys, np.int64)
    found = _many_replicates(returns, _rates(mean_blocks, size), numbers, np.uint64(seed), n_boot)
    return found[0], found[1]


def sharpe_intervals(
    returns: Floats,
    mean_blocks: Floats | float,
    *,
    seed: int,
    n_boot: int = 2_000,
    confidence: float = 0.95,
    keys: Ints | None = None,
) -> SharpeIntervals:
    """Two-sided percentile and studentised intervals of the Sharpe ratio per period, for many series at once.

    Parameters
    ----------
    returns, mean_blocks, seed, n_boot, keys
        See `sharpe_replicates`; n_boot at least 100.
    confidence : float
        In (0, 1), over both sides.

    Returns
    -------
    SharpeIntervals
        Shapes (S,). A replicate without a ratio or error counts against us at both ends (it widens); where that
        leaves no finite end, and for constant series, the end is NaN: withheld.

    Notes
    -----
    Studentised: estimate - error * quantile of (replicate - estimate) / its error. Politis & Romano (1994),
    doi:10.1080/01621459.1994.10476870; Ledoit & Wolf (2008), doi:10.1016/j.jempfin.2008.03.002.

    Examples
    --------
    >>> found = sharpe_intervals(np.sin(np.arange(200.0))[None, :] + 0.1, 5.0, seed=1, n_boot=200)
    >>> bool(found.percentile[0][0] < found.estimates[0] < found.percentile[1][0])
    True
    """
    assert n_boot >= 100, n_boot
    assert 0.0 < confidence < 1.0, confidence
    returns = np.ascontiguousarray(returns, np.float64)
    size = returns.shape[0]
    blocks = np.broadcast_to(np.asarray(mean_blocks, np.float64), (size,))
    numbers = np.arange(size) if keys is None else np.asarray(keys, np.int64)
    estimates, errors = _estimates(returns, _rates(blocks, size))
    ends, undefined = np.empty((4, size)), np.zeros(size, np.int64)
    for low in range(0, size, _CHUNK):
        part = slice(low, low + _CHUNK)
        ratios, own = sharpe_replicates(returns[part], blocks[part], seed=seed, n_boot=n_boot, keys=numbers[part])
        undefined[part] = np.isnan(ratios).sum(axis=1)
        ends[:2, part] = _ends(ratios, confidence)
        with np.errstate(divide="ignore", invalid="ignore"):
            pivots = np.where(own > 0.0, (ratios - estimates[part, None]) / own, np.nan)
        ends[2:, part] = estimates[part] - errors[part] * _ends(pivots, confidence)[::-1]
    ends[:, np.isnan(estimates)] = np.nan
    return SharpeIntervals(estimates, errors, (ends[0], ends[1]), (ends[2], ends[3]), undefined)


def _ends(replicates: Floats, confidence: float) -> Floats:
    """Lower and upper order statistics of each row, shape (2, S); NaN counts as the worst at either end."""
    count = replicates.shape[1]
    rank = max(int(np.floor((1.0 - confidence) / 2.0 * count)) - 1, 0)
    ordered = np.sort(replicates, axis=1)  # NaN last
    missing = np.isnan(replicates).sum(axis=1)
    rows = np.arange(replicates.shape[0])
    lower = np.where(missing > rank, np.nan, ordered[rows, np.maximum(rank - missing, 0)])
    return np.array([lower, ordered[:, count - 1 - rank]])
