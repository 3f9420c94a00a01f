"""The Data API's listings: walked to their end, no row lost or told twice, and ceilings told of."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.hand_clock import HandClock
from tests.support.venue_http import FIRST_TS, WALLET, Answer, VenueHttpServer, activity_row, condition, serving
from whaletrader.adapters.polymarket.clients import venue_clients
from whaletrader.adapters.polymarket.data_api import DataApi
from whaletrader.adapters.polymarket.http import Reply
from whaletrader.adapters.polymarket.pages import Page, data_page, walk
from whaletrader.config.tree import VenueSettings
from whaletrader.errors import VenueError


@pytest.fixture
def venue():
    with serving(VenueHttpServer(page_rows=100)) as server:
        yield server


def clients_of(server):
    clock = HandClock()
    urls = {key.removeprefix("WHALETRADER_VENUE__").lower(): url for key, url in server.settings().items()}
    return venue_clients(VenueSettings(**urls), clock=clock, wait=clock.wait)


def rows_of(pages):
    bodies = [msgspec.json.decode(page.body) for page in pages]
    return [row for body in bodies for row in (body["data"] if isinstance(body, dict) else body)]


def test_a_wallets_activity_is_walked_by_cursors_to_the_end(venue):
    venue.activity[WALLET] = [activity_row(n) for n in range(250)]
    pages = list(clients_of(venue).data.activity(WALLET.upper().replace("0X", "0x")))
    assert [page.rows for page in pages] == [100, 100, 50]
    assert rows_of(pages) == venue.activity[WALLET]
    assert (pages[0].first_s, pages[-1].last_s, pages[-1].next) == (FIRST_TS, FIRST_TS + 249, "")


def test_everything_is_asked_for_with_start_one_and_filters_stay_the_same_on_every_page(venue):
    venue.activity[WALLET] = [activity_row(n) for n in range(250)]
    list(clients_of(venue).data.activity(WALLET, 1, FIRST_TS + 999))
    queries = [{key: value for key, value in query.items() if key != "cursor"} for _, _, query in venue.requests]
    assert queries[0]["start"] == ["1"]
    assert queries[0]["end"] == [str(FIRST_TS + 999)]
    assert queries[0] == queries[1] == queries[2]


def test_combos_are_counted_and_are_no_markets_to_look_up(venue):
    venue.activity[WALLET] = [activity_row(0), activity_row(1, condition_id="0x" + "ab" * 31, slug="", outcome="")]
    page = next(clients_of(venue).data.activity(WALLET))
    assert (page.rows, page.combos, page.conditions) == (2, 1, (condition(0),))


def test_only_trades_count_as_told_transactions(venue):
    venue.activity[WALLET] = [activity_row(0), activity_row(1, type="REDEEM")]
    assert len(next(clients_of(venue).data.activity(WALLET)).hashes) == 1


def test_the_pages_bytes_are_the_venues(venue):
    venue.activity[WALLET] = [activity_row(0, price=0.9300000035)]
    assert b'"price": 0.9300000035' in next(clients_of(venue).data.activity(WALLET)).body


def test_takers_fills_are_asked_for_apart_so_that_roles_are_known(venue):
    venue.activity[WALLET] = [activity_row(0, taker=True), activity_row(1, taker=False)]
    data = clients_of(venue).data
    assert data.wallet_trades_page(WALLET, taker_only=True).rows == 1
    assert data.wallet_trades_page(WALLET).rows == 2
    assert venue.requests[-1][2]["taker_only"] == ["false"]


def test_a_markets_fills_beyond_the_period_are_trimmed_and_the_walk_ends_behind_it(venue):
    venue.trades = [activity_row(n) for n in range(1_000)]
    data, pages, cursor = clients_of(venue).data, [], ""
    while True:
        pages.append(data.market_trades_page(condition(0), FIRST_TS + 600, FIRST_TS + 799, cursor))
        cursor = pages[-1].next
        if not cursor:
            break
    times = sorted(row["timestamp"] for row in rows_of(pages))
    assert times == list(range(FIRST_TS + 600, FIRST_TS + 800))
    assert sum(page.trimmed for page in pages) == 300
    assert len(pages) == 5


def test_an_answer_for_other_markets_is_not_taken_for_the_one_asked():
    other = msgspec.json.encode({"data": [activity_row(0, market=5)], "pagination": {"next_cursor": "c9"}})
    page = DataApi(_Fixed(other)).market_trades_page(condition(0))
    assert (page.next, page.truncated) == ("", "the venue answered for other markets")


def test_resolutions_are_asked_for_many_markets_at_once(venue):
    clients_of(venue).data.resolutions([condition(n) for n in range(3)])
    assert venue.requests[0][2]["condition"] == [",".join(condition(n) for n in range(3))]


class _Fixed:
    """A host that always answers the same."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def get(self, *_args, **_more) -> Reply:
        return Reply(200, {}, self.body)


def test_a_cursor_that_comes_again_ends_the_walk_with_an_error():
    def fetch(cursor):
        return Page(source="data_v2.activity", params={}, body=b"", rows=1, next={"": "a", "a": "b", "b": "a"}[cursor])

    with pytest.raises(VenueError, match="repeats a cursor"):
        list(walk(fetch))


