"""Tiny bundles and datasets, written row by row: what a test does not name has a sound default."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from whaletrader.datasets.importers.run import import_bundle
from whaletrader.datasets.schema import NO_ID, TABLES
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.domain.values import NANOS

T0 = 1_775_500_000
"""2026-04-06T18:26:40Z in seconds."""

Rows = Iterable[dict[str, Any]]

_MARKET: dict[str, Any] = {
    "condition_id": "",
    "question": "Will it?",
    "slug": None,
    "event_slug": None,
    "category": None,
    "tags": None,
    "start_date": None,
    "end_date": None,
    "created_at": None,
    "outcome0": "Yes",
    "outcome1": "No",
    "token0": None,
    "token1": None,
    "neg_risk": False,
    "tick_size": 0.01,
    "min_order_size": 5.0,
    "fees_enabled": None,
    "fee_type": "nan",
    "sports_market_type": None,
    "resolved": False,
    "winning_outcome_index": None,
    "resolved_at_ts": None,
    "first_redeem_ts": None,
    "gamma_snapshot_ts": None,
    "updown_window_end_ts": None,
    "closed_ts": None,
    "resolved_upper_bound_ts": None,
}
_MARKET_TYPES: dict[str, Any] = {
    **dict.fromkeys(_MARKET, pl.String),
    "neg_risk": pl.Boolean,
    "tick_size": pl.Float64,
    "min_order_size": pl.Float64,
    "fees_enabled": pl.Boolean,
    "resolved": pl.Boolean,
    "winning_outcome_index": pl.Float64,
    "resolved_at_ts": pl.Int64,
    "first_redeem_ts": pl.Int64,
    "updown_window_end_ts": pl.Int64,
    "closed_ts": pl.Int64,
    "resolved_upper_bound_ts": pl.Int64,
}
_TRADE: dict[str, Any] = {
    "ts": T0,
    "wallet": "",
    "side": "BUY",
    "price": 0.4,
    "size": 10.0,
    "usd": 4.0,
    "fee_usd_implied": None,
    "role_inferred": None,
    "outcome_index": 0,
    "outcome": "Yes",
    "won": None,
    "condition_id": "",
    "asset_id": None,
    "tx_hash": None,
    "source": "some/sample",
    "trader_name": "",
}
_TRADE_TYPES: dict[str, Any] = {
    **dict.fromkeys(_TRADE, pl.String),
    "ts": pl.Int64,
    "price": pl.Float64,
    "size": pl.Float64,
    "usd": pl.Float64,
    "fee_usd_implied": pl.Float32,
    "outcome_index": pl.Int8,
    "won": pl.Float64,
}


def cid(number: int) -> str:
    """A condition id."""
    return f"0x{number:064x}"


def wallet(number: int) -> str:
    """A wallet's address."""
    return f"0x{number:040x}"


def token(market: int, outcome: int) -> str:
    """The token id of a market's outcome: a decimal string."""
    return str(10_000 + 2 * market + outcome)


def market_row(number: int, **given: Any) -> dict[str, Any]:
    """A market with both tokens named."""
    own = {
        "condition_id": cid(number),
        "slug": f"slug-{number}",
        "token0": token(number, 0),
        "token1": token(number, 1),
    }
    return {**_MARKET, **own, **given}


def trade_row(market: int = 1, who: int = 1, **given: Any) -> dict[str, Any]:
    """A fill of outcome 0 with its token named."""
    outcome = given.get("outcome_index", 0)
    own = {
        "condition_id": cid(market),
        "wallet": wallet(who),
        "asset_id": token(market, outcome or 0),
        "tx_hash": "0xaa",
    }
    return {**_TRADE, **own, **given}


def frame_of(rows: Rows, types: dict[str, Any]) -> pl.DataFrame:
    """Rows as a frame of the given types."""
    return pl.DataFrame(list(rows), schema=types)


def write_bundle(folder: Path, markets: Rows = (), trades: Rows = ()) -> Path:
    """A bundle with the two indispensable tables."""
    folder.mkdir(parents=True, exist_ok=True)
    frame_of(markets, _MARKET_TYPES).write_parquet(folder / "markets.parquet")
    frame_of(trades, _TRADE_TYPES).write_parquet(folder / "trades.parquet")
    return folder


def imported(folder: Path, markets: Rows = (), trades: Rows = ()) -> Dataset:
    """The dataset of a bundle of these rows."""
    return import_bundle(write_bundle(folder / "bundle", markets, trades), folder / "dataset").dataset


def table_frame(name: str, rows: Rows) -> pl.DataFrame:
    """Rows of a canonical table; what is not given is 0, empty or false."""
    defaults: dict[str, Any] = {}
    for column, dtype in TABLES[name].items():
        defaults[column] = "" if dtype == pl.String else False if dtype == pl.Boolean else 0
    return pl.DataFrame([{**defaults, **row} for row in rows], schema=TABLES[name])


def write_dataset(folder: Path, trades: Rows = (), **tables: Rows) -> Dataset:
    """A canonical dataset of two wallets and two markets (the first resolved for outcome 0) with these trades."""
    sound: dict[str, Rows] = {
        "wallets": [{"wallet": n, "address": wallet(n)} for n in range(2)],
        "markets": [
            {
                "market": 0,
                "condition_id": cid(0),
                "resolved": True,
                "payout0_micro": 1_000_000,
                "resolved_ts": (T0 + 9_000) * NANOS,
                "resolved_ts_kind": "exact",
            },
            {
                "market": 1,
                "condition_id": cid(1),
                "payout0_micro": None,
                "resolved_ts": None,
                "resolved_ts_kind": "unknown",
            },
        ],
        "tokens": [{"token": n, "token_id": str(n), "market": n // 2, "outcome_index": n % 2} for n in range(4)],
        "transactions": [{"transaction": 0, "tx_hash": "0xaa"}],
        "fee_schedules": [{"market": n, "provenance": "inferred"} for n in range(2)],
        "trades": [canonical_trade(**row) for row in trades],
    }
    writer = DatasetWriter(folder, "tiny", "real")
    for name, rows in {**sound, **tables}.items():
        writer.write(name, table_frame(name, rows))
    writer.add_source(source_entry())
    return writer.finish()


def canonical_trade(**given: Any) -> dict[str, Any]:
    """A sound canonical fill: wallet 0 buys 10 shares of outcome 0 of market 0 at 0.4."""
    sound = {
        "ts": T0 * NANOS,
        "price_micro": 400_000,
        "size_micro": 10_000_000,
        "transaction": NO_ID,
        "fee_micro": None,
    }
    return {**sound, **given}


def source_entry() -> Any:
    """An entry that rows of source 0 belong to."""
    from whaletrader.datasets.manifest import SourceEntry

    return SourceEntry(name="s", file="f", sha256="0", importer="test/1", table="trades", rows_in=1, rows_out=1)
