"""Shares of the budget: never more than all or than a limit, less for who bets alike, nothing for no edge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.allocation import (
    LEAST_OUTCOMES,
    AllocationRule,
    allocate,
    blocs,
    outcome_correlation,
    prior_belief,
    size_multipliers,
    thompson_scores,
)
from whaletrader.domain.pruning import Outcome
from whaletrader.domain.values import MICRO
from whaletrader.quant.bandit import NormalInverseGamma
from whaletrader.quant.covariance import shrunk_correlation

RULE = AllocationRule()
WHOLE = AllocationRule(max_share_micro=MICRO, max_correlation_micro=MICRO)


def belief(edge=0.05, strength=30.0):
    return NormalInverseGamma(edge, strength, 3.0, 0.4)


def outcomes(*edges, first=0):
    return [
        Outcome(event_group_id=f"{first + n:03}", edge_micro=edge, cost_micro=500_000) for n, edge in enumerate(edges)
    ]


def by_loop(scores, correlation, rule):
    """The allocation draw by draw and leader by leader."""
    draws, leaders = scores.shape
    shares = [0.0] * leaders
    for draw in range(draws):
        fair = []
        for one in range(leaders):
            crowd = 1.0
            for other in range(leaders):
                if other != one and scores[draw, other] > 0.0:
                    crowd += min(max(correlation[one, other], 0.0), 1.0)
            fair.append(scores[draw, one] / crowd)
        if sum(fair) > 0.0:
            shares = [share + each / sum(fair) / draws for share, each in zip(shares, fair, strict=True)]
    for bloc in blocs(correlation, rule.max_correlation_micro / MICRO):
        together = sum(shares[one] for one in bloc)
        for one in bloc:
            shares[one] *= min(1.0, rule.max_share_micro / MICRO / max(together, 1e-300))
    return shares


@st.composite
def cases(draw):
    leaders = draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scores = np.where(rng.random((draw(st.integers(1, 5)), leaders)) < 0.3, 0.0, rng.random(leaders))
    root = rng.standard_normal((leaders, draw(st.integers(1, 4))))
    covariance = root @ root.T + 0.1 * np.eye(leaders)
    scale = np.sqrt(np.diag(covariance))
    return scores, covariance / np.outer(scale, scale)


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(50_000, MICRO), st.integers(200_000, MICRO))
def test_shares_are_those_of_the_plain_loop_and_within_every_limit(case, limit, alike):
    scores, correlation = case
    rule = AllocationRule(max_share_micro=limit, max_correlation_micro=alike)
    shares = allocate(scores, correlation, rule)
    assert shares == pytest.approx([share * MICRO for share in by_loop(scores, correlation, rule)], abs=1.01)
    assert 0 <= sum(shares) <= MICRO
    for bloc in blocs(correlation, alike / MICRO):
        assert sum(shares[one] for one in bloc) <= limit
    assert all(share == 0 for share, column in zip(shares, scores.T, strict=True) if not column.any())
    assert all(0 <= left <= MICRO for left in size_multipliers(shares, rule))


def test_equal_leaders_get_equal_parts():
    assert allocate(np.ones((3, 4)), np.eye(4), RULE) == (250_000,) * 4
    assert size_multipliers((250_000,) * 4, RULE) == (MICRO,) * 4


def test_one_leader_alone_is_cut_to_the_limit_and_keeps_his_whole_size():
    (share,) = allocate(np.array([[0.2], [0.0]]), np.eye(1), RULE)
    assert share == 300_000
    assert size_multipliers((share,), RULE) == (MICRO,)


def test_a_share_below_an_equal_part_lessens_the_size_and_one_above_raises_none():
    assert size_multipliers((100_000, 250_000, 250_000, 290_000), RULE) == (400_000, MICRO, MICRO, MICRO)


def test_leaders_who_bet_alike_share_one_share():
    alike = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
    shares = allocate(np.ones((1, 3)), alike, RULE)
    assert shares[0] == shares[1] == 150_000
    assert shares[2] == 300_000
    assert allocate(np.ones((1, 3)), alike, WHOLE)[2] > allocate(np.ones((1, 3)), np.eye(3), WHOLE)[2]


def test_leaders_who_bet_against_each_other_do_not_crowd():
    opposed = np.array([[1.0, -0.9], [-0.9, 1.0]])
    assert allocate(np.ones((1, 2)), opposed, WHOLE) == allocate(np.ones((1, 2)), np.eye(2), WHOLE)


def test_nobody_and_nothing_get_nothing():
    assert allocate(np.zeros((3, 0)), np.zeros((0, 0)), RULE) == ()
    assert size_multipliers((), RULE) == ()
    assert allocate(np.zeros((3, 2)), np.eye(2), RULE) == (0, 0)
    assert size_multipliers((0, 0), RULE) == (0, 0)


def test_blocs_are_linked_through_others():
    chain = np.eye(4)
    for one, other in ((0, 2), (2, 3)):
        chain[one, other] = chain[other, one] = 0.8
    assert blocs(chain, 0.7) == [[0, 2, 3], [1]]
    assert blocs(chain, 0.9) == [[0], [1], [2], [3]]


def test_scores_are_nothing_where_the_drawn_edge_is_not_positive():
    beliefs = [belief(0.05), belief(-0.5, 1_000.0), belief(0.5, 1_000.0)]
    scores = thompson_scores(beliefs, np.random.default_rng(3), 500)
    assert scores.shape == (500, 3)
    assert scores.min() == 0.0
    assert not scores[:, 1].any()
    assert scores[:, 2].all()
    drawn, variances = beliefs[0].draw(np.random.default_rng(3), 500)
    assert np.array_equal(scores[:, 0], np.where(drawn > 0.0, drawn / variances, 0.0))


def test_the_same_generator_gives_the_same_scores():
    draws = [thompson_scores([belief(), belief(0.1)], np.random.default_rng(9), 10) for _ in range(2)]
    assert np.array_equal(*draws)


def test_a_better_belief_gets_a_greater_share():
    scores = thompson_scores([belief(0.02), belief(0.08), belief(0.04)], np.random.default_rng(1), 2_000)
    low, high, middle = allocate(scores, np.eye(3), WHOLE)
    assert low < middle < high


def test_leaders_in_the_same_groups_correlate_and_leaders_apart_do_not():
    rng = np.random.default_rng(2)
    edges = [int(edge) for edge in rng.choice([-500_000, 500_000], 200)]
    same, apart = outcomes(*edges), outcomes(*edges, first=500)
    found = outcome_correlation([outcomes(*edges), same, apart, outcomes(*(-edge for edge in edges))])
    assert found[0, 1] > 0.9
    assert abs(found[0, 2]) < 0.1
    assert found[0, 3] < -0.9


def test_the_correlation_is_the_shrunk_one_of_the_table_of_groups():
    first, second = outcomes(*range(1, 31)), outcomes(*range(40, 20, -1), first=5)
    table = np.zeros((30, 2))
    table[:, 0] = np.arange(1, 31)
    table[5:25, 1] = np.arange(40, 20, -1)
    assert np.allclose(outcome_correlation([first, second]), shrunk_correlation(table / MICRO), atol=1e-12)


def test_with_few_outcomes_nobody_is_said_to_bet_alike():
    few = outcomes(*[100_000] * (LEAST_OUTCOMES - 1))
    assert np.array_equal(outcome_correlation([few, few]), np.eye(2))
    assert outcome_correlation([]).shape == (0, 0)


@pytest.mark.parametrize(("groups", "strength"), [(0, 1.0), (12, 12.0), (500, 30.0)])
def test_the_scans_edge_counts_as_so_many_observations(groups, strength):
    prior = prior_belief(50_000, 400_000, groups)
    assert (prior.mean, prior.strength) == (0.05, strength)
    assert prior.scale / (prior.shape - 1.0) == pytest.approx(0.16)
