"""The per-wallet statistics against plain loops."""

import numpy as np
import pytest
from scipy import stats

from whaletrader.universe.score_kernel import STATISTICS, unit_statistics

MICRO = 1_000_000


def statistics(group: list[int], edge: list[int], cost: list[int], days: list[int]) -> dict[str, float]:
    columns = [np.array(column, np.int64) for column in (group, edge, cost, cost, days, days)]
    found = unit_statistics(np.array([0, len(edge)], np.int64), *columns)
    return dict(zip(STATISTICS, found[:, 0].tolist(), strict=True))


def test_bets_that_settle_together_count_once_in_the_effective_number() -> None:
    one = statistics([1] * 6, [1, 2, 3, 4, 5, 6], [10] * 6, [0] * 6)
    all_apart = statistics(list(range(6)), [1, 2, 3, 4, 5, 6], [10] * 6, [0] * 6)
    uneven = statistics([1, 2, 2, 2, 2, 2], [1, 2, 3, 4, 5, 6], [10] * 6, [0] * 6)
    assert (one["n_effective"], all_apart["n_effective"]) == (1.0, 6.0)
    assert uneven["n_effective"] == pytest.approx(36 / 26)
    assert (one["n_groups"], uneven["n_groups"], all_apart["n_groups"]) == (1, 2, 6)


def test_moments_returns_and_daily_sharpe_equal_a_plain_computation() -> None:
    rng = np.random.default_rng(3)
    edge = rng.integers(-500_000, 500_000, 60)
    cost = rng.integers(100_000, 900_000, 60)
    days = np.sort(rng.integers(100, 140, 60))
    found = statistics(list(range(60)), edge.tolist(), cost.tolist(), days.tolist())
    units = edge / MICRO
    assert found["sharpe_bet"] == pytest.approx(units.mean() / units.std(ddof=1))
    assert found["skew"] == pytest.approx(stats.skew(units))
    assert found["kurt"] == pytest.approx(stats.kurtosis(units, fisher=False))
    assert found["roi"] == pytest.approx(edge.sum() / cost.sum())
    assert found["roi_trimmed"] == pytest.approx(stats.trim_mean(edge / cost, 0.05))
    daily = np.bincount(days - days.min(), weights=units)
    assert found["n_days"] == daily.size
    assert found["sharpe_daily"] == pytest.approx(daily.mean() / daily.std(ddof=1))


def test_bets_that_do_not_vary_have_no_sharpe_ratio() -> None:
    found = statistics([1, 2, 3], [5, 5, 5], [10, 10, 10], [0, 0, 0])
    assert np.isnan([found["sharpe_bet"], found["sharpe_daily"]]).all()
