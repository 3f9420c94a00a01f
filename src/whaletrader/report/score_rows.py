"""From a universe's scores to the report's rows: integers become units here, and nothing is estimated.

Every function takes frames as `universe.scores.Scores` has them; a column that a frame lacks is not known.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from whaletrader.domain.values import MICRO
from whaletrader.report.model import CountRow, FeeRow
from whaletrader.report.score_figures import COMPONENTS
from whaletrader.report.score_model import (
    CopyRow,
    DelayPoint,
    PlaceboRow,
    Points,
    StepRow,
    VerdictRow,
    WalletRow,
    WithheldRow,
)
from whaletrader.universe.thresholds import THRESHOLDS

PLACES = 6
_WHOLE = 200
"""Places of a curve that are all kept; beyond, so many are kept for each power of two."""
_PER_OCTAVE = 24

_FLOATS = {
    "edge": "mean_edge",
    "lower": "lower",
    "upper": "upper",
    "shrunk": "shrunk",
    "mean_price": "mean_price",
    "mean_cost": "mean_cost",
    "roi": "roi_trimmed",
    "hit_rate": "hit_rate",
    "hit_lower": "hit_lower",
    "hit_upper": "hit_upper",
    "log10_p": "log10_p",
    "log10_q": "log10_q",
    "q_by": "q_by",
    "log10_e": "log10_e",
    "sharpe": "sharpe_daily_365",
    "psr": "psr",
    "dsr": "dsr",
    "composite": "composite",
    "composite_lower": "composite_lower",
    "composite_upper": "composite_upper",
    "percentile": "percentile",
    "maker_share": "maker_share",
    "own_realised": "own_realised",
}
"""Fields of a `WalletRow` and the published columns (less `_micro`) that they come from."""


def units(micro: Any) -> float | None:
    """Millionths as a number of six places; None stays None."""
    return None if micro is None else round(int(micro) / MICRO, PLACES) + 0.0


def wallet_row(row: dict[str, Any]) -> WalletRow:
    """One published row."""
    floats = {field: units(row.get(f"{name}_micro")) for field, name in _FLOATS.items()}
    found = {name: units(row.get(f"{name}_micro")) for name in COMPONENTS}
    return WalletRow(
        rank=row["rank"],
        policy=row["policy"],
        kind=str(row["kind"]),
        wallet=row["address"],
        verdict=row["verdict"],
        withheld=row.get("withheld") or "",
        bets=row["n_bets"] or 0,
        groups=row["n_groups"] or 0,
        days=row.get("n_days"),
        events=row["n_events"] or 0,
        priced=row["n_priced"] or 0,
        interval=row.get("interval") or "",
        e_selected=row.get("e_selected"),
        min_track_record=row.get("min_track_record"),
        truncated=row.get("truncated"),
        components={name: value for name, value in found.items() if value is not None},
        **floats,
    )


def best_rows(frame: pl.DataFrame, policies: Sequence[str], kinds: Sequence[str], top: int) -> list[WalletRow]:
    """The first `top` ranked wallets of every policy and kind."""
    ranked = frame.filter(pl.col("rank").is_not_null())
    return [
        wallet_row(row)
        for policy in policies
        for kind in kinds
        for row in _mine(ranked, policy, kind).sort("rank").head(top).iter_rows(named=True)
    ]


def _mine(frame: pl.DataFrame, policy: str, kind: str) -> pl.DataFrame:
    return frame.filter((pl.col("policy").cast(pl.String) == policy) & (pl.col("kind").cast(pl.String) == kind))


def step_rows(counts: pl.DataFrame) -> list[StepRow]:
    """The funnel in wallets, shares of those found."""
    rows = counts.select(pl.col("policy", "kind", "step").cast(pl.String), "wallets").rows()
    found = {(policy, kind): n for policy, kind, step, n in rows if step == "found"}
    return [
        StepRow(policy=policy, kind=kind, step=step, wallets=n, share=_share(n, found.get((policy, kind), 0)))
        for policy, kind, step, n in rows
    ]


def _share(part: int, whole: int) -> float:
    return round(part / max(whole, 1), PLACES)


def verdict_rows(frame: pl.DataFrame) -> list[VerdictRow]:
    """Wallets by verdict."""
    keys = [pl.col(name).cast(pl.String) for name in ("policy", "kind", "verdict")]
    counted = frame.group_by(keys).len("wallets").sort("policy", "kind", "verdict")
    return [
        VerdictRow(policy=policy, kind=kind, verdict=verdict, wallets=n)
        for policy, kind, verdict, n in counted.iter_rows()
    ]


def withheld_rows(withheld: pl.DataFrame) -> list[WithheldRow]:
    """Wallets without a verdict by reason, most frequent first within policy and kind."""
    named = withheld.select(pl.col("policy", "kind", "reason").cast(pl.String), "wallets").filter(pl.col("wallets") > 0)
    ordered = named.sort("policy", "kind", "wallets", "reason", descending=[False, False, True, False])
    return [
        WithheldRow(policy=policy, kind=kind, reason=reason, wallets=n)
        for policy, kind, reason, n in ordered.iter_rows()
    ]


def event_rows(funnel: pl.DataFrame, policy: str) -> list[CountRow]:
    """Leader events by what became of their price under one policy, most frequent first within a kind."""
    mine = funnel.filter(pl.col("policy").cast(pl.String) == policy) if "policy" in funnel.columns else funnel
    named = mine.select(pl.col("kind", "reason").cast(pl.String), "events", "share_micro").filter(pl.col("events") > 0)
    ordered = named.sort("kind", "events", "reason", descending=[False, True, False])
    return [
        CountRow(kind=kind, reason=reason, count=events, share=units(share) or 0.0)
        for kind, reason, events, share in ordered.iter_rows()
    ]


def fee_rows(provenance: pl.DataFrame) -> list[FeeRow]:
    """Where the fee schedules of priced events come from, all policies together."""
    grouped = (
        provenance.select(pl.col("kind", "fee_provenance").cast(pl.String), "events")
        .group_by("kind", "fee_provenance")
        .agg(pl.col("events").sum())
        .sort("kind", "fee_provenance")
    )
    total = dict(grouped.group_by("kind").agg(pl.col("events").sum()).iter_rows())
    return [
        FeeRow(whose="priced", kind=kind, provenance=name, count=n, share=_share(n, total[kind]))
        for kind, name, n in grouped.iter_rows()
    ]


def tested(frame: pl.DataFrame, policy: str, kind: str) -> pl.DataFrame:
    """The rows of one policy and kind that were tested."""
    return _mine(frame, policy, kind).filter(pl.col("p_value_micro").is_not_null())


def placebo_row(which: str, frame: pl.DataFrame, policy: str, kind: str) -> PlaceboRow:
    """What one leaderboard, real or placebo, comes to."""
    found = tested(frame, policy, kind)
    edges = found["mean_edge_micro"]
    within = pl.col("q_value_micro") <= round(THRESHOLDS.selection.false_discovery_rate * MICRO)
    return PlaceboRow(
        which=which,
        policy=policy,
        kind=kind,
        judged=found.height,
        lower_above_zero=int((found["lower_micro"] > 0).sum()),
        survived=found.filter(within & (pl.col("lower_micro") > 0)).height,
        median_edge=_rounded(edges.median()),
        best_edge=_rounded(edges.max()),
        best_lower=_rounded(found["lower_micro"].max()),
        edge_5=_rounded(edges.quantile(0.05, "linear")),
        edge_95=_rounded(edges.quantile(0.95, "linear")),
        p_curve=p_curve(found),
    )


def _rounded(micro: Any) -> float | None:
    return None if micro is None else round(float(micro) / MICRO, PLACES) + 0.0


def p_curve(judged: pl.DataFrame) -> Points:
    """-log10 p that uniform p-values would have at each place of the order, ascending, and those that were seen."""
    found = judged["log10_p_micro"].drop_nulls().to_numpy() / MICRO
    seen = np.sort(-found)[::-1]
    kept = kept_places(seen.size)
    expected = -np.log10((kept + 0.5) / max(seen.size, 1))
    points = zip(expected[::-1].tolist(), seen[kept][::-1].tolist(), strict=True)
    pairs = [(round(x, PLACES) + 0.0, round(max(y, 0.0), PLACES) + 0.0) for x, y in points]
    return Points(x=[x for x, _ in pairs], y=[y for _, y in pairs])


def kept_places(n: int) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Places of an order of `n` that a curve keeps: the first ones all, then ever fewer, and the last."""
    if n <= _WHOLE:
        return np.arange(n, dtype=np.int64)
    octaves = np.log2(n / _WHOLE)
    tail = _WHOLE * 2.0 ** (np.arange(int(octaves * _PER_OCTAVE) + 1) / _PER_OCTAVE)
    places = np.concatenate([np.arange(_WHOLE), np.minimum(tail.astype(np.int64), n - 1), [n - 1]])
    return np.unique(places).astype(np.int64)


