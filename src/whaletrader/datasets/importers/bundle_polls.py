"""Stages what pollers wrote: leaders' position signals and position snapshots of the bundle."""

from pathlib import Path

import polars as pl

from whaletrader.datasets.importers.checks import price_reasons, size_reasons, split_rejects, time_reasons
from whaletrader.datasets.importers.sources import entries_by_origin, with_origin
from whaletrader.datasets.importers.staging import StagedPart
from whaletrader.datasets.units import address, blank_to_null, micro, millis_to_ns, seconds_to_ns

_AVG_FAULT = (pl.col("raw_avg_micro") < 0) | (pl.col("raw_avg_micro") > 1_000_000)


def _average() -> pl.Expr:
    """An average price outside [0, 1] says nothing (the venue derives it from P&L); the rest of the row stands."""
    return pl.when(~_AVG_FAULT).then(pl.col("raw_avg_micro"))


def stage_new_positions(file: Path, sha256: str) -> StagedPart:
    """Stage `leader_new_positions`: opened in (prev_seen_ts, alert_ts], with the price at the alert."""
    raw = with_origin(pl.read_parquet(file))
    rows = raw.with_columns(
        ts=seconds_to_ns("alert_ts"),
        prev_seen_ts=seconds_to_ns("prev_seen_ts"),
        address=address("wallet"),
        condition_id=address("condition_id"),
        token_id=pl.lit(None, dtype=pl.String),
        outcome=pl.lit(None, dtype=pl.String),
        size_micro=micro("size"),
        raw_avg_micro=micro("avg_price"),
        price_micro=micro("cur_price_at_alert"),
    ).with_columns(avg_price_micro=_average())
    faults = {
        **time_reasons(),
        "wallet_missing": pl.col("address").is_null(),
        **price_reasons(),
        **size_reasons(),
        "seen_after_alert": pl.col("prev_seen_ts") > pl.col("ts"),
    }
    good, rejects = split_rejects(rows, faults)
    part = StagedPart()
    part.add("signals", good)
    part.add("rejects", rejects)
    part.sources += entries_by_origin(
        raw, good, rejects, file, sha256, "signals", {}, mended={"average_price_removed": _AVG_FAULT}
    )
    return part


def stage_position_signals(file: Path, sha256: str) -> StagedPart:
    """Stage `leader_position_signals`: the first time a poll reports a position, and each increase.

    The poller repeats `open` at every poll and its `size` is the position's value in dollars (it moves with the price
    at constant shares), so shares are size / price. A position in the wallet's first poll was opened at an unknown
    time and is dropped.
    """
    raw = with_origin(pl.read_parquet(file)).sort("wallet", "detected_at_ms", "source_row")
    key = ["wallet", "condition_id", "outcome"]
    polls = raw.select("wallet", "detected_at_ms").unique().sort("wallet", "detected_at_ms")
    polls = polls.with_columns(previous_ms=pl.col("detected_at_ms").shift(1).over("wallet"))
    rows = (
        raw.join(polls, on=["wallet", "detected_at_ms"], how="left", maintain_order="left")
        .with_columns(
            ts=millis_to_ns("detected_at_ms"),
            prev_seen_ts=millis_to_ns("previous_ms"),
            address=address("wallet"),
            condition_id=address("condition_id"),
            token_id=pl.lit(None, dtype=pl.String),
            outcome_index=pl.lit(None, dtype=pl.Int8),
            outcome=blank_to_null(pl.col("outcome")),
            shares=pl.col("size") / pl.col("price"),
            price_micro=micro("price"),
            avg_price_micro=pl.lit(None, dtype=pl.Int64),
            seen_before=pl.int_range(pl.len()).over(key) > 0,
        )
        .with_columns(size_micro=micro("shares"))
    )
    faults = {
        **time_reasons(),
        "wallet_missing": pl.col("address").is_null(),
        "closing_signal": pl.col("action") == "close",
        **price_reasons(),
        **size_reasons(),
    }
    good, rejects = split_rejects(rows, faults)
    repeated = (pl.col("action") == "open") & pl.col("seen_before")
    first_poll = pl.col("prev_seen_ts").is_null()
    kept = good.filter(~repeated & ~first_poll).sort("source_row")
    skipped = good.filter(repeated | first_poll).select(
        "source",
        "source_row",
        row=pl.lit(""),
        reason=pl.when(repeated).then(pl.lit("open_repeated")).otherwise(pl.lit("open_at_first_poll")),
    )
    part = StagedPart()
    part.add("signals", kept)
    part.add("rejects", rejects)
    everything = pl.concat([rejects, skipped.select(rejects.columns)])
    doubted = {"previous_poll_taken_as_unseen": pl.col("prev_seen_ts").is_not_null()}
    part.sources += entries_by_origin(raw, kept, everything, file, sha256, "signals", doubted)
    return part


def stage_positions(file: Path, sha256: str) -> StagedPart:
    """Stage `positions`: snapshots from which redeemed winners have vanished, never a source of win rates."""
    raw = with_origin(pl.read_parquet(file))
    rows = raw.with_columns(
        address=address("wallet"),
        condition_id=address("condition_id"),
        token_id=pl.lit(None, dtype=pl.String),
        size_micro=micro("size"),
        raw_avg_micro=micro("avg_price"),
        total_bought_micro=micro("total_bought"),
        realized_pnl_micro=micro("realized_pnl"),
        price_micro=micro("cur_price"),
        first_seen_ts=seconds_to_ns("first_seen_ts"),
        last_seen_ts=seconds_to_ns("last_seen_ts"),
    ).with_columns(avg_price_micro=_average())
    faults = {
        **time_reasons("first_seen_ts"),
        "wallet_missing": pl.col("address").is_null(),
        **price_reasons(),
        **size_reasons(),
    }
    good, rejects = split_rejects(rows, faults)
    part = StagedPart()
    part.add("positions", good)
    part.add("rejects", rejects)
    part.sources += entries_by_origin(
        raw, good, rejects, file, sha256, "positions", {}, mended={"average_price_removed": _AVG_FAULT}
    )
    return part
