"""Logs of the chain: fills of both roles, sums, position changes, resolutions, and what is not believed."""

import json

import pytest

from tests.support.chain_logs import (
    CONDITION,
    MAKER,
    ORDER,
    TAKER,
    TOKEN,
    TX,
    answer,
    every_kind,
    filled,
    filled_v1,
    log,
)
from whaletrader.datasets.decode.chain_logs import decode_logs
from whaletrader.datasets.decode.rows import ChainResolution, MatchSummary, PositionChange, TokenTransfer, VenueFill
from whaletrader.domain.event_topics import ChainEvent
from whaletrader.domain.venue_contracts import VenueContract


def one(entry):
    found = decode_logs(answer(entry))
    assert found.rejects == ()
    assert len(found.rows) == 1
    return found.rows[0]


def reasons(*entries):
    return [each.reason for each in decode_logs(answer(*entries)).rejects]


def test_a_buy_gives_collateral_for_shares():
    fill = one(filled(0, 31_000_000, 50_000_000))
    assert (fill.side, fill.price_micro, fill.size_micro) == ("BUY", 620_000, 50_000_000)
    assert (fill.wallet, fill.order_hash, fill.tx_hash, fill.log_index) == (MAKER, ORDER, TX, 7)
    assert fill.token_id == str(TOKEN)


def test_a_sale_gives_shares_for_collateral():
    fill = one(filled(1, 50_000_000, 31_000_000, 1_550))
    assert (fill.side, fill.price_micro, fill.size_micro, fill.fee_micro) == ("SELL", 620_000, 50_000_000, 1_550)


def test_a_takers_own_log_names_the_exchange_and_a_makers_names_the_taker():
    assert one(filled(taker=VenueContract.EXCHANGE.value)).role == "taker"
    assert one(filled(taker=TAKER)).role == "maker"
    elsewhere = filled(taker=VenueContract.EXCHANGE.value, contract=VenueContract.NEG_RISK_EXCHANGE)
    assert one(elsewhere).role == "maker"


@pytest.mark.parametrize(
    "contract", [VenueContract.EXCHANGE, VenueContract.NEG_RISK_EXCHANGE, VenueContract.EXCHANGE_V3]
)
def test_all_exchanges_in_force_are_read(contract):
    assert isinstance(one(filled(contract=contract)), VenueFill)


def test_the_first_generation_tells_its_side_by_the_asset_that_is_collateral():
    buy = one(filled_v1(0, TOKEN, 31_000_000, 50_000_000))
    sale = one(filled_v1(TOKEN, 0, 50_000_000, 31_000_000, fee=100))
    assert (buy.side, buy.price_micro, buy.size_micro) == ("BUY", 620_000, 50_000_000)
    assert (sale.side, sale.price_micro, sale.size_micro, sale.fee_micro) == ("SELL", 620_000, 50_000_000, 100)


def test_a_fee_in_shares_is_told_in_their_value():
    assert one(filled_v1(fee=1_000_000)).fee_micro == 620_000


def test_prices_round_to_the_nearest_with_ties_to_even():
    assert one(filled(0, 1, 3)).price_micro == 333_333
    assert one(filled(0, 2, 3)).price_micro == 666_667
    assert one(filled(0, 1, 2_000_000)).price_micro == 0
    assert one(filled(0, 3, 2_000_000)).price_micro == 2


def test_a_block_time_comes_from_the_log_or_from_who_knows_it():
    assert one(filled()).ts_event == 1_790_272_257 * 10**9
    without = filled()
    del without["blockTimestamp"]
    assert one(without).ts_event == -1
    assert decode_logs(answer(without), {90_000_000: 5}).rows[0].ts_event == 5


def test_a_log_taken_back_says_so():
    assert one(filled(removed=True)).removed


@pytest.mark.parametrize(
    "wrap",
    [
        lambda entry: entry,
        lambda entry: [entry],
        lambda entry: {"jsonrpc": "2.0", "id": 1, "result": [entry]},
        lambda entry: {"result": {"status": "0x1", "logs": [entry]}},
        lambda entry: {"method": "eth_subscription", "params": {"subscription": "0x1", "result": entry}},
        lambda entry: [{"id": 1, "result": [entry]}, {"id": 2, "result": []}],
    ],
)
def test_logs_are_found_in_whatever_a_node_sends(wrap):
    assert decode_logs(json.dumps(wrap(filled()))).rows == (one(filled()),)


def test_an_acknowledged_subscription_holds_nothing_and_an_error_is_told():
    assert decode_logs(b'{"jsonrpc":"2.0","id":1,"result":"0xabc"}').rejects == ()
    found = decode_logs(b'{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"range too large"}}')
    assert [(each.reason, each.detail) for each in found.rejects] == [("server_error", "range too large")]


def test_either_case_and_plain_numbers_are_read():
    entry = filled()
    upper = {**entry, "address": entry["address"].upper().replace("0X", "0x"), "logIndex": 7, "blockNumber": 90_000_000}
    upper["topics"] = [topic.upper().replace("0X", "0x") for topic in entry["topics"]]
    assert one(upper) == one(entry)


