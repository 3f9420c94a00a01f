"""Wallets that cannot have skill, through the same rules as the real ones."""

import polars as pl
import pytest

from tests.support.universe import SELL, Tape
from tests.unit.universe.test_scores import SKILLED, universe
from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.universe.collect import Collected, collect
from whaletrader.universe.follower import build_follower_table
from whaletrader.universe.placebo import (
    LEVELS,
    OBSERVED,
    board_of,
    placebo_bets,
    placebo_boards,
    placebo_overlay,
    table_boards,
)
from whaletrader.universe.policies import POLICIES
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.scores import score_universe

PARAMS = ScoreParams(n_boot=200, min_groups=10)


@pytest.fixture(scope="module")
def collected() -> Collected:
    return collect(universe().source(), PARAMS)


def bets_of(tape: Tape, *policies: str) -> pl.DataFrame:
    return collect(tape.source(), ScoreParams(policies=policies or ("taker",))).bets


def test_the_observed_board_is_the_leaderboard(collected: Collected) -> None:
    real = score_universe(universe().source(), PARAMS).frame
    names = [name for name in real.columns if name not in ("address",)]
    board = board_of(collected, PARAMS)
    assert board.select(names).equals(real.select(names))


def test_a_skilled_wallets_mirror_loses(collected: Collected) -> None:
    mirrored = placebo_boards(collected, PARAMS, seeds=())["mirrored"]
    found = mirrored.filter(pl.col("wallet") == SKILLED).row(0, named=True)
    assert found["verdict"] == "LIKELY_LUCK"
    assert found["mean_edge_micro"] < 0


def test_the_mirror_of_a_held_bet_pays_one_less_the_payout_at_the_complement() -> None:
    tape = Tape(wallets=2).market(0, 1.0, 10 * 86_400).trade(100, 0, 0, 0.4).trade(110, 1, 0, 0.42)
    bets = bets_of(tape)
    (real,), (mirror,) = (
        frame.filter(pl.col("wallet") == 0).to_dicts() for frame in (bets, placebo_bets(bets, "mirrored", seed=0))
    )
    costs = real["cost_micro"] - real["print_price_micro"]
    assert mirror["cost_micro"] == MICRO - 420_000 + costs
    assert (real["proceeds_micro"], mirror["proceeds_micro"]) == (MICRO, 0)
    assert mirror["edge_micro"] == -mirror["cost_micro"]
    assert mirror["leader_price_micro"] == 600_000


def test_a_mirrored_round_trip_pays_its_costs_twice_as_the_real_one_does() -> None:
    tape = Tape(wallets=3).market(0, 1.0, 10 * 86_400)
    tape.trade(100, 0, 0, 0.5).trade(110, 1, 0, 0.5).trade(200, 0, 0, 0.5, side=SELL).trade(210, 1, 0, 0.5)
    bets = bets_of(tape)
    (real,), (mirror,) = (
        frame.filter(pl.col("wallet") == 0).to_dicts() for frame in (bets, placebo_bets(bets, "mirrored", seed=0))
    )
    assert real["edge_micro"] < 0
    assert mirror["edge_micro"] == real["edge_micro"]


def test_a_passive_follower_has_no_mirror() -> None:
    tape = Tape(wallets=2).market(0, 1.0, 10 * 86_400).trade(100, 0, 0, 0.4).trade(110, 1, 0, 0.3)
    bets = bets_of(tape, *POLICIES)
    mirrored = placebo_bets(bets, "mirrored", seed=0)
    assert {"passive", "passive_hold"} <= set(bets["policy"].cast(pl.String))
    assert set(bets["policy"].cast(pl.String)) - set(mirrored["policy"].cast(pl.String)) == {"passive", "passive_hold"}


def test_random_placebos_keep_everybodys_number_of_bets_by_week_and_price(collected: Collected) -> None:
    placebo = placebo_bets(collected.bets, "random", seed=3)
    week = (pl.col("entry_ts") // (7 * DAY_NS)).alias("week")
    band = (pl.col("print_price_micro") * 5 // (MICRO + 1)).alias("band")
    keys = ["kind", "wallet", week, band]
    counts = [bets.group_by(keys).len().sort("kind", "wallet", "week", "band") for bets in (collected.bets, placebo)]
    assert counts[0].equals(counts[1])
    assert not placebo["wallet"].equals(collected.bets["wallet"])
    same = ["token", "edge_micro", "cost_micro", "entry_ts"]
    assert placebo.select(same).sort(same).equals(collected.bets.select(same).sort(same))


def test_random_placebos_take_the_skill_away(collected: Collected) -> None:
    real = collected.bets.filter(pl.col("wallet") == SKILLED)["edge_micro"].mean()
    for seed in range(20):
        placebo = placebo_bets(collected.bets, "random", seed=seed)
        assert placebo.filter(pl.col("wallet") == SKILLED)["edge_micro"].mean() < real  # type: ignore[operator]


def test_placebos_are_reproducible_and_differ_by_seed(collected: Collected) -> None:
    first, again, other = (placebo_bets(collected.bets, "random", seed=seed) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_the_order_of_the_bets_does_not_matter(collected: Collected) -> None:
    keys = ["policy", "kind", "wallet", "token"]
    mixed = collected.bets.sample(fraction=1.0, shuffle=True, seed=4)
    first, second = (placebo_bets(bets, "random", seed=1).sort(keys) for bets in (collected.bets, mixed))
    assert first.equals(second)


def test_tables_priced_already_give_the_same_boards(collected: Collected) -> None:
    boards = table_boards({"taker": build_follower_table(universe().source())}, PARAMS, seeds=(1,))
    from_bets = placebo_boards(collected, PARAMS, seeds=(1,))
    assert list(boards) == list(from_bets) == ["mirrored", "random-1"]
    names = ["policy", "kind", "wallet", "n_bets", "mean_edge_micro", "lower_micro", "p_value_micro", "q_value_micro"]
    for name, board in boards.items():
        assert board.select(names).equals(from_bets[name].select(names))


def test_the_overlay_shows_observed_and_placebos_side_by_side(collected: Collected) -> None:
    found = placebo_overlay(collected, PARAMS, seeds=(1, 2))
    assert found["which"].to_list() == [OBSERVED, "mirrored", "random-1", "random-2"]
    real, mirrored = found.row(0, named=True), found.row(1, named=True)
    board = board_of(collected, PARAMS).filter(pl.col("p_value_micro").is_not_null())
    assert real["judged"] == board.height == mirrored["judged"]
    assert (real["survived_fdr"], mirrored["survived_fdr"]) == (1, 0)
    assert real["best_edge_micro"] == board["mean_edge_micro"].max()
    assert len(real["log10_p_micro"]) == len(LEVELS)
    assert real["log10_p_micro"] == sorted(real["log10_p_micro"])
    assert min(real["log10_p_micro"]) < min(mirrored["log10_p_micro"])


def test_an_empty_universe_has_an_empty_overlay() -> None:
    nothing = collect(Tape(wallets=1).market(0, 1.0, 100).source(), PARAMS)
    assert placebo_overlay(nothing, PARAMS, seeds=(1,)).height == 0
