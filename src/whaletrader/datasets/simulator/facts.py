"""Trades, activity, polling signals, prices and quotes of a simulation as tables."""

import numpy as np
import polars as pl

from whaletrader.datasets.schema import NO_ID, TABLES
from whaletrader.datasets.simulator.params import SimulationParams
from whaletrader.datasets.simulator.paths import Paths, last_trading_ts, resolution_ts
from whaletrader.datasets.simulator.tape import Prints, first_wallets, to_tick
from whaletrader.domain.values import NANOS, TapeRole

_POLL_NS = 900 * NANOS
_PRICE_NS = 6 * 3600 * NANOS


def trades_frame(tape: Prints, fees: pl.DataFrame) -> pl.DataFrame:
    """Fills with the taker's fee, truncated at five decimals as the venue does."""
    frame = _fills(tape).with_columns(transaction=pl.Series(tape.print_id), source_row=pl.int_range(pl.len()))
    schedule = fees.select(pl.col("market").cast(pl.Int64), "from_ts", "rate_micro").sort("from_ts")
    frame = frame.join_asof(schedule, left_on="ts", right_on="from_ts", by="market", check_sortedness=False)
    price = pl.col("price_micro")
    # In 10^-12 per share, times hundredths of a share: int64 holds it, and the cut at five decimals is exact.
    per_share = price * (1_000_000 - price) * pl.col("rate_micro") // 1_000_000
    fee = per_share * (pl.col("size_micro") // 10_000) // 10**9 * 10
    taker = pl.col("role") == int(TapeRole.TAKER)
    return _as_table(
        "trades", frame.with_columns(fee_micro=pl.when(taker).then(fee).otherwise(0), dup_rank=0, source=0)
    )


def _fills(tape: Prints) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "ts": tape.ts,
            "wallet": tape.wallet,
            "token": 2 * tape.market + tape.outcome,
            "market": tape.market,
            "outcome_index": tape.outcome,
            "side": tape.side,
            "role": tape.role,
            "price_micro": tape.price_micro,
            "size_micro": tape.size_micro,
        }
    )


def activity_frame(params: SimulationParams, paths: Paths, tape: Prints) -> pl.DataFrame:
    """Who sells without having bought has split collateral at the market's start; who holds a winner redeems it after
    the result.
    """
    fills = _fills(tape)
    change = pl.when(pl.col("side") == 0).then("size_micro").otherwise(-pl.col("size_micro"))
    running = fills.with_columns(held=change.cum_sum().over("wallet", "token"))
    lowest = (
        running.group_by("wallet", "market")
        .agg(need=-pl.col("held").min().clip(upper_bound=0))
        .filter(pl.col("need") > 0)
    )
    starts = pl.DataFrame({"market": np.arange(params.markets), "ts": paths.start_ts})
    splits = lowest.join(starts, on="market").select("ts", "wallet", "market", kind=pl.lit("SPLIT"), size_micro="need")
    won = np.where(paths.won0, 0, 1)
    ends = pl.DataFrame({"market": np.arange(params.markets), "winner": won, "ts": resolution_ts(paths) + 3600 * NANOS})
    held = fills.join(ends.drop("ts"), on="market").filter(pl.col("outcome_index") == pl.col("winner"))
    held = held.group_by("wallet", "market").agg(bought=change.sum())
    held = held.join(
        splits.select("wallet", "market", split="size_micro"), on=["wallet", "market"], how="full", coalesce=True
    )
    size = pl.col("bought").fill_null(0) + pl.col("split").fill_null(0)
    redeemed = held.join(ends, on="market").filter((size > 0) & (pl.col("ts") < params.end_ts))
    redeems = redeemed.select("ts", "wallet", "market", kind=pl.lit("REDEEM"), size_micro=size)
    frame = pl.concat([splits, redeems]).sort("ts", "kind", "wallet", "market")
    return _as_table(
        "activity",
        frame.with_columns(
            usd_micro="size_micro", token=NO_ID, transaction=NO_ID, source=0, source_row=pl.int_range(pl.len())
        ),
    )


