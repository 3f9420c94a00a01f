"""Wallets without skill: do the intervals cover, do the tests reject as rarely as they say, is anything discovered?

Writes docs/validation/null.md. The event groups that a verdict needs (N*) are found here, and the committed ones in
`universe/thresholds.toml` are held against them.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.made_up_bets import MadeUpBets, centres, crowd_sizes, made_up_bets
from benchmarks.page import Page, quick
from whaletrader.quant.bounded_mean import exact_interval
from whaletrader.quant.multiple_testing import benjamini_hochberg, benjamini_yekutieli
from whaletrader.quant.studentised import cluster_bootstrap_t
from whaletrader.universe.evidence import Evidence, EvidenceParams, evidence
from whaletrader.universe.evidence_kernel import event_groups, rarer_side
from whaletrader.universe.judge import statistics_of
from whaletrader.universe.thresholds import THRESHOLDS

Floats = NDArray[np.float64]

RULES = THRESHOLDS.groups
GROUPS = (10, 15, 20, 25, 30, 40, 50, 60, 75, 100, 125, 150, 200, 300, 400)
NOMINAL, AWAY = 0.95, 0.015
OUTERMOST = 0.01
EVENTS = 2_000
LEAST, MOST = 25, 800
LEVELS = (0.1, 0.05, 0.01, 0.001, 0.0001)
RATES = (0.05, 0.1)
SKILLED, EDGE = 0.01, 0.1


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is drawn: wallets per cell of the coverage and per universe, and seeds of each kind of universe."""

    wallets: int = 10_000
    resamples: int = 1_000
    universe: int = 10_000
    null_seeds: int = 20
    mixed_seeds: int = 5


SMALL = Sizes(wallets=1_000, resamples=200, universe=500, null_seeds=3, mixed_seeds=2)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of wallets whose true mean edge lies in each interval, and below and above the bootstrap's."""

    bootstrap: float
    below: float
    above: float
    published: float
    exact: float
    ratio: float
    """Median width of the exact interval over the bootstrap's."""


def coverage(rng: np.random.Generator, band: tuple[float, float], groups: int, sizes: Sizes) -> Coverage:
    """Coverage for wallets of so many event groups with a centre price in a band."""
    made = made_up_bets(rng, centres(rng, *band, sizes.wallets), np.full(sizes.wallets, groups))
    table, truth = made.table, made.edge
    clusters = event_groups(table.offsets, table.group, table.edge, table.cost, table.entry_day).clusters
    confidence, keys = THRESHOLDS.judging.confidence, np.arange(sizes.wallets)
    found = cluster_bootstrap_t(
        clusters.payoff - clusters.cost, clusters.bets.astype(np.float64), clusters.offsets, keys,
        seed=THRESHOLDS.judging.seed, n_boot=sizes.resamples, confidence=confidence,
    ).studentised  # fmt: skip
    exact = exact_interval(clusters, np.ones(keys.size, np.bool_), confidence)
    often = rarer_side(clusters) >= RULES.rarest
    published = [np.where(often, one, other) for one, other in zip(found, exact, strict=True)]
    inside = [np.mean((low <= truth) & (truth <= high)) for low, high in (found, published, exact)]
    widths = [np.clip(high, -1.0, 1.0) - np.clip(low, -1.0, 1.0) for low, high in (exact, found)]
    ratio = np.median(widths[0][often] / widths[1][often]) if often.any() else np.nan
    outside = float(np.mean(truth < found[0])), float(np.mean(truth > found[1]))
    return Coverage(float(inside[0]), *outside, float(inside[1]), float(inside[2]), float(ratio))


def least_groups(cells: dict[int, Coverage]) -> int | None:
    """N*: the smallest number of event groups from which the bootstrap's coverage stays within the limits."""
    stays = None
    for groups in sorted(cells, reverse=True):
        if abs(cells[groups].bootstrap - NOMINAL) > AWAY:
            break
        stays = groups
    return stays


