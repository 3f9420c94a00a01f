"""The event store: one append-only log of one run, and what must change in the same transaction as the log.

Facts are entered in the inbox: `fact` gives the content that a repeated one is compared with. What agents decide needs
no inbox, because an input and all that follows from it are committed once, together.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from whaletrader.ports.chain import Anchor, Record


class StoredSeal(msgspec.Struct, frozen=True, kw_only=True):
    """A signature over an approval's bounds; it lies beside the chain, so that a new key changes no byte of the log."""

    message_id: str
    key_id: str
    signature: bytes


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A cache of every state after the first `offset` records were handled; `head` is the chain's hash there."""

    offset: int
    head: bytes
    state: bytes


class Batch(msgspec.Struct, kw_only=True):
    """What one transaction writes: all of it or nothing."""

    records: Sequence[Record]
    handled: int
    """All records up to this offset were handled: their outputs are in the log."""
    facts: Sequence[Record] = ()
    """Those of the records that came from outside, for the inbox."""
    clocks: dict[str, int] = {}
    """The newest time of each source, by its name."""
    commands: Sequence[int] = ()
    """Offsets of new outbox entries."""
    done: Sequence[int] = ()
    """Offsets of outbox entries that were carried out."""
    seals: Sequence[StoredSeal] = ()
    snapshot: Snapshot | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a log stands."""

    count: int
    head: bytes
    handled: int
    clocks: dict[str, int]


class EventStore(Protocol):
    """One writer; `StorageError` when the disk does not take it, and then nothing of the batch is in the log."""

    @property
    def genesis(self) -> bytes:
        """What the run was started with; the chain begins with its hash."""
        ...

    @property
    def unanchored(self) -> int:
        """How many records were found behind the anchor when the log was opened after a crash."""
        ...

    def progress(self) -> Progress:
        """Return the committed state of the log."""
        ...

    def commit(self, batch: Batch, *, durable: bool) -> None:
        """Append in one transaction; `durable` returns only when it is on disk and anchored.

        `ConflictError` when a fact's id is in the inbox already or the offsets do not follow on.
        """
        ...

    def read(self, after: int = 0, until: int | None = None) -> Iterator[Record]:
        """Yield the records with after < offset ≤ until, in order."""
        ...

    def read_chained(self, after: int = 0) -> Iterator[tuple[Record, bytes]]:
        """Yield records with the hash that was stored with each, unchecked: for audits."""
        ...

    def fact(self, message_id: str) -> Record | None:
        """Return the committed fact with this id: a look into the inbox."""
        ...

    def find(self, message_id: str) -> Record | None:
        """Return the committed record with this id, fact or not; it may have to read the whole log."""
        ...

    def open_commands(self) -> list[int]:
        """Return the offsets of outbox entries that were not noted as done, in order."""
        ...

    def seal_of(self, message_id: str) -> StoredSeal | None:
        """Return the seal of an approval."""
        ...

    def snapshots(self) -> Iterator[Snapshot]:
        """Yield the kept snapshots, newest first."""
        ...

    def close(self, *, clean: bool) -> None:
        """Close; `clean` makes everything durable and anchors it as the end."""
        ...


class AnchoredStore(EventStore, Protocol):
    """A store on a disk: it can be held against what was noted outside of it."""

    def anchor(self) -> Anchor | None:
        """Read the anchor; None where there is none."""
        ...

    def damage(self) -> str:
        """Return what the storage engine itself finds wrong with the file, "" where it is sound."""
        ...
