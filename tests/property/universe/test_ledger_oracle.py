"""The ledger kernel equals a plain loop, and the cash-flow identity holds on every closed token."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from tests.property.universe.tapes import tapes
from tests.support.universe import Tape
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.values import MICRO
from whaletrader.universe.ledger import ledger
from whaletrader.universe.source import FrameSource


@dataclass
class Pool:
    held: float = 0.0
    basis: float = 0.0
    realised: float = 0.0
    cost: float = 0.0
    proceeds: float = 0.0
    fees: float = 0.0
    oversold: float = 0.0
    converted: float = 0.0

    def buy(self, price: float, size: float, fee: float) -> None:
        self.held, self.basis = self.held + size, self.basis + price * size + fee
        self.cost, self.fees = self.cost + price * size, self.fees + fee

    def take(self, size: float) -> tuple[float, float]:
        """Shares that were there, and their cost."""
        matched = min(size, self.held)
        basis = self.basis * matched / self.held if self.held else 0.0
        self.held, self.basis = self.held - matched, self.basis - basis
        self.oversold += size - matched
        return matched, basis

    def sell(self, price: float, size: float, fee: float) -> None:
        matched, basis = self.take(size)
        paid = fee * matched / size
        self.proceeds, self.fees = self.proceeds + price * matched, self.fees + paid
        self.realised += price * matched - paid - basis


def fee_of(row: dict[str, Any], schedules: list[dict[str, Any]]) -> float:
    if row["fee_micro"] is not None:
        return float(row["fee_micro"]) / MICRO
    known = [s for s in schedules if s["market"] == row["market"] and s["from_ts"] <= row["ts"]]
    if row["role"] == 0 or not known:
        return 0.0
    schedule = FeeSchedule(known[-1]["rate_micro"])
    return taker_fee_micro(schedule, row["price_micro"], row["size_micro"]) / MICRO


def moves(source: FrameSource) -> list[tuple[int, int, int, int, str, float, float, float]]:
    """(ts, rank, wallet, token, kind, price, size, fee) in the order in which they happen."""
    schedules = source.table("fee_schedules").to_dicts()
    found = []
    for row in source.table("trades").filter(pl.col("dup_rank") == 0).to_dicts():
        kind, fee = ("BUY", "SELL")[row["side"]], fee_of(row, schedules)
        price, size = row["price_micro"] / MICRO, row["size_micro"] / MICRO
        found.append((row["ts"], 1, row["wallet"], row["token"], kind, price, size, fee))
    for row in source.table("activity").to_dicts():
        tokens = {"SPLIT": (0, 1), "MERGE": (0, 1), "CONVERSION": (1,)}.get(row["kind"], ())
        rank = 0 if row["kind"] == "SPLIT" else 2
        for outcome in tokens:
            token = 2 * row["market"] + outcome
            found.append((row["ts"], rank, row["wallet"], token, row["kind"], 0.5, row["size_micro"] / MICRO, 0.0))
    return sorted(found, key=lambda move: move[:2])


def plain_ledger(source: FrameSource) -> dict[tuple[int, int], Pool]:
    pools: dict[tuple[int, int], Pool] = defaultdict(Pool)
    for _, _, wallet, token, kind, price, size, fee in moves(source):
        pool = pools[wallet, token]
        if kind in ("BUY", "SPLIT"):
            pool.buy(price, size, fee)
        elif kind == "CONVERSION":
            pool.converted += pool.take(size)[0]
        else:
            pool.sell(price, size, fee)
    for (_, token), pool in pools.items():
        market = source.table("markets").row(token // 2, named=True)
        if market["payout0_micro"] is not None:
            payout = market["payout0_micro"] / MICRO
            pool.realised += pool.held * (payout if token % 2 == 0 else 1 - payout) - pool.basis
    return pools


@settings(max_examples=40, deadline=None)
@given(tapes())
def test_the_ledger_equals_a_plain_loop(tape: Tape) -> None:
    source = tape.source()
    expected = plain_ledger(source)
    rows = ledger(source).positions.to_dicts()
    assert {(row["wallet"], row["token"]) for row in rows} == set(expected)
    for row in rows:
        pool = expected[row["wallet"], row["token"]]
        for name in ("realised", "cost", "proceeds", "fees", "oversold", "converted"):
            assert row[f"{name}_micro"] / MICRO == pytest.approx(getattr(pool, name), abs=1.1e-5), name


@settings(max_examples=30, deadline=None)
@given(tapes())
def test_a_closed_tokens_profit_is_its_cash_flow(tape: Tape) -> None:
    known = (pl.col("oversold_micro") == 0) & (pl.col("converted_micro") == 0) & pl.col("payout_micro").is_not_null()
    for row in ledger(tape.source()).positions.filter(known).to_dicts():
        paid_out = row["settled_micro"] * row["payout_micro"] / MICRO
        flow = row["proceeds_micro"] + paid_out - row["cost_micro"] - row["fees_micro"]
        assert abs(row["realised_micro"] - flow) <= 4


@settings(max_examples=20, deadline=None)
@given(tapes())
def test_shares_are_never_created_or_lost(tape: Tape) -> None:
    for row in ledger(tape.source()).positions.to_dicts():
        came = row["bought_micro"] + row["split_micro"]
        went = row["sold_micro"] + row["merged_micro"] + row["converted_micro"] + row["open_micro"]
        assert came == went + row["settled_micro"]
        assert row["open_micro"] >= 0


@settings(max_examples=20, deadline=None)
@given(tapes())
def test_the_wallets_sums_are_the_positions_sums(tape: Tape) -> None:
    book = ledger(tape.source())
    for name in ("realised_micro", "cost_micro", "fees_micro", "proceeds_micro"):
        assert book.wallets[name].sum() == book.positions[name].sum()
