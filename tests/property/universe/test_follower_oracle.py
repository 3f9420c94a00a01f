"""Follower entries and exits equal a plain loop over the tape."""

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.universe.tapes import tapes
from tests.support.universe import Tape
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.universe.follower import FollowerParams, follower_returns
from whaletrader.universe.source import FrameSource

Row = dict[str, Any]

NEVER = 1 << 62


def prints_of_others(trades: list[Row], event: Row, delay_s: float, window_s: float) -> list[Row]:
    start, end = event["ts"] + delay_s * NANOS, event["ts"] + (delay_s + window_s) * NANOS
    return [
        row
        for row in trades
        if row["market"] == event["market"]
        and start <= row["ts"] <= end
        and row["ts"] // NANOS != event["ts"] // NANOS
        and row["wallet"] != event["wallet"]
        and row["transaction"] != event["transaction"]
    ]


def in_token(row: Row, outcome: int) -> int:
    price: int = row["price_micro"]
    return price if row["outcome_index"] == outcome else MICRO - price


def plain_entry(
    trades: list[Row], event: Row, market: Row, params: FollowerParams
) -> tuple[str, int | None, int | None]:
    """Reason so far, time and price of the entry."""
    resolved = NEVER if market["resolved_ts"] is None else market["resolved_ts"]
    if event["ts"] >= resolved:
        return "after_resolution", None, None
    found = prints_of_others(trades, event, params.delay_s, params.window_s)
    if not found:
        return "no_print_in_window", None, None
    entry, price = found[0]["ts"], in_token(found[0], event["outcome_index"])
    return ("after_resolution" if entry >= resolved else "priced"), entry, price


def plain_exit(
    trades: list[Row], event: Row, entry: int, market: Row, params: FollowerParams
) -> tuple[str, int | None]:
    """What became of an entered event, and when."""
    resolved = NEVER if market["resolved_ts"] is None else market["resolved_ts"]
    own = (event["wallet"], event["token"])
    later = [r for r in trades if r["side"] == 1 and (r["wallet"], r["token"]) == own and r["ts"] > event["ts"]]
    if later and params.exit == "mirror":
        if later[0]["ts"] + params.delay_s * NANOS <= entry:
            return "leader_exited_first", None
        found = prints_of_others(trades, later[0], params.delay_s, params.window_s)
        if found and found[0]["ts"] < resolved:
            return "mirror", found[0]["ts"]
    return ("resolution" if market["payout0_micro"] is not None else "unresolved"), market["resolved_ts"]


def check(source: FrameSource, params: FollowerParams) -> None:
    trades = source.table("trades").filter(pl.col("dup_rank") == 0).to_dicts()
    markets = source.table("markets").to_dicts()
    everything = source.table("trades").to_dicts()
    for row in follower_returns(source, params).filter(pl.col("kind") == "fill").to_dicts():
        event = everything[row["row"]]
        market = markets[event["market"]]
        reason, entry, price = plain_entry(trades, event, market, params)
        if row["reason"] == "price_out_of_range":  # a matter of costs, which the unit tests check
            assert reason == "priced"
            continue
        assert (row["entry_ts"], row["print_price_micro"]) == (entry, price)
        if reason == "priced":
            assert entry is not None
            outcome, when = plain_exit(trades, event, entry, market, params)
            known = row["exit_kind"] if row["reason"] == "priced" else row["reason"]
            assert (known, row["exit_ts"]) == (outcome, when)
        else:
            assert row["reason"] == reason


@settings(max_examples=40, deadline=None)
@given(tapes(), st.sampled_from([0.0, 1.0, 5.0, 30.0]), st.sampled_from([0.0, 20.0, 200.0]))
def test_entries_and_exits_equal_a_plain_loop(tape: Tape, delay_s: float, window_s: float) -> None:
    check(tape.source(), FollowerParams(delay_s=delay_s, window_s=window_s))


@settings(max_examples=40, deadline=None)
@given(tapes())
def test_entries_held_to_resolution_equal_a_plain_loop(tape: Tape) -> None:
    check(tape.source(), FollowerParams(exit="resolution"))


@settings(max_examples=30, deadline=None)
@given(tapes())
def test_edges_are_bounded_and_consistent(tape: Tape) -> None:
    for row in follower_returns(tape.source(), FollowerParams(window_s=200.0)).to_dicts():
        if row["reason"] != "priced":
            assert row["edge_micro"] is None
            continue
        parts = row["print_price_micro"] + row["spread_micro"] + row["impact_micro"] + row["fee_micro"]
        assert row["cost_micro"] == parts
        assert row["edge_micro"] == row["proceeds_micro"] - row["cost_micro"]
        assert 0 <= row["proceeds_micro"] <= MICRO
        assert 0 < row["cost_micro"] < 1.02 * MICRO


@settings(max_examples=20, deadline=None)
@given(tapes())
def test_a_longer_window_prices_every_event_that_a_shorter_one_did(tape: Tape) -> None:
    source = tape.source()
    short, long = (
        follower_returns(source, FollowerParams(window_s=w, exit="resolution")).filter(pl.col("entry_ts").is_not_null())
        for w in (20.0, 200.0)
    )
    assert set(short["row"]) <= set(long["row"])
