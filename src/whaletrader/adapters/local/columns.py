"""A dataset's fills, changes, signals and quotes as numpy columns, with index arrays per wallet, market and token.

Everything that needs a pass over all rows happens here once, in polars and numpy; lookups afterwards are binary
searches. Rows that a source, or a second source, told twice are dropped and counted.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.datasets.schema import NO_ID

Ints = NDArray[np.int64]

_TRADE_KEY = ("transaction", "wallet", "token", "side", "size_micro")
_NO_TRANSACTION = pl.col("transaction") == NO_ID


@dataclass(frozen=True, slots=True)
class Index:
    """Row numbers grouped by a code: the rows of `code` are `rows[starts[code]:starts[code + 1]]`, ascending."""

    rows: Ints
    starts: Ints

    def of(self, code: int) -> Ints:
        """Return the rows of a code, a view."""
        if not 0 <= code < len(self.starts) - 1:
            return self.rows[:0]
        return self.rows[self.starts[code] : self.starts[code + 1]]

    def after(self, code: int, row: int) -> int:
        """Return the first row of a code behind `row`, -1 when there is none."""
        rows = self.of(code)
        place = int(np.searchsorted(rows, row, side="right"))
        return int(rows[place]) if place < len(rows) else -1


def index_by(codes: Ints) -> Index:
    """Group row numbers by code; the rows of a code keep their order."""
    n_codes = int(codes.max()) + 1 if len(codes) else 0
    rows = np.argsort(codes, kind="stable").astype(np.int64)
    starts = np.searchsorted(codes[rows], np.arange(n_codes + 1)).astype(np.int64)
    return Index(rows, starts)


@dataclass(frozen=True, slots=True)
class Fills:
    """The trades that are replayed, in the order of time; one entry a row in every column."""

    ts: Ints
    wallet: Ints
    token: Ints
    market: Ints
    outcome: Ints
    side: Ints
    role: Ints
    price: Ints
    size: Ints
    transaction: Ints
    repeat: Ints
    """How many equal rows of the same transaction came before: the last part of the natural key."""
    n_dropped: int
    """Rows left out because another row tells the same fill."""
    by_wallet: Index
    by_market: Index


def load_fills(trades: pl.DataFrame) -> Fills:
    """Take a dataset's trades, each fill once."""
    usable = trades.filter(
        (pl.col("dup_rank") == 0)
        & (pl.col("market") != NO_ID)
        & (pl.col("token") != NO_ID)
        & (pl.col("wallet") != NO_ID)
        & pl.col("outcome_index").is_between(0, 1)
        & pl.col("price_micro").is_not_null()
        & pl.col("size_micro").is_not_null()
    )
    # Without a transaction, time and price must stand in for it: two sources may still agree on a row.
    ts = pl.when(_NO_TRANSACTION).then(pl.col("ts")).otherwise(0).alias("key_ts")
    price = pl.when(_NO_TRANSACTION).then(pl.col("price_micro")).otherwise(0).alias("key_price")
    keyed = usable.with_columns(ts, price)
    key = [*_TRADE_KEY, "key_ts", "key_price"]
    numbered = keyed.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).over([*key, "source"]).alias("repeat"))
    kept = numbered.filter(pl.struct([*key, "repeat"]).is_first_distinct())
    columns = {name: _ints(kept, name) for name in ("ts", "wallet", "token", "market", "outcome_index", "side", "role")}
    columns |= {name: _ints(kept, name) for name in ("price_micro", "size_micro", "transaction", "repeat")}
    return Fills(
        ts=columns["ts"],
        wallet=columns["wallet"],
        token=columns["token"],
        market=columns["market"],
        outcome=columns["outcome_index"],
        side=columns["side"],
        role=columns["role"],
        price=columns["price_micro"],
        size=columns["size_micro"],
        transaction=columns["transaction"],
        repeat=columns["repeat"],
        n_dropped=trades.height - kept.height,
        by_wallet=index_by(columns["wallet"]),
        by_market=index_by(columns["market"]),
    )


CHANGE_KINDS = ("SPLIT", "MERGE", "CONVERSION")
_CHANGE_KEY = ("transaction", "wallet", "kind", "market", "size_micro")


