"""Everything that moves a wallet's token balance, as arrays sorted by (wallet, token, time): the ledger kernel's input.

Trades come with their fee: what the source says was paid, nothing for a known maker, else the market's taker fee at the
date (a fill whose role is unknown is charged as a taker's: the cautious side). A split buys and a merge sells both
outcomes at 0.50; a conversion takes shares of outcome 1 out. Redemptions need no row: resolution pays.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.datasets.schema import NO_ID
from whaletrader.domain.values import MICRO, TapeRole, TapeSide
from whaletrader.kernels import njit
from whaletrader.quant.fee_curve import taker_fee
from whaletrader.universe.costs import CostTables, cost_tables, last_at_or_before
from whaletrader.universe.source import TableSource
from whaletrader.universe.tape import MarketFacts, PrintTape, market_facts, print_tape, usable_trades

Ints = NDArray[np.int64]

BUY, SELL, SPLIT, MERGE, CONVERSION = range(5)
"""Codes of `kind`."""
CASH_KINDS = ("YIELD", "REWARD", "MAKER_REBATE", "REFERRAL_REWARD", "TAKER_REBATE")
"""Activity that pays cash and moves no token."""
_MOVES = {"SPLIT": SPLIT, "MERGE": MERGE, "CONVERSION": CONVERSION}
_UNKNOWN_FEE = -1
_HALF_MICRO = MICRO // 2


class MoveTape(NamedTuple):
    """Balance moves by pool (`offsets`) and time; fees are what was paid, in micro-units."""

    offsets: Ints
    ts: Ints
    kind: Ints
    price: Ints
    size: Ints
    fee: Ints


@dataclass(frozen=True, slots=True, eq=False)
class LedgerTape:
    """The moves, the pools they belong to, and what the pools are worth; built once for any number of dates."""

    moves: MoveTape
    pools: pl.DataFrame
    prints: PrintTape
    facts: MarketFacts
    wallets: pl.DataFrame
    cash: pl.DataFrame
    untracked_rows: int


def ledger_tape(source: TableSource, *, duplicates: bool = False) -> LedgerTape:
    """Gather the moves of all wallets; `duplicates` keeps exact repeats (where the source is a multiset)."""
    markets, first_rows = source.table("markets"), usable_trades(source)
    trades = source.table("trades") if duplicates else first_rows
    known = (pl.col("token") != NO_ID) & (pl.col("market") < markets.height)
    fills = trades.filter(known)
    costs = cost_tables(markets, source.table("fee_schedules"))
    rows = pl.concat([_fill_rows(fills, costs), _activity_rows(source.table("activity"), source.table("tokens"))])
    moves, pools = _sorted(rows)
    people = source.table("wallets").select("wallet", "address", "truncated")
    wallets = people.unique("wallet", keep="first", maintain_order=True)
    return LedgerTape(
        moves=moves,
        pools=pools,
        prints=print_tape(first_rows, markets.height),
        facts=market_facts(markets),
        wallets=wallets,
        cash=_cash(source.table("activity")),
        untracked_rows=trades.height - fills.height + _homeless(source.table("activity")),
    )


def _fill_rows(fills: pl.DataFrame, costs: CostTables) -> pl.DataFrame:
    buying = pl.col("side") == int(TapeSide.BUY)
    maker = pl.col("role") == int(TapeRole.MAKER)
    rows = fills.select(
        "wallet",
        "token",
        "market",
        pl.col("outcome_index").cast(pl.Int64).alias("outcome"),
        "ts",
        pl.lit(1, pl.Int8).alias("rank"),
        pl.when(buying).then(BUY).otherwise(SELL).cast(pl.Int64).alias("kind"),
        pl.col("price_micro").alias("price"),
        pl.col("size_micro").alias("size"),
        pl.when(maker).then(0).otherwise(_UNKNOWN_FEE).cast(pl.Int64).alias("assumed"),
        pl.col("fee_micro"),
    )
    fee = rows.select(pl.coalesce("fee_micro", "assumed").alias("fee"))["fee"].to_numpy().copy()
    market = rows["market"].cast(pl.Int64).to_numpy()
    _charge(costs, market, rows["ts"].to_numpy(), rows["price"].to_numpy(), rows["size"].to_numpy(), fee)
    return rows.drop("assumed", "fee_micro").with_columns(pl.Series("fee", fee))


def _homeless(activity: pl.DataFrame) -> int:
    """Splits, merges and conversions of no known market: they moved tokens that nobody can name."""
    moving = pl.col("kind").is_in(list(_MOVES)) & (pl.col("size_micro") > 0)
    return activity.filter(moving & (pl.col("market") == NO_ID)).height


def _activity_rows(activity: pl.DataFrame, tokens: pl.DataFrame) -> pl.DataFrame:
    """Splits and merges as a move of each outcome, conversions as a move of outcome 1."""
    found = activity.filter(
        pl.col("kind").is_in(list(_MOVES)) & (pl.col("market") != NO_ID) & (pl.col("size_micro") > 0)
    )
    outcomes = tokens.select("token", "market", pl.col("outcome_index").cast(pl.Int64).alias("outcome"))
    joined = found.drop("token").join(outcomes, on="market", how="inner", maintain_order="left_right")
    wanted = (pl.col("kind") != "CONVERSION") | (pl.col("outcome") == 1)
    return joined.filter(wanted).select(
        "wallet",
        "token",
        "market",
        "outcome",
        "ts",
        pl.when(pl.col("kind") == "SPLIT").then(0).otherwise(2).cast(pl.Int8).alias("rank"),
        pl.col("kind").replace_strict(_MOVES, return_dtype=pl.Int64),
        pl.lit(_HALF_MICRO, pl.Int64).alias("price"),
        pl.col("size_micro").alias("size"),
        pl.lit(0, pl.Int64).alias("fee"),
    )


def _sorted(rows: pl.DataFrame) -> tuple[MoveTape, pl.DataFrame]:
    """Moves by wallet, token, time; at the same time splits come first and merges last, else the tape's order holds."""
    timed = rows.sort("ts", "rank", maintain_order=True)
    order, offsets = pool_order(timed["wallet"].cast(pl.Int64).to_numpy(), timed["token"].cast(pl.Int64).to_numpy())
    pools = timed.select("wallet", "token", "market", "outcome")[order[offsets[:-1]]]
    columns = (timed[name].to_numpy() for name in ("ts", "kind", "price", "size", "fee"))
    return MoveTape(offsets, *(column[order] for column in columns)), pools


