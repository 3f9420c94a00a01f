"""Stretches of whole records: merged, cut, and what a hole between them says of a wallet."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.datasets.importers.staging import STAGED
from whaletrader.datasets.importers.stretches import HEARD, HOLED, judged_coverage, less, union

STRETCHES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8)


def inside(stretches):
    return {second for first, last in stretches for second in range(first, last)}


@settings(max_examples=200, deadline=None)
@given(STRETCHES)
def test_a_union_holds_every_second_once_and_in_order(stretches):
    merged = union(stretches)
    assert inside(merged) == inside(stretches)
    assert all(one[1] < other[0] for one, other in pairwise(merged))


@settings(max_examples=200, deadline=None)
@given(STRETCHES, STRETCHES)
def test_what_is_left_of_stretches_is_every_second_outside_the_gaps(stretches, gaps):
    assert inside(less(stretches, gaps)) == inside(stretches) - inside(gaps)


def judged(coverage, stretches):
    told = pl.DataFrame(coverage, schema=STAGED["coverage"], orient="row")
    found = judged_coverage(told, pl.DataFrame(stretches, schema=STAGED["stretches"], orient="row"))
    return sorted(found.rows())


EVERYBODY = ("", 100, 200, False)


@pytest.mark.parametrize(
    ("others", "stretches", "says"),
    [
        ([], [EVERYBODY], ["bounded_window"]),
        ([], [], [HOLED]),
        ([], [("", 100, 120, False), ("", 130, 200, False)], [HOLED]),
        ([], [("", 100, 120, False), ("", 130, 200, False), ("0xa", 115, 135, False)], ["bounded_window"]),
        ([], [("", 100, 120, False), ("", 130, 200, False), ("0xb", 115, 135, False)], [HOLED]),
        (["complete"], [EVERYBODY, ("0xa", 0, 110, True)], ["bounded_window", "complete"]),
        (["complete"], [EVERYBODY, ("0xa", 0, 90, True)], [HOLED]),
        (["complete"], [EVERYBODY, ("0xa", 0, 90, True), ("0xa", 80, 100, False)], ["bounded_window", "complete"]),
        (["complete"], [EVERYBODY, ("0xa", 0, 110, False)], [HOLED]),
        (["complete"], [EVERYBODY], [HOLED]),
        (["bounded_window"], [EVERYBODY, ("0xa", 50, 100, True)], ["bounded_window", "bounded_window"]),
        (["sample"], [EVERYBODY], ["bounded_window", "sample"]),
    ],
)
def test_a_wallet_is_whole_where_its_stretches_make_one(others, stretches, says):
    coverage = [("0xa", HEARD), *(("0xa", other) for other in others)]
    assert judged(coverage, stretches) == [("0xa", each) for each in says]


@pytest.mark.parametrize(
    ("periods", "says"),
    [
        ([(0, 50), (50, 90)], ["bounded_window", "complete"]),
        ([(0, 50), (30, 90)], ["bounded_window", "complete"]),
        ([(0, 50), (51, 90)], [HOLED]),
        ([(0, 50)], ["bounded_window", "complete"]),
    ],
)
def test_a_hole_between_the_periods_of_two_sources_is_told_of_who_was_not_heard_too(periods, says):
    coverage = [("0xa", "complete"), ("0xa", "bounded_window"), ("0xb", "complete")]
    stretches = [("0xa", *period, True) for period in periods]
    assert judged(coverage, stretches) == [*(("0xa", each) for each in says), ("0xb", "complete")]


def test_wallets_that_no_live_run_heard_keep_what_was_said_of_them():
    coverage = [("0xa", "complete"), ("0xb", HEARD)]
    assert judged(coverage, [("", 1, 2, False), ("", 3, 4, False)]) == [("0xa", "complete"), ("0xb", HOLED)]
    assert judged([("0xa", "complete")], []) == [("0xa", "complete")]