@dataclass(frozen=True, slots=True)
class Changes:
    """What moved positions without a trade, one entry for each token that it moved, in the order of time."""

    ts: Ints
    wallet: Ints
    market: Ints
    outcome: Ints
    kind: Ints
    """Index into `CHANGE_KINDS`."""
    size: Ints
    transaction: Ints
    repeat: Ints
    """How many equal rows of the same transaction came before: the last part of the natural key."""
    by_wallet: Index

    @property
    def gained(self) -> NDArray[np.bool_]:
        """Whether the wallet got the shares."""
        found: NDArray[np.bool_] = self.kind == CHANGE_KINDS.index("SPLIT")
        return found


def load_changes(activity: pl.DataFrame, markets: pl.Series) -> Changes:
    """Take a dataset's splits and merges, which move both outcomes, and its conversions, which give up outcome 1.

    What a conversion brings is not among the rows of the markets that it gave up; nobody is followed into it. Of other
    markets than `markets` nothing is taken.
    """
    usable = activity.filter(
        pl.col("kind").is_in(CHANGE_KINDS)
        & pl.col("market").is_in(markets.implode())
        & (pl.col("wallet") != NO_ID)
        & (pl.col("size_micro") > 0)
    )
    keyed = usable.with_columns(pl.when(_NO_TRANSACTION).then(pl.col("ts")).otherwise(0).alias("key_ts"))
    key = [*_CHANGE_KEY, "key_ts"]
    numbered = keyed.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).over([*key, "source"]).alias("repeat"))
    kept = numbered.filter(pl.struct([*key, "repeat"]).is_first_distinct())
    both = kept.with_columns(
        pl.col("kind").replace_strict(CHANGE_KINDS, range(len(CHANGE_KINDS)), return_dtype=pl.Int64),
        outcome_index=pl.when(pl.col("kind") == "CONVERSION").then([1]).otherwise([0, 1]),
    ).explode("outcome_index")
    wallet = _ints(both, "wallet")
    return Changes(
        ts=_ints(both, "ts"),
        wallet=wallet,
        market=_ints(both, "market"),
        outcome=_ints(both, "outcome_index"),
        kind=_ints(both, "kind"),
        size=_ints(both, "size_micro"),
        transaction=_ints(both, "transaction"),
        repeat=_ints(both, "repeat"),
        by_wallet=index_by(wallet),
    )


@dataclass(frozen=True, slots=True)
class Signals:
    """Positions found by polling, in the order of time."""

    ts: Ints
    prev_seen: Ints
    wallet: Ints
    token: Ints
    market: Ints
    outcome: Ints
    size: Ints
    price: Ints
    n_dropped: int
    by_wallet: Index


def load_signals(signals: pl.DataFrame) -> Signals:
    """Take a dataset's signals, each position of a wallet found at a time once."""
    usable = signals.filter(
        (pl.col("market") != NO_ID)
        & (pl.col("token") != NO_ID)
        & (pl.col("wallet") != NO_ID)
        & pl.col("outcome_index").is_between(0, 1)
        & pl.col("price_micro").is_not_null()
    )
    kept = usable.filter(pl.struct("wallet", "token", "ts").is_first_distinct())
    wallet = _ints(kept, "wallet")
    return Signals(
        ts=_ints(kept, "ts"),
        prev_seen=_ints(kept, "prev_seen_ts"),
        wallet=wallet,
        token=_ints(kept, "token"),
        market=_ints(kept, "market"),
        outcome=_ints(kept, "outcome_index"),
        size=_ints(kept, "size_micro"),
        price=_ints(kept, "price_micro"),
        n_dropped=signals.height - kept.height,
        by_wallet=index_by(wallet),
    )


@dataclass(frozen=True, slots=True)
class Quotes:
    """Best bids and asks, in the order of time; -1 where unknown."""

    ts: Ints
    bid: Ints
    ask: Ints
    bid_size: Ints
    ask_size: Ints
    by_token: Index


def load_quotes(quotes: pl.DataFrame) -> Quotes:
    """Take a dataset's quotes."""
    return Quotes(
        ts=_ints(quotes, "ts"),
        bid=_ints(quotes, "bid_micro"),
        ask=_ints(quotes, "ask_micro"),
        bid_size=_ints(quotes, "bid_size_micro"),
        ask_size=_ints(quotes, "ask_size_micro"),
        by_token=index_by(_ints(quotes, "token")),
    )


def _ints(frame: pl.DataFrame, column: str) -> Ints:
    return frame[column].cast(pl.Int64).fill_null(-1).to_numpy().copy()
