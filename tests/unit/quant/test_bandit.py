"""Online updates are a refit, the posterior is the textbook's, and forgetting goes back to the prior."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from whaletrader.quant.bandit import FadingMoments, NormalInverseGamma, moments_of

PRIOR = NormalInverseGamma(mean=0.05, strength=20.0, shape=3.0, scale=0.4)
returns = st.lists(st.floats(-1.0, 1.0), max_size=80)
discounts = st.floats(0.5, 1.0)


def folded(values, discount=1.0):
    moments = FadingMoments()
    for value in values:
        moments = moments.update(value, discount)
    return moments


def loop(values, discount):
    """Weights, mean and squares by their definition."""
    weights = [discount ** (len(values) - 1 - i) for i in range(len(values))]
    mean = sum(w * x for w, x in zip(weights, values, strict=True)) / sum(weights)
    return sum(weights), mean, sum(w * (x - mean) ** 2 for w, x in zip(weights, values, strict=True))


@settings(max_examples=200, deadline=None)
@given(returns, discounts)
def test_updates_one_at_a_time_equal_a_refit_from_all_data(values, discount):
    online, refit = PRIOR.after(folded(values, discount)), PRIOR.after(moments_of(np.array(values), discount))
    for name in ("strength", "shape", "scale"):
        assert getattr(online, name) == pytest.approx(getattr(refit, name), rel=1e-12)
    assert online.mean == pytest.approx(refit.mean, rel=1e-12, abs=1e-14)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=60), discounts)
def test_the_moments_are_those_of_the_definition(values, discount):
    found, (weight, mean, squares) = moments_of(np.array(values), discount), loop(values, discount)
    assert found.weight == pytest.approx(weight, rel=1e-12)
    assert found.mean == pytest.approx(mean, rel=1e-9, abs=1e-12)
    assert found.squares == pytest.approx(squares, rel=1e-9, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(returns, returns)
def test_without_forgetting_a_posterior_is_the_next_prior(first, second):
    at_once = PRIOR.after(moments_of(np.array(first + second)))
    in_turn = PRIOR.after(moments_of(np.array(first))).after(moments_of(np.array(second)))
    for name in ("mean", "strength", "shape", "scale"):
        assert getattr(in_turn, name) == pytest.approx(getattr(at_once, name), rel=1e-9, abs=1e-12)


def test_nothing_observed_leaves_the_prior():
    assert PRIOR.after(FadingMoments()) == PRIOR
    assert moments_of(np.zeros(0)) == FadingMoments()


def test_the_posterior_is_proportional_to_prior_times_likelihood():
    values = np.array([0.4, -0.5, 0.3, 0.45, -0.2])
    posterior = PRIOR.after(moments_of(values))

    def log_density(belief, mean, variance):
        normal = stats.norm.logpdf(mean, belief.mean, np.sqrt(variance / belief.strength))
        return normal + stats.invgamma.logpdf(variance, belief.shape, scale=belief.scale)

    points = [(0.0, 0.1), (0.1, 0.2), (-0.2, 0.05), (0.3, 0.4)]
    gaps = [
        log_density(PRIOR, m, v) + stats.norm.logpdf(values, m, np.sqrt(v)).sum() - log_density(posterior, m, v)
        for m, v in points
    ]
    assert np.ptp(gaps) < 1e-9


@pytest.mark.parametrize("bound", [-0.3, 0.0, 0.05, 0.2])
def test_marginal_and_predictive_are_students_t(bound):
    spread = sqrt(PRIOR.scale / (PRIOR.shape * PRIOR.strength))
    assert PRIOR.probability_below(bound) == pytest.approx(stats.t.cdf(bound, 6, 0.05, spread), abs=1e-12)
    wide = sqrt(PRIOR.scale / PRIOR.shape * (1 + 1 / PRIOR.strength))
    assert PRIOR.predictive_below(bound) == pytest.approx(stats.t.cdf(bound, 6, 0.05, wide), abs=1e-12)


def test_draws_follow_the_belief():
    means, variances = PRIOR.draw(np.random.default_rng(1), 40_000)
    spread = sqrt(PRIOR.scale / (PRIOR.shape * PRIOR.strength))
    assert stats.kstest(means, stats.t(6, 0.05, spread).cdf).pvalue > 1e-3
    assert stats.kstest(variances, stats.invgamma(3, scale=0.4).cdf).pvalue > 1e-3
    again = PRIOR.draw(np.random.default_rng(1), 40_000)
    assert np.array_equal(means, again[0])
    assert np.array_equal(variances, again[1])


def test_what_is_long_ago_is_forgotten_and_the_prior_is_not():
    long_ago = folded([-0.5] * 300 + [0.3] * 60, 0.9)
    assert long_ago.mean == pytest.approx(0.3, abs=0.01)
    assert long_ago.weight == pytest.approx(10.0, abs=0.01)
    believed = PRIOR.after(long_ago)
    assert PRIOR.mean < believed.mean < 0.3
    assert believed.strength == pytest.approx(30.0, abs=0.01)


def test_losses_make_a_loss_likelier():
    chances = [PRIOR.after(folded([-0.4] * n)).probability_below(0.0) for n in (0, 5, 20, 80)]
    assert chances == sorted(chances)
    assert chances[-1] > 0.99


@pytest.mark.parametrize("flaw", [{"strength": 0.0}, {"shape": -1.0}, {"scale": 0.0}])
def test_a_belief_that_is_no_distribution_is_a_bug(flaw):
    with pytest.raises(AssertionError):
        NormalInverseGamma(**{"mean": 0.0, "strength": 1.0, "shape": 1.0, "scale": 1.0, **flaw})


@pytest.mark.parametrize("discount", [0.0, 1.01, -1.0])
def test_a_discount_outside_its_range_is_a_bug(discount):
    with pytest.raises(AssertionError):
        FadingMoments().update(1.0, discount)
    with pytest.raises(AssertionError):
        moments_of(np.ones(2), discount)
