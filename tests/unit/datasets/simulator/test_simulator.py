"""The simulated market: a function of its seed, stamped simulated, sound, with wallets that are what they say."""

import numpy as np
import polars as pl
import pytest

from whaletrader.datasets.importers.truncation import oversold_tokens
from whaletrader.datasets.simulator import SimulationParams, simulate
from whaletrader.datasets.simulator.params import LABELS
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.verify import verify
from whaletrader.domain.values import MICRO, NANOS, TapeRole, TapeSide
from whaletrader.errors import SettingError

SMALL = SimulationParams(days=30, binary_markets=40, groups=3, fills=4_000, noise=40, quoted_markets=5)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The default simulation."""
    return simulate(tmp_path_factory.mktemp("sim"), seed=11)


@pytest.fixture(scope="module")
def bets(world):
    """Fills with what their token paid and what their wallet is."""
    markets = world.table("markets").select("market", "payout0_micro", "resolved", "resolved_ts", "event_group")
    joined = world.table("trades").join(markets, on="market").join(world.table("truth"), on="wallet")
    payout = pl.when(pl.col("outcome_index") == 0).then("payout0_micro").otherwise(MICRO - pl.col("payout0_micro"))
    return joined.with_columns(gain=(payout - pl.col("price_micro")) / MICRO)


def buys(bets, label):
    return bets.filter((pl.col("side") == int(TapeSide.BUY)) & (pl.col("label") == label) & pl.col("resolved"))


def clustered(frame):
    """Mean gain and its standard error with event groups as draws."""
    groups = frame.group_by("event_group").agg(pl.col("gain").sum(), pl.len())
    mean = groups["gain"].sum() / groups["len"].sum()
    spread = (groups["gain"] - mean * groups["len"]).to_numpy()
    return mean, float(np.sqrt((spread**2).sum()) / groups["len"].sum())


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    simulate(tmp_path / "a", SMALL, seed=5)
    simulate(tmp_path / "b", SMALL, seed=5)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_another_seed_gives_another_market(tmp_path):
    one, other = simulate(tmp_path / "a", SMALL, seed=5), simulate(tmp_path / "b", SMALL, seed=6)
    assert one.fingerprint != other.fingerprint


def test_it_is_stamped_simulated_with_its_seed(world):
    assert world.simulated
    assert (world.manifest.kind, world.manifest.seed) == ("simulated", 11)
    assert world.manifest.sources[0].name == "SIMULATED"
    assert world.table("markets")["question"].str.starts_with("SIMULATED").all()
    assert Dataset.open(world.path).simulated


def test_it_passes_every_check(world):
    assert [check.name for check in verify(world) if not check.ok] == []


def test_it_has_the_promised_size(world):
    params = SimulationParams()
    assert world.table("markets").height == params.markets == 480
    assert world.table("wallets").height == sum(params.people) == 300
    assert 0.85 * params.fills < world.table("trades").height < 1.15 * params.fills


def test_every_label_has_its_wallets(world):
    counts = dict(world.table("truth").group_by("label").len().rows())
    assert counts == dict(zip(LABELS, SimulationParams().people, strict=True))


def test_the_edge_of_the_skilled_is_real(bets):
    mean, error = clustered(buys(bets, "skilled"))
    assert mean > 0.04
    assert mean > 4 * error


def test_the_edge_of_the_skilled_lasts_into_the_second_half(world, bets):
    half = (world.manifest.first_ts + world.manifest.last_ts) // 2
    mean, error = clustered(buys(bets, "skilled").filter(pl.col("ts") > half))
    assert mean > 3 * error


def test_luck_looks_like_skill_and_ends(world, bets):
    middle = SimulationParams().start_ts + 60 * 86_400 * NANOS
    lucky = buys(bets, "lucky")
    past, _ = clustered(lucky.filter(pl.col("resolved_ts") < middle))
    later, error = clustered(lucky.filter(pl.col("ts") > middle))
    assert past > 0.1
    assert later < 2 * error


def test_noise_pays_the_spread(bets):
    mean, _ = clustered(buys(bets, "noise"))
    assert -0.03 < mean < 0.005


def test_the_truth_tells_the_expected_edge_of_each_wallet(world):
    edges = world.table("truth").group_by("label").agg(pl.col("edge_micro").min(), high=pl.col("edge_micro").max())
    found = {label: (low, high) for label, low, high in edges.rows()}
    assert found["skilled"][0] > 40_000
    assert found["noise"][1] < 15_000
    assert found["lucky"][1] < 30_000


def test_the_edge_survives_a_follower_who_comes_seconds_later(bets):
    """The follower buys the skilled wallet's token at the first print of somebody else 5 to 65 s later."""
    leaders = buys(bets, "skilled").select(
        "market", "outcome_index", "ts", "wallet", payout=pl.col("gain") + pl.col("price_micro") / MICRO
    )
    prints = bets.select("market", when="ts", who="wallet", other="outcome_index", paid=pl.col("price_micro") / MICRO)
    near = leaders.join(prints, on="market").filter(
        (pl.col("when") >= pl.col("ts") + 5 * NANOS)
        & (pl.col("when") <= pl.col("ts") + 65 * NANOS)
        & (pl.col("who") != pl.col("wallet"))
    )
    first = near.sort("when").unique(["market", "ts", "wallet", "outcome_index"], keep="first", maintain_order=True)
    assert first.height > 0.8 * leaders.height
    price = pl.when(pl.col("other") == pl.col("outcome_index")).then("paid").otherwise(1 - pl.col("paid"))
    assert first.select((pl.col("payout") - price).mean()).item() > 0.04


