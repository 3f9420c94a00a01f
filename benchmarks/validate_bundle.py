"""The real data: who is on the leaderboard, who survives, and does the order of today foretell the next week?

Needs WHALETRADER_DATA, the folder of the real bundle (or a dataset imported from it). Writes docs/validation/bundle.md
whatever the result is. The rules were fixed in `universe/thresholds.toml` before; its hash is on the page.
"""

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import t as student

from benchmarks.page import Page, quick
from whaletrader.datasets.importers.run import import_bundle
from whaletrader.datasets.store import Dataset
from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.quant.persistence import rank_ic
from whaletrader.universe.bets import settled_bets
from whaletrader.universe.follower import KINDS, FollowerTable, build_follower_table
from whaletrader.universe.policies import POLICIES
from whaletrader.universe.power import certified_null
from whaletrader.universe.scores import ScoreParams, Scores, score_table, score_universe
from whaletrader.universe.thresholds import thresholds_hash

WEEK = 7 * DAY_NS
LEAST_BEFORE, LEAST_AFTER = 5, 2
"""Settled bets that a wallet needs before a date and after it, to be in that week's rank correlation."""
LEAST_WALLETS = 10
"""Wallets that a week needs."""
SCORES = {"mean_edge_micro": "mean edge so far", "lower_micro": "lower bound (judged wallets only)"}
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Foretold:
    """Rank correlations of a score with what came, one a week that had enough wallets."""

    kind: str
    score: str
    ics: tuple[float, ...]
    wallets: int

    def mean(self) -> float:
        """Mean over the weeks; NaN without one."""
        return float(np.mean(self.ics)) if self.ics else float("nan")

    def interval(self) -> tuple[float, float]:
        """Student's interval over weeks, as wallets of one week share events; NaN for fewer than two weeks."""
        if len(self.ics) < 2:
            return float("nan"), float("nan")
        error = float(np.std(self.ics, ddof=1)) / np.sqrt(len(self.ics))
        half = float(student.ppf(0.5 + CONFIDENCE / 2.0, len(self.ics) - 1)) * error
        return self.mean() - half, self.mean() + half


def opened(folder: Path, into: Path) -> Dataset:
    """The dataset in a folder, imported first where it is the bundle itself."""
    if not (folder / "dataset.json").exists():
        import_bundle(folder, into)
        folder = into
    return Dataset.open(folder)


def later_means(bets: pl.DataFrame, since: int, until: int) -> pl.DataFrame:
    """Mean edge per kind and wallet of the bets entered in a stretch, where there are enough."""
    entered = bets.filter((pl.col("entry_ts") > since) & (pl.col("entry_ts") <= until))
    came = pl.col("edge_micro").mean().alias("came")
    means = entered.group_by("kind", "wallet").agg(pl.len().alias("later_bets"), came)
    return means.filter(pl.col("later_bets") >= LEAST_AFTER).with_columns(pl.col("kind").cast(pl.String))


