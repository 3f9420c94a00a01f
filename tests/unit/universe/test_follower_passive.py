"""A limit at the leader's price: filled only when somebody else trades through it, and what the market did then."""

import polars as pl
import pytest

from tests.support.universe import SELL, Tape
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.universe.follower import FollowerParams, build_follower_table, follower_returns
from whaletrader.universe.tape import BLOCK

LEADER, OTHER, THIRD = 0, 1, 2


def market(payout0: float | None = 1.0, resolved: float | None = 9_000.0) -> Tape:
    return Tape().market(0, payout0, resolved, rate=0.05)


def first(tape: Tape, **options: object) -> dict[str, object]:
    """The leader's first event under a passive policy."""
    frame = follower_returns(tape.source(), FollowerParams(entry="passive", **options))  # type: ignore[arg-type]
    return frame.filter(pl.col("wallet") == LEADER).row(0, named=True)


def test_a_print_through_the_limit_fills_it_at_the_limit_and_costs_nothing_else() -> None:
    row = first(market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.38))
    assert (row["reason"], row["entry_ts"], row["print_price_micro"]) == ("priced", 110 * NANOS, 400_000)
    assert (row["spread_micro"], row["impact_micro"], row["fee_micro"], row["spread_assumed"]) == (0, 0, 0, False)
    assert (row["cost_micro"], row["edge_micro"]) == (400_000, 600_000)


@pytest.mark.parametrize("price", [0.40, 0.41, 0.90])
def test_a_print_at_or_above_the_limit_does_not_fill_it(price: float) -> None:
    row = first(market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, price))
    assert row["reason"] == "not_filled"
    hidden = ("entry_ts", "print_price_micro", "cost_micro", "edge_micro", "mark_ts", "adverse_micro", "known_ts")
    assert [row[name] for name in hidden] == [None] * len(hidden)


def test_the_other_outcomes_price_trades_through_by_its_complement() -> None:
    tape = market().trade(100, LEADER, 0, 0.40)
    assert first(tape.trade(110, OTHER, 0, 0.60, outcome=1))["reason"] == "not_filled"
    assert first(tape.trade(120, OTHER, 0, 0.61, outcome=1))["entry_ts"] == 120 * NANOS


def test_a_limit_on_the_second_outcome_rests_in_its_own_token() -> None:
    tape = market(0.0).trade(100, LEADER, 0, 0.30, outcome=1)
    assert first(tape.trade(110, OTHER, 0, 0.70))["reason"] == "not_filled"
    row = first(tape.trade(120, OTHER, 0, 0.72))
    assert (row["entry_ts"], row["print_price_micro"], row["proceeds_micro"]) == (120 * NANOS, 300_000, MICRO)


@pytest.mark.parametrize(("ts", "filled"), [(104.0, False), (105.0, True), (205.0, True), (206.0, False)])
def test_the_limit_rests_from_the_delay_on_for_as_long_as_asked(ts: float, filled: bool) -> None:
    row = first(market().trade(100, LEADER, 0, 0.40).trade(ts, OTHER, 0, 0.30), rest_s=100.0)
    assert row["reason"] == ("priced" if filled else "not_filled")


def test_the_leaders_own_prints_and_his_transaction_fill_nothing() -> None:
    tape = market().trade(100, LEADER, 0, 0.40, tx=7).trade(110, LEADER, 0, 0.30).trade(111, OTHER, 0, 0.30, tx=7)
    assert first(tape)["reason"] == "not_filled"
    assert first(tape.trade(112, THIRD, 0, 0.39))["entry_ts"] == 112 * NANOS


def test_a_limit_is_withdrawn_when_the_market_resolves() -> None:
    tape = market(1.0, 108.0).trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.30)
    assert first(tape)["reason"] == "not_filled"


def test_a_leader_who_left_before_the_fill_is_not_followed() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(150, LEADER, 0, 0.45, side=SELL).trade(200, OTHER, 0, 0.30)
    assert first(tape)["reason"] == "leader_exited_first"
    assert first(tape, exit="resolution")["reason"] == "priced"


