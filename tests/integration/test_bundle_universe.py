"""The universe on real data: the tape's density, the identity of the ledger, and who has enough bets to be judged."""

from pathlib import Path

import polars as pl
import pytest

from whaletrader.datasets.importers.run import import_bundle
from whaletrader.datasets.store import Dataset
from whaletrader.domain.values import MICRO
from whaletrader.universe.follower import FollowerParams, FollowerTable, build_follower_table
from whaletrader.universe.funnel import edge_summary, funnel, pessimistic_bound, print_availability
from whaletrader.universe.ledger import baseline_top_by_pnl, ledger
from whaletrader.universe.scores import ScoreParams, score_table

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dataset(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return import_bundle(bundle, tmp_path_factory.mktemp("bundle")).dataset


@pytest.fixture(scope="module")
def table(dataset: Dataset) -> FollowerTable:
    return build_follower_table(dataset)


def test_the_share_of_fills_with_a_followers_print_is_the_documented_one(dataset: Dataset) -> None:
    found = print_availability(dataset, duplicates=True)
    shares = dict(zip(found["window_s"], found["share_micro"], strict=True))
    for window, share in ((60.0, 0.10), (600.0, 0.17), (3_600.0, 0.24), (86_400.0, 0.44)):
        assert shares[window] / MICRO == pytest.approx(share, abs=0.01), window


def test_a_resolved_tokens_profit_is_its_cash_flow(dataset: Dataset) -> None:
    positions = ledger(dataset).positions
    known = (pl.col("oversold_micro") == 0) & (pl.col("converted_micro") == 0) & pl.col("payout_micro").is_not_null()
    closed = positions.filter(known)
    paid_out = pl.col("settled_micro") * pl.col("payout_micro") / MICRO
    flow = pl.col("proceeds_micro") + paid_out - pl.col("cost_micro") - pl.col("fees_micro")
    assert closed.height > 40_000
    assert closed.select((pl.col("realised_micro") - flow).abs().max()).item() <= 10


def test_the_fills_judge_few_wallets_and_the_signals_many(dataset: Dataset) -> None:
    counted = {}
    for window in (60.0, 3_600.0):
        frame = build_follower_table(dataset, FollowerParams(window_s=window, exit="resolution")).frame
        markets = frame.filter(pl.col("reason") == "priced").group_by("kind", "wallet").agg(pl.col("market").n_unique())
        for kind, least in (("fill", 30), ("position", 20), ("position", 50)):
            chosen = markets.filter((pl.col("kind") == kind) & (pl.col("market") >= least))
            counted[kind, window, least] = chosen.height
    assert counted["fill", 60.0, 30] == pytest.approx(9, abs=2)
    assert counted["fill", 3_600.0, 30] == pytest.approx(20, abs=3)
    assert counted["position", 60.0, 20] >= 150
    assert counted["position", 60.0, 50] >= 70


def test_most_fills_are_withheld_for_want_of_a_print(table: FollowerTable) -> None:
    found = funnel(table.frame)
    shares = {(row["kind"], row["reason"]): row["share_micro"] for row in found.to_dicts()}
    assert shares["fill", "no_print_in_window"] > 850_000
    assert shares["position", "no_print_in_window"] == 0
    assert found.group_by("kind").agg(pl.col("events").sum())["events"].sum() == table.frame.height


def test_the_pessimistic_bound_lies_below_what_was_observed(table: FollowerTable) -> None:
    for row in pessimistic_bound(table.frame).to_dicts():
        assert row["worst_case_edge_micro"] < row["mean_edge_micro"] < 0


def test_copying_everybody_loses_money(table: FollowerTable) -> None:
    assert max(edge_summary(table.frame)["mean_edge_micro"]) < 0


def test_scores_are_the_same_twice_and_claim_no_high_skill(table: FollowerTable) -> None:
    first, second = (score_table(table, ScoreParams()).frame for _ in range(2))
    assert first.equals(second)
    judged = first.filter(pl.col("rank").is_not_null())
    assert judged.filter(pl.col("kind") == "position").height > 40
    assert judged.filter(pl.col("verdict") == "HIGH_SKILL").height <= 2
    assert first.filter(pl.col("n_bets") < 20)["verdict"].unique().to_list() == ["INSUFFICIENT_DATA"]


def test_the_naive_baseline_names_twenty_wallets(dataset: Dataset) -> None:
    top = baseline_top_by_pnl(ledger(dataset))
    assert top.height == 20
    assert top["realised_micro"].is_sorted(descending=True)
