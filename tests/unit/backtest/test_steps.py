"""From leader event to copy."""

from typing import cast

import polars as pl
import pytest

from tests.support.universe import Tape
from whaletrader.backtest.record import Fill, RunRecord
from whaletrader.backtest.steps import STEPS, funnel_rows, our_bands, span_of
from whaletrader.datasets.store import Dataset
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.quant.intervals import wilson_interval
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


def bought(*fills: tuple[str, str, int, int]) -> RunRecord:
    """Our fills as (token, side, price, fee), one share each."""
    made = [Fill(n, "fill", "a", token, side, price, MICRO, fee) for n, (token, side, price, fee) in enumerate(fills)]
    return RunRecord(fills=made)


def markets() -> Dataset:
    """Markets 0 and 1 of one event group, won by the first outcome and by the second; 2 alone, half; 3 open."""
    made = Tape().market(0, 1.0, 9, group="event").market(1, 0.0, 9, group="event").market(2, 0.5, 9).market(3)
    return cast(Dataset, made.source())


def test_our_buys_are_held_against_what_their_token_paid() -> None:
    record = bought(
        ("0", "BUY", 350_000, 0), ("1", "BUY", 350_000, 0), ("2", "BUY", 350_000, 0), ("3", "BUY", 350_000, 0)
    )
    (band,) = our_bands(markets(), record)
    assert (band.whose, band.kind, band.above, band.n) == ("ours", "fill", 0.3, 4)
    assert (band.mean_price, band.share_won) == (0.35, 0.5)
    assert (band.lower, band.upper) == pytest.approx(wilson_interval(0.5, 1), abs=1e-6)


def test_a_half_payout_is_half_won_and_another_group_counts_for_itself() -> None:
    (band,) = our_bands(markets(), bought(("0", "BUY", 350_000, 0), ("4", "BUY", 350_000, 0)))
    assert band.share_won == 0.75
    assert (band.lower, band.upper) == pytest.approx(wilson_interval(1.5, 2), abs=1e-6)


def test_the_fee_is_part_of_what_we_paid() -> None:
    (band,) = our_bands(markets(), bought(("0", "BUY", 395_000, 10_000)))
    assert (band.above, band.mean_price) == (0.4, 0.405)


def test_sales_and_markets_without_result_are_in_no_band() -> None:
    assert our_bands(markets(), bought(("0", "SELL", 350_000, 0), ("6", "BUY", 350_000, 0))) == []
    assert our_bands(markets(), RunRecord()) == []


def test_the_span_is_that_of_trades_and_positions_together() -> None:
    made = Tape(wallets=2).market(0).trade(500, 0, 0, 0.4).trade(900, 1, 0, 0.4).signal(300, 0, 0, 0.5)
    assert span_of(cast(Dataset, made.source())) == (300 * NANOS, 900 * NANOS)
    assert span_of(cast(Dataset, Tape().market(0).source())) == (0, 0)


def test_the_funnel_of_an_empty_record_ends_at_0_without_a_division_by_zero() -> None:
    nothing = build_follower_table(Tape(wallets=1).market(0).source())
    rows = funnel_rows(nothing, RunRecord(), ScoreParams())
    assert len(rows) == 2 * len(STEPS)
    assert {(row.events, row.share) for row in rows} == {(0, 0.0)}


def test_every_step_is_named_once() -> None:
    assert len(set(STEPS)) == len(STEPS)
    frame = pl.DataFrame(
        [{"step": row.step, "kind": row.kind} for row in funnel_rows(table(), record(), ScoreParams())]
    )
    assert frame.unique().height == frame.height
