"""Makes a report of scores: scores the universe, its placebos and its first half, and writes what they say as rows.

Where a dataset is too large to be priced in memory, what needs every single bet is left out, and the report says so.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from whaletrader.datasets.store import Dataset
from whaletrader.domain.values import NANOS
from whaletrader.ports.executor import Executor
from whaletrader.report import score_rows as rows
from whaletrader.report.model import DatasetInfo
from whaletrader.report.score_headline import headline
from whaletrader.report.score_model import (
    SCHEMA_VERSION,
    ForecastScore,
    PlaceboRow,
    ReliabilityBand,
    ScoreReport,
    Thresholds,
)
from whaletrader.report.score_null import null_of
from whaletrader.universe.collect import Collected, collect
from whaletrader.universe.copyability import copyability
from whaletrader.universe.follower import KINDS
from whaletrader.universe.placebo import OBSERVED, placebo_boards
from whaletrader.universe.reliability import forecast_bets, forecast_records, reliability_bands, split_ts
from whaletrader.universe.scores import ScoreParams, Scores, score_universe
from whaletrader.universe.thresholds import THRESHOLDS, thresholds_hash

Tell = Callable[[str], None]

MOST_TRADES = 2_000_000
"""Trades of a dataset up to which every bet is priced in memory for the figures."""
MOST_COPIED = 12
RANDOM_PLACEBOS = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """A dataset and how it is to be scored."""

    dataset: Dataset
    params: ScoreParams
    executor: Executor | None = None
    work_dir: Path | None = None


@dataclass(slots=True)
class Beside:
    """What is told beside the scores; empty where it was not asked for or cannot be had."""

    placebo: list[PlaceboRow] = field(default_factory=list)
    bands: list[ReliabilityBand] = field(default_factory=list)
    forecasts: list[ForecastScore] = field(default_factory=list)
    copies: pl.DataFrame | None = None
    notes: list[str] = field(default_factory=list)


def make_score_report(
    asked: Asked, *, top: int = 20, placebo: bool = True, whole: bool = True, tell: Tell = lambda _text: None
) -> tuple[ScoreReport, Scores]:
    """Score and report; `whole` adds what only the page and the JSON tell: reliability and edge against delay."""
    tell("pricing and judging every wallet")
    scores = score_universe(asked.dataset, asked.params, executor=asked.executor, work_dir=asked.work_dir)
    beside = Beside()
    if (placebo or whole) and scores.frame.height:
        _beside(asked, scores, beside, placebo=placebo, whole=whole, tell=tell)
    return score_report(asked.dataset, scores, beside, top=top), scores


def _beside(asked: Asked, scores: Scores, beside: Beside, *, placebo: bool, whole: bool, tell: Tell) -> None:
    if not is_small(asked.dataset):
        trades = _rows(asked.dataset, "trades")
        beside.notes.append(
            f"Placebos, forecasts and edges against delay are left out: they price every bet in memory, which is done "
            f"up to {MOST_TRADES:,} trades, and there are {trades:,}."
        )
        return
    params = asked.params
    collected = collect(asked.dataset, params)
    if placebo:
        tell("judging wallets without skill")
        boards = {OBSERVED: scores.frame, **boards_of_placebos(collected, params)}
        beside.placebo += [
            rows.placebo_row(which, frame, policy, kind)
            for policy in params.policies
            for which, frame in boards.items()
            for kind in KINDS
        ]
    if whole:
        tell("comparing forecasts of the first half with outcomes of the second")
        _add_forecasts(asked, collected.bets, beside)
        tell("pricing the best wallets' bets at other delays")
        wallets = best_wallets(scores, MOST_COPIED)
        if wallets:
            beside.copies = copyability(asked.dataset, wallets, params)


def is_small(dataset: Dataset) -> bool:
    """Whether every bet may be priced in memory."""
    return _rows(dataset, "trades") <= MOST_TRADES


def boards_of_placebos(collected: Collected, params: ScoreParams) -> dict[str, pl.DataFrame]:
    """Leaderboards of wallets that cannot have skill, by name."""
    return placebo_boards(collected, params, seeds=tuple(params.seed + n for n in range(1, RANDOM_PLACEBOS + 1)))


def best_wallets(scores: Scores, most: int) -> list[int]:
    """Codes of the wallets with the best lower bounds by fills, under the first policy."""
    mine = scores.frame.filter(
        (pl.col("policy").cast(pl.String) == scores.params.policies[0])
        & (pl.col("kind").cast(pl.String) == KINDS[0])
        & pl.col("rank").is_not_null()
    )
    return mine.sort("rank")["wallet"].head(most).to_list()


def _add_forecasts(asked: Asked, settled: pl.DataFrame, beside: Beside) -> None:
    """Edges under the first policy known at the split, against what became of the bets after it."""
    first = asked.params.policies[:1]
    mine = settled.filter(pl.col("policy").cast(pl.String) == first[0])
    middle = split_ts(mine)
    if middle is None:
        return
    early = score_universe(asked.dataset, replace(asked.params, as_of_ts=middle, policies=first))
    bets = forecast_bets(mine, asked.dataset.table("markets"), early.frame, middle)
    if bets.height == 0:
        beside.notes.append(
            "No forecasts: nobody had enough settled bets in the first half and bets settled in the second."
        )
        return
    beside.bands += [ReliabilityBand(**_rounded(row)) for row in reliability_bands(bets).iter_rows(named=True)]
    beside.forecasts += [
        ForecastScore(
            series=each.series,
            kind=each.kind,
            bets=each.bets,
            wallets=each.wallets,
            brier=_six(each.brier),
            reliability=_six(each.reliability),
            resolution=_six(each.resolution),
            gain=_six(each.gain),
            gain_lower=_six(each.gain_lower),
            gain_upper=_six(each.gain_upper),
        )
        for each in forecast_records(bets)
    ]


def _six(value: float | None) -> float | None:
    return None if value is None else round(value, rows.PLACES) + 0.0


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, rows.PLACES) if isinstance(value, float) else value for name, value in row.items()}


def score_report(dataset: Dataset, scores: Scores, beside: Beside, *, top: int = 20) -> ScoreReport:
    """The report of scores that are there already."""
    params = scores.params
    steps = rows.step_rows(scores.counts)
    best = rows.best_rows(scores.frame, params.policies, KINDS, top)
    rate = THRESHOLDS.selection.false_discovery_rate
    null = null_of(scores)
    addresses = dict(scores.frame.select("wallet", "address").unique().iter_rows())
    wallets = best_wallets(scores, MOST_COPIED)
    return ScoreReport(
        schema_version=SCHEMA_VERSION,
        simulated=dataset.simulated,
        stamp="SIMULATED" if dataset.simulated else "",
        dataset=dataset_info(dataset),
        as_of="" if params.as_of_ts is None else _moment(params.as_of_ts),
        confidence=params.confidence,
        false_discovery_rate=rate,
        parameters=parameters(params),
        thresholds=Thresholds(sha256=thresholds_hash(), values=msgspec.to_builtins(asdict(THRESHOLDS))),
        headline=headline(
            steps,
            best,
            beside.placebo,
            beside.forecasts,
            null,
            rate,
            high_skill=int((scores.frame["verdict"] == "HIGH_SKILL").sum()),
        ),
        policies=list(params.policies),
        steps=steps,
        events=rows.event_rows(scores.funnel, params.policies[0]),
        verdicts=rows.verdict_rows(scores.frame),
        withheld=rows.withheld_rows(scores.withheld),
        best=best,
        placebo=beside.placebo,
        copyability=[] if beside.copies is None else rows.copy_rows(beside.copies, addresses, wallets),
        reliability=beside.bands,
        forecasts=beside.forecasts,
        null=null,
        fee_provenance=rows.fee_rows(scores.fee_provenance),
        notes=beside.notes,
    )


def dataset_info(dataset: Dataset) -> DatasetInfo:
    """What was scored, from the manifest: no table is read."""
    manifest = dataset.manifest
    return DatasetInfo(
        name=manifest.name,
        kind=manifest.kind,
        fingerprint=dataset.fingerprint,
        first_day="" if manifest.first_ts is None else _moment(manifest.first_ts)[:10],
        last_day="" if manifest.last_ts is None else _moment(manifest.last_ts)[:10],
        wallets=_rows(dataset, "wallets"),
        trades=_rows(dataset, "trades"),
        signals=_rows(dataset, "signals"),
    )


def _rows(dataset: Dataset, name: str) -> int:
    entry = dataset.manifest.tables.get(name)
    return 0 if entry is None else entry.rows


def parameters(params: ScoreParams) -> dict[str, Any]:
    """All parameters by name, those of the follower behind `follower.`."""
    told: dict[str, Any] = {}
    for name, value in msgspec.to_builtins(asdict(params)).items():
        if isinstance(value, dict):
            told |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            told[name] = value
    return told


def _moment(ts: int) -> str:
    return datetime.fromtimestamp(ts // NANOS, UTC).strftime("%Y-%m-%d %H:%M:%S")
