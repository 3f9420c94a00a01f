"""Adjusted p-values, q-values and e-values for many tests at once; where they come from is the caller's matter.

An adjusted value at or below a level means: rejected when the false discovery rate is to be at most that level.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LAMBDAS = np.arange(1, 20) / 20
"""Where the smoother looks at the share of large p-values (Storey & Tibshirani 2003)."""
_DEGREES = 3.0


def _step_up(scaled: Floats, order: NDArray[np.intp]) -> Floats:
    """Make sorted, scaled p-values monotone from the largest down, cap them at 1, and put them back in place."""
    adjusted = np.empty(scaled.size, np.float64)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def _checked(p_values: Floats) -> Floats:
    p_values = np.asarray(p_values, np.float64)
    assert p_values.ndim == 1, p_values.shape
    assert bool(np.all((p_values >= 0.0) & (p_values <= 1.0))), "a p-value is in [0, 1] and never NaN"
    return p_values


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Step-up adjusted p-values that control the false discovery rate under positive dependence.

    Parameters
    ----------
    p_values : ndarray
        Shape (n,), each in [0, 1], no NaN.

    Returns
    -------
    ndarray
        Shape (n,), in the order given, monotone in the p-values and at most 1.
        Benjamini & Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04])).tolist()
    [0.02, 0.04]
    """
    p_values = np.asarray(p_values, np.float64)
    n = p_values.size
    order = np.argsort(p_values, kind="stable")
    return _step_up(p_values[order] * n / np.arange(1, n + 1), order)


def benjamini_yekutieli(p_values: Floats) -> Floats:
    """Step-up adjusted p-values that control the false discovery rate under any dependence.

    Parameters
    ----------
    p_values : ndarray
        Shape (n,), each in [0, 1], no NaN.

    Returns
    -------
    ndarray
        Shape (n,): Benjamini-Hochberg's, times 1 + 1/2 + … + 1/n before the cap at 1.
        Benjamini & Yekutieli (2001), doi:10.1214/aos/1013699998.

    Examples
    --------
    >>> benjamini_yekutieli(np.array([0.01, 0.04])).tolist()
    [0.03, 0.06]
    """
    p_values = _checked(p_values)
    ranks = np.arange(1, p_values.size + 1)
    order = np.argsort(p_values, kind="stable")
    return _step_up(p_values[order] * (p_values.size * np.sum(1.0 / ranks)) / ranks, order)


def null_share(p_values: Floats, lambda_: float = 0.5) -> float:
    """Estimate the share of true null hypotheses from the p-values above one threshold.

    Parameters
    ----------
    p_values : ndarray
        Shape (n,), each in [0, 1], n >= 1.
    lambda_ : float
        In [0, 1): a larger one is less biased and more variable.

    Returns
    -------
    float
        (1 + number above lambda) / (n (1 - lambda)), at most 1. The added 1 is what makes the q-values control the
        false discovery rate in finite samples of independent tests.
        Storey, Taylor & Siegmund (2004), doi:10.1111/j.1467-9868.2004.00439.x, eq. 6.

    Examples
    --------
    >>> null_share(np.array([0.001, 0.002, 0.003, 0.01, 0.02, 0.03, 0.04, 0.8]))
    0.5
    """
    p_values = _checked(p_values)
    assert p_values.size > 0
    assert 0.0 <= lambda_ < 1.0, lambda_
    above = int(np.count_nonzero(p_values > lambda_))
    return min(1.0, (1 + above) / (p_values.size * (1.0 - lambda_)))


def _roughness(knots: Floats) -> Floats:
    """The matrix K with yʹKy = integral of fʺ² for the natural cubic spline f through y (Green & Silverman 1994)."""
    step, inner = np.diff(knots), knots.size - 2
    q, r = np.zeros((knots.size, inner)), np.zeros((inner, inner))
    for j in range(inner):
        q[j, j], q[j + 2, j] = 1 / step[j], 1 / step[j + 1]
        q[j + 1, j] = -q[j, j] - q[j + 2, j]
        r[j, j] = (step[j] + step[j + 1]) / 3
        if j + 1 < inner:
            r[j, j + 1] = r[j + 1, j] = step[j + 1] / 6
    found: Floats = q @ np.linalg.solve(r, q.T)
    return found


