"""Every policy prices what a plain loop prices, and nothing later than a date moves what is said at it."""

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.universe.tapes import HORIZON_S, tapes
from tests.property.universe.test_follower_oracle import NEVER, in_token, prints_of_others
from tests.property.universe.test_point_in_time import visible
from tests.support.universe import Tape
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.universe.entries import large_entries
from whaletrader.universe.follower import FollowerParams, build_follower_table, follower_returns
from whaletrader.universe.policies import POLICIES, policy_params
from whaletrader.universe.source import known_at

Row = dict[str, Any]
dates = st.integers(0, HORIZON_S + 100).map(lambda second: second * NANOS)


@st.composite
def busy_tapes(draw: st.DrawFn) -> Tape:
    """A wallet with enough entries to have large ones, and somebody who trades in between."""
    tape = Tape(wallets=2)
    for m in range(3):
        tape.market(m, draw(st.sampled_from([None, 0.0, 1.0])), draw(st.integers(200, HORIZON_S)), group=f"g{m}")
    for second in range(1, draw(st.integers(12, 40))):
        stake, where, cents = draw(st.integers(1, 9)), draw(st.integers(0, 2)), draw(st.integers(30, 70))
        tape.trade(5 * second + draw(st.integers(0, 5)), 0, where, cents / 100, float(stake))
        tape.trade(5 * second + 7, 1, where, draw(st.integers(30, 70)) / 100, side=1)
    return tape


@settings(max_examples=40, deadline=None)
@given(st.one_of(tapes(), busy_tapes()), dates, st.sampled_from(POLICIES))
def test_the_cut_table_equals_the_table_of_the_cut_dataset(tape: Tape, as_of_ts: int, policy: str) -> None:
    source = tape.source()
    params = policy_params(policy, FollowerParams(window_s=150.0, rest_s=120.0, mark_s=20.0))
    cut = build_follower_table(source, params).at(as_of_ts)
    then = build_follower_table(known_at(source, as_of_ts), params).frame
    names = visible(cut.columns)
    assert cut.select(names).equals(then.select(names))


def plain_fill(trades: list[Row], event: Row, market: Row, params: FollowerParams) -> tuple[str, int | None]:
    """Reason and time of a resting limit's fill."""
    resolved = NEVER if market["resolved_ts"] is None else market["resolved_ts"]
    if event["ts"] >= resolved:
        return "after_resolution", None
    for row in prints_of_others(trades, event, params.delay_s, params.rest_s):
        if in_token(row, event["outcome_index"]) < event["price_micro"]:
            return ("priced", row["ts"]) if row["ts"] < resolved else ("not_filled", None)
    return "not_filled", None


def plain_mark(trades: list[Row], event: Row, entry: int, market: Row, params: FollowerParams) -> int | None:
    """What the limit stands above the first print after the mark's time."""
    resolved = NEVER if market["resolved_ts"] is None else market["resolved_ts"]
    for row in trades:
        if row["market"] == event["market"] and row["ts"] >= entry + params.mark_s * NANOS:
            late = row["ts"] >= resolved or row["ts"] > entry + (params.mark_s + 3_600) * NANOS
            return None if late else event["price_micro"] - in_token(row, event["outcome_index"])
    return None


@settings(max_examples=60, deadline=None)
@given(tapes(), st.sampled_from([0.0, 5.0, 30.0]), st.sampled_from([20.0, 200.0]), st.sampled_from([1.0, 60.0]))
def test_passive_fills_and_marks_equal_a_plain_loop(tape: Tape, delay_s: float, rest_s: float, mark_s: float) -> None:
    source = tape.source()
    params = FollowerParams(entry="passive", delay_s=delay_s, rest_s=rest_s, mark_s=mark_s, exit="resolution")
    everything, markets = source.table("trades").to_dicts(), source.table("markets").to_dicts()
    trades = [row for row in everything if row["dup_rank"] == 0]
    for row in follower_returns(source, params).filter(pl.col("kind") == "fill").to_dicts():
        event = everything[row["row"]]
        market = markets[event["market"]]
        reason, entry = plain_fill(trades, event, market, params)
        assert row["entry_ts"] == entry
        if entry is None:
            assert row["reason"] == reason
            continue
        assert row["cost_micro"] == event["price_micro"]
        assert row["adverse_micro"] == plain_mark(trades, event, entry, market, params)
        assert row["reason"] == ("unresolved" if market["payout0_micro"] is None else "priced")


@settings(max_examples=30, deadline=None)
@given(busy_tapes())
def test_first_and_large_are_rows_of_the_takers_table(tape: Tape) -> None:
    source = tape.source()
    everything = follower_returns(source, FollowerParams())
    chosen = {which: follower_returns(source, FollowerParams(which=which)) for which in ("first", "large")}  # type: ignore[arg-type]
    for frame in chosen.values():
        assert everything.join(frame, on=frame.columns, how="semi", nulls_equal=True).height == frame.height
    fills = everything.filter(pl.col("kind") == "fill").with_columns(
        (pl.col("size_micro") // 1_000 * pl.col("leader_price_micro") // 1_000).alias("stake_micro")
    )
    assert chosen["large"]["row"].to_list() == fills.filter(pl.Series(large_entries(fills)))["row"].to_list()
    firsts = fills.group_by("wallet", "token").agg(pl.col("row").min())["row"].sort().to_list()
    assert sorted(chosen["first"]["row"]) == firsts


@settings(max_examples=30, deadline=None)
@given(tapes())
def test_a_passive_edge_is_bounded_and_consistent(tape: Tape) -> None:
    for row in follower_returns(tape.source(), FollowerParams(entry="passive", rest_s=200.0)).to_dicts():
        if row["reason"] != "priced":
            assert row["edge_micro"] is None
            continue
        assert row["cost_micro"] == row["print_price_micro"] < MICRO
        assert row["edge_micro"] == row["proceeds_micro"] - row["cost_micro"]
