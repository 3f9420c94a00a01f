"""Kelly fractions: growth-optimal, and nothing without an edge."""

import numpy as np
import pytest

from whaletrader.quant.kelly import binary_kelly_fraction, fractional_kelly


def test_the_textbook_bet() -> None:
    assert binary_kelly_fraction(0.6, 0.5) == pytest.approx(0.2)


@pytest.mark.parametrize(("probability", "cost"), [(0.5, 0.5), (0.3, 0.5), (0.0, 0.01), (1.0, 1.0), (0.99, 1.2)])
def test_no_edge_no_bet(probability: float, cost: float) -> None:
    assert binary_kelly_fraction(probability, cost) == 0.0
    assert fractional_kelly(probability, cost) == 0.0


def test_a_certain_win_takes_everything() -> None:
    assert binary_kelly_fraction(1.0, 0.4) == 1.0


def test_costs_shrink_the_bet() -> None:
    assert binary_kelly_fraction(0.6, 0.52) < binary_kelly_fraction(0.6, 0.5)


def test_a_quarter_is_a_quarter() -> None:
    assert fractional_kelly(0.7, 0.5) == pytest.approx(0.25 * binary_kelly_fraction(0.7, 0.5))
    assert fractional_kelly(0.7, 0.5, 0.0) == 0.0


@pytest.mark.parametrize(("probability", "cost"), [(0.55, 0.5), (0.3, 0.1), (0.97, 0.9)])
def test_it_maximises_expected_log_growth(probability: float, cost: float) -> None:
    stakes = np.linspace(0.0, 0.99, 9_901)
    odds = (1.0 - cost) / cost
    growth = probability * np.log1p(stakes * odds) + (1.0 - probability) * np.log1p(-stakes)
    assert stakes[growth.argmax()] == pytest.approx(binary_kelly_fraction(probability, cost), abs=1e-4)


@pytest.mark.parametrize(("probability", "cost", "fraction"), [(1.1, 0.5, 0.25), (0.5, 0.0, 0.25), (0.5, 0.4, 1.5)])
def test_impossible_arguments_are_bugs(probability: float, cost: float, fraction: float) -> None:
    with pytest.raises(AssertionError):
        fractional_kelly(probability, cost, fraction)
