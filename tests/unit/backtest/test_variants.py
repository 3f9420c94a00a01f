"""Replays and baseline as variants of the report: the sums agree, kinds stay apart."""

import msgspec
import numpy as np
import polars as pl
import pytest

from tests.support.universe import SELL, Tape
from tests.unit.backtest.telling import leader
from whaletrader.app.summary import Views, summarise
from whaletrader.backtest.baseline import BaselineRun, leaders_events, run_baseline
from whaletrader.backtest.record import Fill, RunRecord
from whaletrader.backtest.replayed import Replayed
from whaletrader.backtest.variants import baseline_bets, baseline_variant, replayed_variant
from whaletrader.backtest.windows import Window
from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.quant.intervals import wilson_interval
from whaletrader.runtime.projections.rebates import RebateEstimate
from whaletrader.universe.follower import build_follower_table
from whaletrader.universe.tape import print_tape, usable_trades

DAY = 86_400
START = 10_000 * MICRO


def replayed() -> Replayed:
    summary = summarise(Views(START), simulated=True, dataset="d", run_id="0001", log_head="ff")
    record = RunRecord(
        equity=[(10 * DAY_NS + 1, START + MICRO), (11 * DAY_NS, START - MICRO)],
        fills=[
            Fill(1, "fill", "w", "t", "BUY", 400_000, 10 * MICRO, 20_000),
            Fill(2, "position", "v", "u", "BUY", 500_000, 2 * MICRO, 0),
        ],
        events={"fill": {"BUY": 7, "SELL": 2}, "position": {"BUY": 3}},
        skipped={"fill": {"STALE": 2}},
        leaders=(leader("w"), leader("v", "position", realised=-1_000_000, won=0)),
        closed={"fill": {"g": 2, "h": 1}, "position": {"g": 3}},
    )
    return Replayed(summary=msgspec.structs.replace(summary, open_positions=3), record=record, log_count=55)


def test_a_replays_variant_tells_the_runs_own_numbers() -> None:
    variant, curve = replayed_variant("ours", replayed(), (10, 12), seed=1)
    assert (variant.label, variant.log_head, variant.log_count) == ("Whale Trader", "ff", 55)
    assert curve.equity.tolist() == [10_000.0, 10_001.0, 9_999.0, 9_999.0]
    m = variant.metrics
    assert (m.bets, m.open_bets, m.fills, m.fees) == (6, 3, 2, 0.02)
    assert m.turnover == pytest.approx((4.0 + 1.0) / 10_000.0)
    assert m.net_pnl.value == -1.0


def test_an_estimate_of_rebates_is_told_beside_the_fees_and_in_no_other_figure() -> None:
    run = replayed()
    without, _ = replayed_variant("ours", run, (10, 12), seed=1)
    back = RebateEstimate(taker_micro=7_500_000, maker_at_most_micro=1, tier="Gold", weighted_micro=1)
    summary = msgspec.structs.replace(run.summary, rebates=back)
    variant, _ = replayed_variant("ours", msgspec.structs.replace(run, summary=summary), (10, 12), seed=1)
    assert (without.metrics.rebates, variant.metrics.rebates) == (0.0, 7.5)
    assert msgspec.structs.replace(variant.metrics, rebates=0.0) == without.metrics


def test_a_replays_kinds_stay_apart_and_leaders_are_sorted_by_what_they_earned() -> None:
    variant, _ = replayed_variant("placebo-2", replayed(), (10, 12), seed=1)
    fill, position = variant.by_kind
    assert (fill.events, fill.fills, fill.bets, fill.won, fill.realised) == (7, 1, 3, 2, 2.98)
    assert (position.events, position.fills, position.won, position.realised) == (3, 1, 0, -1.02)
    assert [row.wallet for row in variant.leaders] == ["w", "v"]
    assert variant.label == "Placebo leaders 2"
    assert "chance" in variant.what


def test_a_replays_hit_rate_counts_what_settles_together_together() -> None:
    variant, _ = replayed_variant("ours", replayed(), (10, 12), seed=1)
    fill, position = variant.by_kind
    for found, won, sizes in (
        (variant.metrics.hit_rate, 2, [5, 1]),
        (fill.hit_rate, 2, [2, 1]),
        (position.hit_rate, 0, [3]),
    ):
        bets = sum(sizes)
        n = bets**2 / sum(size**2 for size in sizes)
        assert (found.value, found.n) == (pytest.approx(won / bets, abs=1e-6), bets)
        assert (found.lower, found.upper) == pytest.approx(wilson_interval(won / bets * n, n), abs=2e-6)
        assert "one event group" in found.method


