"""Features of bets against plain loops and the estimators of `quant`, and NaN where they are undefined."""

import itertools
import warnings
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from whaletrader.domain.values import MICRO, NANOS
from whaletrader.quant.heavy_tail import hill_index, signed_rank_test
from whaletrader.quant.persistence import rolling_persistence
from whaletrader.quant.sharpe import min_track_record_length, probabilistic_sharpe_ratio
from whaletrader.universe.bets import BetTable
from whaletrader.universe.features import FEATURES, features, sign_p_values
from whaletrader.universe.features_kernel import HILL_SHARE, KERNEL_FEATURES, LOSS_SHARE, unit_features
from whaletrader.universe.score_kernel import STATISTICS, unit_statistics

Floats = NDArray[np.float64]
DAY = 86_400 * NANOS


def table(sizes: list[int], seed: int = 1, per_group: int = 2) -> BetTable:
    """Bets at random prices, some of a group, on random days; the edges are those of coins."""
    rng = np.random.default_rng(seed)
    total = sum(sizes)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    group = np.zeros(total, np.int64)
    for first, last in itertools.pairwise(offsets):
        group[first:last] = np.sort(rng.integers(0, max((last - first) // per_group, 1), last - first))
    cost = rng.integers(50_000, 950_000, total)
    day = rng.integers(0, 200, total)
    return BetTable(
        units=pl.DataFrame(
            {"policy": ["taker"] * len(sizes), "kind": ["fill"] * len(sizes), "wallet": range(len(sizes))},
            schema_overrides={"wallet": pl.UInt32},
        ),
        offsets=offsets, group=group, edge=np.where(rng.random(total) < 0.5, MICRO, 0) - cost, cost=cost,
        entry_price=cost - 10_000, entry_day=day, exit_day=day + 3, known_ts=(day + rng.integers(1, 9, total)) * DAY,
        stake=(rng.pareto(1.3, total) * 20 * MICRO).astype(np.int64) + MICRO,
        leader_price=np.where(rng.random(total) < 0.2, -1, cost - 30_000), spread=rng.integers(0, 20_000, total),
        waited=rng.integers(0, 60 * NANOS, total),
    )  # fmt: skip


def statistics_of(bets: BetTable) -> dict[str, Floats]:
    found = unit_statistics(
        bets.offsets, bets.group, bets.edge, bets.cost, bets.entry_price, bets.entry_day, bets.exit_day
    )
    return dict(zip(STATISTICS, found, strict=True))


def kernel(bets: BetTable) -> dict[str, Floats]:
    amounts = (bets.edge, bets.entry_price, bets.leader_price, bets.stake, bets.spread)
    found = unit_features(bets.offsets, bets.group, amounts, (bets.waited, bets.entry_day, bets.known_ts))
    return dict(zip(KERNEL_FEATURES, found, strict=True))


def grouped(bets: BetTable, u: int) -> list[dict[str, float]]:
    """The event groups of a unit: sums, bets, mean edge, first entry, last settlement, stakes."""
    groups: dict[int, dict[str, float]] = {}
    for i in range(bets.offsets[u], bets.offsets[u + 1]):
        new = {"sum": 0.0, "bets": 0, "entered": np.inf, "settled": -np.inf, "stake": 0.0}
        one = groups.setdefault(int(bets.group[i]), new)
        one["sum"] += bets.edge[i] / MICRO
        one["bets"] += 1
        one["entered"] = min(one["entered"], bets.entry_day[i])
        one["settled"] = max(one["settled"], bets.known_ts[i])
        one["stake"] += bets.stake[i]
    return [groups[g] for g in sorted(groups)]


def by_entry(bets: BetTable, u: int) -> list[dict[str, float]]:
    return sorted(grouped(bets, u), key=lambda one: (one["entered"], one["settled"]))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=3), st.integers(0, 10**6), st.integers(1, 5))
def test_drawdown_halves_and_concentration_equal_plain_loops(sizes: list[int], seed: int, per_group: int) -> None:
    bets = table(sizes, seed, per_group)
    found = kernel(bets)
    for u in range(len(sizes)):
        groups, ordered = grouped(bets, u), by_entry(bets, u)
        running = peak = deepest = 0.0
        for when in sorted({one["settled"] for one in groups}):
            running += sum(one["sum"] for one in groups if one["settled"] == when)
            peak = max(peak, running)
            deepest = max(deepest, peak - running)
        assert found["max_drawdown"][u] == pytest.approx(deepest, abs=1e-9)
        stakes = np.array([one["stake"] for one in groups])
        assert found["concentration"][u] == pytest.approx(float(np.sum((stakes / stakes.sum()) ** 2)))
        assert found["groups_won"][u] == sum(one["sum"] > 0 for one in groups)
        half = len(ordered) // 2
        if half:
            for name, part in (("earlier_edge", ordered[:half]), ("later_edge", ordered[half:])):
                edge = sum(one["sum"] for one in part) / sum(one["bets"] for one in part)
                assert found[name][u] == pytest.approx(edge, abs=1e-9)
            sums = np.array([one["sum"] for one in groups])
            if sums.std() > 1e-6:
                expected = deepest / (sums.std(ddof=1) * np.sqrt(len(groups)))
                assert found["drawdown_sd"][u] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("size", [24, 25, 60, 130, 400])
def test_the_rolling_regression_is_that_of_quant(size: int) -> None:
    bets = table([size], seed=size, per_group=1)
    bets = replace(bets, group=np.arange(size))
    found = features(bets, statistics_of(bets), None)
    ordered = np.array([one["sum"] for one in by_entry(bets, 0)])
    expected = rolling_persistence(ordered, min(max(size // 10, 5), 20))
    ours = [float(found[name][0]) for name in ("persistence_slope", "persistence_t", "persistence_p", "level_p")]
    theirs = [expected.slope, expected.slope_t, expected.slope_p_value, expected.mean_p_value]
    assert ours == pytest.approx(theirs, rel=1e-8, nan_ok=True)
    assert np.isnan(ours[0]) == (size < 25)


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 120), st.integers(0, 10**6), st.booleans())
def test_the_signed_ranks_are_those_of_quant(size: int, seed: int, tied: bool) -> None:
    bets = table([size], seed, per_group=1)
    edge = np.random.default_rng(seed).normal(2e4, 1e5, size).astype(np.int64)
    edge = edge // 50_000 * 50_000 if tied else edge
    bets = replace(bets, group=np.arange(size), edge=edge)
    found = float(kernel(bets)["rank_p"][0])
    kept = np.count_nonzero(edge)
    if kept < 5:
        assert np.isnan(found)
    else:
        exact_alike = kept <= 20 or kept > 50
        assert found == pytest.approx(signed_rank_test(edge / 1.0), abs=1e-10 if exact_alike else 0.01)


def test_hills_index_is_that_of_quant_from_sixty_stakes_on() -> None:
    bets = table([59, 60, 500], seed=3)
    found = kernel(bets)["hill_alpha"]
    assert np.isnan(found[0])
    for u, k in ((1, 15), (2, int(500 * HILL_SHARE))):
        own = bets.stake[bets.offsets[u] : bets.offsets[u + 1]]
        assert found[u] == pytest.approx(hill_index(own.astype(np.float64), k).index, rel=1e-12)


def test_a_tail_of_equal_stakes_has_no_index() -> None:
    bets = table([80])
    assert np.isnan(kernel(replace(bets, stake=np.full(80, MICRO)))["hill_alpha"][0])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_the_sign_test_is_the_binomial_one(won: int, lost: int) -> None:
    found = float(sign_p_values(np.array([float(won)]), np.array([float(lost)]))[0])
    expected = stats.binomtest(won, won + lost, 0.5, "greater").pvalue if won + lost else 1.0
    assert found == pytest.approx(expected, abs=1e-12)


def test_means_medians_and_the_loss_tail() -> None:
    bets = table([101], seed=5)
    found = features(bets, statistics_of(bets), None)
    known = bets.leader_price >= 0
    expected = {
        "slippage": np.mean((bets.entry_price - bets.leader_price)[known]) / MICRO,
        "spread": bets.spread.mean() / MICRO,
        "wait_s": bets.waited.mean() / NANOS,
        "stake_median_usd": np.median(bets.stake) / MICRO,
        "buy_volume_usd": bets.stake.sum(),
        "loss_tail": -np.sort(bets.edge)[:6].mean() / MICRO,
        "hit_over_price": np.mean(bets.edge > 0) - bets.cost.mean() / MICRO,
        "breadth": len(set(bets.group.tolist())),
    }
    assert int(np.ceil(101 * LOSS_SHARE)) == 6
    for name, value in expected.items():
        assert found[name][0] == pytest.approx(value), name


def test_psr_and_the_track_record_are_those_of_one_record() -> None:
    bets = table([80, 30], seed=6)
    statistics = statistics_of(bets)
    found = features(bets, statistics, None)
    for u in range(2):
        sharpe, skew, kurt = (float(statistics[name][u]) for name in ("sharpe_bet", "skew", "kurt"))
        n = int(statistics["n_effective"][u] + 1e-9)
        assert found["psr"][u] == pytest.approx(probabilistic_sharpe_ratio(sharpe, n, skew, kurt))
        assert found["min_track_record"][u] == pytest.approx(min_track_record_length(sharpe, skew, kurt))


def test_what_a_wallet_traded_and_how_many_events_were_priced_come_from_their_frames() -> None:
    bets = table([3, 4])
    activity = pl.DataFrame({"wallet": [1, 9], "buy_usd_micro": [7_000_000, 1], "maker_fills": [1, 0],
                             "known_role_fills": [4, 0]}, schema_overrides={"wallet": pl.UInt32})  # fmt: skip
    events = pl.DataFrame({"policy": ["taker"], "kind": ["fill"], "wallet": [1], "n_events": [10], "n_priced": [4]})
    found = features(bets, statistics_of(bets), activity, events)
    assert found["buy_volume_usd"].tolist() == [float(bets.stake[:3].sum()), 7_000_000.0]
    assert found["maker_share"].tolist() == pytest.approx([np.nan, 0.25], nan_ok=True)
    assert found["priced_share"].tolist() == pytest.approx([np.nan, 0.4], nan_ok=True)


def test_one_bet_has_no_half_no_deviation_and_no_test() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bets = table([1])
        found = features(bets, statistics_of(bets), None)
    undefined = {"earlier_edge", "later_edge", "drawdown_sd", "persistence_t", "level_t", "sign_p", "rank_p", "psr"}
    assert {name for name in undefined if np.isnan(found[name][0])} == undefined
    assert found["concentration"].tolist() == [1.0]


def test_equal_losses_are_a_drawdown_without_a_deviation() -> None:
    bets = table([30], per_group=1)
    bets = replace(bets, group=np.arange(30), edge=np.full(30, -100_000), cost=np.full(30, 100_000))
    found = features(bets, statistics_of(bets), None)
    assert found["max_drawdown"][0] == pytest.approx(3.0)
    assert np.isnan([found[name][0] for name in ("drawdown_sd", "psr", "persistence_t", "level_t")]).all()
    assert (found["sign_p"][0], found["loss_tail"][0]) == (1.0, pytest.approx(0.1))


def test_without_units_every_feature_is_empty() -> None:
    bets = table([])
    found = features(bets, statistics_of(bets), None)
    assert tuple(found) == FEATURES
    assert all(values.shape == (0,) for values in found.values())


def test_units_do_not_touch_each_other() -> None:
    bets = table([40, 70, 25], seed=8)
    whole = kernel(bets)
    rows = slice(int(bets.offsets[1]), int(bets.offsets[2]))
    columns = {name: getattr(bets, name)[rows] for name in BetTable.__slots__ if name not in ("units", "offsets")}
    alone = kernel(BetTable(units=bets.units[1:2], offsets=np.array([0, 70]), **columns))
    for name in KERNEL_FEATURES:
        assert np.array_equal(whole[name][1:2], alone[name], equal_nan=True), name


@pytest.mark.parametrize(
    ("name", "column", "change"),
    [
        ("slippage", "entry_price", 5_000),
        ("spread", "spread", 5_000),
        ("wait_s", "waited", NANOS),
        ("stake_median_usd", "stake", MICRO),
        ("loss_tail", "edge", -50_000),
        ("later_edge", "edge", 50_000),
        ("max_drawdown", "edge", -50_000),
    ],
)
def test_a_feature_moves_the_right_way(name: str, column: str, change: int) -> None:
    bets = table([60], seed=9)
    before = kernel(bets)[name][0]
    after = kernel(replace(bets, **{column: getattr(bets, column) + change}))[name][0]
    assert after > before
