"""Stationary bootstrap: plain loops over the same draws, Politis and Romano's variance, `arch`, coverage."""

import doctest
from math import floor, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant import stationary
from whaletrader.quant.stationary import (
    sharpe_intervals,
    sharpe_replicates,
    stationary_indices,
    variance_of_stationary_mean,
)

WORD = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def autoregressions(size: int, n: int, coefficient: float, seed: int, mean: float = 0.1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((size, n + 50))
    for i in range(1, n + 50):
        values[:, i] += coefficient * values[:, i - 1]
    return values[:, 50:] + mean


def mixed(value: int) -> int:
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & WORD
    return value ^ (value >> 31)


def plain_indices(n: int, b: int, block: float, seed: int, key: int) -> list[int]:
    """One replicate in Python's own integers."""
    state = mixed(mixed((seed + GOLDEN) & WORD) ^ ((key * 0xBF58476D1CE4E5B9 + GOLDEN) & WORD))
    counter, out = b * n * GOLDEN, []
    while len(out) < n:
        counter += GOLDEN
        word = mixed((state + counter) & WORD)
        start, length = ((word >> 32) * n) >> 32, 1
        if block > 1:
            length = 1 + min(floor(log(((word & 0xFFFFFFFF) + 0.5) / 2**32) / log(1 - 1 / block)), n)
        out += [(start + step) % n for step in range(length)]
    return out[:n]


@pytest.mark.parametrize(("n", "block"), [(1, 3.0), (7, 1.0), (50, 4.0), (50, 1e6)])
def test_the_indices_are_those_of_a_plain_loop(n: int, block: float) -> None:
    found = stationary_indices(n, 5, block, seed=2**64 - 3, key=9)
    assert found.tolist() == [plain_indices(n, b, block, 2**64 - 3, 9) for b in range(5)]


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 80), block=st.floats(1, 60), seed=st.integers(0, 2**32), mean=st.floats(-2, 2))
def test_the_ratios_are_those_of_the_drawn_values(n: int, block: float, seed: int, mean: float) -> None:
    values = np.random.default_rng(seed).standard_normal(n) + mean
    ratios, _ = sharpe_replicates(values[None, :], block, seed=seed, n_boot=20, keys=np.array([5]))
    drawn = values[stationary_indices(n, 20, block, seed=seed, key=5)]
    for ratio, sample in zip(ratios[0], drawn, strict=True):
        spread = sample.std(ddof=1)
        if np.unique(sample).size > 1:
            assert ratio == pytest.approx(sample.mean() / spread, rel=1e-8, abs=1e-8)
        else:
            assert np.isnan(ratio)


def test_the_errors_sum_each_blocks_influence() -> None:
    values = autoregressions(1, 40, 0.4, 3)[0]
    ratios, errors = sharpe_replicates(values[None, :], 6.0, seed=4, n_boot=30)
    for b, places in enumerate(stationary_indices(40, 30, 6.0, seed=4)):
        sample = values[places]
        scaled = (sample - sample.mean()) / sample.std(ddof=1)
        influence = scaled - ratios[0, b] / 2 * (scaled**2 - 1)
        # Two blocks that happen to follow each other look like one; the draws themselves tell them apart.
        lengths = plain_lengths(40, b, 6.0, 4)
        sums = [part.sum() for part in np.split(influence, np.cumsum(lengths)[:-1])]
        assert errors[0, b] == pytest.approx(np.sqrt(np.sum(np.square(sums))) / 40, rel=1e-8, abs=1e-12)


def plain_lengths(n: int, b: int, block: float, seed: int) -> list[int]:
    state = mixed(mixed((seed + GOLDEN) & WORD) ^ GOLDEN)
    counter, out = b * n * GOLDEN, []
    while sum(out) < n:
        counter += GOLDEN
        word = mixed((state + counter) & WORD)
        length = 1 + floor(log(((word & 0xFFFFFFFF) + 0.5) / 2**32) / log(1 - 1 / block))
        out.append(min(length, n - sum(out)))
    return out


def test_blocks_start_anywhere_and_are_as_long_as_asked() -> None:
    drawn = stationary_indices(100, 4_000, 8.0, seed=1)
    counts = np.bincount(drawn.ravel(), minlength=100)
    assert counts.min() > 0.9 * 4_000
    breaks = ((drawn[:, 1:] - drawn[:, :-1]) % 100 != 1).mean()
    assert breaks == pytest.approx(1 / 8 * 0.99, abs=0.004)


@pytest.mark.parametrize("block", [1.0, 3.0, 12.0, 1e5])
def test_the_variance_is_politis_and_romanos(block: float) -> None:
    values = autoregressions(1, 30, 0.5, 8)[0]
    n, centred = 30, values - values.mean()
    stay = 1 - 1 / block
    total = float(centred @ centred) / n
    for lag in range(1, n):
        covariance = float(centred[lag:] @ centred[:-lag]) / n
        total += 2 * ((1 - lag / n) * stay**lag + lag / n * stay ** (n - lag)) * covariance
    assert variance_of_stationary_mean(values, block) == pytest.approx(max(total, 0.0) / n, abs=1e-12)


