"""One wallet's story: the verdict, every piece of evidence with its limit, and what would change the verdict.

Selection looks at everybody, so the whole universe is scored for it; nothing is judged here.
"""

from math import isfinite
from typing import Annotated

import polars as pl
from msgspec import Meta

from whaletrader.domain.skill import Change, SkillReport
from whaletrader.domain.values import MICRO
from whaletrader.errors import UsageError
from whaletrader.report import score_rows as rows
from whaletrader.report.figures import edge
from whaletrader.report.model import DatasetInfo, Part
from whaletrader.report.score_figures import copy_limits
from whaletrader.report.score_make import Asked, Tell, boards_of_placebos, dataset_info, is_small
from whaletrader.report.score_model import CopyRow, DelayPoint, WalletRow
from whaletrader.universe.best_of_all import best_of_all
from whaletrader.universe.collect import collect
from whaletrader.universe.copyability import copyability
from whaletrader.universe.scores import score_universe
from whaletrader.universe.skill_report import skill_reports

SCHEMA_VERSION = 1
_MICRO_UNITS = ("lower", "shrunk")
"""Evidence whose amounts come in micro-units; its limit is 0."""


def _says(text: str) -> Meta:
    return Meta(description=text)


class EvidenceRow(Part, frozen=True, kw_only=True):
    """One piece of evidence and the limit that it is compared with."""

    step: Annotated[str, _says("Step of the method.")]
    name: Annotated[str, _says("Of the evidence.")]
    value: Annotated[float | None, _says("Null where not known.")]
    comparison: Annotated[str, _says(">, >= or <=.")]
    threshold: Annotated[float | None, _says("The limit.")]
    passed: Annotated[bool | None, _says("Null where value or limit is not known.")]
    needed_for: Annotated[str, _says("Verdict that it is required for; empty where it only informs.")]
    meaning: Annotated[str, _says("What passing says.")]


class PlaceboPlace(Part, frozen=True, kw_only=True):
    """Where the wallet stands among placebos of its kind."""

    which: Annotated[str, _says("mirrored or random-1, …")]
    judged: Annotated[int, _says("Placebos tested.")]
    better: Annotated[int, _says("Those with at least this lower bound.")]
    sentence: Annotated[str, _says("The same in words.")]


class UnitStory(Part, frozen=True, kw_only=True):
    """The wallet by one kind of event, under one policy."""

    row: Annotated[WalletRow, _says("Its row of the leaderboard.")]
    evidence: Annotated[list[EvidenceRow], _says("In the order of the steps.")]
    changes: Annotated[list[str], _says("What would change the verdict.")]
    placebo: Annotated[list[PlaceboPlace], _says("Among placebos; empty where not asked for.")]


class CopyStory(Part, frozen=True, kw_only=True):
    """How copyable the wallet is."""

    points: Annotated[list[DelayPoint], _says("Edge against delay.")]
    limits: Annotated[list[str], _says("Capacity, maker share and crowding in words.")]
    copy: Annotated[CopyRow, _says("The same as numbers.")]


class WalletStory(Part, frozen=True, kw_only=True):
    """Everything that is known of one wallet."""

    schema_version: Annotated[int, _says("Of this schema.")]
    simulated: Annotated[bool, _says("Wallet and trades are made up.")]
    stamp: Annotated[str, _says("SIMULATED, or empty.")]
    dataset: Annotated[DatasetInfo, _says("What was scored.")]
    thresholds: Annotated[str, _says("sha256 of the thresholds' file.")]
    wallet: Annotated[str, _says("Address.")]
    title: Annotated[str, _says("The outcome in a few words.")]
    sentences: Annotated[list[str], _says("What it rests on.")]
    units: Annotated[list[UnitStory], _says("By kind of event and policy.")]
    copyability: Annotated[list[CopyStory], _says("By fills; empty where nothing could be priced.")]


def find_wallet(frame: pl.DataFrame, asked: str) -> str:
    """The one address that is this text or begins with it; `UsageError` where there is none, or more than one."""
    text = asked.strip().lower()
    known = frame.select(pl.col("address").unique().sort())["address"]
    found = known.filter(known == text)
    found = known.filter(known.str.starts_with(text)) if len(found) == 0 and text else found
    if len(found) == 0:
        raise UsageError(
            f"no wallet of this dataset with a leader event is, or begins with, {asked!r}; "
            "`whaletrader score --csv FILE` lists all"
        )
    if len(found) > 1:
        raise UsageError(
            f"{len(found):,} wallets begin with {asked!r}, such as {found[0]} and {found[1]}; give more of the address"
        )
    return str(found[0])


def copy_story(row: CopyRow) -> CopyStory:
    """A wallet's copyability with its limits in words."""
    return CopyStory(points=row.points, limits=copy_limits(row), copy=row)


