"""Logs of an archive against a plain loop over the same rows, whatever is in them."""

import tempfile
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.datasets.importers.test_archive import EXCHANGE, HUGGING_FACE, NEW, csv, parquet
from whaletrader.datasets.importers.archive_columns import ArchiveKind
from whaletrader.datasets.importers.archive_fills import stage_order_filled
from whaletrader.domain.values import MICRO, NANOS, TapeRole, TapeSide

WALLETS = ("0x" + "A1" * 20, "0x" + "b2" * 20, "nobody", EXCHANGE)
ASSETS = ("0", "7" * 60, "8" * 77)
amounts = st.one_of(st.integers(0, 10**12), st.sampled_from([0, 1, 10**17])).map(str)
logs = st.fixed_dictionaries(
    {
        "timestamp": st.sampled_from([0, 1_669_060_169, 1_790_000_000]),
        "transaction_hash": st.sampled_from(["0x" + "ab" * 32, "cd" * 32, ""]),
        "log_index": st.integers(0, 3),
        "maker": st.sampled_from(WALLETS),
        "taker": st.sampled_from(WALLETS),
        "maker_amount_filled": amounts,
        "taker_amount_filled": amounts,
        "fee": st.sampled_from(["0", "1000", "x"]),
    }
)
old_logs = st.builds(
    lambda log, given, received: HUGGING_FACE | log | {"maker_asset_id": given, "taker_asset_id": received},
    logs, st.sampled_from(ASSETS), st.sampled_from(ASSETS),
)  # fmt: skip
new_logs = st.builds(
    lambda log, side, token: NEW | log | {"side": side, "token_id": token},
    logs, st.integers(0, 2), st.sampled_from(ASSETS[1:]),
)  # fmt: skip


def half_even(value):
    return int(value.to_integral_value(ROUND_HALF_EVEN))


def by_hand(row, *, old):
    """(ts, wallet, token, side, role, price, size, fee) of a usable log, else the first reason."""
    if old:
        given, received = row["maker_asset_id"], row["taker_asset_id"]
        side = None if (given == "0") == (received == "0") else TapeSide.BUY if given == "0" else TapeSide.SELL
        token = received if side is TapeSide.BUY else given
    else:
        side, token = {0: TapeSide.BUY, 1: TapeSide.SELL}.get(row["side"]), row["token_id"]
    amounts = int(row["maker_amount_filled"]), int(row["taker_amount_filled"])
    money, shares = amounts if side is TapeSide.BUY else amounts[::-1]
    price = half_even(Decimal(money) * MICRO / shares) if shares else None
    reasons = (
        ("time_missing", row["timestamp"] <= 0),
        ("wallet_missing", len(row["maker"]) != 42),
        ("side_unknown", side is None),
        ("price_missing", price is None),
        ("price_above_one", price is not None and price > MICRO),
        ("size_not_positive", shares <= 0),
        ("size_too_large", shares > 10**15),
    )
    reason = next((name for name, holds in reasons if holds), None)
    if reason:
        return reason
    role = TapeRole.TAKER if row["taker"] == EXCHANGE else TapeRole.MAKER
    fee = int(row["fee"]) if row["fee"].isdigit() else None
    fee = None if old and fee else fee
    return row["timestamp"] * NANOS, row["maker"].lower(), token, side, role, price, shares, fee


def staged(rows, write, kind):
    with tempfile.TemporaryDirectory() as place:
        name = "x.parquet" if write is parquet else "x.csv"
        write(Path(place), name, *rows)
        part = stage_order_filled(Path(place) / name, "0" * 64, kind)
        names = ("ts", "address", "token_id", "side", "role", "price_micro", "size_micro", "fee_micro")
        kept = part.streams["trades"].sort("source_row").select(*names, "source_row").collect()
        rejects = part.tables.get("rejects")
        lost = {} if rejects is None else dict(rejects.select("source_row", "reason").rows())
    return {row[-1]: row[:-1] for row in kept.rows()}, lost, part.sources[0]


@pytest.mark.parametrize("write", [parquet, csv])
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(old_logs, min_size=1, max_size=12))
def test_old_logs_are_read_as_a_loop_reads_them(write, rows):
    check(rows, write, ArchiveKind.FILLS_V1)


@pytest.mark.parametrize("write", [parquet, csv])
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(new_logs, min_size=1, max_size=12))
def test_new_logs_are_read_as_a_loop_reads_them(write, rows):
    check(rows, write, ArchiveKind.FILLS_V2)


def check(rows, write, kind):
    kept, lost, entry = staged(rows, write, kind)
    told = {place: by_hand(row, old=kind is ArchiveKind.FILLS_V1) for place, row in enumerate(rows)}
    assert lost == {place: value for place, value in told.items() if isinstance(value, str)}
    assert kept == {place: value for place, value in told.items() if not isinstance(value, str)}
    assert entry.rows_in == len(rows) == entry.rows_out + sum(entry.dropped.values())
