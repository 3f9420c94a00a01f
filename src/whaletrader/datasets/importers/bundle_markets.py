"""Stages the bundle's `markets.parquet`: metadata, tokens, payouts and the candidates for the time of resolution."""

from pathlib import Path

import polars as pl

from whaletrader.datasets.categories import categorise
from whaletrader.datasets.importers.staging import StagedPart
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.units import address, blank_to_null, iso_to_ns, micro, seconds_to_ns

_TEXTS = (
    "slug",
    "question",
    "event_slug",
    "category",
    "tags",
    "fee_type",
    "sports_market_type",
    "outcome0",
    "outcome1",
    "token0",
    "token1",
)


def stage_markets(file: Path, sha256: str) -> StagedPart:
    """Stage every market; a winning index other than 0, 0.5 and 1 is no result and is counted."""
    raw = pl.scan_parquet(file).with_columns(
        address("condition_id").alias("condition_id"),
        *(blank_to_null(pl.col(name).cast(pl.String)).alias(name) for name in _TEXTS),
    )
    markets = categorise(raw).with_columns(*_columns()).collect()
    part = StagedPart()
    part.add("markets", markets.with_columns(category=pl.col("category_found")))
    for index in (0, 1):
        part.add(
            "tokens",
            markets.select(
                "condition_id",
                token_id=pl.col(f"token{index}"),
                outcome_index=pl.lit(index, dtype=pl.Int8),
                outcome=pl.col(f"outcome{index}"),
            ),
        )
    no_payout = int(markets.select((pl.col("resolved") & pl.col("payout0_micro").is_null()).sum()).item())
    part.sources.append(
        SourceEntry(
            name="markets",
            file=file.name,
            sha256=sha256,
            importer="bundle/1",
            table="markets",
            rows_in=markets.height,
            rows_out=markets.height,
            doubted={"winning_index_is_no_payout": no_payout} if no_payout else {},
        )
    )
    return part


def _columns() -> list[pl.Expr]:
    winner = pl.col("winning_outcome_index")
    payout = pl.when(pl.col("resolved") & winner.is_in([0.0, 0.5, 1.0])).then(
        ((1.0 - winner) * 1_000_000).cast(pl.Int64)
    )
    return [
        payout.alias("payout0_micro"),
        micro("tick_size").alias("tick_micro"),
        micro("min_order_size").alias("min_order_micro"),
        pl.coalesce(iso_to_ns("start_date"), iso_to_ns("created_at")).alias("start_ts"),
        pl.coalesce(seconds_to_ns("updown_window_end_ts"), iso_to_ns("end_date")).alias("end_ts"),
        iso_to_ns("gamma_snapshot_ts").alias("observed_ts"),
        seconds_to_ns("resolved_at_ts").alias("exact_ts"),
        seconds_to_ns("closed_ts").alias("closed_ts"),
        seconds_to_ns("first_redeem_ts").alias("redeemed_ts"),
        seconds_to_ns("resolved_upper_bound_ts").alias("upper_bound_ts"),
    ]