@pytest.mark.parametrize("body", [b"{}", b'{"data":{}}', b"[1", b"not json", b'{"data":[],"pagination":7}'])
def test_what_is_no_page_is_an_error_that_may_be_tried_again(body):
    with pytest.raises(VenueError) as told:
        data_page("data_v2.activity", {}, body)
    assert told.value.retryable


def test_a_row_of_another_shape_stays_in_the_page():
    body = b'{"data":[{"timestamp":"x"},7,null,{"timestamp":5}],"pagination":{"next_cursor":null}}'
    page = data_page("data_v2.activity", {}, body, since_s=1)
    assert (page.rows, page.body, page.first_s, page.last_s) == (4, body, 5, 5)


def v1_walk(server, since, until):
    data, pages, cursor = clients_of(server).data, [], ""
    while True:
        pages.append(data.v1_activity_page(WALLET, since, until, cursor))
        cursor = pages[-1].next
        if not cursor:
            return pages


def test_v1_windows_pass_the_offset_ceiling_without_losing_or_doubling_a_row(venue):
    # 12,000 rows, seven of each second: the ceiling cuts a second in two.
    venue.activity[WALLET] = [activity_row(n, ts=FIRST_TS + n // 7) for n in range(12_000)]
    pages = v1_walk(venue, 1, FIRST_TS + 9_999_999)
    told = Counter(row["transaction_hash"] for row in rows_of(pages))
    assert len(told) == 12_000
    assert set(told.values()) == {1}
    assert not any(page.truncated for page in pages)


def test_a_second_with_more_rows_than_v1_lets_pass_is_told_as_truncated(venue):
    venue.activity[WALLET] = [activity_row(n, ts=FIRST_TS) for n in range(11_000)]
    venue.activity[WALLET] += [activity_row(n, ts=FIRST_TS + 1) for n in range(11_000, 11_010)]
    pages = v1_walk(venue, FIRST_TS, FIRST_TS + 9)
    told = Counter(row["transaction_hash"] for row in rows_of(pages))
    assert [page.truncated for page in pages if page.truncated] == [
        "one second holds more rows than the venue's offset ceiling lets pass"
    ]
    assert len(told) == 5_500 + 10
    assert set(told.values()) == {1}


class _V1:
    """v1's `/activity` over given times, with its page and its ceiling, small enough to try many."""

    def __init__(self, times):
        self.rows = [{"timestamp": second, "transactionHash": str(n)} for n, second in enumerate(sorted(times))]

    def get(self, _path, params):
        inside = [row for row in self.rows if params["start"] <= row["timestamp"] <= params["end"]]
        assert params["offset"] <= CEILING
        return Reply(200, {}, msgspec.json.encode(inside[params["offset"] :][: params["limit"]]))


CEILING = 12


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, 12), max_size=90))
def test_v1_windows_tell_every_row_once_unless_they_say_otherwise(times):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("whaletrader.adapters.polymarket.data_api.V1_ACTIVITY_ROWS", 4)
        patch.setattr("whaletrader.adapters.polymarket.data_api.V1_LAST_ACTIVITY_OFFSET", CEILING)
        data, pages, cursor = DataApi(_V1(times)), [], ""
        while True:
            pages.append(data.v1_activity_page(WALLET, 1, 99, cursor))
            cursor = pages[-1].next
            if not cursor:
                break
    told = Counter(row["transactionHash"] for row in rows_of(pages))
    assert set(told.values()) <= {1}
    crowded = any(times.count(second) > CEILING + 4 for second in set(times))
    if not any(page.truncated for page in pages):
        assert len(told) == len(times)
    else:
        assert crowded or max(times.count(second) for second in set(times)) >= CEILING


def test_v1_market_trades_say_when_older_ones_are_out_of_reach():
    body = msgspec.json.encode([{"timestamp": 5}] * 10_000)
    data = DataApi(_Fixed(body))
    first = data.v1_market_trades_page(condition(0))
    second = data.v1_market_trades_page(condition(0), cursor=first.next)
    assert (first.next, first.truncated) == ("10000", "")
    assert (second.next, second.truncated) == ("", "older fills lie beyond the venue's offset ceiling")


def test_a_429_in_the_middle_of_a_walk_loses_nothing(venue):
    venue.activity[WALLET] = [activity_row(n) for n in range(250)]
    pages = clients_of(venue).data.activity(WALLET)
    first = next(pages)
    venue.refusals = [("/data-api", Answer(429, b"error code: 1015", {"retry-after": "0"}))] * 2
    assert rows_of([first, *pages]) == venue.activity[WALLET]


def test_the_address_of_a_markets_fills_moves_with_the_period_so_that_no_cached_answer_is_read(venue):
    data = clients_of(venue).data
    for until in (FIRST_TS + 100, FIRST_TS + 160):
        data.market_trades_page(condition(0), FIRST_TS, until)
    first, second = (query for _, _, query in venue.requests)
    assert first != second


def test_a_time_in_milliseconds_or_as_text_keeps_its_row_in_the_period():
    times = [FIRST_TS * 1_000, str(FIRST_TS), "2023-11-14T22:13:20Z", float(FIRST_TS)]
    body = msgspec.json.encode({"data": [activity_row(0) | {"timestamp": each} for each in times]})
    page = DataApi(_Fixed(body)).activity_page(WALLET, 1, FIRST_TS * 2)
    assert (page.rows, page.trimmed) == (4, 0)
    assert page.last_s < FIRST_TS * 2