def copy_rows(copyability: pl.DataFrame, addresses: dict[int, str], wallets: Sequence[int]) -> list[CopyRow]:
    """Edge against delay and what else limits a copy, in the order of `wallets`."""
    found = [copyability.filter(pl.col("wallet") == wallet).sort("delay_s").to_dicts() for wallet in wallets]
    return [_copy_row(mine, addresses[wallet]) for wallet, mine in zip(wallets, found, strict=True) if mine]


def _copy_row(mine: list[dict[str, Any]], address: str) -> CopyRow:
    first = mine[0]
    return CopyRow(
        wallet=address,
        kind="fill",
        points=[
            DelayPoint(
                delay_s=float(row["delay_s"]),
                bets=row["bets"],
                edge=units(row["mean_edge_micro"]),
                lower=units(row["lower_micro"]),
                common_bets=row["common_bets"],
                common_edge=units(row["common_edge_micro"]),
                common_own_edge=units(row.get("common_own_edge_micro")),
            )
            for row in mine
        ],
        capacity_usd=units(first["capacity_usd_micro"]),
        capacity_lower_usd=units(first["capacity_lower_usd_micro"]),
        capacity_bound=first["capacity_bound"] or "",
        depth_usd=units(first["depth_usd_micro"]),
        maker_share=units(first["maker_share_micro"]),
        known_roles=first["known_roles"],
        crowding=units(first["crowding_micro"]),
        crowding_lower=units(first["crowding_lower_micro"]),
        crowding_upper=units(first["crowding_upper_micro"]),
    )