def test_the_exit_is_a_takers_as_ever() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.38)
    tape.trade(300, LEADER, 0, 0.70, side=SELL).trade(306, OTHER, 0, 0.68)
    row, taker = first(tape), follower_returns(tape.source()).filter(pl.col("wallet") == LEADER).row(0, named=True)
    assert row["exit_kind"] == taker["exit_kind"] == "mirror"
    assert row["proceeds_micro"] == taker["proceeds_micro"] < 680_000


def test_a_positions_limit_is_the_markets_price_when_it_was_found() -> None:
    tape = market().signal(200, LEADER, 0, 0.62, leader=0.30)
    assert first(tape)["reason"] == "not_filled"
    row = first(tape.trade(300, OTHER, 0, 0.61))
    assert (row["entry_ts"], row["cost_micro"]) == (300 * NANOS, 620_000)


@pytest.mark.parametrize("price", [0.0, 1.0])
def test_a_limit_at_zero_or_one_is_no_limit(price: float) -> None:
    tape = market().signal(200, LEADER, 0, price).trade(300, OTHER, 0, 0.5)
    assert first(tape)["reason"] == "price_out_of_range"


def test_adverse_selection_is_what_the_market_lost_since_the_fill() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.38).trade(169, OTHER, 0, 0.39)
    assert first(tape)["adverse_micro"] is None
    row = first(tape.trade(170, THIRD, 0, 0.35).trade(171, OTHER, 0, 0.20))
    assert (row["mark_ts"], row["adverse_micro"]) == (170 * NANOS, 50_000)
    later = first(tape, mark_s=61.0)
    assert (later["mark_ts"], later["adverse_micro"]) == (171 * NANOS, 200_000)


def test_a_taker_is_marked_against_the_print_he_was_priced_at() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.42).trade(180, THIRD, 0, 0.45)
    row = follower_returns(tape.source()).filter(pl.col("wallet") == LEADER).row(0, named=True)
    assert (row["mark_ts"], row["adverse_micro"]) == (180 * NANOS, -30_000)


def test_a_mark_is_no_later_than_an_hour_and_before_the_resolution() -> None:
    tape = market(1.0, 50_000.0).trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.38).trade(3_771, OTHER, 0, 0.3)
    assert first(tape)["mark_ts"] is None
    assert first(tape.trade(3_770, OTHER, 0, 0.3))["mark_ts"] == 3_770 * NANOS
    assert first(market(1.0, 150.0).trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.38))["mark_ts"] is None


def test_an_unfilled_limit_and_a_later_mark_are_not_known_before() -> None:
    tape = market().trade(100, LEADER, 0, 0.40).trade(110, OTHER, 0, 0.38).trade(200, THIRD, 0, 0.35)
    table = build_follower_table(tape.source(), FollowerParams(entry="passive"))
    rows = {at: table.at(at * NANOS).filter(pl.col("wallet") == LEADER).row(0, named=True) for at in (109, 150, 200)}
    assert [row["reason"] for row in rows.values()] == ["not_filled", "unresolved", "unresolved"]
    assert [row["mark_ts"] for row in rows.values()] == [None, None, 200 * NANOS]
    assert [row["adverse_micro"] for row in rows.values()] == [None, None, 50_000]


@pytest.mark.parametrize("outcome", [0, 1])
def test_a_long_quiet_tape_is_passed_over_without_missing_the_fill(outcome: int) -> None:
    tape = market().trade(100, LEADER, 0, 0.40, outcome=outcome)
    for i in range(5 * BLOCK):
        tape.trade(106 + i, OTHER, 0, 0.40 + 0.001 * (i % 7), outcome=outcome)
    assert first(tape)["reason"] == "not_filled"
    through = 106 + 5 * BLOCK
    assert first(tape.trade(through, THIRD, 0, 0.399, outcome=outcome))["entry_ts"] == through * NANOS


@pytest.mark.parametrize("name", ["rest_s", "mark_s"])
def test_a_span_that_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(Exception, match="must lie between"):
        FollowerParams(**{name: -1.0})
