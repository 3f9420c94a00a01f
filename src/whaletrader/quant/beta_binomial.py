"""Empirical-Bayes beta-binomial of hits over the price paid: each bet has its own break-even probability.

A wallet has one strength s, the share it would hit at even money. At a break-even price q it hits with the odds of the
price times the odds of its strength, p = s q / (s q + (1 - s)(1 - q)): s = 1/2 is the price's own probability, no edge.
Strengths are drawn from a Beta law with a mean and a precision, fitted to all wallets by maximum likelihood. Where all
prices are 1/2 this is the beta-binomial. Bets are independent given s: bets that settle together belong into one.
"""

from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, expit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NODES = 401
PRECISION_LEAST, PRECISION_MOST = 1.0, 1e4
"""At the greatest precision the strengths differ by less than prices' ticks: all wallets are one."""
_MEAN_LEAST = 0.02
# Log odds on a sinh scale to +-50: fine (0.013) about an edge of nothing, coarse where no wallet is.
_U = np.linspace(-5.3, 5.3, NODES)
LOG_ODDS: Floats = 0.5 * np.sinh(_U)
_WEIGHTS: Floats = 0.5 * np.cosh(_U) * (_U[1] - _U[0])


@dataclass(frozen=True, slots=True)
class StrengthPrior:
    """Beta(mean * precision, (1 - mean) * precision) of the strengths, and the log likelihood (nats) it reaches."""

    mean: float
    precision: float
    log_likelihood: float


@dataclass(frozen=True, slots=True, eq=False)
class StrengthPosterior:
    """Per wallet, shape (U,): strength, edge per bet over the price, its lower bound, probability of any edge."""

    strengths: Floats
    edges: Floats
    lower: Floats
    probabilities: Floats


def _checked(hits: Floats, prices: Floats, offsets: Ints) -> tuple[Floats, Floats, Ints]:
    hits, prices = np.asarray(hits, np.float64), np.asarray(prices, np.float64)
    offsets = np.asarray(offsets, np.int64)
    assert hits.shape == prices.shape == (offsets[-1],), (hits.shape, prices.shape, offsets[-1])
    assert offsets[0] == 0, offsets[0]
    assert bool(np.all(np.diff(offsets) > 0)), "every wallet needs a bet"
    assert bool(np.all((hits == 0.0) | (hits == 1.0))), "a hit is 0 or 1"
    assert bool(np.all((prices > 0.0) & (prices < 1.0))), "a break-even price lies strictly between 0 and 1"
    return hits, prices, offsets


def _log_likelihoods(hits: Floats, prices: Floats, offsets: Ints) -> Floats:
    """Log likelihood of each wallet's hits at each node, shape (U, NODES)."""
    log_odds = np.log(prices) - np.log1p(-prices)
    found = np.empty((offsets.size - 1, NODES), np.float64)
    for u in range(offsets.size - 1):
        own = slice(int(offsets[u]), int(offsets[u + 1]))
        tilted = log_odds[own, None] + LOG_ODDS[None, :]
        found[u] = (hits[own, None] * tilted - np.logaddexp(0.0, tilted)).sum(axis=0)
    return found


def _prior_weights(mean: float, precision: float) -> Floats:
    """The prior's mass at each node, shape (NODES,), summing to 1."""
    a, b = mean * precision, (1.0 - mean) * precision
    density = -a * np.logaddexp(0.0, -LOG_ODDS) - b * np.logaddexp(0.0, LOG_ODDS) - betaln(a, b)
    mass = np.exp(density) * _WEIGHTS
    weights: Floats = mass / mass.sum()
    return weights


