"""What the wallets themselves made: realised and marked P&L per wallet and token, and per wallet.

A sell beyond the tracked position has unknown basis: it is left out of P&L, counted as oversold, and the wallet is
marked truncated; so is a wallet with a conversion, whose basis moves to tokens that the row does not name. What a
follower could have made is another matter: see `follower`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from whaletrader.domain.values import MICRO
from whaletrader.universe.excluded import VENUE_ADDRESSES
from whaletrader.universe.ledger_kernel import AMOUNTS, run_pools, value_pools
from whaletrader.universe.ledger_tape import LedgerTape, ledger_tape
from whaletrader.universe.source import TableSource
from whaletrader.universe.tape import NEVER

DUST_MICRO = 10_000
"""A hundredth of a share: sizes are rounded by the sources, so less than this is no unknown basis."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """`positions`: one row per wallet and token; `wallets`: one row per wallet; amounts in micro-units."""

    positions: pl.DataFrame
    wallets: pl.DataFrame
    untracked_rows: int


def ledger(source: TableSource, as_of_ts: int | None = None, *, duplicates: bool = False) -> Ledger:
    """The ledger of a dataset as known at a time (now, where none is given)."""
    return ledger_at(ledger_tape(source, duplicates=duplicates), as_of_ts)


def ledger_at(tape: LedgerTape, as_of_ts: int | None = None) -> Ledger:
    """The ledger at a time from moves gathered once: later trades and resolutions are not known."""
    positions = _positions(tape, NEVER if as_of_ts is None else as_of_ts, always=as_of_ts is None)
    cash = tape.cash if as_of_ts is None else tape.cash.filter(pl.col("ts") <= as_of_ts)
    return Ledger(positions, _wallets(positions, cash, tape.wallets), tape.untracked_rows)


def _positions(tape: LedgerTape, as_of_ts: int, *, always: bool) -> pl.DataFrame:
    amounts, times = run_pools(tape.moves, as_of_ts)
    market = tape.pools["market"].cast(pl.Int64).to_numpy()
    values = value_pools(tape.prints, tape.facts, market, tape.pools["outcome"].to_numpy(), as_of_ts, always)
    columns = dict(zip(AMOUNTS, [*np.rint(amounts).astype(np.int64), *times], strict=True))
    frame = tape.pools.select("wallet", "token", "market").with_columns(
        *(pl.Series(name, column) for name, column in columns.items()),
        pl.Series("payout_micro", values[0]).replace(-1, None),
        pl.Series("mark_micro", values[1]).replace(-1, None),
    )
    return _settled(frame.filter(pl.col("first_ts") > 0))


def _settled(frame: pl.DataFrame) -> pl.DataFrame:
    """Pay what is open in resolved markets, mark what is open elsewhere at the last print."""
    resolved = pl.col("payout_micro").is_not_null()
    worth = pl.coalesce("payout_micro", "mark_micro").cast(pl.Float64) * pl.col("open_micro") / MICRO
    gain = worth.round().cast(pl.Int64) - pl.col("basis_micro")
    return frame.with_columns(
        pl.when(resolved).then(pl.col("open_micro")).otherwise(0).alias("settled_micro"),
        (pl.col("realised_micro") + pl.when(resolved).then(gain).otherwise(0)).alias("realised_micro"),
        pl.when(resolved).then(0).otherwise(gain).alias("marked_micro"),
        pl.when(resolved).then(0).otherwise(pl.col("open_micro")).alias("open_micro"),
        pl.when(resolved).then(0).otherwise(pl.col("basis_micro")).alias("basis_micro"),
    )


def _wallets(positions: pl.DataFrame, cash: pl.DataFrame, wallets: pl.DataFrame) -> pl.DataFrame:
    """Integer sums per wallet; a token that never printed has no mark and is counted as unmarked."""
    sums = ("fills", "cost_micro", "proceeds_micro", "fees_micro", "realised_micro", "marked_micro", "basis_micro")
    losing = (pl.col("oversold_micro") > DUST_MICRO) | (pl.col("converted_micro") > DUST_MICRO)
    totals = positions.group_by("wallet").agg(
        pl.len().cast(pl.Int64).alias("tokens"),
        pl.col("payout_micro").is_not_null().sum().cast(pl.Int64).alias("resolved_tokens"),
        (pl.col("oversold_micro") > DUST_MICRO).sum().cast(pl.Int64).alias("oversold_tokens"),
        ((pl.col("open_micro") > 0) & pl.col("marked_micro").is_null()).sum().cast(pl.Int64).alias("unmarked_tokens"),
        *(pl.col(name).sum() for name in sums),
        losing.any().alias("unknown_basis"),
    )
    paid = cash.group_by("wallet").agg(pl.col("cash_micro").sum())
    roi = pl.when(pl.col("cost_micro") > 0).then(pl.col("realised_micro") / pl.col("cost_micro") * MICRO)
    return (
        totals.join(paid, on="wallet", how="left")
        .join(wallets, on="wallet", how="left")
        .with_columns(
            pl.col("cash_micro").fill_null(0),
            (pl.col("truncated").fill_null(value=False) | pl.col("unknown_basis")).alias("truncated"),
            roi.round().cast(pl.Int64).alias("roi_micro"),
        )
        .drop("unknown_basis")
        .sort("wallet")
    )


def baseline_top_by_pnl(book: Ledger, n: int = 20) -> pl.DataFrame:
    """The wallets with the highest realised P&L: the naive choice of leaders that ours is compared with."""
    people = book.wallets.filter(~pl.col("address").is_in(sorted(VENUE_ADDRESSES)))
    return people.sort("realised_micro", "wallet", descending=[True, False]).head(n)
