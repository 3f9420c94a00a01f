"""Timers as a source of facts: the fold of `ScheduleTimer` and `TimerFired`, in the run's own clock."""

from heapq import heappop, heappush

import msgspec

from whaletrader.messages.envelope import Message, fact
from whaletrader.messages.orchestration import ScheduleTimer, TimerFired

Key = tuple[str, str]


class _Due(msgspec.Struct, frozen=True):
    """When a timer fires, and the message that set it."""

    ts: int
    cause_id: str
    correlation_id: str


class _State(msgspec.Struct):
    """What a snapshot holds."""

    clock: int
    fired: int
    timers: list[tuple[str, str, _Due]]


class TimerSource:
    """Gives a `TimerFired` for each timer when its time has come; of one (owner, name) only the latest counts."""

    name = "timers"
    keeps_alive = False

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self._clock = 0
        self._fired = 0
        self._timers: dict[Key, _Due] = {}
        self._heap: list[tuple[int, str, str]] = []

    def peek(self) -> int | None:
        """Return when the next timer fires: now, where its time has passed."""
        while self._heap:
            ts, owner, name = self._heap[0]
            due = self._timers.get((owner, name))
            if due is not None and due.ts == ts:
                return max(ts, self._clock)
            heappop(self._heap)
        return None

    def take(self) -> Message:
        """Return the next timer's fact, which belongs to the story of the message that set it."""
        now = self.peek()
        assert now is not None, "no timer is set"
        ts, owner, name = self._heap[0]
        due = self._timers[owner, name]
        fired = fact(
            TimerFired(owner=owner, name=name, due_ts=ts),
            natural_key=f"{owner}:{name}:{ts}:{self._fired}",
            ts_event=ts,
            ts_init=now,
        )
        return msgspec.structs.replace(fired, cause_id=due.cause_id, correlation_id=due.correlation_id)

    def observe(self, message: Message) -> None:
        """Set a timer, or take one that fired off the list."""
        self._clock = max(self._clock, message.ts_init)
        payload = message.payload
        if isinstance(payload, ScheduleTimer):
            due = _Due(payload.due_ts, message.id, message.correlation_id)
            self._timers[payload.owner, payload.name] = due
            heappush(self._heap, (due.ts, payload.owner, payload.name))
        elif isinstance(payload, TimerFired):
            self._fired += 1
            due_now = self._timers.get((payload.owner, payload.name))
            if due_now is not None and due_now.ts == payload.due_ts:
                del self._timers[payload.owner, payload.name]

    def snapshot(self) -> bytes:
        """Return the timers that are set."""
        timers = [(owner, name, due) for (owner, name), due in sorted(self._timers.items(), key=lambda item: item[0])]
        return msgspec.msgpack.encode(_State(self._clock, self._fired, timers))

    def restore(self, state: bytes) -> None:
        """Take the timers from a snapshot."""
        found = msgspec.msgpack.decode(state, type=_State)
        self._clock, self._fired = found.clock, found.fired
        self._timers = {(owner, name): due for owner, name, due in found.timers}
        self._heap = []
        for (owner, name), due in self._timers.items():
            heappush(self._heap, (due.ts, owner, name))
