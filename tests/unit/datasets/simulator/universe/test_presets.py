"""Presets: the sizes and effects that were promised."""

import polars as pl
import pytest

from whaletrader.datasets.simulator.universe.params import LABELS
from whaletrader.datasets.simulator.universe.presets import (
    doublers,
    labelled_params,
    null_universe,
    planted,
    scale,
    scale_params,
)
from whaletrader.universe.follower import build_follower_table
from whaletrader.universe.source import FrameSource


def priced_bets(population):
    frame = build_follower_table(FrameSource(population.tables, population.fingerprint)).frame
    priced = frame.filter(pl.col("reason").cast(pl.String) == "priced")
    return priced.unique(["wallet", "token"], keep="first", maintain_order=True)


def test_planted_wallets_have_their_edge_over_that_many_independent_markets():
    population = planted(600, 3, 0.15, 100, 5)
    truth = population.tables["truth"].filter(pl.col("label") == "skilled")
    assert truth["wallet"].to_list() == [0, 1, 2]
    assert truth["edge_micro"].to_list() == pytest.approx([150_000] * 3, abs=5_000)
    bets = priced_bets(population).filter(pl.col("wallet") < 3)
    assert (bets.group_by("wallet").agg(pl.col("group").n_unique())["group"] >= 97).all()
    assert bets["print_price_micro"].is_between(280_000, 720_000).all()


def test_a_null_universe_has_about_as_many_bets_as_asked():
    population = null_universe(500, 4, bets=40.0)
    crowd = population.tables["truth"].filter(pl.col("label") == "noise").select("wallet")
    bets = priced_bets(population).join(crowd, on="wallet").group_by("wallet").len()["len"]
    assert 25 < bets.mean() < 55
    assert bets.quantile(0.9) > 2 * bets.median()


def test_the_labelled_universe_has_every_label(world):
    assert set(world.tables["truth"]["label"].to_list()) == set(LABELS) - {"doubler"}
    assert world.switched_off.height == 20


def test_an_effect_scales_every_edge():
    half, full = labelled_params(0.5), labelled_params()
    for one, other in zip(half.minds, full.minds, strict=True):
        if other.edge > 0:
            assert one.edge == pytest.approx(other.edge / 2)
        else:
            assert one.edge == other.edge


def test_scale_gives_about_the_fills_that_were_asked_for():
    population = scale(1_000, 60_000, 2)
    assert population.tables["trades"].height == pytest.approx(60_000, rel=0.15)
    assert population.tables["wallets"].height == scale_params(1_000, 60_000).total_wallets


def test_doublers_know_nothing_and_their_first_purchases_lose_the_costs():
    population = doublers(200, 40, 3)
    truth = population.tables["truth"].filter(pl.col("label") == "doubler")
    assert truth["wallet"].to_list() == list(range(40))
    assert truth["edge_micro"].max() < 0
    bets = priced_bets(population).join(truth.rename({"edge_micro": "true_micro"}), on="wallet")
    groups = bets.group_by("group").agg((pl.col("edge_micro") - pl.col("true_micro")).sum().alias("gap"))["gap"]
    assert abs(groups.sum()) < 4.0 * float((groups**2).sum()) ** 0.5


def test_doublers_buy_again_only_what_has_fallen():
    population = doublers(200, 10, 3)
    fills = population.tables["trades"].filter((pl.col("wallet") < 10) & (pl.col("side") == 0)).sort("ts")
    steps = fills.with_columns(
        fall=pl.col("price_micro").diff().over("wallet", "token"), wait=pl.col("ts").diff().over("wallet", "token")
    ).filter(pl.col("wait") > 3_600 * 10**9)
    assert steps.height > 100
    assert (steps["fall"] < 0).mean() > 0.95
