"""The published form of the scores: every number quantised to integers at this one place.

Nothing is estimated here; NaN becomes null. Every name that is quantised ends in `_micro`.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.domain.values import MICRO
from whaletrader.quant.intervals import wilson_intervals
from whaletrader.quant.sharpe import DAYS_PER_YEAR
from whaletrader.universe.thresholds import THRESHOLDS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FALSE_DISCOVERY_RATE = THRESHOLDS.selection.false_discovery_rate
AMOUNTS = (
    "mean_edge", "mean_cost", "mean_price", "lower", "upper", "exact_lower", "exact_upper", "shrunk", "own_realised",
    "buy_volume_usd",
)  # fmt: skip
"""Columns that are in micro-units already; all others are in whole units."""
_MOST = 9e18
"""What 64 bits hold; a greater number (a t whose error is rounding) is not one to publish."""
_LN10 = float(np.log(10.0))


def only(where: Bools, values: Floats) -> Floats:
    """The values where the mask holds, NaN elsewhere."""
    return np.where(where, values, np.nan)


def log10_of(natural: Floats) -> Floats:
    """Natural logarithms to base 10."""
    return natural / _LN10


def hit_columns(judged: pl.DataFrame, confidence: float) -> dict[str, Floats]:
    """Share of bets that gained, with a two-sided score interval in which what settles together counts once.

    `confidence` is one-sided, for each end.
    """
    share = judged["hits"].to_numpy() / np.maximum(judged["n_bets"].to_numpy(), 1.0)
    n = judged["n_effective"].to_numpy()
    lower, upper = wilson_intervals(share * n, n, 2.0 * confidence - 1.0)
    known = judged["n_bets"].to_numpy() > 0.0
    return {"hit_rate": only(known, share), "hit_lower": only(known, lower), "hit_upper": only(known, upper)}


def annualised(daily: Floats) -> Floats:
    """Daily Sharpe ratios over a year of 365 days: these markets never close."""
    return np.asarray(daily * np.sqrt(DAYS_PER_YEAR), np.float64)


def published(described: pl.DataFrame) -> pl.DataFrame:
    """Integers only: amounts as they are, ratios and probabilities times 10^6; null where not finite or too great."""
    columns = []
    for name, dtype in described.schema.items():
        if dtype != pl.Float64:
            columns.append(pl.col(name))
            continue
        scaled = pl.col(name) * (1 if name in AMOUNTS else MICRO)
        finite = pl.when(scaled.is_finite() & (scaled.abs() < _MOST)).then(scaled)
        columns.append(finite.round().cast(pl.Int64).alias(f"{name}_micro"))
    return described.select(columns)
