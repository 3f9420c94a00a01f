"""Scenarios of an event group: one market, many exclusive ones, and several whose joint law nobody knows."""

import pytest

from whaletrader.domain.risk.scenarios import (
    PROB_ONE,
    Leg,
    deviation_risk,
    group_scenarios,
    loss_range,
    probability,
)

HALF = PROB_ONE // 2
LEVEL = 975_000


def total(scenarios):
    return sum(prob for _, prob in scenarios)


def test_a_price_is_a_probability_rounded_down_and_kept_within_one():
    assert probability(500_000) == HALF
    assert probability(0) == 0
    assert probability(1_000_000) == PROB_ONE
    assert probability(-5) == 0
    assert probability(1_200_000) == PROB_ONE
    assert probability(333_333) == 333_333 * PROB_ONE // 1_000_000


def test_a_lone_market_has_two_scenarios():
    assert group_scenarios([Leg(HALF // 2, -60, 40)], False) == [(-60, HALF // 2), (40, PROB_ONE - HALF // 2)]


def test_a_lone_market_of_a_neg_risk_group_leaves_the_rest_to_an_unknown_winner():
    assert group_scenarios([Leg(HALF // 2, -60, 40)], True) == [(-60, HALF // 2), (40, PROB_ONE - HALF // 2)]


def test_in_a_neg_risk_group_exactly_one_market_wins_or_one_that_we_are_not_in():
    legs = [Leg(probability(300_000), -70, 30), Leg(probability(500_000), -50, 50)]
    found = group_scenarios(legs, True)
    assert [loss for loss, _ in found] == [-70 + 50, 30 - 50, 30 + 50]
    assert total(found) == PROB_ONE
    assert found[2][1] == pytest.approx(0.2 * PROB_ONE, abs=2)


def test_prices_that_sum_to_more_than_one_are_normalised_and_leave_no_rest():
    legs = [Leg(probability(600_000), 1, 2), Leg(probability(600_000), 3, 4)]
    found = group_scenarios(legs, True)
    assert found[0][1] == found[1][1]
    assert found[2][1] <= 2
    assert total(found) == PROB_ONE


def test_owning_the_no_of_every_outcome_wins_all_but_one():
    legs = [Leg(probability(250_000), 75, -25) for _ in range(4)]
    found = group_scenarios(legs, True)
    assert {loss for loss, prob in found if prob > 4} == {75 - 3 * 25}


def test_markets_with_an_unknown_joint_law_lose_together():
    legs = [Leg(probability(900_000), -10, 90), Leg(probability(600_000), -40, 60)]
    found = group_scenarios(legs, False)
    assert [loss for loss, _ in found] == [150, 50, -50]
    assert total(found) == PROB_ONE
    assert found[0][1] == PROB_ONE - probability(900_000)


def test_the_worse_outcome_of_each_market_is_its_own():
    legs = [Leg(HALF, 90, -10), Leg(HALF, -40, 60)]
    assert group_scenarios(legs, False) == [(150, HALF), (50, 0), (-50, HALF)]


def test_the_range_of_losses_is_the_greatest_less_the_least():
    assert loss_range([(5, 1), (-3, 1), (4, 1)]) == 8


def test_risk_for_comparison_is_that_of_the_worst_tail_less_the_mean():
    scenarios = [(100, HALF), (-100, HALF)]
    tail = PROB_ONE * 25_000
    assert deviation_risk(scenarios, LEVEL) == 100 * tail * PROB_ONE


def test_risk_for_comparison_grows_with_the_size_of_a_bet():
    risks = [deviation_risk([(size, HALF), (-size, HALF)], LEVEL) for size in (0, 1, 2, 1000)]
    assert risks == sorted(risks)
    assert risks[0] == 0


def test_a_certain_loss_is_no_risk_for_comparison():
    assert deviation_risk([(77, PROB_ONE)], LEVEL) == 0
