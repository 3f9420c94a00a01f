"""Many Sharpe ratios at once: equal to one at a time and to skfolio, and NaN where nothing can be said."""

import doctest
import warnings
from math import inf, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skfolio import measures

from whaletrader.quant import sharpe, sharpe_arrays
from whaletrader.quant.sharpe_arrays import (
    deflated_sharpe_ratios,
    min_track_record_lengths,
    probabilistic_sharpe_ratios,
    psr_and_dsr,
    sharpe_moments,
    trial_variance,
)

Floats = NDArray[np.float64]
ANY = st.sampled_from([nan, inf, -inf, 0.0, -3.0, 1e-9, 0.1, 0.5, 2.0, 10.0, 1e8])


def fat_tailed(seed: int, records: int = 40, length: int = 250) -> Floats:
    return np.random.default_rng(seed).standard_t(3, (records, length)) + 0.1


def test_the_moments_equal_those_of_one_record_at_a_time() -> None:
    returns = fat_tailed(1)
    found = sharpe_moments(returns)
    for s, row in enumerate(returns):
        one = (sharpe.sharpe_ratio(row).value, sharpe.skewness(row), sharpe.kurtosis(row))
        assert (found.sharpe[s], found.skew[s], found.kurt[s]) == pytest.approx(one, rel=1e-12)


def test_psr_and_dsr_equal_skfolio() -> None:
    returns = fat_tailed(2, records=300)
    psr, dsr = psr_and_dsr(returns)
    trials = np.asarray(measures.mean(returns.T)) / np.asarray(measures.standard_deviation(returns.T))
    np.testing.assert_allclose(psr, measures.probabilistic_sharpe_ratio(returns.T), rtol=0, atol=1e-10)
    np.testing.assert_allclose(dsr, measures.deflated_sharpe_ratio(returns.T, trials), rtol=0, atol=1e-10)
    assert 0.0 < dsr.max() < psr.max()


def test_missing_days_are_left_out_as_skfolio_does() -> None:
    returns = fat_tailed(3, records=100)
    returns[np.random.default_rng(4).random(returns.shape) < 0.3] = nan
    psr, _ = psr_and_dsr(returns)
    np.testing.assert_allclose(psr, measures.probabilistic_sharpe_ratio(returns.T), rtol=0, atol=1e-10)
    assert np.array_equal(sharpe_moments(returns).n, np.count_nonzero(~np.isnan(returns), axis=1))


@settings(max_examples=300, deadline=None)
@given(ANY, st.sampled_from([0, 1, 2, 3, 24, 10_000]), ANY, ANY, st.sampled_from([0.0, 0.1, 0.5, nan]))
def test_arrays_equal_one_at_a_time_wherever_that_is_defined(
    ratio: float, n: int, skew: float, kurt: float, benchmark: float
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = probabilistic_sharpe_ratios(np.array([ratio]), n, np.array([skew]), np.array([kurt]), benchmark)[0]
        needed = min_track_record_lengths(np.array([ratio]), np.array([skew]), np.array([kurt]), benchmark)[0]
    if np.all(np.isfinite([ratio, skew, kurt, benchmark])):
        one = sharpe.probabilistic_sharpe_ratio(ratio, n, skew, kurt, benchmark)
        assert found == pytest.approx(one, abs=1e-12, nan_ok=True)
        assert needed == pytest.approx(sharpe.min_track_record_length(ratio, skew, kurt, benchmark), rel=1e-12)
    else:
        assert np.isnan(found)
        assert np.isnan(needed)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.floats(1.0, 1e6), st.floats(0.0, 1.0))
def test_deflating_arrays_equals_deflating_one_at_a_time(seed: int, n_trials: float, variance: float) -> None:
    rng = np.random.default_rng(seed)
    ratios, skews, kurts = rng.normal(0.1, 0.2, 5), rng.normal(0, 1, 5), rng.uniform(1, 9, 5)
    lengths = rng.integers(2, 900, 5).astype(float)
    found = deflated_sharpe_ratios(ratios, lengths, skews, kurts, n_trials=n_trials, variance_of_trial_sharpes=variance)
    one = [
        sharpe.deflated_sharpe_ratio(
            float(ratios[s]), int(lengths[s]), float(skews[s]), float(kurts[s]),
            n_trials=n_trials, variance_of_trial_sharpes=variance,
        )
        for s in range(5)
    ]  # fmt: skip
    np.testing.assert_allclose(found, one, atol=1e-12)


def test_the_papers_examples_over_arrays() -> None:
    psr = probabilistic_sharpe_ratios(np.array([0.458, 0.458]), 24, np.array([0.0, -2.448]), np.array([3.0, 10.164]))
    assert psr == pytest.approx([0.982, 0.913], abs=5e-4)
    periods = np.array([252.0, 52.0, 12.0])
    needed = min_track_record_lengths(2 / np.sqrt(periods), 0.0, 3.0, 1 / np.sqrt(periods))
    assert needed / periods == pytest.approx([2.73, 2.83, 3.24], abs=5e-3)
    dsr = deflated_sharpe_ratios(
        np.array([2.5 / sqrt(250)]), 1250, -3.0, 10.0, n_trials=100, variance_of_trial_sharpes=0.5 / 250
    )
    assert dsr == pytest.approx([0.9004], abs=5e-5)


def test_records_of_which_nothing_can_be_said_do_not_disturb_the_others() -> None:
    good = fat_tailed(5, records=1, length=50)[0]
    rows = [good, np.full(50, 0.07), np.full(50, nan), np.append(good[:-1], inf), np.append(good[:1], np.full(49, nan))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        psr, dsr = psr_and_dsr(np.stack(rows))
        alone, _ = psr_and_dsr(good[None, :])
    assert psr[0] == alone[0] == dsr[0]
    assert np.isnan(psr[1:]).all()
    assert np.isnan(dsr[1:]).all()


@pytest.mark.parametrize("shape", [(0, 10), (3, 0), (3, 1)])
def test_no_record_and_no_observation_say_nothing(shape: tuple[int, int]) -> None:
    psr, dsr = psr_and_dsr(np.ones(shape))
    assert psr.shape == dsr.shape == (shape[0],)
    assert np.isnan(psr).all()


@settings(max_examples=50, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_the_ratio_does_not_depend_on_the_unit_of_returns(shift: float, scale: float) -> None:
    returns = fat_tailed(6, records=3, length=60)
    found, scaled = sharpe_moments(returns), sharpe_moments(scale * returns)
    np.testing.assert_allclose(scaled.sharpe, found.sharpe, rtol=1e-9)
    moved = sharpe_moments(returns + shift)
    np.testing.assert_allclose(moved.kurt, found.kurt, rtol=1e-5)


def test_the_variance_of_trials_leaves_out_what_is_unknown() -> None:
    assert trial_variance(np.array([0.1, nan, 0.3, inf, -0.1])) == pytest.approx(np.var([0.1, 0.3, -0.1], ddof=1))
    assert np.isnan(trial_variance(np.array([0.1, nan])))


def test_more_trials_deflate_more() -> None:
    record = (np.array([0.2]), 100.0, np.array([0.0]), np.array([3.0]))
    found = [
        float(deflated_sharpe_ratios(*record, n_trials=n, variance_of_trial_sharpes=0.01)[0])
        for n in (1, 2, 10, 1_000, 10**6)
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] == probabilistic_sharpe_ratios(*record)[0]


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(sharpe_arrays).failed == 0
