"""Exact tests and intervals of bounded means against plain loops, scipy, and universes without an edge."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom

from whaletrader.quant.bounded_mean import Clusters, exact_interval, log_p_values
from whaletrader.quant.intervals import clopper_pearson_interval

Floats = NDArray[np.float64]
YES, NO = np.array([True]), np.array([False])


def one(payoff: list[float] | Floats, cost: list[float] | Floats, bets: list[int] | None = None) -> Clusters:
    sizes = np.ones(len(payoff), np.int64) if bets is None else np.array(bets, np.int64)
    return Clusters(np.array([0, len(payoff)]), sizes, np.asarray(payoff, float), np.asarray(cost, float))


def plain_masses(sizes: list[int], chances: list[Fraction]) -> dict[int, Fraction]:
    """Distribution of a weighted sum of coins, exactly."""
    masses = {0: Fraction(1)}
    for size, chance in zip(sizes, chances, strict=True):
        longer: dict[int, Fraction] = {}
        for total, mass in masses.items():
            longer[total] = longer.get(total, Fraction(0)) + mass * (1 - chance)
            longer[total + size] = longer.get(total + size, Fraction(0)) + mass * chance
        masses = longer
    return masses


def plain_tail(chances: list[Fraction], least: int) -> float:
    masses = plain_masses([1] * len(chances), chances)
    return float(sum((mass for total, mass in masses.items() if total >= least), Fraction(0)))


def plain_bound(sizes: list[int], chances: list[Fraction], value: Fraction) -> float:
    """The least E(T - t)+ / (value - t), at every whole t below."""
    masses, best = plain_masses(sizes, chances), Fraction(1)
    for t in range(-3 * sum(sizes), int(np.ceil(value))):
        if t < value:
            surplus = sum((mass * max(total - t, 0) for total, mass in masses.items()), Fraction(0))
            best = min(best, surplus / (value - t))
    return float(best)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 99), st.booleans()), min_size=1, max_size=14))
def test_the_exact_p_value_is_the_tail_of_a_sum_of_unequal_coins(bets: list[tuple[int, bool]]) -> None:
    chances = [Fraction(price, 100) for price, _ in bets]
    won = [float(win) for _, win in bets]
    found = np.exp(log_p_values(one(won, [float(c) for c in chances]), YES))[0]
    assert found == pytest.approx(plain_tail(chances, int(sum(won))), rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 99), st.integers(1, 3), st.integers(0, 8)), min_size=1, max_size=7))
def test_the_bound_for_any_payoff_is_the_least_over_all_kinks(bets: list[tuple[int, int, int]]) -> None:
    chances = [Fraction(price, 100) for price, _, _ in bets]
    sizes = [size for _, size, _ in bets]
    payoffs = [Fraction(eighths, 8) * size for _, size, eighths in bets]
    cost = [float(c * size) for c, size in zip(chances, sizes, strict=True)]
    found = np.exp(log_p_values(one([float(x) for x in payoffs], cost, sizes), NO))[0]
    assert found == pytest.approx(plain_bound(sizes, chances, sum(payoffs, Fraction(0))), rel=1e-7)


@pytest.mark.parametrize(("n", "won", "price"), [(10, 9, 0.5), (300, 240, 0.5), (1_000, 900, 0.5), (400, 60, 0.02)])
def test_equal_prices_give_the_binomial_tail_however_small(n: int, won: int, price: float) -> None:
    payoff = np.repeat([1.0, 0.0], [won, n - won])
    found = log_p_values(one(payoff, np.full(n, price)), YES)[0]
    assert found == pytest.approx(binom.logsf(won - 1, n, price), rel=1e-9)


def test_a_p_value_of_ten_to_the_minus_three_hundred_keeps_its_digits() -> None:
    won = np.repeat([1.0, 0.0], [990, 10])
    assert log_p_values(one(won, np.full(1_000, 0.45)), YES)[0] < -690.0
    assert log_p_values(one(np.ones(1_000), np.full(1_000, 0.45)), YES)[0] == pytest.approx(1_000 * np.log(0.45))


def plain_hoeffding_bentkus(payoff: Floats, cost: Floats) -> float:
    """The smaller of the relative-entropy bound and e times the tail, interpolated, of equal coins (Bates 2021)."""
    n, total = payoff.size, float(payoff.sum())
    mean, price = total / n, float(cost.mean())
    if mean <= price:
        return 1.0
    entropy = mean * np.log(mean / price) + (1.0 - mean) * np.log((1.0 - mean) / (1.0 - price))
    part = total - np.floor(total)
    tails = [binom.sf(np.floor(total) + step - 1, n, price) for step in (0, 1)]
    return float(min(np.exp(-n * entropy), np.e * tails[0] ** (1.0 - part) * tails[1] ** part))


def test_the_bound_for_any_payoff_is_never_above_that_of_hoeffding_and_bentkus() -> None:
    rng = np.random.default_rng(0)
    for n in (5, 20, 100):
        for _ in range(50):
            cost = np.full(n, rng.uniform(0.1, 0.8))
            payoff = np.clip(cost + rng.uniform(0.02, 0.15) + rng.normal(0.0, 0.1, n), 0.0, 0.99)
            found = np.exp(log_p_values(one(payoff, cost), NO))[0]
            assert found <= plain_hoeffding_bentkus(payoff, cost) * (1 + 1e-9)


def test_the_bound_for_any_payoff_costs_at_most_a_factor_of_e_where_payoffs_are_coins() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        cost = rng.uniform(0.1, 0.8, 60)
        payoff = (rng.random(60) < cost + 0.15).astype(float)
        exact, bound = (log_p_values(one(payoff, cost), binary)[0] for binary in (YES, NO))
        assert exact <= bound <= exact + 1.0 + 1e-9


def test_a_cancelled_market_counts_as_lost_where_payoffs_are_known_to_be_coins() -> None:
    cost = [0.5, 0.5, 0.5]
    assert log_p_values(one([1.0, 1.0, 0.5], cost), YES)[0] == log_p_values(one([1.0, 1.0, 0.0], cost), YES)[0]


def many(rng: np.random.Generator, units: int, n: int, sold: bool) -> Clusters:
    """Wallets without an edge; where bets are sold early, payoffs lie in between, with the same mean."""
    cost = rng.uniform(0.1, 0.9, units * n)
    coins = (rng.random(units * n) < cost).astype(float)
    early = rng.beta(4.0 * cost, 4.0 * (1.0 - cost))
    payoff = np.where(rng.random(units * n) < 0.5, early, coins) if sold else coins
    return Clusters(np.arange(units + 1) * n, np.ones(units * n, np.int64), payoff, cost)


@pytest.mark.parametrize("sold", [False, True])
@pytest.mark.parametrize("n", [4, 25, 100])
def test_without_an_edge_small_p_values_are_as_rare_as_they_say(n: int, sold: bool) -> None:
    units = 20_000
    found = np.exp(log_p_values(many(np.random.default_rng(n), units, n, sold), np.full(units, not sold)))
    for level in (0.1, 0.05, 0.01, 0.001):
        assert np.mean(found <= level) <= binom.ppf(0.999, units, level) / units


@pytest.mark.parametrize("sold", [False, True])
@pytest.mark.parametrize("n", [1, 5, 30])
def test_the_exact_interval_covers_at_any_number_of_groups(n: int, sold: bool) -> None:
    units = 10_000
    lower, upper = exact_interval(many(np.random.default_rng(n), units, n, sold), np.full(units, not sold))
    assert np.mean((lower <= 0.0) & (upper >= 0.0)) >= 0.95


def test_bets_that_win_and_lose_together_keep_the_interval_wide() -> None:
    rng = np.random.default_rng(2)
    units, n, size = 5_000, 20, 4
    cost = rng.uniform(0.2, 0.8, units * n)
    won = (rng.random(units * n) < cost).astype(float)
    together = Clusters(np.arange(units + 1) * n, np.full(units * n, size), size * won, size * cost)
    lower, upper = exact_interval(together, np.full(units, True))
    assert np.mean((lower <= 0.0) & (upper >= 0.0)) >= 0.95
    assert np.median(upper - lower) > 0.35


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.data())
def test_one_coin_per_group_gives_clopper_and_pearsons_interval(n: int, data: st.DataObject) -> None:
    won = data.draw(st.integers(0, n))
    payoff = np.repeat([1.0, 0.0], [won, n - won])
    lower, upper = exact_interval(one(payoff, np.full(n, 0.4)), YES)
    low, high = clopper_pearson_interval(won, n, 0.95)
    assert (lower[0], upper[0]) == pytest.approx((low - 0.4, high - 0.4), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.floats(0.0, 1.0)), min_size=1, max_size=30))
def test_an_interval_holds_its_estimate_and_stays_possible(groups: list[tuple[int, float]]) -> None:
    sizes = [size for size, _ in groups]
    clusters = one([share * size for size, share in groups], [0.3 * size for size in sizes], sizes)
    lower, upper = exact_interval(clusters, NO)
    mean = clusters.payoff.sum() / sum(sizes) - 0.3
    assert -0.3 - 1e-9 <= lower[0] <= mean + 1e-9
    assert mean - 1e-9 <= upper[0] <= 0.7 + 1e-9


def test_units_do_not_disturb_each_other() -> None:
    both = Clusters(np.array([0, 3, 5]), np.ones(5, np.int64), np.array([1.0, 1, 1, 0, 1]), np.full(5, 0.25))
    alone = one([0.0, 1.0], [0.25, 0.25])
    assert log_p_values(both, np.array([True, True]))[1] == log_p_values(alone, YES)[0]


@pytest.mark.parametrize(("payoff", "cost"), [([1.2], [0.5]), ([-0.1], [0.5]), ([float("nan")], [0.5]), ([1.0], [0.0])])
def test_impossible_payoffs_and_costs_are_a_bug(payoff: list[float], cost: list[float]) -> None:
    with pytest.raises(AssertionError):
        log_p_values(one(payoff, cost), NO)


def test_a_price_of_one_leaves_nothing_to_prove() -> None:
    assert log_p_values(one([1.0, 1.0], [1.0, 1.02]), YES)[0] == 0.0
