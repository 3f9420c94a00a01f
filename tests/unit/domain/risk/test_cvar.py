"""CVaR over independent event groups against the brute-force product of their scenarios."""

import random

import numpy as np
import pytest

from tests.support.risk import brute_cvar
from whaletrader.domain.risk.cvar import CELLS, MAX_ENUMERATED, rest_of_book
from whaletrader.domain.risk.scenarios import PROB_ONE, loss_range, probability

LEVEL = 975_000
DOLLAR = 1_000_000


def read(groups, level=LEVEL):
    rest = rest_of_book(groups[:-1], loss_range(groups[-1]))
    return rest.cvar_micro(groups[-1], level), rest.unit_micro


def random_group(draw, scenarios):
    cuts = sorted(draw.randrange(PROB_ONE) for _ in range(scenarios - 1))
    probs = [after - before for before, after in zip([0, *cuts], [*cuts, PROB_ONE], strict=True)]
    return [(draw.randrange(-100 * DOLLAR, 100 * DOLLAR), prob) for prob in probs]


def even(stake):
    return [(stake, PROB_ONE // 2), (-stake, PROB_ONE // 2)]


def test_a_book_of_cash_has_no_risk():
    assert rest_of_book([], 0).cvar_micro([(0, PROB_ONE)], LEVEL) == 0


def test_one_even_bet_loses_its_stake_in_the_tail():
    got, unit = read([even(100 * DOLLAR)])
    assert 100 * DOLLAR <= got <= 100 * DOLLAR + unit


def test_equally_likely_losses_have_the_tail_that_skfolio_reads():
    measures = pytest.importorskip("skfolio.measures", reason="skfolio is the oracle")
    losses = np.random.default_rng(5).integers(-100 * DOLLAR, 100 * DOLLAR, 256)
    got, unit = read([[(loss, PROB_ONE // 256) for loss in losses.tolist()]])
    exact = measures.cvar(-losses.astype(float), beta=0.975)
    assert exact - 1 <= got <= exact + unit + 100 * DOLLAR / 2**20


def test_the_tail_is_the_minimum_of_rockafellar_and_uryasev():
    draw = random.Random(3)
    (group,) = [random_group(draw, 40)]
    got, unit = read([group], 900_000)
    exact = min(x + sum(prob / PROB_ONE * max(loss - x, 0) for loss, prob in group) / 0.1 for x, _ in group)
    assert exact - 1 <= got <= exact + unit + 100 * DOLLAR / 2**20


def test_a_loss_rarer_than_the_tail_is_averaged_with_the_gains_beside_it():
    rare = probability(10_000)
    groups = [[(99 * DOLLAR, rare), (-DOLLAR, PROB_ONE - rare)]]
    got, unit = read(groups)
    assert brute_cvar(groups) <= got <= brute_cvar(groups) + 2 * unit
    assert got < 99 * DOLLAR


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_enumerated_books_are_exact_up_to_the_stated_unit(count):
    draw = random.Random(count)
    for _ in range(8):
        groups = [random_group(draw, draw.choice([2, 2, 3])) for _ in range(count)]
        exact = brute_cvar(groups)
        got, unit = read(groups)
        slack = (count + 2) * unit + 100 * DOLLAR * count * MAX_ENUMERATED // 2**27
        assert exact <= got <= exact + slack


@pytest.mark.parametrize("count", [11, 12])
def test_books_on_the_lattice_are_never_below_the_exact_risk_and_close_above(count):
    draw = random.Random(count)
    for _ in range(3):
        groups = [random_group(draw, 2) for _ in range(count)]
        exact = brute_cvar(groups)
        got, _ = read(groups)
        spread = sum(loss_range(group) for group in groups)
        assert exact <= got <= exact + spread / CELLS


def test_twenty_equal_even_bets_fit_the_limit_only_at_about_half_a_percent_each():
    equity = 10_000 * DOLLAR
    share = {}
    for permille in (4, 5, 6):
        groups = [even(equity * permille // 1000)] * 20
        share[permille] = read(groups)[0] / equity
    assert share[4] < 0.05 < share[6]


def test_a_group_of_many_outcomes_counts_each_scenario():
    third = PROB_ONE // 3
    groups = [[(60 * DOLLAR, third), (-30 * DOLLAR, third), (-30 * DOLLAR, PROB_ONE - 2 * third)], even(10 * DOLLAR)]
    got, unit = read(groups)
    assert brute_cvar(groups) <= got <= brute_cvar(groups) + 4 * unit


def test_the_order_of_the_groups_does_not_matter():
    draw = random.Random(5)
    groups = [random_group(draw, 2) for _ in range(6)]
    forward, unit = read(groups)
    backward, _ = read(groups[::-1])
    assert abs(forward - backward) <= 8 * unit


def test_a_scenario_that_cannot_happen_changes_nothing():
    with_ghost = [[(10**9, 0), (DOLLAR, PROB_ONE // 2), (-DOLLAR, PROB_ONE // 2)]]
    got, unit = read(with_ghost)
    assert DOLLAR <= got <= DOLLAR + 2 * unit


def test_risk_grows_with_the_level():
    draw = random.Random(9)
    groups = [random_group(draw, 2) for _ in range(7)]
    found = [read(groups, level)[0] for level in (500_000, 900_000, 975_000, 999_000)]
    assert found == sorted(found)


def test_mass_is_kept_whole_on_both_ways():
    for count in (3, 12):
        rest = rest_of_book([even(DOLLAR * (k + 1)) for k in range(count)], DOLLAR)
        assert int(rest.mass_from[0]) == 1 << 32
        assert np.all(np.diff(rest.points) >= 0)


def test_large_books_do_not_overflow():
    million = 10**6 * DOLLAR
    groups = [even(million * (k + 1)) for k in range(8)]
    got, unit = read(groups)
    exact = brute_cvar(groups)
    assert exact <= got <= exact + 100 * unit
    lattice, _ = read([even(million)] * 20)
    assert 0 < lattice < 20 * million


def test_the_same_book_is_read_the_same_twice():
    draw = random.Random(3)
    groups = [random_group(draw, 3) for _ in range(9)]
    assert read(groups) == read(groups)
