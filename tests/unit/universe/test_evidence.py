"""What is said of each wallet: reasons, intervals, p-values, e-values; nothing that another wallet could change."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from benchmarks.made_up_bets import centres, made_up_bets, planted_bets
from whaletrader.quant.bounded_mean import Clusters, exact_interval
from whaletrader.quant.multiple_testing import benjamini_hochberg
from whaletrader.quant.studentised import cluster_bootstrap_t, sums_by_cluster
from whaletrader.universe.bets import BetTable
from whaletrader.universe.evidence import (
    INTERVALS,
    WITHHELD,
    Evidence,
    EvidenceParams,
    evidence,
    held_to_resolution,
    price_bands,
)
from whaletrader.universe.judge import statistics_of
from whaletrader.universe.thresholds import THRESHOLDS

MICRO = 1_000_000
RULES = replace(THRESHOLDS.groups, needed=(5,) * len(THRESHOLDS.groups.needed), rarest=3)
PARAMS = EvidenceParams(n_boot=199, groups=RULES)


Bet = tuple[int, float, float]
"""Event group, cost, payoff."""


def table(
    bets: list[list[Bet]], policy: str = "taker_hold", kind: str = "fill", days: list[int] | None = None
) -> BetTable:
    """One unit per list of bets; entered in this order unless `days` says when."""
    flat = [bet for unit in bets for bet in unit]
    cost = np.array([round(c * MICRO) for _, c, _ in flat], np.int64)
    payoff = np.array([round(x * MICRO) for _, _, x in flat], np.int64)
    nought, day = np.zeros(len(flat), np.int64), np.array(days or range(len(flat)), np.int64)
    return BetTable(
        units=pl.DataFrame({"policy": policy, "kind": kind, "wallet": range(len(bets))}),
        offsets=np.concatenate([[0], np.cumsum([len(unit) for unit in bets])]).astype(np.int64),
        group=np.array([g for g, _, _ in flat], np.int64),
        edge=payoff - cost, cost=cost, entry_price=cost, entry_day=day, exit_day=day,
        known_ts=nought, stake=nought, leader_price=nought, spread=nought, waited=nought,
    )  # fmt: skip


def judge(bets: BetTable, params: EvidenceParams = PARAMS, fewest: int = 5) -> Evidence:
    return evidence(bets, statistics_of(bets), np.full(bets.units.height, fewest), params)


def wins(won: int, n: int, cost: float = 0.5) -> list[Bet]:
    """So many wins, spread over the bets (n not a multiple of 7)."""
    return [(g, cost, float(7 * g % n < won)) for g in range(n)]


def reasons(found: Evidence) -> list[str]:
    return [WITHHELD[code] for code in found.withheld]


def test_each_wallet_without_a_verdict_has_its_reason() -> None:
    one_evening = [(7, 0.5, float(i % 2)) for i in range(20)]
    found = judge(
        table([wins(12, 20), wins(2, 3), one_evening, [*wins(9, 9), (9, 0.0, 1.0)], [*wins(9, 9), (9, 0.5, 1.5)]])
    )
    assert reasons(found) == ["", "too_few_bets", "too_few_groups", "cost_not_positive", "payoff_out_of_range"]
    assert found.enough.tolist() == [True, False, False, False, False]


def test_what_is_withheld_is_not_tested_and_only_impossible_amounts_have_no_interval() -> None:
    found = judge(table([wins(12, 20), wins(2, 3), [*wins(9, 9), (9, 0.0, 1.0)]]))
    for values in (found.p_value, found.log_p, found.log_e, found.log_e_peak):
        assert np.isnan(values).tolist() == [False, True, True]
    assert [INTERVALS[code] for code in found.interval] == ["bootstrap", "exact", "none"]
    assert np.isnan(found.lower).tolist() == np.isnan(found.upper).tolist() == [False, False, True]


def test_single_bets_held_to_resolution_have_the_binomial_p_value() -> None:
    found = judge(table([wins(33, 40)]))
    assert found.p_value[0] == pytest.approx(binom.sf(32, 40, 0.5))
    assert found.log_p[0] == pytest.approx(binom.logsf(32, 40, 0.5))


def test_of_several_bets_in_an_event_group_the_first_entered_is_tested() -> None:
    bets = [(g, cost, payoff) for g in range(8) for cost, payoff in ((0.5, 1.0), (0.4, 0.0), (0.6, 0.0))]
    first = judge(table([bets], days=[1, 2, 3] * 8))
    second = judge(table([bets], days=[2, 1, 3] * 8))
    assert first.p_value[0] == pytest.approx(0.5**8)
    assert second.p_value[0] == pytest.approx(1.0)


def test_adding_after_a_fall_and_stopping_after_a_rise_is_no_skill() -> None:
    rng = np.random.default_rng(6)
    units: list[list[Bet]] = []
    for _ in range(300):
        bets: list[Bet] = []
        for g in range(60):
            fell = rng.random() < 0.5
            won = float(rng.random() < (0.2 if fell else 0.8))
            bets += [(g, 0.5, won), (g, 0.2, won)] if fell else [(g, 0.5, won)]
        units.append(bets)
    for policy in ("taker", "taker_hold"):
        found = judge(table(units, policy))
        assert np.mean(found.p_value <= 0.05) <= 0.08
        assert np.mean(found.log_e_peak >= np.log(20.0)) <= 0.08


def test_where_a_leader_may_sell_no_payoff_is_taken_for_a_coins() -> None:
    sure, loose = (judge(table([wins(33, 40)], policy)).log_p[0] for policy in ("taker_hold", "taker"))
    assert sure < loose < sure + 1.0 - np.log(0.8)


def test_small_steady_gains_of_a_trader_who_sells_are_significant() -> None:
    gains = [(g, 0.5, 0.52 + 0.02 * (g % 3 - 1)) for g in range(300)]
    assert judge(table([gains], "taker")).p_value[0] < 0.01


def test_positions_and_policies_that_never_sell_are_held_to_resolution() -> None:
    cases = [("taker", "fill"), ("taker_hold", "fill"), ("taker", "position"), ("large_hold", "fill")]
    found = [bool(held_to_resolution(table([wins(1, 2)], policy, kind))[0]) for policy, kind in cases]
    assert found == [False, True, True, True]


def test_the_bands_are_closed_below() -> None:
    rules = replace(RULES, price_limits=(0.1, 0.3, 0.7, 0.9))
    prices = np.array([0.0999, 0.1, 0.3, 0.699, 0.7, 0.9, 0.99]) * MICRO
    assert price_bands(prices, rules).tolist() == [0, 1, 2, 2, 3, 4, 4]


def test_the_event_groups_needed_depend_on_the_price_band() -> None:
    rules = replace(RULES, price_limits=(0.3,), needed=(30, 10), bootstrap=(True, True))
    found = judge(table([wins(4, 20, 0.2), wins(10, 20, 0.5)]), replace(PARAMS, groups=rules))
    assert reasons(found) == ["too_few_groups", ""]


def test_the_interval_of_a_judged_wallet_is_the_studentised_bootstrap_by_event_group() -> None:
    made = made_up_bets(np.random.default_rng(1), np.full(3, 0.5), np.full(3, 40)).table
    found = judge(made)
    sums = sums_by_cluster(made.edge.astype(float), made.group, made.offsets)
    wanted = cluster_bootstrap_t(*sums, np.arange(3), seed=PARAMS.seed, n_boot=199).studentised
    assert found.lower == pytest.approx(wanted[0], abs=1e-3)
    assert found.upper == pytest.approx(wanted[1], abs=1e-3)


def test_the_other_interval_is_the_exact_one() -> None:
    bets = [(g // 2, 0.5, float(g % 3 == 0)) for g in range(8)]
    found = judge(table([bets]))
    clusters = Clusters(np.array([0, 4]), np.full(4, 2), np.array([1.0, 1.0, 0.0, 1.0]), np.full(4, 1.0))
    lower, upper = exact_interval(clusters, np.array([True]))
    assert INTERVALS[found.interval[0]] == "exact"
    assert (found.lower[0], found.upper[0]) == pytest.approx((lower[0] * MICRO, upper[0] * MICRO))


def test_wins_alone_are_no_proof_of_an_edge_at_ninety_cents() -> None:
    found = judge(table([wins(40, 40, 0.95), wins(40, 40, 0.5)]))
    assert [INTERVALS[code] for code in found.interval] == ["exact", "exact"]
    assert found.lower[0] < 0.0 < found.lower[1]
    assert found.p_value[0] == pytest.approx(0.95**40)
    assert found.p_value[1] == pytest.approx(0.5**40)


def test_too_few_gains_or_losses_for_a_bootstrap_give_the_exact_interval() -> None:
    found = judge(table([wins(2, 40), wins(3, 40), wins(37, 40), wins(38, 40)]))
    assert [INTERVALS[code] for code in found.interval] == ["exact", "bootstrap", "bootstrap", "exact"]


def test_where_the_bootstrap_does_not_cover_the_exact_interval_stands() -> None:
    rules = replace(RULES, bootstrap=(False,) * len(RULES.bootstrap))
    found = judge(table([wins(20, 40)]), replace(PARAMS, groups=rules))
    assert (INTERVALS[found.interval[0]], bool(found.enough[0])) == ("exact", True)


def test_bounds_stay_within_what_payoffs_of_nought_and_one_allow() -> None:
    made = made_up_bets(np.random.default_rng(2), centres(np.random.default_rng(2), 0.02, 0.98, 400), np.full(400, 12))
    found, cost = judge(made.table), statistics_of(made.table)["mean_cost"]
    assert np.all(found.lower >= -cost - 1.0)
    assert np.all(found.upper <= MICRO - cost + 1.0)


def test_a_wallets_evidence_does_not_depend_on_the_others() -> None:
    made = made_up_bets(np.random.default_rng(3), np.full(6, 0.4), np.arange(10, 16)).table
    whole, first, last = judge(made), 3, 6
    rows = slice(made.offsets[first], made.offsets[last])
    columns = {
        name: getattr(made, name)[rows] for name in ("group", "edge", "cost", "entry_price", "entry_day", "exit_day")
    }
    part = replace(made, units=made.units[first:last], offsets=made.offsets[first:] - made.offsets[first], **columns)
    alone = judge(part)
    for name in ("lower", "upper", "p_value", "log_e", "log_e_peak"):
        assert getattr(whole, name)[first:last].tolist() == getattr(alone, name).tolist()


def test_no_wallet_and_wallets_without_a_verdict_give_no_error() -> None:
    nobody = table([])
    assert judge(nobody).enough.size == 0
    assert not judge(table([wins(1, 1)])).enough.any()


def test_an_edge_of_fifteen_cents_over_three_hundred_bets_is_beyond_luck_among_ten_thousand() -> None:
    made = planted_bets(np.random.default_rng(4), 50, 300, 0.15, (0.3, 0.7), "taker_hold")
    found = judge(made.table)
    assert np.mean(found.p_value < 0.05 / 10_000) > 0.5
    assert np.all(found.lower > 0)


def test_intervals_cover_and_p_values_err_as_rarely_as_they_say_in_a_small_universe() -> None:
    rng = np.random.default_rng(5)
    made = made_up_bets(rng, centres(rng, 0.2, 0.8, 2_000), np.full(2_000, 60), shared=500)
    found = judge(made.table, replace(PARAMS, n_boot=399))
    assert np.mean((found.lower <= 0.0) & (found.upper >= 0.0)) == pytest.approx(0.955, abs=0.02)
    assert np.mean(found.p_value <= 0.05) <= 0.06
    assert np.mean(found.log_e_peak >= np.log(20.0)) <= 0.06


SIZES: dict[str, Callable[[np.random.Generator], int]] = {
    "three each": lambda _: 3,
    "one to six": lambda rng: int(rng.integers(1, 7)),
    "a few many": lambda rng: int(rng.geometric(0.25)),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("groups", "price"), [(10, 0.8), (20, 0.9), (30, 0.95), (50, 0.95), (20, 0.5)])
def test_luck_that_settles_together_does_not_pass_for_skill(groups: int, price: float, size: str) -> None:
    rng = np.random.default_rng(11)
    units: list[list[Bet]] = []
    for _ in range(400):
        luck = [(g, SIZES[size](rng), float(rng.random() < price)) for g in range(groups)]
        units.append([(g, price, won) for g, bets, won in luck for _ in range(bets)])
    found = judge(table(units))
    assert np.mean(found.lower > 0) < 0.05
    assert np.sum(benjamini_hochberg(found.p_value[found.enough]) <= 0.05) == 0
