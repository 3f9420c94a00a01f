"""Logs of the exchanges against plain arithmetic, and what the cleaned form of them does and does not say."""

import json
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.datasets.importers.test_archive import ALIGNED, BOB, CONDITION, EXCHANGE, HUGGING_FACE, NEW, NO, YES
from whaletrader.datasets.importers.archive_columns import ArchiveKind
from whaletrader.datasets.importers.archive_fills import stage_aligned, stage_order_filled
from whaletrader.datasets.importers.staging import STAGED
from whaletrader.domain.values import MICRO, TapeRole, TapeSide

V1, V2 = ArchiveKind.FILLS_V1, ArchiveKind.FILLS_V2
AMOUNT = st.one_of(st.integers(0, 10**9), st.integers(0, 10**17))


def table(folder, rows, name="x.parquet"):
    file = folder / name
    frame = pl.DataFrame(rows, infer_schema_length=None)
    frame.write_parquet(file) if name.endswith("parquet") else frame.write_csv(file)
    return file


def staged(part):
    lazy = part.streams.get("trades")
    return lazy.collect() if lazy is not None else part.tables["trades"]


def plain_log(maker_asset, taker_asset, given, received):
    """What one V1 log is, by hand: (side, token, price, size), or the reason why it is nothing."""
    if (maker_asset == "0") == (taker_asset == "0"):
        return "side_unknown"
    buys = maker_asset == "0"
    money, shares = (given, received) if buys else (received, given)
    if not shares:
        return "price_missing"
    price = round(Fraction(money * MICRO, shares))
    if price > MICRO:
        return "price_above_one"
    if shares > 10**15:
        return "size_too_large"
    return (TapeSide.BUY if buys else TapeSide.SELL, taker_asset if buys else maker_asset, price, shares)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["0", YES]), st.sampled_from(["0", NO]), AMOUNT, AMOUNT), min_size=1, max_size=8)
)
def test_logs_are_what_plain_arithmetic_makes_of_them(tmp_path_factory, logs):
    rows = [
        HUGGING_FACE | {"maker_asset_id": a, "taker_asset_id": b, "maker_amount_filled": str(g),
                        "taker_amount_filled": str(r), "log_index": n}
        for n, (a, b, g, r) in enumerate(logs)
    ]  # fmt: skip
    part = stage_order_filled(table(tmp_path_factory.getbasetemp(), rows), "ab" * 32, V1)
    expected = {n: plain_log(*log) for n, log in enumerate(logs)}
    good = {row["source_row"]: row for row in staged(part).iter_rows(named=True)}
    bad = part.tables.get("rejects", pl.DataFrame(schema=STAGED["rejects"]))
    reasons = dict(bad.select("source_row", "reason").rows())
    assert set(good) | set(reasons) == set(expected)
    for place, wanted in expected.items():
        if isinstance(wanted, str):
            assert reasons[place] == wanted
            continue
        row = good[place]
        side, token, price, size = wanted
        assert (row["side"], row["token_id"], row["size_micro"]) == (side, token, size)
        assert abs(row["price_micro"] - price) <= 1  # halves are rounded in floats
    assert (part.sources[0].rows_in, part.sources[0].rows_out) == (len(logs), len(good))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"side": 2}, "side_unknown"), ({"side": ""}, "side_unknown"), ({"token_id": " "}, "token_missing"),
        ({"maker": "0x12"}, "wallet_missing"), ({"timestamp": "soon"}, "time_missing"),
        ({"maker_amount_filled": "-5"}, "price_missing"), ({"taker_amount_filled": "1.5"}, "price_missing"),
        ({"maker_amount_filled": "0"}, "price_missing"),
    ],
)  # fmt: skip
def test_a_log_that_cannot_be_used_is_kept_with_its_text_and_harms_no_other(tmp_path, change, reason):
    rows = [{name: str(value) for name, value in row.items()} for row in (NEW, NEW | change, NEW)]
    part = stage_order_filled(table(tmp_path, rows, "x.csv"), "ab" * 32, V2)
    assert staged(part)["source_row"].to_list() == [0, 2]
    assert part.sources[0].dropped == {reason: 1}
    (reject,) = part.tables["rejects"].iter_rows(named=True)
    assert reject["source_row"] == 1
    ((name, value),) = change.items()
    assert json.loads(reject["row"])[name.replace("_", "")] == str(value)


