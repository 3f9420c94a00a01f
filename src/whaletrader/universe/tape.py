"""The tape as kernels read it: prints by market and time, leaders' exits by wallet and token, payouts by market.

Only first rows of exact duplicates are prints (`dup_rank` 0), and only rows whose market and outcome are known.
"""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.datasets.schema import NO_ID
from whaletrader.domain.values import MICRO, NANOS, TapeSide
from whaletrader.kernels import njit
from whaletrader.universe.costs import offsets_of
from whaletrader.universe.source import TableSource

Ints = NDArray[np.int64]

NEVER = np.iinfo(np.int64).max
"""The time of what has not happened, or happened at a time nobody knows."""
UNKNOWN_PAYOUT = -1
BLOCK = 64
"""Rows that are passed over at once where none of them can fill a resting limit."""


class PrintTape(NamedTuple):
    """Prints by market (`offsets`) and time, the price in terms of outcome 0.

    `next_other[i]` is the next row of another wallet in the same market, else the market's end; `block_low` and
    `block_high` are the extremes of `price0` in rows b * BLOCK to (b + 1) * BLOCK - 1, whatever their market.
    """

    offsets: Ints
    ts: Ints
    price0: Ints
    wallet: Ints
    transaction: Ints
    next_other: Ints
    block_low: Ints
    block_high: Ints


class MarketFacts(NamedTuple):
    """Per market: payout of outcome 0 (-1 unknown), when it was known (`NEVER`), code of its event group."""

    payout0: Ints
    resolved_ts: Ints
    group: Ints


class ExitTape(NamedTuple):
    """Leaders' sells by (wallet, token) key and time."""

    key: NDArray[np.uint64]
    ts: Ints
    transaction: Ints


def usable_trades(source: TableSource) -> pl.DataFrame:
    """First rows of exact duplicates, with their row number in the trades table as `row`."""
    return source.table("trades").with_row_index("row").filter(pl.col("dup_rank") == 0)


def priceable(frame: pl.DataFrame, n_markets: int) -> pl.Expr:
    """Whether a row names a market and an outcome that can be priced (as an expression on `frame`'s columns)."""
    assert {"market", "outcome_index"} <= set(frame.columns)
    known = (pl.col("market") < n_markets) & pl.col("outcome_index").is_in([0, 1])
    return known.fill_null(value=False)


def printed(trades: pl.DataFrame, n_markets: int) -> pl.DataFrame:
    """The usable trades that are prints, in the order of the print tape; ties in time keep the tape's order."""
    inside = pl.col("price_micro").is_between(1, MICRO - 1)
    return trades.filter(priceable(trades, n_markets) & inside).sort("market", "ts", maintain_order=True)


def print_tape(trades: pl.DataFrame, n_markets: int) -> PrintTape:
    """Prints of usable trades as arrays."""
    price0 = pl.when(pl.col("outcome_index") == 0).then(pl.col("price_micro")).otherwise(MICRO - pl.col("price_micro"))
    found = printed(trades, n_markets)
    offsets = offsets_of(found["market"].cast(pl.Int64).to_numpy(writable=True), n_markets)
    wallet = found["wallet"].cast(pl.Int64).to_numpy(writable=True)
    prices = found.select(price0.alias("p"))["p"].to_numpy(writable=True)
    low, high = _extremes(prices)
    return PrintTape(
        offsets=offsets,
        ts=found["ts"].to_numpy(writable=True),
        price0=prices,
        wallet=wallet,
        transaction=found["transaction"].cast(pl.Int64).to_numpy(writable=True),
        next_other=_next_other(offsets, wallet),
        block_low=low,
        block_high=high,
    )


def market_facts(markets: pl.DataFrame) -> MarketFacts:
    """Payouts, dates and event groups in market order."""
    settled = pl.col("resolved") & pl.col("payout0_micro").is_not_null()
    found = markets.select(
        pl.when(settled).then(pl.col("payout0_micro")).otherwise(UNKNOWN_PAYOUT).alias("payout0"),
        pl.when(settled).then(pl.col("resolved_ts")).otherwise(None).fill_null(NEVER).alias("resolved_ts"),
        (pl.col("event_group").rank("dense").cast(pl.Int64) - 1).alias("group"),
    )
    return MarketFacts(*(found[name].to_numpy(writable=True) for name in ("payout0", "resolved_ts", "group")))


def exit_tape(trades: pl.DataFrame) -> ExitTape:
    """Sells of usable trades by wallet, token and time."""
    sells = trades.filter((pl.col("side") == int(TapeSide.SELL)) & (pl.col("token") != NO_ID))
    found = sells.sort("wallet", "token", "ts", maintain_order=True)
    return ExitTape(
        pool_keys(found), found["ts"].to_numpy(writable=True), found["transaction"].cast(pl.Int64).to_numpy()
    )


