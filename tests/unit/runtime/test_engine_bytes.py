"""Bytes from outside become a fact, or a dead letter in the log that says why they are none; neither halts the run."""

from pathlib import Path

import pytest

from tests.support.messages import example, seen
from tests.support.synthetic import Run
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.domain.reasons import DeadLetterReason
from whaletrader.messages import codec
from whaletrader.messages._generated import messages_pb2
from whaletrader.messages.market import SegmentSealed
from whaletrader.messages.orchestration import DeadLetter
from whaletrader.messages.risk import ApprovedTrade
from whaletrader.runtime.records import to_message

GOOD = codec.encode(seen(example(SegmentSealed, segment_id="s"), 5))


def renamed(**changed: object) -> bytes:
    """The good message with other words on its envelope."""
    wire = messages_pb2.Envelope.FromString(GOOD)
    for name, value in changed.items():
        setattr(wire, name, value)
    data: bytes = wire.SerializeToString()
    return data


BAD = {
    DeadLetterReason.UNKNOWN_TYPE: renamed(type="Gossip"),
    DeadLetterReason.UNKNOWN_VERSION: renamed(schema_version=99),
    DeadLetterReason.TRUNCATED: GOOD[:-3],
    DeadLetterReason.OVERSIZED: GOOD + b"\x00" * 2_000_000,
    DeadLetterReason.MALFORMED: b"\xff" * 40,
    DeadLetterReason.BAD_VALUE: codec.encode(seen(example(ApprovedTrade), 5)),
}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    process = Run(MemoryEventStore(), tmp_path, 3)
    process.engine.start()
    return process


def letters(run: Run) -> list[DeadLetter]:
    payloads = [to_message(record).payload for record in run.store.read()]
    return [payload for payload in payloads if isinstance(payload, DeadLetter)]


@pytest.mark.parametrize("reason", BAD)
def test_what_is_no_message_is_recorded_with_its_reason_and_the_run_goes_on(run: Run, reason: DeadLetterReason) -> None:
    data = BAD[reason]
    assert run.engine.offer_bytes(data, source="outside")
    assert run.engine.run()
    (letter,) = letters(run)
    assert (letter.source, letter.reason, letter.size_bytes) == ("outside", reason, len(data))
    assert letter.head == data[: len(letter.head)]
    assert "ApprovedTrade" not in {record.type for record in run.store.read() if not record.cause_id}


def test_the_same_bytes_again_are_the_same_letter(run: Run) -> None:
    assert run.engine.offer_bytes(b"\xff", source="outside")
    assert run.engine.step()
    assert not run.engine.offer_bytes(b"\xff", source="outside")
    assert run.engine.run()
    assert len(letters(run)) == 1


def test_a_fact_is_recorded_once(run: Run) -> None:
    assert run.engine.offer_bytes(GOOD, source="outside")
    assert not run.engine.offer_bytes(GOOD, source="outside")
    assert run.engine.run()
    assert [record.type for record in run.store.read()].count("SegmentSealed") == 1
    assert letters(run) == []
