"""How many independent observations a clustered sample is worth; intervals are made elsewhere."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from whaletrader.kernels import njit

Ints = NDArray[np.int64]


@njit(cache=True)  # type: ignore[untyped-decorator]
def design_effect(ordered: Ints) -> float:
    """Observations in the cluster of an observation, on average over the observations.

    Parameters
    ----------
    ordered : array of int, shape (n,)
        Cluster of each observation, equal ones side by side; n >= 1.

    Returns
    -------
    float
        1 where each cluster holds one observation, n where one holds all: Kish's design effect for observations of a
        cluster that go the same way altogether. Kish (1965), Survey Sampling, section 5.4.
    """
    squares, size = 0.0, 0
    for i in range(ordered.size):
        size = size + 1 if i > 0 and ordered[i] == ordered[i - 1] else 1
        squares += 2.0 * size - 1.0
    return squares / ordered.size


def effective_number(sizes: Sequence[int]) -> float:
    """Return the number of independent observations that clusters of these sizes are worth: n / `design_effect`.

    Parameters
    ----------
    sizes : sequence of int
        Observations per cluster, each >= 1; their order does not matter.

    Returns
    -------
    float
        At most the number of clusters; 0 without a cluster.

    Examples
    --------
    >>> effective_number([1, 1, 1]), effective_number([3]), round(effective_number([1, 5]), 4)
    (3.0, 1.0, 1.3846)
    """
    if not len(sizes):
        return 0.0
    ordered = np.repeat(np.arange(len(sizes), dtype=np.int64), np.asarray(sizes, np.int64))
    return float(ordered.size / design_effect(ordered))
