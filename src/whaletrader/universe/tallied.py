"""The events' funnel from tallies that were added up over parts; every figure keeps policies and kinds apart."""

import polars as pl

from whaletrader.domain.values import MICRO
from whaletrader.universe.collect import KIND, POLICY
from whaletrader.universe.follower import KINDS, REASONS

_PRICED = pl.col("reason").cast(pl.String) == "priced"


def funnel_tallied(tallies: pl.DataFrame, policies: tuple[str, ...]) -> pl.DataFrame:
    """Events by policy, kind and reason, every reason listed, and their share of the policy's and kind's."""
    keys = ["policy", "kind", "reason"]
    counted = tallies.group_by(keys).agg(pl.col("events").sum())
    listed = [(policy, kind, reason) for policy in policies for kind in KINDS for reason in REASONS]
    schema = {"policy": POLICY, "kind": KIND, "reason": tallies.schema["reason"]}
    everything = pl.DataFrame(listed, schema=schema, orient="row").sort(keys)
    events = pl.col("events").fill_null(0)
    total = pl.max_horizontal(events.sum().over("policy", "kind"), 1)
    joined = everything.join(counted, on=keys, how="left", maintain_order="left")
    return joined.with_columns(events, (events * MICRO // total).alias("share_micro"))


def edge_tallied(tallies: pl.DataFrame) -> pl.DataFrame:
    """By policy and kind: events, priced events, and the mean edge per share of the priced ones (null without one)."""
    count, total = (pl.col(name).filter(_PRICED).sum() for name in ("events", "edge_micro"))
    mean = pl.when(count > 0).then(total // pl.max_horizontal(count, 1))
    found = tallies.group_by("policy", "kind").agg(
        pl.col("events").sum(), count.alias("priced"), mean.alias("mean_edge_micro")
    )
    return found.sort("policy", "kind")


def provenance_tallied(tallies: pl.DataFrame) -> pl.DataFrame:
    """Priced events by policy, kind and provenance of the fee schedule; those priced without a quote among them."""
    keys = ["policy", "kind", "fee_provenance"]
    return tallies.filter(_PRICED).group_by(keys).agg(pl.col("events", "assumed_spread").sum()).sort(keys)
