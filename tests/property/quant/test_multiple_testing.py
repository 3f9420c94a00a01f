"""Adjusted values follow their tests: order, ties and one smaller p-value change nothing that they should not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant.multiple_testing import (
    benjamini_hochberg,
    benjamini_yekutieli,
    e_benjamini_hochberg,
    e_to_p,
    mixture_calibrator,
    power_calibrator,
    storey_q_values,
)

many = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40)
ADJUSTMENTS = [benjamini_hochberg, benjamini_yekutieli, storey_q_values]


@settings(max_examples=150, deadline=None)
@given(many, st.randoms(use_true_random=False))
def test_the_order_of_the_tests_is_of_no_matter(values, random):
    p_values = np.array(values)
    order = np.array(random.sample(range(p_values.size), p_values.size))
    for adjust in ADJUSTMENTS:
        assert adjust(p_values[order]) == pytest.approx(adjust(p_values)[order], abs=1e-15)


@settings(max_examples=150, deadline=None)
@given(many, st.data())
def test_a_smaller_p_value_never_makes_another_test_harder(values, data):
    p_values = np.array(values)
    smaller = p_values.copy()
    smaller[data.draw(st.integers(0, p_values.size - 1))] *= data.draw(st.floats(0.0, 1.0))
    for adjust in ADJUSTMENTS:
        assert bool(np.all(adjust(smaller) <= adjust(p_values) + 1e-15))


@settings(max_examples=150, deadline=None)
@given(many)
def test_a_correction_for_dependence_costs_and_equal_tests_are_treated_alike(values):
    p_values = np.array([*values, values[0]])
    assert bool(np.all(benjamini_yekutieli(p_values) >= benjamini_hochberg(p_values) - 1e-15))
    for adjust in ADJUSTMENTS:
        assert adjust(p_values)[0] == adjust(p_values)[-1]


@settings(max_examples=150, deadline=None)
@given(many)
def test_going_to_e_values_and_back_never_makes_a_p_value_smaller(values):
    p_values = np.array(values)
    for calibrate in (power_calibrator, mixture_calibrator):
        assert bool(np.all(e_to_p(calibrate(p_values)) >= p_values * (1 - 1e-12)))
        assert bool(np.all(e_benjamini_hochberg(calibrate(p_values)) >= benjamini_hochberg(p_values) * (1 - 1e-9)))
