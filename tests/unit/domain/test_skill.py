"""Skill or luck: which evidence decides, which informs, and what would change the verdict."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from whaletrader.domain.skill import (
    REQUIRED,
    STEPS,
    VERDICTS,
    SkillCutoffs,
    SkillVsLuckAnalyzer,
    Verdict,
    fewest,
    skill_checks,
)
from whaletrader.quant.heavy_tail import signed_rank_test
from whaletrader.quant.sharpe_arrays import probabilistic_sharpe_ratios

CUTOFFS = SkillCutoffs(false_discovery_rate=0.05, significance=0.05, probability=0.95)
ANALYZER = SkillVsLuckAnalyzer(CUTOFFS)
SKILLED = {"enough": 1.0, "lower": 0.02, "later_edge": 0.05, "q_value": 0.01, "shrunk": 0.04}
NAN = float("nan")
NUMBERS = st.sampled_from([NAN, -np.inf, -1.0, -1e-9, 0.0, 1e-9, 0.01, 0.05, 0.0500001, 0.5, 1.0, 3.0, np.inf])


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, Verdict.HIGH_SKILL),
        ({"q_value": 0.05}, Verdict.HIGH_SKILL),
        ({"q_value": 0.051}, Verdict.MODERATE_SKILL),
        ({"later_edge": 0.0}, Verdict.MODERATE_SKILL),
        ({"shrunk": 0.0}, Verdict.MODERATE_SKILL),
        ({"shrunk": NAN}, Verdict.MODERATE_SKILL),
        ({"lower": 0.0}, Verdict.LIKELY_LUCK),
        ({"lower": -0.1, "q_value": 1.0, "shrunk": -0.1}, Verdict.LIKELY_LUCK),
        ({"lower": NAN}, Verdict.INSUFFICIENT_DATA),
        ({"enough": 0.0}, Verdict.INSUFFICIENT_DATA),
        ({"enough": NAN}, Verdict.INSUFFICIENT_DATA),
    ],
)
def test_the_rule_of_the_verdict(changed: dict[str, float], expected: Verdict) -> None:
    assert ANALYZER.verdict({**SKILLED, **changed}) is expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.fixed_dictionaries({check.name: NUMBERS for check in ANALYZER.checks}), min_size=1, max_size=8))
def test_an_array_of_wallets_and_the_report_on_one_agree(wallets: list[dict[str, float]]) -> None:
    arrays = {name: np.array([wallet[name] for wallet in wallets]) for name in REQUIRED}
    codes = ANALYZER.verdicts(arrays)
    for code, wallet in zip(codes, wallets, strict=True):
        assert ANALYZER.explain(wallet).verdict is VERDICTS[code] is plainly(wallet)


def plainly(wallet: dict[str, float]) -> Verdict:
    """The rule as it is told."""
    if not wallet["enough"] >= 1.0 or np.isnan(wallet["lower"]):
        return Verdict.INSUFFICIENT_DATA
    if not wallet["lower"] > 0.0:
        return Verdict.LIKELY_LUCK
    if wallet["q_value"] <= 0.05 and wallet["shrunk"] > 0.0 and wallet["later_edge"] > 0.0:
        return Verdict.HIGH_SKILL
    return Verdict.MODERATE_SKILL


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from([c.name for c in ANALYZER.checks if c.name not in REQUIRED]), NUMBERS))
def test_evidence_that_informs_never_decides(informing: dict[str, float]) -> None:
    assert ANALYZER.explain({**SKILLED, **informing}).verdict is Verdict.HIGH_SKILL


@settings(max_examples=100, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(REQUIRED, NUMBERS)), st.sampled_from(REQUIRED))
def test_better_evidence_never_weakens_the_verdict(wallet: dict[str, float], name: str) -> None:
    better = {**wallet, name: 0.0 if name == "q_value" else 5.0}
    assert VERDICTS.index(ANALYZER.verdict(better)) >= VERDICTS.index(ANALYZER.verdict(wallet))


@pytest.mark.parametrize(("price", "least", "most"), [(0.05, 0.06, 0.07), (0.5, 0.04, 0.05), (0.95, 0.0, 0.0)])
def test_why_the_psr_only_informs_its_level_depends_on_the_price(price: float, least: float, most: float) -> None:
    """Exact: over all numbers of wins in 100 fair bets."""
    wins = np.arange(1, 100)
    share = wins / 100
    spread = np.sqrt(share * (1 - share) * 100 / 99)
    skew = (1 - 2 * share) / np.sqrt(share * (1 - share))
    kurt = 3 + (1 - 6 * share * (1 - share)) / (share * (1 - share))
    passed = probabilistic_sharpe_ratios((share - price) / spread, 100, skew, kurt) >= 0.95
    assert least <= float(stats.binom.pmf(wins, 100, price)[passed].sum()) <= most


def test_a_median_is_won_at_a_loss() -> None:
    edges = np.concatenate([np.full(95, 0.03), np.full(5, -0.97)])
    assert edges.mean() < 0
    assert signed_rank_test(edges) < 1e-9
    assert stats.binomtest(95, 100, 0.5, "greater").pvalue < 1e-9


def test_a_million_verdicts_are_codes_of_the_verdicts() -> None:
    rng = np.random.default_rng(1)
    evidence = {name: rng.normal(size=1_000_000) for name in REQUIRED}
    codes = ANALYZER.verdicts(evidence)
    assert codes.dtype == np.int8
    for u in range(0, 1_000_000, 99_991):
        one = {name: float(values[u]) for name, values in evidence.items()}
        assert VERDICTS[codes[u]] is plainly(one)


def test_no_wallet_no_verdict() -> None:
    assert ANALYZER.verdicts({name: np.zeros(0) for name in REQUIRED}).size == 0


def test_the_report_shows_every_piece_of_evidence_in_the_order_of_the_steps() -> None:
    report = ANALYZER.explain({**SKILLED, "psr": 0.8, "p_value": 0.001})
    assert [f.name for f in report.findings] == [c.name for c in skill_checks(CUTOFFS)]
    steps = [STEPS.index(f.step) for f in report.findings]
    assert steps == sorted(steps)
    assert set(steps) == set(range(5))
    by_name = {f.name: f for f in report.findings}
    assert (by_name["psr"].value, by_name["psr"].threshold, by_name["psr"].passed) == (0.8, 0.95, False)
    assert by_name["p_value"].passed is True
    assert by_name["dsr"].passed is None
    assert {f.name for f in report.findings if f.needed_for is not None} == set(REQUIRED)


def test_a_limit_may_be_evidence_itself() -> None:
    def found(evidence: dict[str, float]) -> bool | None:
        report = ANALYZER.explain({**SKILLED, **evidence})
        return next(f.passed for f in report.findings if f.name == "n_effective")

    assert found({"n_effective": 60.0, "min_track_record": 55.0}) is True
    assert found({"n_effective": 60.0, "min_track_record": np.inf}) is False
    assert found({"n_effective": 60.0}) is None


def test_why_a_wallet_was_not_judged_is_told() -> None:
    report = ANALYZER.explain({**SKILLED, "enough": 0.0, "lower": NAN}, withheld="too few event groups")
    assert (report.verdict, report.withheld) == (Verdict.INSUFFICIENT_DATA, "too few event groups")


def what_if(groups: int, losses: int) -> dict[str, float]:
    """A bound that rises by a cent per event group and falls by two per lost bet."""
    lower = -0.035 + 0.01 * groups - 0.02 * losses
    return {**SKILLED, "lower": lower, "q_value": 0.01 if groups >= 9 else 0.2}


def test_the_fewest_event_groups_to_the_next_verdict_are_found() -> None:
    changes = ANALYZER.explain(what_if(0, 0), what_if=what_if).changes
    assert [(c.cause, c.count, c.verdict) for c in changes] == [
        ("more event groups at its mean edge", 4, Verdict.MODERATE_SKILL)
    ]


def test_a_moderate_skill_is_told_both_ways() -> None:
    def later(groups: int, losses: int) -> dict[str, float]:
        return what_if(5 + groups, losses)

    changes = ANALYZER.explain(later(0, 0), what_if=later).changes
    assert [(c.count, c.verdict) for c in changes] == [(4, Verdict.HIGH_SKILL), (1, Verdict.LIKELY_LUCK)]


def test_what_no_number_changes_is_told_as_none_with_how_far_was_looked() -> None:
    def hopeless(groups: int, losses: int) -> dict[str, float]:
        return {**SKILLED, "lower": -0.1}

    (change,) = ANALYZER.explain(hopeless(0, 0), what_if=hopeless, most_groups=300).changes
    assert (change.count, change.searched, change.verdict) == (None, 300, Verdict.MODERATE_SKILL)


def test_a_high_skill_is_told_only_what_would_lose_it() -> None:
    def later(groups: int, losses: int) -> dict[str, float]:
        return what_if(20 + groups, losses)

    (change,) = ANALYZER.explain(later(0, 0), what_if=later).changes
    assert (change.cause, change.count, change.verdict) == ("the next bets lose", 9, Verdict.LIKELY_LUCK)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 400), st.integers(1, 300))
def test_the_fewest_is_the_first_count_that_holds(threshold: int, most: int) -> None:
    asked: list[int] = []

    def holds(n: int) -> bool:
        asked.append(n)
        return n >= threshold

    assert fewest(holds, most) == (threshold if threshold <= most else None)
    assert len(asked) <= 2 * most.bit_length() + 2
    assert all(1 <= n <= most for n in asked)


@pytest.mark.parametrize("cutoffs", [(0.0, 0.05, 0.95), (0.05, 1.0, 0.95), (0.05, 0.05, NAN)])
def test_cutoffs_that_are_none_are_refused(cutoffs: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        SkillCutoffs(*cutoffs)
