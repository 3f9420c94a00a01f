"""Persistence against statsmodels' HAC errors, scipy's Spearman, plain loops and simulation."""

import doctest
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from whaletrader.quant import persistence
from whaletrader.quant.persistence import (
    newey_west,
    rank_ic,
    rolling_persistence,
    split_half_rank_ic,
    walk_forward_rank_ic,
)


def autoregression(n: int, coefficient: float, seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).standard_normal(n)
    for i in range(1, n):
        values[i] += coefficient * values[i - 1]
    return values


@pytest.mark.parametrize("small_sample", [False, True])
@pytest.mark.parametrize("lags", [0, 1, 7, 20])
def test_it_equals_statsmodels(lags: int, small_sample: bool) -> None:
    from statsmodels.api import OLS

    for seed in range(3):
        regressors = np.column_stack((np.ones(90), autoregression(90, 0.7, seed), autoregression(90, 0.2, seed + 50)))
        response = 0.3 * regressors[:, 1] + autoregression(90, 0.5, seed + 100)
        found = newey_west(response, regressors, lags, small_sample=small_sample)
        options = {"maxlags": lags, "use_correction": small_sample}
        theirs = OLS(response, regressors).fit(cov_type="HAC", cov_kwds=options, use_t=small_sample)
        assert found.coefficients == pytest.approx(theirs.params, abs=1e-10)
        assert found.covariance == pytest.approx(theirs.cov_params(), abs=1e-10)
        assert found.t_statistics == pytest.approx(theirs.tvalues, abs=1e-10)
        one_sided = np.where(theirs.tvalues > 0, theirs.pvalues / 2, 1 - theirs.pvalues / 2)
        assert found.p_values == pytest.approx(one_sided, abs=1e-10)


def test_the_covariance_is_that_of_a_plain_double_loop() -> None:
    response, n, lags = autoregression(30, 0.4, 1), 30, 4
    residuals = response - response.mean()
    total = 0.0
    for i in range(n):
        for j in range(n):
            total += max(1 - abs(i - j) / (lags + 1), 0.0) * residuals[i] * residuals[j]
    found = newey_west(response, np.ones((n, 1)), lags)
    assert float(found.covariance[0, 0]) == pytest.approx(total / n**2, abs=1e-12)


def test_collinear_regressors_and_too_few_rows_are_withheld() -> None:
    twice = np.column_stack((np.ones(10), np.full(10, 2.0)))
    assert np.isnan(newey_west(np.arange(10.0), twice, 1).p_values).all()
    assert np.isnan(newey_west(np.arange(2.0), np.eye(2), 1).coefficients).all()
    assert isnan(float(newey_west(np.ones(5), np.ones((5, 1)), 0).t_statistics[0]))
    with pytest.raises(AssertionError):
        newey_west(np.arange(3.0), np.ones((3, 1)), 3)


@pytest.mark.parametrize(("window", "lags"), [(1, None), (5, None), (10, 3)])
def test_the_rolling_regression_is_that_of_plain_windows_under_statsmodels(window: int, lags: int | None) -> None:
    from statsmodels.api import OLS, add_constant

    returns = autoregression(150, 0.3, 9) + 0.1
    starts = range(150 - 2 * window + 1)
    past = np.array([returns[s : s + window].mean() for s in starts])
    later = np.array([returns[s + window : s + 2 * window].mean() for s in starts])
    options = {"maxlags": 2 * window if lags is None else lags, "use_correction": True}
    theirs = OLS(later, add_constant(past)).fit(cov_type="HAC", cov_kwds=options, use_t=True)
    few = options | {"maxlags": int(4 * 1.5 ** (2 / 9)) if lags is None else lags}
    level = OLS(returns, np.ones(150)).fit(cov_type="HAC", cov_kwds=few, use_t=True)
    found = rolling_persistence(returns, window, lags)
    assert found.pairs == past.size
    assert found.slope == pytest.approx(float(theirs.params[1]), abs=1e-10)
    assert found.slope_t == pytest.approx(float(theirs.tvalues[1]), abs=1e-10)
    assert found.slope_p_value == pytest.approx(float(stats.t.sf(theirs.tvalues[1], past.size - 2)), abs=1e-10)
    assert found.mean_p_value == pytest.approx(float(stats.t.sf(level.tvalues[0], 149)), abs=1e-10)


