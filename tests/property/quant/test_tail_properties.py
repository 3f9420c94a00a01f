"""CVaR is coherent, and the lattice never understates it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant.tail import cvar, sum_of_independent, value_at_risk

levels = st.sampled_from([0.5, 0.9, 0.975])


@st.composite
def distributions(draw: st.DrawFn, most: int = 6) -> tuple[list[int], list[float]]:
    losses = draw(st.lists(st.integers(-1_000, 1_000), min_size=1, max_size=most))
    weights = draw(st.lists(st.integers(1, 100), min_size=len(losses), max_size=len(losses)))
    return losses, [w / sum(weights) for w in weights]


def arrays(given_: tuple[list[int], list[float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(given_[0], float), np.array(given_[1])


@settings(max_examples=200, deadline=None)
@given(distributions(), levels)
def test_cvar_lies_between_var_and_the_worst_loss(distribution: tuple[list[int], list[float]], level: float) -> None:
    losses, probs = arrays(distribution)
    assert value_at_risk(losses, probs, level) - 1e-6 <= cvar(losses, probs, level) <= losses.max() + 1e-6


@settings(max_examples=200, deadline=None)
@given(distributions(), levels, st.integers(-500, 500), st.integers(1, 9))
def test_cvar_moves_with_shifts_and_scales(
    distribution: tuple[list[int], list[float]], level: float, shift: int, scale: int
) -> None:
    losses, probs = arrays(distribution)
    moved = cvar(losses * scale + shift, probs, level)
    assert moved == pytest.approx(cvar(losses, probs, level) * scale + shift, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.lists(distributions(3), min_size=1, max_size=4), st.sampled_from([1, 7, 50]), levels)
def test_the_lattice_overstates_by_less_than_a_step_per_group(
    groups: list[tuple[list[int], list[float]]], step: int, level: float
) -> None:
    losses, probs = [], []
    for draw in itertools.product(*[list(zip(*group, strict=True)) for group in groups]):
        losses.append(sum(loss for loss, _ in draw))
        probs.append(float(np.prod([p for _, p in draw])))
    exact = cvar(np.array(losses, float), np.array(probs), level)
    lattice = sum_of_independent([(np.array(g[0]), np.array(g[1])) for g in groups], step)
    assert lattice.probs.sum() == pytest.approx(1.0)
    assert exact - 1e-6 <= lattice.cvar(level) <= exact + step * len(groups) + 1e-6


@settings(max_examples=100, deadline=None)
@given(distributions(), distributions(), levels)
def test_independent_risks_together_are_no_worse_than_apart(
    first: tuple[list[int], list[float]], second: tuple[list[int], list[float]], level: float
) -> None:
    both = sum_of_independent([(np.array(g[0]), np.array(g[1])) for g in (first, second)], 1).cvar(level)
    assert both <= cvar(*arrays(first), level) + cvar(*arrays(second), level) + 1e-6
