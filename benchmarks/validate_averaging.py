"""Wallets that know nothing and buy more of what falls: does anything take their averaged-down losses for skill?

Writes docs/validation/averaging.md. Every single purchase of theirs is at a fair price; but the mean over the entries
of a bet weighs an entry by how many came after it, which depends on how the price went. So a bet is its first entry.
"""

import numpy as np
import polars as pl

from benchmarks.page import Page, quick
from whaletrader.datasets.simulator.universe.presets import doublers
from whaletrader.universe.follower import KINDS
from whaletrader.universe.scores import ScoreParams, score_universe
from whaletrader.universe.source import FrameSource

FIRST_SEED, SEEDS, QUICK_SEED = 3_000, 5, 80
CROWD, DOUBLERS = 600, 200
POLICIES = ("taker", "first")
LEVELS = (0.05, 0.01)
LABELS = ("doubler", "noise")


def main() -> None:
    """Score the universes under both ways of following, print the figures, write the page."""
    first, count, size = (QUICK_SEED, 1, 0.25) if quick() else (FIRST_SEED, SEEDS, 1.0)
    page = Page(
        "averaging",
        "Wallets that average down",
        f"{count} SIMULATED universes (seeds from {first:,}) of {int(CROWD * size)} wallets, {int(DOUBLERS * size)} of "
        "them doublers: they know nothing, and buy again whenever their token has fallen by 0.04. Their true net edge "
        "is minus the costs. *taker* follows all purchases, *first* the first of each token.",
    )
    frame = pl.concat([judged(seed, size) for seed in range(first, first + count)])
    rows = [
        row(frame.filter((pl.col("policy") == policy) & (pl.col("label") == label)), policy, label)
        for policy in POLICIES
        for label in LABELS
    ]
    page.table(
        ("policy", "wallets that are", "judged", "true edge", "measured edge", "p at most 0.05", "p at most 0.01",
         "called HIGH_SKILL"), rows,
    )  # fmt: skip
    for policy in POLICIES:
        found = frame.filter((pl.col("policy") == policy) & (pl.col("label") == "doubler"))
        for level in LEVELS:
            share = share_of(found, pl.col("p_value_micro") <= level * 1e6)
            page.figure(f"type-I error at {level}, doublers, {policy}", share, target=level, higher_is_better=False)
        page.figure(f"share of doublers called HIGH_SKILL, {policy}", share_of(found, high()), target=0.0,
                    higher_is_better=False)  # fmt: skip
    page.write()


def judged(seed: int, size: float) -> pl.DataFrame:
    """Judged wallets of one universe with what they are."""
    population = doublers(int(CROWD * size), int(DOUBLERS * size), seed)
    source = FrameSource(population.tables, population.fingerprint)
    frame = score_universe(source, ScoreParams(policies=POLICIES)).frame
    frame = frame.filter((pl.col("kind") == KINDS[0]) & pl.col("p_value_micro").is_not_null())
    truth = population.tables["truth"].rename({"edge_micro": "true_micro"})
    columns = ("policy", "wallet", "mean_edge_micro", "p_value_micro", "verdict")
    return frame.select(columns).join(truth, on="wallet").select(*columns, "label", "true_micro")


def high() -> pl.Expr:
    """Called skilled."""
    return pl.col("verdict") == "HIGH_SKILL"


def share_of(frame: pl.DataFrame, condition: pl.Expr) -> float:
    """Share of rows; NaN of none."""
    return float(frame.select(condition.mean()).item()) if frame.height else float("nan")


def row(frame: pl.DataFrame, policy: str, label: str) -> tuple[object, ...]:
    """One line of the page's table."""
    means = [float(np.mean(frame[name].to_numpy())) / 1e6 for name in ("true_micro", "mean_edge_micro")]
    shares = [share_of(frame, pl.col("p_value_micro") <= level * 1e6) for level in LEVELS]
    return policy, label, frame.height, *means, *shares, int(frame.select(high().sum()).item())


if __name__ == "__main__":
    main()
