"""From leader event to copy."""

from tests.support.universe import Tape
from whaletrader.backtest.record import Fill, RunRecord
from whaletrader.backtest.steps import STEPS, funnel_rows
from whaletrader.domain.values import MICRO
from whaletrader.universe.follower import FollowerTable, build_follower_table
from whaletrader.universe.scores import ScoreParams


def table() -> FollowerTable:
    """Wallet 0: six fills met, one of them in a market without result; wallet 1: prints only, met by nobody."""
    made = Tape(wallets=2)
    for m in range(6):
        made.market(m, 1.0 if m else None, 100_000 if m else None)
        made.trade(100, 0, m, 0.40).trade(110, 1, m, 0.41)
    return build_follower_table(made.source(["a", "b"]))


def record() -> RunRecord:
    fills = [
        Fill(1, "fill", "a", "2", "BUY", 400_000, MICRO, 0),
        Fill(2, "fill", "a", "2", "BUY", 410_000, MICRO, 0),
        Fill(3, "fill", "a", "2", "SELL", 500_000, MICRO, 0),
        Fill(3, "position", "a", "2", "BUY", 500_000, MICRO, 0),
    ]
    return RunRecord(
        events={"fill": {"BUY": 5, "SELL": 2}},
        signals={"fill": {"BUY": 4, "SELL": 1}},
        proposals={"fill": {"BUY": 3, "SELL": 1}},
        approved_entries={"fill": {"BUY": 2, "SELL": 1}},
        fills=fills,
    )


def counts(params: ScoreParams, kind: str = "fill") -> dict[str, int]:
    return {row.step: row.events for row in funnel_rows(table(), record(), params) if row.kind == kind}


def test_every_step_counts_entries_and_no_exits() -> None:
    found = counts(ScoreParams(min_bets_fill=5, min_groups=5))
    assert list(found) == list(STEPS)
    assert list(found.values()) == [12, 6, 5, 5, 5, 4, 3, 2, 1]


def test_wallets_below_the_minimum_leave_the_funnel_before_they_are_followed() -> None:
    assert counts(ScoreParams(min_bets_fill=6, min_groups=5))["of wallets with enough settled bets"] == 0
    assert counts(ScoreParams(min_bets_fill=5, min_groups=6))["of wallets with enough settled bets"] == 0


def test_kinds_stay_apart() -> None:
    found = counts(ScoreParams(), "position")
    assert found["leader entries"] == 0
    assert found["copied"] == 1


def test_shares_are_of_the_first_step() -> None:
    rows = [row for row in funnel_rows(table(), record(), ScoreParams()) if row.kind == "fill"]
    assert [row.share for row in rows[:2]] == [1.0, 0.5]
