"""Group commit: whole handled messages gather here and go to the store as one transaction."""

import time
from collections.abc import Callable, Sequence

from whaletrader.config.tree import RuntimeSettings
from whaletrader.messages.catalogue import EFFECTS
from whaletrader.messages.envelope import Message
from whaletrader.messages.risk import ApprovedTrade
from whaletrader.ports.chain import Record
from whaletrader.ports.signer import Seal
from whaletrader.ports.store import Batch, EventStore, Snapshot, StoredSeal
from whaletrader.runtime.failpoints import POINTS
from whaletrader.runtime.routing import published_by_agent

Announce = Callable[[Sequence[Message]], None]
_EFFECTS = frozenset(EFFECTS)


def _tell_nobody(messages: Sequence[Message]) -> None:
    """Stand in where no bus listens."""


class GroupCommit:
    """Collects records, seals and outbox entries; it alone writes to the store."""

    def __init__(
        self, store: EventStore, settings: RuntimeSettings, seal: Seal | None, announce: Announce = _tell_nobody
    ) -> None:
        progress = store.progress()
        self.count = progress.count
        self.handled = progress.handled
        self.clocks = dict(progress.clocks)
        self.failed = False
        """The store did not take a batch: what has gathered since the last commit is lost with this process."""
        self._store = store
        self._limit = settings.batch_messages
        self._delay_ns = settings.batch_delay_ms * 1_000_000
        self._seal = seal
        self._announce = announce
        self._records: list[Record] = []
        self._facts: dict[str, Record] = {}
        self._messages: list[Message] = []
        self._commands: list[int] = []
        self._done: list[int] = []
        self._seals: list[StoredSeal] = []
        self._since_ns = 0

    def add(self, message: Message, record: Record) -> None:
        """Take a record that follows on the last one; its approval is sealed, its command becomes an outbox entry."""
        if not self._records:
            self._since_ns = time.perf_counter_ns()
        self.count = record.offset
        self._records.append(record)
        self._messages.append(message)
        if not published_by_agent(message):
            self._facts[record.id] = record
        if message.type in _EFFECTS:
            self._commands.append(record.offset)
        if self._seal is not None and isinstance(message.payload, ApprovedTrade):
            signature = self._seal.sign(message.payload.bounds)
            self._seals.append(StoredSeal(message_id=message.id, key_id=self._seal.key_id, signature=signature))

    def fact(self, message_id: str) -> Record | None:
        """Return the fact with this id, committed or not."""
        return self._facts.get(message_id) or self._store.fact(message_id)

    def done(self, offset: int) -> None:
        """Note that a command was carried out; the note rides in the next transaction."""
        POINTS.hit("before_ack")
        self._done.append(offset)
        POINTS.hit("after_ack")

    def due(self) -> bool:
        """Tell whether the batch is full or has waited long enough."""
        waiting = len(self._records)
        return waiting >= self._limit or (waiting > 0 and time.perf_counter_ns() - self._since_ns >= self._delay_ns)

    def commit(self, *, durable: bool, snapshot: Snapshot | None = None) -> None:
        """Write what has gathered; nothing happens where nothing has."""
        if not (self._records or self._done or snapshot or durable):
            return
        batch = Batch(
            records=self._records,
            facts=list(self._facts.values()),
            handled=self.handled,
            clocks=self.clocks,
            commands=self._commands,
            done=self._done,
            seals=self._seals,
            snapshot=snapshot,
        )
        POINTS.hit("before_commit")
        self.failed = True
        self._store.commit(batch, durable=durable)
        self.failed = False
        POINTS.hit("after_commit")
        messages = self._messages
        self._records, self._facts, self._messages = [], {}, []
        self._commands, self._done, self._seals = [], [], []
        self._announce(messages)
