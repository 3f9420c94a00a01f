"""Third stage of scoring: what only the whole universe can say: selection, shrinkage, verdicts, ranks; published.

Fills and position signals are never pooled; all policies of a kind are, for each wallet and policy with a settled bet
is a trial.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from whaletrader.domain.skill import VERDICTS
from whaletrader.domain.values import MICRO
from whaletrader.quant.mixture_prior import mixture_shrink
from whaletrader.universe.collect import KIND, POLICY
from whaletrader.universe.evidence import INTERVALS, Evidence
from whaletrader.universe.features import FEATURES
from whaletrader.universe.follower import KINDS
from whaletrader.universe.judge import FEATURE, REASON, of_columns
from whaletrader.universe.score_frame import (
    FALSE_DISCOVERY_RATE,
    annualised,
    hit_columns,
    log10_of,
    only,
    published,
)
from whaletrader.universe.score_kernel import STATISTICS
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.selection import Selection, select
from whaletrader.universe.standing import standing

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

STEPS = ("found", "priced", "enough_bets", "tested", "lower_above_zero", "survived_fdr", "survived_e")
"""The wallets' funnel; survivors are counted among those whose lower bound is above 0."""
_VERDICTS = {code: str(name) for code, name in enumerate(VERDICTS)}
_OF_JUDGED = ("psr", "persistence_slope", "persistence_t", "persistence_p", "level_t", "level_p", "sign_p", "rank_p")
"""Features that claim something: told of wallets with a verdict alone."""
_LONGEST = 1e15
"""Bets; a longer minimum track record is none."""
_FIRST = ("policy", "kind", "rank", "wallet", "address", "verdict", "withheld")


@dataclass(frozen=True, slots=True, eq=False)
class Leaderboard:
    """The published frame (best lower bound first, per policy and kind), wallets by step, and withheld by reason."""

    frame: pl.DataFrame
    counts: pl.DataFrame
    withheld: pl.DataFrame


def leaderboard(judged: pl.DataFrame, wallets: pl.DataFrame, params: ScoreParams) -> Leaderboard:
    """Select, shrink, give verdicts and rank; `judged` has all rows of the universe, `wallets` their addresses."""
    rows = judged.sort("policy", "kind", "wallet")
    found = of_columns(rows)
    kinds = rows["kind"].cast(pl.String).to_numpy()
    selection = select(kinds, found, trials=rows["n_bets"].to_numpy() > 0)
    described = _described(rows, found, selection, kinds, params)
    addresses = wallets.select("wallet", "address").unique("wallet", keep="first", maintain_order=True)
    listed = described.join(addresses, on="wallet", how="left", maintain_order="left")
    return Leaderboard(
        frame=_ranked(published(listed)),
        counts=_counts(rows, found, selection, params),
        withheld=_withheld(rows),
    )


def _described(
    rows: pl.DataFrame, found: Evidence, selection: Selection, kinds: NDArray[np.object_], params: ScoreParams
) -> pl.DataFrame:
    """Everything in floats; amounts in micro-units, the rest in whole units."""
    enough, policies = found.enough, rows["policy"].cast(pl.String).to_numpy()
    values = {name: rows[name].to_numpy() for name in STATISTICS}
    values |= {name: rows[FEATURE + name].to_numpy() for name in FEATURES}
    shrunk = _by_kind(kinds, enough, lambda chosen: _shrunk(values["mean_edge"][chosen], found, chosen, params))
    placed = standing(kinds, policies, values, found, selection, shrunk)
    lengths = pl.Series("min_track_record", only(enough, values["min_track_record"]))
    floats: dict[str, Floats] = {
        **{name: values[name] for name in ("mean_edge", "mean_cost", "mean_price", "roi", "roi_trimmed")},
        "lower": only(enough, found.lower),
        "upper": only(enough, found.upper),
        "exact_lower": only(~enough, found.lower),
        "exact_upper": only(~enough, found.upper),
        "shrunk": shrunk,
        "p_value": found.p_value,
        "log10_p": log10_of(found.log_p),
        "q_value": selection.q_value,
        "log10_q": _by_kind(
            kinds,
            enough,
            lambda chosen: log10_of(_log_q(found.log_p[chosen], _trials(kinds, values["n_bets"], chosen))),
        ),
        "q_by": selection.q_by,
        "log10_e": log10_of(found.log_e),
        "sharpe_bet": values["sharpe_bet"],
        "sharpe_daily_365": annualised(values["sharpe_daily"]),
        **hit_columns(rows, params.confidence),
        **{name: only(enough, values[name]) for name in _OF_JUDGED},
        **placed.columns,
        **{name: values[name] for name in FEATURES if name not in (*_OF_JUDGED, "min_track_record")},
    }
    whole = pl.when(~pl.col("truncated"))
    cost = pl.col("cost_micro")
    counts = [pl.col(name).cast(pl.Int64) for name in ("n_bets", "n_groups", "n_days", "n_events", "n_priced")]
    return rows.select(
        "policy",
        "kind",
        "wallet",
        pl.Series("verdict", placed.verdicts).replace_strict(_VERDICTS, return_dtype=pl.String),
        "withheld",
        *counts,
        *(pl.Series(name, numbers, dtype=pl.Float64) for name, numbers in floats.items()),
        pl.when(lengths.abs() < _LONGEST).then(lengths).ceil().cast(pl.Int64).alias("min_track_record"),
        pl.Series("interval", found.interval).replace_strict(
            {code: None if code == 0 else name for code, name in enumerate(INTERVALS)}, return_dtype=pl.String
        ),
        pl.Series("e_selected", selection.e_selected),
        whole.then(pl.col("realised_micro")).alias("own_realised_micro"),
        whole.then(pl.when(cost > 0).then((pl.col("realised_micro") / cost * MICRO).round().cast(pl.Int64))).alias(
            "own_roi_micro"
        ),
        "truncated",
    )


