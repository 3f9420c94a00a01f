"""Which wallets stand out of all that were judged: false discoveries are bounded over the whole universe.

Every wallet and policy judged is a trial, kind by kind: fills and positions are never pooled.
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
    (Benjamini-Yekutieli) and `e_selected` under any dependence.
    """

    q_value: Floats
    q_by: Floats
    e_selected: NDArray[np.bool_]


def select(kind: NDArray[np.object_], evidence: Evidence, rate: float | None = None) -> Selection:
    """Select over all judged units of each kind, all policies together; `rate` defaults to the committed one."""
    rate = THRESHOLDS.selection.false_discovery_rate if rate is None else rate
    q_value, q_by = np.full((2, kind.size), np.nan)
    chosen = np.zeros(kind.size, np.bool_)
    for name in sorted(set(kind.tolist())):
        rows = np.flatnonzero(evidence.enough & (kind == name))
        q_value[rows] = benjamini_hochberg(evidence.p_value[rows])
        q_by[rows] = benjamini_yekutieli(evidence.p_value[rows])
        chosen[rows] = _e_selected(evidence.log_e[rows], rate)
    return Selection(q_value, q_by, chosen)


def _e_selected(log_e: Floats, rate: float) -> NDArray[np.bool_]:
    """e-BH on logarithms, which do not overflow; see `multiple_testing.e_benjamini_hochberg`."""
    return benjamini_hochberg(np.exp(np.minimum(-log_e, 0.0))) <= rate
