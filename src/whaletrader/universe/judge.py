"""Second stage of scoring: each wallet by its own bets. Nothing of other wallets is read, so any part of them will do.

Who stands out of all wallets, and everything published, is decided in `leaderboard`.
"""

from dataclasses import fields, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.universe.bets import UNIT, BetTable, table_of
from whaletrader.universe.collect import KIND, Collected, activity_added, events_added, own_added
from whaletrader.universe.evidence import WITHHELD, Evidence, EvidenceParams, evidence, price_bands
from whaletrader.universe.features import features
from whaletrader.universe.follower import KINDS
from whaletrader.universe.score_kernel import STATISTICS, unit_statistics
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.thresholds import THRESHOLDS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_BETS = "no_settled_bet"
"""Why a wallet of whose events none could be priced is not judged."""
REASON = pl.Enum([*WITHHELD[1:], NO_BETS])
FEATURE = "feature."
"""Prefix of the features' columns."""
_EVIDENCE = tuple(field.name for field in fields(Evidence) if field.name != "withheld")


def judge(collected: Collected, params: ScoreParams) -> pl.DataFrame:
    """One row per policy, kind and wallet found: statistics, evidence, features, own results; floats, NaN unknown."""
    table = table_of(collected.bets.sort(*UNIT, "group", "entry_ts", "token"))
    statistics = statistics_of(table)
    found = evidence(table, statistics, _needed(table, params), evidence_params(params))
    events = events_added(collected.events)
    activity = activity_added(collected.activity) if collected.activity.height else None
    columns = statistics | {name: getattr(found, name) for name in _EVIDENCE}
    columns |= {FEATURE + name: values for name, values in features(table, statistics, activity, events).items()}
    reasons = pl.Series("withheld", found.withheld).replace_strict(
        {code: name or None for code, name in enumerate(WITHHELD)}, return_dtype=REASON
    )
    judged = table.units.with_columns(reasons, *(pl.Series(name, values) for name, values in columns.items()))
    rows = events.join(judged, on=UNIT, how="left", maintain_order="left")
    return _known(rows).join(own_added(collected.own), on="wallet", how="left", maintain_order="left")


def statistics_of(table: BetTable) -> dict[str, Floats]:
    """The statistics of all units by name."""
    found = unit_statistics(
        table.offsets, table.group, table.edge, table.cost, table.entry_price, table.entry_day, table.exit_day
    )
    return dict(zip(STATISTICS, found, strict=True))


def evidence_params(params: ScoreParams) -> EvidenceParams:
    """The same confidence, resamples and seed; the event groups needed are the committed ones unless they are given."""
    rules = THRESHOLDS.groups
    if params.min_groups is not None:
        rules = replace(rules, needed=(params.min_groups,) * len(rules.needed))
    return EvidenceParams(confidence=params.confidence, n_boot=params.n_boot, seed=params.seed, groups=rules)


def groups_needed(mean_price: Floats, params: ScoreParams) -> Ints:
    """Event groups that wallets of these mean entry prices (micro-units) need for a verdict."""
    rules = evidence_params(params).groups
    return np.asarray(rules.needed, np.int64)[price_bands(mean_price, rules)]


def of_columns(judged: pl.DataFrame) -> Evidence:
    """The evidence of judged rows; why it is withheld stays a column."""
    columns = {name: judged[name].to_numpy() for name in _EVIDENCE}
    return Evidence(withheld=np.zeros(judged.height, np.int64), **columns)


def _needed(table: BetTable, params: ScoreParams) -> Ints:
    kinds = table.units["kind"].cast(KIND)
    needed = kinds.replace_strict({kind: params.min_bets(kind) for kind in KINDS}, return_dtype=pl.Int64)
    return needed.to_numpy()


def _known(rows: pl.DataFrame) -> pl.DataFrame:
    """Fill in those without a priced bet: no bets, no statistics, and the reason."""
    bets = pl.col("n_bets").is_not_null()
    floats = [name for name, dtype in rows.schema.items() if dtype == pl.Float64]
    reason = pl.when(bets).then(pl.col("withheld")).otherwise(pl.lit(NO_BETS, dtype=REASON))
    return rows.with_columns(
        reason.alias("withheld"),
        pl.col("enough").fill_null(value=False),
        pl.col("interval").fill_null(0),
        pl.col("n_bets", "n_groups", "n_days").fill_null(0.0),
    ).with_columns(pl.col(floats).fill_null(float("nan")))