def _by_kind(kinds: NDArray[np.object_], enough: NDArray[np.bool_], of: Callable[[Rows], Floats]) -> Floats:
    """Apply a function to the judged rows of each kind, all policies together; NaN for the others."""
    out = np.full(kinds.size, np.nan)
    for kind in KINDS:
        chosen = np.flatnonzero(enough & (kinds == kind))
        if chosen.size:
            out[chosen] = of(chosen)
    return out


def _shrunk(means: Floats, found: Evidence, chosen: Rows, params: ScoreParams) -> Floats:
    """Mean edges drawn towards the judged wallets' common prior: the best of many looks better than it is.

    Half of the interval over the normal quantile stands for the standard error.
    """
    errors = (found.upper[chosen] - found.lower[chosen]) / 2.0 / float(ndtri(params.confidence))
    return mixture_shrink(means, np.maximum(errors, 1.0)).means


def _trials(kinds: NDArray[np.object_], n_bets: Floats, chosen: Rows) -> int:
    """How many rows of the chosen ones' kind have a settled bet."""
    return int(np.count_nonzero((kinds == kinds[chosen[0]]) & (n_bets > 0)))


def _log_q(log_p: Floats, trials: int) -> Floats:
    """Benjamini-Hochberg of so many trials on logarithms, so that no q-value is too small to be told."""
    order = np.argsort(log_p, kind="stable")
    scaled = log_p[order] + np.log(trials / np.arange(1, log_p.size + 1))
    out = np.empty(log_p.size)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 0.0)
    return out


def _ranked(frame: pl.DataFrame) -> pl.DataFrame:
    """Best lower bound first; wallets without a verdict come last and have no rank."""
    keys = ["policy", "kind", "lower_micro", "n_bets", "wallet"]
    ordered = frame.sort(keys, descending=[False, False, True, True, False], nulls_last=True)
    place = pl.int_range(1, pl.len() + 1).over("policy", "kind").cast(pl.Int64)
    rank = pl.when(pl.col("lower_micro").is_not_null()).then(place).alias("rank")
    return ordered.with_columns(rank).select(*_FIRST, pl.exclude(_FIRST))


def _counts(rows: pl.DataFrame, found: Evidence, selection: Selection, params: ScoreParams) -> pl.DataFrame:
    """Wallets by policy, kind and step; every step of every policy and kind is listed."""
    with np.errstate(invalid="ignore"):
        above = found.enough & (found.lower > 0.0)
        fdr = above & (selection.q_value <= FALSE_DISCOVERY_RATE)
    needed = (
        pl.col("kind")
        .cast(pl.String)
        .replace_strict({kind: float(params.min_bets(kind)) for kind in KINDS}, return_dtype=pl.Float64)
    )
    flags = rows.select(
        "policy",
        "kind",
        pl.lit(value=True).alias("found"),
        (pl.col("n_priced") > 0).alias("priced"),
        (pl.col("n_bets") >= needed).alias("enough_bets"),
        pl.Series("tested", found.enough),
        pl.Series("lower_above_zero", above),
        pl.Series("survived_fdr", fdr),
        pl.Series("survived_e", above & selection.e_selected),
    )
    sums = flags.group_by("policy", "kind").agg(pl.col(STEPS).sum().cast(pl.Int64))
    listed = _every_kind(params).join(sums, on=["policy", "kind"], how="left", maintain_order="left")
    long = listed.unpivot(on=STEPS, index=["policy", "kind"], variable_name="step", value_name="wallets")
    ordered = long.with_columns(pl.col("step").cast(pl.Enum(STEPS)), pl.col("wallets").fill_null(0))
    return ordered.sort("policy", "kind", "step").with_columns(pl.col("step").cast(pl.String))


def _every_kind(params: ScoreParams) -> pl.DataFrame:
    pairs = [(policy, kind) for policy in params.policies for kind in KINDS]
    return pl.DataFrame(pairs, schema={"policy": POLICY, "kind": KIND}, orient="row").sort("policy", "kind")


def _withheld(rows: pl.DataFrame) -> pl.DataFrame:
    """Wallets without a verdict by policy, kind and reason."""
    keys = ["policy", "kind", "withheld"]
    counted = rows.filter(pl.col("withheld").is_not_null()).group_by(keys).len("wallets")
    renamed = counted.rename({"withheld": "reason"}).with_columns(pl.col("reason").cast(REASON))
    return renamed.with_columns(pl.col("wallets").cast(pl.Int64)).sort("policy", "kind", "reason")
