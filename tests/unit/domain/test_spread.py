"""The assumed half-spread."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.spread import (
    BAND_UPPER_MICRO,
    DEFAULT_HALF_SPREAD_MICRO,
    HALF_SPREAD_MICRO,
    half_spread_micro,
    half_spread_row,
)
from whaletrader.domain.values import MICRO

PRICES = st.integers(0, MICRO)
CATEGORIES = st.sampled_from(["crypto", "sports", "politics", ""])


def test_every_row_has_one_positive_value_per_band():
    assert list(BAND_UPPER_MICRO) == sorted(set(BAND_UPPER_MICRO))
    assert BAND_UPPER_MICRO[-1] == MICRO // 2
    for row in (DEFAULT_HALF_SPREAD_MICRO, *HALF_SPREAD_MICRO.values()):
        assert len(row) == len(BAND_UPPER_MICRO)
        assert min(row) > 0


@settings(max_examples=200, deadline=None)
@given(price=PRICES, category=CATEGORIES)
def test_a_token_and_its_complement_have_the_same_half_spread(price, category):
    assert half_spread_micro(price, category) == half_spread_micro(MICRO - price, category)


@settings(max_examples=50, deadline=None)
@given(prices=st.lists(PRICES, min_size=1), category=CATEGORIES)
def test_the_columnar_form_is_the_same_table(prices, category):
    column = np.array(prices)
    band = np.searchsorted(BAND_UPPER_MICRO, np.minimum(column, MICRO - column), side="left")
    assert np.array(half_spread_row(category))[band].tolist() == [half_spread_micro(p, category) for p in prices]


def test_a_band_holds_its_upper_end():
    assert half_spread_micro(50_000, "sports") == 17_500
    assert half_spread_micro(50_001, "sports") == 20_000


def test_a_category_without_books_of_its_own_gets_the_widest_row():
    assert half_spread_row("weather") == DEFAULT_HALF_SPREAD_MICRO
    for row in HALF_SPREAD_MICRO.values():
        assert all(own <= widest for own, widest in zip(row, DEFAULT_HALF_SPREAD_MICRO, strict=True))


@pytest.mark.parametrize("price", [-1, MICRO + 1])
def test_a_price_outside_its_range_is_a_bug(price):
    with pytest.raises(AssertionError):
        half_spread_micro(price, "sports")
