"""Event groups as clusters: sums, first entries, and which of a unit's groups are passed on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from whaletrader.universe.evidence_kernel import event_groups, first_bets, flaws, groups_of, rarer_side

MICRO = 1_000_000
Bet = tuple[int, int, bool, int]
"""Event group, cost in hundredths, won, day."""


def columns(units: list[list[Bet]]) -> list[NDArray[np.int64]]:
    flat = [bet for unit in units for bet in sorted(unit, key=lambda bet: bet[0])]
    offsets = np.concatenate([[0], np.cumsum([len(unit) for unit in units])])
    group, cost, won, day = (np.array([bet[k] for bet in flat], np.int64) for k in range(4))
    return [offsets, group, won * MICRO - cost * 10_000, cost * 10_000, day]


BETS = st.tuples(st.integers(0, 3), st.integers(1, 99), st.booleans(), st.integers(0, 5))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(BETS, min_size=1, max_size=10), min_size=1, max_size=5))
def test_event_groups_are_those_of_a_plain_loop(units: list[list[Bet]]) -> None:
    found = event_groups(*columns(units))
    at = 0
    for u, unit in enumerate(units):
        assert found.clusters.offsets[u] == at
        for group in sorted({bet[0] for bet in unit}):
            bets = [bet for bet in unit if bet[0] == group]
            first = min(bets, key=lambda bet: bet[3])
            assert found.clusters.bets[at] == len(bets)
            assert found.clusters.payoff[at] == pytest.approx(sum(bet[2] for bet in bets))
            assert found.clusters.cost[at] == pytest.approx(sum(bet[1] for bet in bets) / 100)
            assert found.day[at] == first[3]
            assert (found.first_payoff[at], found.first_cost[at]) == pytest.approx((float(first[2]), first[1] / 100))
            at += 1
    assert found.clusters.offsets[-1] == at == found.clusters.bets.size


def example() -> list[list[Bet]]:
    return [[(1, 50, True, 3), (1, 40, False, 1), (2, 60, True, 5)], [(9, 20, False, 0)], [(4, 30, True, 2)]]


def test_chosen_units_keep_their_groups() -> None:
    whole = event_groups(*columns(example()))
    some = groups_of(whole, np.array([0, 2]))
    assert some.clusters.offsets.tolist() == [0, 2, 3]
    assert some.clusters.bets.tolist() == [2, 1, 1]
    assert some.day.tolist() == [1, 5, 2]
    assert groups_of(whole, np.zeros(0, np.int64)).clusters.offsets.tolist() == [0]


def test_a_group_counts_once_by_its_first_bet() -> None:
    first = first_bets(event_groups(*columns(example())))
    assert first.payoff.tolist() == [0.0, 1.0, 0.0, 1.0]
    assert first.cost.tolist() == [0.4, 0.6, 0.2, 0.3]
    assert first.bets.tolist() == [1, 1, 1, 1]


def test_the_rarer_side_is_the_smaller_number_of_groups_that_gained_or_lost() -> None:
    units = [[(g, 50, g < 2, 0) for g in range(7)], [(g, 50, True, 0) for g in range(4)]]
    assert rarer_side(event_groups(*columns(units)).clusters).tolist() == [2, 0]


def test_impossible_amounts_are_told_apart() -> None:
    offsets = np.array([0, 1, 2, 3, 4])
    edge, cost = np.array([MICRO, MICRO // 2 + 1, -MICRO // 2 - 2, -1]), np.array([0, MICRO // 2, MICRO // 2, 700_000])
    free, outside = flaws(offsets, edge, cost)
    assert free.tolist() == [True, False, False, False]
    assert outside.tolist() == [False, True, True, False]
