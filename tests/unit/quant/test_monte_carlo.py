"""Sequential Monte Carlo p-values: the paper's rule, its validity to the last digit, and what it costs."""

import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from whaletrader.quant.monte_carlo import (
    Draw,
    SequentialPValue,
    expected_draws,
    expected_draws_under_null,
    most_for,
    sequential_p_value,
    sequential_p_value_of_stream,
)

Floats = NDArray[np.float64]


def numbered(seed: int, most: int) -> tuple[Floats, Draw]:
    values = np.random.default_rng(seed).normal(size=most)
    return values, lambda first, count: values[first : first + count]


def plain_p_value(observed: float, values: Floats, enough: int) -> tuple[float, int]:
    above = 0
    for i, value in enumerate(values):
        above += value >= observed
        if above == enough:
            return enough / (i + 1), i + 1
    return (above + 1) / (len(values) + 1), len(values)


@pytest.mark.parametrize("observed", [-3.0, 0.0, 1.0, 2.3, 3.0, 9.0])
@pytest.mark.parametrize("enough", [1, 10, 40])
def test_it_equals_a_plain_loop(observed: float, enough: int) -> None:
    values, draw = numbered(3, 2_999)
    found = sequential_p_value(observed, draw, most=2_999, enough=enough)
    assert (found.p_value, found.draws) == plain_p_value(observed, values, enough)
    assert found == sequential_p_value_of_stream(iter(values >= observed), most=2_999, enough=enough)


@pytest.mark.parametrize("largest_batch", [1, 7, 64, 100, 4_096])
def test_the_batches_are_of_no_matter(largest_batch: int) -> None:
    _, draw = numbered(4, 5_000)
    for observed in (0.5, 2.9, 5.0):
        whole = sequential_p_value(observed, draw, most=5_000)
        assert sequential_p_value(observed, draw, most=5_000, largest_batch=largest_batch) == whole


def test_draws_are_asked_for_in_order_once_and_in_bounded_batches() -> None:
    asked: list[tuple[int, int]] = []

    def draw(first: int, count: int) -> Floats:
        asked.append((first, count))
        return np.zeros(count)

    sequential_p_value(1.0, draw, most=10_000, largest_batch=1_000)
    assert [first for first, _ in asked] == np.cumsum([0] + [count for _, count in asked[:-1]]).tolist()
    assert sum(count for _, count in asked) == 10_000
    assert max(count for _, count in asked) == 1_000


def test_it_reaches_one_in_ten_million() -> None:
    zeros = np.zeros(65_536)
    found = sequential_p_value(1.0, lambda _, count: zeros[:count], most=most_for(1e-7))
    assert found == SequentialPValue(1e-7, 0, 9_999_999, 1e-7)
    assert found.at_resolution


def test_an_unremarkable_observation_stops_at_once() -> None:
    found = sequential_p_value(0.0, lambda _, count: np.ones(count))
    assert (found.p_value, found.draws, found.exceedances, found.resolution) == (1.0, 10, 10, 1e-7)
    assert not found.at_resolution


def test_a_draw_equal_to_the_observation_counts_against_it() -> None:
    assert sequential_p_value(1.0, lambda _, count: np.ones(count), most=99).p_value == 1.0
    assert sequential_p_value(math.inf, lambda _, count: np.ones(count), most=99).p_value == 0.01


def test_the_stream_is_read_no_further_than_needed() -> None:
    stream = iter([True, False, True, True])
    assert sequential_p_value_of_stream(stream, most=99, enough=2).p_value == 2 / 3
    assert list(stream) == [True]


def test_a_stream_that_ends_too_early_is_refused() -> None:
    with pytest.raises(ValueError, match="ended after 3 draws: give 10, or fewer"):
        sequential_p_value_of_stream([False] * 3, most=10)


@pytest.mark.parametrize("resolution", [0.5, 0.3, 0.05, 1e-3, 1 / 3, 3e-5, 1e-7])
def test_the_number_of_draws_is_the_least_for_a_resolution(resolution: float) -> None:
    most = most_for(resolution)
    assert 1 / (most + 1) <= resolution
    assert most == 1 or 1 / most > resolution


