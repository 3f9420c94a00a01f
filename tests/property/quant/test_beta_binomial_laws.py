"""Whatever was bet: winning helps, paying more for the same hits hurts, and the other side is the mirror."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant.beta_binomial import StrengthPosterior, StrengthPrior, strength_posterior

BETS = st.lists(st.tuples(st.integers(1, 98), st.booleans()), min_size=1, max_size=30)
PRIORS = st.builds(StrengthPrior, st.floats(0.3, 0.7), st.floats(2.0, 500.0), st.just(0.0))


def judged(prior: StrengthPrior, hits: np.ndarray, prices: np.ndarray) -> StrengthPosterior:
    return strength_posterior(prior, hits, prices, np.array([0, hits.size]))


@given(PRIORS, BETS)
@settings(max_examples=40, deadline=None)
def test_a_hit_more_raises_and_a_cent_more_lowers_the_strength(prior: StrengthPrior, bets: list) -> None:
    prices, hits = np.array([p / 100 for p, _ in bets]), np.array([float(h) for _, h in bets])
    found = judged(prior, hits, prices)
    better = judged(prior, np.maximum(hits, np.arange(hits.size) == 0), prices)
    assert better.strengths[0] >= found.strengths[0] - 1e-12
    assert judged(prior, hits, prices + 0.01).strengths[0] < found.strengths[0]
    assert found.lower[0] <= found.edges[0] + 1e-9 or found.probabilities[0] < 0.05


@given(PRIORS, BETS)
@settings(max_examples=40, deadline=None)
def test_the_other_side_of_every_bet_is_the_mirror(prior: StrengthPrior, bets: list) -> None:
    prices, hits = np.array([p / 100 for p, _ in bets]), np.array([float(h) for _, h in bets])
    found = judged(prior, hits, prices)
    other = judged(StrengthPrior(1.0 - prior.mean, prior.precision, 0.0), 1.0 - hits, 1.0 - prices)
    assert other.edges[0] == pytest.approx(-found.edges[0], abs=1e-9)
    assert other.strengths[0] == pytest.approx(1.0 - found.strengths[0], abs=1e-9)
    assert other.probabilities[0] == pytest.approx(1.0 - found.probabilities[0], abs=1e-9)
