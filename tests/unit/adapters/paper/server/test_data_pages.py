"""Pages of the Data API: numbers and cursors of a query, v2's envelope, v1's caps, the cache in front."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.paper.server import data_pages as pages
from whaletrader.adapters.paper.server.data_pages import AnswerCache, BadParameter
from whaletrader.adapters.paper.server.edge import Reply, Request, reply
from whaletrader.domain.values import NANOS

ROWS: list[dict[str, object]] = [{"place": place} for place in range(2_345)]


def refused(query: dict[str, str], name: str = "limit", **bounds: int) -> str:
    with pytest.raises(BadParameter) as caught:
        pages.number(query, name, 100, **bounds)
    assert caught.value.parameter == name
    return caught.value.words


def test_a_number_is_read_clamped_above_and_refused_below() -> None:
    assert pages.number({}, "limit", 100) == pages.number({"limit": ""}, "limit", 100) == 100
    assert pages.number({"limit": "7"}, "limit", 100, most=5) == 5
    assert pages.number({"limit": "5"}, "limit", 100, least=5, most=5) == 5
    assert pages.number({"start": "1790272257.9"}, "start", 0) == 1_790_272_257
    assert refused({"limit": "0"}, least=1) == "limit must be at least 1"
    assert refused({"limit": "-1"}) == "limit must be at least 0"


@pytest.mark.parametrize("told", ["many", "1,2", "0x10", "nan", "inf", "-inf", "1e999", "1e30", "²", " ", "None"])
def test_what_is_no_number_is_refused_by_name(told: str) -> None:
    assert refused({"offset": told}, "offset") == "offset must be an integer"


def test_a_number_keeps_every_digit() -> None:
    assert pages.number({"start": "9007199254740993"}, "start", 0) == 9_007_199_254_740_993


@pytest.mark.parametrize("told", ["", "yes", "1", "none"])
def test_only_true_and_false_are_flags(told: str) -> None:
    for default in (True, False):
        assert pages.flag({"takerOnly": told}, "takerOnly", default=default) is default
    assert pages.flag({"takerOnly": "TRUE"}, "takerOnly", default=False) is True
    assert pages.flag({"takerOnly": "False"}, "takerOnly", default=True) is False


@pytest.mark.parametrize(("told", "amount"), [("", 1.0), ("0", 0.0), ("2.5", 2.5), ("1e3", 1000.0)])
def test_an_amount_may_have_decimals(told: str, amount: float) -> None:
    assert pages.amount({"sizeThreshold": told}, "sizeThreshold", 1.0) == amount


@pytest.mark.parametrize("told", ["some", "nan", "inf", "1,5", "0x1"])
def test_what_is_no_amount_is_refused_by_name(told: str) -> None:
    with pytest.raises(BadParameter, match="filterAmount must be a number") as caught:
        pages.amount({"filterAmount": told}, "filterAmount", 0.0)
    assert caught.value.parameter == "filterAmount"


def test_paging_is_no_part_of_the_filters_and_their_order_does_not_matter() -> None:
    one = pages.filters_digest({"user": "a", "side": "BUY", "limit": "5", "offset": "3", "cursor": "x"})
    assert one == pages.filters_digest({"side": "BUY", "user": "a"})
    assert one != pages.filters_digest({"side": "SELL", "user": "a"})
    assert one != pages.filters_digest({"user": "a"})


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(-(2**53), 2**53), max_size=4))
def test_a_cursor_is_read_back_with_its_own_filters_only(digest: int, place: list[int]) -> None:
    cursor = pages.make_cursor(digest, place)
    assert pages.read_cursor(cursor, digest) == tuple(place)
    assert pages.read_cursor(cursor, digest + 1) is None


@pytest.mark.parametrize("cursor", ["x", "====", "LTE=", "W10", "ünlesbar", "eyJhIjoxfQ==", "WyJhIl0=", "WzEuNV0="])
def test_a_cursor_that_nobody_gave_is_refused(cursor: str) -> None:
    with pytest.raises(BadParameter, match="invalid cursor"):
        pages.read_cursor(cursor, 1)


def test_no_cursor_and_an_empty_one_point_nowhere() -> None:
    assert pages.read_cursor("", 1) is None
    assert pages.read_cursor("W10=", 1) is None


@pytest.mark.parametrize("limit", [1, 99, 100, 1_000, 2_344, 2_345, 5_000])
def test_a_walk_by_cursor_gives_every_row_once_and_ends(limit: int) -> None:
    seen: list[object] = []
    query = {"limit": str(limit), "user": "a"}
    for _ in range(len(ROWS) + 1):
        page: dict[str, Any] = pages.offset_page(ROWS, query)
        told = page["pagination"]
        assert (told["limit"], told["offset"]) == (min(limit, 1_000), len(seen))
        assert told["has_more"] is (told["next_cursor"] is not None)
        assert len(page["data"]) <= min(limit, 1_000)
        seen += page["data"]
        if not told["has_more"]:
            break
        query["cursor"] = told["next_cursor"]
    assert seen == ROWS


def test_a_page_has_a_hundred_rows_unless_told_and_its_cursor_beats_an_offset() -> None:
    first: dict[str, Any] = pages.offset_page(ROWS, {})
    assert first["data"] == ROWS[:100]
    cursor = first["pagination"]["next_cursor"]
    assert pages.offset_page(ROWS, {"cursor": cursor, "offset": "7"})["data"] == ROWS[100:200]
    assert pages.offset_page(ROWS, {"offset": "7", "limit": "2"})["data"] == ROWS[7:9]
    assert pages.offset_page(ROWS, {"cursor": cursor, "side": "BUY", "limit": "2"})["data"] == ROWS[:2]
    beyond: dict[str, Any] = pages.offset_page(ROWS, {"offset": "99999"})
    assert (beyond["data"], beyond["pagination"]["has_more"]) == ([], False)


def test_v1_clamps_limits_and_refuses_offsets_beyond_the_cap() -> None:
    assert pages.window_v1({}, default=100, most=500) == (100, 0)
    assert pages.window_v1({"limit": "501", "offset": "10000"}, default=100, most=500) == (500, 10_000)
    assert pages.window_v1({"offset": "10001"}, default=10, most=50, most_offset=100_000) == (10, 10_001)
    with pytest.raises(BadParameter, match="offset of 10000 exceeded"):
        pages.window_v1({"offset": "10001"}, default=100, most=500)


def test_a_refusal_of_v2_has_the_venues_fields() -> None:
    answer = pages.refusal_v2(BadParameter("user", "who?"))
    body = json.loads(answer.body)
    assert answer.status == 400
    assert body.keys() == {"error", "code", "retryable", "trace_id", "parameter"}
    assert (body["error"], body["code"], body["retryable"], body["parameter"]) == (
        "who?",
        "invalid_parameter",
        False,
        "user",
    )


class Counted:
    """Counts what is computed behind a cache whose time the test moves."""

    def __init__(self, status: int = 200) -> None:
        self.now, self.asked, self.status = 0, 0, status
        self.cache = AnswerCache(lambda: self.now)

    def compute(self, request: Request) -> Reply:
        self.asked += 1
        return reply([request.path, self.asked], self.status)

    def get(self, max_age_s: int = 15, path: str = "/v2/activity", **query: str) -> tuple[int, dict[str, str]]:
        answer = self.cache.answer(Request("GET", path, query), max_age_s, self.compute)
        return json.loads(answer.body)[1], dict(answer.headers)


def test_a_cached_answer_tells_its_age_until_it_is_too_old() -> None:
    behind = Counted()
    assert behind.get() == (1, {"cache-control": "public, max-age=15", "cf-cache-status": "MISS"})
    behind.now = 15 * NANOS - 1
    assert behind.get() == (1, {"cache-control": "public, max-age=15", "age": "14", "cf-cache-status": "HIT"})
    behind.now = 15 * NANOS
    assert behind.get()[0] == 2
    behind.now = 29 * NANOS
    assert behind.get()[0] == 2


def test_another_path_or_parameter_is_another_answer() -> None:
    behind = Counted()
    asks = [behind.get(user="a"), behind.get(user="b"), behind.get(user="a", start="1"), behind.get(path="/v2/oi")]
    assert [number for number, _ in asks] == [1, 2, 3, 4]
    assert behind.get(user="b")[0] == 2


def test_parameters_cannot_pass_for_others_in_the_cache() -> None:
    behind = Counted()
    assert behind.get(user="a&side=BUY")[0] != behind.get(user="a", side="BUY")[0]


def test_what_is_not_cached_is_computed_each_time_and_says_so() -> None:
    behind = Counted()
    assert [behind.get(0), behind.get(0)] == [(1, {"cache-control": "no-store"}), (2, {"cache-control": "no-store"})]


def test_refusals_are_not_kept() -> None:
    behind = Counted(status=400)
    assert [behind.get()[0], behind.get()[0]] == [1, 2]


def test_the_oldest_answers_make_room_for_new_ones() -> None:
    behind = Counted()
    for number in range(pages.CACHED_URLS + 1):
        behind.get(user=str(number))
    assert behind.get(user="1")[0] == 2
    assert behind.get(user="0")[0] == pages.CACHED_URLS + 2
