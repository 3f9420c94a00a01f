"""VaR and CVaR of discrete losses and of sums of independent ones."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from whaletrader.quant.tail import (
    LossLattice,
    add_independent,
    cvar,
    loss_lattice,
    sum_of_independent,
    value_at_risk,
)

DIE = np.arange(1.0, 7.0), np.full(6, 1 / 6)


def enumerated(groups: list[tuple[NDArray[np.int64], NDArray[np.float64]]]) -> tuple[list[float], list[float]]:
    losses, probs = [], []
    for draw in itertools.product(*[list(zip(*group, strict=True)) for group in groups]):
        losses.append(float(sum(loss for loss, _ in draw)))
        probs.append(float(np.prod([p for _, p in draw])))
    return losses, probs


def test_a_die() -> None:
    assert value_at_risk(*DIE, level=0.5) == 3.0
    assert cvar(*DIE, level=0.5) == pytest.approx(5.0)
    assert cvar(*DIE, level=5 / 6) == pytest.approx(6.0)


def test_an_atom_on_the_border_is_split() -> None:
    # the worst tenth of a 5 % chance to lose 100 is half of it
    assert cvar(np.array([0.0, 100.0]), np.array([0.95, 0.05]), 0.9) == pytest.approx(50.0)


def test_a_certain_loss_is_its_own_tail() -> None:
    assert cvar(np.array([7.0]), np.array([1.0])) == 7.0
    assert value_at_risk(np.array([7.0]), np.array([1.0])) == 7.0


def test_gains_are_negative_losses() -> None:
    assert cvar(np.array([-5.0, -1.0]), np.array([0.5, 0.5]), 0.5) == pytest.approx(-1.0)


def test_the_order_of_scenarios_does_not_matter() -> None:
    losses, probs = np.array([3.0, -1.0, 9.0, 2.0]), np.array([0.1, 0.6, 0.02, 0.28])
    order = [2, 0, 3, 1]
    assert cvar(losses, probs) == cvar(losses[order], probs[order])


def test_cvar_equals_the_minimum_of_rockafellar_and_uryasev() -> None:
    rng = np.random.default_rng(3)
    losses, probs = rng.normal(size=40), rng.dirichlet(np.ones(40))
    objective = [x + (probs * np.maximum(losses - x, 0.0)).sum() / 0.1 for x in losses]
    assert cvar(losses, probs, 0.9) == pytest.approx(min(objective), abs=1e-12)


def test_cvar_agrees_with_skfolio_on_equal_weights() -> None:
    measures = pytest.importorskip("skfolio.measures", reason="skfolio is the oracle")
    returns = np.random.default_rng(5).normal(size=400)
    ours = cvar(-returns, np.full(400, 1 / 400), 0.975)
    assert ours == pytest.approx(measures.cvar(returns, beta=0.975), abs=1e-12)


@pytest.mark.parametrize("probs", [[0.5, 0.6], [-0.1, 1.1]])
def test_probabilities_that_are_none_are_bugs(probs: list[float]) -> None:
    with pytest.raises(AssertionError):
        cvar(np.array([0.0, 1.0]), np.array(probs))


def test_the_lattice_rounds_losses_up() -> None:
    lattice = loss_lattice(np.array([-15, 0, 1, 10]), np.full(4, 0.25), 10)
    assert dict(zip(lattice.losses().tolist(), lattice.probs.tolist(), strict=True)) == {-10: 0.25, 0: 0.25, 10: 0.5}


def test_two_coins() -> None:
    coin = loss_lattice(np.array([0, 100]), np.array([0.5, 0.5]), 100)
    both = add_independent(coin, coin)
    assert both.losses().tolist() == [0, 100, 200]
    assert both.probs.tolist() == [0.25, 0.5, 0.25]


def test_lattices_of_different_steps_do_not_mix() -> None:
    one = LossLattice(1, 0, np.ones(1))
    with pytest.raises(AssertionError):
        add_independent(one, LossLattice(2, 0, np.ones(1)))


def test_no_position_no_loss() -> None:
    assert sum_of_independent([], 10).cvar() == 0.0
    assert sum_of_independent([], 10).value_at_risk() == 0.0


def test_the_sum_of_three_groups_equals_enumeration() -> None:
    groups = [
        (np.array([-40, 60]), np.array([0.6, 0.4])),
        (np.array([-10, 30, 80]), np.array([0.5, 0.3, 0.2])),
        (np.array([-90, 10]), np.array([0.1, 0.9])),
    ]
    losses, probs = enumerated(groups)
    total = sum_of_independent(groups, 10)
    for level in (0.5, 0.9, 0.975):
        assert total.cvar(level) == pytest.approx(cvar(np.array(losses), np.array(probs), level))
        assert total.value_at_risk(level) == pytest.approx(value_at_risk(np.array(losses), np.array(probs), level))


def test_twenty_equal_even_bets_fit_five_percent_only_at_about_half_a_percent_each() -> None:
    def tail(stake: int) -> float:
        bet = np.array([-stake, stake]), np.array([0.5, 0.5])
        return sum_of_independent([bet] * 20, 100).cvar(0.975)

    assert tail(5_000) == pytest.approx(50_000, rel=0.1)
    assert tail(20_000) > 150_000
