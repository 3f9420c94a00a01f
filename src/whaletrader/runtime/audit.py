"""Hold a log against its chain, its anchor and its seals, and name every place where they do not agree.

The chain is unkeyed: who can rewrite the log from some place to its end, and the anchor as well, is not found out.
"""

from collections.abc import Callable, Iterator

import msgspec

from whaletrader.errors import CorruptLogError
from whaletrader.messages.risk import ApprovalBounds, ApprovedTrade
from whaletrader.ports.chain import Record, anchor_fault, genesis_hash, link
from whaletrader.ports.store import AnchoredStore
from whaletrader.runtime.records import to_message

MAX_FINDINGS = 20
SealCheck = Callable[[ApprovalBounds, bytes, str], bool]
"""Tells whether a signature over the bounds by the key of this id is valid."""


class Finding(msgspec.Struct, frozen=True):
    """Something that does not hold."""

    place: str
    """`record N`, `anchor`, `file` or `progress`."""
    what: str


class Audit(msgspec.Struct, kw_only=True):
    """What an audit came to."""

    records: int = 0
    head: str = ""
    """The chain's hash at the end, as far as the log could be read."""
    anchored: int = 0
    unanchored: int = 0
    """Valid records behind the anchor: a crash leaves them, a clean stop does not."""
    seals: int = 0
    """How many seals were checked and are valid."""
    findings: list[Finding] = []

    @property
    def sound(self) -> bool:
        """Nothing was found."""
        return not self.findings

    def find(self, place: str, what: str) -> None:
        """Note a finding; of records, as many as a person reads."""
        if len(self.findings) < MAX_FINDINGS or not place.startswith("record"):
            self.findings.append(Finding(place, what))


def verify(store: AnchoredStore, check_seal: SealCheck | None = None) -> Audit:
    """Audit a log that can be opened; without `check_seal` the seals are left alone."""
    audit = Audit(findings=[])
    try:
        damage = store.damage()
        if damage:
            audit.find("file", f"the storage engine finds damage: {damage}")
        anchor = store.anchor()
        noted = anchor.count if anchor else 0
        at_anchor = genesis_hash(store.genesis) if noted == 0 else None
        for record, computed in _chained(store, audit):
            if record.offset == noted:
                at_anchor = computed
            if check_seal is not None and record.type == ApprovedTrade.__name__:
                _check_seal(store, record, check_seal, audit)
        if anchor is None:
            audit.find("anchor", "there is no anchor: nothing shows that the log is whole")
        else:
            fault = anchor_fault(anchor, audit.records, at_anchor)
            audit.anchored, audit.unanchored = anchor.count, max(0, audit.records - anchor.count)
            if fault:
                audit.find("anchor", fault)
        handled = store.progress().handled
        if handled > audit.records:
            audit.find("progress", f"{handled} records are noted as handled, but there are {audit.records}")
    except CorruptLogError as error:
        audit.find("file", f"reading ends behind record {audit.records}: {error.message}")
    return audit


def _chained(store: AnchoredStore, audit: Audit) -> Iterator[tuple[Record, bytes]]:
    """Follow the chain, and yield each record with its own hash as it should be.

    Behind a break the stored hash is taken as given, so that one fault is found once.
    """
    previous = genesis_hash(store.genesis)
    for record, stored in store.read_chained():
        expected = audit.records + 1
        if record.offset > expected:
            last = record.offset - 1
            gap = f"record {expected} is" if last == expected else f"records {expected} to {last} are"
            audit.find(f"record {expected}", f"{gap} missing")
        try:
            computed = link(previous, record)
        except TypeError:
            computed = b""  # a damaged page gives values that are not of their columns' types
        if computed != stored and record.offset == expected:
            audit.find(f"record {record.offset}", "its content is not what the chain says it was")
        audit.records = record.offset
        previous = stored if isinstance(stored, bytes) else b""  # so may a damaged page's hash
        audit.head = previous.hex()
        yield record, computed


def _check_seal(store: AnchoredStore, record: Record, check: SealCheck, audit: Audit) -> None:
    seal = store.seal_of(record.id)
    place = f"record {record.offset}"
    if seal is None:
        audit.find(place, f"the approval {record.id} has no seal")
        return
    payload = to_message(record).payload
    assert isinstance(payload, ApprovedTrade)
    if check(payload.bounds, seal.signature, seal.key_id):
        audit.seals += 1
    else:
        audit.find(place, f"the seal of the approval {record.id} is not valid")
