"""What only the whole universe can say: trials over all policies, ranks, counts, reasons; integers without a NaN."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.support.score_tapes import mixed
from whaletrader.domain.skill import Verdict
from whaletrader.domain.values import MICRO
from whaletrader.quant.multiple_testing import benjamini_hochberg
from whaletrader.universe.collect import KIND, POLICY, collect
from whaletrader.universe.follower import build_follower_table
from whaletrader.universe.judge import NO_BETS, groups_needed, judge
from whaletrader.universe.leaderboard import STEPS, leaderboard
from whaletrader.universe.score_frame import published
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.scores import Scores, score_table, score_universe
from whaletrader.universe.source import FrameSource
from whaletrader.universe.thresholds import THRESHOLDS, thresholds_hash

BOTH = ScoreParams(min_bets_fill=4, min_bets_position=4, min_groups=2, n_boot=200, policies=("taker", "first_hold"))


@pytest.fixture(scope="module")
def source() -> FrameSource:
    return mixed()


@pytest.fixture(scope="module")
def scores(source: FrameSource) -> Scores:
    return score_universe(source, BOTH)


@pytest.fixture(scope="module")
def thin(source: FrameSource) -> Scores:
    """With more bets asked for than anybody has positions."""
    return score_universe(source, replace(BOTH, min_bets_fill=30, min_bets_position=1_000))


def judged(scores: Scores) -> pl.DataFrame:
    return scores.frame.filter(pl.col("withheld").is_null())


def test_every_wallet_and_policy_of_a_kind_counts_as_a_trial(scores: Scores, source: FrameSource) -> None:
    for kind in ("fill", "position"):
        rows = judged(scores).filter(pl.col("kind") == kind)
        assert rows["policy"].n_unique() == 2
        log_p = rows["log10_p_micro"].to_numpy() / MICRO
        tried = scores.frame.filter((pl.col("kind") == kind) & (pl.col("n_bets") > 0)).height
        expected = benjamini_hochberg(np.append(10.0**log_p, np.ones(tried - log_p.size)))[: log_p.size]
        assert rows["q_value_micro"].to_numpy() / MICRO == pytest.approx(expected, abs=2e-6)
        assert 10.0 ** (rows["log10_q_micro"].to_numpy() / MICRO) == pytest.approx(expected, rel=1e-5)
    alone = score_universe(source, ScoreParams(min_bets_fill=4, min_bets_position=4, min_groups=2, n_boot=200))
    assert judged(alone)["p_value_micro"].equals(judged(scores).filter(pl.col("policy") == "taker")["p_value_micro"])
    assert not judged(alone)["q_value_micro"].equals(
        judged(scores).filter(pl.col("policy") == "taker")["q_value_micro"]
    )


def test_ranks_are_by_lower_bound_within_policy_and_kind(scores: Scores) -> None:
    for _, rows in scores.frame.group_by("policy", "kind", maintain_order=True):
        ranked = rows.filter(pl.col("rank").is_not_null())
        assert ranked["rank"].to_list() == list(range(1, ranked.height + 1))
        assert ranked["lower_micro"].is_sorted(descending=True)
        assert rows["rank"].is_null().to_list() == [False] * ranked.height + [True] * (rows.height - ranked.height)


def test_a_wallet_without_a_verdict_has_a_reason_and_no_bound_but_the_exact_one(thin: Scores) -> None:
    rows = thin.frame.filter(pl.col("withheld").is_not_null())
    assert rows.height > 0
    assert set(rows["verdict"]) == {Verdict.INSUFFICIENT_DATA}
    for name in ("rank", "lower_micro", "p_value_micro", "q_value_micro", "composite_micro", "psr_micro", "interval"):
        told = rows[name] if name != "interval" else rows.filter(pl.col("n_bets") == 0)[name]
        assert told.null_count() == told.len(), name
    bets = rows.filter(pl.col("n_bets") > 0)
    assert bets["exact_lower_micro"].null_count() == 0
    assert (bets["exact_lower_micro"] <= bets["mean_edge_micro"]).all()
    assert judged(thin)["exact_lower_micro"].null_count() == judged(thin).height


def test_the_counts_are_those_of_the_frame(scores: Scores) -> None:
    rate = round(THRESHOLDS.selection.false_discovery_rate * MICRO)
    above = pl.col("withheld").is_null() & (pl.col("lower_micro") > 0)
    flags = {
        "found": pl.lit(value=True),
        "priced": pl.col("n_priced") > 0,
        "tested": pl.col("withheld").is_null(),
        "lower_above_zero": above,
        "survived_fdr": above & (pl.col("q_value_micro") <= rate),
        "survived_e": above & pl.col("e_selected"),
    }
    for policy in BOTH.policies:
        for kind in ("fill", "position"):
            rows = scores.frame.filter((pl.col("policy") == policy) & (pl.col("kind") == kind))
            mine = scores.counts.filter((pl.col("policy") == policy) & (pl.col("kind") == kind))
            assert mine["step"].to_list() == list(STEPS)
            counted = dict(mine.select("step", "wallets").iter_rows())
            for step, flag in flags.items():
                assert counted[step] == rows.select(flag.fill_null(value=False).alias(step)).to_series().sum() or (
                    step == "found" and counted[step] == rows.height
                ), (policy, kind, step)


def test_the_reasons_add_up_to_those_without_a_verdict(thin: Scores) -> None:
    counted = thin.withheld.group_by("policy", "kind").agg(pl.col("wallets").sum()).sort("policy", "kind")
    rows = thin.frame.filter(pl.col("withheld").is_not_null()).group_by("policy", "kind").len("wallets")
    assert rows.height > 0
    assert counted["wallets"].to_list() == rows.sort("policy", "kind")["wallets"].to_list()
    assert set(thin.withheld["reason"].cast(pl.String)) <= {"too_few_bets", "too_few_groups", NO_BETS}


def test_the_report_names_the_hash_of_its_rules(scores: Scores) -> None:
    assert scores.thresholds == thresholds_hash()
    assert len(scores.thresholds) == 64


def test_the_order_of_the_judged_rows_does_not_matter(source: FrameSource, scores: Scores) -> None:
    rows = judge(collect(source, BOTH), BOTH)
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=5)
    assert leaderboard(shuffled, source.table("wallets"), BOTH).frame.equals(scores.frame)


def test_a_table_priced_before_gives_the_same_verdicts(source: FrameSource) -> None:
    params = ScoreParams(min_bets_fill=4, min_bets_position=4, min_groups=2, n_boot=200)
    found, whole = score_table(build_follower_table(source), params), score_universe(source, params)
    for name in ("policy", "kind", "rank", "wallet", "verdict", "lower_micro", "q_value_micro", "shrunk_micro"):
        assert found.frame[name].equals(whole.frame[name]), name
    assert found.frame["maker_share_micro"].null_count() == found.frame.height
    assert found.frame["own_realised_micro"].null_count() == found.frame.height


def test_numbers_that_are_not_finite_are_published_as_unknown() -> None:
    frame = pl.DataFrame(
        {"policy": ["taker"] * 4, "lower": [1.4, np.nan, np.inf, -np.inf], "roi": [0.25, None, np.nan, np.inf]},
        schema={"policy": POLICY, "lower": pl.Float64, "roi": pl.Float64},
    )
    found = published(frame)
    assert found["lower_micro"].to_list() == [1, None, None, None]
    assert found["roi_micro"].to_list() == [250_000, None, None, None]
    assert KIND.categories.to_list() == ["fill", "position"]


def test_the_groups_needed_are_the_committed_table_unless_they_are_given() -> None:
    rules = THRESHOLDS.groups
    prices = np.array([1.0, *(limit * MICRO for limit in rules.price_limits)])
    assert groups_needed(prices, ScoreParams()).tolist() == list(rules.needed)
    assert groups_needed(prices, ScoreParams(min_groups=3)).tolist() == [3] * prices.size
