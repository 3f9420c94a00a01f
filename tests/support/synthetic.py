"""A small run of the engine with everything in it: four agents, a tape, timers, an exchange, effects and a projection.

    python -m tests.support.synthetic FOLDER FACTS

runs it on a log in FOLDER, or goes on with the one that is there. The exchange keeps its orders in a file of its own,
so that it outlives a killed process; it knows an order that it has seen.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests.support.messages import example, seen
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.agents.base import AgentState
from whaletrader.config.tree import RuntimeSettings
from whaletrader.domain.values import NANOS
from whaletrader.errors import ExchangeError
from whaletrader.messages import leaders, market, orchestration, orders, risk
from whaletrader.messages.envelope import Message, Payload, fact, hash_id
from whaletrader.ports.store import EventStore
from whaletrader.runtime.engine import Engine
from whaletrader.runtime.timers import TimerSource

START_TS = 1_700_000_000 * NANOS
LATENCY_NS = 5 * NANOS
QUIET = RuntimeSettings(batch_messages=7, batch_delay_ms=3_600_000, snapshot_every=40)
"""Batches that do not depend on the wall clock, so that the places of commits are the same in every run."""


class Counted(AgentState, kw_only=True):
    """A state in which every fold leaves its trace."""

    seen: int = 0
    published: int = 0
    trace: str = ""


class Scripted:
    """An agent that answers by a function of its state and the message."""

    state_type = Counted
    state_version = 1

    def __init__(self, name: str, subscribes: set[str], answer: Any) -> None:
        self.name = name
        self.subscribes = frozenset(subscribes)
        self._answer = answer

    def initial(self) -> Counted:
        return Counted()

    def decide(self, state: Counted, message: Message) -> Sequence[Payload]:
        return self._answer(state, message)

    def evolve(self, state: Counted, message: Message) -> Counted:
        mine = message.type not in self.subscribes
        state.seen += not mine
        state.published += mine
        state.trace = hash_id(state.trace, message.id)
        return state


def signal(state: Counted, message: Message) -> Sequence[Payload]:
    """Copy two leader events of three."""
    event = message.payload
    assert isinstance(event, market.WhaleTradeObserved)
    if state.seen % 3 == 2:
        skipped = example(leaders.SignalSkipped, market_id=event.market_id, reason="STALE")
        return [skipped]
    return [example(leaders.CopySignal, market_id=event.market_id, token_id=event.token_id, side="BUY")]


def propose(state: Counted, message: Message) -> Sequence[Payload]:
    """Propose each signal."""
    market_id = message.payload.key
    decision = example(orchestration.OrchestratorDecision, graph_id=message.id, kind="PROPOSE", market_id=market_id)
    return [
        decision,
        example(risk.TradeProposal, account_id="paper", market_id=market_id, desired_size_micro=state.seen),
    ]


def approve(state: Counted, message: Message) -> Sequence[Payload]:
    """Approve proposals; fills and timers change the state only."""
    if not isinstance(message.payload, risk.TradeProposal):
        return []
    bounds = example(risk.ApprovalBounds, approval_id=hash_id("approval", message.id), account_id="paper")
    return [example(risk.ApprovedTrade, account_id="paper", proposal_id=message.id, bounds=bounds)]


def execute(state: Counted, message: Message) -> Sequence[Payload]:
    """Order what is approved, and time it; tell fills; cancel when the timer fires first."""
    payload = message.payload
    if isinstance(payload, risk.ApprovedTrade):
        order_hash = "0x" + 2 * hash_id("order", payload.bounds.approval_id)
        arrive_ts = message.ts_init + LATENCY_NS
        due_ts = arrive_ts + 4 * NANOS
        return [
            example(orders.SubmitOrder, order_hash=order_hash, market_id="0xm", salt=state.seen, arrive_ts=arrive_ts),
            orchestration.ScheduleTimer(owner="execution", name=order_hash, due_ts=due_ts),
        ]
    if isinstance(payload, orders.OrderReport) and payload.kind == "FILL":
        return [example(orders.OrderFilled, account_id="paper", order_hash=payload.order_hash, final=True)]
    if isinstance(payload, orchestration.TimerFired) and state.seen % 2:
        return [orders.CancelOrder(order_hash=payload.name, market_id="0xm", account_id="paper")]
    return []


def agents() -> list[Scripted]:
    """The four agents, in their order."""
    return [
        Scripted("copy_signal", {"WhaleTradeObserved"}, signal),
        Scripted("orchestrator", {"CopySignal"}, propose),
        Scripted("risk_management", {"TradeProposal", "OrderFilled"}, approve),
        Scripted("execution", {"ApprovedTrade", "OrderReport", "TimerFired"}, execute),
    ]


class Tape:
    """Leader events two seconds apart."""

    name = "tape"
    keeps_alive = True
    rank = 5

    def __init__(self, events: Sequence[Message]) -> None:
        self._events = events
        self._at = {message.id: index for index, message in enumerate(events)}
        self._next = 0

    def peek(self) -> int | None:
        return self._events[self._next].ts_init if self._next < len(self._events) else None

    def take(self) -> Message:
        return self._events[self._next]

    def observe(self, message: Message) -> None:
        self._next = max(self._next, self._at.get(message.id, -1) + 1)

    def snapshot(self) -> bytes:
        return str(self._next).encode()

    def restore(self, state: bytes) -> None:
        self._next = int(state)


def leader_events(count: int) -> list[Message]:
    """The tape's content."""
    return [
        seen(
            example(market.WhaleTradeObserved, market_id=f"0x{number % 5}", token_id=str(number), size_micro=number),
            START_TS + 2 * number * NANOS,
        )
        for number in range(count)
    ]


