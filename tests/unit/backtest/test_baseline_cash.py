"""The baseline's rules of cash and of choice, one small world each."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.universe import SELL, Tape
from whaletrader.backtest.baseline import STAKE_SHARE, BaselineRun, leaders_events, past_window_leaders, run_baseline
from whaletrader.backtest.windows import Window
from whaletrader.domain.values import DAY_NS, MICRO, NANOS
from whaletrader.universe.excluded import VENUE_ADDRESSES
from whaletrader.universe.follower import build_follower_table
from whaletrader.universe.ledger_tape import ledger_tape
from whaletrader.universe.tape import print_tape, usable_trades

DAY = 86_400
START = 1_000 * MICRO
STAKE = 1_000.0 * STAKE_SHARE
ONE = [Window("W", 0, 9 * DAY_NS)]


def run_of(made: Tape, wallets: list[int] | None = None, last_day: int = 9, start: int = START) -> BaselineRun:
    """The baseline over one window in which these wallets are followed."""
    source = made.source()
    events = leaders_events(build_follower_table(source), ONE, [[0] if wallets is None else wallets])
    prints = print_tape(usable_trades(source), source.table("markets").height)
    return run_baseline(events, prints, start, 0, last_day, [1])


def bought_by_turns(n: int, settle: float | None = None, *, every: float = 20.0) -> Tape:
    """Wallet 0 buys in n markets, each met by a print of wallet 1; all of them settle at one time, or never."""
    made = Tape(wallets=2)
    for m in range(n):
        made.market(m, None if settle is None else 1.0, settle)
        made.trade(100 + every * m, 0, m, 0.50).trade(106 + every * m, 1, m, 0.50)
    return made


def test_a_hundred_copies_spend_all_cash_and_the_next_is_not_made() -> None:
    run = run_of(bought_by_turns(104))
    assert run.trades.height == 100
    assert run.trades["market"].to_list() == list(range(100))
    assert float(run.trades["paid"].sum()) == pytest.approx(1_000.0)


def test_cash_of_exactly_one_copy_is_enough() -> None:
    run = run_of(bought_by_turns(1), start=MICRO)
    assert run.trades["paid"].to_list() == pytest.approx([STAKE_SHARE])


def test_every_copy_costs_the_same_however_much_was_earned_before() -> None:
    made = Tape(wallets=2).market(0, 1.0, DAY).market(1)
    made.trade(100, 0, 0, 0.05).trade(106, 1, 0, 0.05)
    made.trade(2 * DAY, 0, 1, 0.50).trade(2 * DAY + 6, 1, 1, 0.50)
    run = run_of(made)
    assert run.trades["paid"].to_list() == pytest.approx([STAKE, STAKE])
    assert run.trades["profit"][0] > 10 * STAKE


def test_the_leaders_own_size_does_not_matter() -> None:
    made = Tape(wallets=2).market(0).market(1)
    made.trade(100, 0, 0, 0.50, size=1.0).trade(106, 1, 0, 0.50)
    made.trade(200, 0, 1, 0.50, size=100_000.0).trade(206, 1, 1, 0.50)
    assert run_of(made).trades["paid"].to_list() == pytest.approx([STAKE, STAKE])


def test_a_loser_pays_nothing_back() -> None:
    made = Tape(wallets=2).market(0, 0.0, DAY).trade(100, 0, 0, 0.50).trade(106, 1, 0, 0.50)
    run = run_of(made)
    assert run.trades["profit"].to_list() == pytest.approx([-STAKE])
    assert run.curve.equity[-1] == pytest.approx(1_000.0 - STAKE)


def test_what_the_leader_sells_is_sold_after_him_and_its_cash_buys_again() -> None:
    made = bought_by_turns(100)
    made.trade(4_000, 0, 0, 0.80, side=SELL).trade(4_010, 1, 0, 0.80)
    made.market(100).trade(5_000, 0, 100, 0.50).trade(5_006, 1, 100, 0.50)
    run = run_of(made)
    assert run.trades["market"].to_list() == [*range(100), 100]
    first = run.trades.row(0, named=True)
    assert (str(first["exit_kind"]), first["closed"]) == ("mirror", True)
    assert 0.0 < first["profit"] < STAKE


def test_a_sale_after_the_last_day_leaves_the_bet_open_at_its_mark() -> None:
    made = Tape(wallets=2).market(0, 1.0, 20 * DAY).trade(100, 0, 0, 0.50).trade(106, 1, 0, 0.50)
    run = run_of(made, last_day=3)
    (trade,) = run.trades.to_dicts()
    assert (trade["closed"], trade["profit"]) == (False, 0.0)
    assert trade["marked"] == pytest.approx(trade["shares"] * 0.50 - STAKE)
    assert run.curve.equity[-1] == pytest.approx(1_000.0 + trade["marked"])


def test_the_second_outcome_is_marked_at_what_is_left_of_the_first() -> None:
    made = Tape(wallets=2).market(0)
    made.trade(100, 0, 0, 0.30, outcome=1).trade(106, 1, 0, 0.30, outcome=1).trade(2 * DAY, 1, 0, 0.60)
    run = run_of(made)
    (trade,) = run.trades.to_dicts()
    assert trade["mark"] == pytest.approx(0.40)
    assert run.curve.equity[1] == pytest.approx(1_000.0 + trade["shares"] * 0.30 - STAKE)
    assert run.curve.equity[3] == pytest.approx(1_000.0 + trade["shares"] * 0.40 - STAKE)


def test_what_nobody_else_printed_in_time_is_not_copied() -> None:
    made = Tape(wallets=2).market(0).trade(100, 0, 0, 0.50).trade(DAY, 1, 0, 0.50)
    run = run_of(made)
    assert run.trades.is_empty()
    assert run.events.height == 1
    assert run.curve.equity.tolist() == [1_000.0] * 11


def test_fills_and_found_positions_are_both_copied() -> None:
    made = Tape(wallets=2).market(0, 1.0, DAY).trade(100, 0, 0, 0.50).trade(106, 1, 0, 0.50).signal(200, 0, 0, 0.55)
    assert sorted(run_of(made).trades["kind"].cast(pl.String)) == ["fill", "position"]


@given(st.integers(1, 130), st.sampled_from([None, 1_500.0, 4_000.0]), st.sampled_from([5.0, 20.0]))
@settings(max_examples=12, deadline=None)
def test_never_more_is_spent_than_there_is(n: int, settle: float | None, every: float) -> None:
    run = run_of(bought_by_turns(n, settle, every=every))
    cash = 1_000.0
    moves = [(row["entry_ts"], 1, -row["paid"]) for row in run.trades.iter_rows(named=True)]
    moves += [
        (row["exit_ts"], 0, row["shares"] * row["proceeds_micro"] / MICRO)
        for row in run.trades.iter_rows(named=True)
        if row["exit_ts"] is not None
    ]
    for _, _, amount in sorted(moves):
        cash += amount
        assert cash >= -1e-6


def test_an_event_at_a_windows_end_belongs_to_the_next_window() -> None:
    made = Tape(wallets=2).market(0).market(1)
    for at, m in ((0.0, 0), (float(7 * DAY), 1)):
        made.trade(at, 0, m, 0.50).trade(at + 6, 1, m, 0.50)
    windows = [Window("W1", 0, 7 * DAY_NS), Window("W2", 7 * DAY_NS, 14 * DAY_NS)]
    table = build_follower_table(made.source())
    assert leaders_events(table, windows, [[0], []])["ts"].to_list() == [0]
    assert leaders_events(table, windows, [[], [0]])["ts"].to_list() == [7 * DAY * NANOS]
    assert leaders_events(table, windows, [[0], [0]]).height == 2


WINDOWS = [Window(f"W{i}", i * 7 * DAY_NS, (i + 1) * 7 * DAY_NS) for i in range(2)]


def test_who_lost_or_earned_nothing_is_not_followed_even_if_nobody_else_is_there() -> None:
    made = Tape(wallets=2).market(0, 0.0, 2 * DAY).market(1)
    made.trade(100, 0, 0, 0.40).trade(100, 1, 1, 0.40)
    assert past_window_leaders(ledger_tape(made.source()), WINDOWS) == [[], []]


def test_equal_profits_are_ordered_by_wallet() -> None:
    made = Tape(wallets=3)
    for w in (2, 0, 1):
        made.market(w, 1.0, 2 * DAY).trade(100, w, w, 0.40)
    assert past_window_leaders(ledger_tape(made.source()), WINDOWS)[1] == [0, 1, 2]


def test_fewer_are_followed_where_fewer_are_asked_for() -> None:
    made = Tape(wallets=3)
    for w in range(3):
        made.market(w, 1.0, 2 * DAY).trade(100, w, w, 0.40, size=10.0 * (w + 1))
    assert past_window_leaders(ledger_tape(made.source()), WINDOWS, n=1)[1] == [2]


def test_the_venues_own_contracts_are_nobodys_leaders() -> None:
    made = Tape(wallets=2).market(0, 1.0, 2 * DAY).trade(100, 0, 0, 0.40).trade(100, 1, 0, 0.40)
    venue = sorted(VENUE_ADDRESSES)[0]
    assert past_window_leaders(ledger_tape(made.source([venue, "b"])), WINDOWS)[1] == [1]


def test_a_profit_that_is_known_only_after_the_scan_is_not_looked_at() -> None:
    made = Tape(wallets=2).market(0, 1.0, 7 * DAY + 1).trade(100, 0, 0, 0.40)
    assert past_window_leaders(ledger_tape(made.source()), WINDOWS) == [[], []]