@pytest.mark.parametrize(("most", "enough"), [(9, 1), (19, 3), (30, 10), (12, 40)])
def test_it_is_exactly_valid_when_the_null_is_true(most: int, enough: int) -> None:
    # Under the null the observation's rank among all most + 1 is uniform. Given its rank after l draws, draw l + 1
    # exceeds with probability (number above + 1) / (l + 2): an exact recursion over (draws, exceedances).
    alive, chances = {0: Fraction(1)}, dict[Fraction, Fraction]()
    for seen in range(most):
        step: dict[int, Fraction] = {}
        for above, chance in alive.items():
            up = Fraction(above + 1, seen + 2)
            if above + 1 == enough:
                p = Fraction(enough, seen + 1)
                chances[p] = chances.get(p, Fraction(0)) + chance * up
            else:
                step[above + 1] = step.get(above + 1, Fraction(0)) + chance * up
            step[above] = step.get(above, Fraction(0)) + chance * (1 - up)
        alive = step
    for above, chance in alive.items():
        p = Fraction(above + 1, most + 1)
        chances[p] = chances.get(p, Fraction(0)) + chance
    total = Fraction(0)
    for p in sorted(chances):
        total += chances[p]
        assert total == p  # P(p-value <= p) = p at every value that can come out
    assert total == 1


def test_small_p_values_are_as_rare_as_they_say() -> None:
    generator, runs = np.random.default_rng(21), 4_000
    found = []
    for _ in range(runs):
        observed, values = generator.exponential(), generator.exponential(size=400)
        found.append(
            sequential_p_value(observed, lambda first, count, v=values: v[first : first + count], most=400).p_value
        )
    for level in (0.01, 0.05, 0.1, 0.5):
        assert np.mean(np.array(found) <= level) <= level + 3 * math.sqrt(level * (1 - level) / runs)


@pytest.mark.parametrize("p", [0.0, 0.004, 0.05, 0.6, 1.0])
@pytest.mark.parametrize(("most", "enough"), [(60, 4), (300, 10), (5, 9)])
def test_the_expected_draws_are_the_sum_over_the_chance_of_going_on(p: float, most: int, enough: int) -> None:
    def goes_on(seen: int) -> float:
        return sum(math.comb(seen, i) * p**i * (1 - p) ** (seen - i) for i in range(min(enough, seen + 1)))

    expected = sum(goes_on(seen) for seen in range(most))
    assert expected_draws(p, most=most, enough=enough) == pytest.approx(expected, rel=1e-9)


def test_the_expected_draws_are_those_taken() -> None:
    draws = [sequential_p_value(1.5, numbered(seed, 2_000)[1], most=2_000, enough=5).draws for seed in range(100, 500)]
    p = 0.5 * math.erfc(1.5 / math.sqrt(2))
    spread = math.sqrt(5 * (1 - p)) / p / math.sqrt(len(draws))
    assert np.mean(draws) == pytest.approx(expected_draws(p, most=2_000, enough=5), abs=3 * spread)


@pytest.mark.parametrize(("most", "enough"), [(7, 10), (10, 10), (500, 10), (2_000_000, 3)])
def test_the_cost_of_a_true_null_is_the_average_over_uniform_p_values(most: int, enough: int) -> None:
    expected = sum(min(1.0, enough / (seen + 1)) for seen in range(most))
    assert expected_draws_under_null(most=most, enough=enough) == pytest.approx(expected, rel=1e-12)


def test_ten_million_draws_cost_a_true_null_under_a_hundred_and_fifty() -> None:
    assert expected_draws_under_null() == pytest.approx(147.7, abs=0.1)
    assert expected_draws(1e-6) == pytest.approx(expected_draws(1e-6, most=most_for(1e-7)))
    assert expected_draws(0.0) == 9_999_999


def test_what_cannot_be_is_refused() -> None:
    def draw(first: int, count: int) -> Floats:
        return np.full(count, math.nan)

    for call in (
        lambda: sequential_p_value(math.nan, lambda _, count: np.zeros(count)),
        lambda: sequential_p_value(0.0, draw),
        lambda: sequential_p_value(0.0, lambda _, count: np.zeros(count + 1)),
        lambda: sequential_p_value(0.0, draw, most=0),
        lambda: sequential_p_value(0.0, draw, enough=0),
        lambda: most_for(0.0),
        lambda: expected_draws(1.5),
    ):
        with pytest.raises(AssertionError):
            call()
