"""The truth: it prices the same purchases as the product's follower, and on average the follower gets what it says."""

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from whaletrader.datasets.simulator.universe.presets import labelled, null_universe
from whaletrader.datasets.simulator.universe.truth import _later_price
from whaletrader.universe.follower import build_follower_table
from whaletrader.universe.source import FrameSource


def first_entries(population):
    """The first priced entry of every bet, with what its wallet is."""
    frame = build_follower_table(FrameSource(population.tables, population.fingerprint)).frame
    priced = frame.filter(pl.col("reason").cast(pl.String) == "priced").sort("ts", maintain_order=True)
    first = priced.unique(["wallet", "token"], keep="first", maintain_order=True)
    return first.join(population.tables["truth"].rename({"edge_micro": "true_micro"}), on="wallet")


@pytest.fixture(scope="module")
def entries():
    """Two labelled universes."""
    frames = [first_entries(labelled(seed)).with_columns(world=pl.lit(seed)) for seed in (21, 22)]
    return pl.concat(frames)


def gap(frame):
    """Mean of realised less true edge, and its standard error with event groups as draws."""
    frame = frame.with_columns(gap=pl.col("edge_micro") - pl.col("true_micro"))
    mean = frame["gap"].mean()
    groups = frame.group_by("world", "group").agg(pl.col("gap").sum(), pl.len())
    spread = (groups["gap"] - mean * groups["len"]).to_numpy()
    return mean, float(np.sqrt((spread**2).sum())) / frame.height


@pytest.mark.parametrize(
    "label", ["skilled", "skilled_until", "insider", "sybil", "herder", "fast", "market_maker", "noise", "wash"]
)
def test_followers_get_on_average_what_the_truth_says(entries, label):
    mean, error = gap(entries.filter(pl.col("label") == label))
    assert abs(mean) < 4.0 * error + 2_000, (mean, error)


def test_degrees_of_skill_are_the_ones_that_were_asked_for(world):
    truth = world.tables["truth"].filter(pl.col("label") == "skilled")
    degrees = [truth.slice(20 * place, 20)["edge_micro"].mean() / 1e6 for place in range(5)]
    assert degrees == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.12], abs=0.006)


def test_what_fast_wallets_earn_nobody_can_copy(world):
    truth = world.tables["truth"].filter(pl.col("label") == "fast")
    assert truth["edge_micro"].max() < 0
    fills = world.tables["trades"].join(truth, on="wallet").filter(pl.col("side") == 0)
    paid = pl.when(pl.col("outcome_index") == 0).then("payout0_micro").otherwise(1_000_000 - pl.col("payout0_micro"))
    joined = fills.join(world.tables["markets"].select("market", "payout0_micro"), on="market")
    joined = joined.sort("ts").unique(["wallet", "token"], keep="first", maintain_order=True)
    own = joined.drop_nulls("payout0_micro").select((paid - pl.col("price_micro")).mean()).item()
    assert own > 20_000


def test_lucky_wallets_are_rich_and_know_nothing(world):
    truth = world.tables["truth"]
    noise = truth.filter(pl.col("label") == "noise")["edge_micro"]
    lucky = truth.filter(pl.col("label") == "lucky")["edge_micro"]
    assert lucky.max() < 0
    assert abs(lucky.mean() - noise.mean()) < 5_000


def test_nobody_gains_in_a_null_universe():
    population = null_universe(400, 3)
    assert population.tables["truth"]["edge_micro"].max() <= 0
    entries = first_entries(population).with_columns(world=pl.lit(0))
    mean, error = gap(entries.with_columns(true_micro=pl.lit(0)))
    assert mean < -4.0 * error


def test_at_the_boundary_everybody_of_the_crowd_gains_exactly_nothing():
    population = null_universe(400, 3, boundary=True)
    crowd = population.tables["truth"].filter(pl.col("label") == "noise")
    assert abs(crowd["edge_micro"].mean()) < 3_000
    entries = first_entries(population).filter(pl.col("label") == "noise").with_columns(world=pl.lit(0))
    mean, error = gap(entries.with_columns(true_micro=pl.lit(0)))
    assert abs(mean) < 4.0 * error + 2_000


def test_it_prices_the_same_purchases_as_the_products_follower(small):
    frame = build_follower_table(FrameSource(small.tables, small.fingerprint)).frame
    reached = frame.filter(pl.col("reason").cast(pl.String) == "priced")
    wallets = set(reached["wallet"].unique().to_list())
    known = small.tables["truth"].filter(pl.col("edge_micro") != 0)
    assert set(known["wallet"].to_list()) == wallets


def test_the_expected_later_price_is_that_of_simulated_paths():
    rng = np.random.default_rng(1)
    odds, wins, variance = np.array([0.3]), np.array([0.7]), np.array([2.0])
    won = rng.random(400_000) < wins[0]
    path = odds[0] + np.where(won, 0.5, -0.5) * variance[0] + np.sqrt(variance[0]) * rng.standard_normal(won.size)
    assert _later_price(odds, wins, variance)[0] == pytest.approx(expit(path).mean(), abs=0.002)


def test_who_knows_only_the_price_expects_the_price_to_stay():
    odds = np.linspace(-3.0, 3.0, 13)
    for variance in (0.01, 0.5, 4.0):
        expected = _later_price(odds, expit(odds), np.full(13, variance))
        assert np.abs(expected - expit(odds)).max() < 2e-3
