"""The small scenario as a run could have heard it: some of it lies in a history, the rest comes live."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from tests.support.scenario import write_scenario
from whaletrader.adapters.polymarket.live_feed import LiveFeed
from whaletrader.datasets.decode.rows import ChainResolution, MarketMeta, VenueFill
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.universe.source import FrameSource, known_at

TABLES = ("wallets", "markets", "tokens", "transactions", "fee_schedules", "trades")


def traced_scenario(path: Path) -> Dataset:
    """Write the scenario without polled positions, each fill in a transaction of its own."""
    whole = Dataset.open(write_scenario(path.with_name(path.name + "-plain")))
    number = pl.int_range(pl.len(), dtype=pl.UInt32)
    trades = whole.table("trades").with_columns(transaction=number)
    hashes = [f"0x{row + 1:064x}" for row in range(trades.height)]
    transactions = pl.DataFrame({"tx_hash": hashes}).select(number.alias("transaction"), "tx_hash")
    return written(whole, path, trades=trades, transactions=transactions)


def written(source: Dataset | FrameSource, path: Path, **changed: pl.DataFrame) -> Dataset:
    """Write a source's tables as a dataset, some of them changed."""
    writer = DatasetWriter(path, path.name, "simulated", 0)
    told = {"name": "scenario", "file": "", "sha256": "", "importer": "by hand", "table": "*"}
    writer.add_source(SourceEntry(**told, rows_in=0, rows_out=0))
    for name in TABLES:
        writer.write(name, changed.get(name, source.table(name)))
    return writer.finish()


def history_until(whole: Dataset, ts: int, path: Path) -> Dataset:
    """Write what could be known at a time."""
    return written(known_at(whole, ts), path)


def told_rows(whole: Dataset, *, described: bool = True) -> Iterator[tuple[int, Any]]:
    """Every fill and end of a market as a live run hears it, each with its time."""
    wallets, tokens = whole.table("wallets")["address"], whole.table("tokens")["token_id"]
    markets, hashes = whole.table("markets"), whole.table("transactions")["tx_hash"]
    first: dict[int, int] = {}
    told = []
    for row in whole.table("trades").iter_rows(named=True):
        first.setdefault(row["market"], row["ts"])
        fill = VenueFill(
            source="rtds.trades",
            wallet=wallets[row["wallet"]],
            token_id=tokens[row["token"]],
            side="SELL" if row["side"] else "BUY",
            price_micro=row["price_micro"],
            size_micro=row["size_micro"],
            ts_event=row["ts"],
            tx_hash=hashes[row["transaction"]],
            market_id=markets["condition_id"][row["market"]],
            outcome_index=row["outcome_index"],
        )
        told.append((row["ts"], fill))
    for row in markets.iter_rows(named=True):
        ids = tuple(tokens[2 * row["market"] + outcome] for outcome in (0, 1))
        meta = MarketMeta(
            source="gamma", market_id=row["condition_id"], version="v1", token_ids=ids, slug=row["slug"],
            question=row["question"], neg_risk=False, tick_micro=10_000, fee_type="sports_fees_v2", fees_enabled=True,
        )  # fmt: skip
        if described:
            told.append((first.get(row["market"], row["resolved_ts"]), meta))
        payouts = (row["payout0_micro"], 1_000_000 - row["payout0_micro"])
        end = ChainResolution(
            source="chain", market_id=row["condition_id"], payouts_micro=payouts, ts_event=row["resolved_ts"]
        )
        told.append((row["resolved_ts"], end))
    yield from sorted(told, key=lambda one: one[0])


@contextmanager
def listening(run: Path) -> Iterator[LiveFeed]:
    """A feed that writes into a run's folder."""
    feed = LiveFeed(run / "live", simulated=True)
    try:
        yield feed
    finally:
        feed.close()


def hear(feed: LiveFeed, whole: Dataset, from_ts: int, until_ts: int, *, described: bool = True) -> None:
    """Let a feed hear what happened in (from, until]."""
    for ts, row in told_rows(whole, described=described):
        if from_ts < ts <= until_ts:
            feed.add([row], ts)
