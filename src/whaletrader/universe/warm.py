"""Runs every kernel behind `score` once on a handful of rows, so that their compiled form (njit) lies in the cache."""

import numpy as np
import polars as pl

from whaletrader.datasets.schema import TABLES
from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.quant.bootstrap import cluster_bootstrap
from whaletrader.quant.covariance import ledoit_wolf
from whaletrader.quant.fee_curve import taker_fees
from whaletrader.universe.copyability import copyability
from whaletrader.universe.funnel import print_availability
from whaletrader.universe.scores import ScoreParams, score_universe
from whaletrader.universe.source import FrameSource


def compile_kernels() -> None:
    """Score a made-up dataset of a few rows and throw the result away."""
    source = few_rows()
    score_universe(source, ScoreParams(min_bets_fill=2, min_groups=1, n_boot=100))
    score_universe(source, ScoreParams(policies=("passive", "large"), n_boot=100))
    copyability(source, [0], ScoreParams(n_boot=100), delays_s=(5.0,))
    print_availability(source, (60.0,))
    one, prices = np.ones(1), np.array([0.5])
    taker_fees(prices, one, one, np.ones(1, np.int64), np.zeros(1, np.bool_))
    cluster_bootstrap(np.ones(10), np.ones(10), np.array([0, 10]), np.zeros(1, np.int64), seed=1, n_boot=100)
    ledoit_wolf(np.arange(6, dtype=np.float64).reshape(3, 2))


def few_rows() -> FrameSource:
    """Two wallets, four markets, a follower's print after every fill."""
    markets: list[dict[str, object]] = [
        {
            "market": m, "condition_id": f"{m}", "category": "sports", "event_group": f"{m}", "resolved": True,
            "payout0_micro": MICRO * (m % 2), "resolved_ts": 9 * DAY_NS, "resolved_ts_kind": "exact",
        }
        for m in range(4)
    ]  # fmt: skip
    trade = {"outcome_index": 0, "side": 0, "role": -1, "price_micro": 400_000, "size_micro": MICRO, "dup_rank": 0}
    trades: list[dict[str, object]] = [
        {
            **trade,
            "ts": (m + 1) * DAY_NS + 10**10 * w,
            "wallet": w,
            "token": 2 * m,
            "market": m,
            "transaction": 2 * m + w,
        }
        for m in range(4)
        for w in range(2)
    ]
    activity: list[dict[str, object]] = [
        {"ts": DAY_NS, "wallet": 0, "kind": "SPLIT", "market": 0, "token": 0, "size_micro": MICRO}
    ]
    rows: dict[str, list[dict[str, object]]] = {
        "wallets": [{"wallet": w, "address": f"0x{w}", "truncated": False} for w in range(2)],
        "markets": markets,
        "tokens": [{"token": t, "market": t // 2, "outcome_index": t % 2} for t in range(8)],
        "fee_schedules": [{"market": 0, "from_ts": 0, "rate_micro": 50_000, "exponent": 1, "times_price": False}],
        "trades": trades,
        "activity": activity,
        "quotes": [{"ts": DAY_NS, "token": 0, "bid_micro": 390_000, "ask_micro": 410_000}],
    }
    return FrameSource({name: pl.DataFrame(found, schema=TABLES[name]) for name, found in rows.items()}, "warm-up")
