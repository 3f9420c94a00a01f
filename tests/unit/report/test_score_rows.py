"""From scores to the report's rows: units, order, nothing estimated."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.universe.test_scores import universe
from whaletrader.domain.skill import Change, Verdict
from whaletrader.domain.values import MICRO
from whaletrader.errors import UsageError
from whaletrader.report import score_rows as rows
from whaletrader.report.score_null import null_of
from whaletrader.report.score_story import change_sentence, find_wallet, placebo_places
from whaletrader.universe.copyability import copyability
from whaletrader.universe.scores import ScoreParams, Scores, score_universe

SOURCE = universe().source()
PARAMS = ScoreParams(min_bets_position=5, n_boot=200)


@pytest.fixture(scope="module")
def scores() -> Scores:
    return score_universe(SOURCE, PARAMS)


def test_millionths_become_units_and_nothing_stays_nothing() -> None:
    assert rows.units(1_500_000) == 1.5
    assert rows.units(None) is None
    assert str(rows.units(-0)) == "0.0"


def test_a_wallets_row_says_what_the_frame_says(scores: Scores) -> None:
    for raw in scores.frame.iter_rows(named=True):
        row = rows.wallet_row(raw)
        assert (row.wallet, row.kind, row.policy, row.bets) == (
            raw["address"], raw["kind"], raw["policy"], raw["n_bets"],
        )  # fmt: skip
        assert row.edge == (None if raw["mean_edge_micro"] is None else raw["mean_edge_micro"] / MICRO)
        assert (row.withheld == "") == (raw["withheld"] is None)
        assert all(0.0 <= place <= 1.0 for place in row.components.values())


def test_only_ranked_wallets_are_best_and_no_more_than_asked_for(scores: Scores) -> None:
    best = rows.best_rows(scores.frame, ("taker",), ("fill", "position"), 1)
    assert [row.rank for row in best] == [1] * len(best)
    many = rows.best_rows(scores.frame, ("taker",), ("position",), 100)
    assert [row.rank for row in many] == list(range(1, len(many) + 1))
    assert len(many) == scores.frame["rank"].is_not_null().sum()


def test_shares_of_steps_are_of_those_found(scores: Scores) -> None:
    steps = rows.step_rows(scores.counts)
    for row in steps:
        found = next(s.wallets for s in steps if (s.policy, s.kind, s.step) == (row.policy, row.kind, "found"))
        assert row.share == pytest.approx(row.wallets / max(found, 1), abs=1e-6)


def test_verdicts_withheld_and_fees_add_up(scores: Scores) -> None:
    assert sum(row.wallets for row in rows.verdict_rows(scores.frame)) == scores.frame.height
    withheld = sum(row.wallets for row in rows.withheld_rows(scores.withheld))
    assert withheld == scores.frame["withheld"].is_not_null().sum()
    assert sum(row.share for row in rows.fee_rows(scores.fee_provenance)) == pytest.approx(1.0, abs=1e-5)
    events = [row for row in rows.event_rows(scores.funnel, "taker") if row.kind == "position"]
    assert sum(row.share for row in events) == pytest.approx(1.0, abs=1e-5)
    assert [row.count for row in events] == sorted((row.count for row in events), reverse=True)


def test_a_board_without_anybody_tested_is_empty_but_there(scores: Scores) -> None:
    row = rows.placebo_row("observed", scores.frame, "taker", "fill")
    assert (row.judged, row.survived, row.best_lower, row.p_curve.x) == (0, 0, None, [])


def test_placebo_counts_are_those_of_the_frame(scores: Scores) -> None:
    row = rows.placebo_row("observed", scores.frame, "taker", "position")
    tested = rows.tested(scores.frame, "taker", "position")
    assert row.judged == tested.height > 0
    assert row.best_lower == rows.units(tested["lower_micro"].max())
    assert row.edge_5 is not None
    assert row.edge_95 is not None
    assert row.edge_5 <= row.edge_95


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-30, 0), min_size=1, max_size=1_500))
def test_the_curve_of_p_values_keeps_both_ends_and_ascends(logs: list[float]) -> None:
    frame = pl.DataFrame({"log10_p_micro": [round(value * MICRO) for value in logs]})
    curve = rows.p_curve(frame)
    assert curve.x == sorted(curve.x)
    assert curve.y == sorted(curve.y)
    assert curve.y[-1] == pytest.approx(-min(logs), abs=1e-6)
    assert curve.y[0] == pytest.approx(-max(logs), abs=1e-6)
    assert curve.x[-1] == pytest.approx(-np.log10(0.5 / len(logs)), abs=1e-6)
    assert len(curve.x) <= 420


def test_a_large_universe_gives_a_small_curve_with_all_of_its_best() -> None:
    kept = rows.kept_places(1_000_000)
    assert kept[:200].tolist() == list(range(200))
    assert kept[-1] == 999_999
    assert kept.size < 600
    assert bool(np.all(np.diff(kept) > 0))


def test_copyability_comes_in_the_order_of_the_wallets_asked_for() -> None:
    frame = copyability(SOURCE, [1, 0], PARAMS)
    names = {0: "a", 1: "b"}
    found = rows.copy_rows(frame, names, [0, 1])
    assert [row.wallet for row in found] == ["a", "b"]
    for row in found:
        assert [point.delay_s for point in row.points] == sorted(point.delay_s for point in row.points)
        assert all(point.bets == 0 and point.edge is None for point in row.points)  # positions only: no fills


def test_the_null_is_told_by_kind_and_certified_only_where_nothing_survives(scores: Scores) -> None:
    null = null_of(scores)
    assert [row.kind for row in null.kinds] == ["position"]
    (kind,) = null.kinds
    assert kind.tested == rows.tested(scores.frame, "taker", "position").height
    assert null.certified == (kind.survived == 0 and kind.reaching > 0)
    assert {row.kind for row in null.rows} == {"position"}
    assert all(row.power == 0.8 for row in null.rows)


def test_a_wallet_is_found_by_its_address_in_any_case_or_by_its_start() -> None:
    frame = pl.DataFrame({"address": ["0xaa1", "0xaa2", "0xaa", "0xb1"]})
    assert find_wallet(frame, "0xAA1") == "0xaa1"
    assert find_wallet(frame, " 0xaa ") == "0xaa"
    assert find_wallet(frame, "0xb") == "0xb1"
    with pytest.raises(UsageError, match="3 wallets begin with '0xa'"):
        find_wallet(frame, "0xa")
    with pytest.raises(UsageError, match="no wallet of this dataset"):
        find_wallet(frame, "0xc")


def test_places_among_placebos_count_bounds_as_good_or_better(scores: Scores) -> None:
    best = rows.best_rows(scores.frame, ("taker",), ("position",), 1)[0]
    (same,) = placebo_places(best, {"itself": scores.frame})
    assert (same.better, same.judged) == (1, rows.tested(scores.frame, "taker", "position").height)
    assert placebo_places(best, {"nobody": scores.frame.clear()}) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"count": 81}, "to HIGH_SKILL after 81 more event groups at its mean edge"),
        ({"count": None}, "not even 5,000 more event groups at its mean edge would make it HIGH_SKILL"),
        ({"count": 4, "cause": "the next bets lose"}, "to HIGH_SKILL if the next 4 bets lose"),
        ({"count": 1, "cause": "the next bets lose"}, "to HIGH_SKILL if the next bet loses"),
        (
            {"count": None, "cause": "the next bets lose"},
            "not even losing the next 5,000 bets would make it HIGH_SKILL",
        ),
    ],
)
def test_what_would_change_a_verdict_is_a_sentence(change: dict[str, Any], told: str) -> None:
    base = {"verdict": Verdict.HIGH_SKILL, "cause": "more event groups at its mean edge", "searched": 5_000}
    assert change_sentence(Change(**(base | change))) == told
