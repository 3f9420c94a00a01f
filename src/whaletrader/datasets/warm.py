"""Runs each kernel of `datasets` once on a few prints, so that its compiled form (njit) is in the cache."""

import numpy as np

from whaletrader.datasets.simulator.universe.tape_truth import Prints, matches


def compile_kernels() -> None:
    """Match two made-up prints and throw the result away."""
    ts = np.array([0, 10**10], np.int64)
    code = np.zeros(2, np.int64)
    matches(Prints(ts, code, np.arange(2), np.arange(2), np.array([False, True])))
