"""What would have been detected: the rule's own critical values, checked by simulation."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from whaletrader.domain.values import MICRO
from whaletrader.errors import DataError
from whaletrader.quant.bounded_mean import Clusters, log_p_values
from whaletrader.quant.multiple_testing import benjamini_hochberg
from whaletrader.universe.power import (
    POWERS,
    CertifiedNull,
    certified_null,
    detectable_edges,
    finest_log_p,
    least_wins,
    power_table,
    require_resolution,
    threshold_of,
)

HELD = np.array([True])


def board(
    rows: list[tuple[int, float]], *, q: float = 1.0, lower: int = -1, policy: str = "taker_hold"
) -> pl.DataFrame:
    """Judged rows of (event groups, mean cost), and one that was not judged."""
    judged = [
        {
            "policy": policy, "kind": "fill", "withheld": None, "n_groups": n, "n_bets": n,
            "mean_cost_micro": round(cost * MICRO),
            "q_value_micro": round(q * MICRO), "lower_micro": lower,
        }
        for n, cost in rows
    ]  # fmt: skip
    few = {**dict.fromkeys(("q_value_micro", "lower_micro")), "withheld": "too_few_bets", "n_groups": 3, "n_bets": 0}
    return pl.DataFrame([*judged, {"policy": policy, "kind": "fill", "mean_cost_micro": 500_000, **few}])


def test_the_threshold_is_the_first_step_of_benjamini_hochberg() -> None:
    p_values = np.full(1_000, 0.9)
    p_values[7] = threshold_of(1_000)
    assert benjamini_hochberg(p_values)[7] <= 0.05
    p_values[7] *= 1.01
    assert benjamini_hochberg(p_values)[7] > 0.05


@pytest.mark.parametrize(("n", "cost", "threshold"), [(30, 0.5, 1e-3), (100, 0.3, 5e-6), (300, 0.7, 5e-7)])
def test_the_least_wins_are_the_first_binomial_tail_below_the_threshold(n: int, cost: float, threshold: float) -> None:
    plain = next(k for k in range(n + 2) if binom.sf(k - 1, n, cost) <= threshold)
    assert least_wins(np.array([n]), np.array([cost]), HELD, threshold).tolist() == [plain]


def test_bets_that_may_end_early_need_more_wins_but_not_many() -> None:
    groups = np.arange(30, 130)
    cost = np.full(groups.size, 0.5)
    held, sold = (least_wins(groups, cost, np.full(groups.size, flag), 5e-6) for flag in (True, False))
    assert ((sold - held >= 0) & (sold - held <= 3)).all()
    assert (sold > held).mean() > 0.5


def test_where_winning_everything_is_not_enough_no_edge_is_detectable() -> None:
    groups, cost = np.array([10, 11]), np.array([0.5, 0.5])
    held, threshold = np.array([True, True]), 2.0**-10.5
    assert least_wins(groups, cost, held, threshold).tolist() == [11, 11]
    edges = detectable_edges(groups, cost, held, threshold, 0.8)
    assert np.isnan(edges[0])
    assert edges[1] == pytest.approx(0.8 ** (1 / 11) - 0.5)


def test_the_finest_p_value_is_that_of_winning_everything() -> None:
    clusters = Clusters(np.array([0, 20]), np.ones(20, np.int64), np.ones(20), np.full(20, 0.4))
    for held in (np.array([True]), np.array([False])):
        rule = log_p_values(clusters, held)[0] - (0.0 if held[0] else np.log(0.8))
        assert finest_log_p(np.array([20]), np.array([0.4]), held)[0] == pytest.approx(rule, rel=1e-12)


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("held", [True, False])
def test_a_lone_wallet_with_the_detectable_edge_is_found_as_often_as_said(power: float, held: bool) -> None:
    n, cost, tested, runs = 120, 0.45, 2_000, 3_000
    threshold, flag = threshold_of(tested), np.array([held])
    edge = detectable_edges(np.array([n]), np.array([cost]), flag, threshold, power)[0]
    rng = np.random.default_rng(11)
    payoff = (rng.random((runs, n)) < cost + edge).astype(np.float64).ravel()
    clusters = Clusters(np.arange(runs + 1) * n, np.ones(runs * n, np.int64), payoff, np.full(runs * n, cost))
    log_p = log_p_values(clusters, np.full(runs, held)) - (0.0 if held else np.log(0.8))
    assert np.mean(log_p <= np.log(threshold)) == pytest.approx(power, abs=4 * np.sqrt(power * (1 - power) / runs))


def test_the_planted_wallets_of_the_power_claim_are_within_reach() -> None:
    table = power_table(10_000, bets=(300,), prices=(0.3, 0.5, 0.7), powers=(0.8,))
    assert table["edge_micro"].max() < 170_000


def test_more_bets_detect_less_edge_and_more_wallets_need_more() -> None:
    few, many = power_table(100), power_table(100_000)
    for _, rows in few.filter(pl.col("power") == 0.8).group_by("price_micro"):
        edges = rows.sort("bets")["edge_micro"].drop_nulls().to_list()
        assert edges == sorted(edges, reverse=True)
    both = few.join(many, on=["price_micro", "bets", "power"]).drop_nulls()
    assert (both["edge_micro_right"] > both["edge_micro"]).all()


def test_a_null_is_certified_with_what_would_have_been_seen() -> None:
    found = certified_null(board([(300, 0.5)] * 3 + [(20, 0.5)] * 2), "fill")
    assert (found.tested, found.survived, found.certified) == (5, 0, True)
    assert found.threshold == pytest.approx(0.01)
    for each in found.detectable:
        assert (
            each.best
            == each.median
            == pytest.approx(detectable_edges(np.array([300]), np.array([0.5]), HELD, 0.01, each.power)[0])
        )
    assert "None of 5 tested by fill survived at a false discovery rate of 5%" in found.sentence
    require_resolution(found)


def test_the_median_wallet_counts_those_in_whom_nothing_can_be_seen() -> None:
    found = certified_null(board([(300, 0.5)] + [(4, 0.5)] * 4), "fill")
    assert found.detectable[1].best is not None
    assert found.detectable[1].median is None
    assert found.reaching == 1
    assert "no edge" in found.sentence


def test_a_rule_that_cannot_reach_its_threshold_is_a_defect_and_no_null() -> None:
    found = certified_null(board([(10, 0.7)] * 50), "fill")
    assert (found.reaching, found.certified) == (0, False)
    assert found.finest > found.threshold
    with pytest.raises(DataError, match="could have survived"):
        require_resolution(found)


def test_survivors_are_counted_and_nothing_is_certified_then() -> None:
    found = certified_null(board([(300, 0.5)] * 3, q=0.01, lower=5), "fill")
    assert (found.survived, found.certified) == (3, False)


def test_a_universe_without_judged_wallets_has_a_sentence_and_no_figures() -> None:
    found = certified_null(board([]), "fill")
    assert isinstance(found, CertifiedNull)
    assert (found.tested, found.reaching, found.certified) == (0, 0, False)
    assert all(each.best is None and each.median is None for each in found.detectable)
    assert found.sentence == "No wallet had enough settled bets to be tested by fill."
    require_resolution(found)


def test_who_has_a_settled_bet_but_no_verdict_makes_the_threshold_smaller() -> None:
    rows = board([(300, 0.5)] * 3).with_columns(n_bets=pl.lit(3, pl.Int64))
    found = certified_null(rows, "fill")
    assert (found.tested, found.trials) == (3, 4)
    assert found.threshold == threshold_of(4)
    assert (
        "None of 3 tested by fill survived at a false discovery rate of 5%, among 4 with a settled bet"
        in found.sentence
    )
