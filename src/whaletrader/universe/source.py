"""What scoring needs of a dataset, and a dataset held in frames (a part of another one, or a made-up one of a test)."""

from typing import Protocol

import polars as pl

from whaletrader.datasets.schema import TABLES


class TableSource(Protocol):
    """Canonical tables by name; `datasets.store.Dataset` is one."""

    @property
    def fingerprint(self) -> str:
        """A digest of the content."""
        ...

    def has(self, name: str) -> bool:
        """Whether the table is there and has rows."""
        ...

    def table(self, name: str) -> pl.DataFrame:
        """The table in schema order; empty where the dataset has none."""
        ...


class FrameSource:
    """Canonical tables held in memory; a table that is not given is empty."""

    def __init__(self, tables: dict[str, pl.DataFrame], fingerprint: str = "in memory") -> None:
        self._tables = tables
        self._fingerprint = fingerprint

    @property
    def fingerprint(self) -> str:
        """The digest that was given."""
        return self._fingerprint

    def has(self, name: str) -> bool:
        """Whether the table was given and has rows."""
        return name in self._tables and self._tables[name].height > 0

    def table(self, name: str) -> pl.DataFrame:
        """The table that was given, else an empty one."""
        return self._tables[name] if name in self._tables else pl.DataFrame(schema=TABLES[name])


def known_at(source: TableSource, as_of_ts: int) -> FrameSource:
    """The dataset as it could be known at a time: later rows are gone, later resolutions are open again."""
    late = pl.col("resolved") & ~(pl.col("resolved_ts") <= as_of_ts).fill_null(value=False)
    markets = source.table("markets").with_columns(
        pl.when(late).then(None).otherwise(pl.col("payout0_micro")).alias("payout0_micro"),
        pl.when(late).then(None).otherwise(pl.col("resolved_ts")).alias("resolved_ts"),
        (pl.col("resolved") & ~late).alias("resolved"),
    )
    tables = {name: source.table(name) for name in ("wallets", "tokens", "transactions", "fee_schedules")}
    for name in ("trades", "activity", "signals", "prices", "quotes"):
        tables[name] = source.table(name).filter(pl.col("ts") <= as_of_ts)
    return FrameSource({**tables, "markets": markets}, f"{source.fingerprint}@{as_of_ts}")
