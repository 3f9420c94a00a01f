"""Stages the bundle's price histories and order-book captures."""

from pathlib import Path

import polars as pl

from whaletrader.datasets.importers.checks import price_reasons, split_rejects, time_reasons
from whaletrader.datasets.importers.sources import entries_by_origin, with_origin
from whaletrader.datasets.importers.staging import StagedPart
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.units import address, blank_to_null, micro, millis_to_ns, seconds_to_ns
from whaletrader.domain.values import TapeSide

_ZONE_ASSUMED = "jonawalb/Betting-On-War"


def stage_prices(file: Path, sha256: str) -> StagedPart:
    """Stage daily or intraday prices; a price without a token is taken for outcome 0's, as the venue's price lists
    begin with it.
    """
    raw = with_origin(pl.read_parquet(file))
    text = pl.lit(None, dtype=pl.String)
    number = pl.lit(None, dtype=pl.Int8)
    has = raw.columns
    rows = raw.with_columns(
        ts=seconds_to_ns("ts"),
        token_id=blank_to_null(pl.col("token_id")),
        condition_id=address("condition_id"),
        slug=blank_to_null(pl.col("market_slug")) if "market_slug" in has else text,
        outcome_index=pl.col("outcome_index") if "outcome_index" in has else number,
        price_micro=micro("price"),
    )
    nameless = pl.col("token_id").is_null() & pl.col("outcome_index").is_null()
    rows = rows.with_columns(
        nameless=nameless, outcome_index=pl.when(nameless).then(pl.lit(0, pl.Int8)).otherwise("outcome_index")
    )
    good, rejects = split_rejects(rows, {**time_reasons(), **price_reasons()})
    part = StagedPart()
    part.add("prices", good)
    part.add("rejects", rejects)
    if "outcome_index" in has:
        named = good.filter(pl.col("condition_id").is_not_null() & pl.col("outcome_index").is_not_null())
        label = (
            pl.col("outcome_label").cast(pl.String).alias("outcome")
            if "outcome_label" in has
            else text.alias("outcome")
        )
        part.add("tokens", named.select("token_id", "condition_id", "outcome_index", label).unique(maintain_order=True))
    doubted = {
        "token_taken_for_outcome_0": pl.col("nameless"),
        "time_zone_assumed_utc": pl.col("origin") == _ZONE_ASSUMED,
    }
    part.sources += entries_by_origin(raw, good, rejects, file, sha256, "prices", doubted)
    return part


def stage_book_levels(file: Path, sha256: str) -> StagedPart:
    """Stage an L2 capture: snapshots (kind 0) and absolute new sizes (kind 1), in the order in which they were
    received.
    """
    raw = with_origin(pl.read_parquet(file))
    side = pl.col("side").cast(pl.String).str.to_uppercase()
    rows = raw.with_columns(
        ts=millis_to_ns("ts_ms"),
        seq=pl.col("source_row"),
        token_id=pl.col("asset_id").cast(pl.String),
        kind=pl.when(pl.col("event_type").cast(pl.String) == "book").then(0).otherwise(1).cast(pl.Int8),
        side=pl.when(side.is_in(["BUY", "BID"]))
        .then(int(TapeSide.BUY))
        .when(side.is_in(["SELL", "ASK"]))
        .then(int(TapeSide.SELL)),
        price_micro=micro("price"),
        size_micro=micro("size"),
    )
    faults = {
        **time_reasons(),
        **price_reasons(),
        "side_unknown": pl.col("side").is_null(),
        "size_negative": pl.col("size_micro").is_null() | (pl.col("size_micro") < 0),
    }
    good, rejects = split_rejects(rows, faults)
    part = StagedPart()
    part.add("book_levels", good)
    part.add("rejects", rejects)
    part.sources += entries_by_origin(raw, good, rejects, file, sha256, "book_levels", {})
    return part


def stage_quotes(file: Path, sha256: str) -> StagedPart:
    """Stage best bids and offers; a file whose best prices never move was read from the wrong end of the book and is
    refused.
    """
    raw = with_origin(pl.read_parquet(file))
    moving = raw.select(pl.col("best_bid", "best_ask").n_unique()).row(0)
    part = StagedPart()
    if raw.height > 1000 and moving == (1, 1):
        part.sources.append(
            SourceEntry(
                name="quotes",
                file=file.name,
                sha256=sha256,
                importer="bundle/1",
                table="quotes",
                rows_in=raw.height,
                rows_out=0,
                not_imported="best bid and ask never move: they were read from the wrong end of the book",
            )
        )
        return part
    rows = raw.with_columns(
        ts=millis_to_ns("ts_received"),
        token_id=pl.col("token_id").cast(pl.String),
        bid_micro=micro("best_bid"),
        ask_micro=micro("best_ask"),
        bid_size_micro=micro("best_bid_size"),
        ask_size_micro=micro("best_ask_size"),
    )
    crossed = {"crossed": pl.col("bid_micro") >= pl.col("ask_micro")}
    faults = {**time_reasons(), **price_reasons("bid_micro"), **price_reasons("ask_micro"), **crossed}
    good, rejects = split_rejects(rows, faults)
    part.add("quotes", good)
    part.add("rejects", rejects)
    part.sources += entries_by_origin(raw, good, rejects, file, sha256, "quotes", {})
    return part
