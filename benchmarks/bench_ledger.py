"""The ledger kernel over a million made-up fills, with and without the sort, beside polars' own grouped sums.

The peer does less: cash flows per wallet and token, without order, basis, oversells or resolution.
"""

import time
from collections.abc import Callable

import numpy as np
import polars as pl

from benchmarks.figures import report
from whaletrader.universe.ledger_kernel import run_pools
from whaletrader.universe.ledger_tape import BUY, SELL, MoveTape, pool_order
from whaletrader.universe.tape import NEVER

FILLS = 1_000_000
TARGET = 2_000_000
ROUNDS = 5


def made_up_fills(n: int) -> pl.DataFrame:
    """Fills of 2,000 wallets on 5,000 tokens in time order."""
    rng = np.random.default_rng(1)
    wallet = rng.integers(0, 2_000, n)
    token = rng.integers(0, 50, n) + wallet % 100 * 50
    return pl.DataFrame(
        {
            "wallet": wallet,
            "token": token,
            "ts": np.arange(1, n + 1),
            "kind": np.where(rng.random(n) < 0.6, BUY, SELL),
            "price": rng.integers(10_000, 990_000, n),
            "size": rng.integers(1_000_000, 500_000_000, n),
            "fee": rng.integers(0, 10_000, n),
        }
    )


def ordered(fills: pl.DataFrame) -> MoveTape:
    """By wallet, token and time, as the ledger wants them."""
    order, offsets = pool_order(fills["wallet"].to_numpy(), fills["token"].to_numpy())
    columns = (fills[name].to_numpy() for name in ("ts", "kind", "price", "size", "fee"))
    return MoveTape(offsets, *(column[order] for column in columns))


def grouped(fills: pl.DataFrame) -> pl.DataFrame:
    """The peer: summed signed cash and shares per pool."""
    sign = pl.when(pl.col("kind") == BUY).then(1).otherwise(-1)
    cash = pl.col("price") * (pl.col("size") / 1_000_000) * sign + pl.col("fee")
    return fills.group_by("wallet", "token").agg(
        cash.sum().alias("cash"), (pl.col("size") * sign).sum().alias("shares")
    )


def best(work: Callable[[], object]) -> float:
    """Shortest of some runs in seconds; the first one, which compiles, is not counted."""
    work()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Measure and report fills per second."""
    fills = made_up_fills(FILLS)
    in_order = ordered(fills)
    with_sort = FILLS / best(lambda: run_pools(ordered(fills), NEVER))
    without = FILLS / best(lambda: run_pools(in_order, NEVER))
    peer = FILLS / best(lambda: grouped(fills))
    name = "polars group_by (cash sums only)"
    report("ledger, sort included", with_sort, "fills/s", peer=peer, peer_name=name, target=TARGET)
    report("ledger, fills sorted already", without, "fills/s", peer=peer, peer_name=name, target=TARGET)


if __name__ == "__main__":
    main()
