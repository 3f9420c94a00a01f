"""Assembles a dataset whose fills do not fit into memory: the fills pass through in windows of time.

The result is that of the ordinary assembly, with two differences that are told: above MOST_TRANSACTIONS fills the
transactions' hashes are left out, and an archive without gaps from the venue's first day on makes its wallets complete.
"""

import math
import shutil
from pathlib import Path

import polars as pl

from whaletrader.datasets.importers.assemble import PARTIAL_SOURCES, Assembly, TradeFacts
from whaletrader.datasets.importers.staging import STAGED, StagingArea
from whaletrader.datasets.importers.truncation import archive_coverage, mark_truncated
from whaletrader.domain.values import DAY_NS

MOST_ROWS_AT_ONCE = 1_500_000
"""Fills that are worked on at a time; a dataset with fewer is assembled at once."""
MOST_TRANSACTIONS = 20_000_000
"""Fills up to which the transactions are kept: their dictionary must fit into memory."""
_FLOW = ("wallet", "token", "ts", "side", "size_micro", "dup_rank", "source_row")
_UNDECIDED = (20_000, 980_000)
_SOME_PRICE = 500_000
_MOST_ROWS_OF_A_FILE = 1 << 40


class StreamedAssembly(Assembly):
    """The ordinary assembly, but for what it does with fills."""

    def __init__(
        self,
        area: StagingArea,
        path: Path,
        name: str,
        *,
        most_rows: int = MOST_ROWS_AT_ONCE,
        most_transactions: int = MOST_TRANSACTIONS,
    ) -> None:
        super().__init__(area, path, name)
        self._most_rows = most_rows
        self._rows = area.rows("trades")
        self._traced = self._rows <= most_transactions
        self._ledger = area.folder / "_flows"
        self._windows: list[tuple[int, int]] = []

    def _fills(self) -> pl.LazyFrame:
        frames = []
        for key in self._keys:
            part = self._area.scan(key, "trades")
            if part is not None:
                place = (pl.col("source") + self._offsets[key]).cast(pl.Int16)
                frames.append(part.select(list(STAGED["trades"])).with_columns(place.alias("source")))
        rows = pl.concat(frames) if frames else pl.LazyFrame(schema=STAGED["trades"])
        return rows if self._traced else rows.with_columns(tx_hash=pl.lit(None, dtype=pl.String))

    def _trade_facts(self) -> TradeFacts:
        fills = self._fills()
        known = pl.col("condition_id").is_not_null() & pl.col("price_micro").is_between(*_UNDECIDED)
        last = fills.filter(known).group_by("condition_id").agg(pl.col("ts").max())
        days = fills.group_by(day=pl.col("ts") // DAY_NS).agg(pl.len(), latest=pl.col("ts").max())
        by_day = days.collect(engine="streaming").sort("day")
        self._windows = _windows(by_day, self._most_rows)
        latest = by_day["latest"].max()
        return TradeFacts(
            conditions=_distinct(fills, "condition_id"),
            latest_ts=latest if isinstance(latest, int) else 0,
            prints=last.with_columns(price_micro=pl.lit(_SOME_PRICE, dtype=pl.Int64)).collect(engine="streaming"),
            triples=_first_triples(fills),
            addresses=_distinct(fills, "address"),
            transactions=_distinct(fills, "tx_hash"),
            coverage=archive_coverage(fills, self._archives(), self._places_of(PARTIAL_SOURCES)),
        )

    def _write_rows(self, table: str) -> None:
        if table != "trades":
            super()._write_rows(table)
            return
        shutil.rmtree(self._ledger, ignore_errors=True)
        self._ledger.mkdir(parents=True)
        for number, (first, end) in enumerate(self._windows):
            window = self._fills().filter((pl.col("ts") >= first) & (pl.col("ts") < end)).collect(engine="streaming")
            rows = self._coded("trades", window.sort("source", "source_row"))
            rows.select(_FLOW).write_parquet(self._ledger / f"{number:05d}.parquet", compression="lz4")
            if rows.height:
                self._writer.write("trades", rows)

    def _with_truncation(self) -> pl.DataFrame:
        """Wallets in shares that fit, each with all its flows."""
        shares = max(1, math.ceil(self._rows / self._most_rows))
        flows = pl.scan_parquet(self._ledger / "*.parquet") if self._windows else pl.LazyFrame(schema=_flow_types())
        activity = self._flows["activity"]
        marked = []
        for share in range(shares):
            ours = pl.col("wallet") % shares == share
            trades = flows.filter(ours).collect(engine="streaming")
            wallets = self._wallets.filter(ours)
            marked.append(mark_truncated(wallets, trades, activity.filter(ours), self._coverage))
        shutil.rmtree(self._ledger, ignore_errors=True)
        return pl.concat(marked).sort("wallet")


def _windows(by_day: pl.DataFrame, most_rows: int) -> list[tuple[int, int]]:
    """Periods [first, end) of whole days that hold at most so many fills, or one day where that holds more."""
    windows: list[tuple[int, int]] = []
    held = 0
    for day, count in by_day.select("day", "len").iter_rows():
        if windows and held + count <= most_rows:
            windows[-1] = (windows[-1][0], (day + 1) * DAY_NS)
            held += count
        else:
            windows.append((day * DAY_NS, (day + 1) * DAY_NS))
            held = count
    return windows


def _first_triples(fills: pl.LazyFrame) -> pl.DataFrame:
    """What fills say of tokens and markets, each once, in the order in which it was said first."""
    named = ["token_id", "condition_id", "outcome_index", "outcome"]
    place = (pl.col("source").cast(pl.Int64) * _MOST_ROWS_OF_A_FILE + pl.col("source_row")).min()
    said = fills.drop_nulls("condition_id").group_by(named).agg(_place=place).collect(engine="streaming")
    return said.sort("_place").select(named)


def _distinct(fills: pl.LazyFrame, column: str) -> pl.Series:
    return fills.select(column).unique().collect(engine="streaming")[column]


def _flow_types() -> dict[str, pl.DataType]:
    types = {"wallet": pl.UInt32(), "token": pl.UInt32(), "side": pl.Int8(), "dup_rank": pl.UInt16()}
    return {name: types.get(name, pl.Int64()) for name in _FLOW}
