"""The edge over the price paid: the simulated truth comes back, and a cheap win rate proves nothing."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from whaletrader.quant.beta_binomial import (
    PRECISION_MOST,
    StrengthPrior,
    fit_strength_prior,
    strength_posterior,
)

Bets = tuple[np.ndarray, np.ndarray, np.ndarray]


def hit_probability(strength: np.ndarray | float, price: np.ndarray | float) -> np.ndarray | float:
    return strength * price / (strength * price + (1 - strength) * (1 - price))


def drawn(seed: int, wallets: int, bets: int, mean: float, precision: float) -> tuple[Bets, np.ndarray]:
    """Hits of wallets of Beta strengths at prices from 0.05 to 0.95; and each wallet's true edge per bet."""
    rng = np.random.default_rng(seed)
    strengths = rng.beta(mean * precision, (1 - mean) * precision, wallets)
    prices = rng.uniform(0.05, 0.95, (wallets, bets))
    probabilities = hit_probability(strengths[:, None], prices)
    hits = (rng.random((wallets, bets)) < probabilities).astype(float)
    return (hits.ravel(), prices.ravel(), np.arange(wallets + 1) * bets), (probabilities - prices).mean(axis=1)


@pytest.mark.parametrize(("mean", "precision"), [(0.5, 40.0), (0.47, 15.0), (0.54, 80.0)])
def test_the_simulated_law_of_strengths_comes_back(mean: float, precision: float) -> None:
    found = [fit_strength_prior(*drawn(seed, 600, 80, mean, precision)[0]) for seed in range(4)]
    between, within = mean * (1 - mean) / (precision + 1), 0.4 / 80
    error = math.sqrt((between + within) / (4 * 600))
    assert np.mean([prior.mean for prior in found]) == pytest.approx(mean, abs=3 * error)
    assert np.median([prior.precision for prior in found]) == pytest.approx(precision, rel=0.2)


def test_wallets_that_differ_by_luck_alone_are_shrunk_into_one() -> None:
    rng = np.random.default_rng(2)
    prices = rng.uniform(0.05, 0.95, 400 * 50)
    bets = ((rng.random(prices.size) < prices).astype(float), prices, np.arange(401) * 50)
    found = strength_posterior(fit_strength_prior(*bets), *bets)
    raw = (bets[0] - prices).reshape(400, 50).mean(axis=1)
    assert raw.max() > 0.1
    assert np.abs(found.edges).max() < 0.03


def test_shrunken_edges_are_nearer_to_the_truth_and_unbiased_where_they_were_selected() -> None:
    bets, truth = drawn(3, 800, 40, 0.5, 40.0)
    found = strength_posterior(fit_strength_prior(*bets), *bets)
    raw = (bets[0] - bets[1]).reshape(800, 40).mean(axis=1)
    assert np.mean((found.edges - truth) ** 2) < 0.6 * np.mean((raw - truth) ** 2)
    best = np.argsort(found.edges)[-80:]
    assert found.edges[best].mean() == pytest.approx(truth[best].mean(), abs=0.015)
    assert raw[best].mean() > truth[best].mean() + 0.03


def test_lower_bounds_and_probabilities_are_calibrated() -> None:
    bets, truth = drawn(4, 1_000, 30, 0.5, 30.0)
    found = strength_posterior(fit_strength_prior(*bets), *bets, confidence=0.9)
    assert np.mean(truth >= found.lower) == pytest.approx(0.9, abs=0.03)
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.0)):
        inside = (found.probabilities >= low) & (found.probabilities < high)
        share = found.probabilities[inside].mean()
        assert np.mean(truth[inside] > 0) == pytest.approx(share, abs=4 * math.sqrt(0.25 / inside.sum()))


def test_a_98_percent_win_rate_at_a_price_of_95_cents_is_no_edge() -> None:
    """Among wallets without skill, 49 of 50 at 0.95 stands behind 33 of 50 at 0.5, though it won far more often."""
    rng = np.random.default_rng(5)
    prices = np.repeat(np.where(np.arange(300) % 2 == 0, 0.95, 0.5), 50)
    hits = (rng.random(prices.size) < prices).astype(float)
    hits[:50], hits[50:100] = np.arange(50) < 49, np.arange(50) < 33
    bets = (hits, prices, np.arange(301) * 50)
    found = strength_posterior(fit_strength_prior(*bets), *bets)
    assert found.edges[0] < 0.01
    assert found.lower[0] <= 0.0
    assert found.probabilities[0] < 0.95
    assert found.strengths[0] < found.strengths[1]
    ignoring_prices = (bets[0], np.full(prices.size, 0.5), bets[2])
    fooled = strength_posterior(fit_strength_prior(*ignoring_prices), *ignoring_prices)
    assert fooled.lower[0] > 0.3
    assert fooled.edges[0] > fooled.edges[1]


