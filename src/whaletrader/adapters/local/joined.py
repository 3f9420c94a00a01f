"""A history and what was heard since as one set of tables for scoring; neither is changed on the disk.

The history's codes stay as they are, what is new is numbered behind them. What both tell of a wallet's side of a
transaction counts once, as the history has it. A market that ended meanwhile has ended. Fills of a market that neither
describes are left out: nobody can say with which others it settles together.
"""

from dataclasses import dataclass

import polars as pl

from whaletrader.datasets.schema import NO_ID, TABLES
from whaletrader.datasets.store import Dataset
from whaletrader.domain.values import NANOS
from whaletrader.universe.source import FrameSource, TableSource

NO_HISTORY = "no history"
READ = ("wallets", "markets", "tokens", "fee_schedules", "trades", "signals", "quotes")
"""What scoring reads."""
NEWEST_TRACED = 500_000
"""A history is made before its run begins, so that only its newest fills can be heard as well."""
_SIDE = ("transaction", "wallet", "token", "side")
_ALIKE = ("wallet", "token", "side", "size_micro", "price_micro")
"""What tells fills without transactions apart, as far as that goes."""
_NEAR_NS = 600 * NANOS
_ENDED = ("resolved", "payout0_micro", "resolved_ts", "resolved_ts_kind")
_DESCRIBED = ("slug", "question", "category", "event_group", "neg_risk")
_FACTS = ("tick_micro", "min_order_micro", "start_ts", "end_ts")


