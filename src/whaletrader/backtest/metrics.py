"""Key figures of one variant from daily equity and closed bets; each with an interval, or null with a reason."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whaletrader.backtest.resample import (
    CONFIDENCE,
    MEAN_BLOCK_DAYS,
    RESAMPLES,
    Resampled,
    percentile_interval,
    stationary_bootstrap,
)
from whaletrader.backtest.windows import day
from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.quant.clusters import effective_number
from whaletrader.quant.drawdown import drawdown_series, max_drawdown
from whaletrader.quant.intervals import wilson_interval
from whaletrader.quant.sharpe import DAYS_PER_YEAR, sharpe_ratio
from whaletrader.report.model import Daily, Estimate, Metrics

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_DAYS = 20
"""Fewer days with a change of equity say nothing about a Sharpe ratio or a drawdown."""
PLACES = 6
_METHOD = (
    f"stationary bootstrap of daily returns, mean block {MEAN_BLOCK_DAYS:g} days, {RESAMPLES} resamples, "
    f"{CONFIDENCE:.0%} percentile interval"
)
_WILSON = "Wilson score interval, 95 %; bets of one event group counted together"


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Equity at the end of each day, shape (n + 1,): the first value is the equity before the first day."""

    first_day: int
    equity: Floats

    @property
    def daily(self) -> Daily:
        """The published form, without the value before the first day."""
        drawdowns = drawdown_series(self.equity)[1:]
        return Daily(
            days=[day((self.first_day + i) * DAY_NS) for i in range(self.equity.size - 1)],
            equity=[rounded(value) for value in self.equity[1:]],
            drawdown=[rounded(value) for value in drawdowns],
        )

    @property
    def returns(self) -> Floats:
        """Daily returns, shape (n,)."""
        return self.equity[1:] / self.equity[:-1] - 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was counted beside the curve."""

    group_sizes: Sequence[int]
    """Closed bets per event group."""
    won: int
    open_bets: int
    fills: int
    traded: float
    fees: float
    rebates: float | None = None
    """Of the fees, an estimate that nothing counts; None where nobody made one."""

    @property
    def bets(self) -> int:
        """Closed bets."""
        return sum(self.group_sizes)


def rounded(value: float) -> float:
    """Six places, and no negative zero."""
    return round(float(value), PLACES) + 0.0


def daily_curve(marks: list[tuple[int, int]], starting_micro: int, first_day: int, last_day: int) -> Curve:
    """The last mark of each day; a day without one keeps the equity of the day before."""
    equity = np.full(last_day - first_day + 2, np.nan)
    equity[0] = starting_micro / MICRO
    for ts, micro in marks:
        index = ts // DAY_NS - first_day + 1
        equity[min(max(index, 0), equity.size - 1)] = micro / MICRO
    for i in range(1, equity.size):
        if np.isnan(equity[i]):
            equity[i] = equity[i - 1]
    return Curve(first_day, equity)


def metrics_of(curve: Curve, tally: Tally, *, seed: int) -> Metrics:
    """All key figures of a variant."""
    start, end = float(curve.equity[0]), float(curve.equity[-1])
    returns = curve.returns
    moving = int(np.count_nonzero(returns))
    why = "" if moving >= LEAST_DAYS else f"equity moved on {moving} days only, fewer than {LEAST_DAYS}"
    draws = None if why else stationary_bootstrap(returns, seed=seed)
    return Metrics(
        starting_equity=rounded(start),
        final_equity=rounded(end),
        net_pnl=_estimate(end - start, draws, "total", why, returns.size, scale=start),
        net_return=_estimate(end / start - 1.0, draws, "total", why, returns.size),
        sharpe=_sharpe(returns, draws, why),
        max_drawdown=_estimate(max_drawdown(curve.equity), draws, "drawdown", why, returns.size),
        hit_rate=hit_rate(tally.won, tally.group_sizes),
        bets=tally.bets,
        open_bets=tally.open_bets,
        fills=tally.fills,
        turnover=rounded(tally.traded / start),
        fees=rounded(tally.fees),
        rebates=None if tally.rebates is None else rounded(tally.rebates),
    )


def hit_rate(won: int, group_sizes: Sequence[int]) -> Estimate:
    """Share of bets that earned something, and how sure that is, given how many of them settle together."""
    bets = sum(group_sizes)
    if not bets:
        return Estimate(value=None, reason="no bet was closed")
    lower, upper = share_interval(won / bets, group_sizes)
    return Estimate(value=rounded(won / bets), lower=lower, upper=upper, n=bets, method=_WILSON)


def share_interval(share: float, group_sizes: Sequence[int]) -> tuple[float, float]:
    """Wilson 95 % interval of a share, what settles together counted together: the effective number, not the number."""
    n = effective_number(group_sizes)
    lower, upper = wilson_interval(share * n, n)
    return rounded(lower), rounded(upper)


def _sharpe(returns: Floats, draws: Resampled | None, why: str) -> Estimate:
    if draws is None:
        return Estimate(value=None, n=returns.size, reason=why)
    value = sharpe_ratio(returns).annualised()
    found = _estimate(value, draws, "sharpe", "", returns.size, scale=math.sqrt(DAYS_PER_YEAR))
    return Estimate(
        value=found.value,
        lower=found.lower,
        upper=found.upper,
        n=found.n,
        method=f"daily returns, annualised with {DAYS_PER_YEAR:g} days; {_METHOD}",
    )


def _estimate(value: float, draws: Resampled | None, name: str, why: str, n: int, *, scale: float = 1.0) -> Estimate:
    """A number that is known in any case, its interval only where there are enough days."""
    if draws is None:
        return Estimate(value=rounded(value), n=n, reason=f"no interval: {why}")
    lower, upper = percentile_interval(getattr(draws, name))
    return Estimate(
        value=rounded(value), lower=rounded(lower * scale), upper=rounded(upper * scale), n=n, method=_METHOD
    )
