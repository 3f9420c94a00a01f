"""`orchestration`: task graphs, timers, health and dead letters."""

from whaletrader.messages.envelope import Part, Payload, Publisher, Topic, message


@message(Topic.ORCHESTRATION, Publisher.ORCHESTRATOR, key="graph_id")
class TaskAssigned(Payload, frozen=True, kw_only=True):
    """A node of a task graph is to be computed by another agent."""

    graph_id: str
    node: str
    agent: str
    timeout_s: int


@message(Topic.ORCHESTRATION, Publisher.ORCHESTRATOR, key="graph_id")
class TaskCompleted(Payload, frozen=True, kw_only=True):
    """A node's result: PASS, STOP or TIMED_OUT, and what it leaves of the size."""

    graph_id: str
    node: str
    outcome: str
    reason: str
    multiplier_micro: int


class NodeResult(Part, frozen=True, kw_only=True):
    """One node of a decided graph."""

    node: str
    outcome: str
    reason: str
    multiplier_micro: int


@message(Topic.ORCHESTRATION, Publisher.ORCHESTRATOR, key="graph_id")
class OrchestratorDecision(Payload, frozen=True, kw_only=True):
    """What the graph decided: PROPOSE, STOP or DE_RISK."""

    graph_id: str
    kind: str
    account_id: str
    market_id: str
    reason: str
    multiplier_micro: int
    nodes: tuple[NodeResult, ...]


@message(Topic.ORCHESTRATION, Publisher.ORCHESTRATOR, key="agent")
class AgentHealthAlert(Payload, frozen=True, kw_only=True):
    """An agent missed its heartbeats."""

    agent: str
    last_seen_ts: int
    missed: int


@message(Topic.ORCHESTRATION, Publisher.ANY_AGENT, key="owner")
class ScheduleTimer(Payload, frozen=True, kw_only=True):
    """Wake `owner` at `due_ts` of the run's clock; (owner, name) is its identity, a later one replaces it."""

    owner: str
    name: str
    due_ts: int


@message(Topic.ORCHESTRATION, Publisher.RUNTIME, key="owner")
class TimerFired(Payload, frozen=True, kw_only=True):
    """A timer's time has come."""

    owner: str
    name: str
    due_ts: int


@message(Topic.ORCHESTRATION, Publisher.RUNTIME, key="agent")
class AgentHeartbeat(Payload, frozen=True, kw_only=True):
    """An agent is alive and has read up to `offset` (operations stream)."""

    agent: str
    offset: int


@message(Topic.ORCHESTRATION, Publisher.RUNTIME, key="source")
class DeadLetter(Payload, frozen=True, kw_only=True):
    """Something could not be handled: nothing is dropped silently."""

    source: str
    reason: str
    """`DeadLetterReason`."""
    detail: str
    size_bytes: int
    content_sha256: str
    head: bytes
    """The first bytes of it, at most 256."""


@message(Topic.ORCHESTRATION, Publisher.RUNTIME, key="source")
class RunMarked(Payload, frozen=True, kw_only=True):
    """Operations: STARTED, RECOVERED, RESENT, ENDED or STOPPED, with its detail (operations stream)."""

    source: str
    event: str
    detail: str
