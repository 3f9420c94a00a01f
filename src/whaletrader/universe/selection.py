"""Which wallets stand out of all that were judged: false discoveries are bounded over the whole universe.

Every wallet and policy with a settled bet is a trial, kind by kind, though it had too few for a verdict: who loses
often stops, so that those with many bets are a choice among the lucky, and counting them alone would call luck skill.
Fills and positions are never pooled.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whaletrader.quant.multiple_testing import benjamini_hochberg, benjamini_yekutieli
from whaletrader.universe.evidence import Evidence
from whaletrader.universe.thresholds import THRESHOLDS

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Adjusted p-values and e-BH's choice, each of shape (U,); NaN and False where a unit was not judged.

    `q_value` (Benjamini-Hochberg) holds where the units' p-values are independent or positively dependent, `q_by`
    (Benjamini-Yekutieli) under any dependence. Both hold where wallets stop when behind, but not where they stop, or
    turn to surer prices, because they are ahead: `e_selected` does, under any dependence.
    """

    q_value: Floats
    q_by: Floats
    e_selected: NDArray[np.bool_]


def select(
    kind: NDArray[np.object_], evidence: Evidence, rate: float | None = None, *, trials: NDArray[np.bool_] | None = None
) -> Selection:
    """Select among the judged units of each kind, all policies together; `rate` defaults to the committed one.

    `trials` are the units with a settled bet, by default all: those of them that are not judged count as p-values of 1.
    """
    rate = THRESHOLDS.selection.false_discovery_rate if rate is None else rate
    tried = np.ones(kind.size, np.bool_) if trials is None else trials
    q_value, q_by = np.full((2, kind.size), np.nan)
    chosen = np.zeros(kind.size, np.bool_)
    for name in sorted(set(kind.tolist())):
        rows = np.flatnonzero((evidence.enough | tried) & (kind == name))
        judged = evidence.enough[rows]
        p_values = np.where(judged, evidence.p_value[rows], 1.0)
        q_value[rows] = np.where(judged, benjamini_hochberg(p_values), np.nan)
        q_by[rows] = np.where(judged, benjamini_yekutieli(p_values), np.nan)
        chosen[rows] = judged & _e_selected(np.where(judged, evidence.log_e[rows], -np.inf), rate)
    return Selection(q_value, q_by, chosen)


def _e_selected(log_e: Floats, rate: float) -> NDArray[np.bool_]:
    """e-BH on logarithms, which do not overflow; see `multiple_testing.e_benjamini_hochberg`."""
    return benjamini_hochberg(np.exp(np.minimum(-log_e, 0.0))) <= rate
