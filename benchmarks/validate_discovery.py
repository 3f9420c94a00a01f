"""Can skill be found among ten thousand wallets without any, and what could no test do better?

Writes docs/validation/discovery.md: five wallets planted among nulls, by rule; power by edge and number of bets; beside
it the power of the best test there can be (Neyman & Pearson), which knows the edge beforehand.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from benchmarks.made_up_bets import MadeUpBets, centres, crowd_sizes, made_up_bets, planted_bets
from benchmarks.page import Page, quick
from whaletrader.quant.multiple_testing import benjamini_hochberg, benjamini_yekutieli
from whaletrader.universe.evidence import Evidence, EvidenceParams, evidence, price_bands
from whaletrader.universe.judge import statistics_of
from whaletrader.universe.thresholds import THRESHOLDS

Floats = NDArray[np.float64]

RATE = THRESHOLDS.selection.false_discovery_rate
NULLS, PLANTED = 10_000, 5
BETS, EDGE, BAND = 300, 0.15, (0.3, 0.7)
SEEDS = tuple(range(100, 120))
WANTED_SEEDS, TARGETED = 18, 4
"""The target is for at least four of the five: all five in so many seeds is beyond any test, which the page shows."""
CURVE_BETS = (50, 100, 200, 300, 500, 1_000)
CURVE_EDGES = (0.02, 0.05, 0.1, 0.15, 0.2)
EVENTS, LEAST, MOST = 2_000, 25, 800
POLICIES = ("taker_hold", "taker")
CASES = {
    "held to resolution": ("taker_hold", False),
    "may be sold early": ("taker", False),
    "held, judged": ("taker_hold", True),
}
"""Policy of the planted wallets, and whether the committed numbers of bets and event groups are asked for."""
NO_BOOTSTRAP = (False,) * len(THRESHOLDS.groups.needed)
RULES = ("BH", "BY", "e-BH")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Seeds, wallets without skill beside the planted, and planted wallets per point of the curve."""

    seeds: tuple[int, ...] = SEEDS
    nulls: int = NULLS
    curve: int = 200
    draws: int = 50_000


SMALL = Sizes(SEEDS[:2], 500, 20, 2_000)


def evidence_of(made: MadeUpBets) -> Evidence:
    """Tests of every wallet, however few its bets, so that each is a trial; no interval is needed."""
    rules = THRESHOLDS.groups
    params = EvidenceParams(groups=replace(rules, needed=(1,) * len(rules.needed), bootstrap=NO_BOOTSTRAP))
    return evidence(made.table, statistics_of(made.table), np.ones(made.edge.size, np.int64), params)


def trials(made: MadeUpBets) -> NDArray[np.bool_]:
    """Wallets with the bets and event groups that a verdict needs."""
    found = statistics_of(made.table)
    needed = np.asarray(THRESHOLDS.groups.needed)[price_bands(found["mean_price"], THRESHOLDS.groups)]
    return (found["n_bets"] >= THRESHOLDS.judging.min_bets_fill) & (found["n_groups"] >= needed)


def selected(log_p: Floats, log_e: Floats) -> dict[str, NDArray[np.bool_]]:
    """What each rule selects at the committed rate."""
    p_values = np.exp(log_p)
    adjusted = (
        benjamini_hochberg(p_values),
        benjamini_yekutieli(p_values),
        benjamini_hochberg(np.exp(np.minimum(-log_e, 0.0))),
    )
    return {name: values <= RATE for name, values in zip(RULES, adjusted, strict=True)}


def found_by_rule(seed: int, sizes: Sizes) -> dict[str, dict[str, int]]:
    """How many of the planted wallets each rule finds in one universe, by case."""
    rng = np.random.default_rng([3, seed])
    groups = crowd_sizes(rng, sizes.nulls, LEAST, MOST)
    crowd = made_up_bets(rng, centres(rng, 0.03, 0.97, sizes.nulls), groups, shared=EVENTS)
    nulls, judged = evidence_of(crowd), trials(crowd)
    found = {}
    for case, (policy, only_judged) in CASES.items():
        rng = np.random.default_rng([4, seed])
        skilled = evidence_of(planted_bets(rng, PLANTED, BETS, EDGE, BAND, policy))
        rows = judged if only_judged else np.full(judged.size, True)
        log_p, log_e = (
            np.concatenate([getattr(skilled, name), getattr(nulls, name)[rows]]) for name in ("log_p", "log_e")
        )
        found[case] = {rule: int(chosen[:PLANTED].sum()) for rule, chosen in selected(log_p, log_e).items()}
    return found


