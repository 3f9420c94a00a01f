"""The time of resolution: the best clock that the tape does not contradict."""

import polars as pl
import pytest

from whaletrader.datasets.importers.resolution import resolve
from whaletrader.domain.values import NANOS

HOUR = 3600 * NANOS
HORIZON = 1_000 * HOUR
CLOCKS = ("exact_ts", "closed_ts", "redeemed_ts", "upper_bound_ts")


def resolved(prints=(), payout=1_000_000, **clocks):
    markets = pl.DataFrame(
        {"condition_id": ["a"], "payout0_micro": [payout], **{name: [clocks.get(name)] for name in CLOCKS}},
        schema={"condition_id": pl.String, "payout0_micro": pl.Int64, **dict.fromkeys(CLOCKS, pl.Int64)},
    )
    tape = pl.DataFrame(
        [("a", ts, price) for ts, price in prints],
        schema={"condition_id": pl.String, "ts": pl.Int64, "price_micro": pl.Int64},
        orient="row",
    )
    row = resolve(markets, tape, HORIZON).row(0, named=True)
    return row["resolved"], row["resolved_ts"], row["resolved_ts_kind"]


@pytest.mark.parametrize(
    ("clock", "kind"),
    [("exact_ts", "exact"), ("closed_ts", "closed"), ("redeemed_ts", "redeemed"), ("upper_bound_ts", "upper_bound")],
)
def test_each_clock_counts_where_it_is_the_only_one(clock, kind):
    assert resolved(**{clock: 9 * HOUR}) == (True, 9 * HOUR, kind)


def test_the_best_clock_counts_not_the_earliest():
    assert resolved(exact_ts=9 * HOUR, closed_ts=8 * HOUR, upper_bound_ts=2 * HOUR)[1:] == (9 * HOUR, "exact")
    assert resolved(closed_ts=8 * HOUR, redeemed_ts=3 * HOUR)[1:] == (8 * HOUR, "closed")


def test_a_clock_before_an_undecided_print_is_passed_over():
    assert resolved([(5 * HOUR, 500_000)], exact_ts=4 * HOUR, upper_bound_ts=6 * HOUR)[1:] == (6 * HOUR, "upper_bound")


def test_without_a_plausible_clock_the_time_is_unknown():
    assert resolved([(5 * HOUR, 500_000)], upper_bound_ts=4 * HOUR) == (True, None, "unknown")


@pytest.mark.parametrize("price", [990_000, 10_000])
def test_a_decided_price_may_be_printed_after_the_result(price):
    assert resolved([(5 * HOUR, price)], exact_ts=4 * HOUR)[1:] == (4 * HOUR, "exact")


def test_clocks_may_differ_by_a_minute():
    assert resolved([(5 * HOUR, 500_000)], exact_ts=5 * HOUR - 60 * NANOS)[2] == "exact"
    assert resolved([(5 * HOUR, 500_000)], exact_ts=5 * HOUR - 61 * NANOS)[2] == "unknown"


def test_a_time_after_everything_that_was_seen_is_a_schedule_not_a_result():
    assert resolved(closed_ts=HORIZON + 1, upper_bound_ts=9 * HOUR)[1:] == (9 * HOUR, "upper_bound")


def test_without_a_result_there_is_no_time_of_it():
    assert resolved(payout=None, exact_ts=9 * HOUR) == (False, None, "unknown")


def test_prints_of_other_markets_do_not_matter():
    assert resolved([], exact_ts=HOUR)[2] == "exact"
