"""Who gets a verdict, which one, and that the numbers are reproducible."""

import subprocess
import sys

import polars as pl
import pytest

from tests.support.universe import Tape
from whaletrader.domain.skill import Verdict
from whaletrader.domain.values import MICRO
from whaletrader.universe.bets import bet_table, bets_of
from whaletrader.universe.follower import follower_returns
from whaletrader.universe.scores import ScoreParams, Scores, score_universe
from whaletrader.universe.standing import ANALYZER

SKILLED, UNSKILLED, FEW, FAVOURITES = range(4)
DAY = 86_400


def universe(bets: int = 60) -> Tape:
    """A wallet that is mostly right at even odds, one that is right half the time, one with few bets, one at 0.95."""
    tape = Tape(wallets=4)
    for m in range(bets):
        tape.market(m, 1.0 if m % 8 else 0.0, (m + 2) * DAY)
        tape.signal(m * DAY + 60, SKILLED, m, 0.50)
        tape.signal(m * DAY + 61, UNSKILLED, m, 0.50, outcome=m % 2)
        if m < 5:
            tape.signal(m * DAY + 62, FEW, m, 0.50)
    for m in range(bets, bets + 40):
        tape.market(m, 1.0, (m + 2) * DAY)
        tape.signal(m * DAY + 60, FAVOURITES, m, 0.94)
    return tape


@pytest.fixture(scope="module")
def scores() -> Scores:
    return score_universe(universe().source(), ScoreParams(min_groups=10))


def row(scores: Scores, wallet: int) -> dict[str, object]:
    return scores.frame.filter(pl.col("wallet") == wallet).row(0, named=True)


def test_the_right_one_is_found(scores: Scores) -> None:
    found = row(scores, SKILLED)
    assert (found["verdict"], found["rank"]) == ("HIGH_SKILL", 1)
    assert 0 < found["lower_micro"] < found["mean_edge_micro"] < found["upper_micro"]  # type: ignore[operator]


def test_the_one_who_is_right_half_the_time_is_likely_lucky(scores: Scores) -> None:
    assert row(scores, UNSKILLED)["verdict"] == "LIKELY_LUCK"


def test_too_few_bets_get_no_bound_and_no_rank(scores: Scores) -> None:
    found = row(scores, FEW)
    assert found["verdict"] == "INSUFFICIENT_DATA"
    withheld = ("rank", "lower_micro", "upper_micro", "p_value_micro", "q_value_micro", "psr_micro", "shrunk_micro")
    assert [found[name] for name in withheld] == [None] * len(withheld)
    assert (found["n_events"], found["n_bets"]) == (5, 5)


def test_forty_wins_of_forty_at_95_cents_prove_no_edge(scores: Scores) -> None:
    found = row(scores, FAVOURITES)
    assert found["hit_rate_micro"] == MICRO
    assert found["mean_edge_micro"] > 0  # type: ignore[operator]
    assert found["verdict"] == "LIKELY_LUCK"


def test_a_truncated_history_withholds_the_wallets_own_profit() -> None:
    tape = Tape(wallets=2).market(0, 1.0, 1_000)
    tape.trade(100, 0, 0, 0.4).trade(120, 1, 0, 0.4).trade(140, 1, 0, 0.5, 500.0, side=1)
    found = score_universe(tape.source(), ScoreParams()).frame.sort("wallet")
    assert found["truncated"].to_list() == [False, True]
    assert found["own_realised_micro"].to_list() == [60 * MICRO, None]
    assert found["own_roi_micro"].to_list() == [1_500_000, None]


def test_published_numbers_are_integers(scores: Scores) -> None:
    assert pl.Float64 not in set(scores.frame.schema.values())


def test_a_minimum_of_bets_is_a_parameter() -> None:
    params = ScoreParams(min_bets_position=5, min_groups=5, n_boot=200)
    assert row(score_universe(universe(20).source(), params), FEW)["verdict"] != "INSUFFICIENT_DATA"


def test_bets_that_settle_together_are_one_group() -> None:
    tape = Tape(wallets=1)
    for m in range(30):
        tape.market(m, 1.0, (m + 2) * DAY, group="one evening").signal(m * DAY, 0, m, 0.5)
    found = row(score_universe(tape.source(), ScoreParams()), 0)
    assert (found["n_bets"], found["n_groups"]) == (30, 1)
    assert found["verdict"] == "INSUFFICIENT_DATA"


def test_fills_of_one_position_are_one_bet_with_the_first_ones_edge() -> None:
    tape = Tape(wallets=2).market(0, 1.0, 1_000)
    for ts, price in ((100, 0.4), (200, 0.6)):
        tape.trade(ts, 0, 0, price).trade(ts + 10, 1, 0, price, outcome=0)
    frame = follower_returns(tape.source(), wallets=[0])
    bets = bets_of(frame)
    assert bets.height == 1
    assert bets["entries"].item() == 2
    assert bets["edge_micro"].item() == frame.sort("ts")["edge_micro"][0]


def test_the_same_wallets_fills_and_signals_are_two_rows() -> None:
    tape = universe(20)
    for m in range(20):
        tape.trade(m * DAY + 100, SKILLED, m, 0.5).trade(m * DAY + 110, UNSKILLED, m, 0.5)
    frame = score_universe(tape.source(), ScoreParams()).frame
    assert frame.filter(pl.col("wallet") == SKILLED)["kind"].to_list() == ["fill", "position"]


def test_without_a_single_event_there_is_an_empty_leaderboard() -> None:
    found = score_universe(Tape().market(0).source(), ScoreParams())
    assert found.frame.height == 0
    assert found.funnel["events"].sum() == 0


def test_the_bet_table_bounds_each_units_rows() -> None:
    table = bet_table(follower_returns(universe(12).source()))
    assert table.offsets[0] == 0
    assert table.offsets[-1] == table.edge.size
    assert table.units.height == table.offsets.size - 1


@pytest.mark.parametrize(
    ("lower", "q_value", "enough", "expected"),
    [
        (0.1, 0.01, True, Verdict.HIGH_SKILL),
        (0.1, 0.06, True, Verdict.MODERATE_SKILL),
        (0.0, 0.01, True, Verdict.LIKELY_LUCK),
        (-0.1, 1.0, True, Verdict.LIKELY_LUCK),
        (0.1, 0.01, False, Verdict.INSUFFICIENT_DATA),
        (float("nan"), float("nan"), True, Verdict.INSUFFICIENT_DATA),
    ],
)
def test_the_rule_of_the_verdict(lower: float, q_value: float, enough: bool, expected: Verdict) -> None:
    found = {"enough": float(enough), "lower": lower, "q_value": q_value, "shrunk": 0.1, "later_edge": 0.1}
    assert ANALYZER.verdict(found) is expected


def test_one_thread_and_two_give_the_same_bytes() -> None:
    program = (
        "from tests.unit.universe.test_scores import universe\n"
        "from whaletrader.universe.scores import ScoreParams, score_universe\n"
        "import hashlib\n"
        "text = score_universe(universe().source(), ScoreParams(n_boot=200)).frame.write_csv()\n"
        "print(hashlib.sha256(text.encode()).hexdigest())\n"
    )
    from os import environ

    digests = set()
    for threads in ("1", "2"):
        given = {**environ, "POLARS_MAX_THREADS": threads, "NUMBA_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        found = subprocess.run([sys.executable, "-c", program], env=given, capture_output=True, text=True, check=True)
        digests.add(found.stdout)
    assert len(digests) == 1
