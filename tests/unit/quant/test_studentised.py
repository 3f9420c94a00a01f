"""The studentised cluster bootstrap: equal to a plain loop, by any cluster, and honest about its coverage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from whaletrader.quant.studentised import ClusterIntervals, cluster_bootstrap_t, sums_by_cluster

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
MIX_1 = 0xBF58476D1CE4E5B9


def plain_mix(value: int) -> int:
    value = (value ^ (value >> 30)) * MIX_1 & MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & MASK
    return value ^ (value >> 31)


def plain_picks(n: int, key: int, seed: int, b: int) -> list[int]:
    state = plain_mix(plain_mix((seed + GOLDEN) & MASK) ^ (key * MIX_1 + GOLDEN & MASK))
    words = [plain_mix((state + (b * n + i + 1) * GOLDEN) & MASK) for i in range((n + 1) // 2)]
    halves = [half for word in words for half in (word >> 32, word & 0xFFFFFFFF)]
    return [half * n >> 32 for half in halves[:n]]


def plain_t(sums: list[float], counts: list[float]) -> tuple[float, float]:
    """Mean per bet and the root of the summed squared residuals per bet."""
    mean = sum(sums) / sum(counts)
    return mean, math.sqrt(sum((s - mean * c) ** 2 for s, c in zip(sums, counts, strict=True))) / sum(counts)


def plain(sums: list[float], counts: list[float], key: int, seed: int, n_boot: int) -> dict[str, list[float]]:
    mean, error = plain_t(sums, counts)
    gaps, ratios = [], []
    for b in range(n_boot):
        picks = plain_picks(len(sums), key, seed, b)
        again, spread = plain_t([sums[i] for i in picks], [counts[i] for i in picks])
        gaps.append(again)
        ratios.append((again - mean) / spread)
    low = int(0.025 * (n_boot + 1)) - 1
    ratios.sort()
    gaps.sort()
    return {
        "studentised": [mean - error * ratios[-1 - low], mean - error * ratios[low]],
        "percentile": [gaps[low], gaps[-1 - low]],
    }


def offsets(*sizes: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


@pytest.mark.parametrize("n", [7, 30])
@pytest.mark.parametrize("even", [True, False])
def test_both_intervals_equal_a_plain_loop(n: int, even: bool) -> None:
    rng = np.random.default_rng(n)
    sums, counts = rng.normal(0.1, 1.0, n), np.full(n, 2.0) if even else rng.integers(1, 5, n).astype(float)
    found = cluster_bootstrap_t(sums, counts, offsets(n), np.array([17]), seed=99, n_boot=399)
    wanted = plain(sums.tolist(), counts.tolist(), 17, 99, 399)
    assert [float(bound[0]) for bound in found.studentised] == pytest.approx(wanted["studentised"])
    assert [float(bound[0]) for bound in found.percentile] == pytest.approx(wanted["percentile"])
    mean, error = plain_t(sums.tolist(), counts.tolist())
    assert (found.means[0], found.errors[0]) == pytest.approx((mean, error * math.sqrt(n / (n - 1))))


def normal_samples(seed: int, units: int, n: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return np.random.default_rng(seed).normal(0.05, 0.4, units * n), np.arange(units + 1) * n


def test_the_standard_error_of_single_bets_is_the_usual_one() -> None:
    values, bounds = normal_samples(1, 1, 40)
    found = cluster_bootstrap_t(values, np.ones(40), bounds, np.array([1]), seed=1)
    assert found.errors[0] == pytest.approx(values.std(ddof=1) / math.sqrt(40))


@pytest.mark.parametrize("n", [10, 40])
def test_the_studentised_interval_covers_where_the_percentile_one_is_too_short(n: int) -> None:
    units = 2_000
    values, bounds = normal_samples(2, units, n)
    found = cluster_bootstrap_t(values, np.ones(values.size), bounds, np.arange(units), seed=3, n_boot=400)
    covers = {
        name: np.mean((pair[0] <= 0.05) & (pair[1] >= 0.05))
        for name, pair in (("t", found.studentised), ("percentile", found.percentile))
    }
    assert covers["t"] == pytest.approx(0.95, abs=0.02)
    assert covers["percentile"] < covers["t"]


def test_a_units_interval_does_not_depend_on_its_neighbours_and_does_on_its_seed() -> None:
    values = np.random.default_rng(4).normal(size=50)
    ones = np.ones(50)
    both = cluster_bootstrap_t(values, ones, offsets(20, 30), np.array([4, 5]), seed=3)
    alone = cluster_bootstrap_t(values[20:], ones[20:], offsets(30), np.array([5]), seed=3)
    other = cluster_bootstrap_t(values[20:], ones[20:], offsets(30), np.array([5]), seed=4)
    assert both.studentised[0][1] == alone.studentised[0][0] != other.studentised[0][0]


def by(values: NDArray[np.float64], clusters: NDArray[np.int64]) -> ClusterIntervals:
    sums, counts, bounds = sums_by_cluster(values, clusters, np.array([0, values.size]))
    return cluster_bootstrap_t(sums, counts, bounds, np.array([1]), seed=6)


def test_event_groups_as_clusters_widen_what_markets_as_clusters_leave_narrow() -> None:
    luck = np.random.default_rng(5).normal(size=40)
    values, market, event = np.repeat(luck, 4), np.arange(160), np.repeat(np.arange(40), 4)
    narrow, wide = by(values, market), by(values, event)
    assert narrow.means[0] == pytest.approx(wide.means[0])
    assert wide.errors[0] / narrow.errors[0] == pytest.approx(2.0, rel=0.05)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(-9, 9)), min_size=1, max_size=12), min_size=1))
def test_sums_by_cluster_are_those_of_a_dictionary(units: list[list[tuple[int, int]]]) -> None:
    flat = [bet for unit in units for bet in unit]
    found = sums_by_cluster(
        np.array([v for _, v in flat], float), np.array([c for c, _ in flat]), offsets(*map(len, units))
    )
    wanted: list[tuple[float, float]] = []
    ends = [0]
    for unit in units:
        totals: dict[int, tuple[float, float]] = {}
        for cluster, value in unit:
            total, count = totals.get(cluster, (0.0, 0.0))
            totals[cluster] = total + value, count + 1.0
        wanted += [totals[cluster] for cluster in sorted(totals)]
        ends.append(len(wanted))
    assert list(zip(found[0].tolist(), found[1].tolist(), strict=True)) == wanted
    assert found[2].tolist() == ends


def test_equal_clusters_have_no_error_and_no_interval() -> None:
    found = cluster_bootstrap_t(np.array([0.3, 0.6, 0.3]), np.array([1.0, 2.0, 1.0]), offsets(3), np.array([1]), seed=1)
    assert (found.errors[0], found.studentised[0][0], found.studentised[1][0]) == pytest.approx((0.0, 0.3, 0.3))


def test_one_win_in_a_hundred_leaves_the_upper_bound_open() -> None:
    values = np.full(100, -0.01)
    values[7] = 0.99
    found = cluster_bootstrap_t(values, np.ones(100), offsets(100), np.array([1]), seed=2)
    assert found.studentised[1][0] == np.inf
    assert found.studentised[0][0] < 0.0


def test_few_replicates_and_units_without_a_cluster_are_bugs() -> None:
    with pytest.raises(AssertionError):
        cluster_bootstrap_t(np.ones(2), np.ones(2), offsets(2), np.array([1]), seed=1, n_boot=50)
    with pytest.raises(AssertionError):
        cluster_bootstrap_t(np.ones(2), np.ones(2), offsets(2, 0), np.array([1, 2]), seed=1)