def test_markets_resolve_throughout_and_some_never(world):
    markets = world.table("markets")
    resolved = markets.filter("resolved")
    assert 0.85 < resolved.height / markets.height < 1.0
    months = ((resolved["resolved_ts"] - SimulationParams().start_ts) // (30 * 86_400 * NANOS)).unique().to_list()
    assert sorted(months) == [0, 1, 2, 3]


def test_just_one_market_of_a_resolved_group_wins(world):
    groups = world.table("markets").filter("neg_risk", "resolved").group_by("event_group")
    assert (groups.agg(pl.col("payout0_micro").sum())["payout0_micro"] == MICRO).all()


def test_prices_are_calibrated(bets):
    """Over all buys nobody wins much: what is paid is near what comes."""
    mean, _ = clustered(bets.filter((pl.col("side") == 0) & pl.col("resolved")))
    assert abs(mean) < 0.02


def test_nobody_sells_what_he_does_not_hold(world):
    assert oversold_tokens(world.table("trades"), world.table("activity")).is_empty()


def test_no_fill_is_outside_its_markets_life(world):
    lives = world.table("markets").select("market", "start_ts", "end_ts")
    fills = world.table("trades").join(lives, on="market")
    assert fills.filter((pl.col("ts") < pl.col("start_ts")) | (pl.col("ts") >= pl.col("end_ts"))).is_empty()


def test_both_sides_of_a_print_agree(world):
    trades = world.table("trades")
    makers = trades.filter(role=int(TapeRole.MAKER))
    takers = trades.filter(role=int(TapeRole.TAKER))
    pairs = makers.join(takers, on=["transaction", "token", "price_micro", "size_micro", "ts"])
    assert pairs.height == makers.height
    assert (pairs["side"] + pairs["side_right"] == 1).all()


def test_takers_pay_the_schedule_and_makers_nothing(world):
    trades = world.table("trades")
    assert (trades.filter(role=int(TapeRole.MAKER))["fee_micro"] == 0).all()
    fees = world.table("fee_schedules").sort("from_ts")
    takers = trades.filter(role=int(TapeRole.TAKER)).sort("ts")
    priced = takers.join_asof(fees, left_on="ts", right_on="from_ts", by="market", check_sortedness=False)
    price = pl.col("price_micro") / MICRO
    exact = pl.col("size_micro") * price * (1 - price) * pl.col("rate_micro") / MICRO
    gap = priced.select((exact - pl.col("fee_micro")).alias("gap"), exact.alias("exact"))
    assert gap["gap"].min() > -1
    assert gap["gap"].max() < 10 + 1e-3


def test_redemptions_pay_winners_once(world):
    redeemed = world.table("activity").filter(kind="REDEEM")
    assert redeemed.height == redeemed.select("wallet", "market").n_unique()
    assert (redeemed["size_micro"] > 0).all()
    known = world.table("markets").select("market", "resolved_ts")
    assert redeemed.join(known, on="market").filter(pl.col("ts") <= pl.col("resolved_ts")).is_empty()


def test_a_signal_is_found_after_the_fill_it_tells_of(world):
    signals = world.table("signals")
    assert signals.height > 5_000
    first = world.table("trades").filter(side=0).group_by("wallet", "token").agg(opened=pl.col("ts").min())
    joined = signals.join(first, on=["wallet", "token"])
    assert joined.height == signals.height
    assert joined.filter((pl.col("opened") < pl.col("prev_seen_ts")) | (pl.col("opened") >= pl.col("ts"))).is_empty()


def test_quotes_are_not_crossed_and_complement_each_other(world):
    quotes = world.table("quotes")
    assert (quotes["bid_micro"] < quotes["ask_micro"]).all()
    pairs = quotes.join(quotes.with_columns(token=pl.col("token") ^ 1), on=["ts", "token"])
    assert pairs.height == quotes.height
    assert (pairs["bid_micro"] + pairs["ask_micro_right"] == MICRO).all()


def test_wash_wallets_trade_with_each_other_only(world, bets):
    wash = bets.filter(pl.col("label") == "wash")
    assert (wash.group_by("transaction").len()["len"] == 2).all()
    assert wash.group_by("transaction").agg(pl.col("label").n_unique(), pl.col("side").n_unique())[
        "side"
    ].unique().to_list() == [2]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"days": 0}, "needs a positive days"),
        ({"fills": -1}, "needs a positive fills"),
        ({"noise": 0}, "needs a positive noise"),
        ({"wash": 3}, "wash wallets come in pairs"),
        ({"binary_markets": 0, "groups": 0}, "needs at least one market"),
        ({"outcomes_per_group": 1}, "needs at least 2 outcomes"),
    ],
)
def test_an_impossible_size_is_refused(change, sentence):
    with pytest.raises(SettingError, match=sentence):
        SimulationParams(**change)


def test_a_negative_seed_is_refused(tmp_path):
    with pytest.raises(SettingError, match="a seed is a whole number from 0 on"):
        simulate(tmp_path, SMALL, seed=-1)


@pytest.mark.parametrize(
    "change",
    [
        {"groups": 0},
        {"binary_markets": 0},
        {"skilled": 0, "lucky": 0},
        {"wash": 0},
        {"quoted_markets": 0},
        {"fills": 1},
        {"outcomes_per_group": 7},
        {"days": 1},
    ],
)
def test_small_and_odd_worlds_are_sound(tmp_path, change):
    sizes = {"days": 12, "binary_markets": 6, "groups": 2, "fills": 300, "noise": 5, "quoted_markets": 2} | change
    dataset = simulate(tmp_path, SimulationParams(**sizes), seed=2)
    assert [check.name for check in verify(dataset) if not check.ok] == []
