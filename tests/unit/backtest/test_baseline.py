"""Baseline v0.1 beside a plain loop: whom it follows, what it buys, what its positions are worth each day."""

import heapq

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.universe import SELL, Tape
from whaletrader.backtest.baseline import (
    LEADERS,
    STAKE_SHARE,
    leaders_events,
    past_window_leaders,
    run_baseline,
)
from whaletrader.backtest.windows import Window
from whaletrader.domain.values import DAY_NS, MICRO, NANOS
from whaletrader.universe.follower import FollowerTable, build_follower_table
from whaletrader.universe.ledger_tape import ledger_tape
from whaletrader.universe.source import FrameSource
from whaletrader.universe.tape import PrintTape, print_tape, usable_trades

DAY = 86_400
START = 10_000 * MICRO
WINDOWS = [Window(f"W{i}", i * 7 * DAY_NS, (i + 1) * 7 * DAY_NS) for i in range(3)]


def won_early() -> Tape:
    """Wallet 0 wins in the first week, wallet 1 loses, wallet 2 prints; in the second week 0 and 1 buy again."""
    made = Tape(wallets=3).market(0, 1.0, 2 * DAY).market(1, 0.0, 2 * DAY).market(2, 1.0, 12 * DAY).market(3)
    made.trade(100, 0, 0, 0.40).trade(110, 2, 0, 0.41).trade(100, 1, 1, 0.40).trade(110, 2, 1, 0.41)
    made.trade(8 * DAY, 0, 2, 0.50).trade(8 * DAY + 10, 2, 2, 0.52)
    made.trade(8 * DAY, 1, 3, 0.50).trade(8 * DAY + 10, 2, 3, 0.52)
    return made.trade(9 * DAY, 0, 3, 0.30).trade(9 * DAY + 10, 2, 3, 0.31).trade(13 * DAY, 2, 3, 0.60)


def prints_of(source: FrameSource) -> PrintTape:
    return print_tape(usable_trades(source), source.table("markets").height)


def test_it_follows_who_won_in_the_window_before_and_nobody_at_first() -> None:
    source = won_early().source(["a", "b", "c"])
    chosen = past_window_leaders(ledger_tape(source), WINDOWS)
    assert chosen[0] == []
    assert chosen[1] == [0, 2]
    assert chosen[2] == [0, 2]


def test_what_was_won_before_the_past_window_does_not_count() -> None:
    made = Tape(wallets=2).market(0, 1.0, 2 * DAY).trade(100, 0, 0, 0.40).market(1, 1.0, 9 * DAY).trade(200, 1, 1, 0.40)
    chosen = past_window_leaders(ledger_tape(made.source(["a", "b"])), WINDOWS)
    assert chosen == [[], [0], [1]]


def test_at_most_twenty_are_followed_and_the_best_first() -> None:
    made = Tape(wallets=30)
    for w in range(30):
        made.market(w, 1.0, 2 * DAY).trade(100, w, w, 0.40, size=float(w + 1))
    chosen = past_window_leaders(ledger_tape(made.source([f"w{w}" for w in range(30)])), WINDOWS[:2])
    assert chosen[1] == list(range(29, 29 - LEADERS, -1))


def test_only_buys_of_the_windows_leaders_inside_the_window_are_looked_at() -> None:
    source = won_early().source(["a", "b", "c"])
    table = build_follower_table(source)
    events = leaders_events(table, WINDOWS, [[], [0], []])
    assert sorted(events["ts"].to_list()) == [8 * DAY * NANOS, 9 * DAY * NANOS]
    assert events["wallet"].unique().to_list() == [0]
    assert leaders_events(table, WINDOWS, [[], [], []]).is_empty()


def test_a_copy_costs_one_percent_of_starting_equity_and_is_marked_daily_at_the_newest_print() -> None:
    source = won_early().source(["a", "b", "c"])
    events = leaders_events(build_follower_table(source), WINDOWS, [[], [0], []])
    run = run_baseline(events, prints_of(source), START, 7, 14, [0, 1, 0])
    stake = START / MICRO * STAKE_SHARE
    assert run.trades["paid"].to_list() == pytest.approx([stake, stake])
    won, held = run.trades.to_dicts()
    assert won["closed"]
    assert won["profit"] == pytest.approx(stake / (won["cost_micro"] / MICRO) - stake)
    assert not held["closed"]
    equity = run.curve.equity
    assert equity[0] == 10_000.0
    assert equity[1] == 10_000.0
    assert equity[2] == pytest.approx(10_000.0 + won["shares"] * 0.52 - stake)
    last = 10_000.0 + won["profit"] + held["shares"] * 0.60 - stake
    assert equity[-1] == pytest.approx(last)
    assert held["marked"] == pytest.approx(held["shares"] * 0.60 - stake)


