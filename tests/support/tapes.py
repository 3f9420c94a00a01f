"""A tape of prints held in memory, for tests of whatever reads one."""

from dataclasses import dataclass, field

import numpy as np

from whaletrader.domain.fees import WORST_CASE, FeeSchedule
from whaletrader.domain.values import NANOS
from whaletrader.ports.tape import NO_TRANSACTION, Prints, TapeMarket

MARKET = "0x" + "a1" * 32
YES, NO = "1001", "1002"
LEADER, OTHER = "0x" + "aa" * 20, "0x" + "bb" * 20


def tape_market(**changes):
    values = {
        "market_id": MARKET,
        "token_ids": (YES, NO),
        "category": "crypto",
        "neg_risk": False,
        "tick_micro": 10_000,
        "min_order_micro": 5_000_000,
        "resolved": True,
        "resolved_ts": 10_000 * NANOS,
        "payouts_micro": (1_000_000, 0),
    }
    return TapeMarket(**{**values, **changes})


@dataclass(frozen=True)
class Print:
    """One print; `ts` in seconds, price and size in units."""

    ts: float
    price: float
    size: float = 100.0
    wallet: str = OTHER
    outcome: int = 0
    transaction: int = NO_TRANSACTION
    market_id: str = MARKET


@dataclass
class MemoryTape:
    """A `PrintTape` from a list."""

    rows: list[Print] = field(default_factory=list)
    markets: list[TapeMarket] = field(default_factory=lambda: [tape_market()])
    fees: FeeSchedule = WORST_CASE

    def prints(self, market_id, from_ts, until_ts):
        rows = [
            (round(row.ts * NANOS), number, row)
            for number, row in enumerate(self.rows)
            if row.market_id == market_id and from_ts <= round(row.ts * NANOS) <= until_ts
        ]
        rows.sort(key=lambda each: each[:2])
        return Prints(
            ts=np.array([ts for ts, _, _ in rows], np.int64),
            outcome_index=np.array([row.outcome for _, _, row in rows], np.int8),
            price_micro=np.array([round(row.price * 1e6) for _, _, row in rows], np.int64),
            size_micro=np.array([round(row.size * 1e6) for _, _, row in rows], np.int64),
            wallet=np.array([self.wallet_code(row.wallet) for _, _, row in rows], np.uint32),
            transaction=np.array([row.transaction for _, _, row in rows], np.uint32),
            row=np.array([number for _, number, _ in rows], np.int64),
        )

    def wallet_code(self, wallet):
        known = sorted({row.wallet for row in self.rows})
        return known.index(wallet) if wallet in known else -1

    def market(self, market_id):
        return next((each for each in self.markets if each.market_id == market_id), None)

    def market_of_token(self, token_id):
        return next((each for each in self.markets if token_id in each.token_ids), None)

    def fee_schedule(self, market_id, ts):
        return self.fees
