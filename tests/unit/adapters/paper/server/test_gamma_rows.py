"""Gamma's objects: JSON inside JSON, three spellings of a time, and what a market shows only when it has it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import venue_record as world
from whaletrader.adapters.paper.server import gamma_rows, types
from whaletrader.adapters.paper.server.record import Record, Standing
from whaletrader.adapters.paper.server.recorder import Recorder
from whaletrader.datasets.decode.gamma import decode_markets
from whaletrader.datasets.decode.rows import MarketMeta
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.values import MICRO, NANOS

NOW = world.START + 123_456_789


def listed(*markets: types.VenueMarket) -> Record:
    recorder = Recorder()
    for each in markets:
        recorder.on_event(types.MarketAdded(ts=world.START, market=each))
    return recorder.record


def shown(**changes: Any) -> dict[str, Any]:
    return gamma_rows.market_object(listed(world.market(**changes)), world.MARKET, NOW)


def resolved(payouts: tuple[int, int]) -> dict[str, Any]:
    recorder = world.three_wallets()
    recorder.on_event(types.MarketResolved(ts=world.START + 59 * NANOS, market=world.market(), payouts_micro=payouts))
    return gamma_rows.market_object(recorder.record, world.MARKET, NOW)


def decoded(body: dict[str, Any]) -> MarketMeta:
    (row,) = decode_markets(json.dumps([body])).rows
    assert isinstance(row, MarketMeta)
    return row


def test_lists_are_text_with_a_blank_after_each_comma_but_position_ids_are_a_list() -> None:
    body = shown(position_ids=("7", "8"))
    assert body["outcomes"] == '["Yes", "No"]'
    assert body["clobTokenIds"] == f'["{world.YES}", "{world.NO}"]'
    assert body["umaResolutionStatuses"] == "[]"
    assert body["positionIds"] == ["7", "8"]
    assert "positionIds" not in shown()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(st.sampled_from('",\\ abä[]'), max_size=4), max_size=4))
def test_any_labels_survive_being_text(labels: list[str]) -> None:
    assert json.loads(gamma_rows.as_text(labels)) == labels


def test_a_label_of_a_comma_stays_a_comma() -> None:
    assert gamma_rows.as_text((",", "No")) == '[",", "No"]'


def test_times_come_in_three_spellings() -> None:
    body = shown(game_start_ts=world.START + NANOS)
    assert (body["endDate"], body["endDateIso"]) == ("2026-09-24T19:50:57Z", "2026-09-24")
    assert (body["startDate"], body["startDateIso"]) == ("2026-09-23T17:50:57Z", "2026-09-23")
    assert body["gameStartTime"] == "2026-09-24 17:50:58+00"
    assert body["updatedAt"] == "2026-09-24T17:50:57.123456Z"


def test_a_market_without_a_known_end_does_not_end_in_1970() -> None:
    record = listed(world.market(end_ts=-1, game_start_ts=-1))
    body = gamma_rows.market_object(record, world.MARKET, NOW)
    assert not {"endDate", "endDateIso", "gameStartTime"} & body.keys()
    assert decoded(body).end_ts == -1
    event = gamma_rows.event_object(record, "unl-nor-den-2026-09-24", NOW)
    assert "endDate" not in event


def test_fees_are_told_only_where_there_are_some() -> None:
    body = shown()
    assert (body["feesEnabled"], body["feeType"], body["takerBaseFee"]) == (True, "sports_fees_v3", 1_000)
    assert body["feeSchedule"] == {"exponent": 1, "rate": 0.05, "takerOnly": True, "rebateRate": 0.15}
    free = shown(fee=FeeSchedule(0), fee_type="")
    assert (free["feesEnabled"], free["makerBaseFee"], free["takerBaseFee"]) == (False, 0, 0)
    assert not {"feeType", "feeSchedule"} & free.keys()
    assert decoded(free).fee_rate_micro == 0


def test_a_plain_market_tells_no_neg_risk_id_and_no_delay() -> None:
    body = shown(neg_risk=False, neg_risk_market_id="", seconds_delay=0)
    assert body["negRisk"] is False
    assert not {"negRiskMarketID", "secondsDelay"} & body.keys()
    assert (shown()["negRiskMarketID"], shown()["secondsDelay"]) == (world.market().neg_risk_market_id, 1)


@pytest.mark.parametrize(
    ("payouts", "prices"),
    [((MICRO, 0), '["1", "0"]'), ((0, MICRO), '["0", "1"]'), ((MICRO // 2, MICRO // 2), '["0.5", "0.5"]')],
)
def test_a_resolved_market_is_closed_with_its_payouts_as_prices(payouts: tuple[int, int], prices: str) -> None:
    body = resolved(payouts)
    assert (body["closed"], body["umaResolutionStatus"], body["outcomePrices"]) == (True, "resolved", prices)
    assert (body["active"], body["acceptingOrders"]) == (True, False)
    assert (body["closedTime"], body["umaEndDate"]) == ("2026-09-24 17:51:56+00", "2026-09-24T17:51:56Z")
    assert (decoded(body).resolved, decoded(body).payouts_micro) == (True, payouts)


def test_an_open_market_tells_nothing_of_a_resolution() -> None:
    body = shown()
    assert body["closed"] is False
    assert not {"closedTime", "umaEndDate", "umaResolutionStatus", "automaticallyResolved"} & body.keys()


@pytest.mark.parametrize(
    ("bid", "ask", "last", "prices"),
    [
        (400_000, 420_000, 900_000, ["0.41", "0.59"]),
        (400_000, 401_000, 900_000, ["0.4005", "0.5995"]),
        (0, 420_000, 300_000, ["0.3", "0.7"]),
        (400_000, MICRO, 300_000, ["0.3", "0.7"]),
        (0, MICRO, 500_000, ["0.5", "0.5"]),
    ],
)
def test_prices_are_the_middle_of_a_two_sided_book_else_the_last(
    bid: int, ask: int, last: int, prices: list[str]
) -> None:
    standing = Standing(tick_micro=1_000, bid_micro=bid, ask_micro=ask, last_micro=last)
    assert gamma_rows.outcome_prices(standing) == prices


def test_volumes_are_text_and_number_and_count_the_taker_once() -> None:
    body = gamma_rows.market_object(world.three_wallets().record, world.MARKET, NOW)
    assert (body["volume"], body["volumeNum"], body["lastTradePrice"]) == ("9.05", 9.05, 0.603333)
    assert repr(body["orderMinSize"]) == "5"
    assert repr(body["orderPriceMinTickSize"]) == "0.01"


def two() -> Record:
    other = world.market(condition_id="0x1", token_ids=("1", "2"), slug="other", end_ts=world.START + 9_000 * NANOS)
    record = listed(world.market(), other)
    record.standings[world.MARKET].volume_micro = 9_000_000
    record.standings["0x1"].volume_micro = 10_000_000
    return record


def test_an_event_sums_its_markets_and_is_closed_with_the_last_of_them() -> None:
    record = two()
    event = gamma_rows.event_object(record, "unl-nor-den-2026-09-24", NOW)
    markets: Any = event["markets"]
    assert [market["slug"] for market in markets] == ["unl-nor-den-2026-09-24-nor", "other"]
    assert not any("events" in market for market in markets)
    assert (event["volume"], event["closed"]) == (19, False)
    record.standings["0x1"].payouts_micro = (MICRO, 0)
    assert gamma_rows.event_object(record, "unl-nor-den-2026-09-24", NOW)["closed"] is False
    record.standings[world.MARKET].payouts_micro = (0, MICRO)
    assert gamma_rows.event_object(record, "unl-nor-den-2026-09-24", NOW)["closed"] is True
    head: Any = gamma_rows.market_object(record, "0x1", NOW)["events"]
    assert head[0]["endDate"] == "2026-09-24T19:50:57Z"
    assert head == [{key: value for key, value in event.items() if key not in ("markets", "tags")} | {"closed": True}]


def test_volume_sorts_as_text_and_its_number_as_a_number() -> None:
    record = two()

    def order(field: str) -> list[str]:
        return sorted(record.cards, key=lambda each: gamma_rows.sort_value(record, each, field))

    assert order("volume") == ["0x1", world.MARKET]
    assert order("volumeNum") == [world.MARKET, "0x1"]
    assert order("endDate") == [world.MARKET, "0x1"]
    assert order("id") == order("anything") == list(record.cards)


@pytest.mark.parametrize(
    ("category", "tag"), [("crypto", ("21", "Crypto")), ("chess", ("100000", "Chess")), ("", ("100000", ""))]
)
def test_an_events_tag_is_its_category(category: str, tag: tuple[str, str]) -> None:
    card = msgspec.structs.replace(listed(world.market()).cards[world.MARKET], category=category)
    (made,) = gamma_rows.tags(card)
    assert (made["id"], made["label"], made["slug"]) == (*tag, category)
