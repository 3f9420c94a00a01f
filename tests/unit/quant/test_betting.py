"""Betting e-values against a plain loop, against the process for one bound, and without an edge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom

from whaletrader.quant.betting import ASSUMED_EDGES, log_e_values
from whaletrader.quant.bounded_mean import Clusters
from whaletrader.quant.sequential import EProcess, log_capital

Floats = NDArray[np.float64]


def one(payoff: Floats, cost: Floats, bets: NDArray[np.int64] | None = None) -> Clusters:
    sizes = np.ones(payoff.size, np.int64) if bets is None else bets
    return Clusters(np.array([0, payoff.size]), sizes, payoff, cost)


def plain(payoff: list[float], cost: list[float], edges: list[float]) -> tuple[float, float]:
    """Capital of the mixture, one bettor and one bet at a time, without any rescaling."""
    capital = [1.0 / (len(edges) + 1)] * (len(edges) + 1)
    peak, total, squares = 1.0, 0.0, 0.25
    for n, (x, c) in enumerate(zip(payoff, cost, strict=True)):
        shares = [min(edge / (1.0 - c), 0.9) for edge in edges]
        mean = total / (n + 1)
        bet = mean / (squares / (n + 1) + mean * mean)
        shares.append(min(max(bet, 0.0) * c, 0.5))
        capital = [value * (1.0 + share * (x / c - 1.0)) for value, share in zip(capital, shares, strict=True)]
        total += x - c
        squares += (x - c - total / (n + 2)) ** 2
        peak = max(peak, sum(capital))
    return np.log(sum(capital)), np.log(peak)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.02, 0.98)), min_size=1, max_size=40))
def test_the_capital_is_that_of_a_plain_loop(bets: list[tuple[float, float]]) -> None:
    payoff, cost = np.array(bets).T
    end, peak = log_e_values(one(payoff, cost), np.arange(payoff.size))
    assert (end[0], peak[0]) == pytest.approx(plain(payoff.tolist(), cost.tolist(), ASSUMED_EDGES.tolist()), abs=1e-9)


@pytest.mark.parametrize("bound", [0.1, 0.5, 0.83])
def test_at_one_cost_the_bettor_who_learns_is_the_e_process(bound: float) -> None:
    payoff = np.random.default_rng(1).beta(1.0, 1.0, 200)
    end, peak = log_e_values(one(payoff, np.full(200, bound)), np.arange(200), np.zeros(0))
    process = EProcess(bound)
    for value in payoff:
        process = process.update(float(value))
    assert end[0] == pytest.approx(process.log_value, abs=1e-9)
    assert peak[0] == pytest.approx(process.log_peak, abs=1e-9)
    assert end[0] == pytest.approx(log_capital(payoff, bound)[-1], abs=1e-9)


def test_bets_are_laid_in_the_order_of_entry_not_of_the_table() -> None:
    rng = np.random.default_rng(2)
    payoff, cost, when = (rng.random(50) < 0.6).astype(float), rng.uniform(0.3, 0.7, 50), rng.permutation(50)
    order = np.argsort(when)
    assert log_e_values(one(payoff, cost), when) == log_e_values(one(payoff[order], cost[order]), np.arange(50))


def test_a_group_of_several_bets_counts_with_its_means() -> None:
    payoff, cost = np.array([1.5, 0.0]), np.array([0.9, 0.4])
    several = log_e_values(one(payoff, cost, np.array([3, 1])), np.arange(2))
    assert several == log_e_values(one(np.array([0.5, 0.0]), np.array([0.3, 0.4])), np.arange(2))


def null(rng: np.random.Generator, units: int, n: int) -> Clusters:
    cost = rng.uniform(0.05, 0.95, units * n)
    payoff = np.where(rng.random(units * n) < 0.3, rng.beta(5 * cost, 5 * (1 - cost)), rng.random(units * n) < cost)
    return Clusters(np.arange(units + 1) * n, np.ones(units * n, np.int64), payoff, cost)


@pytest.mark.parametrize("n", [1, 20, 150])
def test_without_an_edge_the_expected_capital_is_one_and_it_seldom_grows(n: int) -> None:
    units = 20_000
    end, peak = log_e_values(null(np.random.default_rng(n), units, n), np.tile(np.arange(n), units))
    values = np.exp(end)
    assert values.mean() <= 1.0 + 4.0 * values.std() / np.sqrt(units)
    for level in (0.1, 0.05, 0.01):
        assert np.mean(peak >= -np.log(level)) <= binom.ppf(0.999, units, level) / units


def test_an_edge_makes_the_capital_grow_and_the_peak_is_never_below_the_end() -> None:
    rng = np.random.default_rng(3)
    cost = rng.uniform(0.3, 0.7, 300)
    end, peak = log_e_values(one((rng.random(300) < cost + 0.15).astype(float), cost), np.arange(300))
    assert peak[0] >= end[0] > 5.0


def test_small_steady_gains_are_noticed_by_the_bettor_who_learns() -> None:
    cost = np.full(300, 0.5)
    payoff = cost + np.random.default_rng(4).normal(0.02, 0.03, 300)
    assert log_e_values(one(payoff, cost), np.arange(300))[0][0] > np.log(1e3)


def test_thousands_of_wins_and_losses_neither_overflow_nor_vanish() -> None:
    many = 20_000
    won, lost = (log_e_values(one(np.full(many, x), np.full(many, 0.5)), np.arange(many))[0][0] for x in (1.0, 0.0))
    assert np.isfinite(won)
    assert won > 5_000.0
    assert np.isfinite(lost)
    assert lost < 0.0


def test_impossible_payoffs_and_costs_are_a_bug() -> None:
    for payoff, cost in ((1.5, 0.5), (-0.5, 0.5), (float("nan"), 0.5), (0.5, 0.0)):
        with pytest.raises(AssertionError):
            log_e_values(one(np.array([payoff]), np.array([cost])), np.arange(1))
