"""What the dataset itself says, whoever copies: funnel, effect of the window, of the delay, price against outcome."""

from dataclasses import replace

import polars as pl

from whaletrader.backtest.metrics import rounded, share_interval
from whaletrader.domain.values import MICRO, NANOS, LeaderEventKind
from whaletrader.report.model import Band, CountRow, DelayEffect, FeeRow, WindowEffect
from whaletrader.universe.follower import FollowerInputs, FollowerParams, FollowerTable, price_inputs
from whaletrader.universe.funnel import WINDOWS_S, edge_summary, funnel, pessimistic_bound

FILL, POSITION = str(LeaderEventKind.FILL), str(LeaderEventKind.POSITION)
DELAYS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 3_600.0)
LAGS_S = (
    (300.0, "looked at within 5 min"),
    (3_600.0, "5 min to 1 h"),
    (21_600.0, "1 h to 6 h"),
    (86_400.0, "6 h to 1 day"),
)
BANDS = tuple((low / 10, (low + 1) / 10) for low in range(10))


def counted(rows: dict[str, dict[str, int]]) -> list[CountRow]:
    """Counts by kind and reason as rows, most frequent first within a kind."""
    found = []
    for kind in sorted(rows):
        total = max(sum(rows[kind].values()), 1)
        ordered = sorted(rows[kind].items(), key=lambda known: (-known[1], known[0]))
        found += [CountRow(kind=kind, reason=r, count=n, share=rounded(n / total)) for r, n in ordered]
    return found


def withheld(frame: pl.DataFrame) -> list[CountRow]:
    """Events by the reason of the follower table, priced ones included."""
    rows: dict[str, dict[str, int]] = {}
    for row in funnel(frame).select(pl.col("kind", "reason").cast(pl.String), "events").iter_rows(named=True):
        if row["events"]:
            rows.setdefault(row["kind"], {})[row["reason"]] = row["events"]
    return counted(rows)


def window_effect(inputs: FollowerInputs, params: FollowerParams, table: FollowerTable) -> list[WindowEffect]:
    """Fills under each window; positions have their price when found, so one row stands for any window."""
    fills = replace(inputs, events={FILL: inputs.events[FILL]})
    rows = []
    for window_s in WINDOWS_S:
        frame = price_inputs(fills, replace(params, window_s=window_s)).frame
        rows += [_window_row(row, window_s) for row in pessimistic_bound(frame).iter_rows(named=True)]
    positions = table.frame.filter(pl.col("kind").cast(pl.String) == POSITION)
    return rows + [_window_row(row, 0.0) for row in pessimistic_bound(positions).iter_rows(named=True)]


def _window_row(row: dict[str, object], window_s: float) -> WindowEffect:
    events, priced = int(str(row["events"])), int(str(row["priced"]))
    return WindowEffect(
        kind=str(row["kind"]),
        window_s=window_s,
        events=events,
        priced=priced,
        share_priced=rounded(priced / max(events, 1)),
        mean_edge=_units(row["mean_edge_micro"]),
        worst_case_edge=_units(row["worst_case_edge_micro"]),
    )


def delay_effect(
    inputs: FollowerInputs, params: FollowerParams, table: FollowerTable, signals: pl.DataFrame
) -> list[DelayEffect]:
    """Fills under each delay; positions by the time between the two looks, their delay being what it is."""
    fills = replace(inputs, events={FILL: inputs.events[FILL]})
    rows = []
    for delay_s in DELAYS_S:
        frame = price_inputs(fills, replace(params, delay_s=delay_s)).frame
        rows += [_delay_row(row, delay_s, f"{delay_s:g} s") for row in edge_summary(frame).iter_rows(named=True)]
    looked = signals.with_row_index("row").select("row", ((pl.col("ts") - pl.col("prev_seen_ts")) / NANOS).alias("lag"))
    positions = table.frame.filter(pl.col("kind").cast(pl.String) == POSITION).join(looked, on="row", how="left")
    above = -1.0
    for lag_s, label in LAGS_S:
        part = positions.filter((pl.col("lag") > above) & (pl.col("lag") <= lag_s))
        rows += [_delay_row(row, lag_s, label) for row in edge_summary(part).iter_rows(named=True)]
        above = lag_s
    return rows


def _delay_row(row: dict[str, object], delay_s: float, label: str) -> DelayEffect:
    return DelayEffect(
        kind=str(row["kind"]),
        delay_s=delay_s,
        label=label,
        events=int(str(row["events"])),
        priced=int(str(row["priced"])),
        mean_edge=_units(row["mean_edge_micro"]),
    )


def _units(micro: object) -> float | None:
    return None if micro is None else rounded(int(str(micro)) / MICRO)


def paid_entries(table: FollowerTable, markets: pl.DataFrame) -> pl.DataFrame:
    """All entries that a follower could have got in resolved markets: kind, group, paid and payout in micro a share."""
    known = markets.filter(pl.col("resolved") & pl.col("payout0_micro").is_not_null()).select("market", "payout0_micro")
    payout = pl.when(pl.col("outcome_index") == 0).then("payout0_micro").otherwise(MICRO - pl.col("payout0_micro"))
    return (
        table.frame.filter(pl.col("cost_micro").is_not_null())
        .join(known, on="market")
        .select(
            pl.col("kind").cast(pl.String),
            "group",
            pl.col("cost_micro").alias("paid_micro"),
            payout.alias("payout_micro"),
        )
    )


def bands_of(entries: pl.DataFrame, whose: str) -> list[Band]:
    """Price paid against outcome by kind and band (low, high]; integer sums, so threads cannot matter."""
    by_group = (
        entries.with_columns(((pl.col("paid_micro") - 1) * len(BANDS) // MICRO).clip(0, len(BANDS) - 1).alias("band"))
        .group_by("kind", "band", "group")
        .agg(pl.len().cast(pl.Int64).alias("size"), pl.col("paid_micro", "payout_micro").sum())
        .sort("kind", "band", "group")
    )
    grouped = by_group.group_by("kind", "band", maintain_order=True).agg(
        "size", pl.col("size").sum().alias("n"), pl.col("paid_micro", "payout_micro").sum()
    )
    rows = []
    for kind, band, sizes, n, paid, payout in grouped.iter_rows():
        share = payout / (n * MICRO)
        lower, upper = share_interval(share, sizes)
        low, high = BANDS[band]
        rows.append(
            Band(
                whose=whose,
                kind=kind,
                above=low,
                to=high,
                n=n,
                mean_price=rounded(paid / n / MICRO),
                share_won=rounded(share),
                lower=lower,
                upper=upper,
            )
        )
    return rows


def fee_rows(counts: dict[str, dict[str, int]], whose: str) -> list[FeeRow]:
    """Fee provenance counts as rows."""
    return [
        FeeRow(whose=whose, kind=row.kind, provenance=row.reason, count=row.count, share=row.share)
        for row in counted(counts)
    ]


def priced_provenance(table: FollowerTable) -> dict[str, dict[str, int]]:
    """Entries that could be priced, by kind and provenance of the market's fee schedule."""
    found = (
        table.frame.filter(pl.col("cost_micro").is_not_null())
        .group_by(pl.col("kind", "fee_provenance").cast(pl.String))
        .agg(pl.len().cast(pl.Int64))
        .sort("kind", "fee_provenance")
    )
    rows: dict[str, dict[str, int]] = {}
    for kind, provenance, n in found.iter_rows():
        rows.setdefault(kind, {})[provenance] = n
    return rows
