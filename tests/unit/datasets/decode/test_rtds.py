"""Frames of the activity stream."""

import json

import pytest

from tests.support.mutate import SAMPLES, sample
from whaletrader.datasets.decode import rtds
from whaletrader.datasets.decode.rtds import decode_rtds

FRAMES = sample("rtds_activity_trades_20260924.json")


def frame(payload=None, **changes):
    """A captured frame with changes, as bytes."""
    base = json.loads(json.dumps(FRAMES[0]))
    base["payload"].update(payload or {})
    return json.dumps({**base, **changes}).encode()


def only(raw):
    decoded = decode_rtds(raw)
    assert decoded.rejects == ()
    assert len(decoded.rows) == 1
    return decoded.rows[0]


def reason(raw):
    decoded = decode_rtds(raw)
    assert decoded.rows == ()
    return [reject.reason for reject in decoded.rejects]


def test_every_leg_of_the_captured_mint_matches_has_its_own_side_and_price():
    legs = [only(json.dumps(each)) for each in FRAMES]
    by_tx = {}
    for leg in legs:
        by_tx.setdefault(leg.tx_hash, []).append(leg)
    mints = [pair for pair in by_tx.values() if len(pair) == 2]
    assert len(mints) == 2
    for taker, maker in mints:
        assert (taker.side, maker.side) == ("BUY", "BUY")
        assert taker.token_id != maker.token_id
        assert taker.price_micro + maker.price_micro == 1_000_000
        assert taker.size_micro == maker.size_micro
        assert {taker.outcome_index, maker.outcome_index} == {0, 1}
        assert (taker.role, maker.role) == ("taker", "")


def test_the_live_frame_is_read_to_the_last_digit():
    fill = only((SAMPLES / "rtds_activity_trades_live_20260725.jsonl").read_bytes())
    assert fill.wallet == "0x1015bb260154f51e5f432cb0a3227c1619fcbac8"
    assert (fill.price_micro, fill.size_micro, fill.ts_event) == (450_000, 4_330_000, 1_785_027_308 * 10**9)
    assert (fill.side, fill.outcome_index, fill.fee_micro, fill.role) == ("BUY", 0, -1, "")
    assert fill.event_slug == "btc-updown-5m-1785027300"
    assert fill.source == "rtds.trades"


def test_an_array_of_frames_is_read_like_its_frames():
    together = decode_rtds(json.dumps(FRAMES))
    assert together.rows == tuple(only(json.dumps(each)) for each in FRAMES)


@pytest.mark.parametrize(
    "changed",
    [
        {"price": "0.03"},
        {"size": "1030.92"},
        {"fee": "1.5309"},
        {"timestamp": "1790272257"},
        {"timestamp": 1790272257000},
        {"outcomeIndex": "1"},
        {"side": "buy"},
        {"proxyWallet": FRAMES[0]["payload"]["proxyWallet"].upper().replace("0X", "0x")},
        {"unknownKey": {"deep": [1]}},
        {"asset": int(FRAMES[0]["payload"]["asset"])},
    ],
)
def test_other_spellings_give_the_same_row(changed):
    assert only(frame(changed)) == only(frame())


def test_a_fee_means_a_taker_and_no_fee_means_nothing():
    assert only(frame({"fee": 0})).role == "taker"
    without = json.loads(frame())
    del without["payload"]["fee"]
    assert only(json.dumps(without)).role == ""


def test_an_announced_match_is_its_takers_row_of_another_source():
    fill = only(frame(type="orders_matched"))
    assert (fill.source, fill.role) == ("rtds.orders_matched", "taker")


def test_a_payload_may_hold_several_rows():
    rows = [each["payload"] for each in FRAMES]
    base = json.loads(frame())
    assert len(decode_rtds(json.dumps({**base, "payload": rows})).rows) == len(rows)
    assert len(decode_rtds(json.dumps({**base, "payload": {"data": rows}})).rows) == len(rows)


@pytest.mark.parametrize("raw", [b"", b" \n", "PONG", b"pong", b"ping"])
def test_a_sign_of_life_is_no_row_and_no_fault(raw):
    assert decode_rtds(raw) == rtds.Decoded()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"conditionId": "0x" + "ab" * 31}, "combination_trade"),
        ({"conditionId": ""}, "market_unknown"),
        ({"proxyWallet": "0x+1848342fc388908f2D25a9012Cc18a0Ad193979"}, "wallet_missing"),
        ({"proxyWallet": None}, "wallet_missing"),
        ({"asset": ""}, "token_missing"),
        ({"price": 1.2}, "price_above_one"),
        ({"price": None}, "price_missing"),
        ({"size": 0}, "size_not_positive"),
        ({"side": "HOLD"}, "side_unknown"),
        ({"timestamp": None}, "time_missing"),
        ({"transactionHash": "0xzz"}, "hash_malformed"),
    ],
)
def test_a_row_of_no_use_has_a_reason(changed, expected):
    assert reason(frame(changed)) == [expected]


def test_topics_and_types_that_are_not_ours_are_counted():
    assert reason(frame(topic="comments")) == ["unknown_topic"]
    assert reason(frame(type="something_new")) == ["unknown_event_type"]
    assert reason(b'{"statusCode":401,"message":"topic not found"}') == ["server_error"]
    assert reason(b"[1, null]") == ["not_an_object", "not_an_object"]


def test_a_bad_row_leaves_its_neighbours_alone():
    bad = json.loads(frame({"size": -1}))
    decoded = decode_rtds(json.dumps([FRAMES[0], bad, FRAMES[1]]))
    assert decoded.rows == (only(json.dumps(FRAMES[0])), only(json.dumps(FRAMES[1])))
    assert [reject.reason for reject in decoded.rejects] == ["size_not_positive"]
    assert decoded.rejects[0].head.startswith(b"{'asset'")


def test_a_row_without_a_transaction_is_a_row():
    assert only(frame({"transactionHash": ""})).tx_hash == ""


def test_unknown_keys_that_are_null_or_told_as_text_cost_no_row():
    plain = only(frame())
    assert only(frame(error=None, statusCode=None, connection_id=7)) == plain
    assert only(frame({"size": str(FRAMES[0]["payload"]["size"]), "error": None}, error=None)) == plain
