"""Per-unit features of sorted bets: order in time, drawdown, tails, persistence, ranks; whole units, NaN undefined.

One pass over the units, each alone and in fixed order; event groups, not bets, are the observations. What the features
mean is said by `features`.
"""

from math import erfc

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit
from whaletrader.quant.heavy_tail import TAIL_LEAST

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

KERNEL_FEATURES = (
    "stake_usd", "stake_median_usd", "concentration", "hill_alpha",
    "slippage", "spread", "wait_s",
    "max_drawdown", "drawdown_sd", "loss_tail",
    "earlier_edge", "later_edge", "persistence_slope", "persistence_t", "level_t", "persistence_pairs",
    "groups_won", "groups_lost", "rank_p",
)  # fmt: skip
"""Rows of `unit_features`, in order."""
LOSS_SHARE = 0.05
"""Share of the bets, the worst ones, whose mean loss is the loss tail."""
HILL_SHARE = 0.10
"""Share of the stakes, the greatest ones and at least TAIL_LEAST of them, that the tail index rests on."""
WINDOW_LEAST, WINDOW_MOST = 5, 20
"""Event groups in a window of the persistence regression: a tenth of all, within these."""
RANK_LEAST, RANK_EXACT_MOST = 5, 20
_MICRO = 1e6
_NANO = 1e9


@njit(cache=True)  # type: ignore[untyped-decorator]
def unit_features(
    offsets: Ints, group: Ints, amounts: tuple[Ints, Ints, Ints, Ints, Ints], times: tuple[Ints, Ints, Ints]
) -> Floats:
    """Features of every unit: shape (19, units), rows named by `KERNEL_FEATURES`.

    `amounts`: edge, entry price, leader's price (-1 unknown), stake, half spread; `times`: wait, entry day, settlement.
    """
    edge, price, leader, stake, spread = amounts
    waited, entry_day, known_ts = times
    units = offsets.size - 1
    out = np.full((19, units), np.nan)
    for u in range(units):
        a, b = offsets[u], offsets[u + 1]
        if a == b:
            continue
        starts = _starts(group[a:b])
        _stakes(stake[a:b], starts, out[0:4, u])
        out[4, u] = _slippage(price[a:b], leader[a:b])
        out[5, u] = spread[a:b].mean() / _MICRO
        out[6, u] = waited[a:b].mean() / _NANO
        _risk(edge[a:b], known_ts[a:b], starts, out[7:10, u])
        _persistence(edge[a:b], entry_day[a:b], known_ts[a:b], starts, out[10:16, u])
        _ranks(edge[a:b], starts, out[16:19, u])
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _starts(ordered: Ints) -> Ints:
    """First row of each event group, and the end."""
    starts = np.empty(ordered.size + 1, np.int64)
    count = 0
    for i in range(ordered.size):
        if i == 0 or ordered[i] != ordered[i - 1]:
            starts[count] = i
            count += 1
    starts[count] = ordered.size
    return starts[: count + 1].copy()


@njit(cache=True)  # type: ignore[untyped-decorator]
def _stakes(stake: Ints, starts: Ints, out: Floats) -> None:
    """Sum and median of the stakes in dollars, their concentration by event group, Hill's index of their tail."""
    total = 0.0
    for i in range(stake.size):
        total += stake[i]
    ordered = np.sort(stake)
    half = ordered.size // 2
    out[0], out[1] = total / _MICRO, (ordered[half] + ordered[ordered.size - 1 - half]) / 2.0 / _MICRO
    if total > 0.0:
        squares = 0.0
        for g in range(starts.size - 1):
            share = 0.0
            for i in range(starts[g], starts[g + 1]):
                share += stake[i]
            squares += (share / total) ** 2
        out[2] = squares
    out[3] = _hill(ordered)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _hill(ordered: Ints) -> float:
    """Hill's index of the greatest tenth of the positive of ascending stakes; NaN for too few or a tail of equals."""
    last, positive = ordered.size - 1, 0
    for i in range(ordered.size):
        positive += 1 if ordered[i] > 0 else 0
    if positive < 4 * TAIL_LEAST:
        return np.nan
    k = max(TAIL_LEAST, int(HILL_SHARE * positive))
    excess, threshold = 0.0, np.log(float(ordered[last - k]))
    for i in range(k):
        excess += np.log(float(ordered[last - i])) - threshold
    return float(k / excess) if excess > 0.0 else np.nan


@njit(cache=True)  # type: ignore[untyped-decorator]
def _slippage(price: Ints, leader: Ints) -> float:
    """Mean of our print less the leader's price, where that is known."""
    total, count = 0.0, 0
    for i in range(price.size):
        if leader[i] >= 0:
            total += price[i] - leader[i]
            count += 1
    return float(total / count / _MICRO) if count > 0 else np.nan


