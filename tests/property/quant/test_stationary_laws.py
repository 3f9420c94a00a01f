"""Laws of the stationary bootstrap and of Newey and West's errors that hold for any series."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant.persistence import newey_west
from whaletrader.quant.stationary import sharpe_intervals, sharpe_replicates, stationary_indices

SEEDS = st.integers(0, 2**64 - 1)
SERIES = st.integers(0, 10**6)


def made_up(seed: int, n: int = 40) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(4, (1, n)) + 0.1


@settings(max_examples=30, deadline=None)
@given(series=SERIES, seed=SEEDS, scale=st.floats(1e-6, 1e6), block=st.floats(1, 30))
def test_the_unit_of_the_returns_does_not_matter(series: int, seed: int, scale: float, block: float) -> None:
    returns = made_up(series)
    plain, scaled = (sharpe_intervals(r, block, seed=seed, n_boot=100) for r in (returns, returns * scale))
    assert scaled.estimates == pytest.approx(plain.estimates, rel=1e-8)
    for ours, other in zip(plain.percentile, scaled.percentile, strict=True):
        assert ours == pytest.approx(other, rel=1e-6, abs=1e-8, nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(series=SERIES, seed=SEEDS, block=st.floats(1, 10))
def test_mirrored_returns_have_the_mirrored_interval(series: int, seed: int, block: float) -> None:
    returns = made_up(series)
    plain, mirrored = (sharpe_intervals(r, block, seed=seed, n_boot=200) for r in (returns, -returns))
    for low, high in (
        (plain.percentile[0], mirrored.percentile[1]),
        (plain.studentised[0], mirrored.studentised[1]),
    ):
        assert low == pytest.approx(-high, rel=1e-6, abs=1e-8, nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(series=SERIES, seed=SEEDS, n_boot=st.integers(1, 60))
def test_more_replicates_keep_the_first_ones(series: int, seed: int, n_boot: int) -> None:
    returns = made_up(series)
    few, more = (sharpe_replicates(returns, 4.0, seed=seed, n_boot=count)[0] for count in (n_boot, 2 * n_boot))
    assert few.tolist() == more[:, :n_boot].tolist()


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 60), block=st.floats(0, 1e9), seed=SEEDS, key=st.integers(0, 2**62))
def test_every_drawn_place_exists(n: int, block: float, seed: int, key: int) -> None:
    drawn = stationary_indices(n, 10, block, seed=seed, key=key)
    assert drawn.shape == (10, n)
    assert 0 <= int(drawn.min()) <= int(drawn.max()) < n


@settings(max_examples=30, deadline=None)
@given(series=SERIES, lags=st.integers(0, 10), scale=st.floats(0.01, 100), shift=st.floats(-5, 5))
def test_t_statistics_forget_units_and_a_slope_forgets_the_level(
    series: int, lags: int, scale: float, shift: float
) -> None:
    rng = np.random.default_rng(series)
    regressor, response = rng.standard_normal((2, 50))
    design = np.column_stack((np.ones(50), regressor))
    plain, moved = (newey_west(y, design, lags) for y in (response, response * scale + shift))
    assert moved.t_statistics[1] == pytest.approx(plain.t_statistics[1], rel=1e-6, abs=1e-8)
    assert moved.coefficients[1] == pytest.approx(plain.coefficients[1] * scale, rel=1e-6, abs=1e-8)
    assert np.all((plain.p_values >= 0.0) & (plain.p_values <= 1.0))
