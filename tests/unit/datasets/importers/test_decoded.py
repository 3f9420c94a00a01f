"""What pure decoders made of answers, staged: every row in its table or counted with a reason, nothing made up."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.datasets.decode.rows import (
    ChainResolution,
    Decoded,
    MarketMeta,
    PositionChange,
    Reject,
    VenueFill,
    WalletPosition,
)
from whaletrader.datasets.importers.api_rows import Origin
from whaletrader.datasets.importers.decoded import decode_page, stage_decoded
from whaletrader.datasets.importers.staging import StagedPart
from whaletrader.domain.contract_ids import neg_risk_condition_id
from whaletrader.domain.values import NANOS, TapeRole, TapeSide

WALLET, OTHER = "0x" + "1a" * 20, "0x" + "2b" * 20
MARKET, TX, TOKEN = "0x" + "c1" * 32, "0x" + "f1" * 32, "7" * 70
EVENT = "0x" + "ee" * 31 + "00"
NOW, FETCHED = 1_790_000_000 * NANOS, 1_800_000_000 * NANOS
BEFORE = 1_777_000_000 * NANOS


def fill(**more):
    values = {
        "source": "chain", "wallet": WALLET, "token_id": TOKEN, "side": "BUY", "price_micro": 400_000,
        "size_micro": 5_000_000, "ts_event": NOW, "tx_hash": TX, "log_index": 3, "role": "taker", "fee_micro": 60_000,
    }  # fmt: skip
    return VenueFill(**values | more)


def change(**more):
    values = {"source": "chain", "kind": "SPLIT", "wallet": WALLET, "amount_micro": 9, "ts_event": NOW, "tx_hash": TX}
    return PositionChange(**values | more)


def paid(*payouts, **more):
    return ChainResolution(source="chain", market_id=MARKET, payouts_micro=payouts, ts_event=NOW, **more)


def meta(**more):
    values = {"source": "gamma", "market_id": MARKET, "version": "v1", "token_ids": ("11", "12"), "slug": "will-it"}
    return MarketMeta(**values | more)


def staged(*rows, rejects=(), label="chain.logs:x", part=None):
    part = part or StagedPart()
    origin = Origin(Path("x.jsonl"), "ab" * 32, "pull/1", label)
    stage_decoded(part, [(FETCHED, Decoded(rows=tuple(rows), rejects=tuple(rejects)))], origin)
    return part


def trades(*rows):
    return list(staged(*rows).tables["trades"].iter_rows(named=True))


def facts(*rows, **more):
    (found,) = staged(*rows, label="gamma.markets:x", **more).tables["markets"].iter_rows(named=True)
    return found


def test_a_fill_of_the_chain_keeps_what_the_log_tells_and_nothing_else():
    (row,) = trades(fill())
    assert (row["ts"], row["address"], row["token_id"], row["tx_hash"]) == (NOW, WALLET, TOKEN, TX)
    assert (row["side"], row["role"], row["fee_micro"]) == (TapeSide.BUY, TapeRole.TAKER, 60_000)
    assert (row["condition_id"], row["outcome_index"], row["outcome"]) == (None, None, None)


@pytest.mark.parametrize(("role", "code"), [("maker", TapeRole.MAKER), ("taker", TapeRole.TAKER), ("", -1)])
def test_a_role_that_is_not_told_is_unknown(role, code):
    assert trades(fill(role=role, side="SELL"))[0]["role"] == code


@pytest.mark.parametrize(
    ("source", "ts", "told", "kept"),
    [("chain", NOW, 7, 7), ("chain", BEFORE, 7, None), ("chain", BEFORE, 0, 0), ("data_v2", BEFORE, 7, 7),
     ("chain", NOW, -1, None), ("subgraph", BEFORE, 7, None), ("subgraph", BEFORE, 0, 0)],
)  # fmt: skip
def test_a_fee_counts_as_paid_but_for_logs_of_the_first_exchanges(source, ts, told, kept):
    assert trades(fill(source=source, ts_event=ts, fee_micro=told))[0]["fee_micro"] == kept


def test_a_log_told_twice_is_a_copy_and_two_equal_fills_of_two_logs_are_none():
    rows = trades(fill(), fill(log_index=4), fill())
    assert [row["dup_rank"] for row in rows] == [0, 0, 1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(1, 2)), max_size=12))
def test_without_places_of_logs_copies_are_counted_among_equal_rows(kinds):
    rows = [
        fill(source="subgraph", log_index=-1, wallet=(WALLET, OTHER)[w], side=("BUY", "SELL")[s], size_micro=size)
        for w, s, size in kinds
    ]
    seen, expected = Counter(), []
    for kind in kinds:
        expected.append(seen[kind])
        seen[kind] += 1
    part = staged(*rows)
    assert (part.tables["trades"]["dup_rank"].to_list() if rows else []) == expected


def test_every_row_is_kept_or_counted_with_its_reason():
    rejects = [Reject(source="chain", reason="malformed", head=b"\xff{"), Reject(source="chain", reason="malformed")]
    rows = [fill(), fill(removed=True), fill(ts_event=-1), change(), change(removed=True), change(ts_event=0)]
    part = staged(*rows, rejects=rejects)
    counts = {entry.table: (entry.rows_in, entry.rows_out, entry.dropped) for entry in part.sources}
    assert counts == {
        "trades": (7, 1, {"malformed": 2, "taken_back_by_the_chain": 2, "time_missing": 2}),
        "activity": (1, 1, {}),
    }
    told = part.tables["rejects"]
    assert told["source"].to_list() == [0] * 6
    assert told["source_row"].to_list() == [1, 2, 3, 4, 5, 6]
    assert told["row"][0] == "\N{REPLACEMENT CHARACTER}{"
    assert json.loads(told["row"][2])["wallet"] == WALLET


def test_payouts_that_cannot_be_used_are_counted_and_not_just_gone():
    part = staged(paid(250_000, 750_000), paid(0, 0, 1_000_000), paid(1_000_000, 0, removed=True))
    assert part.tables["markets"].select("condition_id", "payout0_micro", "exact_ts").rows() == [(MARKET, 250_000, NOW)]
    (entry,) = part.sources
    assert (entry.table, entry.rows_in, entry.rows_out) == ("markets", 3, 1)
    assert entry.dropped == {"payout_of_other_than_two_outcomes": 1, "taken_back_by_the_chain": 1}
    assert part.tables["rejects"].height == 2


def test_an_answer_without_a_row_is_a_source_with_none():
    part = staged(label="data_v2.resolutions:x")
    assert [(entry.table, entry.rows_in, entry.rows_out) for entry in part.sources] == [("markets", 0, 0)]


def test_a_second_answer_numbers_its_sources_behind_the_first():
    part = staged(fill(), change())
    staged(change(), fill(), part=part)
    assert [entry.table for entry in part.sources] == ["trades", "activity"] * 2
    assert part.tables["trades"]["source"].to_list() == [0, 2]
    assert part.tables["activity"]["source"].to_list() == [1, 3]


def test_a_change_without_money_or_market_says_so():
    (row,) = staged(change(usd_micro=-1, outcome_index=7)).tables["activity"].iter_rows(named=True)
    assert (row["usd_micro"], row["condition_id"], row["token_id"], row["outcome_index"]) == (None, None, None, None)
    assert (row["kind"], row["size_micro"], row["address"]) == ("SPLIT", 9, WALLET)


def test_a_market_that_tells_little_is_known_by_little():
    row = facts(meta(slug=""))
    names = ("slug", "question", "event_slug", "fee_type", "neg_risk", "tick_micro", "min_order_micro", "start_ts")
    assert [row[name] for name in names] == [None] * len(names)
    assert (row["condition_id"], row["observed_ts"], row["payout0_micro"]) == (MARKET, FETCHED, None)


def test_only_a_resolved_market_pays_and_only_a_closed_one_has_an_end():
    row = facts(meta(payouts_micro=(1_000_000, 0), closed_ts=NOW))
    assert (row["payout0_micro"], row["closed_ts"], row["upper_bound_ts"]) == (None, None, None)
    row = facts(meta(payouts_micro=(1_000_000, 0), closed_ts=NOW, closed=True, resolved=True))
    assert (row["payout0_micro"], row["closed_ts"], row["upper_bound_ts"]) == (1_000_000, NOW, FETCHED)


def test_tokens_are_chosen_by_the_markets_version():
    one, two = meta(position_ids=("21", "22")), meta(position_ids=("21", "22"), version="v2", outcomes=("Up",))
    assert staged(one).tables["tokens"].rows() == [("11", MARKET, 0, ""), ("12", MARKET, 1, "")]
    assert staged(two).tables["tokens"].rows() == [("21", MARKET, 0, "Up"), ("22", MARKET, 1, "")]


def test_a_listing_that_nobody_reads_has_no_decoder():
    assert decode_page("clob.books") is None
    assert decode_page("subgraph.splits") is not None


def test_a_fee_of_a_pool_was_paid_whenever_it_was():
    (row,) = trades(
        fill(source="subgraph", token_id="", market_id=MARKET, outcome_index=1, ts_event=BEFORE, fee_micro=7)
    )
    assert (row["fee_micro"], row["token_id"], row["condition_id"], row["outcome_index"]) == (7, None, MARKET, 1)


def test_equal_fills_of_two_orders_are_two_and_those_of_one_order_are_a_copy():
    told = {"source": "subgraph", "log_index": -1}
    rows = trades(fill(order_hash="0x1", **told), fill(order_hash="0x2", **told), fill(order_hash="0x1", **told))
    assert [row["dup_rank"] for row in rows] == [0, 0, 1]


@pytest.mark.parametrize("source", ["chain", "subgraph"])
def test_a_conversion_that_a_log_tells_is_a_change_of_every_question_given_up(source):
    told = change(kind="CONVERSION", source=source, market_id=EVENT, index_sets=(0b100101,))
    rows = list(staged(told).tables["activity"].iter_rows(named=True))
    assert [row["condition_id"] for row in rows] == [neg_risk_condition_id(EVENT, number) for number in (0, 2, 5)]
    assert {(row["kind"], row["size_micro"], row["tx_hash"]) for row in rows} == {("CONVERSION", 9, TX)}
    assert [row["source_row"] for row in rows] == [0, 1, 2]


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 255), min_size=1, max_size=9))
def test_questions_are_told_by_their_bits_up_to_the_last(numbers):
    told = change(kind="CONVERSION", market_id=EVENT, index_sets=(sum(1 << number for number in numbers),))
    markets = staged(told).tables["activity"]["condition_id"].to_list()
    assert markets == [neg_risk_condition_id(EVENT, number) for number in sorted(numbers)]


@pytest.mark.parametrize("sets", [(), (0,), (-1,), (1 << 256,)])
def test_a_conversion_without_its_questions_is_kept_without_a_market(sets):
    (row,) = (
        staged(change(kind="CONVERSION", market_id=EVENT, index_sets=sets)).tables["activity"].iter_rows(named=True)
    )
    assert (row["condition_id"], row["kind"], row["size_micro"]) == (None, "CONVERSION", 9)


def test_a_conversion_of_the_data_api_names_its_market_itself():
    told = change(kind="CONVERSION", source="data_v2", market_id=MARKET, index_sets=(1,))
    assert staged(told).tables["activity"]["condition_id"].to_list() == [MARKET]


def held(**more):
    values = {"source": "subgraph", "wallet": WALLET, "token_id": TOKEN, "market_id": "", "size_micro": 5}
    return WalletPosition(**values | more)


def test_positions_are_kept_with_the_time_that_they_were_true_at():
    one = held(avg_price_micro=620_000, realized_pnl_micro=-7, total_bought_micro=9)
    two = held(wallet=OTHER, market_id=MARKET, outcome_index=1)
    part = staged(one, two, label="subgraph.userPositions:x")
    first, second = part.tables["positions"].iter_rows(named=True)
    assert (first["size_micro"], first["avg_price_micro"], first["total_bought_micro"]) == (5, 620_000, 9)
    assert (first["realized_pnl_micro"], first["last_seen_ts"], first["condition_id"]) == (-7, FETCHED, None)
    assert (second["condition_id"], second["outcome_index"], second["avg_price_micro"]) == (MARKET, 1, None)
    assert (second["realized_pnl_micro"], second["total_bought_micro"], second["price_micro"]) == (None, None, None)
    assert part.tables["tokens"].rows() == [(TOKEN, MARKET, 1, "")]
    (entry,) = part.sources
    assert (entry.table, entry.rows_in, entry.rows_out) == ("positions", 2, 2)


def test_a_later_answer_replaces_a_position_and_the_former_is_counted():
    part = staged(held(size_micro=1), held(wallet=OTHER), held(size_micro=2), label="subgraph.userBalances:x")
    assert part.tables["positions"]["size_micro"].to_list() == [5, 2]
    (entry,) = part.sources
    assert (entry.rows_in, entry.rows_out, entry.dropped) == (3, 2, {"told_by_a_later_answer": 1})
    assert part.tables["rejects"]["source_row"].to_list() == [2]


@pytest.mark.parametrize(
    ("label", "table"),
    [("subgraph.splits", "activity"), ("subgraph.negRiskConversions", "activity"), ("chain.logs", "trades"),
     ("subgraph.userBalances", "positions"), ("subgraph.orderFilledEvents", "trades")],
)  # fmt: skip
def test_a_listing_without_rows_is_counted_under_its_table(label, table):
    assert [entry.table for entry in staged(label=f"{label}:x").sources] == [table]
