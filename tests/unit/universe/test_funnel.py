"""The funnel, the curves and the pessimistic bound."""

import polars as pl

from tests.support.universe import Tape
from whaletrader.domain.values import MICRO
from whaletrader.universe.follower import REASONS, FollowerParams, follower_returns
from whaletrader.universe.funnel import (
    delay_curve,
    edge_summary,
    funnel,
    pessimistic_bound,
    print_availability,
    window_curve,
)

LEADER, OTHER = 0, 1


def tape() -> Tape:
    """Two fills with a print after 10 s and 100 s, one without, each in its own market."""
    made = Tape(wallets=2)
    for m, gap in enumerate((10, 100, None)):
        made.market(m, 1.0, 10_000).trade(1_000 * m + 100, LEADER, m, 0.40)
        if gap is not None:
            made.trade(1_000 * m + 100 + gap, OTHER, m, 0.42)
    return made


def leaders() -> pl.DataFrame:
    return follower_returns(tape().source(), wallets=[LEADER])


def test_every_event_is_in_the_funnel_once() -> None:
    found = funnel(leaders())
    assert found.height == 2 * len(REASONS)
    assert found["events"].sum() == 3
    counted = {row["reason"]: row["events"] for row in found.filter(pl.col("kind") == "fill").to_dicts()}
    assert (counted["priced"], counted["no_print_in_window"]) == (1, 2)


def test_shares_are_of_the_kinds_events() -> None:
    found = funnel(leaders()).filter(pl.col("kind") == "fill")
    assert found.filter(pl.col("reason") == "priced")["share_micro"].item() == MICRO // 3
    assert funnel(leaders()).filter(pl.col("kind") == "position")["share_micro"].sum() == 0


def test_the_summary_is_over_the_priced_events_only() -> None:
    found = edge_summary(leaders()).row(0, named=True)
    assert (found["events"], found["priced"]) == (3, 1)
    assert found["mean_edge_micro"] == leaders()["edge_micro"].drop_nulls().item()


def test_without_a_priced_event_there_is_no_mean() -> None:
    frame = follower_returns(tape().source(), FollowerParams(window_s=1.0), wallets=[LEADER])
    assert edge_summary(frame)["mean_edge_micro"].to_list() == [None]


def test_the_pessimistic_bound_counts_the_withheld_as_lost() -> None:
    found = pessimistic_bound(leaders()).row(0, named=True)
    edge = found["mean_edge_micro"]
    assert found["worst_case_edge_micro"] == (edge - 2 * 400_000) // 3
    assert (found["counted"], found["left_out"]) == (3, 0)


def test_a_longer_window_prices_more() -> None:
    found = window_curve(tape().source(), (20.0, 200.0))
    assert found["priced"].to_list() == [1, 2]


def test_a_longer_delay_misses_early_prints() -> None:
    found = delay_curve(tape().source(), (5.0, 50.0), FollowerParams(window_s=30.0))
    assert found["delay_s"].to_list() == [5.0, 50.0]
    assert found["priced"].to_list() == [1, 0]


def test_availability_counts_both_sides_of_the_tape() -> None:
    found = print_availability(tape().source(), (60.0, 600.0))
    assert found["fills"].to_list() == [5, 5]
    assert found["with_print"].to_list() == [1, 2]


def test_availability_counts_duplicates_only_when_asked_to() -> None:
    doubled = tape().trade(100, LEADER, 0, 0.40, dup_rank=1).source()
    assert print_availability(doubled, (60.0,))["fills"].item() == 5
    assert print_availability(doubled, (60.0,), duplicates=True)["with_print"].item() == 2
