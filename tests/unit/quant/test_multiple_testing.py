"""Adjusted p-values, against statsmodels."""

import numpy as np
import pytest

from whaletrader.quant.multiple_testing import benjamini_hochberg


@pytest.mark.parametrize("seed", range(5))
def test_it_equals_statsmodels(seed: int) -> None:
    from statsmodels.stats.multitest import multipletests

    p_values = np.random.default_rng(seed).beta(0.4, 1.0, size=60)
    expected = multipletests(p_values, method="fdr_bh")[1]
    assert benjamini_hochberg(p_values) == pytest.approx(expected, abs=1e-12)


def test_the_adjusted_values_are_monotone_in_the_given_ones() -> None:
    p_values = np.array([0.04, 0.001, 0.03, 0.5, 0.0301])
    adjusted = benjamini_hochberg(p_values)
    assert bool(np.all(np.diff(adjusted[np.argsort(p_values)]) >= 0))
    assert bool(np.all(adjusted >= p_values))
    assert bool(np.all(adjusted <= 1))


def test_one_or_no_test_needs_no_adjustment() -> None:
    assert benjamini_hochberg(np.array([0.03])).tolist() == [0.03]
    assert benjamini_hochberg(np.zeros(0)).size == 0


def test_equal_values_stay_equal() -> None:
    assert benjamini_hochberg(np.full(4, 0.2)).tolist() == [0.2] * 4
