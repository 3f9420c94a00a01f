"""Gamma's markets and their traps."""

import json

import pytest

from tests.support.mutate import sample
from whaletrader.datasets.decode.gamma import decode_markets

OPEN = sample("gamma_market_20260924.json")[0]
CLOSED = sample("gamma_market_closed_20260924_excerpt.json")[0]


def one(row):
    found = decode_markets(json.dumps(row))
    assert found.rejects == ()
    assert len(found.rows) == 1
    return found.rows[0]


def test_lists_inside_text_are_lists():
    market = one(OPEN)
    assert market.outcomes == ("Yes", "No")
    assert len(market.token_ids) == 2
    assert market.token_ids[0].startswith("2330596927")


def test_position_ids_of_a_first_version_market_are_not_traded():
    market = one(OPEN)
    assert len(market.position_ids) == 2
    assert market.tradable_ids == market.token_ids
    assert one({**OPEN, "version": "v2"}).tradable_ids == market.position_ids


@pytest.mark.parametrize("version", ["v3", None, ""])
def test_an_unknown_version_trades_nothing(version):
    row = {**OPEN, "version": version, "events": []}
    assert one(row).tradable_ids == ()


def test_terms_and_the_fee_schedule_are_the_markets_own():
    market = one(OPEN)
    assert (market.tick_micro, market.min_order_micro, market.neg_risk, market.seconds_delay) == (
        10_000,
        5_000_000,
        True,
        1,
    )
    assert (market.fee_rate_micro, market.fee_exponent, market.fee_rebate_micro) == (50_000, 1, 150_000)
    assert one({**OPEN, "feesEnabled": False}).fee_rate_micro == 0
    assert one({**OPEN, "feeSchedule": None}).fee_rate_micro == -1


def test_times_have_three_spellings():
    market = one(OPEN)
    assert market.end_ts == market.game_start_ts == 1_790_275_500 * 10**9
    assert one({**OPEN, "endDate": "2026-09-24"}).end_ts == 1_790_208_000 * 10**9
    assert one(CLOSED).closed_ts == 1_790_258_536 * 10**9


def test_a_market_is_resolved_when_closed_decided_and_paid_in_full():
    assert one(CLOSED).payouts_micro == (1_000_000, 0)
    for change in (
        {"closed": False},
        {"umaResolutionStatus": "proposed"},
        {"outcomePrices": '["0.999", "0.001"]'},
        {"outcomePrices": '["0", "0"]'},
        {"outcomePrices": "[]"},
    ):
        market = one({**CLOSED, **change})
        assert (market.resolved, market.payouts_micro) == (False, ()), change
    assert one({**CLOSED, "outcomePrices": ["0.5", "0.5"]}).payouts_micro == (500_000, 500_000)


def test_every_form_of_an_answer_is_read():
    for answer in (OPEN, [OPEN], {"markets": [OPEN], "next_cursor": "x"}, {"data": [OPEN]}):
        assert [row.market_id for row in decode_markets(json.dumps(answer)).rows] == [OPEN["conditionId"]]
    assert decode_markets(json.dumps({"markets": [], "next_cursor": "x"})).next_cursor == "x"


def test_events_hold_markets_and_lend_them_their_names():
    bare = {key: value for key, value in OPEN.items() if key not in ("events", "tags", "version")}
    event = {"id": "5", "slug": "a-game", "version": "v1", "tags": [{"slug": "sports"}], "markets": [bare, {"x": 1}]}
    for answer in (event, [event], {"events": [event]}):
        found = decode_markets(json.dumps(answer))
        market = found.rows[0]
        assert (market.event_id, market.event_slug, market.version, market.tags) == ("5", "a-game", "v1", ("sports",))
        assert [each.reason for each in found.rejects] == ["market_unknown"]


def test_a_combo_is_no_market():
    found = decode_markets(json.dumps([{**OPEN, "conditionId": "0x" + "ab" * 31}, CLOSED]))
    assert len(found.rows) == 1
    assert [each.reason for each in found.rejects] == ["combination_trade"]
