"""The engine: one process, one log, one order of things.

It handles every recorded message in offset order (each subscribed agent decides, then folds), and takes the next fact
only when nothing is left to handle. What a message led to is committed together with the note that it was handled;
commands are on disk before they are carried out. It neither waits nor asks a clock: time comes with the facts.
"""

from collections import deque
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from whaletrader.agents.base import AnyAgent
from whaletrader.config.tree import RuntimeSettings
from whaletrader.domain.reasons import DeadLetterReason
from whaletrader.errors import AgentFault, CodecError, ConflictError, WhaleTraderError
from whaletrader.messages import codec
from whaletrader.messages.catalogue import EFFECTS, OPERATIONS
from whaletrader.messages.envelope import Message, Payload, derive, fact
from whaletrader.messages.orchestration import DeadLetter, RunMarked
from whaletrader.ports.bus import Bus
from whaletrader.ports.chain import Record
from whaletrader.ports.signer import Seal
from whaletrader.ports.store import EventStore, Snapshot
from whaletrader.runtime import snapshots, supervisor
from whaletrader.runtime.commit import GroupCommit
from whaletrader.runtime.components import Effect, FactSource, Pace, Projection
from whaletrader.runtime.outbox import Outbox
from whaletrader.runtime.records import same_content, to_message, to_record
from whaletrader.runtime.recovery import Recovered, recover
from whaletrader.runtime.routing import published_by_agent, publisher_of, routes

MAX_UNHANDLED = 1_000_000
"""More messages than this waiting means that agents answer each other without end."""
HEAD_BYTES = 256
_EFFECTS = frozenset(EFFECTS)


