"""Which of a leader's entries a policy follows: all, the first into each token, or the large ones.

What is large is judged by the wallet's own earlier entries alone, never by later ones. Nothing is priced here.
"""

from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.domain.values import MICRO, TapeSide
from whaletrader.kernels import njit
from whaletrader.universe.tape import pool_keys

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Which = Literal["all", "first", "large"]

LARGE_QUANTILE_MICRO = 800_000
"""A large entry is at least the quantile at this level of the wallet's earlier ones."""
LARGE_HISTORY = 10
"""Earlier entries without which none is called large."""
LARGE = "large"
"""Column of events that says it already: where a part of a dataset does not hold a wallet's whole past."""

STAKE_MICRO = (pl.col("size_micro") // 1_000) * pl.col("price_micro") // 1_000
"""Stake of a trade or signal in micro-USD, to a thousandth of a share: shares times price would leave 64 bits."""


def followed(events: pl.DataFrame, which: Which) -> pl.DataFrame:
    """The events of one kind that a policy follows, out of all entries of their wallets.

    Only `large` looks across markets: where a part of a dataset is priced, its events carry the column `large`.
    """
    if which == "all":
        return events
    if which == "first":
        return events.filter(_first_of_its_token(events))
    return events.filter(pl.col(LARGE) if LARGE in events.columns else pl.Series(large_entries(events)))


def with_large(trades_or_signals: pl.DataFrame) -> pl.DataFrame:
    """The table and a column `large`, made where it holds all markets, so that it may be parted by market."""
    entry = pl.lit(value=True)
    if "side" in trades_or_signals.columns:
        entry = (pl.col("side") == int(TapeSide.BUY)) & (pl.col("dup_rank") == 0)
    found = trades_or_signals.select("wallet", "token", "ts", STAKE_MICRO.alias("stake_micro"), entry.alias("entry"))
    flags = np.zeros(found.height, np.bool_)
    rows = found["entry"].to_numpy(writable=True)
    flags[rows] = large_entries(found.filter("entry"))
    return trades_or_signals.with_columns(pl.Series(LARGE, flags, dtype=pl.Boolean))


def large_entries(events: pl.DataFrame) -> Flags:
    """Whether each row belongs to an entry at least as large as the 80 % quantile of the wallet's earlier ones.

    Rows of one wallet, token and time are one entry and their stakes add up. Earlier means strictly earlier in time, so
    an entry's own second never counts; `LARGE_HISTORY` earlier entries are needed. Columns read: wallet, token, ts,
    stake_micro, in any order of rows.
    """
    wallet, token, ts = (events[name].cast(pl.Int64).to_numpy(writable=True) for name in ("wallet", "token", "ts"))
    stake = events["stake_micro"].fill_null(0).cast(pl.Int64).to_numpy(writable=True)
    order = np.lexsort((token, ts, wallet))
    out = np.zeros(ts.size, np.bool_)
    out[order] = _large(wallet[order], ts[order], token[order], stake[order])
    return out


def _first_of_its_token(events: pl.DataFrame) -> pl.Series:
    """The first row of each wallet and token by time; rows of one time in their order."""
    order = np.argsort(events["ts"].to_numpy(writable=True), kind="stable")
    out = np.zeros(order.size, np.bool_)
    out[order] = pl.Series(pool_keys(events)[order]).is_first_distinct().to_numpy(writable=True)
    return pl.Series(out)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _large(wallet: Ints, ts: Ints, token: Ints, stake: Ints) -> Flags:
    """Flags of rows sorted by wallet, time and token."""
    out = np.zeros(ts.size, np.bool_)
    first = 0
    while first < ts.size:
        last = first
        while last < ts.size and wallet[last] == wallet[first]:
            last += 1
        _large_of_wallet(ts[first:last], token[first:last], stake[first:last], out[first:last])
        first = last
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _large_of_wallet(ts: Ints, token: Ints, stake: Ints, out: Flags) -> None:
    """Count earlier entries of at most the same stake in a Fenwick tree over the wallet's stakes in order."""
    starts, sums = _entries(ts, token, stake)
    n = sums.size
    ordered = np.sort(sums)
    tree = np.zeros(n + 1, np.int64)
    at = 0
    while at < n:
        end = at
        while end < n and ts[starts[end]] == ts[starts[at]]:
            end += 1
        for entry in range(at, end):
            below = _count(tree, np.searchsorted(ordered, sums[entry], side="right"))
            if at >= LARGE_HISTORY and below * MICRO >= LARGE_QUANTILE_MICRO * at:
                out[starts[entry] : starts[entry + 1]] = True
        for entry in range(at, end):
            _add(tree, np.searchsorted(ordered, sums[entry], side="right"))
        at = end


@njit(cache=True)  # type: ignore[untyped-decorator]
def _entries(ts: Ints, token: Ints, stake: Ints) -> tuple[Ints, Ints]:
    """First row of every entry (and the end), and the entries' stakes."""
    starts, sums = np.empty(ts.size + 1, np.int64), np.zeros(ts.size, np.int64)
    n = 0
    for i in range(ts.size):
        if i == 0 or ts[i] != ts[i - 1] or token[i] != token[i - 1]:
            starts[n] = i
            n += 1
        sums[n - 1] += stake[i]
    starts[n] = ts.size
    return starts[: n + 1], sums[:n]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _count(tree: Ints, place: int) -> int:
    total = 0
    while place > 0:
        total += tree[place]
        place -= place & -place
    return total


@njit(cache=True)  # type: ignore[untyped-decorator]
def _add(tree: Ints, place: int) -> None:
    while place < tree.size:
        tree[place] += 1
        place += place & -place
