"""The cluster bootstrap: reproducible, honest about clusters, and equal to a plain loop."""

import numpy as np
import pytest
from numpy.typing import NDArray

from whaletrader.quant.bootstrap import cluster_bootstrap, mix64

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def plain_mix(value: int) -> int:
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & MASK
    return value ^ (value >> 31)


def plain_replicates(sums: list[float], counts: list[float], key: int, seed: int, n_boot: int) -> list[float]:
    state = plain_mix(plain_mix((seed + GOLDEN) & MASK) ^ (key * 0xBF58476D1CE4E5B9 + GOLDEN & MASK))
    n, out = len(sums), []
    for b in range(n_boot):
        total, weight = 0.0, 0.0
        for i in range(n):
            draw = plain_mix((state + (b * n + i + 1) * GOLDEN) & MASK) >> 32
            pick = draw * n >> 32
            total += sums[pick]
            weight += counts[pick]
        out.append(total / weight)
    return out


def units(*sizes: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def test_the_mixer_is_splitmix64() -> None:
    # first outputs of splitmix64 seeded with 1234567
    assert [int(mix64(np.uint64((1234567 + GOLDEN * i) & MASK))) for i in (1, 2)] == [
        6457827717110365317,
        3203168211198807973,
    ]


def test_bounds_equal_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    sums, counts = rng.normal(0.1, 1.0, 30), rng.integers(1, 5, 30).astype(float)
    found = cluster_bootstrap(sums, counts, units(30), np.array([17]), seed=99, n_boot=200, n_boot_most=0)
    draws = sorted(plain_replicates(sums.tolist(), counts.tolist(), 17, 99, 200))
    mean = sums.sum() / counts.sum()
    assert found.means[0] == pytest.approx(mean)
    assert (found.lower[0], found.upper[0]) == pytest.approx((draws[9], draws[190]))
    beyond = max(sum(x - mean >= mean for x in draws), sum(x <= 0 for x in draws))
    assert found.p_values[0] == pytest.approx((1 + beyond) / 201)


def test_a_units_bounds_do_not_depend_on_its_neighbours() -> None:
    rng = np.random.default_rng(1)
    sums, counts = rng.normal(size=50), np.ones(50)
    both = cluster_bootstrap(sums, counts, units(20, 30), np.array([4, 5]), seed=3, n_boot=300)
    alone = cluster_bootstrap(sums[20:], counts[20:], units(30), np.array([5]), seed=3, n_boot=300)
    assert both.lower[1] == alone.lower[0]
    assert both.p_values[1] == alone.p_values[0]


def test_another_seed_gives_other_draws_and_the_same_seed_the_same() -> None:
    rng = np.random.default_rng(2)
    sums, counts = rng.normal(size=40), np.ones(40)
    runs = [cluster_bootstrap(sums, counts, units(40), np.array([1]), seed=s, n_boot=200) for s in (1, 1, 2)]
    assert runs[0].lower[0] == runs[1].lower[0]
    assert runs[0].lower[0] != runs[2].lower[0]


def test_bets_that_settle_together_widen_the_interval() -> None:
    rng = np.random.default_rng(3)
    outcomes = rng.normal(0.0, 1.0, 60)
    together = cluster_bootstrap(outcomes * 4, np.full(60, 4.0), units(60), np.array([1]), seed=5, n_boot=1_000)
    apart = cluster_bootstrap(np.repeat(outcomes, 4), np.ones(240), units(240), np.array([1]), seed=5, n_boot=1_000)
    assert together.means[0] == pytest.approx(apart.means[0])
    ratio = (together.upper[0] - together.lower[0]) / (apart.upper[0] - apart.lower[0])
    assert ratio == pytest.approx(2.0, rel=0.15)


def test_the_lower_bound_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    samples = rng.normal(0.05, 0.4, (400, 80))
    found = cluster_bootstrap(
        samples.ravel(), np.ones(samples.size), units(*[80] * 400), np.arange(400), seed=6, n_boot=500, n_boot_most=0
    )
    assert np.mean(found.lower <= 0.05) == pytest.approx(0.95, abs=0.04)
    assert np.mean(found.upper >= 0.05) == pytest.approx(0.95, abs=0.04)


def test_under_no_edge_small_p_values_are_rare() -> None:
    rng = np.random.default_rng(5)
    samples = rng.normal(0.0, 0.4, (400, 60))
    found = cluster_bootstrap(
        samples.ravel(), np.ones(samples.size), units(*[60] * 400), np.arange(400), seed=7, n_boot=500
    )
    assert np.mean(found.p_values <= 0.05) < 0.09
    assert np.median(found.p_values) == pytest.approx(0.5, abs=0.1)


def test_a_strong_edge_is_followed_beyond_the_first_replicates() -> None:
    sums = np.random.default_rng(6).normal(1.0, 0.5, 50)
    few = cluster_bootstrap(sums, np.ones(50), units(50), np.array([1]), seed=8, n_boot=100, n_boot_most=0)
    many = cluster_bootstrap(sums, np.ones(50), units(50), np.array([1]), seed=8, n_boot=100, n_boot_most=20_000)
    assert few.p_values[0] == pytest.approx(1 / 101)
    assert many.p_values[0] == pytest.approx(1 / 20_001)
    assert few.lower[0] == many.lower[0]


def test_one_lucky_hit_among_lottery_tickets_is_not_significant() -> None:
    sums = np.full(13, -0.003)
    sums[4] += 1.0
    counts = np.full(13, 1.0)
    counts[4] = 30.0
    found = cluster_bootstrap(sums, counts, units(13), np.array([1]), seed=9, n_boot=1_000)
    assert found.lower[0] < 0
    assert found.p_values[0] > 0.3


def test_a_unit_without_a_cluster_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        cluster_bootstrap(np.ones(2), np.ones(2), units(2, 0), np.array([1, 2]), seed=1, n_boot=200)
