"""Sharpe ratios against the worked examples of Bailey and López de Prado (2012)."""

from math import inf, isnan, nan, sqrt

import numpy as np
import pytest
from scipy import stats

from whaletrader.quant.sharpe import (
    SharpeRatio,
    kurtosis,
    min_track_record_length,
    probabilistic_sharpe_ratio,
    sharpe_lower_bound,
    sharpe_ratio,
    skewness,
)


def test_the_papers_hedge_fund_under_normality_and_with_its_own_moments() -> None:
    assert probabilistic_sharpe_ratio(0.458, 24, 0.0, 3.0) == pytest.approx(0.982, abs=5e-4)
    assert probabilistic_sharpe_ratio(0.458, 24, -2.448, 10.164) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(("periods", "years"), [(252, 2.73), (52, 2.83), (12, 3.24)])
def test_the_papers_track_records_to_show_two_above_one(periods: int, years: float) -> None:
    needed = min_track_record_length(2 / sqrt(periods), 0.0, 3.0, 1 / sqrt(periods))
    assert needed / periods == pytest.approx(years, abs=5e-3)


def test_the_track_record_length_is_where_psr_reaches_the_confidence() -> None:
    needed = min_track_record_length(0.2, -0.5, 4.0, 0.05, 0.9)
    assert probabilistic_sharpe_ratio(0.2, int(needed), -0.5, 4.0, 0.05) < 0.9
    assert probabilistic_sharpe_ratio(0.2, int(needed) + 1, -0.5, 4.0, 0.05) >= 0.9


def test_no_track_record_is_long_enough_without_an_advantage() -> None:
    assert min_track_record_length(0.1, 0.0, 3.0, 0.1) == inf


def test_psr_uses_n_minus_one() -> None:
    expected = stats.norm.cdf(0.3 * sqrt(9) / sqrt(1 + 0.5 * 0.09))
    assert probabilistic_sharpe_ratio(0.3, 10, 0.0, 3.0) == pytest.approx(expected, abs=1e-12)


def test_psr_is_a_half_at_the_benchmark_and_grows_with_the_ratio() -> None:
    assert probabilistic_sharpe_ratio(0.1, 50, 0.3, 4.0, 0.1) == pytest.approx(0.5)
    values = [probabilistic_sharpe_ratio(x, 50, 0.0, 3.0) for x in (-0.5, -0.1, 0.0, 0.2, 0.6)]
    assert values == sorted(values)


def test_psr_withholds_what_it_cannot_say() -> None:
    assert isnan(probabilistic_sharpe_ratio(0.5, 1, 0.0, 3.0))
    assert isnan(probabilistic_sharpe_ratio(nan, 10, 0.0, 3.0))


def test_a_degenerate_error_gives_certainty_either_way() -> None:
    # kurtosis 1 and skewness 1/SR make the variance factor vanish
    assert probabilistic_sharpe_ratio(0.5, 10, 2.0, 1.0) == 1.0
    assert probabilistic_sharpe_ratio(0.5, 10, 2.0, 1.0, 0.6) == 0.0


def test_a_year_has_365_days() -> None:
    ratio = sharpe_ratio(np.array([0.01, -0.005, 0.02]))
    assert ratio.periods_per_year == 365.0
    assert ratio.annualised() == pytest.approx(ratio.value * sqrt(365))


def test_ratios_are_compared_per_the_same_period() -> None:
    daily = SharpeRatio(0.1, 365.0)
    weekly = daily.per(365.0 / 7)
    assert weekly.value == pytest.approx(0.1 * sqrt(7))
    assert weekly.annualised() == pytest.approx(daily.annualised())


@pytest.mark.parametrize("returns", [[], [0.1], [0.1, 0.1, 0.1]])
def test_too_few_or_constant_returns_have_no_ratio(returns: list[float]) -> None:
    assert isnan(sharpe_ratio(np.array(returns)).value)


def test_moments_equal_scipys() -> None:
    returns = np.random.default_rng(2).exponential(size=300)
    assert skewness(returns) == pytest.approx(stats.skew(returns))
    assert kurtosis(returns) == pytest.approx(stats.kurtosis(returns, fisher=False))
    assert (skewness(np.ones(5)), kurtosis(np.ones(5))) == (0.0, 3.0)


def test_the_lower_bound_is_where_psr_equals_the_confidence() -> None:
    bound = sharpe_lower_bound(0.3, 100, -0.4, 5.0, 0.95)
    assert bound < 0.3
    assert probabilistic_sharpe_ratio(0.3, 100, -0.4, 5.0, bound) == pytest.approx(0.95)
    assert isnan(sharpe_lower_bound(0.3, 1, 0.0, 3.0))
