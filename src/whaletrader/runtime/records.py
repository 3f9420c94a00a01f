"""Messages as the log's records, and back."""

from collections.abc import Iterator

from whaletrader.domain.reasons import DeadLetterReason
from whaletrader.errors import CodecError, CorruptLogError
from whaletrader.messages import codec
from whaletrader.messages.catalogue import OPERATIONS
from whaletrader.messages.envelope import Message
from whaletrader.ports.chain import Record
from whaletrader.ports.store import EventStore


def to_record(message: Message, offset: int, max_bytes: int = codec.MAX_BYTES) -> Record:
    """Encode a message as the record at an offset; `CodecError` where it has no place on the wire."""
    payload = codec.encode_payload(message.payload)
    if len(payload) > max_bytes:
        text = f"{message.type} {message.id} has {len(payload)} bytes, more than the limit of {max_bytes}"
        raise CodecError(text, reason=DeadLetterReason.OVERSIZED)
    return Record(
        offset,
        message.id,
        message.type,
        message.schema_version,
        message.ts_event,
        message.ts_init,
        message.cause_id,
        message.correlation_id,
        message.key,
        payload,
    )


def to_message(record: Record) -> Message:
    """Decode a record; `CorruptLogError` names the one that cannot be read."""
    try:
        payload = codec.decode_payload(record.type, record.schema_version, record.payload)
    except CodecError as error:
        raise CorruptLogError(f"record {record.offset} cannot be read: {error.message}") from error
    except TypeError as error:
        raise CorruptLogError(f"record {record.offset} cannot be read: {error}") from error
    return Message(
        id=record.id,
        type=record.type,
        schema_version=record.schema_version,
        ts_event=record.ts_event,
        ts_init=record.ts_init,
        cause_id=record.cause_id,
        correlation_id=record.correlation_id,
        key=record.key,
        payload=payload,
    )


def same_content(record: Record, other: Record) -> bool:
    """Tell whether two records with one id say the same; when and where they were recorded does not matter."""
    return (record.type, record.schema_version, record.ts_event, record.key, record.payload) == (
        other.type,
        other.schema_version,
        other.ts_event,
        other.key,
        other.payload,
    )


def domain_stream(store: EventStore) -> Iterator[Message]:
    """Yield the committed messages that are the same with and without crashes: all but the operations."""
    return (to_message(record) for record in store.read() if record.type not in OPERATIONS)


def domain_bytes(store: EventStore) -> bytes:
    """Return the domain stream as it would travel, each message behind its length: two runs compare byte for byte."""
    wires = (codec.encode(message, max_bytes=2 * codec.MAX_BYTES) for message in domain_stream(store))
    return b"".join(len(wire).to_bytes(4, "big") + wire for wire in wires)
