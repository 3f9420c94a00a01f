"""The log's record, its hash chain and its anchor: what every event store must agree on.

The chain is unkeyed: it shows that a record was changed, moved, removed or added by somebody who did not also rewrite
everything behind it and the anchor. It proves no more than that.
"""

from hashlib import sha256
from typing import NamedTuple

import msgspec


class Record(NamedTuple):
    """One message as it lies in the log; `offset` counts from 1."""

    offset: int
    id: str
    type: str
    schema_version: int
    ts_event: int
    ts_init: int
    cause_id: str
    correlation_id: str
    key: str
    payload: bytes


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """How long the log was and what its head hash was when it was last known to be on disk."""

    count: int
    head: str
    """64 hex digits."""
    clean: bool
    """Written at a clean stop: nothing may follow."""


def genesis_hash(genesis: bytes) -> bytes:
    """Return the hash that the first record is linked to."""
    return sha256(b"whaletrader log 1\n" + genesis).digest()


def link(previous: bytes, record: Record) -> bytes:
    """Return SHA-256 over the previous hash and every column of the record, lengths first, so nothing can shift."""
    offset, own_id, kind, version, ts_event, ts_init, cause, correlation, key, payload = record
    head = (
        f"{offset}|{version}|{ts_event}|{ts_init}|{len(own_id)}|{len(kind)}|{len(cause)}|{len(correlation)}|"
        f"{len(key)}|{len(payload)}|{own_id}{kind}{cause}{correlation}{key}"
    )
    # Text that is no UTF-8 can only come from a damaged file: its own bytes are hashed, so that it shows.
    return sha256(previous + head.encode("utf-8", "surrogateescape") + payload).digest()


def anchor_fault(anchor: Anchor, count: int, hash_at_anchor: bytes | None) -> str:
    """Say what is wrong with a log of `count` records beside its anchor, "" where nothing is.

    `hash_at_anchor` is the chain's hash after `anchor.count` records, None where the log is shorter. Records behind the
    anchor are no fault unless the log was stopped cleanly: a crash leaves them.
    """
    if count < anchor.count or hash_at_anchor is None:
        return f"the log ends at record {count}, but {anchor.count} were recorded: its tail was cut off"
    if hash_at_anchor.hex() != anchor.head:
        return f"the chain's hash at record {anchor.count} is not the one noted in the anchor: the log was rewritten"
    if anchor.clean and count > anchor.count:
        return f"records {anchor.count + 1} to {count} were appended after a clean stop at record {anchor.count}"
    return ""
