"""How often each test rejects a true null hypothesis, one function per test; `validate_tests` judges the counts.

Each function takes a generator and a number of repetitions and returns rejections at LEVEL and the repetitions made.
"""

from collections.abc import Callable

import numpy as np

from benchmarks.null_worlds import Floats, Wallets, herd, normal_days, unskilled
from whaletrader.quant.beta_binomial import fit_strength_prior, strength_posterior
from whaletrader.quant.block_length import optimal_block_lengths
from whaletrader.quant.bootstrap import cluster_bootstrap
from whaletrader.quant.bounded_mean import log_p_values
from whaletrader.quant.calibration import reliability_by_band
from whaletrader.quant.heavy_tail import signed_rank_test
from whaletrader.quant.intervals import clopper_pearson_interval, sign_test
from whaletrader.quant.monte_carlo import sequential_p_value
from whaletrader.quant.persistence import newey_west, rank_ic, rolling_persistence
from whaletrader.quant.reality_check import reality_check, stepwise_test, superior_ability
from whaletrader.quant.sharpe import (
    deflated_sharpe_ratio,
    kurtosis,
    probabilistic_sharpe_ratio,
    sharpe_ratio,
    skewness,
)
from whaletrader.quant.stationary import sharpe_intervals, stationary_indices

LEVEL = 0.05
GROUPS = 100
DAYS = 250
MODELS, RESAMPLES = 50, 499
TRIALS = 100
WINDOW = 30

Count = tuple[int, int]
Draw = Callable[[np.random.Generator, int], Floats]
"""Series of mean nought, shape (repetitions, n)."""


def normal(rng: np.random.Generator, repetitions: int) -> Floats:
    """Independent normal days."""
    return normal_days(rng, repetitions, DAYS)


def remembering(rng: np.random.Generator, repetitions: int) -> Floats:
    """Normal days, each remembering a third of the one before."""
    return normal_days(rng, repetitions, DAYS, 1.0 / 3.0)


def edges(band: str) -> Draw:
    """Edges per share of event groups at prices of a band."""
    return lambda rng, repetitions: unskilled(rng, repetitions, GROUPS, band).edges()


def profits(band: str) -> Draw:
    """Profits of event groups on stakes with a fat tail."""
    return lambda rng, repetitions: unskilled(rng, repetitions, GROUPS, band).profits()


def psr(draw: Draw) -> Callable[[np.random.Generator, int], Count]:
    """PSR against 0 at or above 1 - LEVEL."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        found = [_psr(series) for series in draw(rng, repetitions)]
        return sum(value >= 1.0 - LEVEL for value in found), repetitions

    return run


def _psr(series: Floats) -> float:
    ratio = sharpe_ratio(series).value
    return probabilistic_sharpe_ratio(ratio, series.size, skewness(series), kurtosis(series))


def dsr(draw: Draw) -> Callable[[np.random.Generator, int], Count]:
    """DSR of the best of TRIALS records at or above 1 - LEVEL; a repetition is one choice of the best."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        return sum(_best_passes(draw(rng, TRIALS)) for _ in range(repetitions)), repetitions

    return run


def _best_passes(records: Floats) -> bool:
    ratios = np.array([sharpe_ratio(series).value for series in records])
    best = records[int(np.argmax(ratios))]
    value = deflated_sharpe_ratio(
        float(ratios.max()), best.size, skewness(best), kurtosis(best),
        n_trials=TRIALS, variance_of_trial_sharpes=float(ratios.var(ddof=1)),
    )  # fmt: skip
    return value >= 1.0 - LEVEL


