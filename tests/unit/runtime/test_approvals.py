"""An order can be signed while its approval is known and its seal lies in the store."""

import pytest

from tests.support.messages import example, seen
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.messages.envelope import Message
from whaletrader.messages.risk import ApprovalBounds, ApprovedTrade, RejectedTrade
from whaletrader.ports.store import Batch, StoredSeal
from whaletrader.runtime import approvals
from whaletrader.runtime.approvals import Approvals


def approved(approval_id: str, *, size: int = 5, name: str = "") -> Message:
    bounds = example(ApprovalBounds, approval_id=approval_id, max_size_micro=size)
    fields = {each: getattr(example(ApprovedTrade), each) for each in ApprovedTrade.__struct_fields__}
    return seen(ApprovedTrade(**(fields | {"bounds": bounds})), 1, name)


def store_with(*messages: Message) -> MemoryEventStore:
    store = MemoryEventStore()
    seals = [StoredSeal(message_id=message.id, key_id="key", signature=message.id.encode()) for message in messages]
    store.commit(Batch(records=[], handled=0, seals=seals), durable=True)
    return store


def test_an_approval_is_found_with_its_bounds_its_seal_and_the_key() -> None:
    message = approved("a")
    known = Approvals(store_with(message))
    known.observe(message)
    assert known.sealed("a") == (message.payload.bounds, message.id.encode(), "key")


def test_what_was_never_approved_has_no_seal() -> None:
    known = Approvals(store_with(approved("a")))
    assert known.sealed("a") is None
    known.observe(seen(example(RejectedTrade, proposal_id="a"), 1))
    assert known.sealed("a") is None


def test_an_approval_whose_seal_is_not_on_disk_yet_cannot_be_signed() -> None:
    message = approved("a")
    known = Approvals(MemoryEventStore())
    known.observe(message)
    assert known.sealed("a") is None


def test_each_approval_has_its_own_seal() -> None:
    messages = [approved(name, size=number) for number, name in enumerate("abc", start=1)]
    known = Approvals(store_with(*messages))
    for message in messages:
        known.observe(message)
    assert [known.sealed(name)[0].max_size_micro for name in "abc"] == [1, 2, 3]
    assert len({known.sealed(name)[1] for name in "abc"}) == 3


def test_the_oldest_approval_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals, "MAX_KEPT", 2)
    messages = [approved(name) for name in "abc"]
    known = Approvals(store_with(*messages))
    for message in messages:
        known.observe(message)
    assert [known.sealed(name) is None for name in "abc"] == [True, False, False]


def test_a_restart_keeps_what_may_still_be_sent() -> None:
    message = approved("a")
    known, after = (Approvals(store_with(message)) for _ in range(2))
    known.observe(message)
    after.restore(known.snapshot())
    assert after.sealed("a") == known.sealed("a")
