"""Evidence that may be looked at every day: a betting e-process and a betting confidence sequence of a bounded mean.

An observation is whatever settles as one: bets that settle together belong into one observation (their mean), as each
must have its mean given those before it. Nothing else is assumed of the distribution, its tails or its dependence.
"""

from dataclasses import dataclass, replace
from math import exp, log, log1p, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TRUNCATION = 0.5
"""The greatest share of the capital that one bet may lose (the paper's c, which it advises to be 1/2 or 3/4)."""
GRID_POINTS = 1_001
_GRID_BLOCK = 64


@dataclass(frozen=True, slots=True)
class RunningMoments:
    """Number, regularised sum and regularised sum of squares of observations in [0, 1], before the next bet."""

    centre: float
    n: int = 0
    total: float = 0.0
    squares: float = 0.25

    def mean(self) -> float:
        """Sum and prior centre over n + 1."""
        return (self.centre + self.total) / (self.n + 1)

    def variance(self) -> float:
        """Squares about the means of their time, and a prior quarter, over n + 1."""
        return self.squares / (self.n + 1)

    def update(self, share: float) -> "RunningMoments":
        """The moments after an observation in [0, 1]."""
        n, total = self.n + 1, self.total + share
        distance = share - (self.centre + total) / (n + 1)
        return RunningMoments(self.centre, n, total, self.squares + distance * distance)


@dataclass(frozen=True, slots=True)
class EProcess:
    """Capital of a bettor against "the mean is at most `bound`", as a logarithm; the peak decides, not the last value.

    `bound` lies strictly between `low` and `high`, the limits of an observation, all in one unit.
    """

    bound: float
    low: float = 0.0
    high: float = 1.0
    moments: RunningMoments | None = None
    log_value: float = 0.0
    log_peak: float = 0.0

    def update(self, observation: float) -> "EProcess":
        """The process after one more observation in [low, high]; the bet was made before it was seen."""
        assert self.low <= observation <= self.high, observation
        null = _null_share(self.bound, self.low, self.high)
        share = (observation - self.low) / (self.high - self.low)
        moments = RunningMoments(null) if self.moments is None else self.moments
        surplus = moments.mean() - null
        bet = min(max(surplus / (moments.variance() + surplus * surplus), 0.0), TRUNCATION / null)
        value = self.log_value + log1p(bet * (share - null))
        return replace(self, moments=moments.update(share), log_value=value, log_peak=max(self.log_peak, value))

    def p_value(self) -> float:
        """Anytime-valid: one over the greatest capital so far, at most 1 (Ville's inequality)."""
        return exp(-self.log_peak)

    def rejects(self, alpha: float) -> bool:
        """Whether the capital ever reached 1 / alpha; under the null with probability at most alpha, for ever."""
        assert 0.0 < alpha < 1.0, alpha
        return self.log_peak >= -log(alpha)


def _null_share(bound: float, low: float, high: float) -> float:
    assert low < bound < high, (low, bound, high)
    return (bound - low) / (high - low)


def _predictable(shares: Floats, centre: float) -> tuple[Floats, Floats]:
    """Means and variances before each observation, shape (n,) each: what `RunningMoments` holds at that time."""
    n = shares.size
    after = np.arange(1, n + 1)
    means = (centre + np.concatenate(([0.0], np.cumsum(shares)))) / np.arange(1, n + 2)
    squares = np.cumsum(np.concatenate(([0.25], (shares - means[1:]) ** 2)))
    return means[:-1], squares[:-1] / after


def log_capital(observations: Floats, bound: float, low: float = 0.0, high: float = 1.0) -> Floats:
    """Logarithm of the capital that bets on "the mean exceeds `bound`", after each observation.

    Parameters
    ----------
    observations : ndarray
        Shape (n,), n >= 0, each in [low, high], in the order of time.
    bound, low, high : float
        low < bound < high, in the observations' unit.

    Returns
    -------
    ndarray
        Shape (n,). Where each mean given the past is at most `bound`, the capital is a nonnegative supermartingale from
        1: it ever reaches 1 / alpha with probability at most alpha, so every day may be the day to stop.

    Notes
    -----
    Waudby-Smith & Ramdas (2024), doi:10.1093/jrsssb/qkad009: capital process (section 4) with the bets of their
    approximate GRAPA, (mean - m) / (variance + (mean - m)^2), cut to [0, c / m]. The mean before the first observation
    is put at m, not at 1/2: a bettor who knows nothing bets nothing. Any bet made beforehand is valid.

    Examples
    --------
    >>> bool(log_capital(np.ones(30), 0.5)[-1] > np.log(20))
    True
    """
    observations = np.asarray(observations, np.float64)
    assert bool(np.all((observations >= low) & (observations <= high))), "an observation outside its limits"
    null = _null_share(bound, low, high)
    shares = (observations - low) / (high - low)
    means, variances = _predictable(shares, null)
    surplus = means - null
    bets = np.clip(surplus / (variances + surplus**2), 0.0, TRUNCATION / null)
    capital: Floats = np.cumsum(np.log1p(bets * (shares - null)))
    return capital


