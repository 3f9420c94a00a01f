"""False discoveries among many wallets, and false alarms of evidence that is looked at daily; judged elsewhere.

Universes have 10,000 wallets at full size: nobody skilled, or a few who are. Wallets bet on shared events, so that
their p-values depend on each other.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.null_worlds import Floats, Wallets, herd, unskilled
from whaletrader.quant.betting import log_e_values
from whaletrader.quant.bounded_mean import log_p_values
from whaletrader.quant.multiple_testing import (
    benjamini_hochberg,
    benjamini_yekutieli,
    e_benjamini_hochberg,
    storey_q_values,
)
from whaletrader.quant.sequential import confidence_sequence, log_capital

RULES = ("Benjamini-Hochberg", "Benjamini-Yekutieli", "Storey", "e-BH")
NOMINAL = (0.05, 0.10)
EVENTS = 2_000
GROUPS = 60
SKILLED, EDGE = 0.02, 0.2
TWO_YEARS = 730


@dataclass(frozen=True, slots=True)
class Discoveries:
    """Means over universes: share of false ones among the found, universes with any, share of the skilled found."""

    false_share: float
    any_false: float
    power: float


def adjusted(wallets: Wallets) -> dict[str, Floats]:
    """Each rule's adjusted values for a universe, shape (wallets,): the pipeline's exact test and e-values."""
    clusters = wallets.clusters()
    p_values = np.exp(log_p_values(clusters, np.zeros(wallets.price.shape[0], np.bool_)))
    # In the order of time within each wallet, as `herd` makes them.
    e_values = np.exp(log_e_values(clusters, np.arange(clusters.bets.size))[0])
    values = (benjamini_hochberg(p_values), benjamini_yekutieli(p_values), storey_q_values(p_values),
              e_benjamini_hochberg(e_values))  # fmt: skip
    return dict(zip(RULES, values, strict=True))


def planted(rng: np.random.Generator, size: int, band: str, skilled: int) -> Wallets:
    """A herd in which the first `skilled` wallets bet on events of their own and win oftener than they pay for."""
    wallets = herd(rng, size, GROUPS, EVENTS, band)
    own = rng.random((skilled, GROUPS)) < np.minimum(wallets.price[:skilled] + EDGE, 1.0)
    wallets.payoff[:skilled] = own
    return wallets


def discoveries(
    rng: np.random.Generator, universes: int, size: int, band: str, share: float
) -> dict[tuple[str, float], Discoveries]:
    """Each rule at each nominal rate, over universes of `size` wallets of which a share is skilled."""
    skilled = round(size * share)
    seen: dict[tuple[str, float], list[tuple[float, float, float]]] = {(r, a): [] for r in RULES for a in NOMINAL}
    for _ in range(universes):
        for rule, values in adjusted(planted(rng, size, band, skilled)).items():
            for nominal in NOMINAL:
                found = values <= nominal
                wrong, right = int(found[skilled:].sum()), int(found[:skilled].sum())
                seen[rule, nominal].append((wrong / max(wrong + right, 1), float(wrong > 0), right / max(skilled, 1)))
    return {key: Discoveries(*(float(x) for x in np.mean(rows, axis=0))) for key, rows in seen.items()}


def storey_under_one_factor(rng: np.random.Generator, universes: int, tests: int) -> dict[str, float]:
    """Share of null universes with a discovery at 5 % where all z statistics share one factor (correlation 1/2)."""
    from scipy.special import ndtr

    hits = dict.fromkeys(RULES[:3], 0)
    rules = (benjamini_hochberg, benjamini_yekutieli, storey_q_values)
    for _ in range(universes):
        z = np.sqrt(0.5) * (rng.standard_normal() + rng.standard_normal(tests))
        p_values = ndtr(-z)
        for name, rule in zip(hits, rules, strict=True):
            hits[name] += bool(rule(p_values).min() <= NOMINAL[0])
    return {name: count / universes for name, count in hits.items()}


def daily_alarms(rng: np.random.Generator, wallets: int, band: str, alpha: float) -> int:
    """Wallets whose capital ever reaches 1 / alpha within two years of one event group a day, each at its own price.

    Each wallet has events of its own: on shared ones they would raise their alarms together, and no band would hold.
    """
    clusters = unskilled(rng, wallets, TWO_YEARS, band).clusters()
    peaks = log_e_values(clusters, np.arange(clusters.bets.size))[1]
    return int(np.count_nonzero(peaks >= -np.log(alpha)))


def alarms_of_process(rng: np.random.Generator, lives: int, mean: float, alpha: float) -> int:
    """The same of the process against one bound, on coins of that very mean."""
    days = (rng.random((lives, TWO_YEARS)) < mean).astype(np.float64)
    return sum(bool(log_capital(life, mean).max() >= -np.log(alpha)) for life in days)


def fixed_test_alarms(rng: np.random.Generator, lives: int, alpha_quantile: float) -> int:
    """What peeking daily at a fixed-sample z test would give: it is no test any more."""
    days = (rng.random((lives, TWO_YEARS)) < 0.5).astype(np.float64)
    n = np.arange(1, TWO_YEARS + 1)
    z = (np.cumsum(days, axis=1) - n / 2.0) / np.sqrt(n / 4.0)
    return int(np.count_nonzero((z[:, 29:] > alpha_quantile).any(axis=1)))


def sequences_that_lose_the_mean(rng: np.random.Generator, lives: int, mean: float, alpha: float) -> int:
    """Confidence sequences that leave the true mean out on any day of two years; a day is 0, 1 or its mean."""
    coins = (rng.random((lives, TWO_YEARS)) < mean).astype(np.float64)
    days = np.where(rng.random((lives, TWO_YEARS)) < 0.3, mean, coins)
    missed = 0
    for life in days:
        lower, upper = confidence_sequence(life, alpha=alpha, grid_points=101)
        # Means are on the grid: one that is rejected is the bound itself.
        missed += not lower[-1] < mean - 1e-9 < mean + 1e-9 < upper[-1]
    return missed