class Engine:
    """Drives agents, sources, effects and projections over one store."""

    def __init__(
        self,
        store: EventStore,
        agents: Sequence[AnyAgent],
        account: str,
        *,
        sources: Sequence[FactSource],
        effects: Sequence[Effect] = (),
        projections: Sequence[Projection] = (),
        seal: Seal | None = None,
        bus: Bus | None = None,
        settings: RuntimeSettings | None = None,
    ) -> None:
        ranks = [source.rank for source in sources]
        assert len(set(ranks)) == len(ranks), f"two sources have one rank: {ranks}"
        self.clock = 0
        self.decisions = 0
        """How often an agent has decided."""
        self._settings = settings or RuntimeSettings()
        self._store = store
        self._agents = tuple(agents)
        self._routes = routes(agents)
        self._states: list[Any] = []
        self._account = account
        self._sources = sorted(sources, key=lambda source: source.rank)
        self._observers = (*self._sources, *projections)
        self._observe = [observer.observe for observer in self._observers]
        self._queue: deque[tuple[int, Message]] = deque()
        announce = {} if bus is None else {"announce": bus.publish_all}
        self._commit = GroupCommit(store, self._settings, seal, **announce)
        self._outbox = Outbox(effects, self._commit, self.mark)
        self._observe.append(self._outbox.observe)
        self._last_snapshot = 0
        self._rested_at = 0
        """How many records there were when everything was last put on disk before a rest."""
        self._started = False
        self._interrupted = False
        """Something was left half done: what has gathered must not be committed."""

    def start(self) -> Recovered:
        """Bring the states back from the log and send again what may not have been sent; nothing is decided."""
        assert not self._started, "the engine was started already"
        found = recover(self._store, self._agents, self._observers)
        self._states, self.clock, self._last_snapshot = found.states, found.clock, found.from_snapshot
        self._queue.extend(found.unhandled)
        self._started = True
        unsent = self._store.open_commands()
        if not self._commit.count:
            self.mark("STARTED", "")
        else:
            unanchored = self._store.unanchored
            self.mark(
                "RECOVERED", f"{self._commit.count} records, {len(unsent)} to send again, {unanchored} unanchored"
            )
        for offset in unsent:
            command = to_message(next(iter(self._store.read(offset - 1, offset))))
            self.mark("RESENT", f"{command.type} {command.id}")
            self._outbox.send(offset, command, again=True)
        return found

    def run(self, stop: Callable[[], bool] = lambda: False, *, pace: Pace | None = None) -> bool:
        """Go on until no source keeps the run alive (True) or `stop()` says so (False); everything is then on disk.

        With a `pace` the run follows the world: facts are taken up to its horizon, and where none is due it rests.
        """
        if not self._started:
            self.start()
        self._interrupted = True
        try:
            self._drain()
            while not (stopped := stop()) and (self.step() if pace is None else self._follow(pace)):
                pass
            self._outbox.send_waiting()
            self.mark("STOPPED" if stopped else "ENDED", "")
            self._drain()
        except WhaleTraderError:
            if not self._commit.failed:
                self._commit.commit(durable=True)
                self._interrupted = False
            raise
        self._commit.commit(durable=True)
        self._interrupted = False
        return not stopped

    def step(self, until_ts: int | None = None) -> bool:
        """Take the next fact and handle all that follows from it; False where no source keeps the run alive.

        With `until_ts` no fact from after it is taken, and False says that none is due yet.
        """
        self._drain()  # what a recovery found unhandled comes before any new fact
        source = self._next_source(until_ts)
        if source is None:
            return False
        if self._outbox.waiting:
            self._outbox.send_waiting()
        if self._record_fact(source.take(), source):
            self._drain()
        return True

    def offer(self, message: Message) -> bool:
        """Record a fact that comes from no source and handle what follows; False where it was known already."""
        assert self._started, "start the engine first"
        self._drain()
        if not self._record_fact(message, None):
            return False
        self._drain()
        return True

    def offer_bytes(self, data: bytes, *, source: str) -> bool:
        """Record a fact that came as bytes from outside, or a dead letter that says why they are none; once each."""
        try:
            message = codec.decode(data, max_bytes=self._settings.max_message_bytes)
            if published_by_agent(message):
                text = f"{message.type} is for an agent of this run to decide, and comes from nowhere else"
                raise CodecError(text, reason=DeadLetterReason.BAD_VALUE)
        except CodecError as error:
            message = codec.dead_letter(data, error, source=source, ts=self.clock)
            if self._commit.fact(message.id) is not None:
                return False  # the same bytes at another time are the same letter
        return self.offer(message)

    def close(self, *, clean: bool = True) -> None:
        """Commit what is left, and close the store; after a failure in the middle of something it is left as it was."""
        clean = clean and not self._interrupted and not self._commit.failed
        if clean and self._started:
            self._commit.commit(durable=True)
        self._store.close(clean=clean)

    def state_of(self, agent: str) -> Any:
        """Return an agent's state: to look at, not to change."""
        return self._states[[known.name for known in self._agents].index(agent)]

    def mark(self, event: str, detail: str) -> None:
        """Note an operation: it is in the log and not in the domain stream."""
        marked = RunMarked(source="engine", event=event, detail=detail)
        key = f"{event}:{self._commit.count}"
        message = fact(marked, natural_key=key, ts_event=self.clock, ts_init=self.clock)
        self._append([(message, self._encoded(message, 1))])

    def _follow(self, pace: Pace) -> bool:
        """Take a fact that is due; else put everything on disk, send again what waits, and rest."""
        if self.step(pace.horizon()):
            return True
        self._outbox.send_waiting()
        self._commit.commit(durable=self._commit.count > self._rested_at)
        self._rested_at = self._commit.count
        for letter in pace.rest():
            self.offer(letter)
        return True

    def _next_source(self, until_ts: int | None) -> FactSource | None:
        """Return the source with the earliest next fact, the lower rank first; None where none keeps the run alive."""
        best, best_ts, alive = None, 0, False
        for source in self._sources:
            ts = source.peek()
            if ts is None:
                continue
            alive = alive or source.keeps_alive
            if best is None or ts < best_ts:
                best, best_ts = source, ts
        if until_ts is not None:
            return best if best_ts <= until_ts else None
        return best if alive else None

    def _record_fact(self, message: Message, source: FactSource | None) -> bool:
        """Stamp a fact and record it, unless it is known; a known id with other content halts the run."""
        said_ts = message.ts_init
        if said_ts < self.clock:
            message = msgspec.structs.replace(message, ts_init=self.clock)
        record = self._encoded(message, 1)
        known = self._commit.fact(message.id)
        if known is not None:
            self._check_repeated(known, record, message, source)
            self._outbox.observe(message)
            return False
        self.clock = message.ts_init
        self._append([(message, record)])
        if source is not None:
            self._watch_clock(source, message, record, said_ts)
        return True

    def _check_repeated(self, known: Record, record: Record, message: Message, source: FactSource | None) -> None:
        if not same_content(known, record):
            raise ConflictError(
                f"{message.type} {message.id} is in the log as record {known.offset} with other content: "
                "nothing may be dropped, so the run halts"
            )
        if source is not None:
            source.observe(message)
            again = source.peek() is not None and source.take().id == message.id
            assert not again, f"the source {source.name} gives {message.type} {message.id} for ever"

    def _watch_clock(self, source: FactSource, message: Message, record: Record, said_ts: int) -> None:
        """Keep the newest time of each source; a fact from before it is handled, and noted as a dead letter."""
        newest = self._commit.clocks.get(source.name, said_ts)
        self._commit.clocks[source.name] = max(newest, said_ts)
        if said_ts >= newest:
            return
        letter = DeadLetter(
            source=source.name,
            reason=DeadLetterReason.CLOCK_BACKWARDS,
            detail=f"{message.type} {message.id} came {newest - said_ts} ns before the source's newest",
            size_bytes=len(record.payload),
            content_sha256=sha256(record.payload).hexdigest(),
            head=record.payload[:HEAD_BYTES],
        )
        noted = fact(letter, natural_key=f"{source.name}:{message.id}", ts_event=said_ts, ts_init=self.clock)
        self._append([(noted, self._encoded(noted, 1))])

    def _encoded(self, message: Message, ahead: int) -> Record:
        return to_record(message, self._commit.count + ahead, self._settings.max_message_bytes)

    def _append(self, entries: Sequence[tuple[Message, Record]], handled: int | None = None) -> None:
        """Put messages at the log's end and in the queue, then show them to sources and projections.

        `handled` is the offset of the message that led to all of them: noted before anything else can fail, so that
        no commit has a part of them.
        """
        for message, record in entries:
            self._commit.add(message, record)
            self._queue.append((record.offset, message))
        if handled is not None:
            self._commit.handled = handled
        for message, _ in entries:
            for observe in self._observe:
                observe(message)

    def _drain(self) -> None:
        """Handle what is recorded and not handled, in order; commit when a batch is full."""
        queue = self._queue
        while queue:
            offset, message = queue[0]
            commands = () if message.type in OPERATIONS else self._handle(offset, message)
            queue.popleft()
            self._commit.handled = offset
            if commands:
                self._commit.commit(durable=True)
                for command_offset, command in commands:
                    self._outbox.send(command_offset, command, again=False)
            elif self._commit.due():
                self._commit.commit(durable=False)
            assert len(queue) <= MAX_UNHANDLED, "agents answer each other without end"
        if self._commit.handled - self._last_snapshot >= self._settings.snapshot_every:
            self._take_snapshot()

    def _handle(self, offset: int, message: Message) -> list[tuple[int, Message]]:
        """Have each subscribed agent decide and fold; then record all outputs at once. Returns the commands."""
        outputs: list[Message] = []
        for index in self._routes[message.type]:
            agent, state = self._agents[index], self._states[index]
            decided = supervisor.decide(agent, state, message)
            state = supervisor.evolve(agent, state, message)
            for number, payload in enumerate(decided):
                output = self._derived(agent, message, number, payload)
                state = supervisor.evolve(agent, state, output)
                outputs.append(output)
            self._states[index] = state
            self.decisions += 1
        if not outputs:
            return []
        try:
            records = [self._encoded(output, ahead) for ahead, output in enumerate(outputs, start=1)]
        except CodecError as error:
            raise AgentFault(f"a message because of {message.type} {message.id} is none: {error.message}") from error
        entries = list(zip(outputs, records, strict=True))
        self._append(entries, handled=offset)
        return [(record.offset, output) for output, record in entries if output.type in _EFFECTS]

    def _derived(self, agent: AnyAgent, cause: Message, number: int, payload: Payload) -> Message:
        publisher = publisher_of(payload)
        assert publisher == agent.name, f"{agent.name} published {type(payload).__name__}, which is {publisher}'s"
        return derive(cause, account=self._account, agent=agent.name, index=number, payload=payload)

    def _take_snapshot(self) -> None:
        """Keep all states, when nothing is left to handle."""
        self._commit.commit(durable=False)
        progress = self._store.progress()
        state = snapshots.pack(self.clock, self._agents, self._states, self._observers)
        snapshot = Snapshot(offset=progress.count, head=progress.head, state=state)
        self._commit.commit(durable=False, snapshot=snapshot)
        self._last_snapshot = progress.count
