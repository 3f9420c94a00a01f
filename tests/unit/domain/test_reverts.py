"""The alarm on trades that fail to settle."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.reverts import RevertAlarm, Reverts, adverse_p, revert_alarm, with_trade


def counted(settled_favour, settled_against, failed_favour, failed_against):
    return Reverts(
        settled=settled_favour + settled_against,
        failed=failed_favour + failed_against,
        settled_in_favour=settled_favour,
        settled_against=settled_against,
        failed_in_favour=failed_favour,
        failed_against=failed_against,
    )


@given(st.tuples(*[st.integers(0, 4)] * 4))
@settings(max_examples=60, deadline=None)
def test_the_probability_is_that_of_counting_every_way(parts):
    counts = counted(*parts)
    favour = counts.settled_in_favour + counts.failed_in_favour
    total = counts.settled + counts.failed
    ways = [sum(i < favour for i in chosen) for chosen in combinations(range(total), counts.failed)]
    plain = sum(good >= counts.failed_in_favour for good in ways) / len(ways)
    assert adverse_p(counts) == pytest.approx(plain)


def test_scipy_gives_the_same():
    from scipy.stats import fisher_exact

    counts = counted(10, 30, 7, 3)
    table = [[7, 3], [10, 30]]
    assert adverse_p(counts) == pytest.approx(fisher_exact(table, alternative="greater").pvalue)


@pytest.mark.parametrize(
    ("parts", "alarm"),
    [
        ((0, 0, 0, 0), RevertAlarm.NONE),
        ((5, 5, 9, 0), RevertAlarm.NONE),
        ((50, 50, 0, 0), RevertAlarm.NONE),
        ((100, 100, 2, 2), RevertAlarm.NONE),
        ((40, 40, 5, 5), RevertAlarm.REVERTS),
        ((30, 50, 8, 0), RevertAlarm.ADVERSE),
        ((50, 30, 0, 8), RevertAlarm.REVERTS),
    ],
)
def test_many_failures_are_an_alarm_and_failures_of_the_good_ones_another(parts, alarm):
    assert revert_alarm(counted(*parts)) is alarm


def test_a_trade_without_a_mark_counts_in_the_totals_only():
    counts = with_trade(Reverts(), failed=True, in_favour=None)
    assert (counts.failed, counts.failed_in_favour, counts.failed_against) == (1, 0, 0)
    assert with_trade(counts, failed=False, in_favour=False).settled_against == 1
