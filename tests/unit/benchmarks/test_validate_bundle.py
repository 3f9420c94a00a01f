"""The validation on real data, on a made-up tape: it looks back for the score and forth for what came."""

import math

import polars as pl
import pytest

from benchmarks import page, validate_bundle
from benchmarks.validate_bundle import WEEK, Foretold, as_of_dates, later_means, walk_forward
from tests.support.universe import Tape
from whaletrader.universe.bets import bets_of
from whaletrader.universe.follower import build_follower_table
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.scores import score_universe

DAY = 86_400
WALLETS, WEEKS, A_WEEK = 12, 4, 6


def tape() -> Tape:
    """Wallet w is right in w of 12 bets, week after week; each market is one wallet's."""
    made, m = Tape(wallets=WALLETS), 0
    for week in range(WEEKS):
        for wallet in range(WALLETS):
            for bet in range(A_WEEK):
                at = (week * 7 + bet) * DAY + wallet * 60
                made.market(m, 1.0 if (week * A_WEEK + bet) * 7 % 12 < wallet else 0.0, at + DAY / 2)
                made.signal(at + 3_600, wallet, m, 0.5)
                m += 1
    return made


@pytest.fixture(scope="module")
def table():
    return build_follower_table(tape().source())


def test_lasting_skill_is_foretold(table):
    found = {(one.kind, one.score): one for one in walk_forward(table, ScoreParams(n_boot=200))}
    position = found["position", "mean_edge_micro"]
    assert len(position.ics) == WEEKS - 1
    assert position.wallets == (WEEKS - 1) * WALLETS
    assert position.mean() > 0.7
    assert position.interval()[0] > 0.0
    assert found["fill", "mean_edge_micro"].ics == ()


def test_what_came_is_entered_after_the_date_and_within_the_week(table):
    bets = bets_of(table.at(None))
    dates = as_of_dates(bets)
    assert all(date % WEEK == 0 for date in dates)
    (first, *_) = dates
    came = later_means(bets, first, first + WEEK)
    inside = bets.filter((pl.col("entry_ts") > first) & (pl.col("entry_ts") <= first + WEEK))
    assert came["later_bets"].sum() == inside.height


def test_the_interval_is_over_weeks_and_none_for_one_week():
    lower, upper = Foretold("fill", "lower_micro", (0.1, 0.2, 0.3), 30).interval()
    assert lower == pytest.approx(0.2 - 4.3027 * 0.1 / math.sqrt(3), abs=1e-4)
    assert upper == pytest.approx(0.4 - lower)
    assert all(math.isnan(end) for end in Foretold("fill", "lower_micro", (0.1,), 10).interval())


def test_the_page_tells_the_rules_hash_the_funnel_and_no_address(table, monkeypatch):
    monkeypatch.setenv(page.QUICK, "1")
    scores = score_universe(tape().source(), ScoreParams(n_boot=200))
    made = page.Page("made", "Made", "For a test.")
    validate_bundle.show_board(made, scores)
    validate_bundle.show_walk(made, walk_forward(table, ScoreParams(n_boot=200)))
    text = made.render()
    assert "| taker | position | 12 |" in text
    assert "| position | mean edge so far | 3 |" in text
    assert "nan" not in text
    assert "0x" not in text


def test_without_data_it_says_what_to_set(monkeypatch, capsys):
    monkeypatch.delenv("WHALETRADER_DATA", raising=False)
    validate_bundle.main()
    assert "set WHALETRADER_DATA" in capsys.readouterr().err