@njit(cache=True)  # type: ignore[untyped-decorator]
def _risk(edge: Ints, known_ts: Ints, starts: Ints, out: Floats) -> None:
    """Drawdown of the cumulated edge in shares and in its own standard deviations; mean of the worst bets' losses."""
    groups = starts.size - 1
    sums, settled = np.zeros(groups), np.zeros(groups, np.int64)
    for g in range(groups):
        for i in range(starts[g], starts[g + 1]):
            sums[g] += edge[i] / _MICRO
            settled[g] = max(settled[g], known_ts[i])
    order = np.argsort(settled, kind="mergesort")
    running, peak, deepest = 0.0, 0.0, 0.0
    i = 0
    while i < groups:
        # What settles at one time is one step: its order within is not known.
        now = settled[order[i]]
        while i < groups and settled[order[i]] == now:
            running += sums[order[i]]
            i += 1
        peak = max(peak, running)
        deepest = max(deepest, peak - running)
    out[0] = deepest
    if groups >= 2:
        spread = np.sqrt(((sums - sums.mean()) ** 2).sum() / (groups - 1))
        if spread > 1e-9:
            out[1] = deepest / (spread * np.sqrt(groups))
    worst = np.sort(edge)[: max(1, int(np.ceil(LOSS_SHARE * edge.size - 1e-9)))]
    out[2] = max(-worst.mean() / _MICRO, 0.0)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _persistence(edge: Ints, entry_day: Ints, known_ts: Ints, starts: Ints, out: Floats) -> None:
    """Edge per bet of the earlier and later half of the event groups, by first entry, and the rolling regression."""
    groups = starts.size - 1
    if groups < 2:
        return
    sums, counts = np.zeros(groups), np.zeros(groups)
    entered, settled = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    for g in range(groups):
        entered[g], settled[g] = entry_day[starts[g]], known_ts[starts[g]]
        for i in range(starts[g], starts[g + 1]):
            sums[g] += edge[i] / _MICRO
            counts[g] += 1.0
            entered[g], settled[g] = min(entered[g], entry_day[i]), max(settled[g], known_ts[i])
    first = np.argsort(settled, kind="mergesort")
    order = first[np.argsort(entered[first], kind="mergesort")]
    half = groups // 2
    out[0] = sums[order[:half]].sum() / counts[order[:half]].sum()
    out[1] = sums[order[half:]].sum() / counts[order[half:]].sum()
    rolling_regression((sums / counts)[order], min(max(groups // 10, WINDOW_LEAST), WINDOW_MOST), out[2:6])


@njit(cache=True)  # type: ignore[untyped-decorator]
def rolling_regression(returns: Floats, window: int, out: Floats) -> None:
    """Slope of the next window's mean on the past one's, its t, the t of the mean return, and the pairs.

    Newey and West's small-sample errors, with 2 * window lags for the slope and 4 (n / 100)^(2/9) for the mean:
    `quant.persistence.rolling_persistence` without matrices.
    """
    n = returns.size
    if n < 5 * window:
        return
    pairs = n - 2 * window + 1
    means = np.empty(n - window + 1)
    for i in range(means.size):
        means[i] = returns[i : i + window].mean()
    past, later = means[:pairs], means[window:]
    if past.max() - past.min() <= 1e-12 * np.abs(past).max():
        return
    centred = past - past.mean()
    slope = (centred * later).sum() / (centred * centred).sum()
    scores = (later - later.mean() - slope * centred) * centred
    error = np.sqrt(max(_long_run(scores, 2 * window), 0.0) * pairs / (pairs - 2)) / (centred * centred).sum()
    out[0], out[3] = slope, pairs
    if error > 0.0:
        out[1] = slope / error
    level = returns.mean()
    few = int(4.0 * (n / 100.0) ** (2.0 / 9.0))
    error = np.sqrt(max(_long_run(returns - level, few), 0.0) * n / (n - 1)) / n
    if error > 0.0:
        out[2] = level / error


@njit(cache=True)  # type: ignore[untyped-decorator]
def _long_run(scores: Floats, lags: int) -> float:
    """Bartlett-weighted sum of the autocovariances, not divided by their number."""
    total = (scores * scores).sum()
    for lag in range(1, lags + 1):
        cross = 0.0
        for i in range(lag, scores.size):
            cross += scores[i] * scores[i - lag]
        total += 2.0 * (1.0 - lag / (lags + 1.0)) * cross
    return float(total)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _ranks(edge: Ints, starts: Ints, out: Floats) -> None:
    """Event groups with an edge above and below 0, and the signed-rank test's p-value over their mean edges."""
    groups = starts.size - 1
    means = np.empty(groups)
    for g in range(groups):
        means[g] = edge[starts[g] : starts[g + 1]].mean()
    out[0], out[1] = (means > 0).sum(), (means < 0).sum()
    out[2] = _signed_rank(means[means != 0.0])


@njit(cache=True)  # type: ignore[untyped-decorator]
def _signed_rank(kept: Floats) -> float:
    """One-sided p-value: exact (ties too) for up to 20 differences, by the normal limit beyond; NaN below 5."""
    n = kept.size
    if n < RANK_LEAST:
        return np.nan
    order = np.argsort(np.abs(kept), kind="mergesort")
    doubled = np.zeros(n, np.int64)
    ties, seen, i = 0.0, 0, 0
    while i < n:
        j = i
        while j + 1 < n and np.abs(kept[order[j + 1]]) == np.abs(kept[order[i]]):
            j += 1
        for r in range(i, j + 1):
            doubled[order[r]] = i + j + 2
        size = j - i + 1.0
        ties += size**3 - size
        i = j + 1
    for r in range(n):
        seen += doubled[r] if kept[r] > 0.0 else 0
    if n <= RANK_EXACT_MOST:
        return float(_exact_tail(doubled, seen))
    variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0
    return float(0.5 * erfc((seen / 2.0 - n * (n + 1.0) / 4.0) / np.sqrt(2.0 * variance)))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _exact_tail(doubled: Ints, seen: int) -> float:
    """P(sum of the doubled ranks of random positives >= seen), by counting all sign patterns."""
    ways = np.zeros(doubled.sum() + 1)
    ways[0] = 1.0
    reach = 0
    for rank in doubled:
        for total in range(reach, -1, -1):
            ways[total + rank] += ways[total]
        reach += rank
    return float(ways[seen:].sum() / ways.sum())
