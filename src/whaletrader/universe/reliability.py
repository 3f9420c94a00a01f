"""Do prices and estimated edges come true? Forecasts of later bets from what was known before, against outcomes.

The wallets' shrunk edges are estimated from everything known at a split; their bets entered after it are forecast by
the print's price alone and by the price paid plus the edge. The split is the median entry of the settled bets, so that
nothing of the second half is in an estimate. A forecast is that of a payout: half payouts are left out.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.domain.values import MICRO
from whaletrader.quant.calibration import brier_score, murphy_decomposition, reliability_by_band
from whaletrader.quant.clusters import effective_number
from whaletrader.quant.intervals import wilson_interval

Floats = NDArray[np.float64]

SERIES = ("price", "price_plus_edge")
EDGES: Floats = np.linspace(0.0, 1.0, 11)
FEWEST_GROUPS = 20
"""Event groups that a normal interval of the gain needs."""
_Z95 = 1.959963984540054
BAND_SCHEMA = {
    "series": pl.String, "kind": pl.String, "above": pl.Float64, "to": pl.Float64, "n": pl.Int64, "groups": pl.Int64,
    "forecast": pl.Float64, "share_won": pl.Float64, "lower": pl.Float64, "upper": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class ForecastRecord:
    """One series of forecasts of one kind of event, with the scores of all its bands together."""

    series: str
    kind: str
    bets: int
    wallets: int
    brier: float
    reliability: float
    resolution: float
    gain: float | None
    gain_lower: float | None
    gain_upper: float | None


def split_ts(bets: pl.DataFrame) -> int | None:
    """Median entry time of settled bets; None without one."""
    entered = bets["entry_ts"].sort()
    return int(entered[len(entered) // 2]) if len(entered) else None


def forecast_bets(bets: pl.DataFrame, markets: pl.DataFrame, shrunk: pl.DataFrame, after_ts: int) -> pl.DataFrame:
    """Settled bets first entered after a time, in markets that paid 0 or 1 a share, with their forecasts.

    `bets` as of `bets.bets_of`; `shrunk` has kind, wallet, shrunk_micro as known at `after_ts`: wallets without one are
    left out. Columns: kind, wallet, group, price, price_plus_edge (both in [0, 1]), outcome (0 or 1).
    """
    paid = pl.col("payout0_micro").is_in([0, MICRO])
    known = markets.filter(pl.col("resolved").fill_null(value=False) & paid).select("market", "payout0_micro")
    edges = shrunk.filter(pl.col("shrunk_micro").is_not_null()).select(
        pl.col("kind").cast(pl.String), "wallet", "shrunk_micro"
    )
    index = pl.col("token").cast(pl.Int64) - 2 * pl.col("market").cast(pl.Int64)
    outcome = pl.when(index == 0).then("payout0_micro").otherwise(MICRO - pl.col("payout0_micro"))
    return (
        bets.filter(pl.col("entry_ts") > after_ts)
        .with_columns(pl.col("kind").cast(pl.String))
        .join(known, on="market")
        .join(edges, on=["kind", "wallet"])
        .sort("kind", "wallet", "token")
        .select(
            "kind",
            "wallet",
            "group",
            (pl.col("print_price_micro") / MICRO).clip(0.0, 1.0).alias("price"),
            ((pl.col("cost_micro") + pl.col("shrunk_micro")) / MICRO).clip(0.0, 1.0).alias("price_plus_edge"),
            (outcome / MICRO).alias("outcome"),
        )
    )


def reliability_bands(bets: pl.DataFrame, confidence: float = 0.95) -> pl.DataFrame:
    """Forecast against outcome by series, kind and tenth of the forecast; event groups counted once in the interval."""
    rows = []
    for (kind,), mine in _kinds(bets):
        outcomes, group = mine["outcome"].to_numpy(), mine["group"].to_numpy()
        for series in SERIES:
            forecasts = mine[series].to_numpy()
            found = reliability_by_band(forecasts, outcomes, EDGES)
            place = np.searchsorted(EDGES[1:-1], forecasts, side="right")
            for b in np.flatnonzero(found.counts):
                sizes = np.unique(group[place == b], return_counts=True)[1]
                share, n = float(found.shares[b]), effective_number(sizes.tolist())
                lower, upper = wilson_interval(min(share * n, n), n, confidence)
                rows.append((series, kind, EDGES[b], EDGES[b + 1], int(found.counts[b]), int(sizes.size),
                             float(found.mean_forecasts[b]), share, lower, upper))  # fmt: skip
    return pl.DataFrame(rows, schema=BAND_SCHEMA, orient="row")


def forecast_records(bets: pl.DataFrame) -> list[ForecastRecord]:
    """The Brier score of each series with Murphy's parts, by kind; and what the edge gains on the price."""
    records = []
    for (kind,), mine in _kinds(bets):
        outcomes = mine["outcome"].to_numpy()
        for series in SERIES:
            forecasts = mine[series].to_numpy()
            parts = murphy_decomposition(forecasts, outcomes, EDGES)
            gain = (None, None, None) if series == SERIES[0] else brier_gain(mine)
            records.append(
                ForecastRecord(
                    series=series,
                    kind=str(kind),
                    bets=mine.height,
                    wallets=mine["wallet"].n_unique(),
                    brier=brier_score(forecasts, outcomes),
                    reliability=parts.reliability,
                    resolution=parts.resolution,
                    gain=gain[0],
                    gain_lower=gain[1],
                    gain_upper=gain[2],
                )
            )
    return records


def brier_gain(bets: pl.DataFrame) -> tuple[float, float | None, float | None]:
    """Brier score of the price less that of price plus edge, with a 95 % interval clustered by event group.

    Normal, with the sandwich variance of a mean over clusters of unequal size and G / (G - 1) for G groups; no interval
    from fewer than `FEWEST_GROUPS`. Liang & Zeger (1986), doi:10.1093/biomet/73.1.13.
    """
    outcome = pl.col("outcome")
    gained = (pl.col(SERIES[0]) - outcome) ** 2 - (pl.col(SERIES[1]) - outcome) ** 2
    sums = bets.group_by("group").agg(gained.sum().alias("gained"), pl.len().alias("n")).sort("group")
    total, n = sums["gained"].to_numpy(), sums["n"].to_numpy().astype(np.float64)
    mean = float(total.sum() / n.sum())
    groups = sums.height
    if groups < FEWEST_GROUPS:
        return mean, None, None
    spread = float(np.sqrt(groups / (groups - 1) * ((total - mean * n) ** 2).sum()) / n.sum())
    return mean, mean - _Z95 * spread, mean + _Z95 * spread


def _kinds(bets: pl.DataFrame) -> list[tuple[tuple[object, ...], pl.DataFrame]]:
    return [] if bets.height == 0 else list(bets.group_by("kind", maintain_order=True))