def bands() -> list[tuple[float, float]]:
    """Price bands of the committed thresholds."""
    limits = (OUTERMOST, *RULES.price_limits, 1.0 - OUTERMOST)
    return list(pairwise(limits))


def show_coverage(page: Page, sizes: Sizes) -> None:
    """Coverage by band and number of event groups, N*, and the committed numbers against it."""
    page.heading("Coverage of the 95 % interval of the mean edge per bet")
    page.text(
        f"{sizes.wallets:,} wallets a cell, {sizes.resamples:,} resamples. *Bootstrap*: the studentised cluster "
        f"bootstrap by itself. *Published*: the exact interval in its place where fewer than {RULES.rarest} event "
        "groups gained or fewer lost. *Width*: the exact interval's over the bootstrap's."
    )
    columns = ("groups", "bootstrap", "truth below", "truth above", "published", "exact", "width")
    for place, band in enumerate(bands()):
        rng = np.random.default_rng([1, place])
        cells = {groups: coverage(rng, band, groups, sizes) for groups in (GROUPS[2:8:5] if quick() else GROUPS)}
        name = f"prices {band[0]:.2f} to {band[1]:.2f}"
        page.heading(f"Centre {name}")
        rows = [(n, c.bootstrap, c.below, c.above, c.published, c.exact, c.ratio) for n, c in cells.items()]
        page.table(columns, rows)
        show_least(page, name, RULES.needed[place], cells)


def show_least(page: Page, name: str, needed: int, cells: dict[int, Coverage]) -> None:
    """N* as found, the committed one against it, and how the other interval does below."""
    found = least_groups(cells)
    if found is None:
        page.text("The bootstrap does not cover as it should up to the largest number tried: the exact one stands.")
    else:
        page.figure(f"N*, {name}: event groups from which coverage stays within 95 +- 1.5 %", found)
    page.figure(f"N* in force, {name}", needed, target=found or max(cells))
    few = [cell.exact for groups, cell in cells.items() if groups < needed]
    if few:
        page.figure(f"least coverage of the exact interval below N*, {name}", min(few), target=NOMINAL)
    many = [cell.published for groups, cell in cells.items() if groups >= needed]
    if many:
        page.figure(f"least coverage of the published interval from N* on, {name}", min(many), target=NOMINAL - AWAY)


