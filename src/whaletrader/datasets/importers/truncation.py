"""Which wallets' histories are incomplete, and why: their statistics that need a whole history are withheld.

`sells_exceed_buys`: a SELL took more than the tape had seen bought, split or received; `no_fills`: known from polls
or activity only; `sample_source`: every source of the wallet is a sample; `bounded_window`: complete, but only from
some day on; `gap`: whole in stretches with a hole between them, as where a live run missed something.
"""

import polars as pl

from whaletrader.datasets.importers.stretches import HOLED
from whaletrader.datasets.schema import NO_ID
from whaletrader.domain.values import DAY_NS, NANOS

_TOLERANCE_MICRO = 10_000
_FIRST_DAY = 1_669_060_169 * NANOS // DAY_NS
"""Day of the first fill on the venue's exchanges."""


def archive_coverage(fills: pl.LazyFrame, sources: list[int], partial: list[int]) -> pl.DataFrame:
    """Coverage of the wallets in archives of the exchanges' logs: complete where the logs begin with the venue and no
    day is without any, else a bounded window. Splits and merges are in no such log: whoever sells what came of them is
    found out by `oversold_tokens`.

    Where `partial` sources, logs of one exchange of several, go on after all others, they are samples: whoever traded
    before may have gone on where nobody looked. `from_ts` and `until_ts` say of when the logs tell; null where a day
    lacks among them.
    """
    ours = fills.filter(pl.col("source").is_in(sources))
    days = _days(ours)
    unbroken = bool(days) and days[-1] - days[0] + 1 == len(days)
    whole = unbroken and days[0] <= _FIRST_DAY
    kind = pl.lit("complete" if whole else "bounded_window")
    span = ours.select(pl.col("ts").min().alias("first"), pl.col("ts").max().alias("last")).collect(engine="streaming")
    first, last = span.row(0) if unbroken else (None, None)
    going_on = _days(fills.filter(pl.col("source").is_in(partial))) if partial else []
    if days and going_on and going_on[-1] > days[-1]:
        kind = pl.lit("sample")
    return (
        ours.select("address")
        .unique()
        .collect(engine="streaming")
        .sort("address")
        .with_columns(
            coverage=kind,
            from_ts=pl.lit(0 if whole else first, dtype=pl.Int64),
            until_ts=pl.lit(None if last is None else last + 1, dtype=pl.Int64),
        )
    )


def _days(fills: pl.LazyFrame) -> list[int]:
    return fills.select(day=pl.col("ts") // DAY_NS).unique().collect(engine="streaming")["day"].sort().to_list()


def mark_truncated(
    wallets: pl.DataFrame, trades: pl.DataFrame, activity: pl.DataFrame, coverage: pl.DataFrame
) -> pl.DataFrame:
    """Complete the table `wallets`; `coverage` has address and complete | bounded_window | sample | holed (the best one
    counts).
    """
    rank = {"complete": 0, "bounded_window": 1, "sample": 2, HOLED: 3}
    best = (
        coverage.with_columns(_rank=pl.col("coverage").replace_strict(rank, return_dtype=pl.Int8))
        .group_by("address")
        .agg(pl.col("_rank").min())
    )
    oversold = oversold_tokens(trades, activity)["wallet"].unique()
    joined = wallets.join(best, on="address", how="left", maintain_order="left")
    fills = trades["wallet"].unique()
    reason = (
        pl.when(pl.col("wallet").is_in(oversold.implode()))
        .then(pl.lit("sells_exceed_buys"))
        .when(~pl.col("wallet").is_in(fills.implode()))
        .then(pl.lit("no_fills"))
        .when(pl.col("_rank") == 0)
        .then(pl.lit(""))
        .when(pl.col("_rank") == 1)
        .then(pl.lit("bounded_window"))
        .when(pl.col("_rank") == 3)
        .then(pl.lit("gap"))
        .otherwise(pl.lit("sample_source"))
    )
    return (
        joined.with_columns(truncation_reason=reason)
        .with_columns(truncated=pl.col("truncation_reason") != "")
        .drop("_rank")
    )


def oversold_tokens(trades: pl.DataFrame, activity: pl.DataFrame) -> pl.DataFrame:
    """(wallet, token) pairs whose tracked position went below zero at some time, first copies of duplicates only."""
    fills = trades.filter(pl.col("dup_rank") == 0).select(
        "wallet",
        "token",
        "ts",
        "source_row",
        change=pl.when(pl.col("side") == 0).then("size_micro").otherwise(-pl.col("size_micro")),
    )
    pairs = activity.filter(pl.col("kind").is_in(["SPLIT", "MERGE"]) & (pl.col("market") != NO_ID))
    both = [
        pairs.select(
            "wallet",
            (pl.col("market") * 2 + outcome).cast(pl.UInt32).alias("token"),
            "ts",
            "source_row",
            change=pl.when(pl.col("kind") == "SPLIT").then("size_micro").otherwise(-pl.col("size_micro")),
        )
        for outcome in (0, 1)
    ]
    flow = pl.concat([fills, *both]).sort("wallet", "token", "ts", pl.col("change") < 0, "source_row")
    running = flow.with_columns(held=pl.col("change").cum_sum().over("wallet", "token"))
    return running.filter(pl.col("held") < -_TOLERANCE_MICRO).select("wallet", "token").unique().sort("wallet", "token")
