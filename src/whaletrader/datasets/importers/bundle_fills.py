"""Stages the bundle's `trades.parquet` and `activity_nontrade.parquet`."""

from pathlib import Path

import polars as pl

from whaletrader.datasets.importers.checks import price_reasons, size_reasons, split_rejects, time_reasons
from whaletrader.datasets.importers.sources import entries_by_origin, with_origin
from whaletrader.datasets.importers.staging import StagedPart
from whaletrader.datasets.schema import MOST_COPIES
from whaletrader.datasets.units import address, blank_to_null, micro, seconds_to_ns
from whaletrader.domain.values import TapeRole, TapeSide

_COVERAGE = {"Achenzy-prog/Insider_Amy": "complete", "shtanga0x/tier1-traders-watch": "bounded_window"}
"""What the bundle's README says of its sources; every other one is a sample of fills."""


def stage_trades(file: Path, sha256: str) -> StagedPart:
    """Stage the fills; exact duplicates keep a rank, unusable rows become rejects."""
    raw = with_origin(pl.read_parquet(file))
    rank = pl.int_range(pl.len()).over([name for name in raw.columns if name != "source_row"])
    side = pl.col("side").cast(pl.String).str.to_uppercase()
    fee = micro("fee_usd_implied")
    rows = raw.with_columns(
        ts=seconds_to_ns("ts"),
        address=address("wallet"),
        condition_id=address("condition_id"),
        token_id=blank_to_null(pl.col("asset_id")),
        outcome=blank_to_null(pl.col("outcome").cast(pl.String)),
        side=pl.when(side == "BUY").then(int(TapeSide.BUY)).when(side == "SELL").then(int(TapeSide.SELL)).cast(pl.Int8),
        role=pl.when(pl.col("role_inferred").cast(pl.String) == "taker")
        .then(int(TapeRole.TAKER))
        .otherwise(int(TapeRole.UNKNOWN)),
        price_micro=micro("price"),
        size_micro=micro("size"),
        fee_micro=pl.when(fee >= 0).then(fee),
        tx_hash=address("tx_hash"),
        dup_rank=rank.clip(upper_bound=MOST_COPIES).cast(pl.UInt16),
    )
    faults = {
        **time_reasons(),
        "wallet_missing": pl.col("address").is_null(),
        "side_unknown": pl.col("side").is_null(),
        **price_reasons(),
        **size_reasons(),
    }
    good, rejects = split_rejects(rows, faults)
    part = StagedPart()
    part.add("trades", good)
    part.add("rejects", rejects)
    kind = pl.col("origin").replace_strict(_COVERAGE, default="sample", return_dtype=pl.String)
    part.add("coverage", good.select("address", coverage=kind).unique(maintain_order=True).sort("address", "coverage"))
    doubted = {"exact_duplicate": pl.col("dup_rank") > 0}
    part.sources += entries_by_origin(raw, good, rejects, file, sha256, "trades", doubted)
    return part


def stage_activity(file: Path, sha256: str) -> StagedPart:
    """Stage splits, merges, redemptions, conversions and rewards."""
    raw = with_origin(pl.read_parquet(file))
    rows = raw.with_columns(
        ts=seconds_to_ns("ts"),
        address=address("wallet"),
        kind=pl.col("type").cast(pl.String).str.to_uppercase(),
        condition_id=address("condition_id"),
        token_id=blank_to_null(pl.col("asset_id")),
        size_micro=micro("size"),
        usd_micro=micro("usdc_size"),
        tx_hash=address("tx_hash"),
    )
    faults = {
        **time_reasons(),
        "wallet_missing": pl.col("address").is_null(),
        "size_missing": pl.col("size_micro").is_null(),
        "size_negative": pl.col("size_micro") < 0,
    }
    good, rejects = split_rejects(rows, faults)
    part = StagedPart()
    part.add("activity", good)
    part.add("rejects", rejects)
    part.sources += entries_by_origin(raw, good, rejects, file, sha256, "activity", {})
    return part
