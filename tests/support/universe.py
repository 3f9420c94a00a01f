"""Small hand-made datasets for the tests of `universe`: times in seconds, prices and shares in whole units."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from whaletrader.datasets.schema import NO_ID, TABLES
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.universe.source import FrameSource

BUY, SELL = 0, 1


def micro(value: float | None) -> int | None:
    return None if value is None else round(value * MICRO)


def nanos(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * NANOS)


@dataclass
class Tape:
    """Collects rows and makes a source of them; market m has tokens 2m and 2m + 1."""

    wallets: int = 4
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, name: str, **row: Any) -> "Tape":
        self.rows.setdefault(name, []).append(row)
        return self

    def market(
        self, m: int, payout0: float | None = None, resolved: float | None = None, *,
        category: str = "sports", group: str | None = None, rate: float | None = 0.0,
    ) -> "Tape":  # fmt: skip
        self.add(
            "markets", market=m, condition_id=f"0x{m}", category=category, event_group=group or f"0x{m}",
            resolved=payout0 is not None, payout0_micro=micro(payout0), resolved_ts=nanos(resolved),
            resolved_ts_kind="exact",
        )  # fmt: skip
        for outcome in range(2):
            self.add("tokens", token=2 * m + outcome, token_id=str(2 * m + outcome), market=m, outcome_index=outcome)
        return self if rate is None else self.fee(m, rate)

    def fee(self, m: int, rate: float, *, since: float = 0, provenance: str = "market") -> "Tape":
        return self.add(
            "fee_schedules", market=m, from_ts=nanos(since), rate_micro=micro(rate), exponent=1, times_price=False,
            provenance=provenance,
        )  # fmt: skip

    def trade(
        self, ts: float, wallet: int, m: int, price: float, size: float = 100.0, *, outcome: int = 0, side: int = BUY,
        tx: int = NO_ID, fee: float | None = None, role: int = -1, dup_rank: int = 0,
    ) -> "Tape":  # fmt: skip
        known = m != NO_ID
        return self.add(
            "trades", ts=nanos(ts), wallet=wallet, token=2 * m + outcome if known else NO_ID, market=m,
            outcome_index=outcome, side=side, role=role, price_micro=micro(price), size_micro=micro(size),
            fee_micro=micro(fee), transaction=tx, dup_rank=dup_rank, source=0,
            source_row=len(self.rows.get("trades", [])),
        )  # fmt: skip

    def signal(self, ts: float, wallet: int, m: int, price: float, *, outcome: int = 0, leader: float = 0.5) -> "Tape":
        return self.add(
            "signals", ts=nanos(ts), prev_seen_ts=nanos(ts - 60), wallet=wallet, token=2 * m + outcome, market=m,
            outcome_index=outcome, size_micro=MICRO, avg_price_micro=micro(leader), price_micro=micro(price),
        )  # fmt: skip

    def act(self, ts: float, wallet: int, kind: str, m: int = NO_ID, size: float = 0.0, usd: float = 0.0) -> "Tape":
        return self.add(
            "activity", ts=nanos(ts), wallet=wallet, kind=kind, market=m, token=NO_ID, size_micro=micro(size),
            usd_micro=micro(usd), transaction=NO_ID,
        )  # fmt: skip

    def quote(self, ts: float, token: int, bid: float, ask: float) -> "Tape":
        return self.add("quotes", ts=nanos(ts), token=token, bid_micro=micro(bid), ask_micro=micro(ask))

    def source(self, addresses: Sequence[str] | None = None) -> FrameSource:
        names = addresses or [f"0x{w:040x}" for w in range(1, self.wallets + 1)]
        people = [{"wallet": w, "address": a, "truncated": False, "truncation_reason": ""} for w, a in enumerate(names)]
        rows = {**self.rows, "wallets": people}
        tables = {name: pl.DataFrame(rows.get(name, []), schema=TABLES[name]) for name in TABLES}
        for name in ("trades", "activity", "signals", "quotes"):
            tables[name] = tables[name].sort("ts", maintain_order=True)
        return FrameSource(tables, "hand-made")
