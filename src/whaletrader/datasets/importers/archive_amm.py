"""Stages trades of the AMM era (2020 to 2022), as the venue's `fpmm-subgraph` tells them (`FpmmTransaction`).

A trade's price is what was exchanged for each share without the pool's fee; the fee is told beside it. The pool is no
wallet: every trader took. Which market a pool traded, other tables tell.
"""

from pathlib import Path

import polars as pl

from whaletrader.datasets.importers.archive_columns import first_name, hash_of, read_table, text_of, time_of
from whaletrader.datasets.importers.archive_fills import IMPORTER
from whaletrader.datasets.importers.checks import (
    count_by_source,
    price_reasons,
    size_reasons,
    split_rejects,
    time_reasons,
)
from whaletrader.datasets.importers.staging import STAGED, StagedPart
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.domain.values import MICRO, TapeRole, TapeSide


def stage_amm(file: Path, sha256: str, pools: pl.DataFrame) -> StagedPart:
    """Stage a file of trades; `pools` has pool and condition_id, and a trade with an unknown pool is dropped."""
    raw = read_table(file)
    columns = raw.collect_schema()
    bought = text_of(columns, "type").str.to_lowercase()
    rows = raw.with_row_index("source_row").with_columns(
        ts=time_of(columns, "timestamp"),
        address=text_of(columns, "userid", "user").str.to_lowercase(),
        pool=_pool(columns),
        outcome_index=text_of(columns, "outcomeindex").cast(pl.Int8, strict=False),
        side=pl.when(bought == "buy").then(int(TapeSide.BUY)).when(bought == "sell").then(int(TapeSide.SELL)),
        tx_hash=hash_of(columns),
        size_micro=_whole(columns, "outcometokensamount"),
        fee_micro=_whole(columns, "feeamount"),
        _money=_whole(columns, "tradeamount"),
    )
    # The pool takes its fee out of what a buyer gives, and out of what a seller is paid, which is told after it.
    # Where no fee is told the price is what was paid; where one cannot be read there is no price.
    fee = pl.when(text_of(columns, "feeamount").is_null()).then(0).otherwise("fee_micro")
    net = pl.when(pl.col("side") == int(TapeSide.BUY)).then(pl.col("_money") - fee)
    rows = rows.with_columns(_net=net.otherwise(pl.col("_money") + fee))
    price = pl.col("_net").cast(pl.Float64) / pl.col("size_micro").cast(pl.Float64) * MICRO
    rows = rows.with_columns(price_micro=pl.when(price.is_finite()).then(price.round(0)).cast(pl.Int64))
    found = rows.join(pools.lazy(), on="pool", how="left", maintain_order="left").collect()
    good, rejects = split_rejects(found.with_columns(source=pl.lit(0, dtype=pl.Int16)), _faults())
    part = StagedPart()
    part.add("trades", _fills(good))
    part.add("rejects", rejects.with_columns(pl.col("source_row").cast(pl.Int64)))
    part.sources.append(
        SourceEntry(
            name=f"trades:amm:{file.name}",
            file=file.name,
            sha256=sha256,
            importer=IMPORTER,
            table="trades",
            rows_in=found.height,
            rows_out=good.height,
            dropped=count_by_source(rejects).get(0, {}),
        )
    )
    return part


def _fills(good: pl.DataFrame) -> pl.DataFrame:
    columns = {
        "token_id": pl.lit(None, dtype=pl.String),
        "outcome": pl.lit(None, dtype=pl.String),
        "role": pl.lit(int(TapeRole.TAKER), dtype=pl.Int8),
        "dup_rank": pl.lit(0, dtype=pl.UInt16),
    }
    return good.with_columns(**columns).select(list(STAGED["trades"]))


def _faults() -> dict[str, pl.Expr]:
    return {
        **time_reasons(),
        "wallet_missing": ~pl.col("address").str.contains(r"^0x[0-9a-f]{40}$").fill_null(value=False),
        "side_unknown": pl.col("side").is_null(),
        "pool_unknown": pl.col("condition_id").is_null(),
        "outcome_unknown": ~pl.col("outcome_index").is_in([0, 1]).fill_null(value=False),
        **price_reasons(),
        **size_reasons(),
    }


def _pool(columns: pl.Schema) -> pl.Expr:
    """The pool's address: a column, or the `id` inside one."""
    name = first_name(columns, "marketid", "fpmmid", "market", "fpmm", "marketmakeraddress")
    if name is None:
        return pl.lit(None, dtype=pl.String)
    if isinstance(columns[name], pl.Struct):
        return pl.col(name).struct.field("id").cast(pl.String).str.to_lowercase()
    return text_of(columns, name).str.to_lowercase().str.extract(r"(0x[0-9a-f]{40})", 1)


def _whole(columns: pl.Schema, name: str) -> pl.Expr:
    return text_of(columns, name).str.extract(r"^(\d{1,18})(?:\.0*)?$", 1).cast(pl.Int64, strict=False)
