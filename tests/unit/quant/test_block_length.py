"""Automatic block lengths against `arch`, which follows Patton's own program, and a plain reading of the papers."""

import doctest
from math import ceil, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant import block_length
from whaletrader.quant.block_length import optimal_block_lengths


def autoregression(n: int, coefficient: float, seed: int) -> np.ndarray:
    shocks = np.random.default_rng(seed).standard_normal(n)
    for i in range(1, n):
        shocks[i] += coefficient * shocks[i - 1]
    return shocks


def arch_lengths(series: np.ndarray) -> np.ndarray:
    from arch.bootstrap import optimal_block_length

    return optimal_block_length(series.T).to_numpy().T


@pytest.mark.parametrize("n", [16, 25, 60, 250, 1_001])
@pytest.mark.parametrize("coefficient", [-0.6, 0.0, 0.3, 0.9, 1.0])
def test_they_equal_archs(n: int, coefficient: float) -> None:
    series = np.array([autoregression(n, coefficient, seed) for seed in range(3)])
    assert np.array(optimal_block_lengths(series)) == pytest.approx(arch_lengths(series), abs=1e-10, rel=1e-10)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(16, 300),
    seed=st.integers(0, 10**6),
    scale=st.floats(1e-6, 1e6),
    shift=st.floats(-10, 10),
)
def test_they_equal_archs_on_any_series_and_forget_its_unit(n: int, seed: int, scale: float, shift: float) -> None:
    series = np.random.default_rng(seed).standard_t(2, (1, n))
    plain = np.array(optimal_block_lengths(series))
    assert plain == pytest.approx(arch_lengths(series), abs=1e-10, rel=1e-10)
    assert np.array(optimal_block_lengths(series * scale + shift * scale)) == pytest.approx(plain, rel=1e-6)


def test_lengths_of_the_two_bootstraps_differ_by_the_papers_constant_below_the_cap() -> None:
    # d is 2 sigma^4 for the stationary and 4/3 sigma^4 for the circular bootstrap (the correction of 2009)
    series = np.array([autoregression(2_000, 0.4, seed) for seed in range(20)])
    found = np.array(optimal_block_lengths(series))
    assert found.max() < ceil(3 * sqrt(2_000))
    assert found[1] / found[0] == pytest.approx(1.5 ** (1 / 3))


def test_the_length_of_an_autoregression_nears_its_closed_form() -> None:
    # sum |k| gamma_k over sum gamma_k is 2 c / (1 - c^2) for an autoregression with coefficient c
    n, c = 5_000, 0.4
    expected = ((2 * c / (1 - c * c)) ** 2 * n) ** (1 / 3)
    found = optimal_block_lengths(np.array([autoregression(n, c, seed) for seed in range(30)]))[0]
    assert float(np.median(found)) == pytest.approx(expected, rel=0.15)


def test_no_length_exceeds_the_cap() -> None:
    walk = np.array([autoregression(n, 1.0, 2) for n in (90,) * 3])
    assert np.array(optimal_block_lengths(walk)).max() <= ceil(min(3 * sqrt(90), 30))


def test_dependence_asks_for_longer_blocks() -> None:
    medians = [
        float(np.median(optimal_block_lengths(np.array([autoregression(500, c, s) for s in range(40)]))[0]))
        for c in (0.0, 0.3, 0.6, 0.9)
    ]
    assert medians == sorted(medians)
    assert medians[0] < 5 < medians[-1]


def test_a_series_does_not_depend_on_its_neighbours() -> None:
    series = np.array([autoregression(120, c, 3) for c in (0.1, 0.5, 0.8)])
    together = np.array(optimal_block_lengths(series))
    alone = np.hstack([np.array(optimal_block_lengths(row[None, :])) for row in series])
    assert together.tolist() == alone.tolist()


def test_constant_and_short_series_are_withheld() -> None:
    found = optimal_block_lengths(np.array([np.full(30, 0.1), np.arange(30.0)]))
    assert np.isnan(found[0]).tolist() == [True, False]
    assert np.isnan(optimal_block_lengths(np.arange(15.0)[None, :])).all()
    assert optimal_block_lengths(np.zeros((0, 30)))[0].size == 0


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(AssertionError, match="finite"):
        optimal_block_lengths(np.full((1, 20), np.inf))


def test_the_example_of_the_docstring_holds() -> None:
    found = doctest.testmod(block_length)
    assert (found.failed, found.attempted >= 2) == (0, True)
