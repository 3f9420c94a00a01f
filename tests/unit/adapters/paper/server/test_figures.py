"""Numbers and times as the venue's services write them, and the pages and cache of the Data API."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whaletrader.adapters.paper.server import figures
from whaletrader.adapters.paper.server.data_pages import (
    AnswerCache,
    BadParameter,
    filters_digest,
    make_cursor,
    number,
    offset_page,
    read_cursor,
)
from whaletrader.adapters.paper.server.edge import Request, reply
from whaletrader.adapters.paper.server.geoblock import Geoblock, Place
from whaletrader.domain.values import MICRO, NANOS

WHEN = 1_790_258_536 * NANOS + 405_177_000


def test_whole_numbers_lose_their_point_in_v1_and_keep_it_in_v2() -> None:
    assert (str(figures.loose_micro(40_000_000_000)), str(figures.strict_micro(400_000_000_000))) == (
        "40000",
        "400000.0",
    )
    assert figures.loose_micro(330_000) == figures.strict_micro(330_000) == 0.33


@pytest.mark.parametrize(("micro", "text"), [(10_000, "0.01"), (5_000_000, "5"), (-1_500_000, "-1.5"), (0, "0")])
def test_decimal_text_is_the_shortest(micro: int, text: str) -> None:
    assert figures.text_micro(micro) == text


@given(st.integers(-(10**15), 10**15))
def test_decimal_text_reads_back_exactly(micro: int) -> None:
    whole, _, rest = figures.text_micro(abs(micro)).partition(".")
    assert int(whole) * MICRO + int((rest or "0").ljust(6, "0")) == abs(micro)
    assert figures.text_micro(micro).startswith("-") == (micro < 0)


def test_times_have_gammas_spellings() -> None:
    assert figures.zulu(WHEN) == "2026-09-24T14:02:16Z"
    assert figures.zulu_fine(WHEN) == "2026-09-24T14:02:16.405177Z"
    assert figures.spaced(WHEN) == "2026-09-24 14:02:16+00"
    assert figures.day(WHEN) == "2026-09-24"


def test_a_cursor_reads_back_for_its_filters_only() -> None:
    digest = filters_digest({"user": "0x1", "limit": "5"})
    assert digest == filters_digest({"user": "0x1", "limit": "9", "cursor": "x"})
    cursor = make_cursor(digest, (7, 3))
    assert read_cursor(cursor, digest) == (7, 3)
    assert read_cursor(cursor, digest + 1) is None
    assert read_cursor("", digest) is None
    with pytest.raises(BadParameter):
        read_cursor("%%%", digest)


def test_offset_pages_end() -> None:
    rows: list[dict[str, object]] = [{"n": n} for n in range(5)]
    first = offset_page(rows, {"limit": "3"})
    cursor = first["pagination"]["next_cursor"]  # type: ignore[index]
    second = offset_page(rows, {"limit": "3", "cursor": str(cursor)})
    assert (first["data"], second["data"]) == (rows[:3], rows[3:])
    assert second["pagination"]["next_cursor"] is None  # type: ignore[index]


def test_numbers_of_a_query_are_bounded() -> None:
    assert number({"limit": "7"}, "limit", 1, most=5) == 5
    assert number({}, "limit", 3) == 3
    for wrong in ("x", "-1", "inf"):
        with pytest.raises(BadParameter):
            number({"limit": wrong}, "limit", 1)


def test_the_cache_tells_its_age_and_forgets_errors() -> None:
    clock = [0]
    cache = AnswerCache(lambda: clock[0])
    asked = []

    def compute(request: Request) -> object:
        asked.append(request)
        return reply({"n": len(asked)}, 200 if len(asked) > 1 else 500)

    request = Request("GET", "/v2/trades", {"a": "1"})
    answers = [cache.answer(request, 300, compute) for _ in range(3)]  # type: ignore[arg-type]
    assert [answer.body for answer in answers] == [b'{"n":1}', b'{"n":2}', b'{"n":2}']
    clock[0] = 17 * NANOS
    assert ("age", "17") in cache.answer(request, 300, compute).headers  # type: ignore[arg-type]
    assert ("cache-control", "no-store") in cache.answer(request, 0, compute).headers  # type: ignore[arg-type]


def test_the_geoblock_tells_where_it_is_asked_from() -> None:
    geoblock = Geoblock()
    assert geoblock.http(Request("GET", "/", client="127.0.0.9")).body.startswith(b'{"blocked":false,"ip":"127.0.0.9"')
    geoblock.place = Place(blocked=True, country="DE", region="BE")
    assert b'"blocked":true' in geoblock.http(Request("GET", "/")).body
    assert geoblock.http(Request("POST", "/")).status == 405
