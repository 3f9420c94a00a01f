"""How many leader events could be priced, why the others could not, and what that selection may hide.

Every figure keeps the two kinds of events apart. Nothing here scores a wallet.
"""

from dataclasses import replace

import polars as pl

from whaletrader.domain.values import MICRO
from whaletrader.universe.follower import (
    KINDS,
    REASONS,
    FollowerInputs,
    FollowerParams,
    follower_inputs,
    price_inputs,
)
from whaletrader.universe.source import TableSource
from whaletrader.universe.tape import usable_trades
from whaletrader.universe.windows import first_gaps

DELAYS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 3_600.0)
WINDOWS_S = (60.0, 600.0, 3_600.0, 86_400.0)


def funnel(frame: pl.DataFrame) -> pl.DataFrame:
    """Events by kind and reason, every reason listed: kind, reason, events, share_micro (of the kind)."""
    counted = frame.group_by("kind", "reason").agg(pl.len().cast(pl.Int64).alias("events"))
    everything = pl.DataFrame(
        {"kind": [kind for kind in KINDS for _ in REASONS], "reason": list(REASONS) * len(KINDS)},
        schema={"kind": frame.schema["kind"], "reason": frame.schema["reason"]},
    )
    joined = everything.join(counted, on=["kind", "reason"], how="left", maintain_order="left")
    events = pl.col("events").fill_null(0)
    total = pl.max_horizontal(events.sum().over("kind"), 1)
    return joined.with_columns(events, (events * MICRO // total).alias("share_micro"))


def edge_summary(frame: pl.DataFrame) -> pl.DataFrame:
    """By kind: events, priced events, and the mean edge per share of the priced ones (null without one)."""
    priced = pl.col("reason").cast(pl.String) == "priced"
    count = priced.sum().cast(pl.Int64)
    mean = pl.when(count > 0).then(pl.col("edge_micro").filter(priced).sum() // pl.max_horizontal(count, 1))
    return (
        frame.group_by("kind")
        .agg(pl.len().cast(pl.Int64).alias("events"), count.alias("priced"), mean.alias("mean_edge_micro"))
        .sort("kind")
    )


def pessimistic_bound(frame: pl.DataFrame) -> pl.DataFrame:
    """The mean edge if every withheld event had been a total loss: by kind, beside the observed mean.

    An event withheld for want of a print is counted at the leader's price lost, which no follower would have paid
    less for than by luck; an unresolved one at its whole cost. Left out and counted is what nobody could or would have
    copied: in unknown markets, after the resolution, at a cost of a dollar, or after the leader had left already.
    """
    reason = pl.col("reason").cast(pl.String)
    countable = reason.is_in(["priced", "no_print_in_window", "unresolved"])
    worst = -pl.coalesce("cost_micro", "leader_price_micro")
    edge = pl.when(reason == "priced").then(pl.col("edge_micro")).otherwise(worst)
    count = countable.sum().cast(pl.Int64)
    mean = pl.when(count > 0).then(edge.filter(countable).sum() // pl.max_horizontal(count, 1))
    bounds = frame.group_by("kind").agg(
        count.alias("counted"),
        (pl.len().cast(pl.Int64) - count).alias("left_out"),
        mean.alias("worst_case_edge_micro"),
    )
    return edge_summary(frame).join(bounds, on="kind", how="left", maintain_order="left")


def delay_curve(
    source: TableSource, delays_s: tuple[float, ...] = DELAYS_S, params: FollowerParams | None = None
) -> pl.DataFrame:
    """`edge_summary` of fills for each delay, the window unchanged: delay_s, events, priced, mean_edge_micro."""
    inputs, params = _only_fills(source), params or FollowerParams()
    return pl.concat([_curve_row(inputs, replace(params, delay_s=d), "delay_s", d) for d in delays_s])


def window_curve(
    source: TableSource, windows_s: tuple[float, ...] = WINDOWS_S, params: FollowerParams | None = None
) -> pl.DataFrame:
    """`edge_summary` of fills for each window: what waiting longer adds, and the selection that it causes."""
    inputs, params = _only_fills(source), params or FollowerParams()
    return pl.concat([_curve_row(inputs, replace(params, window_s=w), "window_s", w) for w in windows_s])


def _only_fills(source: TableSource) -> FollowerInputs:
    inputs = follower_inputs(source)
    return replace(inputs, events={KINDS[0]: inputs.events[KINDS[0]]})


def _curve_row(inputs: FollowerInputs, params: FollowerParams, name: str, value: float) -> pl.DataFrame:
    return edge_summary(price_inputs(inputs, params).frame).select(
        pl.lit(value).alias(name), "events", "priced", "mean_edge_micro"
    )


def print_availability(
    source: TableSource, windows_s: tuple[float, ...] = WINDOWS_S, *, delay_s: float = 5.0, duplicates: bool = False
) -> pl.DataFrame:
    """Share of all fills, both sides, after which somebody else's print falls into [t + d, t + d + w], by window."""
    trades = source.table("trades") if duplicates else usable_trades(source)
    found = first_gaps(trades, source.table("markets").height, delay_s)
    return pl.DataFrame(
        {
            "window_s": list(windows_s),
            "fills": [trades.height] * len(windows_s),
            "with_print": [int((found <= w).sum()) for w in windows_s],
        }
    ).with_columns((pl.col("with_print") * MICRO // pl.max_horizontal("fills", 1)).alias("share_micro"))
