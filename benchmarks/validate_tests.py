"""Does each test reject a true null hypothesis as rarely as it says? Wallets without skill, fat tails, clusters.

Writes docs/validation/tests.md. A test that is claimed to be valid must stay below the upper end of the binomial band
of its level; one that is not valid for such data is shown with its rate and with what the pipeline uses instead.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from benchmarks import false_discoveries as many
from benchmarks import rejection_rates as one
from benchmarks.null_worlds import BANDS
from benchmarks.page import Page, quick

SEED = 2_026
OUTSIDE = 0.001
"""Chance that a test of exactly its level lies above the band."""
EXACT = "the exact test of bounded means on edges per share"
COLUMNS = ("test", "on", "rejects at 5 %", "of", "use instead")


@dataclass(frozen=True, slots=True)
class Check:
    """A test on a world of true nulls; `instead` is empty where it is claimed to be valid."""

    test: str
    world: str
    run: Callable[[np.random.Generator, int], one.Count]
    repetitions: int
    instead: str = ""


def band_end(level: float, trials: int) -> float:
    """Share of rejections that a test of exactly this level exceeds with a chance of at most OUTSIDE."""
    return float(binom.ppf(1.0 - OUTSIDE, trials, level)) / trials


def valid_checks() -> list[Check]:
    """Tests that are claimed to hold their level on these worlds."""
    checks = [Check("PSR", "normal days", one.psr(one.normal), 10_000)]
    checks += [Check("PSR", f"edges per share at prices {b}", one.psr(one.edges(b)), 10_000) for b in BANDS]
    checks += [Check("DSR, best of 100", "normal days", one.dsr(one.normal), 1_000)]
    checks += [Check("DSR, best of 100", f"edges per share at prices {b}", one.dsr(one.edges(b)), 1_000) for b in BANDS]
    for groups in (10, 100):
        for band in BANDS:
            world = f"{groups} event groups at prices {band}"
            checks.append(Check("exact test, one bet a group", world, one.bounded_mean(band, groups, True), 10_000))
            checks.append(Check("exact test, clusters", world, one.bounded_mean(band, groups, False), 10_000))
    return [
        *checks,
        Check("stationary bootstrap of Sharpe, studentised", "normal days", one.stationary(one.normal, True), 10_000),
        Check("stationary bootstrap of Sharpe, percentile", "normal days", one.stationary(one.normal, False), 10_000),
        Check("rank IC", "wallets with events of their own, fat stakes", one.rank_ic_of(False), 4_000),
        Check("sign test", "one price", one.signs(True), 10_000),
        Check("sign test against the mean price", "many prices", one.signs(False), 10_000),
        Check("signed rank", "symmetric profits on fat stakes", one.signed_rank(one.symmetric_fat), 10_000),
        Check("sequential Monte Carlo p-value", "exchangeable draws", one.sequential_draws(one.LEVEL), 10_000),
        Check("beta-binomial lower bound", "strengths of a Beta law", one.strengths(False), 10_000),
        Check("reliability by band, Clopper-Pearson", "a calibrated market", one.calibrated_bands(False), 10_000),
    ]


def other_checks() -> list[Check]:
    """Tests that are approximate or wrong on these worlds, and what is used instead."""
    checks = []
    for band in BANDS:
        stakes, shares = f"profits on fat stakes, prices {band}", f"edges per share, prices {band}"
        checks += [
            Check("PSR", stakes, one.psr(one.profits(band)), 10_000, f"DSR on daily returns as a description; {EXACT}"),
            Check("stationary bootstrap of Sharpe", stakes, one.stationary(one.profits(band), True), 4_000, EXACT),
            Check("stationary bootstrap of Sharpe", shares, one.stationary(one.edges(band), True), 4_000, EXACT),
            Check("percentile cluster bootstrap, 100 groups", shares, one.clustered_bootstrap(band, 100), 4_000,
                  "the studentised one from N* groups on, for intervals"),
            Check("percentile cluster bootstrap, 20 groups", shares, one.clustered_bootstrap(band, 20), 4_000,
                  "the exact interval below N* groups"),
            Check("signed rank", shares, one.signed_rank(one.edges(band)), 4_000, EXACT),
        ]  # fmt: skip
    together = "one observation per event group"
    return [
        *checks,
        Check("stationary bootstrap of Sharpe, studentised", "days that remember a third",
              one.stationary(one.remembering, True), 4_000, "nothing: it is nearly right"),
        Check("stationary bootstrap of Sharpe, percentile", "days that remember a third",
              one.stationary(one.remembering, False), 4_000, "the studentised one"),
        Check("rolling persistence, slope", "normal days", one.persistence(one.normal, "slope_p_value"), 4_000,
              "it informs, and decides nothing"),
        Check("rolling persistence, slope", "days that remember a third",
              one.persistence(one.remembering, "slope_p_value"), 4_000, "it informs; memory of a day is not skill"),
        Check("rolling persistence, mean", "normal days", one.persistence(one.normal, "mean_p_value"), 4_000, EXACT),
        Check("rank IC", "like-minded wallets on shared events", one.rank_ic_of(True), 4_000,
              "an interval over periods, not over wallets"),
        Check("sign test", "bets that settle together, each counted", one.signs(True, True), 4_000, together),
        Check("beta-binomial lower bound", "each bet told three times", one.strengths(True), 4_000, together),
        Check("reliability by band", "bets that settle together, each counted", one.calibrated_bands(True), 4_000,
              together),
    ]  # fmt: skip


def repetitions_of(check: Check) -> int:
    """Fewer in a quick run, but enough for a band."""
    return min(check.repetitions, 200) if quick() else check.repetitions


def rate_of(check: Check) -> tuple[float, int]:
    """The share of rejections, and of how many."""
    hits, trials = check.run(np.random.default_rng(SEED), repetitions_of(check))
    return hits / trials, trials


def single_tests(page: Page) -> None:
    """Tests of one wallet at a time."""
    page.heading("Tests that hold their level")
    page.text(
        "The target is the upper end of the binomial band, "
        f"which a test of exactly 5 % exceeds once in {1 / OUTSIDE:,.0f}."
    )
    for check in valid_checks():
        rate, trials = rate_of(check)
        name = f"type-I error of {check.test}, {check.world}, {trials:,} wallets"
        page.figure(name, rate, target=band_end(one.LEVEL, trials), higher_is_better=False)
    page.heading("Tests that do not, or only nearly")
    page.text("Shown so that nobody uses them for a claim. They describe; the last column is what decides.")
    rows = [(check, *rate_of(check)) for check in other_checks()]
    page.table(COLUMNS, [(c.test, c.world, rate, trials, c.instead) for c, rate, trials in rows])


def snooping(page: Page) -> None:
    """The best of fifty wallets that share events."""
    page.heading("The best of many: Reality Check, SPA, StepM")
    repetitions = 40 if quick() else 500
    page.text(
        f"{one.MODELS} unskilled wallets over {one.DAYS} days on shared events, {one.RESAMPLES} resamples, "
        f"{repetitions:,} universes. For StepM any wallet declared better is an error."
    )
    for name in one.HERDS:
        for test, (hits, trials) in one.best_of_many(name, np.random.default_rng(SEED), repetitions).items():
            label = test if test in ("Reality Check", "StepM") else f"SPA {test}"
            # The lower form takes losers for as bad as they look, so that it has no level to hold.
            target = None if test == "lower" else band_end(one.LEVEL, trials)
            page.figure(f"type-I error of {label}, {name}", hits / trials, target=target, higher_is_better=False)


def discoveries(page: Page) -> None:
    """False discovery rates among ten thousand."""
    page.heading("False discoveries")
    size, universes = (500, 10) if quick() else (10_000, 60)
    page.text(
        f"{universes} universes of {size:,} wallets on either side of shared events, {many.GROUPS} groups each, judged "
        "by the exact test and by betting e-values. Without skill any discovery is false, so the rate is the share of "
        f"universes with one; the target is the binomial band's end. With {many.SKILLED:.0%} skilled wallets (edge "
        f"{many.EDGE}) it is the mean share of false ones among those found; the target is the nominal rate."
    )
    rng, power = np.random.default_rng(SEED), []
    for band in BANDS:
        nulls = many.discoveries(rng, universes, size, band, 0.0)
        mixed = many.discoveries(rng, universes, size, band, many.SKILLED)
        for (rule, nominal), found in nulls.items():
            name = f"FDR of {rule} at {nominal:.0%}, events at {band}"
            page.figure(f"{name}, nobody skilled", found.any_false,
                        target=band_end(nominal, universes), higher_is_better=False)  # fmt: skip
            page.figure(
                f"{name}, some skilled", mixed[rule, nominal].false_share, target=nominal, higher_is_better=False
            )
            power.append((rule, f"{nominal:.0%}", band, mixed[rule, nominal].power))
    page.table(("rule", "nominal", "events at", "share of the skilled found"), power)
    shared = many.storey_under_one_factor(rng, 50 if quick() else 1_000, 500 if quick() else 10_000)
    page.text(
        "Where every test shares one factor (correlation 1/2 of normal statistics, nobody skilled), the share of "
        "universes with a discovery at 5 % is "
        + ", ".join(f"{name} {share:.3f}" for name, share in shared.items())
        + ". Storey's q-values assume weak dependence and are shown, not used: the pipeline uses e-BH and "
        "Benjamini-Yekutieli, which need no assumption, beside Benjamini-Hochberg."
    )


def anytime(page: Page) -> None:
    """Evidence that is looked at every day."""
    page.heading("Daily peeking for two years")
    page.text(
        "Each wallet has events of its own. On shared events wallets raise their alarms together: the chance of each "
        "is the same, but the share in a single universe is then no count of independent trials."
    )
    wallets, lives = (200, 50) if quick() else (10_000, 1_000)
    rng = np.random.default_rng(SEED)
    for alpha in (0.05, 0.01):
        for band in BANDS:
            rate = many.daily_alarms(rng, wallets, band, alpha) / wallets
            page.figure(f"false alarms of the betting e-value, alpha {alpha}, prices {band}, {wallets:,} wallets", rate,
                        target=band_end(alpha, wallets), higher_is_better=False)  # fmt: skip
        for mean in (0.05, 0.5, 0.95):
            rate = many.alarms_of_process(rng, wallets, mean, alpha) / wallets
            page.figure(f"false alarms of the e-process, alpha {alpha}, coins of {mean}, {wallets:,} lives", rate,
                        target=band_end(alpha, wallets), higher_is_better=False)  # fmt: skip
    page.figure("false alarms of a z test at 5 % that is looked at daily (not used)",
                many.fixed_test_alarms(rng, wallets, 1.6448536269514722) / wallets)  # fmt: skip
    for mean in (0.05, 0.5, 0.95):
        missed = many.sequences_that_lose_the_mean(rng, lives, mean, 0.05) / lives
        page.figure(f"confidence sequences that ever lose the mean, alpha 0.05, mean {mean}, {lives:,} lives", missed,
                    target=band_end(0.05, lives), higher_is_better=False)  # fmt: skip


def main() -> None:
    """Run all and write the page."""
    page = Page(
        "tests",
        "Does each test hold its level?",
        f"Seed {SEED}. Wallets without skill: payoffs are won with the chance of their price, one to four bets of an "
        f"event group settle together, stakes are Pareto with index 1.3. Each test is at 5 %; {one.GROUPS} groups "
        f"or {one.DAYS} days unless said otherwise.",
    )
    single_tests(page)
    snooping(page)
    discoveries(page)
    anytime(page)
    page.write()


if __name__ == "__main__":
    main()
