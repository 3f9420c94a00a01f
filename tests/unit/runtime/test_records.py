"""Messages as records, and the stream that is the same with and without crashes."""

import msgspec
import pytest
from hypothesis import given, settings

from tests.support.messages import example, messages, seen
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.errors import CodecError, CorruptLogError
from whaletrader.messages import codec
from whaletrader.messages.envelope import Message
from whaletrader.messages.market import WhaleTradeObserved
from whaletrader.messages.orchestration import RunMarked
from whaletrader.ports.store import Batch
from whaletrader.runtime.records import domain_bytes, domain_stream, same_content, to_message, to_record


@settings(max_examples=100, deadline=None)
@given(message=messages())
def test_a_message_comes_back_from_its_record(message: Message) -> None:
    record = to_record(message, 7)
    assert record.offset == 7
    assert to_message(record) == message


def test_a_payload_beyond_the_limit_is_refused_with_its_size() -> None:
    message = seen(example(RunMarked, detail="x" * 2_000), 1)
    with pytest.raises(CodecError, match="more than the limit of 1024"):
        to_record(message, 1, 1_024)


@pytest.mark.parametrize("field", ["type", "payload", "schema_version"])
def test_a_record_that_is_no_message_is_named(field: str) -> None:
    record = to_record(seen(example(RunMarked, detail="x"), 1), 9)
    damaged = record._replace(**{field: {"type": "Nothing", "payload": b"\xff", "schema_version": 9}[field]})
    with pytest.raises(CorruptLogError, match="record 9 cannot be read"):
        to_message(damaged)
    with pytest.raises(CorruptLogError, match="record 9 cannot be read"):
        to_message(record._replace(payload=None))  # type: ignore[arg-type]


def test_when_and_where_a_fact_was_recorded_is_no_content() -> None:
    record = to_record(seen(example(WhaleTradeObserved), 1), 1)
    assert same_content(record, record._replace(offset=9, ts_init=99, cause_id="c", correlation_id="d"))
    for field, value in {"type": "T", "schema_version": 2, "ts_event": 5, "key": "k", "payload": b"p"}.items():
        assert not same_content(record, record._replace(**{field: value}))


def test_the_domain_stream_leaves_operations_out() -> None:
    facts = [seen(example(WhaleTradeObserved, size_micro=number), number) for number in range(3)]
    marks = [seen(example(RunMarked), number, str(number)) for number in range(3)]
    interleaved = [message for pair in zip(marks, facts, strict=True) for message in pair]
    with_marks, without = MemoryEventStore(), MemoryEventStore()
    for store, content in ((with_marks, interleaved), (without, facts)):
        records = [to_record(message, offset) for offset, message in enumerate(content, start=1)]
        store.commit(Batch(records=records, handled=0), durable=False)
    assert list(domain_stream(with_marks)) == facts
    assert domain_bytes(with_marks) == domain_bytes(without)
    first = codec.encode(facts[0])
    assert domain_bytes(without).startswith(len(first).to_bytes(4, "big") + first)
    other = msgspec.structs.replace(facts[2], ts_event=9)
    assert codec.encode(other) not in domain_bytes(without)
