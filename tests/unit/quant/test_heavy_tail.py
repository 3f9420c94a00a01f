"""Hill's index on exact and drawn Pareto samples; the signed-rank test against scipy and every sign counted."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from whaletrader.quant.heavy_tail import (
    TAIL_LEAST,
    TAIL_SHARE,
    TailIndex,
    hill_index,
    signed_rank_test,
    stable_hill_index,
    tail_probability,
)


def pareto(seed: int, alpha: float, n: int) -> np.ndarray:
    return np.random.default_rng(seed).pareto(alpha, n) + 1.0


@pytest.mark.parametrize("k", [1, 5, 40, 199])
def test_the_index_follows_the_plain_formula(k: int) -> None:
    values = pareto(1, 1.3, 200)
    ordered = sorted(values.tolist(), reverse=True)
    gamma = sum(math.log(ordered[i]) - math.log(ordered[k]) for i in range(k)) / k
    found = hill_index(values, k)
    assert found.index == pytest.approx(1 / gamma, rel=1e-9)
    assert found.error == pytest.approx(1 / gamma / math.sqrt(k), rel=1e-9)
    assert (found.k, found.threshold) == (k, ordered[k])


def test_powers_of_two_have_the_closed_form() -> None:
    """Over 2^0 the logs of 2^1 .. 2^k are 1 .. k log 2, of mean (k + 1) / 2 log 2."""
    values = 2.0 ** np.arange(11)
    assert hill_index(values, 10).index == pytest.approx(1 / (5.5 * math.log(2)))


@pytest.mark.parametrize("alpha", [0.8, 1.3, 2.5])
def test_on_pareto_samples_it_equals_the_maximum_likelihood_fit_of_scipy(alpha: float) -> None:
    values = pareto(2, alpha, 500)
    found = hill_index(values, 499)
    fitted, _, _ = stats.pareto.fit(values, floc=0.0, fscale=values.min())
    assert found.index == pytest.approx(fitted * 499 / 500, rel=1e-6)  # the smallest value is the threshold here


@pytest.mark.parametrize("alpha", [0.8, 1.3, 3.0])
def test_the_error_is_the_spread_over_pareto_samples(alpha: float) -> None:
    found = [hill_index(pareto(seed, alpha, 1_000), 100) for seed in range(300)]
    indices = np.array([fit.index for fit in found])
    assert indices.mean() == pytest.approx(alpha * 100 / 99, rel=0.03)  # 1 / gamma is biased by k / (k - 1)
    assert indices.std() == pytest.approx(np.mean([fit.error for fit in found]), rel=0.12)
    assert np.mean(np.abs(indices - alpha) < 1.96 * np.array([fit.error for fit in found])) > 0.91


@pytest.mark.parametrize("alpha", [1.3, 2.0])
def test_the_stable_choice_finds_the_index_of_a_tail_that_is_pareto_only_far_out(alpha: float) -> None:
    found = [
        stable_hill_index(np.abs(stats.t.rvs(alpha, size=4_000, random_state=np.random.default_rng(seed))))
        for seed in range(40)
    ]
    indices = [fit.index for fit in found if fit is not None]
    assert len(indices) == 40
    assert np.median(indices) == pytest.approx(alpha, rel=0.12)


def test_the_stable_choice_minimises_the_plain_criterion() -> None:
    values = pareto(3, 1.5, 400)
    found = stable_hill_index(values, beta=0.3)
    best = (math.inf, 0)
    for k in range(2 * TAIL_LEAST, int(TAIL_SHARE * 400) + 1):
        gammas = [1 / hill_index(values, i).index for i in range(TAIL_LEAST, k + 1)]
        middle = sorted(gammas)[len(gammas) // 2] if len(gammas) % 2 else float(np.median(gammas))
        spread = sum(i**0.3 * abs(g - middle) for i, g in enumerate(gammas, start=TAIL_LEAST)) / len(gammas)
        best = min(best, (spread, k))
    assert found == hill_index(values, best[1])


def test_too_few_positive_values_have_no_tail() -> None:
    assert stable_hill_index(pareto(4, 1.3, 59)) is None
    assert stable_hill_index(pareto(4, 1.3, 60)) is not None
    assert stable_hill_index(-pareto(4, 1.3, 500)) is None
    assert stable_hill_index(np.empty(0)) is None


def test_equal_values_have_an_infinite_index_and_no_nan() -> None:
    assert hill_index(np.full(20, 3.0), 5) == TailIndex(math.inf, math.inf, 5, 3.0)
    found = stable_hill_index(np.full(200, 3.0))
    assert found is not None
    assert found.index == math.inf


def test_the_tails_probability_is_paretos() -> None:
    fit = TailIndex(1.3, 0.1, 100, 2.0)
    assert tail_probability(fit, 1.0, 5.0) == pytest.approx(stats.pareto(1.3, scale=2.0).sf(5.0))
    assert tail_probability(fit, 0.1, 2.0) == 0.1


@pytest.mark.parametrize("k", [0, 5])
def test_more_order_statistics_than_values_are_a_bug(k: int) -> None:
    with pytest.raises(AssertionError):
        hill_index(np.array([1.0, 2.0, 3.0, 4.0, 5.0, -1.0]), k)


@pytest.mark.parametrize("n", [1, 5, 12, 30, 50])
@pytest.mark.parametrize("shift", [-0.3, 0.0, 0.4])
def test_the_exact_p_value_equals_scipys(n: int, shift: float) -> None:
    differences = np.random.default_rng(n).normal(shift, 1.0, n)
    expected = stats.wilcoxon(differences, alternative="greater", method="exact").pvalue
    assert signed_rank_test(differences) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("step", [1e-9, 0.5])
@pytest.mark.parametrize("shift", [-0.2, 0.0, 0.3])
def test_the_normal_limit_equals_scipys_with_and_without_ties(step: float, shift: float) -> None:
    differences = np.round(np.random.default_rng(5).normal(shift, 1.0, 200) / step) * step
    expected = stats.wilcoxon(differences, alternative="greater", method="asymptotic", correction=False).pvalue
    assert signed_rank_test(differences) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_with_ties_and_zeros_every_sign_is_counted(seed: int) -> None:
    differences = np.random.default_rng(seed).integers(-3, 5, 10).astype(float)
    kept = differences[differences != 0.0]
    ranks = stats.rankdata(np.abs(kept))
    seen = ranks[kept > 0].sum()
    signs = itertools.product([0, 1], repeat=kept.size)
    beyond = sum(np.dot(sign, ranks) >= seen - 1e-9 for sign in signs)
    assert signed_rank_test(differences) == pytest.approx(beyond / 2**kept.size, abs=1e-12)


def test_nothing_but_zeros_is_no_evidence() -> None:
    assert signed_rank_test(np.zeros(4)) == signed_rank_test(np.empty(0)) == 1.0


def test_under_cauchy_tails_the_level_holds_and_a_shift_is_found() -> None:
    rng = np.random.default_rng(6)
    false = np.mean([signed_rank_test(rng.standard_cauchy(60)) <= 0.05 for _ in range(600)])
    found = np.mean([signed_rank_test(rng.standard_cauchy(60) + 1.0) <= 0.05 for _ in range(200)])
    assert false <= stats.binom.ppf(0.999, 600, 0.05) / 600
    assert found > 0.8


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_has_no_rank_is_a_bug(bad: float) -> None:
    with pytest.raises(AssertionError):
        signed_rank_test(np.array([1.0, bad]))
    with pytest.raises(AssertionError):
        stable_hill_index(np.array([1.0, bad]))
