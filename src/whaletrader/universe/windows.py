"""How long after each fill the next print of somebody else came: the tape's density, priced by nobody."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.domain.values import NANOS
from whaletrader.kernels import njit
from whaletrader.universe.tape import PrintTape, first_print_of_others, priceable, print_tape

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LONGEST_WINDOW_S = 30 * 86_400


def first_gaps(trades: pl.DataFrame, n_markets: int, delay_s: float) -> Floats:
    """Seconds from t + delay to the first print of others, one per row of `trades`; infinite where there is none."""
    prints = print_tape(trades, n_markets)
    known = pl.when(priceable(trades, n_markets)).then(pl.col("market").cast(pl.Int64)).otherwise(-1)
    found = trades.select(known.alias("market"), *(pl.col(n).cast(pl.Int64) for n in ("ts", "wallet", "transaction")))
    columns = np.stack([found[name].to_numpy() for name in ("market", "ts", "wallet", "transaction")])
    gaps: Floats = _gaps(prints, columns, round(delay_s * NANOS))
    return gaps


@njit(cache=True)  # type: ignore[untyped-decorator]
def _gaps(prints: PrintTape, columns: Ints, delay_ns: int) -> Floats:
    n = columns.shape[1]
    out = np.full(n, np.inf)
    for i in range(n):
        market, ts = columns[0, i], columns[1, i]
        if market < 0:
            continue
        row = first_print_of_others(
            prints, market, ts, delay_ns, LONGEST_WINDOW_S * NANOS, columns[2, i], columns[3, i]
        )
        if row >= 0:
            out[i] = (prints.ts[row] - ts - delay_ns) / NANOS
    return out
