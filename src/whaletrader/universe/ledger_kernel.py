"""One average-cost pool per wallet and token: a single pass over sorted moves, float64 micro-units, fixed order."""

import numpy as np
from numpy.typing import NDArray

from whaletrader.domain.values import MICRO
from whaletrader.kernels import njit
from whaletrader.universe.costs import last_at_or_before
from whaletrader.universe.ledger_tape import BUY, CONVERSION, MERGE, SELL, SPLIT, MoveTape
from whaletrader.universe.tape import UNKNOWN_PAYOUT, MarketFacts, PrintTape

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

AMOUNTS = (
    "fills", "bought_micro", "sold_micro", "split_micro", "merged_micro", "converted_micro", "oversold_micro",
    "cost_micro", "proceeds_micro", "fees_micro", "realised_micro", "open_micro", "basis_micro", "first_ts", "last_ts",
)  # fmt: skip
"""Rows of `run_pools`, in order; shares and money in micro-units."""
_FILLS, _BOUGHT, _SOLD, _SPLIT, _MERGED, _CONVERTED, _OVERSOLD = range(7)
_COST, _PROCEEDS, _FEES, _REALISED, _OPEN, _BASIS, _FIRST, _LAST = range(7, 15)


@njit(cache=True)  # type: ignore[untyped-decorator]
def run_pools(moves: MoveTape, as_of_ts: int) -> tuple[Floats, Ints]:
    """Balances of every pool after its moves up to `as_of_ts`: amounts (15, pools), first and last time (2, pools)."""
    pools = moves.offsets.size - 1
    out = np.zeros((13, pools), np.float64)
    times = np.zeros((2, pools), np.int64)
    for p in range(pools):
        for i in range(moves.offsets[p], moves.offsets[p + 1]):
            if moves.ts[i] > as_of_ts:
                break
            if times[1, p] == 0:
                times[0, p] = moves.ts[i]
            times[1, p] = moves.ts[i]
            _apply(moves.kind[i], moves.price[i], moves.size[i], moves.fee[i], out, p)
    return out, times


@njit(cache=True)  # type: ignore[untyped-decorator]
def _apply(kind: int, price: int, size: int, fee: int, out: Floats, p: int) -> None:
    amount = price * (size / MICRO)
    if kind in (BUY, SPLIT):
        out[_FILLS, p] += 1.0 if kind == BUY else 0.0
        out[_BOUGHT if kind == BUY else _SPLIT, p] += size
        out[_COST, p] += amount
        out[_FEES, p] += fee
        out[_OPEN, p] += size
        out[_BASIS, p] += amount + fee
        return
    matched = min(float(size), out[_OPEN, p])
    out[_OVERSOLD, p] += size - matched
    basis = out[_BASIS, p] if matched == out[_OPEN, p] else out[_BASIS, p] * (matched / out[_OPEN, p])
    out[_OPEN, p] -= matched
    out[_BASIS, p] -= basis
    if kind == CONVERSION:
        out[_CONVERTED, p] += matched
        return
    share = matched / size if size > 0 else 0.0
    out[_FILLS, p] += 1.0 if kind == SELL else 0.0
    out[_MERGED if kind == MERGE else _SOLD, p] += matched
    out[_PROCEEDS, p] += amount * share
    out[_FEES, p] += fee * share
    out[_REALISED, p] += (amount - fee) * share - basis


@njit(cache=True)  # type: ignore[untyped-decorator]
def value_pools(
    prints: PrintTape, facts: MarketFacts, market: Ints, outcome: Ints, as_of_ts: int, always: bool
) -> Ints:
    """Payout (-1 unknown) and last print (-1 none) per share of each pool's token at a time: shape (2, pools)."""
    out = np.full((2, market.size), -1, np.int64)
    for p in range(market.size):
        payout0 = facts.payout0[market[p]]
        if payout0 != UNKNOWN_PAYOUT and (always or facts.resolved_ts[market[p]] <= as_of_ts):
            out[0, p] = payout0 if outcome[p] == 0 else MICRO - payout0
        row = last_at_or_before(prints.ts, prints.offsets[market[p]], prints.offsets[market[p] + 1], as_of_ts)
        if row >= 0:
            out[1, p] = prints.price0[row] if outcome[p] == 0 else MICRO - prints.price0[row]
    return out
