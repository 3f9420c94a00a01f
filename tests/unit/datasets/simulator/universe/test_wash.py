"""Wash pairs: every deal has two sides that cancel, and is undone."""

import polars as pl

from whaletrader.datasets.simulator.universe.presets import null_params
from whaletrader.datasets.simulator.universe.wash import wash_fills


def washed(population):
    return population.tables["trades"].join(population.tables["truth"].filter(pl.col("label") == "wash"), on="wallet")


def test_each_purchase_has_a_twin_at_what_is_left_of_a_dollar(small):
    buys = washed(small).filter(pl.col("side") == 0)
    sums = buys.group_by("ts", "market").agg(
        pl.col("price_micro").sum(), pl.len(), pl.col("wallet").n_unique().alias("w")
    )
    assert (sums["len"] % 2 == 0).all()
    assert (sums["price_micro"] == 500_000 * sums["len"]).all()
    assert (sums["w"] >= 2).all()


def test_pairs_trade_only_with_their_twin(small):
    pairs = washed(small).group_by("ts", "market").agg(pl.col("wallet").unique().sort())
    first = small.params.first_of("wash")
    allowed = {(first + 2 * place, first + 2 * place + 1) for place in range(small.params.wash_pairs)}
    assert {tuple(wallets) for wallets in pairs["wallet"].to_list() if len(wallets) == 2} <= allowed


def test_what_is_bought_is_sold_again_within_minutes(small):
    deals = washed(small)
    signed = pl.when(pl.col("side") == 0).then(pl.col("size_micro")).otherwise(-pl.col("size_micro"))
    left = deals.group_by("wallet", "token").agg(signed.sum().alias("left"))
    assert (left["left"] == 0).mean() > 0.95


def test_without_pairs_there_is_nothing():
    assert wash_fills(null_params(10), None, None).ts.size == 0