def placebo_places(row: WalletRow, boards: dict[str, pl.DataFrame]) -> list[PlaceboPlace]:
    """How many placebos of the same kind and policy have at least this wallet's lower bound."""
    if row.lower is None:
        return []
    told = []
    for which, frame in boards.items():
        lower = rows.tested(frame, row.policy, row.kind)["lower_micro"]
        if len(lower) == 0:
            continue
        better = int((lower >= round(row.lower * MICRO)).sum())
        told.append(
            PlaceboPlace(
                which=which,
                judged=len(lower),
                better=better,
                sentence=f"{better:,} of {len(lower):,} placebos ({which}) have a lower bound as good or better",
            )
        )
    return told


def wallet_story(asked: Asked, wallet: str, *, placebo: bool = True, tell: Tell = lambda _text: None) -> WalletStory:
    """Score the universe and tell everything that is known of one wallet of it."""
    dataset, params = asked.dataset, asked.params
    tell("pricing and judging every wallet")
    scores = score_universe(dataset, params, executor=asked.executor, work_dir=asked.work_dir)
    address = find_wallet(scores.frame, wallet)
    mine = scores.frame.filter(pl.col("address") == address)
    code = int(mine["wallet"][0])
    tell("weighing the wallet's evidence")
    best = best_of_all(dataset, scores.frame, params) if is_small(dataset) else None
    reports = skill_reports(dataset, scores.frame, params, code, best=best)
    boards = {}
    if placebo and mine["rank"].is_not_null().any() and is_small(dataset):
        tell("judging wallets without skill")
        boards = boards_of_placebos(collect(dataset, params), params)
    tell("pricing the wallet's bets at other delays")
    copies = rows.copy_rows(copyability(dataset, [code], params), {code: address}, [code])
    units = [
        unit_story(rows.wallet_row(row), reports[row["policy"], str(row["kind"])], boards)
        for row in mine.sort("policy", "kind").iter_rows(named=True)
    ]
    return WalletStory(
        schema_version=SCHEMA_VERSION,
        simulated=dataset.simulated,
        stamp="SIMULATED" if dataset.simulated else "",
        dataset=dataset_info(dataset),
        thresholds=scores.thresholds,
        wallet=address,
        title=", ".join(f"{unit.row.verdict} by {unit.row.kind} ({unit.row.policy})" for unit in units),
        sentences=_sentences(units),
        units=units,
        copyability=[copy_story(row) for row in copies],
    )


def _sentences(units: list[UnitStory]) -> list[str]:
    """The edge of every unit in words, or why nothing is said of it."""
    told = []
    for unit in units:
        row = unit.row
        if row.lower is None or row.edge is None or row.upper is None:
            told.append(
                f"By {row.kind} ({row.policy}) nothing is claimed: {row.withheld.replace('_', ' ')} "
                f"({row.bets:,} settled bets in {row.groups:,} event groups, of {row.events:,} events)."
            )
            continue
        told.append(
            f"By {row.kind} ({row.policy}) a follower would have earned {edge(row.edge)} a share, between "
            f"{edge(row.lower)} and {edge(row.upper)}, over {row.bets:,} bets in {row.groups:,} event groups."
        )
    return told


def unit_story(row: WalletRow, report: SkillReport, boards: dict[str, pl.DataFrame]) -> UnitStory:
    """One row of the leaderboard with its evidence, what would change its verdict, and its place among placebos."""
    return UnitStory(
        row=row,
        evidence=[
            EvidenceRow(
                step=each.step,
                name=each.name,
                value=_known(each.value / MICRO if each.name in _MICRO_UNITS else each.value),
                comparison=each.comparison,
                threshold=_known(each.threshold),
                passed=each.passed,
                needed_for="" if each.needed_for is None else str(each.needed_for),
                meaning=each.meaning,
            )
            for each in report.findings
        ],
        changes=[change_sentence(each) for each in report.changes],
        placebo=placebo_places(row, boards),
    )


def change_sentence(change: Change) -> str:
    """What would change the verdict, in words."""
    lose = change.cause == "the next bets lose"
    if change.count is None:
        what = f"losing the next {change.searched:,} bets" if lose else f"{change.searched:,} {change.cause}"
        return f"not even {what} would make it {change.verdict}"
    if lose:
        bets = "bet loses" if change.count == 1 else f"{change.count:,} bets lose"
        return f"to {change.verdict} if the next {bets}"
    return f"to {change.verdict} after {change.count:,} {change.cause}"


def _known(value: float) -> float | None:
    """Six significant digits; None for what is no number."""
    return float(f"{value:.6g}") + 0.0 if isfinite(value) else None
