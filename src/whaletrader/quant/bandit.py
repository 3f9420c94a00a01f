"""What is believed of a leader's net return: a normal-inverse-gamma posterior that forgets, and draws from it.

The moments of the observations fade; the prior does not. So a leader of whom nothing is heard for long is believed what
was believed of him at first. Who gets how much of the money is not decided here.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FadingMoments:
    """Weight, mean and sum of squares about it of observations, each worth `discount` of the one that followed it."""

    weight: float = 0.0
    mean: float = 0.0
    squares: float = 0.0

    def update(self, observation: float, discount: float = 1.0) -> "FadingMoments":
        """The moments after one more observation of weight 1 (West 1979, doi:10.1145/359146.359153)."""
        assert 0.0 < discount <= 1.0, discount
        weight = discount * self.weight + 1.0
        distance = observation - self.mean
        mean = self.mean + distance / weight
        squares = discount * self.squares + distance * (observation - mean)
        return FadingMoments(weight, mean, squares)


def moments_of(observations: Floats, discount: float = 1.0) -> FadingMoments:
    """Moments of all observations at once.

    Parameters
    ----------
    observations : ndarray
        Shape (n,), n >= 0, in the order of time.
    discount : float
        In (0, 1]: what an observation is worth when the next one is there. Half of it is gone after
        log(1/2) / log(discount) observations.

    Returns
    -------
    FadingMoments
        What folding the observations one at a time gives, up to rounding.

    Examples
    --------
    >>> moments_of(np.array([1.0, 3.0]))
    FadingMoments(weight=2.0, mean=2.0, squares=2.0)
    """
    assert 0.0 < discount <= 1.0, discount
    observations = np.asarray(observations, np.float64)
    if observations.size == 0:
        return FadingMoments()
    weights = discount ** np.arange(observations.size - 1, -1, -1, dtype=np.float64)
    weight = float(weights.sum())
    mean = float((weights * observations).sum()) / weight
    squares = float((weights * (observations - mean) ** 2).sum())
    return FadingMoments(weight, mean, squares)


@dataclass(frozen=True, slots=True)
class NormalInverseGamma:
    """Belief about a normal law: its variance ~ InvGamma(shape, scale), its mean ~ N(mean, variance / strength).

    `mean` is in the observations' unit, `strength` counts observations, `scale` is in the unit squared; all but the
    mean are positive.
    """

    mean: float
    strength: float
    shape: float
    scale: float

    def __post_init__(self) -> None:
        assert min(self.strength, self.shape, self.scale) > 0.0, self

    def after(self, moments: FadingMoments) -> "NormalInverseGamma":
        """The posterior, given the moments of observations of weight w, mean m, and squares s.

        Parameters
        ----------
        moments : FadingMoments
            Of all observations since this belief; weight 0 leaves it as it is.

        Returns
        -------
        NormalInverseGamma
            Conjugate. Source: Murphy (2007), "Conjugate Bayesian analysis of the Gaussian distribution", section 6.3.

        Examples
        --------
        >>> NormalInverseGamma(0.0, 1.0, 2.0, 1.0).after(FadingMoments(1.0, 2.0, 0.0))
        NormalInverseGamma(mean=1.0, strength=2.0, shape=2.5, scale=2.0)
        """
        strength = self.strength + moments.weight
        distance = moments.mean - self.mean
        between = self.strength * moments.weight / strength * distance * distance
        return NormalInverseGamma(
            mean=self.mean + moments.weight / strength * distance,
            strength=strength,
            shape=self.shape + moments.weight / 2.0,
            scale=self.scale + (moments.squares + between) / 2.0,
        )

    def probability_below(self, bound: float) -> float:
        """Chance that the mean is below `bound`: Student's t with 2 * shape degrees of freedom."""
        return float(stdtr(2.0 * self.shape, (bound - self.mean) / sqrt(self.scale / (self.shape * self.strength))))

    def predictive_below(self, bound: float) -> float:
        """Chance that the next observation is below `bound`: the same t, wider by the observation's own variance."""
        spread = sqrt(self.scale * (1.0 + 1.0 / self.strength) / self.shape)
        return float(stdtr(2.0 * self.shape, (bound - self.mean) / spread))

    def draw(self, generator: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        """Draws of (mean, variance) from the belief, as Thompson sampling acts upon.

        Parameters
        ----------
        generator : numpy.random.Generator
            Where the chance comes from; the same generator gives the same draws.
        n : int
            How many.

        Returns
        -------
        tuple of ndarray
            Means and variances, shape (n,) each. Source: Russo et al. (2018), doi:10.1561/2200000070.
        """
        variances: Floats = self.scale / generator.standard_gamma(self.shape, n)
        means: Floats = self.mean + np.sqrt(variances / self.strength) * generator.standard_normal(n)
        return means, variances
