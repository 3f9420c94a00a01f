"""A dataset's markets and fills as the exchange replays them: columns in memory, times moved to its own clock."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.adapters.paper.server.types import VenueMarket
from whaletrader.datasets.schema import NO_ID
from whaletrader.datasets.store import Dataset
from whaletrader.domain.amounts import known_tick
from whaletrader.domain.contract_ids import token_id
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.values import MICRO, FeeProvenance
from whaletrader.errors import DataError

MIN_ORDER_MICRO = 5 * MICRO


@dataclass(frozen=True, slots=True)
class Clockwork:
    """Moves a dataset's times to the exchange's: `speed` seconds of the dataset pass in one."""

    first_ts: int
    started_ns: int
    speed: float

    def due(self, now_ns: int) -> int:
        """The dataset's time at a time of the exchange."""
        return self.first_ts + round((now_ns - self.started_ns) * self.speed)

    def at(self, ts: int) -> int:
        """The exchange's time at a time of the dataset."""
        return self.started_ns + round((ts - self.first_ts) / self.speed)


@dataclass(frozen=True, slots=True)
class Prints:
    """Fills in order of time, those of one transaction together; equal lengths."""

    ts: NDArray[np.int64]
    group: NDArray[np.int64]
    """Changes where another transaction (or a fill without one) begins."""
    wallet: NDArray[np.int64]
    market: NDArray[np.int64]
    outcome: NDArray[np.int64]
    side: NDArray[np.int64]
    role: NDArray[np.int64]
    price: NDArray[np.int64]
    size: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ts)


class ReplayData:
    """What a replay reads of a dataset."""

    def __init__(self, path: Path) -> None:
        dataset = Dataset.open(path)
        self.wallets: list[str] = dataset.table("wallets")["address"].to_list()
        self.markets = dataset.table("markets").to_dicts()
        tokens = dataset.table("tokens").filter(pl.col("market") != NO_ID)
        self._tokens = {(row["market"], row["outcome_index"]): row for row in tokens.to_dicts()}
        self._fees: dict[int, FeeSchedule] = {}
        for row in dataset.table("fee_schedules").sort("market", "from_ts").iter_rows(named=True):
            formula = (row["rate_micro"], row["exponent"], row["times_price"])
            self._fees[row["market"]] = FeeSchedule(*formula, provenance=FeeProvenance.MARKET)
        self.prints = _prints(dataset.table("trades"))
        if not len(self.prints):
            raise DataError(f"{path} has no trades to replay")

    def venue_market(self, market: int, clock: Clockwork) -> VenueMarket:
        """A market as the exchange lists it, its times moved."""
        row = self.markets[market]
        fee = self._fees.get(market, FeeSchedule(0))
        condition, neg_risk = row["condition_id"], bool(row["neg_risk"])
        return VenueMarket(
            condition_id=condition,
            token_ids=(self._token(market, 0, condition, neg_risk), self._token(market, 1, condition, neg_risk)),
            question_id=condition,
            slug=row["slug"] or condition[2:18],
            event_slug=row["event_group"],
            title=row["question"] or row["slug"],
            category=row["category"],
            outcomes=(self._outcome(market, 0, "Yes"), self._outcome(market, 1, "No")),
            neg_risk=neg_risk,
            neg_risk_market_id=condition[:-2] + "00" if neg_risk else "",
            tick_micro=known_tick(row["tick_micro"] or 1_000),
            min_order_micro=row["min_order_micro"] or MIN_ORDER_MICRO,
            fee=fee,
            fee_type=f"{row['category']}_fees" if fee.rate_micro else "",
            end_ts=clock.at(row["end_ts"]) if row["end_ts"] is not None else -1,
            created_ts=clock.at(row["start_ts"]) if row["start_ts"] is not None else clock.started_ns,
        )

    def resolutions(self) -> list[tuple[int, int, tuple[int, int]]]:
        """(time, market, payouts) of every market whose end is known, in order of time."""
        known = [
            (row["resolved_ts"], row["market"], (row["payout0_micro"], MICRO - row["payout0_micro"]))
            for row in self.markets
            if row["resolved"] and row["resolved_ts"] is not None and row["payout0_micro"] is not None
        ]
        return sorted(known)

    def _token(self, market: int, outcome: int, condition: str, neg_risk: bool) -> str:
        told = self._tokens.get((market, outcome), {}).get("token_id", "")
        return told if told.isdigit() else token_id(condition, outcome, neg_risk=neg_risk)

    def _outcome(self, market: int, outcome: int, usual: str) -> str:
        return self._tokens.get((market, outcome), {}).get("outcome") or usual


def _prints(trades: pl.DataFrame) -> Prints:
    rows = trades.filter(pl.col("market") != NO_ID, pl.col("outcome_index").is_in([0, 1]))
    rows = rows.with_row_index("place")
    alone = pl.col("place").cast(pl.Int64) + NO_ID + 1
    rows = rows.with_columns(
        group=pl.when(pl.col("transaction") == NO_ID).then(alone).otherwise(pl.col("transaction").cast(pl.Int64))
    ).sort("ts", "group", "place")

    def column(name: str) -> NDArray[np.int64]:
        return rows[name].cast(pl.Int64).to_numpy()

    return Prints(
        column("ts"),
        column("group"),
        column("wallet"),
        column("market"),
        column("outcome_index"),
        column("side"),
        column("role"),
        column("price_micro"),
        column("size_micro"),
    )
