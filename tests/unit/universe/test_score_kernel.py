"""The per-wallet statistics against plain loops, and how often luck passes for skill in universes without any."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from whaletrader.quant.bootstrap import MeanBounds, cluster_bootstrap
from whaletrader.quant.multiple_testing import benjamini_hochberg
from whaletrader.universe.score_kernel import STATISTICS, cluster_sums, unit_statistics

MICRO = 1_000_000
Rng = np.random.Generator


def statistics(group: list[int], edge: list[int], cost: list[int], days: list[int]) -> dict[str, float]:
    columns = [np.array(column, np.int64) for column in (group, edge, cost, cost, days, days)]
    found = unit_statistics(np.array([0, len(edge)], np.int64), *columns)
    return dict(zip(STATISTICS, found[:, 0].tolist(), strict=True))


def luck(groups: int, size: Callable[[Rng], int], price: Callable[[Rng], float], wallets: int = 400) -> MeanBounds:
    """Bounds of wallets whose bets cost what they are worth; the bets of an event group win or lose together."""
    rng = np.random.default_rng(11)
    group: list[int] = []
    edge: list[int] = []
    offsets, pseudo = [0], []
    for _ in range(wallets):
        costs: list[int] = []
        for g in range(groups):
            fair, bets = price(rng), size(rng)
            won = bool(rng.random() < fair)
            group += [g] * bets
            edge += [round((won - fair) * MICRO)] * bets
            costs += [round(fair * MICRO)] * bets
        offsets.append(len(edge))
        pseudo.append(-round(sum(costs) / len(costs)))
    arrays = (np.array(column, np.int64) for column in (offsets, group, edge, pseudo))
    sums, counts, bounds = cluster_sums(*arrays)
    return cluster_bootstrap(sums, counts, bounds, np.arange(wallets), seed=7, n_boot=500, n_boot_most=5_000)


SIZES: dict[str, Callable[[Rng], int]] = {
    "three each": lambda _: 3,
    "one to six": lambda rng: int(rng.integers(1, 7)),
    "a few many": lambda rng: int(rng.geometric(0.25)),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("groups", "price"), [(10, 0.8), (20, 0.9), (30, 0.95), (50, 0.95), (20, 0.5)])
def test_luck_that_settles_together_does_not_pass_for_skill(groups: int, price: float, size: str) -> None:
    found = luck(groups, SIZES[size], lambda _: price)
    assert np.mean(found.lower > 0) < 0.09
    assert np.sum(benjamini_hochberg(found.p_values) <= 0.05) == 0


def test_at_mixed_prices_the_bound_errs_about_as_often_as_it_says() -> None:
    found = luck(40, SIZES["one to six"], lambda rng: float(rng.uniform(0.05, 0.95)), wallets=1_000)
    assert 0.01 < np.mean(found.lower > 0) < 0.07


def test_the_added_group_has_the_size_of_an_average_bets_group() -> None:
    group = np.array([4, 7, 7, 7, 4, 5], np.int64)
    edge = np.array([1, 2, 3, 4, 10, 20], np.int64)
    sums, counts, bounds = cluster_sums(np.array([0, 4, 6]), group, edge, np.array([-5, -6]))
    assert bounds.tolist() == [0, 3, 6]
    assert counts.tolist() == [1.0, 3.0, 2.5, 1.0, 1.0, 1.0]
    assert sums.tolist() == [1.0, 9.0, -12.5, 10.0, 20.0, -6.0]


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