def test_every_event_becomes_its_row():
    found = decode_logs(answer(*every_kind()))
    assert found.rejects == ()
    names = [type(row).__name__ for row in found.rows]
    assert names.count("VenueFill") == 4
    assert names.count("MatchSummary") == 2
    assert names.count("FeeCharge") == 2
    assert names.count("TokenTransfer") == 3
    assert names.count("CollateralTransfer") == 1
    kinds = [row.kind for row in found.rows if isinstance(row, PositionChange)]
    assert kinds == ["SPLIT", "MERGE", "REDEEM", "SPLIT", "MERGE", "CONVERSION", "REDEEM"]


def test_splits_and_merges_name_condition_amount_and_sets():
    rows = [row for row in decode_logs(answer(*every_kind())).rows if isinstance(row, PositionChange)]
    assert {row.market_id for row in rows} == {CONDITION}
    assert rows[0].index_sets == (1, 2)
    assert [row.amount_micro for row in rows] == [
        5_000_000,
        5_000_000,
        7_000_000,
        5_000_000,
        5_000_000,
        6_000_000,
        8_000_000,
    ]
    assert rows[5].index_sets == (5,)


def test_a_resolution_pays_its_numerators_over_their_sum():
    ctf = VenueContract.CONDITIONAL_TOKENS
    half = one(log(ChainEvent.CONDITION_RESOLUTION, (CONDITION, MAKER, ORDER), (2, 64, 2, 1, 1), contract=ctf))
    third = one(log(ChainEvent.CONDITION_RESOLUTION, (CONDITION, MAKER, ORDER), (2, 64, 2, 1, 2), contract=ctf))
    assert isinstance(half, ChainResolution)
    assert half.payouts_micro == (500_000, 500_000)
    assert third.payouts_micro == (333_333, 666_667)
    assert reasons(log(ChainEvent.CONDITION_RESOLUTION, (CONDITION, MAKER, ORDER), (2, 64, 2, 0, 0), contract=ctf)) == [
        "payout_unknown"
    ]


def test_a_match_is_a_sum_and_no_fill():
    row = one(log(ChainEvent.ORDERS_MATCHED, (ORDER, MAKER), (1, TOKEN, 50, 31)))
    assert isinstance(row, MatchSummary)
    assert (row.side, row.given_micro, row.received_micro) == ("SELL", 50, 31)


def test_a_batch_of_transfers_is_several_rows_of_one_log():
    entry = next(each for each in every_kind() if len(decode_logs(answer(each)).rows) == 2)
    first, second = decode_logs(answer(entry)).rows
    assert isinstance(first, TokenTransfer)
    assert (first.batch_index, second.batch_index, first.log_index) == (0, 1, second.log_index)
    assert (first.amount_micro, second.amount_micro) == (1_000_000, 2_000_000)


def test_an_event_of_a_stranger_is_not_believed():
    assert reasons(filled(contract=VenueContract.USDC)) == ["unknown_contract"]
    assert reasons(filled(address=MAKER)) == ["unknown_contract"]


def test_combos_of_the_new_protocol_are_refused_by_name():
    assert reasons(filled(token=3 << 248 | 77 << 120)) == ["combination_trade"]
    assert isinstance(one(filled(token=1 << 248 | 77 << 120)), VenueFill)


def test_events_that_change_no_position_hold_no_row():
    entry = log(ChainEvent.V1_ORDER_CANCELLED, (ORDER,), (), contract=VenueContract.EXCHANGE_V1)
    found = decode_logs(answer(entry))
    assert (found.rows, found.rejects) == ((), ())


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (filled(topics=["0x" + "00" * 32]), "unknown_event_type"),
        (filled(topics=[]), "unknown_event_type"),
        (filled(data="0x00"), "log_malformed"),
        (filled(data="zz"), "log_malformed"),
        (filled(transactionHash=None), "log_malformed"),
        (filled(logIndex=None), "log_malformed"),
        (filled(2), "side_unknown"),
        (filled(0, 5, 0), "size_not_positive"),
        (filled(0, 6, 5), "price_above_one"),
        (filled(0, 1 << 200, 1 << 201), "amount_too_large"),
        (filled_v1(0, 0), "side_unknown"),
        (filled_v1(5, 6), "side_unknown"),
    ],
)
def test_a_log_of_no_use_has_a_reason_and_harms_no_neighbour(entry, reason):
    found = decode_logs(answer(filled(index=1), entry, filled(index=2)))
    assert [row.log_index for row in found.rows] == [1, 2]
    assert [each.reason for each in found.rejects] == [reason]


def test_a_refused_call_of_a_batch_leaves_the_logs_of_the_others():
    refused = {"id": 1, "error": {"message": "limit"}, "result": None}
    found = decode_logs(json.dumps([refused, {"id": 2, "result": [filled()]}]))
    assert found.rows == (one(filled()),)
    assert [reject.reason for reject in found.rejects] == ["server_error"]


def test_an_error_that_is_null_is_none():
    assert decode_logs(json.dumps({"id": 1, "error": None, "result": [filled()]})).rows == (one(filled()),)
