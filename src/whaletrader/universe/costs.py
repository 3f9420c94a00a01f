"""What a follower's fill costs beside the print it is priced at: half-spread, impact, and the market's own taker fee.

The half-spread comes from a fresh quote where there is one, else from the table of `domain.spread`, and the row is then
marked `assumed`. Impact is the square-root law of `domain.matching.later_prints` in our own stake, an assumption too:
the tape does not know the depth that a print met.
"""

import math
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.domain.fees import WORST_CASE
from whaletrader.domain.matching.later_prints import IMPACT_MICRO, IMPACT_STAKE_MICRO
from whaletrader.domain.spread import BAND_UPPER_MICRO, HALF_SPREAD_MICRO, half_spread_row
from whaletrader.domain.values import MICRO, FeeProvenance
from whaletrader.kernels import njit
from whaletrader.quant.fee_curve import fee_per_share

Ints = NDArray[np.int64]

WIDEST_QUOTE_MICRO = 200_000
"""A wider quote is the stub of an empty book (0.01 / 0.99), not a price."""

PROVENANCES = (FeeProvenance.MARKET, FeeProvenance.INFERRED, FeeProvenance.WORST_CASE)
"""The codes 0, 1, 2 of a fee's provenance inside kernels."""
_BANDS = np.array(BAND_UPPER_MICRO, np.int64)
_WORST_RATE = WORST_CASE.rate_micro / MICRO


class CostTables(NamedTuple):
    """Half-spreads (markets x bands), and fee schedules by market (`fee_offsets`) and date."""

    half_spread: Ints
    fee_offsets: Ints
    fee_from: Ints
    fee_rate: NDArray[np.float64]
    fee_exponent: Ints
    fee_times_price: NDArray[np.bool_]
    fee_provenance: Ints


class QuoteTape(NamedTuple):
    """Best bid and ask by token (`offsets`) and time."""

    offsets: Ints
    ts: Ints
    bid: Ints
    ask: Ints


def impact_micro(own_size_usd_micro: int) -> int:
    """Impact per share of a stake in micro-units: it grows with the stake's square root."""
    return round(IMPACT_MICRO * math.sqrt(own_size_usd_micro / IMPACT_STAKE_MICRO))


def offsets_of(codes: Ints, size: int) -> Ints:
    """Start of every code's rows in an array sorted by code, and the end: shape (size + 1,)."""
    return np.searchsorted(codes, np.arange(size + 1)).astype(np.int64)


def cost_tables(markets: pl.DataFrame, schedules: pl.DataFrame) -> CostTables:
    """Half-spread and fee tables of every market, in market order."""
    bands = np.array([half_spread_row(name) for name in (*HALF_SPREAD_MICRO, "other")], np.int64)
    row_of = {name: row for row, name in enumerate(HALF_SPREAD_MICRO)}
    rows = (
        markets["category"].replace_strict(row_of, default=len(row_of), return_dtype=pl.Int64).to_numpy(writable=True)
    )
    found = schedules.sort("market", "from_ts")
    provenance = found["provenance"].replace_strict(
        {str(name): code for code, name in enumerate(PROVENANCES)}, default=2, return_dtype=pl.Int64
    )
    return CostTables(
        half_spread=bands[rows],
        fee_offsets=offsets_of(found["market"].cast(pl.Int64).to_numpy(writable=True), markets.height),
        fee_from=found["from_ts"].to_numpy(writable=True),
        fee_rate=found["rate_micro"].to_numpy(writable=True) / MICRO,
        fee_exponent=found["exponent"].cast(pl.Int64).to_numpy(writable=True),
        fee_times_price=found["times_price"].to_numpy(writable=True).astype(np.bool_),
        fee_provenance=provenance.to_numpy(writable=True),
    )


def quote_tape(quotes: pl.DataFrame, n_tokens: int) -> QuoteTape:
    """Quotes of known tokens, by token and time."""
    found = quotes.filter(pl.col("token") < n_tokens).sort("token", "ts", maintain_order=True)
    return QuoteTape(
        offsets=offsets_of(found["token"].cast(pl.Int64).to_numpy(writable=True), n_tokens),
        ts=found["ts"].to_numpy(writable=True),
        bid=found["bid_micro"].fill_null(0).to_numpy(writable=True),
        ask=found["ask_micro"].fill_null(0).to_numpy(writable=True),
    )


@njit(cache=True)  # type: ignore[untyped-decorator]
def last_at_or_before(ts: Ints, first: int, last: int, when: int) -> int:
    """Row of the last time <= `when` in rows first to last - 1, or -1."""
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if ts[middle] <= when:
            low = middle + 1
        else:
            high = middle
    return low - 1 if low > first else -1


@njit(cache=True)  # type: ignore[untyped-decorator]
def fee_per_share_micro(costs: CostTables, market: int, when: int, price_micro: int) -> tuple[int, int]:
    """Taker fee of one share, rounded up, and its provenance's code; the worst case where no schedule is known."""
    rate, exponent, times_price, provenance = _WORST_RATE, 1, False, 2
    row = last_at_or_before(costs.fee_from, costs.fee_offsets[market], costs.fee_offsets[market + 1], when)
    if row >= 0:
        rate, exponent = costs.fee_rate[row], costs.fee_exponent[row]
        times_price, provenance = costs.fee_times_price[row], costs.fee_provenance[row]
    fee = fee_per_share(price_micro / 1e6, rate, exponent, times_price) * 1e6
    return int(np.ceil(fee - 1e-9)), provenance


@njit(cache=True)  # type: ignore[untyped-decorator]
def half_spread_micro(
    costs: CostTables, quotes: QuoteTape, market: int, token: int, when: int, price_micro: int, staleness_ns: int
) -> tuple[int, bool]:
    """Half-spread of a fresh quote, else the table's; the flag says that it is assumed."""
    if token < quotes.offsets.size - 1:
        row = last_at_or_before(quotes.ts, quotes.offsets[token], quotes.offsets[token + 1], when)
        if row >= 0 and when - quotes.ts[row] <= staleness_ns:
            bid, ask = quotes.bid[row], quotes.ask[row]
            if 0 < bid < ask < MICRO and ask - bid <= WIDEST_QUOTE_MICRO:
                return (ask - bid + 1) // 2, False
    edge = min(price_micro, MICRO - price_micro)
    band = 0
    while band + 1 < _BANDS.size and edge > _BANDS[band]:
        band += 1
    return costs.half_spread[market, band], True
