"""Rows of the Data API staged: v2 through v1's names, the fee inside a purchase, and garbage that harms nobody else."""

import json
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.datasets.decode.test_data_api import POSITION, REDEEM, TRADE
from tests.unit.datasets.importers.test_pull import CONDITION, TOKENS, WALLET, fill
from whaletrader.datasets.decode.data_api import rows_of
from whaletrader.datasets.importers.api_rows import Origin, stage_rows, told, v1_names
from whaletrader.datasets.importers.staging import STAGED, StagedPart
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.values import MICRO, NANOS, TapeRole, TapeSide

ORIGIN = Origin(Path("some/answer.json"), "ab" * 32, "test/1", "answer.json")
TAKER, UNKNOWN = int(TapeRole.TAKER), int(TapeRole.UNKNOWN)


def staged(*rows, role=UNKNOWN):
    part = StagedPart()
    stage_rows(part, [told(number, row, role) for number, row in enumerate(rows)], ORIGIN)
    return part


def fees(*rows, role=UNKNOWN):
    return list(staged(*rows, role=role).tables["trades"].select("fee_micro", "role").iter_rows())


def test_a_row_of_version_two_says_the_same_as_its_twin_of_version_one():
    one = TRADE | {"proxyWallet": WALLET, "conditionId": CONDITION, "asset": TOKENS[0], "outcomeIndex": 0}
    two = {
        "proxy_wallet": WALLET, "condition_id": CONDITION, "token_id": TOKENS[0], "outcome_index": 0,
        "transaction_hash": TRADE["transactionHash"], "event_slug": TRADE["eventSlug"],
        **{name: TRADE[name] for name in ("side", "size", "price", "timestamp", "title", "slug", "outcome")},
    }  # fmt: skip
    assert v1_names(two) == one
    assert staged(one).tables["trades"].equals(staged(two).tables["trades"])
    assert v1_names(one) is one


def test_a_fill_is_staged_in_canonical_units():
    (row,) = staged(fill()).tables["trades"].iter_rows(named=True)
    assert row == {
        "ts": 1_790_000_000 * NANOS, "address": WALLET, "condition_id": CONDITION, "token_id": TOKENS[0],
        "outcome_index": 0, "outcome": "Yes", "side": int(TapeSide.BUY), "role": UNKNOWN, "price_micro": 400_000,
        "size_micro": 10_000_000, "fee_micro": 0, "tx_hash": fill()["transaction_hash"], "dup_rank": 0, "source": 0,
        "source_row": 0,
    }  # fmt: skip


def test_the_captured_purchase_of_the_facts_paid_its_fee_and_so_was_the_takers():
    # 155.03 x 0.0864503644 + 0.48975 = 13.89215
    captured = fill(size=155.03, price=0.0864503644, usdc_size=13.89215)
    assert fees(captured) == [(489_750, TAKER)]


@settings(max_examples=150, deadline=None)
@given(st.integers(10_000, 990_000), st.integers(1_000_000, 5_000_000_000), st.sampled_from([0, 40_000, 70_000]))
def test_the_fee_that_the_venue_charged_is_found_again_in_what_was_paid(price, size, rate):
    charged = taker_fee_micro(FeeSchedule(rate), price, size)
    notional = Decimal(price) * size / MICRO / MICRO
    paid = (notional + Decimal(charged) / MICRO).quantize(Decimal("1e-6"), ROUND_HALF_EVEN)
    row = fill(size=Decimal(size) / MICRO, price=Decimal(price) / MICRO, usdc_size=paid)
    assert fees(row) == [(charged, TAKER if charged else UNKNOWN)]


@pytest.mark.parametrize("change", [{"side": "SELL"}, {"usdc_size": None}, {"usdc_size": "much"}, {"usdc_size": 3.9}])
def test_a_fee_that_cannot_be_told_is_unknown_and_not_nothing(change):
    assert fees(fill(**change)) == [(None, UNKNOWN)]


