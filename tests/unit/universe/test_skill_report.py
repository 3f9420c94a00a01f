"""A wallet's own report: the same evidence as everybody's, and verdicts on the records that it may have."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.universe import Tape
from whaletrader.domain.skill import REQUIRED, Verdict
from whaletrader.domain.values import MICRO
from whaletrader.quant.multiple_testing import benjamini_hochberg
from whaletrader.universe.best_of_all import BestOfAll
from whaletrader.universe.bets import BetTable
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.skill_report import (
    Peers,
    evidence_values,
    extended,
    peers_of,
    skill_reports,
    unit_of,
    unit_report,
)
from whaletrader.universe.standing import ANALYZER

DAY = 86_400
PARAMS = ScoreParams(min_bets_position=20, min_groups=10, n_boot=300)
ROW: dict[str, object] = {"policy": "taker", "kind": "position", "wallet": 0, "withheld": None, "e_selected": True}
ALONE = Peers(np.zeros(0), None, PARAMS.confidence)


def record(won: int, lost: int, price: float = 0.5, per_group: int = 1) -> BetTable:
    """Bets at one price, wins and losses well mixed in time, each event group of the same size."""
    n = won + lost
    hits = np.floor(np.arange(1, n + 1) * won / n) > np.floor(np.arange(n) * won / n)
    cost = np.full(n, round(price * MICRO))
    day = np.arange(n) // per_group
    return BetTable(
        units=pl.DataFrame({"policy": ["taker"], "kind": ["position"], "wallet": [0]}),
        offsets=np.array([0, n]), group=day, edge=np.where(hits, MICRO, 0) - cost, cost=cost, entry_price=cost,
        entry_day=day, exit_day=day + 2, known_ts=(day + 2) * DAY * 10**9, stake=np.full(n, MICRO),
        leader_price=cost, spread=np.zeros(n, np.int64), waited=np.zeros(n, np.int64),
    )  # fmt: skip


def rows_of(bets: BetTable, first: int) -> dict[str, NDArray[np.int64]]:
    names = [name for name in BetTable.__slots__ if name not in ("units", "offsets")]
    return {name: getattr(bets, name)[first:] for name in names}


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(0, 40), st.integers(1, 3), st.integers(0, 90), st.integers(0, 9))
def test_more_groups_keep_the_mean_edge_and_lost_bets_lose_the_mean_cost(
    won: int, lost: int, per_group: int, groups: int, losses: int
) -> None:
    bets = record(won, lost, 0.4, per_group)
    before = bets.edge.size
    longer = extended(bets, groups, losses)
    new = rows_of(longer, before)
    copies = new["edge"].size - losses
    assert np.unique(new["group"]).size == groups + losses
    assert np.all(np.diff(longer.group) >= 0)
    assert longer.offsets.tolist() == [0, longer.edge.size]
    for name, column in rows_of(bets, 0).items():
        assert np.array_equal(getattr(longer, name)[:before], column)
    if copies and np.all((new["cost"][:copies] > 1) & (new["cost"][:copies] < MICRO - 1)):
        assert new["edge"][:copies].mean() == pytest.approx(bets.edge.mean(), abs=1.0)
    assert set((new["edge"] + new["cost"]).tolist()) <= {0, MICRO}
    assert new["edge"][copies:].tolist() == [-400_000] * losses
    assert np.all(new["entry_day"] > bets.entry_day.max())
    assert np.all(new["known_ts"] >= bets.known_ts.max())


def test_the_q_value_is_the_one_among_all_who_were_judged() -> None:
    others = np.array([1e-6, 0.01, 0.4, 0.9])
    found = evidence_values(record(40, 20), Peers(others, None, 0.975), PARAMS)
    assert found["q_value"] == pytest.approx(benjamini_hochberg(np.append(others, found["p_value"]))[-1])


def test_the_counts_of_a_change_are_where_the_verdict_changes() -> None:
    bets = record(33, 27)
    report = unit_report(bets, ROW, ALONE, PARAMS)
    assert report.verdict is Verdict.LIKELY_LUCK
    (change,) = report.changes
    assert change.count is not None
    before = ANALYZER.verdict(evidence_values(extended(bets, change.count - 1, 0), ALONE, PARAMS))
    after = ANALYZER.verdict(evidence_values(extended(bets, change.count, 0), ALONE, PARAMS))
    assert (before, after) == (Verdict.LIKELY_LUCK, change.verdict)
    assert change.sentence == f"{change.verdict} after {change.count:,} more event groups at its mean edge"


def test_a_skilled_wallet_is_told_how_many_lost_bets_it_can_bear() -> None:
    bets = record(50, 10)
    report = unit_report(bets, ROW, ALONE, PARAMS)
    assert report.verdict is Verdict.HIGH_SKILL
    (change,) = report.changes
    assert change.count is not None
    assert 1 < change.count < 60
    worse = ANALYZER.verdict(evidence_values(extended(bets, 0, change.count), ALONE, PARAMS))
    still = ANALYZER.verdict(evidence_values(extended(bets, 0, change.count - 1), ALONE, PARAMS))
    assert (still, worse) == (Verdict.HIGH_SKILL, change.verdict)


def test_among_many_more_event_groups_are_needed() -> None:
    bets = record(42, 18)
    among_many = Peers(np.linspace(0.001, 1.0, 5_000), None, PARAMS.confidence)
    report = unit_report(bets, ROW, among_many, PARAMS)
    assert report.verdict is Verdict.MODERATE_SKILL
    more = next(c.count for c in report.changes if c.verdict is Verdict.HIGH_SKILL)
    assert more is not None
    assert unit_report(bets, ROW, ALONE, PARAMS).verdict is Verdict.HIGH_SKILL


def test_a_loser_is_told_that_more_of_the_same_does_not_help() -> None:
    (change,) = unit_report(record(20, 40), ROW, ALONE, PARAMS).changes
    assert change.count is None
    assert change.sentence == "5,000 more event groups at its mean edge would not give MODERATE_SKILL"


def test_too_few_bets_are_told_how_many_are_missing() -> None:
    report = unit_report(record(6, 6), {**ROW, "withheld": "too_few_bets", "e_selected": False}, ALONE, PARAMS)
    assert (report.verdict, report.withheld) == (Verdict.INSUFFICIENT_DATA, "too_few_bets")
    (change,) = report.changes
    assert change.count == 8
    assert change.verdict is Verdict.LIKELY_LUCK


def test_a_wallet_without_a_priced_bet_has_a_report_without_evidence() -> None:
    report = unit_report(None, {**ROW, "withheld": "no_settled_bet"}, ALONE, PARAMS)
    assert (report.verdict, report.withheld) == (Verdict.INSUFFICIENT_DATA, "no_settled_bet")
    assert {f.passed for f in report.findings if f.name != "enough"} == {None}
    assert report.changes == ()


def test_what_the_leaderboard_published_is_part_of_the_report() -> None:
    row = {**ROW, "q_by_micro": 20_000, "dsr_micro": 400_000}
    found = {f.name: f for f in unit_report(record(50, 10), row, ALONE, PARAMS).findings}
    assert (found["q_by"].value, found["q_by"].passed) == (0.02, True)
    assert (found["dsr"].value, found["dsr"].passed) == (0.4, False)
    assert (found["e_selected"].value, found["reality_check_p"].passed) == (1.0, None)


def board(rows: int) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    edge = rng.normal(0, 40_000, rows).astype(np.int64)
    return pl.DataFrame(
        {
            "policy": ["taker"] * rows, "kind": ["position"] * (rows - 1) + ["fill"], "wallet": range(rows),
            "withheld": [None] * rows, "n_bets": [0] * rows, "mean_edge_micro": edge, "lower_micro": edge - 60_000,
            "upper_micro": edge + 60_000, "log10_p_micro": (-rng.exponential(0.5, rows) * MICRO).astype(np.int64),
            "e_selected": [False] * rows,
        }
    )  # fmt: skip


def test_peers_are_the_judged_of_the_same_kind_without_the_wallet_itself() -> None:
    frame = board(20).with_columns(
        pl.when(pl.col("wallet") == 5).then(None).otherwise(pl.col("log10_p_micro")).alias("log10_p_micro")
    )
    peers = peers_of(frame, frame.row(0, named=True), 0.975)
    assert peers.p_values.size == 17
    assert peers.prior is not None
    tried = peers_of(frame.with_columns(n_bets=pl.lit(4)), frame.row(0, named=True), 0.975)
    assert tried.p_values.tolist() == [*peers.p_values.tolist(), 1.0]


def test_a_record_as_it_is_shrinks_to_what_everybody_was_shrunk_to() -> None:
    bets, frame = record(40, 20), board(20)
    judged = evidence_values(bets, ALONE, PARAMS)
    row = frame.row(0, named=True)
    own = {"mean_edge_micro": round(float(bets.edge.mean())), "lower_micro": round(judged["lower"])}
    frame = frame.with_columns(
        pl.when(pl.col("wallet") == 0).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in own.items()
    )
    peers = peers_of(frame, row, PARAMS.confidence)
    assert peers.prior is not None
    found = evidence_values(bets, peers, PARAMS)["shrunk"]
    assert peers.prior.support.min() <= found <= peers.prior.support.max()
    assert abs(found) < abs(bets.edge.mean())


def test_the_reports_of_a_dataset_are_by_policy_and_kind() -> None:
    tape = Tape(wallets=2)
    for m in range(40):
        tape.market(m, 1.0 if m % 8 else 0.0, (m + 2) * DAY)
        tape.signal(m * DAY + 60, 0, m, 0.50)
    frame = board(30)
    best = {"position": BestOfAll(0.02, 0.01, 20, 40)}
    reports = skill_reports(tape.source(), frame, PARAMS, 0, best=best)
    assert list(reports) == [("taker", "position")]
    report = reports["taker", "position"]
    values = {f.name: f.value for f in report.findings}
    assert (values["enough"], values["reality_check_p"]) == (1.0, 0.02)
    assert ANALYZER.verdict({name: values[name] for name in REQUIRED}) is report.verdict
    assert report.verdict in (Verdict.HIGH_SKILL, Verdict.MODERATE_SKILL)


def test_a_units_bets_are_its_own() -> None:
    one, other = record(10, 5), record(3, 4)
    both = replace(
        one,
        units=pl.DataFrame({"policy": ["taker"] * 2, "kind": ["fill", "position"], "wallet": [0, 0]}),
        offsets=np.array([0, 15, 22]),
        **{name: np.append(value, getattr(other, name)) for name, value in rows_of(one, 0).items()},
    )
    found = unit_of(both, "position")
    assert found is not None
    assert np.array_equal(found.edge, other.edge)
    assert found.offsets.tolist() == [0, 7]
    assert unit_of(one, "fill") is None