def smoothing_weights(knots: Floats, degrees: float = _DEGREES) -> Floats:
    """Linear smoother of a natural cubic smoothing spline with given degrees of freedom.

    Parameters
    ----------
    knots : ndarray
        Shape (n,), increasing, n >= 4.
    degrees : float
        Trace of the smoother, in (2, n).

    Returns
    -------
    ndarray
        Shape (n, n): fitted values at the knots are this matrix times the observations.
        Green & Silverman (1994), Nonparametric Regression and Generalized Linear Models, ch. 2.

    Examples
    --------
    >>> smoothing_weights(np.arange(5.0)).sum(axis=1).round(9).tolist()  # a constant stays one
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    assert 2.0 < degrees < knots.size, degrees
    values, vectors = np.linalg.eigh(_roughness(knots))
    values = np.maximum(values, 0.0)
    values[:2] = 0.0  # straight lines have no roughness
    low, high = -60.0, 60.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.sum(1 / (1 + np.exp(middle) * values)) > degrees else (low, middle)
    found: Floats = (vectors / (1 + np.exp(low) * values)) @ vectors.T
    return found


def smoothed_null_share(p_values: Floats) -> float:
    """Estimate the share of true nulls by a smoother over thresholds instead of one fixed threshold.

    Parameters
    ----------
    p_values : ndarray
        Shape (n,), each in [0, 1], n >= 1; a few hundred before the smoother is steadier than `null_share`.

    Returns
    -------
    float
        The smoothing spline with 3 degrees of freedom through share(p >= lambda) / (1 - lambda) at lambda = 0.05,
        0.10, …, 0.95, read at 0.95 and held in [1/n, 1]. It has no finite-sample guarantee.
        Storey & Tibshirani (2003), doi:10.1073/pnas.1530509100, remark B.

    Examples
    --------
    >>> smoothed_null_share(np.arange(1, 1001) / 1000)
    1.0
    """
    p_values = _checked(p_values)
    n = p_values.size
    assert n > 0
    above = n - np.searchsorted(np.sort(p_values), _LAMBDAS, side="left")
    fitted = smoothing_weights(_LAMBDAS)[-1] @ (above / (n * (1.0 - _LAMBDAS)))
    return float(min(max(fitted, 1.0 / n), 1.0))


def storey_q_values(p_values: Floats, lambda_: float | None = 0.5) -> Floats:
    """q-values: the smallest (estimated) false discovery rate at which each test is called significant.

    Parameters
    ----------
    p_values : ndarray
        Shape (n,), each in [0, 1], no NaN; independent or weakly dependent.
    lambda_ : float or None
        Threshold of `null_share`; None takes `smoothed_null_share`.

    Returns
    -------
    ndarray
        Shape (n,), monotone in the p-values, never above Benjamini-Hochberg's: those times the estimated null share.
        Storey (2002), doi:10.1111/1467-9868.00346.

    Examples
    --------
    >>> storey_q_values(np.array([0.001, 0.002, 0.003, 0.01, 0.02, 0.03, 0.04, 0.8])).round(4).tolist()
    [0.004, 0.004, 0.004, 0.01, 0.016, 0.02, 0.0229, 0.4]
    """
    p_values = _checked(p_values)
    if p_values.size == 0:
        return np.zeros(0)
    share = smoothed_null_share(p_values) if lambda_ is None else null_share(p_values, lambda_)
    return share * benjamini_hochberg(p_values)


def e_benjamini_hochberg(e_values: Floats) -> Floats:
    """e-BH: the false discovery rate of e-values is controlled under any dependence, with no correction for it.

    Parameters
    ----------
    e_values : ndarray
        Shape (n,), each >= 0 (inf allowed), of expectation at most 1 under its null; no NaN.

    Returns
    -------
    ndarray
        Shape (n,): the smallest level at which e-BH rejects, at most 1. At level a the rejected are the k with the
        largest e-values, for the largest k whose k-th largest e-value is >= n / (k a).
        Wang & Ramdas (2022), doi:10.1111/rssb.12489.

    Examples
    --------
    >>> e_benjamini_hochberg(np.array([40.0, 0.5, 100.0])).round(4).tolist()
    [0.0375, 1.0, 0.03]
    """
    return benjamini_hochberg(e_to_p(e_values))


def e_to_p(e_values: Floats) -> Floats:
    """The only admissible way back from e-values to p-values: min(1, 1/e), by Markov's inequality.

    Parameters
    ----------
    e_values : ndarray
        Shape (n,), each >= 0 (inf allowed), no NaN.

    Returns
    -------
    ndarray
        Shape (n,), in [0, 1]. Vovk & Wang (2021), doi:10.1214/20-AOS2020, prop. 2.2.

    Examples
    --------
    >>> e_to_p(np.array([0.5, 20.0, np.inf])).tolist()
    [1.0, 0.05, 0.0]
    """
    e_values = np.asarray(e_values, np.float64)
    assert bool(np.all(e_values >= 0.0)), "an e-value is at least 0 and never NaN"
    return 1.0 / np.maximum(e_values, 1.0)


def power_calibrator(p_values: Floats, kappa: float = 0.5) -> Floats:
    """Turn p-values into e-values by kappa p^(kappa - 1).

    Parameters
    ----------
    p_values : ndarray
        Shape (n,), each in [0, 1].
    kappa : float
        In (0, 1): small ones pay for small p-values. Fixed before the data are seen.

    Returns
    -------
    ndarray
        Shape (n,), inf at p = 0. Vovk & Wang (2021), doi:10.1214/20-AOS2020, sec. 2.

    Examples
    --------
    >>> power_calibrator(np.array([0.0001, 1.0])).round(9).tolist()
    [50.0, 0.5]
    """
    assert 0.0 < kappa < 1.0, kappa
    with np.errstate(divide="ignore"):
        return kappa * np.power(_checked(p_values), kappa - 1.0)


def mixture_calibrator(p_values: Floats) -> Floats:
    """Turn p-values into e-values by the power calibrators' average over kappa in (0, 1): no kappa to choose.

    Parameters
    ----------
    p_values : ndarray
        Shape (n,), each in [0, 1].

    Returns
    -------
    ndarray
        Shape (n,): (1 - p + p log p) / (p log² p), 1/2 at p = 1 and inf at p = 0.
        Vovk & Wang (2021), doi:10.1214/20-AOS2020, eq. 2.

    Examples
    --------
    >>> mixture_calibrator(np.array([1e-6, 1.0])).round(3).tolist()
    [5239.136, 0.5]
    """
    with np.errstate(divide="ignore"):
        x = -np.log(_checked(p_values))
    far = np.clip(x, 1e-4, 709.0)  # the formula loses its digits near 0; e^709 is the last float64
    found = np.where(x < 1e-4, 0.5 + x / 6 + x * x / 24, (np.expm1(far) - far) / far**2)
    return np.where(np.isinf(x), np.inf, found)