def test_version_one_tells_no_fee_though_it_tells_what_was_paid():
    assert fees(TRADE | {"usdcSize": 99_999.0}) == [(None, UNKNOWN)]


@pytest.mark.parametrize("paid", ["NaN", "Infinity", "-Infinity", "1e40", True, [], {"a": 1}])
def test_a_payment_that_is_no_sum_of_money_leaves_the_fee_unknown_and_its_neighbour_alone(paid):
    assert fees(fill(usdc_size=paid), fill(usdc_size=4.1)) == [(None, UNKNOWN), (100_000, TAKER)]


def test_a_bare_nan_in_the_json_is_no_sum_of_money_either():
    (row,) = rows_of(json.dumps([fill()]).replace('"usdc_size": 4.0', '"usdc_size": NaN'))
    assert Decimal(row["usdc_size"]).is_nan()
    assert fees(row) == [(None, UNKNOWN)]


def test_what_was_asked_for_tells_the_role_where_no_fee_does():
    assert fees(fill(side="SELL"), role=TAKER) == [(None, TAKER)]


def test_kinds_of_one_answer_go_into_tables_and_sources_of_their_own():
    part = staged(REDEEM, TRADE, POSITION, TRADE | {"size": 1})
    counts = {entry.name: (entry.rows_in, entry.rows_out) for entry in part.sources}
    assert counts == {
        "activity:answer.json": (1, 1), "positions:answer.json": (1, 1), "trades:answer.json": (2, 2),
    }  # fmt: skip
    for place, entry in enumerate(part.sources):
        assert part.tables[entry.table]["source"].unique().to_list() == [place]
    assert part.tables["trades"]["source_row"].to_list() == [1, 3]


def test_every_row_ends_in_a_table_or_among_the_rejects_with_its_text():
    bad = [fill(side="HOLD"), fill(price=1.5), fill(condition_id="0x" + "a" * 62), fill(timestamp="soon"), {}]
    part = staged(fill(), *bad)
    (entry,) = part.sources
    assert (entry.rows_in, entry.rows_out, sum(entry.dropped.values())) == (6, 1, 5)
    rejects = part.tables["rejects"]
    assert rejects["source_row"].to_list() == [1, 2, 3, 4, 5]
    assert rejects["reason"].to_list() == [
        "side_unknown", "price_above_one", "combination_trade", "time_missing", "time_missing",
    ]  # fmt: skip
    assert '"side":"HOLD"' in rejects["row"][0]
    assert '"proxy_wallet"' in rejects["row"][0]


def test_equal_rows_are_numbered_and_the_repeats_doubted():
    part = staged(fill(), fill(size=11.0), fill(), fill())
    assert part.tables["trades"]["dup_rank"].to_list() == [0, 0, 1, 2]
    assert part.sources[0].doubted == {"exact_duplicate": 2}


def test_a_position_tells_the_other_token_of_its_market():
    position = {
        "proxy_wallet": WALLET, "condition_id": CONDITION, "token_id": TOKENS[1], "outcome_index": 1, "outcome": "No",
        "opposite_token_id": TOKENS[0], "opposite_outcome": "Yes", "current_size": 5, "avg_price": 0.4,
        "current_price": 0.5, "negative_risk": True, "slug": "will-it", "title": "Will it?",
    }  # fmt: skip
    part = staged(position)
    assert sorted(part.tables["tokens"].rows()) == sorted(
        [(TOKENS[1], CONDITION, 1, "No"), (TOKENS[0], CONDITION, 0, "Yes")]
    )
    (market,) = part.tables["markets"].iter_rows(named=True)
    assert (market["condition_id"], market["neg_risk"], market["slug"]) == (CONDITION, True, "will-it")


def test_no_rows_are_no_sources():
    part = staged()
    assert part.sources == []
    assert all(frame.is_empty() for frame in part.tables.values())
    assert isinstance(part.tables["tokens"], pl.DataFrame)
    assert set(part.tables) <= set(STAGED)
