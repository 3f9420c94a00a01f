"""Intervals for hit rates, against statsmodels and scipy."""

import pytest
from scipy import stats

from whaletrader.quant.intervals import clopper_pearson_interval, sign_test, wilson_interval

CASES = [(0, 10), (1, 10), (5, 10), (10, 10), (37, 120), (980, 1_000)]


@pytest.mark.parametrize(("successes", "n"), CASES)
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_intervals_equal_statsmodels(successes: int, n: int, confidence: float) -> None:
    from statsmodels.stats.proportion import proportion_confint

    for ours, method in ((wilson_interval, "wilson"), (clopper_pearson_interval, "beta")):
        expected = proportion_confint(successes, n, alpha=1 - confidence, method=method)
        assert ours(successes, n, confidence) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("interval", [wilson_interval, clopper_pearson_interval])
def test_without_a_trial_anything_is_possible(interval: object) -> None:
    assert callable(interval)
    assert interval(0, 0) == (0.0, 1.0)


def test_more_trials_make_the_interval_narrower() -> None:
    widths = [high - low for low, high in (wilson_interval(n // 2, n) for n in (10, 100, 1_000))]
    assert widths == sorted(widths, reverse=True)


def test_ten_wins_of_ten_do_not_prove_a_certain_win() -> None:
    low, high = wilson_interval(10, 10)
    assert low < 0.75
    assert high == 1.0


@pytest.mark.parametrize(("successes", "n", "probability"), [(8, 10, 0.5), (3, 10, 0.5), (60, 100, 0.55), (0, 5, 0.5)])
def test_the_sign_test_equals_scipys(successes: int, n: int, probability: float) -> None:
    expected = stats.binomtest(successes, n, probability, alternative="greater").pvalue
    assert sign_test(successes, n, probability) == pytest.approx(expected, abs=1e-12)


def test_a_98_percent_win_rate_at_a_price_of_95_cents_proves_nothing_in_fifty_bets() -> None:
    assert sign_test(49, 50, 0.95) > 0.2


def test_more_successes_than_trials_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        wilson_interval(3, 2)
