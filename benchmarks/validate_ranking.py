"""Labelled universes: is our order of wallets better than the order by P&L, and is who is called skilled skilled?

Writes docs/validation/ranking.md. What a wallet is really worth to a follower is known (`truth`, see
`datasets.simulator.universe.truth`): its net edge per share after delay and costs, cut at 0, is the grade of an order.
The seeds were not used while anything was developed; effect sizes and calibration were committed before.
"""

from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import beta

from benchmarks.page import Page, quick
from whaletrader.datasets.simulator.universe.presets import labelled, labelled_params
from whaletrader.quant.ranking import ndcg_at
from whaletrader.universe.follower import KINDS
from whaletrader.universe.scores import score_universe
from whaletrader.universe.source import FrameSource

Floats = NDArray[np.float64]

FIRST_SEED, QUICK_SEED = 2_100, 90
SEEDS, CURVE_SEEDS = 30, 20
EFFECTS = (1.0, 0.5, 2.0, 0.25, 1.5)
PLACES = 50
TARGET_GAIN, TARGET_PRECISION = 0.23, 0.95
RESAMPLES = 10_000
LEVEL = 0.025
SMALL = 0.2
ORDERS = {
    "lower bound (ours)": "lower_micro",
    "P&L": "own_realised_micro",
    "P&L of those judged": "own_judged_micro",
    "return on cost": "own_roi_micro",
    "mean edge, no bound": "mean_edge_micro",
    "composite score": "composite_micro",
}
OURS, NAIVE = "lower bound (ours)", "P&L"
VERDICTS = ("HIGH_SKILL", "MODERATE_SKILL")


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One universe scored: NDCG by order, wallets and truly skilled ones by verdict, and their labels."""

    ndcg: dict[str, float]
    called: dict[str, tuple[int, int]]
    labels: pl.DataFrame


def main() -> None:
    """Score all universes, print the figures, write the page."""
    size = SMALL if quick() else 1.0
    seeds = range(QUICK_SEED, QUICK_SEED + 2) if quick() else range(FIRST_SEED, FIRST_SEED + SEEDS)
    worlds: dict[float, list[World]] = {}
    for effect in (1.0,) if quick() else EFFECTS:
        chosen = seeds if effect == 1.0 else seeds[:CURVE_SEEDS]
        worlds[effect] = [world(seed, effect, size) for seed in chosen]
        with redirect_stdout(StringIO()):  # what is there so far is on the page, should the run be cut short
            told(worlds, size, seeds).write()
    told(worlds, size, seeds).write()


def told(worlds: dict[float, list[World]], size: float, seeds: range) -> Page:
    """The page of what was scored."""
    page = Page("ranking", "Ranking and verdicts on labelled universes", about(size, seeds))
    show_gain(page, worlds[1.0])
    show_precision(page, worlds[1.0])
    show_curve(page, worlds)
    return page


def about(size: float, seeds: range) -> str:
    """What is simulated and how it is judged."""
    params = labelled_params(1.0, size)
    return (
        f"{len(seeds)} SIMULATED universes (seeds from {seeds[0]:,}, not used before) of {params.total_wallets:,} "
        "wallets, scored as any dataset is. Grade of a wallet: its true net edge per share, at least 0. "
        f"NDCG@{PLACES}, linear gain. Figures are the lower ends of 95 % intervals: over seeds (bootstrap of the ratio "
        "of means) for the gain, exact binomial (Clopper-Pearson) for the precision."
    )


def world(seed: int, effect: float, size: float) -> World:
    """Make and score one universe."""
    population = labelled(seed, effect, size)
    scores = score_universe(FrameSource(population.tables, population.fingerprint))
    frame = scores.frame.filter((pl.col("kind") == KINDS[0]) & (pl.col("policy") == "taker"))
    truth = population.tables["truth"].rename({"edge_micro": "true_micro"})
    judged = pl.when(pl.col("lower_micro").is_not_null()).then("own_realised_micro").alias("own_judged_micro")
    table = truth.join(frame.with_columns(judged), on="wallet", how="left").sort("wallet")
    grades = table["true_micro"].clip(lower_bound=0).to_numpy() / 1e6
    ndcg = {name: ndcg_at(grades, filled(table[column]), PLACES) for name, column in ORDERS.items()}
    called = {name: counted(table.filter(pl.col("verdict") == name)) for name in VERDICTS}
    labels = table.group_by("label").agg(
        pl.len().alias("wallets"),
        pl.col("true_micro").sum(),
        pl.col("lower_micro").is_not_null().sum().alias("judged"),
        *((pl.col("verdict") == name).fill_null(value=False).sum().alias(name) for name in VERDICTS),
    )
    return World(ndcg, called, labels)


def filled(column: pl.Series) -> Floats:
    """Scores with those that do not exist below all others, tied."""
    values = column.cast(pl.Float64)
    lowest = values.min()
    worst = (float(str(lowest)) if lowest is not None else 0.0) - 1.0
    found: Floats = values.fill_null(worst).to_numpy()
    return found


def counted(table: pl.DataFrame) -> tuple[int, int]:
    """Wallets, and those of them whose true net edge is positive."""
    return table.height, table.filter(pl.col("true_micro") > 0).height


def gain_interval(ours: Floats, naive: Floats) -> tuple[float, float, float]:
    """Relative gain of mean over mean, and its 95 % percentile interval over seeds."""
    rows = np.random.default_rng(1).integers(0, ours.size, (RESAMPLES, ours.size))
    draws = ours[rows].mean(axis=1) / naive[rows].mean(axis=1) - 1.0
    low, high = np.quantile(draws, [LEVEL, 1.0 - LEVEL])
    return float(ours.mean() / naive.mean() - 1.0), float(low), float(high)


def least_share(right: int, of: int) -> float:
    """Lower end of the exact 95 % interval of a share."""
    return float(beta.ppf(LEVEL, right, of - right + 1)) if right else 0.0


def show_gain(page: Page, worlds: list[World]) -> None:
    """NDCG of every order, and the gain over P&L."""
    page.heading("Order")
    table = {name: np.array([one.ndcg[name] for one in worlds]) for name in ORDERS}
    rows = [(name, float(v.mean()), float(v.min()), float(v.max())) for name, v in table.items()]
    page.table((f"ranked by, NDCG@{PLACES}", "mean", "least", "greatest"), rows)
    gain, low, high = gain_interval(table[OURS], table[NAIVE])
    page.text(f"Gain over P&L: {gain:+.1%}, 95 % interval {low:+.1%} to {high:+.1%}.")
    page.figure("relative gain in NDCG@50 over P&L, lower end", low, target=TARGET_GAIN)
    page.figure("share of seeds in which ours is better", float(np.mean(table[OURS] > table[NAIVE])))


def show_precision(page: Page, worlds: list[World]) -> None:
    """How many of those called skilled are, and who they are."""
    page.heading("Verdicts")
    for name in VERDICTS:
        of, right = (sum(one.called[name][place] for one in worlds) for place in (0, 1))
        page.text(f"{name}: {of} wallets, {right} of them with a true net edge above 0.")
        if name == VERDICTS[0]:
            page.figure(f"precision of {name}", right / of if of else float("nan"))
            page.figure(f"precision of {name}, lower end", least_share(right, of), target=TARGET_PRECISION)
    labels = pl.concat(one.labels for one in worlds).group_by("label").sum().sort("label")
    columns = ("label", "wallets", "true_micro", "judged", *VERDICTS)
    rows = [
        (row["label"], row["wallets"], row["true_micro"] / row["wallets"] / 1e6, *(row[name] for name in columns[3:]))
        for row in labels.to_dicts()
    ]
    page.table(("label", "wallets", "mean true edge", "judged", *VERDICTS), rows)


def show_curve(page: Page, worlds: dict[float, list[World]]) -> None:
    """The same over effect size."""
    page.heading("Over effect size")
    rows = []
    for effect in sorted(worlds):
        found = worlds[effect]
        ours, naive = (np.array([one.ndcg[name] for one in found]) for name in (OURS, NAIVE))
        gain, low, high = gain_interval(ours, naive)
        of, right = (sum(one.called[VERDICTS[0]][place] for one in found) for place in (0, 1))
        share = right / of if of else float("nan")
        span = f"{gain:+.1%} ({low:+.1%} to {high:+.1%})"
        means = float(ours.mean()), float(naive.mean())
        rows.append((f"x{effect:g}", len(found), *means, span, of / len(found), share, least_share(right, of)))
    page.table(
        ("edges", "seeds", "NDCG@50 ours", "by P&L", "gain", "HIGH_SKILL a universe", "precision", "lower end"), rows
    )


if __name__ == "__main__":
    main()