def signals_frame(params: SimulationParams, paths: Paths, tape: Prints) -> pl.DataFrame:
    """A poll every 15 minutes finds the new positions of the skilled, the lucky and some of the noise."""
    first = first_wallets(params)
    watched = (tape.wallet < first["market_maker"]) | ((tape.wallet >= first["noise"]) & (tape.wallet % 8 == 0))
    buys = _fills(tape.take(watched & (tape.side == 0))).sort("ts", maintain_order=True)
    opened = buys.unique(["wallet", "token"], keep="first", maintain_order=True)
    found = opened.with_columns(ts=(pl.col("ts") // _POLL_NS + 1) * _POLL_NS, avg_price_micro="price_micro")
    market, ts = found["market"].to_numpy(), found["ts"].to_numpy()
    mid = paths.at(paths.price, market, ts)
    price = to_tick(np.where(found["outcome_index"].to_numpy() == 0, mid, 1.0 - mid))
    open_still = pl.Series((ts < last_trading_ts(paths)[market]) & (ts < params.end_ts))
    frame = found.with_columns(price_micro=pl.Series(price), prev_seen_ts=pl.col("ts") - _POLL_NS).filter(open_still)
    frame = frame.sort("ts", "wallet", "token")
    return _as_table("signals", frame.with_columns(source=0, source_row=pl.int_range(pl.len())))


def _grid(params: SimulationParams, paths: Paths, markets: int, step_ns: int) -> tuple[np.ndarray, np.ndarray]:
    """(market, time) pairs on a common clock while the first `markets` markets are open."""
    clock = np.arange(params.start_ts, params.end_ts, step_ns)
    start, stop = paths.start_ts[:markets, None], last_trading_ts(paths)[:markets, None]
    market, tick = np.nonzero((clock >= start) & (clock < stop))
    return market, clock[tick]


def prices_frame(params: SimulationParams, paths: Paths) -> pl.DataFrame:
    """Both tokens' mid price every six hours."""
    market, ts = _grid(params, paths, params.markets, _PRICE_NS)
    mid = to_tick(paths.at(paths.price, market, ts))
    rows = [
        pl.DataFrame({"ts": ts, "token": 2 * market + side, "price_micro": mid if side == 0 else 1_000_000 - mid})
        for side in (0, 1)
    ]
    return _as_table("prices", pl.concat(rows).sort("ts", "token").with_columns(source=0))


def quotes_frame(params: SimulationParams, paths: Paths, rng: np.random.Generator) -> pl.DataFrame:
    """Best bid and ask of both tokens of some markets, every half hour."""
    market, ts = _grid(params, paths, min(params.quoted_markets, params.markets), 2 * _POLL_NS)
    mid = paths.at(paths.price, market, ts)
    bid, ask = to_tick(mid - params.half_spread), to_tick(mid + params.half_spread)
    ask = np.maximum(ask, bid + 10_000)
    depth = (rng.integers(100, 5_000, (2, market.size)) * 1_000_000).astype(np.int64)
    yes = pl.DataFrame(
        {
            "ts": ts,
            "token": 2 * market,
            "bid_micro": bid,
            "ask_micro": ask,
            "bid_size_micro": depth[0],
            "ask_size_micro": depth[1],
        }
    )
    no = pl.DataFrame(
        {
            "ts": ts,
            "token": 2 * market + 1,
            "bid_micro": 1_000_000 - ask,
            "ask_micro": 1_000_000 - bid,
            "bid_size_micro": depth[1],
            "ask_size_micro": depth[0],
        }
    )
    return _as_table("quotes", pl.concat([yes, no]).sort("ts", "token").with_columns(source=0))


def _as_table(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.col(column).cast(dtype) for column, dtype in TABLES[name].items())