@pytest.mark.parametrize(("mean", "precision"), [(0.5, 20.0), (0.3, 4.0), (0.6, 500.0)])
def test_at_even_money_it_is_the_beta_binomial(mean: float, precision: float) -> None:
    a, b = mean * precision, (1 - mean) * precision
    prior = StrengthPrior(mean, precision, 0.0)
    for n, wins in ((1, 0), (1, 1), (30, 22), (200, 90)):
        hits = (np.arange(n) < wins).astype(float)
        found = strength_posterior(prior, hits, np.full(n, 0.5), np.array([0, n]))
        posterior = stats.beta(a + wins, b + n - wins)
        assert found.strengths[0] == pytest.approx(posterior.mean(), abs=1e-8)
        assert found.edges[0] == pytest.approx(posterior.mean() - 0.5, abs=1e-8)
        assert found.probabilities[0] == pytest.approx(posterior.sf(0.5), abs=1e-3)
        assert found.lower[0] == pytest.approx(posterior.ppf(0.05) - 0.5, abs=1e-3)


def test_at_even_money_the_likelihood_is_scipys_and_no_other_law_reaches_a_greater_one() -> None:
    rng = np.random.default_rng(6)
    wins = rng.binomial(25, rng.beta(8, 12, 300))
    hits = (np.arange(25)[None, :] < wins[:, None]).astype(float).ravel()
    found = fit_strength_prior(hits, np.full(hits.size, 0.5), np.arange(301) * 25)

    def log_likelihood(mean: float, precision: float) -> float:
        ways = np.array([math.log(math.comb(25, int(w))) for w in wins])
        return float((stats.betabinom.logpmf(wins, 25, mean * precision, (1 - mean) * precision) - ways).sum())

    assert found.log_likelihood == pytest.approx(log_likelihood(found.mean, found.precision), abs=1e-6)
    for other in ((1.01, 1.0), (0.99, 1.0), (1.0, 1.05), (1.0, 0.95)):
        assert log_likelihood(found.mean * other[0], found.precision * other[1]) < found.log_likelihood


def test_with_a_price_per_bet_the_posterior_follows_the_plain_integral() -> None:
    prices, hits = [0.1, 0.35, 0.5, 0.8, 0.93], [1.0, 0.0, 1.0, 1.0, 0.0]
    law = stats.beta(0.45 * 12, 0.55 * 12)

    def weighted(value) -> float:
        def integrand(s: float) -> float:
            like = law.pdf(s) * value(s)
            for q, hit in zip(prices, hits, strict=True):
                p = hit_probability(s, q)
                like *= p if hit else 1 - p
            return like

        return float(quad(integrand, 0.0, 1.0, epsabs=1e-13)[0])

    total = weighted(lambda s: 1.0)
    edge = weighted(lambda s: sum(hit_probability(s, q) - q for q in prices) / 5) / total
    found = strength_posterior(StrengthPrior(0.45, 12.0, 0.0), np.array(hits), np.array(prices), np.array([0, 5]))
    assert found.edges[0] == pytest.approx(edge, abs=1e-8)
    assert found.strengths[0] == pytest.approx(weighted(lambda s: s) / total, abs=1e-8)


def test_one_wallet_with_one_bet_gives_numbers_and_the_precision_stays_within_its_limits() -> None:
    bets = (np.ones(1), np.array([0.4]), np.array([0, 1]))
    prior = fit_strength_prior(*bets)
    found = strength_posterior(prior, *bets)
    assert 1.0 <= prior.precision <= PRECISION_MOST * (1 + 1e-9)
    assert all(bool(np.isfinite(each).all()) for each in (found.edges, found.lower, found.strengths))


@pytest.mark.parametrize(
    ("hits", "prices", "offsets"),
    [
        ([1.0], [1.0], [0, 1]),
        ([1.0], [0.0], [0, 1]),
        ([0.5], [0.5], [0, 1]),
        ([1.0], [math.nan], [0, 1]),
        ([1.0], [0.5], [0, 0, 1]),
        ([1.0, 0.0], [0.5, 0.5], [0, 1]),
    ],
)
def test_a_bet_without_a_price_or_a_wallet_without_a_bet_is_a_bug(hits, prices, offsets) -> None:
    with pytest.raises(AssertionError):
        fit_strength_prior(np.array(hits), np.array(prices), np.array(offsets))
