"""A task graph as a declared value: nodes, what each needs, time-outs; and an evaluator that runs it at once.

A dependency that stopped, failed or timed out is not met: what needs it does not run. Nodes without a dependency on
each other do not see each other's results, so their order cannot matter. Nothing here waits: an answer of another agent
is given, or it is missing, and then it has timed out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from whaletrader.domain.values import MICRO

F = TypeVar("F")


class NodeStatus(StrEnum):
    """How a node ended."""

    PASS = "PASS"
    STOP = "STOP"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    NOT_RUN = "NOT_RUN"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A node's result: whether to go on, why not, and what it leaves of the size (1000000 is all of it)."""

    status: NodeStatus = NodeStatus.PASS
    reason: str = ""
    multiplier_micro: int = MICRO


Results = Mapping[str, Outcome]
NO_RESULTS: Results = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Node(Generic[F]):
    """One task: a pure function of the facts and of what it needs, or (`run` is None) a question to another agent."""

    name: str
    timeout_s: int
    run: Callable[[F, Results], Outcome] | None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskGraph(Generic[F]):
    """Nodes in an order in which each comes after what it needs, so that a cycle cannot be declared."""

    name: str
    nodes: tuple[Node[F], ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for node in self.nodes:
            assert node.name not in seen, f"{node.name} is declared twice"
            assert node.timeout_s > 0, f"{node.name} has no time-out"
            assert seen.issuperset(node.needs), f"{node.name} needs what is not declared before it"
            seen.add(node.name)


def evaluate(graph: TaskGraph[F], facts: F, answers: Results = NO_RESULTS) -> dict[str, Outcome]:
    """Run a graph at once.

    Parameters
    ----------
    graph : TaskGraph
        Nodes in declared order.
    facts : F
        What the node functions read; never changed.
    answers : mapping of str to Outcome
        Answers of other agents by node name; a missing one counts as timed out.

    Returns
    -------
    dict of str to Outcome
        One outcome per node, in declared order. A node sees only the results of what it needs.
    """
    results: dict[str, Outcome] = {}
    for node in graph.nodes:
        needed = {name: results[name] for name in node.needs}
        if any(outcome.status is not NodeStatus.PASS for outcome in needed.values()):
            results[node.name] = Outcome(NodeStatus.NOT_RUN, "", 0)
        elif node.run is None:
            results[node.name] = answers.get(node.name, Outcome(NodeStatus.TIMED_OUT, "", 0))
        else:
            results[node.name] = node.run(facts, MappingProxyType(needed))
    return results


def ready(graph: TaskGraph[F], results: Results) -> tuple[str, ...]:
    """Names of the nodes that may be started now, in declared order: not done, and everything they need has passed.

    Parameters
    ----------
    graph : TaskGraph
        Nodes in declared order.
    results : mapping of str to Outcome
        What is done so far.

    Returns
    -------
    tuple of str
        They do not depend on each other, so they may run at the same time.
    """
    passed = {name for name, outcome in results.items() if outcome.status is NodeStatus.PASS}
    return tuple(node.name for node in graph.nodes if node.name not in results and passed.issuperset(node.needs))


def first_obstacle(results: Results) -> Outcome | None:
    """Outcome of the first node, in declared order, that did not pass; None when all did."""
    return next((outcome for outcome in results.values() if outcome.status is not NodeStatus.PASS), None)


def combined_multiplier_micro(results: Results) -> int:
    """Product of all multipliers in micro-units, rounded down at each step; each in [0, 1000000], so it never grows."""
    product = MICRO
    for outcome in results.values():
        product = product * outcome.multiplier_micro // MICRO
    return product
