"""The CLOB's public answers when they are odd: an error that names the question, never a made-up number."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.adapters.polymarket.test_public_reads import Answers
from whaletrader.adapters.polymarket.public_clob import HISTORY_DAYS, PublicClob
from whaletrader.errors import VenueError

DAY = 86_400


@pytest.mark.parametrize("answer", [{}, [], "soon", None, True, 1.5, "", {"version": None}, {"version": "two"}])
@pytest.mark.parametrize("ask", ["time_s", "version"])
def test_a_number_that_is_none_is_an_error_that_may_be_tried_again(ask, answer):
    with pytest.raises(VenueError, match="is no number") as told:
        getattr(PublicClob(Answers(answer)), ask)()
    assert told.value.retryable


@pytest.mark.parametrize(("answer", "version"), [({"version": 2}, 2), ({"version": "3"}, 3), (2, 2), ("2", 2)])
def test_a_version_is_told_bare_or_by_name(answer, version):
    assert PublicClob(Answers(answer)).version() == version


@pytest.mark.parametrize("answer", [{"neg_risk": "false"}, {"neg_risk": 0}, {"neg_risk": None}, [], "no"])
def test_a_market_is_not_taken_as_ordinary_where_the_venue_did_not_say_so(answer):
    # The wrong exchange makes every signature invalid.
    with pytest.raises(VenueError):
        PublicClob(Answers(answer)).neg_risk("1")


@pytest.mark.parametrize("answer", [{"condition_id": 5}, {"condition_id": ""}, [{"condition_id": "0x1"}]])
def test_a_token_without_a_market_is_an_error(answer):
    with pytest.raises(VenueError, match="names no market of token 7"):
        PublicClob(Answers(answer)).market_of("7")


def test_a_tick_stays_the_text_that_the_venue_wrote():
    clob = PublicClob(Answers({"minimum_tick_size": "0.0025"}, {"minimum_tick_size": 0.001}))
    assert [clob.tick_size("1"), clob.tick_size("1")] == ["0.0025", "0.001"]


@pytest.mark.parametrize("answer", [[], {"next_cursor": "x"}, {"data": {}}, {"data": "x"}, 7])
def test_a_listing_of_another_shape_is_no_empty_listing(answer):
    with pytest.raises(VenueError) as told:
        PublicClob(Answers(answer)).markets_page()
    assert told.value.retryable


@pytest.mark.parametrize("cursor", [None, "", "LTE="])
def test_every_spelling_of_an_end_ends_a_listing(cursor):
    page = PublicClob(Answers({"data": [{}, {}], "next_cursor": cursor})).markets_page("simplified-markets")
    assert (page.next, page.rows, page.source) == ("", 2, "clob.simplified_markets")


@pytest.mark.parametrize("answer", [{}, [], {"history": {}}, {"history": [{"p": 0.5}]}, {"history": [{"t": "soon"}]}])
def test_a_price_history_of_another_shape_is_no_empty_history(answer):
    with pytest.raises(VenueError):
        PublicClob(Answers(answer)).prices_page("1", 5, 10)


@settings(max_examples=120, deadline=None)
@given(st.integers(1, 10**9), st.integers(0, 90 * DAY))
def test_stretches_of_a_history_hold_every_second_once_and_none_is_too_long(since, length):
    until, cursor, told = since + length, "", []
    host = Answers(*[{"history": []}] * (length // (HISTORY_DAYS * DAY) + 1))
    while True:
        page = PublicClob(host).prices_page("1", since, until, cursor)
        told.append((page.params["startTs"], page.params["endTs"]))
        cursor = page.next
        if not cursor:
            break
    assert host.bodies == []
    assert told[0][0] == since
    assert told[-1][1] == until
    assert all(0 <= last - first < HISTORY_DAYS * DAY for first, last in told)
    assert all(later[0] == earlier[1] + 1 for earlier, later in itertools.pairwise(told))


def test_no_tokens_are_no_question():
    host = Answers()
    assert list(PublicClob(host).books([])) == []
    assert json.dumps(host.asked) == "[]"
