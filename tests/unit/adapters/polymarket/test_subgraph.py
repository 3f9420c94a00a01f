"""The history subgraphs: a query holds nothing but plain words, and an odd answer is an error, never an empty page."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.adapters.polymarket.test_public_reads import Answers
from whaletrader.adapters.polymarket.pages import walk
from whaletrader.adapters.polymarket.subgraph import NAMES, Subgraph, query_text
from whaletrader.errors import UsageError, VenueError


def rows(*ids):
    return {"data": {"splits": [{"id": one, "timestamp": "5"} for one in ids]}}


def ask(host, cursor="", count=1_000):
    return Subgraph(host).page("activity", "splits", "id timestamp", {"stakeholder": "0xab"}, cursor, count)


def test_a_listing_is_walked_by_ids_until_a_page_is_not_full():
    host = Answers(rows("0x1", "0x2"), rows("0x3", "0x4"), rows("0x5"))
    pages = list(walk(lambda cursor: ask(host, cursor, 2)))
    assert [page.rows for page in pages] == [2, 2, 1]
    said = [body["query"] for _, body in host.asked]
    assert ['id_gt:"' + cursor + '"' in query for cursor, query in zip(("", "0x2", "0x4"), said, strict=True)] == [
        True
    ] * 3
    assert all("orderBy:id,orderDirection:asc" in query for query in said)


def test_a_page_that_was_halved_is_full_with_half_the_rows_and_goes_on():
    late = {"errors": [{"message": "canceling statement due to statement timeout"}]}
    host = Answers(late, rows("0x1", "0x2"))
    page = ask(host, count=24)
    assert (page.rows, page.next) == (2, "")
    host = Answers(late, rows(*[f"0x{number}" for number in range(12)]))
    assert ask(host, count=24).next == "0x11"


def test_a_query_that_is_late_however_little_is_asked_is_an_error_and_ends():
    late = {"errors": [{"message": "Timeout"}]}
    host = Answers(*[late] * 8)
    with pytest.raises(VenueError, match="refused splits: Timeout"):
        ask(host)
    assert [json.dumps(body).count("first:") for _, body in host.asked] == [1] * 8


@pytest.mark.parametrize(
    "answer",
    [{}, [], 7, {"data": None}, {"data": {}}, {"data": {"merges": []}}, {"data": {"splits": None}},
     {"data": {"splits": [{"timestamp": "5"}]}}, {"data": {"splits": [7]}}, {"data": {"splits": {}}}],
)  # fmt: skip
def test_an_answer_of_another_shape_is_an_error(answer):
    with pytest.raises(VenueError):
        ask(Answers(answer))


def test_an_error_beside_data_counts_as_an_error():
    with pytest.raises(VenueError, match="indexing_error"):
        ask(Answers(rows("0x1") | {"errors": [{"message": "indexing_error"}]}))


def test_times_that_are_none_are_left_out_and_the_rows_stay():
    told = {"data": {"splits": [{"id": "1", "timestamp": "soon"}, {"id": "2"}, {"id": "3", "timestamp": 9}]}}
    page = ask(Answers(told))
    assert (page.rows, page.first_s, page.last_s, page.source) == (3, 9, 9, "subgraph.splits")
    assert page.params == {"stakeholder": "0xab"}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=12))
def test_no_text_breaks_out_of_its_quotes(value):
    try:
        query = query_text("splits", "id", {"user": value}, 10)
    except UsageError:
        return
    assert query == '{splits(first:10,orderBy:id,orderDirection:asc,where:{user:"' + value + '"}){id}}'
    assert not set(value) & set('"\\{}()\n\r ')
    assert value.isascii()


@pytest.mark.parametrize("word", ["", "a b", "1a", "a)", "a{", "a-b"])
def test_no_name_of_another_form_gets_into_a_query(word):
    with pytest.raises(UsageError):
        query_text(word, "id", {}, 1)
    with pytest.raises(UsageError):
        query_text("splits", "id", {word: "1"}, 1)


def test_every_short_name_stands_for_one_address():
    assert len(set(NAMES.values())) == len(NAMES)
    assert all(place.count("/") == 1 for place in NAMES.values())