def test_without_cash_nothing_is_copied_until_something_pays() -> None:
    made = Tape(wallets=2)
    for m in range(130):
        made.market(m, 1.0 if m < 5 else 0.0, 300_000 if m < 110 else 900_000)
        at = 100 + 10 * m if m < 110 else 400_000 + 10 * m
        made.trade(at, 0, m, 0.50).trade(at + 6, 1, m, 0.50)
    source = made.source(["a", "b"])
    events = leaders_events(build_follower_table(source), [Window("W", 0, 10 * DAY_NS)], [[0]])
    run = run_baseline(events, prints_of(source), START, 0, 11, [1])
    markets = run.trades["market"].to_list()
    assert markets[:100] == list(range(100))
    assert 0 < len(markets) - 100 < 20
    assert min(markets[100:]) == 110


def plain_loop(events: pl.DataFrame, start: float) -> list[float]:
    """Shares per entered event, with a heap of what is still to be paid out."""
    cash, stake, waiting, shares = start, start * STAKE_SHARE, [], []
    ordered = events.filter(pl.col("reason").cast(pl.String).is_in(["priced", "unresolved"]))
    for row in ordered.sort("entry_ts", "kind", "wallet", "token", "row").iter_rows(named=True):
        while waiting and waiting[0][0] <= row["entry_ts"]:
            cash += heapq.heappop(waiting)[1]
        bought = stake / (row["cost_micro"] / MICRO) if cash >= stake else 0.0
        if bought:
            cash -= stake
            if row["exit_ts"] is not None:
                heapq.heappush(waiting, (row["exit_ts"], bought * row["proceeds_micro"] / MICRO))
        shares.append(bought)
    return shares


def marked(trades: pl.DataFrame, prints: dict[int, list[tuple[int, float]]], now: int, start: float) -> float:
    """Equity at a time, trade by trade."""
    worth = start
    for row in trades.iter_rows(named=True):
        if row["entry_ts"] > now:
            continue
        if row["exit_ts"] is not None and row["exit_ts"] <= now:
            price = row["proceeds_micro"] / MICRO
        else:
            known = [p for ts, p in prints.get(row["market"], []) if ts <= now]
            price = known[-1] if known else row["print_price_micro"] / MICRO
            price = price if row["outcome_index"] == 0 or not known else 1.0 - price
        worth += row["shares"] * price - row["paid"]
    return worth


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_shares_and_daily_equity_equal_a_plain_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = Tape(wallets=4)
    for m in range(8):
        made.market(m, float(rng.integers(2)) if m % 4 else None, float(rng.integers(1, 9 * DAY)) if m % 4 else None)
    rows = sorted((float(rng.integers(0, 8 * DAY)), int(rng.integers(4)), int(rng.integers(8))) for _ in range(300))
    for ts, wallet, m in rows:
        side = SELL if rng.random() < 0.2 else 0
        made.trade(ts, wallet, m, float(rng.uniform(0.1, 0.9)), outcome=int(rng.integers(2)), side=side)
    source = made.source(["a", "b", "c", "d"])
    table: FollowerTable = build_follower_table(source)
    wide = build_follower_table(source, table.params.__class__(window_s=86_400.0))
    events = leaders_events(wide, [Window("W", 0, 9 * DAY_NS)], [[0, 1]])
    run = run_baseline(events, prints_of(source), START, 0, 9, [2])
    wanted = [shares for shares in plain_loop(events, START / MICRO) if shares > 0]
    assert run.trades["shares"].to_list() == pytest.approx(wanted)
    by_market: dict[int, list[tuple[int, float]]] = {}
    for row in source.table("trades").iter_rows(named=True):
        price = row["price_micro"] / MICRO
        price0 = price if row["outcome_index"] == 0 else 1.0 - price
        by_market.setdefault(row["market"], []).append((row["ts"], price0))
    for d in range(10):
        now = (d + 1) * DAY_NS - 1
        assert run.curve.equity[d + 1] == pytest.approx(marked(run.trades, by_market, now, START / MICRO), abs=1e-6)
    total = float(run.trades["profit"].sum()) + float(run.trades["marked"].sum())
    assert run.curve.equity[-1] - run.curve.equity[0] == pytest.approx(total, abs=1e-6)
