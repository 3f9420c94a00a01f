"""Key figures of a variant: values by the book, intervals only where there are enough days."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.backtest.metrics import LEAST_DAYS, Curve, Tally, daily_curve, hit_rate, metrics_of, rounded
from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.quant.intervals import wilson_interval

TALLY = Tally(group_sizes=[1] * 10, won=6, open_bets=2, fills=14, traded=5_000.0, fees=12.5)


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


def effective(groups: list[int]) -> float:
    """Kish by a plain loop: the square of the number over the sum of the squared group sizes."""
    squares = 0
    for group in sorted(set(groups)):
        squares += groups.count(group) ** 2
    return len(groups) ** 2 / squares


def sizes_of(groups: list[int]) -> list[int]:
    return [groups.count(group) for group in sorted(set(groups))]


@given(st.lists(st.integers(0, 30), max_size=120), st.data())
@settings(max_examples=60, deadline=None)
def test_the_hit_rate_has_wilsons_interval_for_the_effective_number_of_bets(
    groups: list[int], data: st.DataObject
) -> None:
    bets = len(groups)
    won = data.draw(st.integers(0, bets))
    found = hit_rate(won, sizes_of(groups))
    if not bets:
        assert found.value is None
        assert found.reason == "no bet was closed"
        return
    n = effective(groups)
    assert n <= len(set(groups)) + 1e-9
    lower, upper = wilson_interval(min(won / bets * n, n), n)
    assert (found.value, found.n) == (rounded(won / bets), bets)
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=2e-6)


def test_bets_that_settle_together_do_not_narrow_the_hit_rates_interval() -> None:
    apart, together, one = hit_rate(24, [1] * 40), hit_rate(24, [10] * 4), hit_rate(24, [40])
    assert apart.value == together.value == one.value == 0.6
    assert apart.lower > together.lower > one.lower  # type: ignore[operator]
    assert apart.upper < together.upper < one.upper  # type: ignore[operator]
    assert (apart.lower, apart.upper) == pytest.approx(wilson_interval(24, 40), abs=1e-6)
    assert (together.lower, together.upper) == pytest.approx(wilson_interval(2.4, 4), abs=1e-6)
    assert (one.lower, one.upper) == pytest.approx(wilson_interval(0.6, 1), abs=1e-6)


def test_luck_that_settles_together_is_covered_as_often_as_the_interval_says() -> None:
    """400 tables of even bets, each group of 8 all won or all lost: 95 of 100 intervals hold the truth."""
    rng = np.random.default_rng(5)
    held = naive = 0
    for _ in range(400):
        won = int(rng.integers(0, 2, size=30).sum()) * 8
        found = hit_rate(won, [8] * 30)
        held += found.lower <= 0.5 <= found.upper  # type: ignore[operator]
        low, high = wilson_interval(won, 240)
        naive += low <= 0.5 <= high
    assert held / 400 > 0.91
    assert naive / 400 < 0.6


@pytest.mark.parametrize(("won", "sizes"), [(0, [3, 1]), (4, [3, 1]), (7, [7])])
def test_all_lost_and_all_won_end_at_the_borders(won: int, sizes: list[int]) -> None:
    found = hit_rate(won, sizes)
    assert (found.lower == 0.0) == (won == 0)
    assert (found.upper == 1.0) == (won == sum(sizes))


def test_the_method_says_how_bets_of_one_event_group_count() -> None:
    assert hit_rate(1, [1, 1]).method == "Wilson score interval, 95 %; bets of one event group counted together"


def test_a_tally_counts_the_bets_of_its_groups() -> None:
    assert TALLY.bets == 10
    assert metrics_of(wavy(40), TALLY, seed=1).hit_rate.n == 10


def test_rounding_leaves_no_negative_zero() -> None:
    assert str(rounded(-1e-9)) == "0.0"
