"""The task graph that stands between a signal and a proposal: regime, anomaly, manipulation and conflict, side by side.

The four look at the same facts and not at each other; the proposal needs all of them.
"""

from dataclasses import dataclass

from whaletrader.domain.reasons import SkipReason
from whaletrader.domain.regime import Regime
from whaletrader.domain.task_graph import (
    Node,
    NodeStatus,
    Outcome,
    Results,
    TaskGraph,
    combined_multiplier_micro,
)
from whaletrader.domain.values import MICRO

TIMEOUT_S = 5
REGIME_MULTIPLIER_MICRO = {
    Regime.HIGH_VOLATILITY: MICRO // 2,
    Regime.LOW_LIQUIDITY: MICRO // 2,
}
"""What a regime leaves of the size; the others leave all of it."""


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """What the graph looks at."""

    regime: str
    severe_anomaly: bool
    """A P1 alert stands against the market."""
    churning: bool
    """A churn alert stands against this leader in this market."""
    opposed: bool
    """Another followed leader holds another outcome of the market."""
    leader_multiplier_micro: int
    """What the allocation and our own results with this leader leave of the size."""


def _regime(facts: CopyFacts, _: Results) -> Outcome:
    left = REGIME_MULTIPLIER_MICRO.get(Regime(facts.regime), MICRO)
    return Outcome(multiplier_micro=left) if left else _stop(SkipReason.REGIME)


def _anomaly(facts: CopyFacts, _: Results) -> Outcome:
    return _stop(SkipReason.ANOMALY) if facts.severe_anomaly else Outcome()


def _manipulation(facts: CopyFacts, _: Results) -> Outcome:
    return _stop(SkipReason.MANIPULATION) if facts.churning else Outcome()


def _conflict(facts: CopyFacts, _: Results) -> Outcome:
    return _stop(SkipReason.LEADER_CONFLICT) if facts.opposed else Outcome()


def _propose(facts: CopyFacts, results: Results) -> Outcome:
    if not facts.leader_multiplier_micro:
        return _stop(SkipReason.NOT_ALLOCATED)
    left = combined_multiplier_micro(results) * facts.leader_multiplier_micro // MICRO
    return Outcome(multiplier_micro=left)


def _stop(reason: SkipReason) -> Outcome:
    return Outcome(NodeStatus.STOP, reason.value, 0)


CHECKS = ("regime", "anomaly", "manipulation", "conflict")
COPY_GRAPH: TaskGraph[CopyFacts] = TaskGraph(
    name="copy",
    nodes=(
        Node("regime", TIMEOUT_S, _regime),
        Node("anomaly", TIMEOUT_S, _anomaly),
        Node("manipulation", TIMEOUT_S, _manipulation),
        Node("conflict", TIMEOUT_S, _conflict),
        Node("propose", TIMEOUT_S, _propose, needs=CHECKS),
    ),
)
"""The declaration; any evaluator of task graphs gives the same results."""
