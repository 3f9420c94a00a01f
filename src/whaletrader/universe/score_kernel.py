"""Per-wallet statistics over sorted bets, in fixed order; which wallets are judged by them is decided in `scores`."""

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit
from whaletrader.quant.clusters import design_effect

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

STATISTICS = (
    "n_bets", "n_groups", "mean_edge", "mean_cost", "mean_price", "hits", "sharpe_bet", "skew", "kurt", "sharpe_daily",
    "n_days", "roi", "roi_trimmed", "n_effective",
)  # fmt: skip
"""Rows of `unit_statistics`, in order."""
_TRIM = 0.05
"""Share of bets cut from each end before the mean return on stake."""


@njit(cache=True)  # type: ignore[untyped-decorator]
def unit_statistics(
    offsets: Ints, group: Ints, edge: Ints, cost: Ints, price: Ints, entry_day: Ints, exit_day: Ints
) -> Floats:
    """Statistics of every unit's bets: shape (14, units), rows named by `STATISTICS`; amounts in micro-units."""
    units = offsets.size - 1
    out = np.full((14, units), np.nan)
    for u in range(units):
        first, last = offsets[u], offsets[u + 1]
        out[0, u], out[1, u] = last - first, _distinct(group[first:last])
        out[2, u], out[3, u], out[4, u] = edge[first:last].mean(), cost[first:last].mean(), price[first:last].mean()
        out[5, u] = (edge[first:last] > 0).sum()
        _moments(edge[first:last], out[2, u], out[6:9, u])
        _daily(edge[first:last], entry_day[first:last], exit_day[first:last], out[9:11, u])
        out[11, u] = edge[first:last].sum() / max(cost[first:last].sum(), 1)
        out[12, u] = _trimmed_return(edge[first:last], cost[first:last])
        out[13, u] = (last - first) / design_effect(group[first:last])
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _distinct(ordered: Ints) -> int:
    count = 0
    for i in range(ordered.size):
        if i == 0 or ordered[i] != ordered[i - 1]:
            count += 1
    return count


@njit(cache=True)  # type: ignore[untyped-decorator]
def _moments(edge: Ints, mean: float, out: Floats) -> None:
    """Sharpe ratio per bet, skewness and kurtosis; NaN where the edges do not vary."""
    n = edge.size
    second, third, fourth = 0.0, 0.0, 0.0
    for i in range(n):
        gap = (edge[i] - mean) / 1e6
        second += gap * gap
        third += gap * gap * gap
        fourth += gap * gap * gap * gap
    if n < 2 or second <= 0.0:
        return
    variance = second / n
    out[0] = mean / 1e6 / np.sqrt(second / (n - 1))
    out[1] = third / n / variance**1.5
    out[2] = fourth / n / variance**2


@njit(cache=True)  # type: ignore[untyped-decorator]
def _daily(edge: Ints, entry_day: Ints, exit_day: Ints, out: Floats) -> None:
    """Sharpe ratio of the daily sums of edge from first entry to last exit, quiet days included, and the days."""
    days = exit_day.max() - entry_day.min() + 1
    out[1] = days
    if days < 2:
        return
    order = np.argsort(exit_day, kind="mergesort")
    total, squares, running = 0.0, 0.0, 0.0
    for i in range(order.size):
        running += edge[order[i]] / 1e6
        if i + 1 == order.size or exit_day[order[i + 1]] != exit_day[order[i]]:
            total += running
            squares += running * running
            running = 0.0
    mean = total / days
    variance = (squares - days * mean * mean) / (days - 1)
    if variance > 1e-18:
        out[0] = mean / np.sqrt(variance)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _trimmed_return(edge: Ints, cost: Ints) -> float:
    returns = np.sort(edge / cost)
    cut = int(returns.size * _TRIM)
    return float(returns[cut : returns.size - cut].mean())