def stationary(draw: Draw, studentised: bool) -> Callable[[np.random.Generator, int], Count]:
    """The two-sided stationary-bootstrap interval of the Sharpe ratio leaves nought out."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        series = draw(rng, repetitions)
        found = sharpe_intervals(series, optimal_block_lengths(series)[0], seed=1, n_boot=999, confidence=1.0 - LEVEL)
        lower, upper = found.studentised if studentised else found.percentile
        return int(np.count_nonzero((lower > 0.0) | (upper < 0.0))), repetitions

    return run


def clustered_bootstrap(band: str, groups: int) -> Callable[[np.random.Generator, int], Count]:
    """p-value of the percentile cluster bootstrap."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        made = unskilled(rng, repetitions, groups, band)
        sums, counts = (made.edges() * made.bets).ravel(), made.bets.ravel().astype(np.float64)
        offsets, keys = np.arange(repetitions + 1) * groups, np.arange(repetitions)
        found = cluster_bootstrap(sums, counts, offsets, keys, seed=1, n_boot=1_000, n_boot_most=1_000)
        return int(np.count_nonzero(found.p_values <= LEVEL)), repetitions

    return run


def bounded_mean(band: str, groups: int, binary: bool) -> Callable[[np.random.Generator, int], Count]:
    """The exact test of bounded means; `binary` takes one bet per group, held to resolution."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        made = unskilled(rng, repetitions, groups, band)
        if binary:
            made = Wallets(made.price, made.payoff, np.ones_like(made.bets), made.stake)
        found = log_p_values(made.clusters(), np.full(repetitions, binary))
        return int(np.count_nonzero(found <= np.log(LEVEL))), repetitions

    return run


def _daily_of_herd(rng: np.random.Generator) -> Floats:
    """Daily profits of MODELS unskilled wallets on stakes with a fat tail, shape (DAYS, MODELS); events are shared."""
    made = herd(rng, MODELS, DAYS, 2 * DAYS, "0.30-0.70")
    return made.profits().T


def _daily_edges_of_herd(rng: np.random.Generator) -> Floats:
    """The same of edges per share."""
    return herd(rng, MODELS, DAYS, 2 * DAYS, "0.30-0.70").edges().T


def _normal_of_herd(rng: np.random.Generator) -> Floats:
    """Normal daily returns with a common part."""
    return rng.standard_normal((DAYS, MODELS)) + rng.standard_normal((DAYS, 1))


HERDS = {"normal": _normal_of_herd, "edges": _daily_edges_of_herd, "profits": _daily_of_herd}


def best_of_many(herd_name: str, rng: np.random.Generator, repetitions: int) -> dict[str, Count]:
    """White's, Hansen's three, and Romano and Wolf's test of "nobody gains"; for StepM any rejection is an error."""
    nothing, hits = np.zeros(DAYS), dict.fromkeys(("Reality Check", "lower", "consistent", "upper", "StepM"), 0)
    for repetition in range(repetitions):
        losses = -HERDS[herd_name](rng)
        drawn = stationary_indices(DAYS, RESAMPLES, 2.0, seed=repetition)
        hansen = superior_ability(nothing, losses, drawn, mean_block=2.0)
        found = {name: float(getattr(hansen, name)) for name in ("lower", "consistent", "upper")}
        found["Reality Check"] = reality_check(nothing, losses, drawn)
        found["StepM"] = float(stepwise_test(nothing, losses, drawn, mean_block=2.0).p_values.min())
        for name, p_value in found.items():
            hits[name] += p_value <= LEVEL
    return {name: (count, repetitions) for name, count in hits.items()}


def persistence(draw: Draw, part: str) -> Callable[[np.random.Generator, int], Count]:
    """One-sided p-value of the rolling regression's slope, or of the mean."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        found = [rolling_persistence(series, WINDOW) for series in draw(rng, repetitions)]
        return sum(getattr(one, part) <= LEVEL for one in found), repetitions

    return run


def halves(draw: Draw) -> Callable[[np.random.Generator, int], Count]:
    """Regression of the second half's mean on the first over 200 wallets, White's errors, one-sided."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        hits = 0
        for _ in range(repetitions):
            series = draw(rng, 200)
            middle = series.shape[1] // 2
            past, later = series[:, :middle].mean(axis=1), series[:, middle:].mean(axis=1)
            fit = newey_west(later, np.column_stack((np.ones(past.size), past)), 0, small_sample=True)
            hits += float(fit.p_values[1]) <= LEVEL
        return hits, repetitions

    return run


