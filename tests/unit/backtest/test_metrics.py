"""Key figures of a variant: values by the book, intervals only where there are enough days."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.backtest.metrics import LEAST_DAYS, Curve, Tally, daily_curve, hit_rate, metrics_of, rounded
from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.quant.intervals import wilson_interval

TALLY = Tally(bets=10, won=6, open_bets=2, fills=14, traded=5_000.0, fees=12.5)


def curve_of(*equity: float) -> Curve:
    return Curve(20_000, np.array(equity, np.float64))


def wavy(days: int) -> Curve:
    steps = np.where(np.arange(days) % 3 == 0, 0.02, -0.005)
    return curve_of(1_000.0, *(1_000.0 * np.cumprod(1.0 + steps)))


def test_the_last_mark_of_a_day_counts_and_a_day_without_one_keeps_the_former() -> None:
    marks = [(10 * DAY_NS + 5, 101 * MICRO), (10 * DAY_NS + 9, 102 * MICRO), (12 * DAY_NS, 99 * MICRO)]
    curve = daily_curve(marks, 100 * MICRO, 10, 13)
    assert curve.equity.tolist() == [100.0, 102.0, 102.0, 99.0, 99.0]


def test_a_mark_before_the_first_day_is_what_the_first_day_starts_from() -> None:
    curve = daily_curve([(8 * DAY_NS, 90 * MICRO), (10 * DAY_NS, 95 * MICRO)], 100 * MICRO, 10, 10)
    assert curve.equity.tolist() == [90.0, 95.0]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10**9)), max_size=30))
@settings(max_examples=50, deadline=None)
def test_the_daily_curve_equals_a_plain_loop(raw: list[tuple[int, int]]) -> None:
    marks = [(d * DAY_NS + i, equity) for i, (d, equity) in enumerate(sorted(raw, key=lambda mark: mark[0]))]
    wanted, equity = [5.0], 5 * MICRO
    for d in range(10):
        for ts, micro in marks:
            if ts // DAY_NS == d:
                equity = micro
        wanted.append(equity / MICRO)
    assert daily_curve(marks, 5 * MICRO, 0, 9).equity.tolist() == wanted


def test_the_published_curve_leaves_out_the_value_before_the_first_day() -> None:
    daily = Curve(0, np.array([100.0, 120.0, 90.0])).daily
    assert daily.days == ["1970-01-01", "1970-01-02"]
    assert daily.equity == [120.0, 90.0]
    assert daily.drawdown == [0.0, 0.25]


def test_a_first_day_below_the_start_is_a_drawdown() -> None:
    assert Curve(0, np.array([100.0, 80.0])).daily.drawdown == [0.2]


def test_few_moving_days_give_values_without_intervals_and_no_sharpe_ratio() -> None:
    found = metrics_of(curve_of(100.0, 110.0, 121.0), TALLY, seed=1)
    assert found.net_pnl.value == 21.0
    assert found.net_return.value == pytest.approx(0.21)
    assert found.net_return.lower is None
    assert "2 days only" in found.net_return.reason
    assert found.sharpe.value is None
    assert str(LEAST_DAYS) in found.sharpe.reason


def test_equity_that_never_moved_has_no_sharpe_ratio_but_a_drawdown_of_0() -> None:
    found = metrics_of(curve_of(*[100.0] * 60), TALLY, seed=1)
    assert found.sharpe.value is None
    assert found.max_drawdown.value == 0.0
    assert found.max_drawdown.upper is None


def test_values_are_by_the_book_and_lie_in_their_intervals() -> None:
    curve = wavy(90)
    found = metrics_of(curve, TALLY, seed=1)
    returns = curve.equity[1:] / curve.equity[:-1] - 1.0
    assert found.sharpe.value == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(365.0), abs=1e-5)
    assert "365" in found.sharpe.method
    for estimate in (found.net_pnl, found.net_return, found.sharpe):
        assert estimate.lower is not None
        assert estimate.upper is not None
        assert estimate.value is not None
        assert estimate.lower <= estimate.value <= estimate.upper
    assert found.net_pnl.lower == pytest.approx(1_000.0 * (found.net_return.lower or 0.0), abs=1e-2)


def test_turnover_and_counts_are_told_as_they_are() -> None:
    found = metrics_of(wavy(40), TALLY, seed=1)
    assert (found.bets, found.open_bets, found.fills, found.fees) == (10, 2, 14, 12.5)
    assert found.turnover == 5.0


@given(st.integers(0, 500), st.data())
@settings(max_examples=40, deadline=None)
def test_the_hit_rate_has_wilsons_interval(bets: int, data: st.DataObject) -> None:
    won = data.draw(st.integers(0, bets))
    found = hit_rate(won, bets)
    if not bets:
        assert found.value is None
        assert found.reason == "no bet was closed"
        return
    lower, upper = wilson_interval(won, bets)
    assert (found.value, found.lower, found.upper) == (rounded(won / bets), rounded(lower), rounded(upper))


def test_rounding_leaves_no_negative_zero() -> None:
    assert str(rounded(-1e-9)) == "0.0"