@njit(cache=True)  # type: ignore[untyped-decorator]
def pool_order(wallet: Ints, token: Ints) -> tuple[Ints, Ints]:
    """Rows by wallet, then token, then as given, and where each pool starts (and the end): two counting sorts.

    Codes are row numbers of dictionary tables, so counting is cheaper than comparing.
    """
    order = _counted(wallet, _counted(token, np.arange(token.size)))
    offsets = np.empty(order.size + 1, np.int64)
    pools = 0
    for i in range(order.size):
        same = i > 0 and wallet[order[i]] == wallet[order[i - 1]] and token[order[i]] == token[order[i - 1]]
        if not same:
            offsets[pools] = i
            pools += 1
    offsets[pools] = order.size
    return order, offsets[: pools + 1]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _counted(codes: Ints, order: Ints) -> Ints:
    """Stable counting sort of `order` by the codes of its rows."""
    starts = np.zeros((codes.max() if codes.size else 0) + 2, np.int64)
    for code in codes:
        starts[code + 1] += 1
    for code in range(1, starts.size):
        starts[code] += starts[code - 1]
    out = np.empty(order.size, np.int64)
    for row in order:
        out[starts[codes[row]]] = row
        starts[codes[row]] += 1
    return out


def _cash(activity: pl.DataFrame) -> pl.DataFrame:
    paid = activity.filter(pl.col("kind").is_in(CASH_KINDS))
    return paid.select("wallet", "ts", pl.col("usd_micro").fill_null(0).alias("cash_micro"))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _charge(costs: CostTables, market: Ints, ts: Ints, price: Ints, size: Ints, fee: Ints) -> None:
    """Fill in unknown fees by the market's schedule at the date; no fee where no schedule was in force yet."""
    for i in range(fee.size):
        if fee[i] != _UNKNOWN_FEE:
            continue
        fee[i] = 0
        row = last_at_or_before(costs.fee_from, costs.fee_offsets[market[i]], costs.fee_offsets[market[i] + 1], ts[i])
        if row >= 0:
            rate, exponent = costs.fee_rate[row], costs.fee_exponent[row]
            paid = taker_fee(price[i] / 1e6, size[i] / 1e6, rate, exponent, costs.fee_times_price[row])
            fee[i] = int(np.rint(paid * 1e6))