def pool_keys(frame: pl.DataFrame) -> NDArray[np.uint64]:
    """(wallet, token) of every row as one number that sorts the same way."""
    wallet = frame["wallet"].cast(pl.UInt64).to_numpy(writable=True)
    keys: NDArray[np.uint64] = (wallet << np.uint64(32)) | frame["token"].cast(pl.UInt64).to_numpy(writable=True)
    return keys


@njit(cache=True)  # type: ignore[untyped-decorator]
def _next_other(offsets: Ints, wallet: Ints) -> Ints:
    out = np.empty(wallet.size, np.int64)
    for market in range(offsets.size - 1):
        last = offsets[market + 1]
        for i in range(last - 1, offsets[market] - 1, -1):
            if i + 1 >= last:
                out[i] = last
            elif wallet[i + 1] != wallet[i]:
                out[i] = i + 1
            else:
                out[i] = out[i + 1]
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def first_print_of_others(
    prints: PrintTape, market: int, ts: int, delay_ns: int, window_ns: int, wallet: int, transaction: int
) -> int:
    """Row of the first print in [ts + delay, ts + delay + window] that is another wallet's, or -1.

    Never of the given transaction, nor of the second of `ts`: tapes with whole seconds know no better.
    """
    last = prints.offsets[market + 1]
    until = ts + delay_ns + window_ns
    row = first_at(prints.ts, prints.offsets[market], last, max(ts + delay_ns, (ts // NANOS + 1) * NANOS))
    while row < last and prints.ts[row] <= until:
        if prints.wallet[row] == wallet:
            row = prints.next_other[row]
        elif transaction != NO_ID and prints.transaction[row] == transaction:
            row += 1
        else:
            return int(row)
    return -1


@njit(cache=True)  # type: ignore[untyped-decorator]
def first_print_through(
    prints: PrintTape, market: int, ts: int, delay_ns: int, rest_ns: int, wallet: int, transaction: int, outcome: int,
    limit: int,
) -> int:  # fmt: skip
    """Row of the first print of others in [ts + delay, ts + delay + rest] below `limit` in the outcome's token, or -1.

    What is nobody else's is the same as in `first_print_of_others`.
    """
    last = prints.offsets[market + 1]
    until = ts + delay_ns + rest_ns
    bound = limit if outcome == 0 else MICRO - limit
    row = first_at(prints.ts, prints.offsets[market], last, max(ts + delay_ns, (ts // NANOS + 1) * NANOS))
    while row < last and prints.ts[row] <= until:
        if row % BLOCK == 0:
            block = row // BLOCK
            if (prints.block_low[block] >= bound) if outcome == 0 else (prints.block_high[block] <= bound):
                row += BLOCK
                continue
        price = prints.price0[row]
        through = price < bound if outcome == 0 else price > bound
        others = prints.wallet[row] != wallet and (transaction == NO_ID or prints.transaction[row] != transaction)
        if through and others:
            return int(row)
        row += 1
    return -1


@njit(cache=True)  # type: ignore[untyped-decorator]
def first_print_at(prints: PrintTape, market: int, when: int, row: int) -> int:
    """Row of a market's first print of anybody at or after a time, or -1; `row` is an earlier one, or -1.

    From a known row the search gallops: what comes a minute later is seldom far.
    """
    low, last = prints.offsets[market], prints.offsets[market + 1]
    high = last
    if row >= 0:
        low, stride = row, 1
        while low + stride < last and prints.ts[low + stride] < when:
            low += stride
            stride *= 2
        high = min(low + stride, last)
    found = first_at(prints.ts, low, high, when)
    return int(found) if found < last else -1


@njit(cache=True)  # type: ignore[untyped-decorator]
def _extremes(price0: Ints) -> tuple[Ints, Ints]:
    """Lowest and highest price of every `BLOCK` rows."""
    blocks = (price0.size + BLOCK - 1) // BLOCK
    low, high = np.empty(blocks, np.int64), np.empty(blocks, np.int64)
    for block in range(blocks):
        part = price0[block * BLOCK : (block + 1) * BLOCK]
        low[block], high[block] = part.min(), part.max()
    return low, high


@njit(cache=True)  # type: ignore[untyped-decorator]
def first_at(ts: Ints, first: int, last: int, when: int) -> int:
    """First of rows `first` to `last` - 1 whose time is at least `when`, else `last`."""
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if ts[middle] < when:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)  # type: ignore[untyped-decorator]
def first_exit_after(exits: ExitTape, key: np.uint64, ts: int) -> int:
    """Row of the first sell of the key later than `ts`, or -1."""
    low, high = 0, exits.key.size
    while low < high:
        middle = (low + high) // 2
        if exits.key[middle] < key or (exits.key[middle] == key and exits.ts[middle] <= ts):
            low = middle + 1
        else:
            high = middle
    return low if low < exits.key.size and exits.key[low] == key else -1