@dataclass(frozen=True, slots=True)
class _Codes:
    """Where the heard tables' ids lie in the joined ones, by row; `shift` is by how much the history's tokens without a
    market moved, and `first_free` the first of them.
    """

    wallet: pl.Series
    market: pl.Series
    transaction: pl.Series
    first_free: int
    shift: int

    def of_history(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Move the history's tokens without a market behind the new markets'."""
        free = (pl.col("token") >= self.first_free) & (pl.col("token") != NO_ID)
        moved = (pl.col("token").cast(pl.Int64) + self.shift).cast(pl.UInt32)
        return rows.with_columns(token=pl.when(free).then(moved).otherwise("token"))

    def token(self, rows: pl.DataFrame) -> pl.Expr:
        """Return the joined token of heard rows; token 2m + i is outcome i of market m."""
        market = self.market.gather(rows["token"] // 2).cast(pl.Int64) * 2
        return (pl.lit(market) + pl.col("token").cast(pl.Int64) % 2).cast(pl.UInt32).alias("token")


class Past:
    """A history as it was when it was opened, read at once: it may be replaced on the disk while a run goes on."""

    def __init__(self, history: Dataset | None) -> None:
        self.source: TableSource = FrameSource({}, NO_HISTORY)
        self.n_transactions, self.transactions = 0, pl.DataFrame(schema=TABLES["transactions"])
        """Of the newest fills."""
        if history is not None:
            self.source = FrameSource({name: history.table(name) for name in READ}, history.fingerprint)
            every = history.scan("transactions")
            newest = self.source.table("trades").tail(NEWEST_TRACED).select("transaction").unique()
            self.transactions = every.join(newest.lazy(), on="transaction", how="semi").collect(engine="streaming")
            self.n_transactions = history.manifest.tables["transactions"].rows


def joined(past: Past, heard: Dataset, *, until_ts: int, most_fills: int) -> FrameSource:
    """Join; of the heard fills and quotes the newest `most_fills` each. The fingerprint says what is in it."""
    old = past.source
    markets = _markets(old.table("markets"), heard.table("markets"))
    wallets = _wallets(old.table("wallets"), heard.table("wallets"))
    n_old = old.table("markets").height
    codes = _Codes(
        wallet=_codes(heard.table("wallets"), wallets, "wallet", "address"),
        market=_codes(heard.table("markets"), markets, "market", "condition_id"),
        transaction=_transactions(past, heard),
        first_free=2 * n_old,
        shift=2 * (markets.height - n_old),
    )
    trades = codes.of_history(old.table("trades"))
    new = _not_told(_fills(heard, markets, codes, most_fills), trades)
    first = new["ts"].min()
    amount = f"{new.height} fills from {first} on" if isinstance(first, int) else "no fills"
    return FrameSource(
        {
            "wallets": wallets,
            "markets": markets,
            "tokens": _tokens(old.table("tokens"), heard.table("tokens"), codes, markets),
            "fee_schedules": _fees(old, heard, codes, n_old),
            "trades": _in_time(trades, new),
            "signals": codes.of_history(old.table("signals")),
            "quotes": _in_time(codes.of_history(old.table("quotes")), _quotes(heard, codes, most_fills)),
        },
        f"{old.fingerprint}+live until {until_ts}, {amount}",
    )


def _codes(heard: pl.DataFrame, table: pl.DataFrame, code: str, text: str) -> pl.Series:
    found = heard.select(text).join(table.select(text, code), on=text, how="left", maintain_order="left")
    return found[code]


def _wallets(old: pl.DataFrame, heard: pl.DataFrame) -> pl.DataFrame:
    """Nobody knows until when the history's record of a wallet is whole: with what was heard it may have a hole."""
    both = pl.col("address").is_in(heard["address"].implode())
    holed = both & ~pl.col("truncated")
    kept = old.with_columns(
        truncated=pl.col("truncated") | both,
        truncation_reason=pl.when(holed).then(pl.lit("gap")).otherwise("truncation_reason"),
    )
    return _behind(kept, heard.join(old, on="address", how="anti", maintain_order="left"), "wallet")


def _markets(old: pl.DataFrame, heard: pl.DataFrame) -> pl.DataFrame:
    names = (*_ENDED, *_DESCRIBED, *_FACTS)
    told = heard.select("condition_id", *(pl.col(name).alias(f"_{name}") for name in names))
    both = old.join(told, on="condition_id", how="left", maintain_order="left")
    ended = ~pl.col("resolved") & pl.col("_resolved").fill_null(value=False)
    described = ~_is_described() & pl.col("_slug").is_not_null()
    kept = both.with_columns(
        *(pl.when(ended).then(f"_{name}").otherwise(name).alias(name) for name in _ENDED),
        *(pl.when(described).then(f"_{name}").otherwise(name).alias(name) for name in _DESCRIBED),
        *(pl.coalesce(name, f"_{name}") for name in _FACTS),
    ).select(list(TABLES["markets"]))
    return _behind(kept, heard.join(old, on="condition_id", how="anti", maintain_order="left"), "market")


def _is_described() -> pl.Expr:
    return (pl.col("slug") != "") | (pl.col("question") != "") | (pl.col("event_group") != pl.col("condition_id"))


def _behind(kept: pl.DataFrame, new: pl.DataFrame, code: str) -> pl.DataFrame:
    """Number the new rows behind the kept ones."""
    numbered = new.with_columns((pl.int_range(pl.len()) + kept.height).cast(pl.UInt32).alias(code))
    return pl.concat([kept, numbered.select(kept.columns)])


def _tokens(old: pl.DataFrame, heard: pl.DataFrame, codes: _Codes, markets: pl.DataFrame) -> pl.DataFrame:
    told = heard.filter(pl.col("market") != NO_ID)
    told = told.with_columns(codes.token(told), market=codes.market.gather(told["market"]))
    new = told.filter(pl.col("token") >= codes.first_free)
    named = told.select("token", _id="token_id")
    kept = old.filter(pl.col("token") < codes.first_free).join(named, on="token", how="left", maintain_order="left")
    placeholder = pl.col("token_id").str.contains(":", literal=True) & pl.col("_id").is_not_null()
    kept = kept.with_columns(token_id=pl.when(placeholder).then("_id").otherwise("token_id")).drop("_id")
    free = codes.of_history(old.filter(pl.col("token") >= codes.first_free))
    assert new.height == 2 * markets.height - codes.first_free, "a market has two tokens"
    return pl.concat([kept, new.sort("token").select(kept.columns), free])


def _transactions(past: Past, heard: Dataset) -> pl.Series:
    hashes = heard.table("transactions").select("tx_hash")
    found = hashes.join(past.transactions, on="tx_hash", how="left", maintain_order="left")
    new = (pl.int_range(pl.len()) + past.n_transactions).cast(pl.UInt32)
    return found.select(pl.coalesce("transaction", new))["transaction"]


def _fills(heard: Dataset, markets: pl.DataFrame, codes: _Codes, most: int) -> pl.DataFrame:
    described = markets.select(_is_described())["slug"].gather(codes.market)
    wanted = pl.DataFrame({"market": heard.table("markets")["market"]}).filter(described)
    rows = heard.scan("trades").filter(pl.col("dup_rank") == 0).join(wanted.lazy(), on="market", how="semi")
    newest = rows.collect(engine="streaming").sort("ts", "source", "source_row").tail(most)
    traced = newest.select(transaction=pl.when(pl.col("transaction") != NO_ID).then("transaction"))["transaction"]
    return newest.with_columns(
        codes.token(newest),
        wallet=codes.wallet.gather(newest["wallet"]),
        market=codes.market.gather(newest["market"]),
        transaction=codes.transaction.gather(traced).fill_null(NO_ID),
    )


def _not_told(heard: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
    """Leave out what the history tells; where it knows no transactions, what looks like one of its newest fills."""
    first = heard["ts"].min()
    if not isinstance(first, int) or history.is_empty():
        return heard
    near = history.filter(pl.col("ts") >= first - _NEAR_NS)
    untold = heard.join(near.filter(pl.col("transaction") != NO_ID), on=_SIDE, how="anti", maintain_order="left")
    loose = near.filter(pl.col("transaction") == NO_ID)
    last = loose["ts"].max()
    if not isinstance(last, int):
        return untold
    alike = untold.filter(pl.col("ts") <= last + _NEAR_NS).join(loose, on=_ALIKE, how="anti", maintain_order="left")
    return pl.concat([alike, untold.filter(pl.col("ts") > last + _NEAR_NS)])


def _quotes(heard: Dataset, codes: _Codes, most: int) -> pl.DataFrame:
    known = heard.scan("quotes").filter(pl.col("token") < 2 * heard.table("markets").height).tail(most).collect()
    return known.with_columns(codes.token(known))


def _fees(old: TableSource, heard: Dataset, codes: _Codes, n_old: int) -> pl.DataFrame:
    told = heard.table("fee_schedules")
    new = told.with_columns(market=codes.market.gather(told["market"])).filter(pl.col("market") >= n_old)
    return pl.concat([old.table("fee_schedules"), new.sort("market", "from_ts")])


def _in_time(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    return old.merge_sorted(new.select(old.columns).sort("ts", maintain_order=True), key="ts") if new.height else old
