"""What others traded around a leader's entries: volume that a follower could have shared, prints in his direction."""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.datasets.schema import NO_ID
from whaletrader.domain.values import MICRO, NANOS, TapeRole, TapeSide
from whaletrader.kernels import njit
from whaletrader.universe.tape import PrintTape, first_at, printed

Ints = NDArray[np.int64]


class Flow(NamedTuple):
    """Beside a print tape, row by row: shares, and direction: 1 towards outcome 0, -1 against it, 0 if not counted.

    Maker's and taker's row of one match share a transaction: only the first has shares. A row that is known to be a
    maker's has no direction: he was met.
    """

    shares: Ints
    direction: Ints


class Around(NamedTuple):
    """Entries of leaders, sorted by nothing in particular."""

    market: Ints
    outcome: Ints
    ts: Ints
    wallet: Ints
    transaction: Ints


class Spans(NamedTuple):
    """Nanoseconds: a follower's delay and window, and how long before and after an entry prints are counted."""

    delay: int
    window: int
    crowd: int


def flow_of(trades: pl.DataFrame, n_markets: int) -> Flow:
    """Shares and directions of usable trades in the order of their print tape."""
    found = printed(trades, n_markets)
    named = pl.col("transaction") != NO_ID
    single = ~named | pl.struct("market", "transaction").is_first_distinct()
    towards = (pl.col("side") == int(TapeSide.BUY)) == (pl.col("outcome_index") == 0)
    direction = pl.when(pl.col("role") == int(TapeRole.MAKER)).then(0).when(towards).then(1).otherwise(-1)
    columns = found.select(
        pl.when(single).then(pl.col("size_micro")).otherwise(0).alias("shares"),
        direction.cast(pl.Int64).alias("direction"),
    )
    return Flow(columns["shares"].to_numpy(writable=True), columns["direction"].to_numpy())


@njit(cache=True)  # type: ignore[untyped-decorator]
def around(entries: Around, prints: PrintTape, flow: Flow, spans: Spans) -> Ints:
    """Per entry, shape (3, n): others' volume in micro-USD in our window, and same-way prints before and after.

    The leader's own prints, his transaction and his second are left out, as they are where an entry is priced. Before
    is [t - crowd, his second), after is (his second, t + crowd].
    """
    n = entries.ts.size
    out = np.zeros((3, n), np.int64)
    for i in range(n):
        ts = entries.ts[i]
        first, last = prints.offsets[entries.market[i]], prints.offsets[entries.market[i] + 1]
        second = ts // NANOS * NANOS
        opens, until = max(ts + spans.delay, second + NANOS), ts + spans.delay + spans.window
        way = 1 if entries.outcome[i] == 0 else -1
        row = first_at(prints.ts, first, last, min(ts - spans.crowd, opens))
        while row < last and prints.ts[row] <= max(until, ts + spans.crowd):
            when = prints.ts[row]
            own = prints.wallet[row] == entries.wallet[i]
            same = entries.transaction[i] != NO_ID and prints.transaction[row] == entries.transaction[i]
            if not (own or same):
                if opens <= when <= until:
                    price = prints.price0[row] if way == 1 else MICRO - prints.price0[row]
                    out[0, i] += flow.shares[row] // 1_000 * price // 1_000
                if flow.direction[row] == way and when < second and when >= ts - spans.crowd:
                    out[1, i] += 1
                if flow.direction[row] == way and when >= second + NANOS and when <= ts + spans.crowd:
                    out[2, i] += 1
            row += 1
    return out
