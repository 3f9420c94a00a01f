"""The stationary bootstrap of daily returns, beside a plain loop in integers and `arch`'s own."""

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.backtest.resample import percentile_interval, stationary_bootstrap
from whaletrader.quant.drawdown import max_drawdown

MASK = 2**64 - 1
GOLDEN, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def mix(value: int) -> int:
    value = ((value ^ (value >> 30)) * MIX_1) & MASK
    value = ((value ^ (value >> 27)) * MIX_2) & MASK
    return value ^ (value >> 31)


def plain_loop(returns: list[float], seed: int, resamples: int, mean_block: float) -> list[tuple[float, float, float]]:
    """Total return, daily Sharpe and drawdown of each resample, by the book."""
    state, counter = mix((seed + GOLDEN) & MASK), 0
    out = []

    def uniform() -> float:
        nonlocal counter
        counter += 1
        return (mix((state + counter * GOLDEN) & MASK) >> 11) / 2**53

    for _ in range(resamples):
        drawn: list[int] = []
        for i in range(len(returns)):
            fresh = uniform()
            if i == 0 or fresh * mean_block < 1.0:
                drawn.append(min(int(uniform() * len(returns)), len(returns) - 1))
            else:
                drawn.append((drawn[-1] + 1) % len(returns))
        values = np.array([returns[at] for at in drawn])
        wealth = np.concatenate([[1.0], np.cumprod(1.0 + values)])
        spread = values.std(ddof=1)
        out.append((wealth[-1] - 1.0, values.mean() / spread if spread > 1e-12 else np.nan, max_drawdown(wealth)))
    return out


@given(st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=30), st.integers(0, 2**63 - 1), st.floats(1.0, 10.0))
@settings(max_examples=25, deadline=None)
def test_the_kernel_equals_the_plain_loop(returns: list[float], seed: int, mean_block: float) -> None:
    found = stationary_bootstrap(np.array(returns), seed=seed, resamples=20, mean_block=mean_block)
    wanted = np.array(plain_loop(returns, seed, 20, mean_block)).T
    np.testing.assert_allclose(found.total, wanted[0], atol=1e-12)
    np.testing.assert_allclose(found.drawdown, wanted[2], atol=1e-12)
    both = np.isfinite(found.sharpe) & np.isfinite(wanted[1])
    np.testing.assert_allclose(found.sharpe[both], wanted[1][both], rtol=1e-6, atol=1e-9)


def test_the_spread_of_the_mean_agrees_with_arch() -> None:
    rng = np.random.default_rng(5)
    noise = rng.normal(0.001, 0.01, 260)
    returns = noise[1:] + 0.4 * noise[:-1]
    ours = stationary_bootstrap(returns, seed=1, resamples=4_000, mean_block=5.0)
    theirs = StationaryBootstrap(5, returns, seed=7).apply(lambda x: np.prod(1.0 + x) - 1.0, 4_000).ravel()
    assert ours.total.std() == pytest.approx(theirs.std(), rel=0.08)
    assert ours.total.mean() == pytest.approx(theirs.mean(), abs=0.03)


def test_the_same_seed_gives_the_same_draws_and_another_one_others() -> None:
    returns = np.linspace(-0.02, 0.03, 50)
    first, again = (stationary_bootstrap(returns, seed=3, resamples=50).total for _ in range(2))
    assert first.tobytes() == again.tobytes()
    assert not np.array_equal(first, stationary_bootstrap(returns, seed=4, resamples=50).total)


def test_constant_returns_have_no_sharpe_ratio() -> None:
    found = stationary_bootstrap(np.full(30, 0.01), seed=0, resamples=10)
    assert np.isnan(found.sharpe).all()
    assert found.drawdown.max() == 0.0


def test_a_percentile_interval_leaves_out_what_is_not_finite() -> None:
    draws = np.concatenate([np.arange(100.0), [np.nan, np.inf]])
    assert percentile_interval(draws, 0.90) == (5.0, 94.0)


def test_an_interval_of_nothing_is_not_a_number() -> None:
    assert all(np.isnan(end) for end in percentile_interval(np.array([np.nan])))
