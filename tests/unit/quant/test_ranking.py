"""NDCG against scikit-learn and a plain loop; quantile normalisation against scipy."""

import doctest
from itertools import permutations
from math import isnan, log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.mstats import plotting_positions

from whaletrader.quant import ranking
from whaletrader.quant.ranking import discounted_gain, ndcg_at, quantile_normalised

GRADES = st.lists(st.integers(0, 4), min_size=2, max_size=30).filter(any)


def sklearns(grades: np.ndarray, scores: np.ndarray, k: int) -> float:
    from sklearn.metrics import ndcg_score

    return float(ndcg_score(grades[None, :], scores[None, :], k=k))


@settings(max_examples=60, deadline=None)
@given(grades=GRADES, k=st.integers(1, 40), seed=st.integers(0, 10**6), tied=st.booleans())
def test_it_equals_sklearns_with_and_without_ties(grades: list[int], k: int, seed: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    truth = np.array(grades, np.float64)
    scores = rng.integers(0, 4, truth.size).astype(np.float64) if tied else rng.standard_normal(truth.size)
    assert ndcg_at(truth, scores, k) == pytest.approx(sklearns(truth, scores, k), abs=1e-10)
    expected = sklearns(2**truth - 1, scores, k)
    assert ndcg_at(truth, scores, k, "exponential") == pytest.approx(expected, abs=1e-10)


def test_it_equals_a_plain_loop() -> None:
    rng = np.random.default_rng(3)
    grades, scores = rng.random(40), rng.standard_normal(40)

    def gain(order: list[int]) -> float:
        return sum(float(grades[who]) / log2(place + 2) for place, who in enumerate(order[:10]))

    by_score = sorted(range(40), key=lambda who: -scores[who])
    ideal = sorted(range(40), key=lambda who: -grades[who])
    assert ndcg_at(grades, scores, 10) == pytest.approx(gain(by_score) / gain(ideal), abs=1e-12)


def test_equal_scores_count_as_the_mean_over_their_orders() -> None:
    gains, scores = np.array([5.0, 1.0, 0.0, 2.0]), np.array([1.0, 1.0, 1.0, 3.0])
    orders = [(3, *rest) for rest in permutations((0, 1, 2))]
    each = [sum(gains[who] / log2(place + 2) for place, who in enumerate(order[:2])) for order in orders]
    assert discounted_gain(gains, scores, 2) == pytest.approx(np.mean(each), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(grades=GRADES, k=st.integers(1, 40), seed=st.integers(0, 10**6))
def test_it_is_a_fraction_that_only_the_order_decides(grades: list[int], k: int, seed: int) -> None:
    truth = np.array(grades, np.float64)
    scores = np.random.default_rng(seed).standard_normal(truth.size)
    found = ndcg_at(truth, scores, k)
    assert 0.0 <= found <= 1.0
    assert ndcg_at(truth, 7.0 * scores + 3.0, k) == found
    assert ndcg_at(truth, truth, k) == pytest.approx(1.0)


def test_moving_the_better_one_up_never_hurts() -> None:
    grades = np.array([0.0, 3.0, 1.0, 2.0])
    scores = np.array([4.0, 3.0, 2.0, 1.0])
    better = np.array([3.0, 4.0, 2.0, 1.0])
    assert ndcg_at(grades, better, 3) > ndcg_at(grades, scores, 3)


def test_without_a_positive_grade_there_is_nothing_to_rank() -> None:
    assert isnan(ndcg_at(np.zeros(3), np.arange(3.0), 2))
    assert isnan(ndcg_at(np.zeros(0), np.zeros(0), 2))


def test_bad_grades_scores_and_places_are_refused() -> None:
    with pytest.raises(AssertionError, match="grades"):
        ndcg_at(np.array([-1.0, 2.0]), np.zeros(2), 1)
    with pytest.raises(AssertionError, match="score"):
        ndcg_at(np.ones(2), np.array([np.nan, 1.0]), 1)
    with pytest.raises(AssertionError):
        ndcg_at(np.ones(2), np.zeros(2), 0)


def test_places_are_hazens() -> None:
    values = np.random.default_rng(1).standard_normal(50)
    assert quantile_normalised(values) == pytest.approx(np.asarray(plotting_positions(values, 0.5, 0.5)))


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=30))
def test_a_place_depends_on_the_order_only(values: list[float]) -> None:
    given_values = np.array(values, np.float64)
    found = quantile_normalised(given_values)
    known = ~np.isnan(given_values)
    assert np.array_equal(np.isnan(found), ~known)
    assert np.all((found[known] > 0.0) & (found[known] < 1.0))
    if known.any():
        assert float(found[known].mean()) == pytest.approx(0.5)
    for one in np.flatnonzero(known):
        below = sum(given_values[other] < given_values[one] for other in np.flatnonzero(known))
        same = sum(given_values[other] == given_values[one] for other in np.flatnonzero(known))
        assert found[one] == pytest.approx((below + same / 2) / known.sum())


def test_infinities_are_the_extremes_and_equal_values_share_a_place() -> None:
    assert quantile_normalised(np.array([np.inf, 0.0, 0.0, -np.inf])).tolist() == [0.875, 0.5, 0.5, 0.125]
    assert quantile_normalised(np.full(3, 2.0)).tolist() == [0.5] * 3
    assert np.isnan(quantile_normalised(np.full(2, np.nan))).all()


def test_the_examples_of_the_docstrings_hold() -> None:
    found = doctest.testmod(ranking)
    assert (found.failed, found.attempted >= 4) == (0, True)
