"""Trades of the AMM era against plain arithmetic: what a share cost without the pool's fee, or why a row is nothing."""

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.datasets.importers.test_archive import ALICE, AMM, CONDITION
from whaletrader.datasets.importers.archive_amm import stage_amm
from whaletrader.domain.values import MICRO, TapeRole, TapeSide

POOLS = pl.DataFrame({"pool": ["0x" + "ee" * 20], "condition_id": [CONDITION]})


def staged(folder, *rows, pools=POOLS):
    file = folder / "x.parquet"
    pl.DataFrame(list(rows), infer_schema_length=None).write_parquet(file)
    return stage_amm(file, "ab" * 32, pools)


def trades(part):
    return list(part.tables["trades"].iter_rows(named=True))


def test_a_trade_is_its_users_as_a_taker_in_the_pools_market(tmp_path):
    (row,) = trades(staged(tmp_path, AMM))
    assert (row["address"], row["condition_id"], row["outcome_index"]) == (ALICE.lower(), CONDITION, 1)
    assert (row["role"], row["side"], row["tx_hash"]) == (TapeRole.TAKER, TapeSide.BUY, AMM["id"])
    assert (row["price_micro"], row["size_micro"], row["fee_micro"], row["token_id"]) == (
        500_000, 19_600_000, 200_000, None,
    )  # fmt: skip


AMOUNT = st.integers(0, 10**9)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["Buy", "Sell"]), AMOUNT, AMOUNT, st.integers(0, 10**6)), min_size=1, max_size=8)
)
def test_a_price_is_what_went_into_or_came_out_of_the_pool_for_a_share(tmp_path_factory, told):
    rows = [
        AMM | {"type": kind, "tradeAmount": str(money), "outcomeTokensAmount": str(shares), "feeAmount": str(fee)}
        for kind, money, shares, fee in told
    ]
    part = staged(tmp_path_factory.getbasetemp(), *rows)
    good = {row["source_row"]: row for row in trades(part)}
    reasons = dict(part.tables["rejects"].select("source_row", "reason").rows())
    assert sorted([*good, *reasons]) == list(range(len(told)))
    for place, (kind, money, shares, fee) in enumerate(told):
        if not shares:
            assert reasons[place] == "price_missing"
            continue
        net = money - fee if kind == "Buy" else money + fee
        price = Fraction(net * MICRO, shares)
        if place in reasons:
            assert reasons[place] == ("price_negative" if price < 0 else "price_above_one")
            assert price < 0 or price > MICRO
            continue
        assert abs(good[place]["price_micro"] - price) <= 1
        assert (good[place]["size_micro"], good[place]["fee_micro"]) == (shares, fee)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"timestamp": "0"}, "time_missing"), ({"user": "0x12"}, "wallet_missing"), ({"user": None}, "wallet_missing"),
        ({"type": "Add"}, "side_unknown"), ({"market": "0x" + "dd" * 20}, "pool_unknown"),
        ({"market": "?"}, "pool_unknown"), ({"outcomeIndex": "2"}, "outcome_unknown"),
        ({"outcomeIndex": "one"}, "outcome_unknown"), ({"outcomeTokensAmount": "1e9"}, "price_missing"),
        ({"tradeAmount": "-1"}, "price_missing"), ({"outcomeTokensAmount": "9" * 30}, "price_missing"),
    ],
)  # fmt: skip
def test_a_row_that_is_no_trade_is_kept_with_the_first_reason_and_harms_no_other(tmp_path, change, reason):
    part = staged(tmp_path, AMM, AMM | change, AMM)
    assert [row["source_row"] for row in trades(part)] == [0, 2]
    assert part.tables["rejects"].select("source_row", "reason").rows() == [(1, reason)]
    (entry,) = part.sources
    assert (entry.rows_in, entry.rows_out, entry.dropped) == (3, 2, {reason: 1})


def test_a_fee_that_cannot_be_read_spoils_the_price_too(tmp_path):
    part = staged(tmp_path, AMM | {"feeAmount": "much"})
    assert part.tables["rejects"]["reason"].to_list() == ["price_missing"]


def test_without_a_column_of_fees_the_fee_is_unknown_and_the_price_what_was_paid(tmp_path):
    bare = {name: value for name, value in AMM.items() if name != "feeAmount"}
    (row,) = trades(staged(tmp_path, bare))
    assert (row["price_micro"], row["fee_micro"]) == (510_204, None)


def test_without_any_pool_nothing_has_a_market(tmp_path):
    part = staged(tmp_path, AMM, pools=POOLS.clear())
    assert part.sources[0].dropped == {"pool_unknown": 1}
