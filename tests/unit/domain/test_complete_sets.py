"""Complete sets are shared out to the micro-unit: whose shares go, and what each outcome brings."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.complete_sets import MIN_MERGE_MICRO, mergeable_micro, merged_cash, merged_shares
from whaletrader.domain.values import MICRO

LEADERS = st.sampled_from(["fill/0xa", "fill/0xb", "position/0xa", "fill/0xc"])
SIDE = st.dictionaries(LEADERS, st.integers(-20, 100))


def test_as_many_sets_are_merged_as_the_smaller_side_has():
    assert mergeable_micro(7 * MICRO, 5 * MICRO) == 5 * MICRO
    assert mergeable_micro(5 * MICRO, 7 * MICRO) == 5 * MICRO


@pytest.mark.parametrize("less", [0, -5 * MICRO, MIN_MERGE_MICRO - 1])
def test_what_is_not_held_or_not_worth_a_transaction_is_left_alone(less):
    assert mergeable_micro(9 * MICRO, less) == 0
    assert mergeable_micro(less, 9 * MICRO) == 0
    assert mergeable_micro(MIN_MERGE_MICRO, 9 * MICRO) == MIN_MERGE_MICRO


def test_who_is_on_both_sides_pays_before_anybody_else():
    yes, no = {"fill/0xa": 10, "fill/0xb": 10}, {"fill/0xb": 6}
    assert merged_shares(yes, no, 6) == ({"fill/0xb": 6}, {"fill/0xb": 6})


def test_the_rest_is_taken_in_the_order_of_the_leaders_names():
    yes, no = {"fill/0xb": 4, "fill/0xa": 4}, {"fill/0xd": 3, "fill/0xc": 3}
    assert merged_shares(yes, no, 5) == ({"fill/0xa": 4, "fill/0xb": 1}, {"fill/0xc": 3, "fill/0xd": 2})


def test_what_is_owed_counts_as_nothing():
    assert merged_shares({"fill/0xa": -5, "fill/0xb": 5}, {"fill/0xa": 5}, 5) == ({"fill/0xb": 5}, {"fill/0xa": 5})


def test_no_more_is_taken_than_is_held():
    assert merged_shares({"fill/0xa": 3}, {}, 5) == ({"fill/0xa": 3}, {})


@settings(max_examples=300, deadline=None)
@given(SIDE, SIDE, st.integers(0, 200))
def test_each_side_gives_what_it_has_and_never_more(first, second, size):
    taken = merged_shares(first, second, size)
    for side, out in zip((first, second), taken, strict=True):
        held = sum(shares for shares in side.values() if shares > 0)
        assert sum(out.values()) == min(held, size)
        assert all(0 < shares <= side[leader] for leader, shares in out.items())
        assert list(out) == sorted(out)


@settings(max_examples=300, deadline=None)
@given(SIDE, SIDE, st.integers(0, 200), st.randoms(use_true_random=False))
def test_neither_the_order_of_leaders_nor_of_outcomes_matters(first, second, size, chance):
    shuffled = []
    for side in (first, second):
        items = list(side.items())
        chance.shuffle(items)
        shuffled.append(dict(items))
    assert merged_shares(*shuffled, size) == merged_shares(first, second, size)
    assert merged_shares(second, first, size) == merged_shares(first, second, size)[::-1]


def test_each_outcome_brings_what_the_market_says_that_it_is_worth():
    assert merged_cash(10 * MICRO, 900_000, 100_000) == (9 * MICRO, MICRO)
    assert merged_cash(10 * MICRO, 880_000, 80_000) == (9_166_666, 833_334), "two bids that are below one together"


def test_a_price_that_is_not_known_is_one_less_the_other_and_half_where_none_is():
    assert merged_cash(10 * MICRO, 700_000, -1) == (7 * MICRO, 3 * MICRO)
    assert merged_cash(10 * MICRO, -1, 700_000) == (3 * MICRO, 7 * MICRO)
    assert merged_cash(11, -1, -1) == (5, 6)
    assert merged_cash(11, 0, 0) == (5, 6)


def test_after_the_end_the_winner_brings_all():
    assert merged_cash(10 * MICRO, MICRO, 0) == (10 * MICRO, 0)
    assert merged_cash(10 * MICRO, 0, -1) == (0, 10 * MICRO)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**12), st.integers(-1, MICRO), st.integers(-1, MICRO))
def test_no_cash_is_made_or_lost_by_sharing_it_out(cash, first, second):
    parts = merged_cash(cash, first, second)
    assert sum(parts) == cash
    assert min(parts) >= 0