def fit_strength_prior(hits: Floats, prices: Floats, offsets: Ints) -> StrengthPrior:
    """Fit the law of the wallets' strengths to all their bets, by maximum likelihood.

    Parameters
    ----------
    hits, prices : ndarray
        Shape (N,): 1 where the bet won, else 0, and its break-even probability (price and costs per share), in (0, 1);
        the wallets' bets one after the other. Fit each category of markets alone where their wallets differ.
    offsets : ndarray
        Shape (U + 1,): wallet u owns bets offsets[u] to offsets[u + 1] - 1, at least one.

    Returns
    -------
    StrengthPrior
        Mean in [0.02, 0.98]; the precision stops at PRECISION_MOST where wallets differ by no more than luck.

    Notes
    -----
    Beta-binomial by maximum likelihood: Griffiths (1973), doi:10.2307/2529131. The price enters as an offset of the log
    odds, as in logistic regression (McCullagh & Nelder 1989, "Generalized Linear Models", ch. 4); the integral over s
    is a trapezoid sum on NODES fixed log odds, exact for means and to 0.001 for bounds up to
    20,000 bets a wallet.

    Examples
    --------
    >>> hits, wallets = np.tile([1.0, 0.0], 500), np.arange(0, 1001, 50)
    >>> found = fit_strength_prior(hits, np.full(1000, 0.5), wallets)
    >>> round(found.mean, 3), found.precision > 5_000  # wallets that do not differ at all
    (0.5, True)
    """
    likelihoods = _log_likelihoods(*_checked(hits, prices, offsets))
    greatest = likelihoods.max(axis=1)
    scaled = np.exp(likelihoods - greatest[:, None])

    def cost(at: Floats) -> float:
        marginal = _mixed(scaled, _prior_weights(float(expit(at[0])), exp(at[1])))
        return -float(np.mean(np.log(np.maximum(marginal, np.finfo(np.float64).tiny)) + greatest))

    edge = log((1.0 - _MEAN_LEAST) / _MEAN_LEAST)
    starts = [np.array([centre, log(size)]) for centre in (-0.5, 0.0, 0.5) for size in (3.0, 30.0, 300.0, 3000.0)]
    best = minimize(
        cost, min(starts, key=cost), method="L-BFGS-B",
        bounds=[(-edge, edge), (log(PRECISION_LEAST), log(PRECISION_MOST))],
        options={"ftol": 1e-13, "gtol": 1e-8},
    )  # fmt: skip
    return StrengthPrior(float(expit(best.x[0])), exp(best.x[1]), -float(best.fun) * (len(offsets) - 1))


def strength_posterior(
    prior: StrengthPrior, hits: Floats, prices: Floats, offsets: Ints, confidence: float = 0.95
) -> StrengthPosterior:
    """What the prior and its own bets say of each wallet.

    Parameters
    ----------
    prior : StrengthPrior
        As fitted, of these or of earlier wallets.
    hits, prices, offsets : ndarray
        As of `fit_strength_prior`.
    confidence : float
        One-sided, in (0.5, 1): the edge exceeds its lower bound with this posterior probability.

    Returns
    -------
    StrengthPosterior
        Edges are the mean over the wallet's bets of hit probability less price (per share, in (-1, 1)), averaged over
        the posterior; probabilities are those of s > 1/2. The prior's own uncertainty is not in them.

    Notes
    -----
    Empirical Bayes: Efron & Morris (1973), doi:10.1080/01621459.1973.10481350.

    Examples
    --------
    >>> prior, bets = StrengthPrior(0.5, 50.0, 0.0), np.array([0, 20])
    >>> at_95_cents = strength_posterior(prior, np.ones(20), np.full(20, 0.95), bets)
    >>> at_50_cents = strength_posterior(prior, np.ones(20), np.full(20, 0.50), bets)
    >>> bool(at_95_cents.edges[0] < 0.01 < 0.1 < at_50_cents.edges[0])
    True
    """
    assert 0.5 < confidence < 1.0, confidence
    hits, prices, offsets = _checked(hits, prices, offsets)
    likelihoods = _log_likelihoods(hits, prices, offsets)
    tiny = np.finfo(np.float64).tiny
    joint = likelihoods + np.log(np.maximum(_prior_weights(prior.mean, prior.precision), tiny))[None, :]
    weights = np.exp(joint - joint.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    edges, lower = np.empty(offsets.size - 1), np.empty(offsets.size - 1)
    for u in range(offsets.size - 1):
        at_nodes = _edge_at_nodes(prices[int(offsets[u]) : int(offsets[u + 1])])
        edges[u] = float(np.sum(weights[u] * at_nodes))
        # A node's mass lies half below and half above it.
        lower[u] = np.interp(1.0 - confidence, np.cumsum(weights[u]) - 0.5 * weights[u], at_nodes)
    middle = NODES // 2
    above = weights[:, middle + 1 :].sum(axis=1) + 0.5 * weights[:, middle]
    return StrengthPosterior(_mixed(weights, expit(LOG_ODDS)), edges, lower, above)


def _mixed(rows: Floats, weights: Floats) -> Floats:
    """Each row's weighted sum, shape (U,), without BLAS: its rounding may depend on the number of threads."""
    sums: Floats = np.einsum("un,n->u", rows, weights)
    return sums


def _edge_at_nodes(prices: Floats) -> Floats:
    """Mean of hit probability less price over the bets, at each node, shape (NODES,)."""
    log_odds = np.log(prices) - np.log1p(-prices)
    edges: Floats = (expit(log_odds[:, None] + LOG_ODDS[None, :]) - prices[:, None]).mean(axis=0)
    return edges
