"""Whatever the values: units do not matter, order does not matter, and the two sides' p-values belong together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant.heavy_tail import hill_index, signed_rank_test, stable_hill_index

VALUES = st.lists(st.floats(0.01, 1e6), min_size=70, max_size=120)


@given(VALUES, st.floats(0.01, 100.0), st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_the_index_has_no_unit_and_a_power_divides_it(values: list[float], unit: float, k: int) -> None:
    sample = np.array(values)
    found = hill_index(sample, k)
    assert 1.0 / hill_index(unit * sample, k).index == pytest.approx(1.0 / found.index, abs=1e-9)
    assert 1.0 / hill_index(sample**2, k).index == pytest.approx(2.0 / found.index, abs=1e-9)


@given(VALUES)
@settings(max_examples=30, deadline=None)
def test_the_order_does_not_matter_nor_do_values_below_nothing(values: list[float]) -> None:
    sample = np.array(values)
    shuffled = np.concatenate((sample[::-1], -sample))
    assert stable_hill_index(shuffled) == stable_hill_index(sample)


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_both_sides_add_up_to_one_and_what_both_hold(differences: list[int]) -> None:
    sample = np.array(differences, np.float64)
    above, below = signed_rank_test(sample), signed_rank_test(-sample)
    assert 0.0 < min(above, below) <= max(above, below) <= 1.0
    assert above + below >= 1.0


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=30), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_a_further_win_that_is_the_greatest_never_raises_the_p_value(differences: list[int], more: int) -> None:
    sample = np.array(differences, np.float64)
    assert signed_rank_test(np.append(sample, 6.0 + more)) <= signed_rank_test(sample) + 1e-12