def universe(seed: int, sizes: Sizes, *, sold: float, skilled: float = 0.0) -> tuple[MadeUpBets, Evidence]:
    """A crowd on shared events, and its evidence without any interval (which no selection needs)."""
    rng = np.random.default_rng([2, seed])
    groups = crowd_sizes(rng, sizes.universe, LEAST, MOST)
    edge = np.where(rng.random(sizes.universe) < skilled, EDGE, 0.0)
    made = made_up_bets(rng, centres(rng, 0.03, 0.97, sizes.universe), groups, edge, shared=EVENTS, sold=sold)
    none = EvidenceParams(groups=replace(RULES, bootstrap=(False,) * len(RULES.bootstrap)))
    fewest = np.full(sizes.universe, THRESHOLDS.judging.min_bets_fill)
    return made, evidence(made.table, statistics_of(made.table), fewest, none)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Selected units by rule and rate, and which of the judged have an edge."""

    chosen: dict[tuple[str, float], NDArray[np.bool_]]
    real: NDArray[np.bool_]


def choices(made: MadeUpBets, found: Evidence) -> Choice:
    """What each rule selects among the judged units at each rate."""
    rows = np.flatnonzero(found.enough)
    adjusted = {
        "BH": benjamini_hochberg(found.p_value[rows]),
        "BY": benjamini_yekutieli(found.p_value[rows]),
        "e-BH": benjamini_hochberg(np.exp(np.minimum(-found.log_e[rows], 0.0))),
    }
    chosen = {(name, rate): values <= rate for name, values in adjusted.items() for rate in RATES}
    return Choice(chosen, made.edge[rows] > 1e-9)


def show_errors(page: Page, sizes: Sizes, *, sold: float) -> None:
    """Type-I error of p- and e-values and false discoveries among wallets without skill."""
    page.heading("Held to resolution" if sold == 0.0 else f"{sold:.0%} of bets sold before resolution")
    found = [universe(seed, sizes, sold=sold) for seed in range(sizes.null_seeds)]
    p_values, log_e, peaks = (
        np.concatenate([getattr(e, name)[e.enough] for _, e in found]) for name in ("p_value", "log_e", "log_e_peak")
    )
    page.text(f"{sizes.null_seeds} universes of {sizes.universe:,} wallets; {p_values.size:,} judged in all.")
    page.table(
        ("level", "p-value at most it", "e-value at least 1 over it", "e-process ever there"),
        [(a, np.mean(p_values <= a), np.mean(log_e >= -np.log(a)), np.mean(peaks >= -np.log(a))) for a in LEVELS],
    )
    how = "held" if sold == 0.0 else "sold early"
    for level in LEVELS[:4]:
        page.figure(f"type-I error of p at {level}, {how}", float(np.mean(p_values <= level)), target=level,
                    higher_is_better=False)  # fmt: skip
    worst = max(float(np.mean(peaks >= -np.log(a))) / a for a in LEVELS[:4])
    page.figure(
        f"type-I error of the e-process over its level, worst, {how}", worst, target=1.0, higher_is_better=False
    )
    page.figure(f"mean e-value, {how}", float(np.mean(np.exp(log_e))), target=1.0, higher_is_better=False)
    picked = [choices(made, e).chosen for made, e in found]
    for key in picked[0]:
        share = float(np.mean([one[key].any() for one in picked]))
        page.figure(f"realised FDR of {key[0]} at {key[1]:.0%}, no wallet skilled, {how}", share, target=key[1],
                    higher_is_better=False)  # fmt: skip


def show_mixed(page: Page, sizes: Sizes, *, sold: float) -> None:
    """False discoveries where some wallets are skilled."""
    how = "held" if sold == 0.0 else "sold early"
    found = [
        choices(*universe(1_000 + seed, sizes, sold=sold, skilled=SKILLED)) for seed in range(sizes.mixed_seeds)
    ]  # fmt: skip
    for key in found[0].chosen:
        wrong = [np.sum(one.chosen[key] & ~one.real) / max(np.sum(one.chosen[key]), 1) for one in found]
        caught = [np.sum(one.chosen[key] & one.real) / max(np.sum(one.real), 1) for one in found]
        page.figure(f"realised FDR of {key[0]} at {key[1]:.0%}, {SKILLED:.0%} of wallets skilled, {how}",
                    float(np.mean(wrong)), target=key[1], higher_is_better=False)  # fmt: skip
        page.figure(f"skilled wallets found by {key[0]} at {key[1]:.0%}, {how}", float(np.mean(caught)))


def main() -> None:
    """Measure and write the page."""
    sizes = SMALL if quick() else Sizes()
    page = Page(
        "null",
        "Wallets without skill",
        "Made-up wallets (`benchmarks/made_up_bets.py`): bets of one event group mostly win and lose together, group "
        "sizes are geometric, a wallet keeps to its own prices more or less. A bet's chance is its all-in cost, the "
        "least favourable of all cases without skill; stakes do not enter the edge per share.",
    )
    show_coverage(page, sizes)
    page.heading("Tests and selection")
    page.text(
        f"Crowds that bet on {EVENTS:,} shared events, either side; event groups per wallet are Pareto from {LEAST} "
        f"to {MOST}, tail index 1.3. Judged are those with the event groups and bets that a verdict needs. Skilled "
        f"wallets, where there are any, have an edge of {EDGE} a share. FDR without skilled wallets is the share of "
        "universes with any discovery."
    )
    for sold in (0.0, 0.5):
        show_errors(page, sizes, sold=sold)
        show_mixed(page, sizes, sold=sold)
    page.write()


if __name__ == "__main__":
    main()
