"""Baseline v0.1: follow the 20 wallets with the highest realised profit of the past window, and copy every buy.

Each copy costs 1 % of starting equity; there is no veto, cash is the only constraint. Entry, costs and exit are those
of the follower table, which also prices what our own leaders' scores rest on. Open positions are marked at the newest
print of their market, at the end of each day.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.backtest.metrics import Curve
from whaletrader.backtest.windows import Window
from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.kernels import njit
from whaletrader.universe.excluded import VENUE_ADDRESSES
from whaletrader.universe.follower import FollowerTable
from whaletrader.universe.ledger import ledger_at
from whaletrader.universe.ledger_tape import LedgerTape
from whaletrader.universe.tape import NEVER, PrintTape

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEADERS = 20
STAKE_SHARE = 0.01
NO_CASH = "NO_CASH"
"""Why a buy that could be priced was not copied; the others have the follower table's reasons."""


@dataclass(frozen=True, slots=True, eq=False)
class BaselineRun:
    """Every copy (`trades`: one row per copied event), the events that were looked at, and the daily curve."""

    trades: pl.DataFrame
    events: pl.DataFrame
    curve: Curve
    followed: list[int]
    """Leaders per window."""


def past_window_leaders(tape: LedgerTape, windows: list[Window], n: int = LEADERS) -> list[list[int]]:
    """For each window the wallets with the highest realised profit of the window before; none for the first."""
    chosen: list[list[int]] = []
    before: pl.DataFrame | None = None
    for window in windows:
        book = ledger_at(tape, window.start_ts).wallets.select("wallet", "address", "realised_micro")
        chosen.append([] if before is None else _top(book, before, n))
        before = book
    return chosen


def _top(book: pl.DataFrame, before: pl.DataFrame, n: int) -> list[int]:
    earlier = before.select("wallet", pl.col("realised_micro").alias("earlier_micro"))
    gained = pl.col("realised_micro") - pl.col("earlier_micro").fill_null(0)
    people = (
        book.filter(~pl.col("address").is_in(sorted(VENUE_ADDRESSES)))
        .join(earlier, on="wallet", how="left")
        .with_columns(gained.alias("gained_micro"))
        .filter(pl.col("gained_micro") > 0)
        .sort("gained_micro", "wallet", descending=[True, False])
    )
    return [int(wallet) for wallet in people.head(n)["wallet"]]


def leaders_events(table: FollowerTable, windows: list[Window], chosen: list[list[int]]) -> pl.DataFrame:
    """The buys of each window's leaders within the window, priced where they could be."""
    found = [
        table.frame.filter(
            (pl.col("ts") >= window.start_ts) & (pl.col("ts") < window.end_ts) & pl.col("wallet").is_in(wallets)
        )
        for window, wallets in zip(windows, chosen, strict=True)
        if wallets
    ]
    return pl.concat(found) if found else table.frame.clear()


def run_baseline(
    events: pl.DataFrame, prints: PrintTape, starting_micro: int, first_day: int, last_day: int, followed: list[int]
) -> BaselineRun:
    """Copy the events one after the other for as long as there is cash, and mark what is open daily."""
    entered = events.filter(pl.col("reason").cast(pl.String).is_in(["priced", "unresolved"])).sort(
        "entry_ts", "kind", "wallet", "token", "row"
    )
    columns = (
        entered["entry_ts"].to_numpy(),
        entered["exit_ts"].fill_null(NEVER).to_numpy(),
        entered["cost_micro"].to_numpy() / MICRO,
        entered["proceeds_micro"].fill_null(0).to_numpy() / MICRO,
        entered["market"].cast(pl.Int64).to_numpy(),
        entered["outcome_index"].cast(pl.Int64).to_numpy(),
        entered["print_price_micro"].to_numpy() / MICRO,
    )
    start = starting_micro / MICRO
    shares = _spend(columns[0], columns[1], columns[2], columns[3], start, start * STAKE_SHARE)
    equity = _daily(columns, shares, prints, start, first_day, last_day)
    end = (last_day + 1) * DAY_NS
    paid = pl.col("shares") * pl.col("cost_micro") / MICRO
    closed = (pl.col("exit_ts") < end).fill_null(value=False)
    worth = _marks(columns[4], columns[5], columns[6], prints, end - 1)
    trades = entered.with_columns(pl.Series("shares", shares), pl.Series("mark", worth)).filter(pl.col("shares") > 0)
    profit = pl.col("shares") * pl.col("proceeds_micro") / MICRO - paid
    trades = trades.with_columns(
        paid.alias("paid"),
        closed.alias("closed"),
        pl.when(closed).then(profit).otherwise(0.0).alias("profit"),
        pl.when(closed).then(0.0).otherwise(pl.col("shares") * pl.col("mark") - paid).alias("marked"),
    )
    return BaselineRun(trades, events, Curve(first_day, equity), followed)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _spend(entry: Ints, exit_ts: Ints, cost: Floats, proceeds: Floats, cash: float, stake: float) -> Floats:
    """Shares bought per event in order of entry, 0 where cash ran out; what exits by then pays first."""
    n = entry.size
    shares = np.zeros(n, np.float64)
    order = np.argsort(exit_ts, kind="mergesort")
    done = 0
    for i in range(n):
        # An exit that comes before this entry pays; one of an entry that was not made pays for no shares.
        while done < n and exit_ts[order[done]] <= entry[i]:
            cash += shares[order[done]] * proceeds[order[done]]
            done += 1
        if cash >= stake:
            shares[i] = stake / cost[i]
            cash -= stake
    return shares


@njit(cache=True)  # type: ignore[untyped-decorator]
def _daily(
    columns: tuple[Ints, Ints, Floats, Floats, Ints, Ints, Floats],
    shares: Floats,
    prints: PrintTape,
    start: float,
    first_day: int,
    last_day: int,
) -> Floats:
    """Equity at each day's end, shape (days + 1,), the first value that before the first day."""
    entry, exit_ts, cost, proceeds, market, outcome, met = columns
    out = np.empty(last_day - first_day + 2, np.float64)
    out[0] = start
    for d in range(1, out.size):
        now = (first_day + d) * DAY_NS - 1
        worth = start
        for i in range(entry.size):
            if shares[i] <= 0.0 or entry[i] > now:
                continue
            value = proceeds[i] if exit_ts[i] <= now else _mark(prints, market[i], outcome[i], now, met[i])
            worth += shares[i] * (value - cost[i])
        out[d] = worth
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _marks(market: Ints, outcome: Ints, met: Floats, prints: PrintTape, now: int) -> Floats:
    """What a share of each event's token is worth at a time, by the market's newest print."""
    out = np.empty(market.size, np.float64)
    for i in range(market.size):
        out[i] = _mark(prints, market[i], outcome[i], now, met[i])
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _mark(prints: PrintTape, market: int, outcome: int, now: int, met: float) -> float:
    """The market's newest print at a time in terms of the outcome; the price met at entry where there is none."""
    low, high = prints.offsets[market], prints.offsets[market + 1]
    first = low
    while low < high:
        middle = (low + high) // 2
        if prints.ts[middle] <= now:
            low = middle + 1
        else:
            high = middle
    if low == first:
        return met
    price0 = prints.price0[low - 1] / 1e6
    return float(price0 if outcome == 0 else 1.0 - price0)
