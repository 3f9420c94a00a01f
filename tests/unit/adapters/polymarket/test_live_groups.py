"""Groups of reports: kept for minutes, built anew afterwards, counted by source."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_rows import NS, START, WALLET, fill
from whaletrader.adapters.polymarket.live_groups import KEPT_NS, LATE_NS, LiveGroups
from whaletrader.domain.fill_identity import FillGroup


@pytest.fixture
def groups():
    return LiveGroups(lambda *_key: FillGroup())


def test_two_equal_fills_in_one_batch_have_numbers(groups):
    plain, weighed = groups.tell([fill(1), fill(1), fill(1, number=2)], START)
    found = [*((report, None) for report in plain), *weighed]
    assert sorted((report.tx_hash[-1], new.n if new else 0) for report, new in found) == [("1", 0), ("1", 1), ("2", 0)]


def test_groups_go_after_their_time_and_late_reports_ask_the_rows(groups):
    asked = []

    def rebuild(*key):
        asked.append(key)
        return FillGroup([1_000_000], [500_000])

    groups = LiveGroups(rebuild)
    groups.tell([fill(1)], START)
    groups.prune(START + KEPT_NS - 1)
    assert len(groups) == 1
    groups.prune(START + KEPT_NS)
    assert len(groups) == 0
    assert groups.tell([fill(1, source="data_v2")], START + KEPT_NS) == ([], [])
    assert len(asked) == 1


def test_an_event_of_just_now_is_not_looked_for_in_the_rows():
    groups = LiveGroups(lambda *_key: pytest.fail("the rows were asked"))
    assert len(groups.tell([fill(1, at=LATE_NS // NS)], START + LATE_NS)[0]) == 1


def test_after_a_load_recent_events_are_looked_for_too():
    groups = LiveGroups(lambda *_key: FillGroup([1_000_000], [500_000]))
    groups.known_until = START + NS
    assert groups.tell([fill(1)], START) == ([], [])


def test_counts_survive_the_groups(groups):
    groups.watched = frozenset([WALLET])
    groups.tell([fill(1), fill(2, number=2)], START)
    groups.tell([fill(2, number=2, source="data_v2")], START + NS)
    before = groups.coverage()
    groups.prune(START + 2 * KEPT_NS)
    assert groups.coverage() == before
    data, rtds = before
    assert (data.told, data.only_here, data.missed) == (1, 0, 1)
    assert (rtds.told, rtds.only_here, rtds.missed) == (2, 1, 0)


def test_a_source_that_is_asked_for_watched_wallets_misses_nothing_of_others(groups):
    groups.tell([fill(1)], START)
    groups.tell([fill(1, number=2, source="data_v2")], START)
    data = next(each for each in groups.coverage() if each.source == "data_v2")
    assert data.missed == 0


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["rtds.trades", "data_v2"]), st.integers(1, 2), st.integers(1, 2)), max_size=20)
)
def test_what_is_accepted_of_a_group_is_never_less_than_what_one_source_told(reports):
    groups, news = LiveGroups(lambda *_key: FillGroup()), []
    for source, number, size in reports:
        plain, weighed = groups.tell([fill(size * 10, source=source, number=number)], START)
        news += [*((report, None) for report in plain), *weighed]
    for number in (1, 2):
        for source in ("rtds.trades", "data_v2"):
            told = sum(size * 10_000_000 for each, n, size in reports if (each, n) == (source, number))
            total = sum((new or report).size_micro for report, new in news if report.tx_hash.endswith(str(number)))
            assert total >= told
