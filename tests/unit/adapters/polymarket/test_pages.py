"""Pages of either version of the Data API: bytes kept, rows outside the period cut out verbatim, and what they name."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.polymarket.pages import Page, data_page, walk
from whaletrader.errors import VenueError

CONDITION, COMBO = "0x" + "c1" * 32, "0x" + "d" * 62
V1 = {"second": "timestamp", "condition": "conditionId", "tx": "transactionHash"}
V2 = {"second": "timestamp", "condition": "condition_id", "tx": "transaction_hash"}


def body_of(rows, *, enveloped, cursor=None):
    whole = {"data": rows, "pagination": {"next_cursor": cursor}} if enveloped else rows
    return json.dumps(whole, indent=1).encode()


def page_of(rows, *, enveloped=True, cursor=None, **period):
    return data_page("data", {"a": 1}, body_of(rows, enveloped=enveloped, cursor=cursor), **period)


def rows_in(body):
    whole = msgspec.json.decode(body)
    return whole["data"] if isinstance(whole, dict) else whole


SECONDS = st.one_of(st.integers(1, 12), st.sampled_from(["3", "7.5", "soon", None, [], True]))


def plain_second(told):
    """The oracle: a row without a readable time is never cut out."""
    try:
        return None if isinstance(told, bool | list) else int(float(told))
    except (TypeError, ValueError):
        return None


@settings(max_examples=200, deadline=None)
@given(st.lists(SECONDS, max_size=8), st.booleans(), st.integers(0, 9), st.one_of(st.none(), st.integers(3, 12)))
def test_exactly_the_rows_outside_the_period_are_cut_out(seconds, enveloped, since, until):
    rows = [{"timestamp": second, "n": n} for n, second in enumerate(seconds)]
    page = page_of(rows, enveloped=enveloped, cursor="more", since_s=since, until_s=until)
    times = [plain_second(second) for second in seconds]
    kept = [s is None or (s >= since and (until is None or s <= until)) for s in times]
    inside = [s for s, keep in zip(times, kept, strict=True) if keep and s is not None]
    assert rows_in(page.body) == [row for row, keep in zip(rows, kept, strict=True) if keep]
    assert (page.rows, page.trimmed) == (sum(kept), len(kept) - sum(kept))
    assert (page.first_s, page.last_s) == (min(inside, default=-1), max(inside, default=-1))
    assert page.newest_s == max((s for s in times if s is not None), default=-1)
    assert page.next == ("more" if enveloped else "")
    if all(kept):
        assert page.body == body_of(rows, enveloped=enveloped, cursor="more")


@pytest.mark.parametrize("names", [V1, V2])
def test_a_page_names_its_markets_and_transactions_once_each_in_lower_case(names):
    rows = [
        {names["second"]: 5, names["condition"]: CONDITION.upper().replace("X", "x"), names["tx"]: "0xAA"},
        {names["second"]: 6, names["condition"]: CONDITION, names["tx"]: "0xaa", "type": "trade"},
        {names["second"]: 7, names["condition"]: CONDITION, names["tx"]: "0xBB", "type": "REDEEM"},
        {names["second"]: 8, names["condition"]: COMBO, names["tx"]: "0xCC"},
        {names["second"]: 9, names["condition"]: "", names["tx"]: None},
    ]
    page = page_of(rows, enveloped=names is V2)
    assert page.conditions == (CONDITION,)
    assert page.hashes == ("0xaa",)
    assert (page.rows, page.combos) == (5, 1)


@pytest.mark.parametrize("odd", [7, "x", None, [1], {"timestamp": {}}, {"condition_id": 5, "timestamp": 3}])
def test_an_odd_row_stays_where_it_is_and_names_nothing(odd):
    page = page_of([odd, {"timestamp": 4, "condition_id": CONDITION}], since_s=1)
    assert rows_in(page.body)[0] == odd
    assert (page.rows, page.trimmed, page.first_s, page.conditions) == (2, 0, 4, (CONDITION,))


@pytest.mark.parametrize("time", ["1e999", "-1e999", "nan", "", "  "])
def test_a_time_that_is_no_moment_is_none(time):
    page = page_of([{"timestamp": time}], since_s=5, until_s=9)
    assert (page.rows, page.first_s, page.newest_s) == (1, -1, -1)


def test_numbers_are_kept_as_they_were_written_also_where_others_were_cut_out():
    body = b'[{"timestamp":1,"price":0.10},{"timestamp":5,"price":0.9597472099000000000001}]'
    page = data_page("data_v1.activity", {}, body, since_s=2)
    assert page.body == b'[{"timestamp":5,"price":0.9597472099000000000001}]'


def test_a_listing_is_walked_from_any_place_and_an_empty_page_does_not_end_it():
    table = {"": (1, "a"), "a": (0, "b"), "b": (2, "")}

    def fetch(cursor):
        rows, following = table[cursor]
        return Page(source="s", params={}, body=b"", rows=rows, next=following)

    assert [page.rows for page in walk(fetch)] == [1, 0, 2]
    assert [page.rows for page in walk(fetch, "b")] == [2]


def test_a_page_that_leads_to_itself_is_an_error_after_it_was_told():
    pages = walk(lambda cursor: Page(source="s", params={}, body=b"", rows=1, next="x"))
    assert [next(pages).rows, next(pages).rows] == [1, 1]
    with pytest.raises(VenueError, match="repeats a cursor"):
        next(pages)
