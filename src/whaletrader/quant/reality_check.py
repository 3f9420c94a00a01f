"""Is the best of many models better than a benchmark, given that it was picked? White, Hansen, Romano and Wolf.

Works on losses (smaller is better) and on resample indices that the caller drew, from a stationary bootstrap where the
days depend on each other; it draws nothing itself. Resamples are handled a batch at a time: beside copies of the
inputs, memory is a few arrays of a million floats, never resamples x days x models.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_BATCH_CELLS = 1_000_000
_TIE = 1e-12
"""Statistics within this share of each other are a tie, and a tie speaks against the model."""


@dataclass(frozen=True, slots=True)
class SuperiorAbility:
    """Hansen's three p-values of "no model is better than the benchmark", lower <= consistent <= upper."""

    statistic: float
    """Largest mean gain over the benchmark times sqrt(T), studentised if so asked."""
    best: int
    """The model that has it."""
    lower: float
    """Models worse than the benchmark count as exactly as bad as they look: too small a p-value."""
    consistent: float
    """Models worse by more than sqrt(2 log log T) standard errors are left out: the one to report."""
    upper: float
    """Every model counts as just as good as the benchmark: White's choice, never too small."""
    resamples: int
    """The shares above are in steps of 1 / resamples: 0 says only "less than 1 / resamples"."""


@dataclass(frozen=True, slots=True, eq=False)
class StepwiseTest:
    """Romano and Wolf's answer for each model, each of shape (k,)."""

    statistics: Floats
    """Mean gains over the benchmark times sqrt(T), studentised if so asked."""
    p_values: Floats
    """Adjusted for all models: those at or below a level are better, with at most that chance of any error."""


def long_run_variance(gains: Floats, mean_block: float) -> Floats:
    """Variance of sqrt(T) times the mean under the stationary bootstrap, without resampling.

    Parameters
    ----------
    gains : ndarray
        Shape (T, k).
    mean_block : float
        Mean block length of the stationary bootstrap, in rows, >= 1; 1 is the plain bootstrap.

    Returns
    -------
    ndarray
        Shape (k,), >= 0: autocovariances weighted by (1 - i/T) q^i + (i/T) q^(T - i), q = 1 - 1 / mean_block, which
        are circular autocovariances weighted by (1 - i/T) q^i: a recursion over the rows sums them in one pass.
        Politis & Romano (1994), doi:10.1080/01621459.1994.10476870; Hansen (2005), sec. 3.

    Examples
    --------
    >>> long_run_variance(np.array([[1.0], [3.0]]), 1.0).tolist()
    [1.0]
    """
    t = gains.shape[0]
    assert mean_block >= 1.0, mean_block
    centred = gains - gains.mean(axis=0)
    keep, lags = 1.0 - 1.0 / mean_block, np.arange(1, t)
    first = keep ** lags.astype(np.float64)
    near = np.einsum("t,tk->k", first, centred[:0:-1])  # the rows before, the series being a circle
    far = np.einsum("t,tk->k", first * lags, centred[:0:-1])
    found: Floats = np.einsum("tk,tk->k", centred, centred) / t
    for row in range(t):
        found += 2.0 / t * centred[row] * (near - far / t)
        after = centred[row + 1 - t] * keep**t
        near, far = keep * (centred[row] + near) - after, keep * (centred[row] + near + far) - t * after
    return np.maximum(found, 0.0)


def reality_check(benchmark: Floats, models: Floats, resamples: Ints) -> float:
    """White's Reality Check: p-value of "no model is better than the benchmark", every model at its least favourable.

    Parameters
    ----------
    benchmark : ndarray
        Shape (T,): losses.
    models : ndarray
        Shape (T, k): losses.
    resamples : ndarray
        Shape (B, T): row numbers in [0, T), each row one resample.

    Returns
    -------
    float
        Share of resamples whose largest centred mean gain is at least the largest mean gain: not studentised, so that
        one noisy model hides the others; `superior_ability` mends that. In steps of 1 / B; 0 says "below 1 / B".
        White (2000), doi:10.1111/1468-0262.00152.

    Examples
    --------
    >>> days = np.arange(8.0)[:, None]
    >>> reality_check(days[:, 0], days + 1.0, np.tile(np.arange(8), (10, 1)))
    1.0
    """
    gains = _gains(benchmark, models, resamples)
    means = gains.mean(axis=0)
    best = float(means.max())
    if best <= 0.0:
        return 1.0
    hits = 0
    for batch in _means(gains, resamples):
        hits += int(np.count_nonzero((batch >= means + _below(best)).any(axis=1)))
    return hits / float(resamples.shape[0])


