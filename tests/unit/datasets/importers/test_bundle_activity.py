"""Activity other than trades: kinds, amounts and ids of a bundle's rows."""

import math

import polars as pl
import pytest

from tests.unit.datasets.tiny import T0, cid, market_row, trade_row, wallet, write_bundle
from whaletrader.datasets.importers.run import import_bundle
from whaletrader.datasets.schema import NO_ID
from whaletrader.domain.values import NANOS

MOVE = {
    "ts": T0,
    "wallet": wallet(1),
    "type": "REDEEM",
    "condition_id": cid(1),
    "asset_id": None,
    "outcome_index": None,
    "size": 12.5,
    "usdc_size": 12.5,
    "tx_hash": "0xAA",
    "source": "a/b",
}


def dataset_of(tmp_path, *changes, trades=()):
    folder = write_bundle(tmp_path / "bundle", [market_row(1)], trades)
    types = {"asset_id": pl.String, "outcome_index": pl.Int8, "condition_id": pl.String, "ts": pl.Int64}
    frame = pl.DataFrame([{**MOVE, **change} for change in changes], schema_overrides=types)
    frame.write_parquet(folder / "activity_nontrade.parquet")
    return import_bundle(folder, tmp_path / "dataset").dataset


def test_a_redemption_keeps_its_values(tmp_path):
    row = dataset_of(tmp_path, {}).table("activity").row(0, named=True)
    assert (row["ts"], row["kind"], row["size_micro"], row["usd_micro"]) == (
        T0 * NANOS,
        "REDEEM",
        12_500_000,
        12_500_000,
    )
    assert (row["wallet"], row["market"], row["token"], row["transaction"]) == (0, 0, NO_ID, 0)


@pytest.mark.parametrize("kind", ["SPLIT", "MERGE", "REDEEM", "CONVERSION", "REWARD", "YIELD", "MAKER_REBATE"])
def test_every_kind_is_kept(tmp_path, kind):
    assert dataset_of(tmp_path, {"type": kind}).table("activity")["kind"].to_list() == [kind]


def test_a_reward_belongs_to_no_market(tmp_path):
    dataset = dataset_of(tmp_path, {"type": "REWARD", "condition_id": None})
    assert dataset.table("activity").select("market", "token").row(0) == (NO_ID, NO_ID)


def test_repeated_rows_of_one_source_stay(tmp_path):
    assert dataset_of(tmp_path, {}, {}).table("activity").height == 2


def test_a_split_makes_a_seller_whole(tmp_path):
    source = "Achenzy-prog/Insider_Amy"
    sells = [trade_row(1, 1, side="SELL", source=source)]
    lone = dataset_of(tmp_path / "a", {"ts": T0 + 9}, trades=sells)
    assert lone.table("wallets")["truncation_reason"].to_list() == ["sells_exceed_buys"]
    whole = dataset_of(tmp_path / "b", {"type": "SPLIT", "ts": T0 - 9}, trades=sells)
    assert whole.table("wallets")["truncation_reason"].to_list() == [""]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"size": math.nan}, "size_missing"),
        ({"size": -1.0}, "size_negative"),
        ({"ts": None}, "time_missing"),
        ({"wallet": ""}, "wallet_missing"),
    ],
)
def test_a_bad_row_is_rejected(tmp_path, bad, reason):
    dataset = dataset_of(tmp_path, {}, bad)
    assert dataset.table("activity").height == 1
    assert dataset.table("rejects")["reason"].to_list() == [reason]
