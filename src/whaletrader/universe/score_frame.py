"""The published form of the scores: verdicts, and every number quantised to integers at this one place.

Nothing is estimated here; NaN becomes null.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.domain.skill import Verdict
from whaletrader.domain.values import MICRO
from whaletrader.quant.intervals import wilson_interval
from whaletrader.quant.sharpe import DAYS_PER_YEAR, SharpeRatio, probabilistic_sharpe_ratio

Floats = NDArray[np.float64]

FALSE_DISCOVERY_RATE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Statistics by name, which units have enough data, bounds (lower, upper, p; 3 x units), q-values, shrunk edges."""

    statistics: dict[str, Floats]
    enough: NDArray[np.bool_]
    bounds: Floats
    q_values: Floats
    shrunk: Floats
    confidence: float


def verdict(lower: float, q_value: float, *, enough: bool) -> Verdict:
    """The documented rule: bound first, then the adjusted p-value."""
    if not enough:
        return Verdict.INSUFFICIENT_DATA
    if not lower > 0.0:
        return Verdict.LIKELY_LUCK
    return Verdict.HIGH_SKILL if q_value <= FALSE_DISCOVERY_RATE else Verdict.MODERATE_SKILL


def describe(units: pl.DataFrame, judged: Judged) -> pl.DataFrame:
    """One row per kind and wallet with everything in floats; amounts in micro-units, the rest in whole units."""
    s, rows = judged.statistics, range(units.height)
    lower, upper, p_values = judged.bounds
    share = s["hits"] / s["n_bets"]
    hits = [wilson_interval(share[u] * n, n, judged.confidence) for u, n in zip(rows, s["n_effective"], strict=True)]
    return units.with_columns(
        *(pl.Series(name, s[name].astype(np.int64)) for name in ("n_bets", "n_groups", "n_days")),
        pl.Series("verdict", _verdicts(judged), dtype=pl.String),
        *(pl.Series(name, s[name]) for name in ("mean_edge", "mean_cost", "mean_price", "roi", "roi_trimmed")),
        pl.Series("lower", lower),
        pl.Series("upper", upper),
        pl.Series("shrunk", judged.shrunk),
        pl.Series("p_value", p_values),
        pl.Series("q_value", judged.q_values),
        pl.Series("sharpe_bet", s["sharpe_bet"]),
        pl.Series("sharpe_daily_365", _annualised(s["sharpe_daily"])),
        pl.Series("psr", _psr(judged), dtype=pl.Float64),
        pl.Series("hit_rate", share),
        pl.Series("hit_lower", [low for low, _ in hits], dtype=pl.Float64),
        pl.Series("hit_upper", [high for _, high in hits], dtype=pl.Float64),
    )


def published(described: pl.DataFrame) -> pl.DataFrame:
    """Integers only: amounts as they are, ratios and probabilities times 10^6; every such name ends in `_micro`."""
    amounts = ("mean_edge", "mean_cost", "mean_price", "lower", "upper", "shrunk")
    columns = []
    for name, dtype in described.schema.items():
        if dtype != pl.Float64:
            columns.append(pl.col(name))
            continue
        scale = 1 if name in amounts else MICRO
        columns.append((pl.col(name).fill_nan(None) * scale).round().cast(pl.Int64).alias(f"{name}_micro"))
    return described.select(columns)


def _verdicts(judged: Judged) -> list[str]:
    lower, _, _ = judged.bounds
    return [
        str(verdict(float(lower[u]), float(judged.q_values[u]), enough=bool(judged.enough[u])))
        for u in range(judged.enough.size)
    ]


def _annualised(daily: Floats) -> Floats:
    return np.array([SharpeRatio(float(value), DAYS_PER_YEAR).annualised() for value in daily], np.float64)


def _psr(judged: Judged) -> list[float]:
    """PSR of the Sharpe ratio per bet against 0, what settles together counted once; NaN without enough data."""
    s = judged.statistics
    return [
        probabilistic_sharpe_ratio(float(value), int(n + 1e-9), float(skew), float(kurt)) if enough else float("nan")
        for value, n, skew, kurt, enough in zip(
            s["sharpe_bet"], s["n_effective"], s["skew"], s["kurt"], judged.enough, strict=True
        )
    ]
