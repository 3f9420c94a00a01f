"""Known facts of a dataset: what buyers paid and what it was worth, by price bins, and implied fees."""

import polars as pl

from whaletrader.domain.values import MICRO, TapeSide

BIN_EDGES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Bins are (lo, hi]."""


def decided_buys(trades: pl.DataFrame, markets: pl.DataFrame) -> pl.DataFrame:
    """BUY fills of markets that paid 0 or 1, with `price` (0..1) and `won` (0.0 or 1.0); splits of 0.5 are left out."""
    payouts = markets.select("market", "payout0_micro")
    bought = trades.filter(pl.col("side") == int(TapeSide.BUY)).join(payouts, on="market", maintain_order="left")
    payout = pl.when(pl.col("outcome_index") == 0).then("payout0_micro").otherwise(MICRO - pl.col("payout0_micro"))
    return bought.with_columns(won=payout / MICRO, price=pl.col("price_micro") / MICRO).filter(
        pl.col("won").is_in([0.0, 1.0])
    )


def first_buys(buys: pl.DataFrame) -> pl.DataFrame:
    """The first BUY per wallet and token: the fills of one position are one bet."""
    return buys.unique(["wallet", "token"], keep="first", maintain_order=True)


def price_bins(buys: pl.DataFrame) -> pl.DataFrame:
    """Fills, mean price paid and share won by price bin; needs `price` and `won`."""
    edges = pl.Series(BIN_EDGES[1:])
    index = pl.lit(edges).search_sorted(pl.col("price"), side="left").cast(pl.Int64)
    binned = buys.with_columns(bin=index)
    grouped = binned.group_by("bin").agg(pl.len().alias("fills"), pl.col("price").mean(), pl.col("won").mean())
    names = pl.DataFrame({"bin": range(len(edges)), "low": BIN_EDGES[:-1], "high": BIN_EDGES[1:]})
    return names.join(grouped, on="bin", how="left").sort("bin").drop("bin")


def implied_fee_rates(trades: pl.DataFrame, from_ts: int) -> pl.DataFrame:
    """fee / (size · p (1 − p)) of every fill since `from_ts` that paid a fee, as `rate`, with its market."""
    price = pl.col("price_micro") / MICRO
    paid = trades.filter((pl.col("fee_micro") > 0) & (pl.col("ts") >= from_ts) & (price < 1) & (price > 0))
    return paid.select("market", rate=pl.col("fee_micro") / (pl.col("size_micro") * price * (1 - price)))
