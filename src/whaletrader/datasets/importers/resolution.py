"""When a market's result could have been known: the best of several clocks that is not contradicted by the tape.

Candidates, best first: `exact` (the resolution's own time), `closed` (the market was closed), `redeemed` (somebody
redeemed), `upper_bound` (first seen resolved). A candidate is implausible when it lies before the last *undecided*
print of the market (a price in [0.02, 0.98], with a minute's grace for clocks), or after everything the import has
seen (a scheduled time). The first plausible candidate counts; a resolved market without one has an unknown time.
"""

import polars as pl

from whaletrader.domain.values import NANOS

_KINDS = (
    ("exact", "exact_ts"),
    ("closed", "closed_ts"),
    ("redeemed", "redeemed_ts"),
    ("upper_bound", "upper_bound_ts"),
)
_GRACE_NS = 60 * NANOS


def resolve(markets: pl.DataFrame, prints: pl.DataFrame, horizon_ts: int) -> pl.DataFrame:
    """Add `resolved`, `resolved_ts`, `resolved_ts_kind`; `prints` has condition_id, ts, price_micro."""
    undecided = prints.filter(pl.col("price_micro").is_between(20_000, 980_000))
    last = undecided.group_by("condition_id").agg(_last=pl.col("ts").max())
    joined = markets.join(last, on="condition_id", how="left", maintain_order="left")
    floor = pl.col("_last").fill_null(0) - _GRACE_NS
    resolved = pl.col("payout0_micro").is_not_null()
    plausible = {
        kind: pl.when(resolved & (pl.col(column) >= floor) & (pl.col(column) <= horizon_ts)).then(pl.col(column))
        for kind, column in _KINDS
    }
    kind = pl.coalesce(
        *(pl.when(value.is_not_null()).then(pl.lit(name)) for name, value in plausible.items()), pl.lit("unknown")
    )
    return joined.with_columns(
        resolved=resolved, resolved_ts=pl.coalesce(*plausible.values()), resolved_ts_kind=kind
    ).drop("_last")