def superior_ability(
    benchmark: Floats, models: Floats, resamples: Ints, *, mean_block: float, studentise: bool = True
) -> SuperiorAbility:
    """Hansen's test of superior predictive ability, in its lower, consistent and upper form.

    Parameters
    ----------
    benchmark : ndarray
        Shape (T,): losses, T >= 3.
    models : ndarray
        Shape (T, k): losses.
    resamples : ndarray
        Shape (B, T): row numbers in [0, T), each row one resample.
    mean_block : float
        Mean block length of the bootstrap that drew them: the variances' kernel.
    studentise : bool
        Divide each model's gain by its standard deviation, as the paper does; a model whose gain never varies is then
        left out. Without it the three p-values are those of `arch.bootstrap.SPA` wherever some model gains.

    Returns
    -------
    SuperiorAbility
        Shares of resamples whose largest recentred statistic is at least the observed; all 1 if no model gains.
        Hansen (2005), doi:10.1198/073500105000000063.

    Examples
    --------
    >>> losses = np.array([[0.0], [2.0], [1.0], [3.0]])
    >>> superior_ability(np.zeros(4), losses, np.tile(np.arange(4), (5, 1)), mean_block=1.0).consistent
    1.0
    """
    gains = _gains(benchmark, models, resamples)
    t = gains.shape[0]
    assert t >= 3, "log log T needs three rows"
    means, variances = gains.mean(axis=0), long_run_variance(gains, mean_block)
    scale = _scale(means, variances, studentise)
    ratios = means / scale
    best = int(np.argmax(ratios))
    statistic = float(ratios[best] * np.sqrt(t))
    if ratios[best] <= 0.0:
        return SuperiorAbility(statistic, best, 1.0, 1.0, 1.0, resamples.shape[0])
    relevant = means >= -np.sqrt(variances / t * 2.0 * np.log(np.log(t)))
    centres = (np.maximum(ratios, 0.0), np.where(relevant, ratios, 0.0), ratios)
    level, hits = _below(float(ratios[best])), [0, 0, 0]
    for batch in _means(gains / scale, resamples):
        for i, centre in enumerate(centres):
            hits[i] += int(np.count_nonzero((batch >= centre + level).any(axis=1)))
    lower, consistent, upper = (hit / resamples.shape[0] for hit in hits)
    return SuperiorAbility(statistic, best, lower, consistent, upper, resamples.shape[0])


def stepwise_test(
    benchmark: Floats, models: Floats, resamples: Ints, *, mean_block: float, studentise: bool = True
) -> StepwiseTest:
    """StepM: which models are better than the benchmark, with the chance of a single wrong one controlled.

    Parameters
    ----------
    benchmark, models, resamples, mean_block, studentise
        As in `superior_ability`; every model is recentred at its own mean.

    Returns
    -------
    StepwiseTest
        The models with p-value <= a are those that StepM rejects at level a: in the order of their statistics, each
        is compared with the largest resampled statistic among itself and the models after it. A p-value is
        (1 + hits) / (1 + B), monotone along that order, never 0.
        Romano & Wolf (2005), doi:10.1111/j.1468-0262.2005.00615.x; (2016), doi:10.1016/j.spl.2016.02.012.

    Examples
    --------
    >>> losses = np.array([[0.0, 5.0], [2.0, 3.0], [1.0, 4.0], [3.0, 7.0]])
    >>> stepwise_test(losses[:, 1], losses, np.tile(np.arange(4), (9, 1)), mean_block=1.0).p_values.tolist()
    [0.1, 1.0]
    """
    gains = _gains(benchmark, models, resamples)
    means = gains.mean(axis=0)
    scale = _scale(means, long_run_variance(gains, mean_block), studentise)
    ratios = means / scale
    order = np.argsort(-ratios, kind="stable")
    levels = np.array([_below(float(ratio)) for ratio in ratios[order]])
    hits = np.zeros(order.size, np.int64)
    for batch in _means((gains / scale)[:, order], resamples):
        largest = np.maximum.accumulate((batch - ratios[order])[:, ::-1], axis=1)[:, ::-1]
        hits += np.sum(largest >= levels, axis=0)
    p_values = np.empty(order.size, np.float64)
    p_values[order] = np.maximum.accumulate((1.0 + hits) / (1.0 + resamples.shape[0]))
    p_values[ratios <= 0.0] = 1.0
    return StepwiseTest(ratios * np.sqrt(gains.shape[0]), p_values)


def _gains(benchmark: Floats, models: Floats, resamples: Ints) -> Floats:
    """Shape (T, k): how much smaller each model's loss was."""
    benchmark, models = np.asarray(benchmark, np.float64), np.asarray(models, np.float64)
    t = benchmark.size
    assert benchmark.shape == (t,), benchmark.shape
    assert models.ndim == 2, models.shape
    assert models.shape[0] == t, (models.shape, t)
    assert models.shape[1] >= 1, "there is no model"
    assert resamples.ndim == 2, resamples.shape
    assert resamples.shape[0] >= 1, "there is no resample"
    assert resamples.shape[1] == t, (resamples.shape, t)
    assert 0 <= int(resamples.min()) <= int(resamples.max()) < t, "a resample names rows from 0 to T - 1"
    gains: Floats = benchmark[:, None] - models
    assert bool(np.isfinite(gains).all()), "losses are finite numbers"
    return gains


def _scale(means: Floats, variances: Floats, studentise: bool) -> Floats:
    """What to divide by: inf where the gain never varies, so that the model's statistic is 0."""
    if not studentise:
        return np.ones(means.size)
    deviations = np.sqrt(variances)
    return np.where(deviations > _TIE * np.abs(means), deviations, np.inf)


def _below(statistic: float) -> float:
    return statistic - _TIE * abs(statistic)


def _means(gains: Floats, resamples: Ints) -> Iterator[Floats]:
    """Batches of shape (b, k): each resample's mean gains, as a product with how often each row was drawn."""
    t, k = gains.shape
    size = max(1, _BATCH_CELLS // max(t, k))
    for first in range(0, resamples.shape[0], size):
        rows = resamples[first : first + size]
        places = rows + t * np.arange(rows.shape[0])[:, None]
        counts = np.bincount(places.ravel(), minlength=t * rows.shape[0]).reshape(rows.shape[0], t)
        yield (counts.astype(np.float64) @ gains) / t
