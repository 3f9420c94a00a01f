"""Runs every kernel of risk and paper fills once on made-up rows, so that the compiler's work lies in the cache."""

import numpy as np

from whaletrader.domain.matching.later_prints import step
from whaletrader.domain.risk.cvar import rest_of_book
from whaletrader.domain.risk.scenarios import PROB_ONE, Scenario
from whaletrader.domain.values import MICRO


def compile_kernels() -> None:
    """Compile the sum of event groups, enumerated and on the lattice, CVaR, and one order's fill."""
    even: list[Scenario] = [(1, PROB_ONE // 2), (0, PROB_ONE // 2)]
    for groups in (1, 11):
        rest_of_book([even] * groups, 1).cvar_micro(even, 975_000)
    step(np.array([[MICRO // 2], [MICRO], [0], [0]], np.int64), MICRO, MICRO, MICRO // 2, True)