def rank_ic_of(shared: bool) -> Callable[[np.random.Generator, int], Count]:
    """Rank correlation of 200 wallets' halves beyond 1.645 / sqrt(199); `shared`: on the same events, by habit."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        hits = 0
        for _ in range(repetitions):
            made = herd(rng, 200, 40, 80, "0.30-0.70", habits=True) if shared else unskilled(rng, 200, 40, "0.30-0.70")
            profit = made.profits()
            ic = rank_ic(profit[:, :20].mean(axis=1), profit[:, 20:].mean(axis=1))
            hits += ic * np.sqrt(199.0) > 1.6448536269514722
        return hits, repetitions

    return run


def signs(one_price: bool, together: bool = False) -> Callable[[np.random.Generator, int], Count]:
    """Sign test of hits against the mean price, at one price or many; `together` counts bets that settle together."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        price = np.full((repetitions, GROUPS), 0.4) if one_price else rng.uniform(0.05, 0.95, (repetitions, GROUPS))
        won = rng.random(price.shape) < price
        times = rng.integers(1, 6, price.shape) if together else np.ones(price.shape, np.int64)
        hits, counts = (won * times).sum(axis=1), times.sum(axis=1)
        at = (price * times).sum(axis=1) / counts
        found = [sign_test(int(h), int(n), float(p)) for h, n, p in zip(hits, counts, at, strict=True)]
        return sum(p <= LEVEL for p in found), repetitions

    return run


def signed_rank(draw: Draw) -> Callable[[np.random.Generator, int], Count]:
    """Wilcoxon's one-sided test."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        return sum(signed_rank_test(series) <= LEVEL for series in draw(rng, repetitions)), repetitions

    return run


def symmetric_fat(rng: np.random.Generator, repetitions: int) -> Floats:
    """Symmetric profits with the stakes' tail."""
    sizes = (1.0 - rng.random((repetitions, GROUPS))) ** (-1.0 / 1.3)
    return sizes * rng.choice([-1.0, 1.0], sizes.shape)


def sequential_draws(level: float) -> Callable[[np.random.Generator, int], Count]:
    """Sequential Monte Carlo p-values of observations that are draws themselves."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        hits = 0
        for _ in range(repetitions):
            observed = float(rng.standard_normal())
            found = sequential_p_value(observed, lambda _, count: rng.standard_normal(count), most=19_999)
            hits += found.p_value <= level
        return hits, repetitions

    return run


def strengths(together: bool) -> Callable[[np.random.Generator, int], Count]:
    """Wallets whose true edge is below the beta-binomial's lower bound; `together`: each bet is told three times."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        bets = 40
        strength = rng.beta(15.0, 15.0, (repetitions, 1))
        price = rng.uniform(0.2, 0.8, (repetitions, bets))
        chance = strength * price / (strength * price + (1.0 - strength) * (1.0 - price))
        hits = (rng.random(price.shape) < chance).astype(np.float64)
        times = 3 if together else 1
        told = [np.repeat(column, times, axis=1).ravel() for column in (hits, price)]
        offsets = np.arange(repetitions + 1) * bets * times
        found = strength_posterior(fit_strength_prior(*told, offsets), *told, offsets, 1.0 - LEVEL)
        return int(np.count_nonzero((chance - price).mean(axis=1) < found.lower)), repetitions

    return run


def calibrated_bands(together: bool) -> Callable[[np.random.Generator, int], Count]:
    """Price bands of a calibrated market whose 95 % interval leaves the mean price out, of ten bands a market."""

    def run(rng: np.random.Generator, repetitions: int) -> Count:
        bands, misses = np.linspace(0.0, 1.0, 11), 0
        for _ in range(repetitions // 10):
            price = rng.uniform(0.0, 1.0, 1_000)
            happened = (rng.random(1_000) < price).astype(np.float64)
            times = rng.integers(1, 6, 1_000) if together else np.ones(1_000, np.int64)
            found = reliability_by_band(np.repeat(price, times), np.repeat(happened, times), bands)
            for count, mean, share in zip(found.counts, found.mean_forecasts, found.shares, strict=True):
                lower, upper = clopper_pearson_interval(round(share * count), int(count), 1.0 - LEVEL)
                misses += not lower <= mean <= upper
        return misses, repetitions // 10 * 10

    return run