@dataclass(frozen=True, slots=True, eq=False)
class ConfidenceSequence:
    """Interval of a bounded mean that holds at all times at once; it only ever shrinks.

    `up` and `down` are the log capitals against each mean of the grid, shape (G,), by bets on more and on less.
    Lower above upper says that the observations have no common mean (or that the alpha has struck).
    """

    low: float = 0.0
    high: float = 1.0
    alpha: float = 0.05
    grid_points: int = GRID_POINTS
    moments: RunningMoments = RunningMoments(0.5)
    up: Floats | None = None
    down: Floats | None = None
    lower_share: float = 0.0
    upper_share: float = 1.0

    @property
    def lower(self) -> float:
        """Lower bound in the observations' unit."""
        return self.low + (self.high - self.low) * self.lower_share

    @property
    def upper(self) -> float:
        """Upper bound in the observations' unit."""
        return self.low + (self.high - self.low) * self.upper_share

    def update(self, observation: float) -> "ConfidenceSequence":
        """The sequence after one more observation in [low, high]."""
        assert self.low <= observation <= self.high, observation
        grid = np.linspace(0.0, 1.0, self.grid_points)
        share = (observation - self.low) / (self.high - self.low)
        bet = np.array([_bet(self.moments.variance(), self.moments.n + 1, self.alpha)])
        gain, loss = _log_gains(np.array([share]), bet, grid)
        up = gain[0] if self.up is None else self.up + gain[0]
        down = loss[0] if self.down is None else self.down + loss[0]
        limit = log(2.0 / self.alpha)
        return replace(
            self, moments=self.moments.update(share), up=up, down=down,
            lower_share=max(self.lower_share, float(np.max(grid, where=up >= limit, initial=0.0))),
            upper_share=min(self.upper_share, float(np.min(grid, where=down >= limit, initial=1.0))),
        )  # fmt: skip


def _bet(variance: float, t: int, alpha: float) -> float:
    return sqrt(2.0 * log(2.0 / alpha) / (variance * t * log(t + 1)))


def _log_gains(shares: Floats, bets: Floats, grid: Floats) -> tuple[Floats, Floats]:
    """Log growth per observation and grid mean, shapes (n, G), of bets on more and of bets on less than it."""
    tiny = np.finfo(np.float64).tiny
    more = np.minimum(bets[:, None], TRUNCATION / np.maximum(grid, tiny)[None, :])
    less = np.minimum(bets[:, None], TRUNCATION / np.maximum(1.0 - grid, tiny)[None, :])
    distance = shares[:, None] - grid[None, :]
    return np.log1p(more * distance), np.log1p(-less * distance)


def confidence_sequence(
    observations: Floats, low: float = 0.0, high: float = 1.0, alpha: float = 0.05, grid_points: int = GRID_POINTS
) -> tuple[Floats, Floats]:
    """Lower and upper bounds of a constant mean after each observation, valid at all times at once.

    Parameters
    ----------
    observations : ndarray
        Shape (n,), n >= 0, each in [low, high], in the order of time.
    low, high : float
        Limits of an observation, in its unit.
    alpha : float
        In (0, 1): the chance that the mean is ever outside.
    grid_points : int
        Means tried, evenly from `low` to `high`; a bound is the next rejected one outwards, so never too narrow.

    Returns
    -------
    tuple of ndarray
        Shape (n,) each, in the unit of the observations; lower never falls and upper never rises.

    Notes
    -----
    Waudby-Smith & Ramdas (2024), doi:10.1093/jrsssb/qkad009, theorem 3 (hedged capital, half on either side) with
    predictable plug-in bets sqrt(2 log(2 / alpha) / (variance t log(t + 1))), cut to c / m and c / (1 - m). The capital
    is monotone in m, so the set of means that survive is an interval.

    Examples
    --------
    >>> lower, upper = confidence_sequence(np.tile([1.0, 0.0], 100))
    >>> round(float(lower[-1]), 3), round(float(upper[-1]), 3)
    (0.384, 0.625)
    """
    observations = np.asarray(observations, np.float64)
    assert low < high, (low, high)
    assert 0.0 < alpha < 1.0, alpha
    assert grid_points >= 2, grid_points
    assert bool(np.all((observations >= low) & (observations <= high))), "an observation outside its limits"
    shares = (observations - low) / (high - low)
    _, variances = _predictable(shares, 0.5)
    t = np.arange(1, shares.size + 1)
    bets = np.sqrt(2.0 * log(2.0 / alpha) / (variances * t * np.log(t + 1)))
    lower, upper, limit = np.zeros(shares.size), np.ones(shares.size), log(2.0 / alpha)
    grid = np.linspace(0.0, 1.0, grid_points)
    for first in range(0, grid_points, _GRID_BLOCK):
        block = grid[first : first + _GRID_BLOCK]
        up, down = (np.cumsum(gains, axis=0) for gains in _log_gains(shares, bets, block))
        lower = np.maximum(lower, np.where(up >= limit, block, 0.0).max(axis=1))
        upper = np.minimum(upper, np.where(down >= limit, block, 1.0).min(axis=1))
    scale = high - low
    return low + scale * np.maximum.accumulate(lower), low + scale * np.minimum.accumulate(upper)