@pytest.fixture(scope="module")
def baseline() -> BaselineRun:
    """Leader 0: a bet won, one lost in two entries, one sold again, one open, one that nobody's print priced."""
    made = Tape(wallets=2).market(0, 1.0, 2 * DAY).market(1, 0.0, 3 * DAY).market(2, 1.0, 9 * DAY, rate=0.05).market(3)
    made.market(4, 1.0, 5 * DAY)
    for m, price in ((0, 0.5), (1, 0.4), (2, 0.3), (3, 0.6)):
        made.trade(1_000 + 100 * m, 0, m, price).trade(1_010 + 100 * m, 1, m, price)
    made.trade(5_000, 0, 1, 0.35).trade(5_010, 1, 1, 0.35)
    made.trade(7_000, 0, 2, 0.5, side=SELL).trade(7_010, 1, 2, 0.5)
    made.trade(8_000, 0, 4, 0.5).trade(5 * DAY - 60, 1, 3, 0.7)
    made.signal(9_000, 0, 0, 0.55)
    source = made.source(["a", "b"])
    events = leaders_events(build_follower_table(source), [Window("W", 0, DAY_NS)], [[0]])
    return run_baseline(events, print_tape(usable_trades(source), 5), START, 0, 5, [1])


def addresses() -> pl.DataFrame:
    return pl.DataFrame({"wallet": [0, 1], "address": ["a", "b"]}, schema={"wallet": pl.UInt32, "address": pl.String})


def test_the_baselines_bets_are_one_per_leader_and_token_and_closed_when_all_of_it_is(baseline: BaselineRun) -> None:
    bets = baseline_bets(baseline.trades)
    fills = bets.filter(pl.col("kind") == "fill").sort("token")
    assert fills["fills"].to_list() == [1, 2, 1, 1]
    assert fills["closed"].to_list() == [True, True, True, False]


def test_the_baselines_result_is_the_sum_of_its_kinds(baseline: BaselineRun) -> None:
    variant = baseline_variant(baseline, addresses(), seed=1)
    total = sum(kind.realised + kind.marked for kind in variant.by_kind)
    assert variant.metrics.net_pnl.value == pytest.approx(total, abs=1e-5)
    fill, position = variant.by_kind
    assert (fill.bets, fill.won, position.bets, position.won) == (3, 2, 1, 1)
    assert variant.metrics.open_bets == 1
    assert variant.metrics.fills == baseline.trades.height + 1
    assert variant.leaders[0].wallet == "a"
    assert sum(row.realised + row.marked for row in variant.leaders) == pytest.approx(total, abs=1e-5)


def test_the_baselines_hit_rate_counts_what_settles_together_together() -> None:
    made = Tape(wallets=2)
    for m in range(6):
        made.market(m, float(m % 2), DAY, group="event" if m < 4 else None)
        made.trade(1_000 + 100 * m, 0, m, 0.5).trade(1_006 + 100 * m, 1, m, 0.5)
    source = made.source(["a", "b"])
    events = leaders_events(build_follower_table(source), [Window("W", 0, DAY_NS)], [[0]])
    run = run_baseline(events, print_tape(usable_trades(source), 6), START, 0, 5, [1])
    variant = baseline_variant(run, addresses(), seed=1)
    n = 36 / (16 + 1 + 1)
    for found in (variant.metrics.hit_rate, variant.by_kind[0].hit_rate):
        assert (found.value, found.n) == (0.5, 6)
        assert (found.lower, found.upper) == pytest.approx(wilson_interval(n / 2, n), abs=2e-6)


def test_the_baselines_fees_are_those_of_its_shares(baseline: BaselineRun) -> None:
    wanted = sum(row["shares"] * row["fee_micro"] for row in baseline.trades.iter_rows(named=True)) / MICRO
    assert wanted > 0
    assert baseline_variant(baseline, addresses(), seed=1).metrics.fees == pytest.approx(wanted, abs=1e-6)


def test_what_the_baseline_could_not_price_is_counted_as_skipped(baseline: BaselineRun) -> None:
    skipped = {(row.kind, row.reason): row.count for row in baseline_variant(baseline, addresses(), seed=1).skipped}
    assert skipped == {("fill", "no_print_in_window"): 1}


def test_a_baseline_without_cash_says_so() -> None:
    made = Tape(wallets=2)
    for m in range(120):
        made.market(m, 1.0, 9 * DAY).trade(100 + 20 * m, 0, m, 0.5).trade(106 + 20 * m, 1, m, 0.5)
    source = made.source(["a", "b"])
    events = leaders_events(build_follower_table(source), [Window("W", 0, DAY_NS)], [[0]])
    run = run_baseline(events, print_tape(usable_trades(source), 120), START, 0, 10, [1])
    skipped = {row.reason: row.count for row in baseline_variant(run, addresses(), seed=1).skipped}
    assert skipped == {"NO_CASH": 20}
    assert np.isfinite(run.curve.equity).all()


def test_a_baseline_that_follows_nobody_keeps_its_cash() -> None:
    source = Tape(wallets=1).market(0).trade(5, 0, 0, 0.5).source(["a"])
    events = leaders_events(build_follower_table(source), [Window("W", 0, DAY_NS)], [[]])
    run = run_baseline(events, print_tape(usable_trades(source), 1), START, 0, 3, [0])
    variant = baseline_variant(run, addresses(), seed=1)
    assert run.curve.equity.tolist() == [10_000.0] * 5
    assert (variant.metrics.bets, variant.metrics.hit_rate.value, variant.leaders) == (0, None, [])