def test_the_variance_is_that_of_the_drawn_means_and_of_archs() -> None:
    from arch.bootstrap import StationaryBootstrap

    values = autoregressions(1, 80, 0.5, 6)[0]
    exact = variance_of_stationary_mean(values, 7.0)
    ours = values[stationary_indices(80, 6_000, 7.0, seed=3)].mean(axis=1)
    theirs = StationaryBootstrap(7, values, seed=5).apply(lambda x: x.mean(), 1_500)
    assert ours.var() == pytest.approx(exact, rel=0.08)
    assert theirs.var() == pytest.approx(exact, rel=0.12)
    assert ours.mean() == pytest.approx(values.mean(), abs=4 * np.sqrt(exact / 6_000))


def test_the_percentile_interval_agrees_with_archs_within_chance() -> None:
    from arch.bootstrap import StationaryBootstrap

    values = autoregressions(1, 120, 0.3, 12)[0]
    found = sharpe_intervals(values[None, :], 5.0, seed=2, n_boot=6_000)
    theirs = StationaryBootstrap(5, values, seed=1).conf_int(lambda x: x.mean() / x.std(ddof=1), 3_000, "percentile")
    for ours, other in zip(found.percentile, theirs.ravel(), strict=True):
        assert float(ours[0]) == pytest.approx(other, abs=0.15 * float(found.errors[0]))


def test_a_series_depends_neither_on_its_neighbours_nor_on_its_place() -> None:
    returns = autoregressions(130, 40, 0.2, 1)
    keys = np.arange(130) * 7
    whole = sharpe_intervals(returns, 4.0, seed=9, n_boot=100, keys=keys)
    turned = sharpe_intervals(returns[::-1], 4.0, seed=9, n_boot=100, keys=keys[::-1])
    ends = [(*found.percentile, *found.studentised) for found in (whole, turned)]
    for ours, other in zip(*ends, strict=True):
        assert ours.tolist() == other[::-1].tolist()
    again = sharpe_intervals(returns, 4.0, seed=10, n_boot=100, keys=keys)
    assert not np.array_equal(whole.percentile[0], again.percentile[0])


def test_both_intervals_cover_the_true_ratio_of_a_dependent_series() -> None:
    truth = 0.1 / np.sqrt(1 / (1 - 0.3**2))
    returns = autoregressions(300, 250, 0.3, 21)
    found = sharpe_intervals(returns, 8.0, seed=5, n_boot=400)
    for lower, upper in (found.percentile, found.studentised):
        assert 0.88 <= float(np.mean((lower <= truth) & (truth <= upper))) <= 0.985


def test_single_draws_are_too_sure_of_a_dependent_series() -> None:
    returns = autoregressions(300, 250, 0.5, 22)
    blocks = sharpe_intervals(returns, 10.0, seed=5, n_boot=200).percentile
    singles = sharpe_intervals(returns, 1.0, seed=5, n_boot=200).percentile
    assert float(np.mean(singles[1] - singles[0])) < 0.75 * float(np.mean(blocks[1] - blocks[0]))


def test_constant_series_are_withheld_and_an_unknown_block_is_a_single_draw() -> None:
    values = autoregressions(1, 30, 0.0, 2)[0]
    found = sharpe_intervals(np.array([np.full(30, 0.1), values]), np.array([np.nan, np.nan]), seed=1, n_boot=100)
    single = sharpe_intervals(np.array([values, values]), 1.0, seed=1, n_boot=100)
    for ends in (found.percentile, found.studentised):
        assert [bool(np.isnan(end[0])) for end in ends] == [True, True]
    assert (found.undefined.tolist(), np.isnan(found.estimates).tolist()) == ([100, 0], [True, False])
    assert found.percentile[0][1] == single.percentile[0][1]


def test_replicates_without_a_ratio_widen_the_interval_until_it_is_withheld() -> None:
    sparse = np.zeros(50)
    sparse[7], sparse[8] = 1.0, 0.9
    found = sharpe_intervals(sparse[None, :], 3.0, seed=1, n_boot=400)
    assert 20 < int(found.undefined[0]) < 400
    assert np.isnan(found.percentile[0][0])
    assert np.isnan(found.percentile[1][0])
    few = np.tile([0.0, 0.0, 1.0], 8)
    known = sharpe_intervals(few[None, :], 1.0, seed=1, n_boot=400)
    assert np.isfinite(known.percentile[0][0])


def test_more_confidence_is_a_wider_interval() -> None:
    returns = autoregressions(5, 60, 0.2, 30)
    narrow, wide = (sharpe_intervals(returns, 4.0, seed=1, n_boot=500, confidence=c) for c in (0.8, 0.98))
    assert np.all(wide.percentile[0] < narrow.percentile[0])
    assert np.all(wide.studentised[1] > narrow.studentised[1])


def test_what_is_not_finite_is_refused_and_nothing_gives_nothing() -> None:
    with pytest.raises(AssertionError, match="finite"):
        sharpe_replicates(np.array([[0.1, np.nan]]), 2.0, seed=1)
    assert sharpe_intervals(np.zeros((0, 20)), 2.0, seed=1).estimates.size == 0


def test_the_examples_of_the_docstrings_hold() -> None:
    found = doctest.testmod(stationary)
    assert (found.failed, found.attempted >= 4) == (0, True)
