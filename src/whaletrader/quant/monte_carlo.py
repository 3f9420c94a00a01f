"""Monte Carlo p-values that draw only as long as it takes, so that 1e-7 can be reached where it matters.

A fixed 2,000 resamples cannot go below 5e-4: useless among 10,000 tests. Here a test stops as soon as enough of its
draws are as extreme as what was observed, and only the few remarkable ones are drawn to the end. The draws come from
the caller: a function of the draw's number, or a stream of "was as extreme" marks.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

Floats = NDArray[np.float64]
Draw = Callable[[int, int], Floats]
"""(first, count) -> statistics of the draws first, first + 1, …, first + count - 1 under the null, shape (count,)."""

_FIRST_BATCH, _LARGEST_BATCH = 64, 65_536


@dataclass(frozen=True, slots=True)
class SequentialPValue:
    """A p-value with what stands behind it."""

    p_value: float
    """In [1 / (most + 1), 1]."""
    exceedances: int
    """Draws at least as extreme as the observation."""
    draws: int
    """Draws looked at."""
    resolution: float
    """The smallest p-value that could have come out: 1 / (most + 1)."""

    @property
    def at_resolution(self) -> bool:
        """Whether the true p-value may be smaller still: more draws would be needed to say."""
        return self.exceedances == 0


def most_for(resolution: float) -> int:
    """How many draws at most reach a resolution.

    Parameters
    ----------
    resolution : float
        Smallest p-value wanted, in (0, 1); among n tests at false discovery rate a it must be below a / n.

    Returns
    -------
    int
        The least number m with 1 / (m + 1) <= resolution.

    Examples
    --------
    >>> most_for(1e-7)
    9999999
    """
    assert 0.0 < resolution < 1.0, resolution
    most = max(round(1.0 / resolution) - 1, 1)
    return most if 1.0 / (most + 1) <= resolution else most + 1


def sequential_p_value(
    observed: float, draw: Draw, *, most: int = 9_999_999, enough: int = 10, largest_batch: int = _LARGEST_BATCH
) -> SequentialPValue:
    """One-sided p-value of an observation that is remarkable when large, from as few draws as it takes.

    Parameters
    ----------
    observed : float
        The statistic of the data, not NaN.
    draw : callable
        `draw(first, count)`: shape (count,), statistics of draws number `first` and on, under the null; no NaN.
        Draws are asked for in order and once each; those of the last batch beyond the stop are not looked at, so that
        the result does not depend on the batches if a draw depends on its number only.
    most : int
        Draws after which it stops in any case; `most_for` gives it for a resolution.
    enough : int
        Exceedances after which it stops: the p-value's relative standard error is then about 1 / sqrt(enough).
    largest_batch : int
        Batches double from 64 up to this: the memory's bound.

    Returns
    -------
    SequentialPValue
        `enough` / draws if it stopped early, else (exceedances + 1) / (most + 1). A draw equal to the observation
        counts as an exceedance. If observation and draws are exchangeable under the null, P(p-value <= x) <= x for
        every x, with equality where x can come out. Besag & Clifford (1991), doi:10.1093/biomet/78.2.301.

    Examples
    --------
    >>> found = sequential_p_value(2.0, lambda first, count: np.arange(first, first + count) % 5.0, most=999)
    >>> found.p_value, found.draws
    (0.5555555555555556, 18)
    """
    assert not np.isnan(observed), "the observation is no number"
    _check(most, enough)
    assert largest_batch >= 1, largest_batch
    seen, above, batch = 0, 0, min(_FIRST_BATCH, largest_batch)
    while seen < most:
        count = min(batch, most - seen)
        values = np.asarray(draw(seen, count), np.float64)
        assert values.shape == (count,), (values.shape, count)
        assert not bool(np.isnan(values).any()), "a draw is no number"
        hits = np.flatnonzero(values >= observed)
        if above + hits.size >= enough:
            return _result(enough, seen + int(hits[enough - above - 1]) + 1, most, enough)
        seen, above, batch = seen + count, above + hits.size, min(2 * batch, largest_batch)
    return _result(above, seen, most, enough)


def sequential_p_value_of_stream(
    exceeds: Iterable[bool], *, most: int = 9_999_999, enough: int = 10
) -> SequentialPValue:
    """The same p-value from a stream that says of each draw whether it is at least as extreme as the observation.

    Parameters
    ----------
    exceeds : iterable of bool
        Read draw by draw, no further than needed; it must not end before `most` draws.
    most, enough : int
        As in `sequential_p_value`.

    Returns
    -------
    SequentialPValue
        As in `sequential_p_value`.

    Raises
    ------
    ValueError
        If the stream ends too early: a p-value from fewer draws than promised would not be valid.

    Examples
    --------
    >>> sequential_p_value_of_stream([False, True, False, True], most=99, enough=2).p_value
    0.5
    """
    _check(most, enough)
    seen, above = 0, 0
    for mark in islice(exceeds, most):
        seen, above = seen + 1, above + bool(mark)
        if above == enough:
            return _result(above, seen, most, enough)
    if seen < most:
        raise ValueError(f"the stream ended after {seen} draws: give {most}, or fewer as `most`")
    return _result(above, seen, most, enough)


def expected_draws(p_value: float, *, most: int = 9_999_999, enough: int = 10) -> float:
    """Draws that a test will take on average when a draw exceeds with a known probability.

    Parameters
    ----------
    p_value : float
        Probability that one draw is an exceedance, in [0, 1].
    most, enough : int
        As in `sequential_p_value`.

    Returns
    -------
    float
        E min(Binomial(most, p), enough) / p, by Wald's identity; about enough / p while that is far below `most`.

    Examples
    --------
    >>> expected_draws(0.0, most=999), round(expected_draws(0.5), 6)
    (999.0, 20.0)
    """
    _check(most, enough)
    assert 0.0 <= p_value <= 1.0, p_value
    if p_value * most < 1e-9:
        return float(most)
    return float(np.sum(bdtrc(np.arange(min(enough, most)), most, p_value)) / p_value)


def expected_draws_under_null(*, most: int = 9_999_999, enough: int = 10) -> float:
    """Draws that a test takes on average when its null is true: what 10,000 tests without an effect cost.

    Parameters
    ----------
    most, enough : int
        As in `sequential_p_value`.

    Returns
    -------
    float
        The mean of `expected_draws` over a uniform p-value: enough (1 + 1/(enough + 1) + … + 1/most).

    Examples
    --------
    >>> round(expected_draws_under_null(), 1)  # for p-values down to 1e-7
    147.7
    """
    _check(most, enough)
    if most <= enough:
        return float(most)
    tail = np.sum(1.0 / np.arange(enough + 1, min(most, 1_000_000) + 1))
    if most > 1_000_000:  # the rest of the harmonic sum, to 1e-13
        tail += np.log((most + 0.5) / 1_000_000.5)
    return float(enough * (1.0 + tail))


def _check(most: int, enough: int) -> None:
    assert most >= 1, most
    assert enough >= 1, enough


def _result(above: int, seen: int, most: int, enough: int) -> SequentialPValue:
    p_value = above / seen if above == enough else (above + 1) / (most + 1)
    return SequentialPValue(p_value, above, seen, 1.0 / (most + 1))