def best_power(rng: np.random.Generator, bets: int, edge: float, draws: int) -> Callable[[float], float]:
    """Power of the likelihood-ratio test as a function of its level: no test of that level has more.

    The level of a critical value is E[exp(-L)] over the draws with an edge at which the log likelihood ratio L is
    above it. Neyman & Pearson (1933), doi:10.1098/rsta.1933.0009.
    """
    price = np.clip(np.round(rng.uniform(*BAND, (draws, bets)), 3), None, 0.999 - edge).astype(np.float32)
    won = rng.random((draws, bets), np.float32) < price + edge
    ratio = np.log(np.where(won, (price + edge) / price, (1.0 - price - edge) / (1.0 - price))).sum(1, dtype=np.float64)
    ratio[::-1].sort()
    levels = np.cumsum(np.exp(-ratio)) / draws
    return lambda level: float(np.searchsorted(levels, level) / draws)


def threshold(found: int, sizes: Sizes) -> float:
    """Largest p-value that Benjamini and Hochberg accept when so many are found."""
    return RATE * found / (sizes.nulls + PLANTED)


def show_planted(page: Page, sizes: Sizes) -> None:
    """The planted wallets by rule and seed, and the best that any test could do."""
    page.heading(f"Five wallets with a net edge of {EDGE} a share over {BETS} markets")
    universes = [found_by_rule(seed, sizes) for seed in sizes.seeds]
    for how in CASES:
        found = [one[how] for one in universes]
        rows = [
            (rule, *(sum(one[rule] >= k for one in found) for k in (1, 3, 4, 5)), np.mean([o[rule] for o in found]))
            for rule in RULES
        ]
        page.text(f"Of {len(sizes.seeds)} seeds, in how many at least so many of the five are found ({how}):")
        page.table(("rule", ">= 1", ">= 3", ">= 4", "all 5", "mean"), rows)
        page.table(
            ("seed", *RULES), [(str(s), *(o[r] for r in RULES)) for s, o in zip(sizes.seeds, found, strict=True)]
        )
        share = len(sizes.seeds) * WANTED_SEEDS / len(SEEDS)
        for least in (3, 4, 5):
            count = sum(one["BH"] >= least for one in found)
            aim = share if least == TARGETED and how.startswith("held") else None
            page.figure(f"seeds with at least {least} of 5 found by BH, {how}", count, f"of {len(sizes.seeds)}",
                        target=aim)  # fmt: skip
    power = best_power(np.random.default_rng(4), BETS, EDGE, sizes.draws)
    each = power(threshold(PLANTED, sizes))
    page.text(
        f"The best test there can be, which knows the edge beforehand, has a power of {each:.3f} at the p-value that "
        "Benjamini and Hochberg accept when all five are found. It would find at least so many of the five:"
    )
    chances = {k: float(binom.sf(k - 1, PLANTED, each)) for k in (1, 3, 4, 5)}
    page.table(("at least", "chance", "expected seeds of 20"), [(k, c, 20 * c) for k, c in chances.items()])
    often = float(binom.sf(WANTED_SEEDS - 1, 20, chances[5]))
    page.text(f"Even it finds all five in at least {WANTED_SEEDS} of 20 seeds with a chance of {often:.3f} only.")
    page.figure("power of the best test at the threshold of five found", each)
    page.figure("chance that the best test finds all five", chances[5])
    page.figure(f"chance that the best test finds all five in at least {WANTED_SEEDS} of 20 seeds", often)


def show_curve(page: Page, sizes: Sizes) -> None:
    """Power by edge and number of bets at the threshold of five found among ten thousand."""
    level = threshold(PLANTED, sizes)
    page.heading("Power by edge and number of bets")
    page.text(
        f"Share of {sizes.curve} wallets below the p-value {level:.2g} that Benjamini and Hochberg accept when five "
        f"of {sizes.nulls + PLANTED:,} are found; e: above 1 over it; best: the best test of that level. Prices 0.3 to "
        "0.7."
    )
    rng, rows = np.random.default_rng(5), []
    for edge in CURVE_EDGES:
        for bets in CURVE_BETS:
            held, sold = (
                evidence_of(planted_bets(rng, sizes.curve, bets, edge, BAND, policy)) for policy in POLICIES
            )  # fmt: skip
            limit = np.log(level)
            share = (np.mean(held.log_p <= limit), np.mean(sold.log_p <= limit), np.mean(held.log_e >= -limit))
            rows.append((edge, bets, *share, best_power(rng, bets, edge, max(sizes.draws // 5, 1_000))(level)))
    page.table(("edge", "bets", "held", "may be sold early", "e", "best"), rows)


def main() -> None:
    """Measure and write the page."""
    sizes = SMALL if quick() else Sizes()
    page = Page(
        "discovery",
        "Finding skill",
        f"{sizes.nulls:,} wallets without skill (`benchmarks/made_up_bets.py`) on {EVENTS:,} shared events, each a "
        "trial whatever the number of its bets, and a few with an edge. *Held to resolution*: the exact test. *May "
        "be sold early*: the bound that holds for any payoff between 0 and 1, on the same kind of bets. *Judged*: as "
        "held, but a wallet below the committed numbers of bets and event groups is no trial.",
    )
    show_planted(page, sizes)
    show_curve(page, sizes)
    page.write()


if __name__ == "__main__":
    main()
