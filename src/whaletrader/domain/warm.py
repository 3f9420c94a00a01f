"""Runs the kernels of decisions and paper fills once, so that their compiled form (njit) lies in the cache."""

import numpy as np

from whaletrader.domain.matching import step
from whaletrader.domain.values import MICRO
from whaletrader.quant.tail import value_at_risk


def compile_kernels() -> None:
    """Fill one made-up order from one made-up print, take one quantile, and throw both away."""
    one_print = np.array([[MICRO // 2], [MICRO], [0], [0]], np.int64)
    step(one_print, MICRO, MICRO, MICRO // 2, True)
    value_at_risk(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