class Exchange:
    """Remembers orders in a file, one line each; an order that it knows changes nothing."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.touch()
        self.sent = 0
        self.unreachable = 0
        """How many calls from now on find nobody."""

    def lines(self) -> list[tuple[str, str, int]]:
        return [msgspec.json.decode(line, type=tuple[str, str, int]) for line in self._file.read_bytes().splitlines()]

    def put(self, kind: str, order_hash: str, ts: int) -> None:
        self.sent += 1
        known = {(line[0], line[1]) for line in self.lines()}
        if (kind, order_hash) not in known:
            with self._file.open("ab") as file:
                file.write(msgspec.json.encode((kind, order_hash, ts)) + b"\n")

    def events(self) -> list[tuple[int, str, str]]:
        """All that it has to tell, in its own order: (time, kind, order hash)."""
        found = []
        for kind, order_hash, ts in self.lines():
            if kind == "SUBMIT":
                found += [(ts, "ACCEPTED", order_hash), (ts + NANOS, "FILL", order_hash)]
        return sorted(found)


class Carrier:
    """The effect that takes orders and cancels to the exchange."""

    carries = frozenset({"SubmitOrder", "CancelOrder"})

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.calls: list[tuple[str, bool]] = []

    def carry_out(self, command: Message, *, again: bool) -> None:
        self.calls.append((command.id, again))
        if self._exchange.unreachable:
            self._exchange.unreachable -= 1
            raise ExchangeError("nobody answered", retryable=True)
        payload = command.payload
        if isinstance(payload, orders.SubmitOrder):
            self._exchange.put("SUBMIT", payload.order_hash, payload.arrive_ts)
        elif isinstance(payload, orders.CancelOrder):
            self._exchange.put("CANCEL", payload.order_hash, command.ts_init)


class Reports:
    """The exchange's events as facts; the cursor is the fold of the reports that were recorded."""

    name = "exchange"
    keeps_alive = True
    rank = 1

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._cursor = (0, "", "")

    def _next(self) -> tuple[int, str, str] | None:
        return next((event for event in self._exchange.events() if event > self._cursor), None)

    def peek(self) -> int | None:
        event = self._next()
        return event[0] if event else None

    def take(self) -> Message:
        event = self._next()
        assert event is not None
        ts, kind, order_hash = event
        report = example(orders.OrderReport, order_hash=order_hash, kind=kind, market_id="0xm")
        return fact(report, natural_key=f"{kind}:{order_hash}", ts_event=ts, ts_init=ts)

    def observe(self, message: Message) -> None:
        if isinstance(message.payload, orders.OrderReport):
            self._cursor = (message.ts_event, message.payload.kind, message.payload.order_hash)

    def snapshot(self) -> bytes:
        return msgspec.json.encode(self._cursor)

    def restore(self, state: bytes) -> None:
        self._cursor = msgspec.json.decode(state, type=tuple[int, str, str])


class Totals:
    """A projection: how many messages of each type there were."""

    name = "totals"

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def observe(self, message: Message) -> None:
        self.counts[message.type] = self.counts.get(message.type, 0) + 1

    def snapshot(self) -> bytes:
        return msgspec.json.encode(self.counts)

    def restore(self, state: bytes) -> None:
        self.counts = msgspec.json.decode(state, type=dict[str, int])


class PlainSeal:
    """Seals without a key: for runs in which nobody checks a signature."""

    key_id = "plain"

    def sign(self, bounds: risk.ApprovalBounds) -> bytes:
        return bounds.approval_id.encode()


class Run:
    """An engine with all its parts, on a store."""

    def __init__(self, store: EventStore, folder: Path, facts: int, **given: Any) -> None:
        self.store = store
        self.exchange = Exchange(folder / "exchange.jsonl")
        self.carrier = Carrier(self.exchange)
        self.totals = Totals()
        given.setdefault("settings", QUIET)
        self.engine = Engine(
            store,
            given.pop("agents", None) or agents(),
            "paper",
            sources=[Tape(leader_events(facts)), TimerSource(rank=2), Reports(self.exchange)],
            effects=[self.carrier],
            projections=[self.totals],
            seal=PlainSeal(),
            **given,
        )


def open_store(folder: Path) -> SqliteEventStore:
    """Open the folder's log, or make one."""
    log = folder / "log.db"
    return SqliteEventStore.open(log) if log.exists() else SqliteEventStore.create(log, b"synthetic")


def main() -> None:
    """Run to the end."""
    folder, facts = Path(sys.argv[1]), int(sys.argv[2])
    run = Run(open_store(folder), folder, facts)
    run.engine.run()
    run.engine.close()


if __name__ == "__main__":
    main()