def test_a_steady_loser_has_no_evidence_of_a_gain_and_none_of_a_slope() -> None:
    losers = [rolling_persistence(autoregression(250, 0.0, seed) * 0.1 - 0.2, 5) for seed in range(20)]
    assert all(found.mean_p_value > 0.999 for found in losers)
    assert all(found.mean < 0 for found in losers)
    assert sum(found.slope_p_value < 0.05 for found in losers) <= 4


def test_reversal_is_no_persistence() -> None:
    waves = np.sin(np.arange(300) * np.pi / 10)
    found = rolling_persistence(waves, 10)
    assert found.slope < -0.9
    assert found.slope_p_value > 0.999


def test_slow_skill_is_found_and_noise_is_seldom_taken_for_it() -> None:
    n, found, false = 400, 0, 0
    for seed in range(60):
        noise = np.random.default_rng(seed).standard_normal(n)
        false += rolling_persistence(noise, 10).slope_p_value < 0.05
        found += rolling_persistence(autoregression(n, 0.97, seed), 10).slope_p_value < 0.05
    assert false <= 7
    assert found >= 50


def test_overlapping_windows_without_hac_errors_would_cry_wolf() -> None:
    naive = honest = 0
    for seed in range(80):
        noise = np.random.default_rng(seed).standard_normal(300)
        naive += abs(rolling_persistence(noise, 15, 0).slope_t) > 1.96
        honest += abs(rolling_persistence(noise, 15).slope_t) > 1.96
    assert naive > 2 * honest


def test_too_short_and_constant_records_are_withheld() -> None:
    for returns in (np.arange(24.0), np.full(100, 0.1), np.zeros(0)):
        found = rolling_persistence(returns, 5)
        assert (found.pairs, isnan(found.slope_p_value), isnan(found.mean_p_value)) == (0, True, True)


@settings(max_examples=60, deadline=None)
@given(size=st.integers(3, 40), levels=st.integers(2, 50), seed=st.integers(0, 10**6))
def test_the_rank_correlation_equals_scipys(size: int, levels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    said, came = rng.integers(0, levels, (2, size)).astype(np.float64)
    found = rank_ic(said, came)
    if np.ptp(said) == 0 or np.ptp(came) == 0:
        assert isnan(found)
    else:
        assert found == pytest.approx(float(stats.spearmanr(said, came).statistic), abs=1e-10)
        assert rank_ic(-said, came) == pytest.approx(-found, abs=1e-12)
        assert rank_ic(np.exp(said / 10), came) == pytest.approx(found, abs=1e-12)


def test_who_is_unknown_on_either_side_is_left_out() -> None:
    said = np.array([1.0, np.nan, 2.0, 3.0, 9.0])
    came = np.array([1.0, 5.0, 2.0, 3.0, np.nan])
    assert rank_ic(said, came) == pytest.approx(1.0)
    assert isnan(rank_ic(said[:3], came[:3]))


def test_halves_agree_where_skill_lasts_and_not_where_it_is_luck() -> None:
    rng = np.random.default_rng(5)
    noise = rng.standard_normal((400, 100))
    skill = rng.standard_normal((400, 1)) * 0.5
    assert abs(split_half_rank_ic(noise)) < 0.15
    assert split_half_rank_ic(noise + skill) > 0.8


def test_the_halves_are_those_of_a_plain_loop() -> None:
    returns = np.random.default_rng(2).standard_normal((12, 9))
    returns[0, :4] = np.nan
    returns[3, 5] = np.nan
    rows = list(returns[1:])
    expected = stats.spearmanr([np.nanmean(r[:4]) for r in rows], [np.nanmean(r[4:]) for r in rows]).statistic
    assert split_half_rank_ic(returns) == pytest.approx(float(expected), abs=1e-10)


def test_each_fold_looks_only_back_and_forth_over_its_own_stretches() -> None:
    returns = np.random.default_rng(4).standard_normal((15, 20))
    found = walk_forward_rank_ic(returns, 6, 4)
    expected = [
        stats.spearmanr(returns[:, s : s + 6].mean(axis=1), returns[:, s + 6 : s + 10].mean(axis=1)).statistic
        for s in (0, 4, 8)
    ]
    assert found == pytest.approx(expected, abs=1e-10)
    changed = returns.copy()
    changed[:, 10:] = 0.0
    assert walk_forward_rank_ic(changed, 6, 4)[0] == found[0]
    assert walk_forward_rank_ic(returns, 18, 4).size == 0


def test_the_examples_of_the_docstrings_hold() -> None:
    found = doctest.testmod(persistence)
    assert (found.failed, found.attempted >= 5) == (0, True)
