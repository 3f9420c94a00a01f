"""The walk-forward's windows."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.backtest.windows import day, windows_of
from whaletrader.domain.values import DAY_NS, NANOS

MONDAY = 1_767_571_200 * NANOS
"""2026-01-05T00:00Z."""


def test_windows_are_named_by_number_and_dates() -> None:
    names = [window.name for window in windows_of(MONDAY, MONDAY + 15 * DAY_NS, 7)]
    assert names == ["W01 2026-01-05..2026-01-12", "W02 2026-01-12..2026-01-19", "W03 2026-01-19..2026-01-26"]


def test_a_span_without_length_is_one_window() -> None:
    assert len(windows_of(MONDAY, MONDAY, 7)) == 1


def test_more_than_99_windows_get_three_digits() -> None:
    windows = windows_of(MONDAY, MONDAY + 120 * DAY_NS, 1)
    assert (windows[0].name[:4], windows[-1].name[:4]) == ("W001", "W121")


def test_a_day_is_the_utc_date() -> None:
    assert day(MONDAY - 1) == "2026-01-04"
    assert day(MONDAY) == "2026-01-05"


@given(st.integers(0, 400), st.integers(1, 40), st.integers(0, DAY_NS - 1))
@settings(max_examples=60, deadline=None)
def test_windows_cover_the_span_without_gap_or_overlap(days: int, interval: int, offset: int) -> None:
    first, last = MONDAY + offset, MONDAY + offset + days * DAY_NS
    windows = windows_of(first, last, interval)
    assert windows[0].start_ts == first
    assert windows[-1].start_ts <= last < windows[-1].end_ts
    assert all(a.end_ts == b.start_ts for a, b in pairwise(windows))
    assert len({window.name for window in windows}) == len(windows)


def test_a_last_event_at_a_windows_end_begins_one_more() -> None:
    assert len(windows_of(MONDAY, MONDAY + 14 * DAY_NS - 1, 7)) == 2
    assert len(windows_of(MONDAY, MONDAY + 14 * DAY_NS, 7)) == 3


def test_an_end_before_the_start_is_one_window() -> None:
    (window,) = windows_of(MONDAY, MONDAY - 5 * DAY_NS, 7)
    assert (window.start_ts, window.end_ts) == (MONDAY, MONDAY + 7 * DAY_NS)


def test_windows_start_at_the_first_events_very_time_not_at_midnight() -> None:
    first = MONDAY + 13 * 3_600 * NANOS + 7
    assert [window.start_ts for window in windows_of(first, first + 8 * DAY_NS, 7)] == [first, first + 7 * DAY_NS]


def test_a_window_belongs_to_its_start_and_not_to_its_end() -> None:
    one, two = windows_of(MONDAY, MONDAY + 7 * DAY_NS, 7)
    for ts, wanted in ((MONDAY, one), (one.end_ts - 1, one), (one.end_ts, two)):
        assert [window for window in (one, two) if window.start_ts <= ts < window.end_ts] == [wanted]


def test_names_sort_as_the_windows_do() -> None:
    for days in (9, 99, 101):
        names = [window.name for window in windows_of(MONDAY, MONDAY + days * DAY_NS, 1)]
        assert names == sorted(names)


def test_a_leap_day_is_a_day() -> None:
    assert day(1_709_164_800 * NANOS) == "2024-02-29"
    assert day(0) == "1970-01-01"