def as_of_dates(bets: pl.DataFrame) -> list[int]:
    """Ends of weeks between the first and the last entry."""
    first, last = int(bets["entry_ts"].min()), int(bets["entry_ts"].max())  # type: ignore[arg-type]
    return list(range((first // WEEK + 1) * WEEK, last, WEEK))


def walk_forward(table: FollowerTable, params: ScoreParams) -> list[Foretold]:
    """Score at the end of each week what was known then; compare with the bets entered in the week after."""
    bets = settled_bets(table.at(None))
    found: dict[tuple[str, str], list[tuple[float, int]]] = {(kind, score): [] for kind in KINDS for score in SCORES}
    for date in as_of_dates(bets):
        then = score_table(table, ScoreParams(as_of_ts=date, n_boot=params.n_boot)).frame
        said = then.filter(pl.col("n_bets") >= LEAST_BEFORE).with_columns(pl.col("kind").cast(pl.String))
        both = said.join(later_means(bets, date, date + WEEK), on=["kind", "wallet"], how="inner")
        for (kind, score), weeks in found.items():
            mine = both.filter((pl.col("kind") == kind) & pl.col(score).is_not_null())
            if mine.height >= LEAST_WALLETS:
                ic = rank_ic(mine[score].cast(pl.Float64).to_numpy(), mine["came"].to_numpy())
                weeks.extend([] if np.isnan(ic) else [(ic, mine.height)])
    return [
        Foretold(kind, score, tuple(ic for ic, _ in rows), sum(n for _, n in rows))
        for (kind, score), rows in found.items()
    ]


def show_board(page: Page, scores: Scores) -> None:
    """Funnel of wallets, reasons, the best without their addresses, and what would have been detected."""
    page.heading("The leaderboard")
    steps = list(dict.fromkeys(scores.counts["step"].cast(pl.String)))
    rows = []
    for policy, kind in scores.counts.select("policy", "kind").unique(maintain_order=True).iter_rows():
        own = scores.counts.filter((pl.col("policy") == policy) & (pl.col("kind") == kind))
        rows.append((str(policy), str(kind), *own["wallets"].to_list()))
    page.text("Wallets by step, for each follower policy; whoever has a settled bet counts as a trial.")
    page.table(("policy", "kind", *steps), rows)
    page.text("Why the others have no verdict:")
    held = scores.withheld.filter(pl.col("policy").cast(pl.String) == POLICIES[0])
    page.table(("kind", "reason", "wallets"), [(str(k), str(r), n) for _, k, r, n in held.iter_rows()])
    show_best(page, scores)


def show_best(page: Page, scores: Scores) -> None:
    """The ten best of each kind by the lower bound, without addresses: the data are not the project's to publish."""
    names = ("mean_edge_micro", "lower_micro", "upper_micro", "q_value_micro")
    for kind in KINDS:
        mine = scores.frame.filter((pl.col("kind").cast(pl.String) == kind) & pl.col("rank").is_not_null())
        best = mine.filter(pl.col("policy").cast(pl.String) == POLICIES[0]).sort("rank").head(10)
        rows = [
            (row["rank"], row["n_bets"], row["n_groups"], *(row[name] / MICRO for name in names), row["verdict"])
            for row in best.iter_rows(named=True)
        ]
        page.heading(f"Best by the lower bound: {kind}, policy {POLICIES[0]}")
        page.table(("rank", "bets", "event groups", "mean edge", "lower", "upper", "q", "verdict"), rows)


def show_walk(page: Page, found: list[Foretold]) -> None:
    """Weekly rank correlations of the follower's net edge."""
    page.heading("Walk-forward rank correlation")
    page.text(
        "At each week's end the wallets are scored by what was known then, and compared with the mean net edge per "
        f"share of the bets that the follower entered in the week after (at least {LEAST_BEFORE} settled bets before "
        f"and {LEAST_AFTER} after, {LEAST_WALLETS} wallets a week). The interval is over weeks: wallets of one week "
        "share events."
    )
    for one in (each for each in found if each.ics):
        page.figure(f"rank IC, {one.kind}, {SCORES[one.score]}", one.mean())
    columns = ("kind", "score", "weeks", "pairs of wallet and week", "mean", "lower", "upper", "week by week")
    page.table(columns, [
        (one.kind, SCORES[one.score], len(one.ics), one.wallets, one.mean(), *one.interval(),
         ", ".join(f"{ic:.2f}" for ic in one.ics) or "–")
        for one in found if one.ics
    ])  # fmt: skip


def main() -> None:
    """Score the real data, walk forward, write the page."""
    data = os.environ.get("WHALETRADER_DATA")
    if not data:
        print("nothing done: set WHALETRADER_DATA to the folder of the real data", file=sys.stderr)
        return
    policies = POLICIES[:1] if quick() else POLICIES
    params = ScoreParams(policies=policies, n_boot=200 if quick() else ScoreParams().n_boot)
    with tempfile.TemporaryDirectory() as folder:
        dataset = opened(Path(data), Path(folder) / "dataset")
        page = Page("bundle", "The real data", about(dataset))
        scores = score_universe(dataset, params)
        survived = {step: counted(scores, step) for step in ("found", "tested", "survived_fdr", "survived_e")}
        for step, wallets in survived.items():
            page.figure(f"wallets and policies: {step}", wallets)
        show_board(page, scores)
        page.heading("What would have been detected")
        for kind in KINDS:
            page.text(f"{kind}: {certified_null(scores.frame, kind).sentence}")
        show_walk(page, walk_forward(build_follower_table(dataset), params))
    page.write()


def counted(scores: Scores, step: str) -> int:
    """Units of all policies and kinds that came so far."""
    return int(scores.counts.filter(pl.col("step").cast(pl.String) == step)["wallets"].sum())


def about(dataset: Dataset) -> str:
    """What was read and by which rules."""
    return (
        f"A sample of Polymarket's fills and copy signals (fingerprint `{dataset.fingerprint[:16]}`), of which nothing "
        f"but figures is told here. Rules: `universe/thresholds.toml`, sha256 `{thresholds_hash()}`; what they need of "
        "a wallet was found on made-up wallets without skill, and the part of the data that is kept sealed was "
        "not read. The result stands whatever it is."
    )


if __name__ == "__main__":
    main()