@pytest.mark.parametrize("side", [0, "0", "BUY", "buy"])
def test_a_side_is_a_number_or_a_word(tmp_path, side):
    row = NEW | {"side": side, "maker_amount_filled": "8000000", "taker_amount_filled": "10000000"}
    (found,) = staged(stage_order_filled(table(tmp_path, [row]), "ab" * 32, V2)).iter_rows(named=True)
    assert (found["side"], found["price_micro"], found["size_micro"]) == (TapeSide.BUY, 800_000, 10_000_000)


def test_whose_order_it_was_follows_from_who_is_named_as_taker(tmp_path):
    rows = [HUGGING_FACE, HUGGING_FACE | {"taker": EXCHANGE.lower()}, HUGGING_FACE | {"taker": ""}]
    roles = staged(stage_order_filled(table(tmp_path, rows), "ab" * 32, V1))["role"].to_list()
    assert roles == [TapeRole.MAKER, TapeRole.TAKER, TapeRole.MAKER]


def aligned(folder, *rows):
    part = stage_aligned(table(folder, list(rows)), "ab" * 32)
    return part, {row["condition_id"]: row for row in part.tables["markets"].iter_rows(named=True)}


def test_what_the_cleaned_form_does_not_say_of_a_market_is_unknown(tmp_path):
    bare = {name: value for name, value in ALIGNED.items() if name not in ("neg_risk", "winning_outcome_label")}
    _, markets = aligned(tmp_path, bare)
    assert (markets[CONDITION]["neg_risk"], markets[CONDITION]["payout0_micro"]) == (None, None)


@pytest.mark.parametrize(("told", "meant"), [("t", True), ("f", False), ("True", True), ("0", False), ("?", None)])
def test_a_flag_of_the_cleaned_form_is_read_or_unknown(tmp_path, told, meant):
    assert aligned(tmp_path, ALIGNED | {"neg_risk": told})[1][CONDITION]["neg_risk"] is meant


@pytest.mark.parametrize(("seq", "won", "paid"), [(1, "Yes", MICRO), (1, "No", 0), (2, "Yes", 0), (3, "Yes", None)])
def test_the_winner_of_the_cleaned_form_pays_by_its_place(tmp_path, seq, won, paid):
    row = ALIGNED | {"outcome_seq": seq, "outcome_label": "Yes", "winning_outcome_label": won}
    assert aligned(tmp_path, row)[1][CONDITION]["payout0_micro"] == (
        paid if seq != 2 else MICRO - MICRO * (won == "Yes")
    )


def test_a_match_of_the_cleaned_form_is_a_fill_of_both_sides_with_one_size(tmp_path):
    part, _ = aligned(tmp_path, ALIGNED | {"price": 0.3, "usdc_amount": 30.0, "fee_usdc": 0.123456})
    maker, taker = sorted(staged(part).iter_rows(named=True), key=lambda row: row["role"])
    assert (maker["side"], taker["side"]) == (TapeSide.BUY, TapeSide.SELL)
    assert (maker["size_micro"], taker["size_micro"]) == (100_000_000, 100_000_000)
    assert (maker["fee_micro"], taker["fee_micro"]) == (None, 123_456)
    assert taker["address"] == BOB.lower()


@pytest.mark.parametrize("price", [0.0, float("nan"), float("inf"), -0.5, None])
def test_a_price_that_is_none_is_counted_for_both_sides(tmp_path, price):
    part, _ = aligned(tmp_path, ALIGNED, ALIGNED | {"price": price})
    assert staged(part).height == 2
    assert sum(part.sources[0].dropped.values()) == 2
