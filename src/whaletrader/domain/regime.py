"""A market's regime from its last marks: efficiency ratio and mean absolute move, in exact integers.

It describes; what a regime does to the size of a copy is the orchestrator's task graph.
"""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from whaletrader.domain.values import MICRO

WINDOW = 16
"""How many marks are looked at."""
MIN_MARKS = 8
"""Fewer marks say nothing."""
HIGH_VOLATILITY_MICRO = 30_000
"""Mean absolute move per mark from which on a market is volatile."""
TRENDING_RATIO_MICRO = 600_000
"""Efficiency ratio from which on a market trends."""
TRENDING_MOVE_MICRO = 20_000
"""Least net move of a trend: two ticks, so that one tick up is none."""


class Regime(StrEnum):
    """What a market is like just now."""

    TRENDING = "TRENDING"
    RANGING = "RANGING"
    HIGH_VOLATILITY = "HIGH_VOLATILITY"
    LOW_LIQUIDITY = "LOW_LIQUIDITY"
    UNKNOWN = "UNKNOWN"


def mean_move_micro(marks_micro: Sequence[int]) -> int:
    """Mean absolute move between neighbouring marks, in micro-units, rounded down; at least two marks."""
    return _path_micro(marks_micro) // (len(marks_micro) - 1)


def efficiency_ratio_micro(marks_micro: Sequence[int]) -> int:
    """Net move over the length of the path.

    Parameters
    ----------
    marks_micro : sequence of int
        At least two marks in micro-units, oldest first.

    Returns
    -------
    int
        Kaufman's efficiency ratio in micro-units, 0 (all noise, or no move) to 1000000 (straight).

    Notes
    -----
    Source: P. Kaufman (1995), "Smarter Trading", ch. 8.
    """
    path = _path_micro(marks_micro)
    return abs(marks_micro[-1] - marks_micro[0]) * MICRO // path if path else 0


def classify(marks_micro: Sequence[int]) -> tuple[Regime, int]:
    """Regime of the last marks, and the statistic that decided it.

    Parameters
    ----------
    marks_micro : sequence of int
        Marks in micro-units, oldest first.

    Returns
    -------
    tuple of Regime and int
        UNKNOWN with the number of marks, HIGH_VOLATILITY with the mean move, else the efficiency ratio; micro-units.
    """
    if len(marks_micro) < MIN_MARKS:
        return Regime.UNKNOWN, len(marks_micro)
    move = mean_move_micro(marks_micro)
    if move >= HIGH_VOLATILITY_MICRO:
        return Regime.HIGH_VOLATILITY, move
    ratio = efficiency_ratio_micro(marks_micro)
    net = abs(marks_micro[-1] - marks_micro[0])
    trending = ratio >= TRENDING_RATIO_MICRO and net >= TRENDING_MOVE_MICRO
    return (Regime.TRENDING if trending else Regime.RANGING), ratio


def _path_micro(marks_micro: Sequence[int]) -> int:
    return sum(abs(later - earlier) for earlier, later in pairwise(marks_micro))
