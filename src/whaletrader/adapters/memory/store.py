"""The event store in memory: for tests, and for backtests whose log nobody keeps."""

from collections.abc import Iterator

from whaletrader.errors import ConflictError
from whaletrader.ports.chain import Record, genesis_hash, link
from whaletrader.ports.store import Batch, Progress, Snapshot, StoredSeal

KEPT_SNAPSHOTS = 2


class MemoryEventStore:
    """Everything is lost with the process; otherwise it behaves like the SQLite store."""

    unanchored = 0

    def __init__(self, genesis: bytes = b"") -> None:
        self.genesis = genesis
        self._records: list[Record] = []
        self._hashes: list[bytes] = [genesis_hash(genesis)]
        self._facts: dict[str, int] = {}
        self._handled = 0
        self._clocks: dict[str, int] = {}
        self._open: dict[int, None] = {}
        self._seals: dict[str, StoredSeal] = {}
        self._snapshots: list[Snapshot] = []

    def progress(self) -> Progress:
        """Return the committed state of the log."""
        return Progress(
            count=len(self._records), head=self._hashes[-1], handled=self._handled, clocks=dict(self._clocks)
        )

    def commit(self, batch: Batch, *, durable: bool) -> None:  # noqa: ARG002 - nothing here outlives the process
        """Append all of the batch, or nothing."""
        self._check(batch)
        for record in batch.records:
            self._records.append(record)
            self._hashes.append(link(self._hashes[-1], record))
        self._facts.update({fact.id: fact.offset for fact in batch.facts})
        self._handled = batch.handled
        self._clocks = dict(batch.clocks)
        self._open.update(dict.fromkeys(batch.commands))
        for offset in batch.done:
            self._open.pop(offset, None)
        self._seals.update({seal.message_id: seal for seal in batch.seals})
        if batch.snapshot is not None:
            self._snapshots = [batch.snapshot, *self._snapshots][:KEPT_SNAPSHOTS]

    def _check(self, batch: Batch) -> None:
        for expected, record in enumerate(batch.records, start=len(self._records) + 1):
            if record.offset != expected:
                raise ConflictError(f"record {record.offset} does not follow on record {expected - 1}")
        ids: set[str] = set()
        for fact in batch.facts:
            if fact.id in self._facts or fact.id in ids:
                raise ConflictError(f"a fact with the id {fact.id} is in the log already")
            ids.add(fact.id)

    def read(self, after: int = 0, until: int | None = None) -> Iterator[Record]:
        """Yield the records with after < offset ≤ until."""
        yield from self._records[after:until]

    def read_chained(self, after: int = 0) -> Iterator[tuple[Record, bytes]]:
        """Yield records with the hash that was stored with each."""
        yield from zip(self._records[after:], self._hashes[after + 1 :], strict=True)

    def fact(self, message_id: str) -> Record | None:
        """Return the fact with this id."""
        offset = self._facts.get(message_id)
        return None if offset is None else self._records[offset - 1]

    def find(self, message_id: str) -> Record | None:
        """Return the record with this id."""
        return self.fact(message_id) or next((record for record in self._records if record.id == message_id), None)

    def open_commands(self) -> list[int]:
        """Return the offsets of the open outbox entries."""
        return sorted(self._open)

    def seal_of(self, message_id: str) -> StoredSeal | None:
        """Return the seal of an approval."""
        return self._seals.get(message_id)

    def snapshots(self) -> Iterator[Snapshot]:
        """Yield the kept snapshots, newest first."""
        yield from self._snapshots

    def close(self, *, clean: bool) -> None:
        """Keep everything: a test may open the same store again."""
