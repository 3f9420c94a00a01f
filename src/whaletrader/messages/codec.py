"""Messages as bytes: protobuf payloads inside a protobuf envelope, with a limit on their size.

Every way in which bytes can fail to be a message ends in a `CodecError` with its `DeadLetterReason`; `dead_letter`
makes the fact that records it. Nothing here knows where bytes come from or go to.
"""

from hashlib import sha256

from google.protobuf.message import DecodeError

from whaletrader.domain.reasons import DeadLetterReason
from whaletrader.errors import CodecError
from whaletrader.messages._generated import messages_pb2
from whaletrader.messages.envelope import ID_BYTES, Message, Payload, fact
from whaletrader.messages.orchestration import DeadLetter
from whaletrader.messages.registry import REGISTRY, codec_of

MAX_BYTES = 1_048_576
HEAD_BYTES = 256
_ID_LENGTH = 2 * ID_BYTES
_LENGTH_DELIMITED = 2
_FIXED_BYTES = {1: 8, 5: 4}

_Envelope = messages_pb2.Envelope


def encode_payload(payload: Payload) -> bytes:
    """Return the payload's protobuf bytes; `CodecError` BAD_VALUE for a value that has no place on the wire."""
    name = type(payload).__name__
    try:
        return REGISTRY[name, payload.VERSION].encode(payload)
    except (TypeError, ValueError, AttributeError) as error:
        raise CodecError(f"{name}: {error}", reason=DeadLetterReason.BAD_VALUE) from error


def decode_payload(type_name: str, version: int, data: bytes) -> Payload:
    """Return the payload of this type and version."""
    codec = REGISTRY.get((type_name, version)) or codec_of(type_name, version)
    try:
        return codec.decode(data)
    except DecodeError as error:
        raise CodecError(f"{type_name}: {error}", reason=_reason(data)) from error
    except ValueError as error:
        raise CodecError(f"{type_name}: {error}", reason=DeadLetterReason.MALFORMED) from error


def encode(message: Message, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the whole message as bytes."""
    payload = encode_payload(message.payload)
    try:
        data: bytes = _Envelope(
            id=message.id,
            type=message.type,
            schema_version=message.schema_version,
            ts_event=message.ts_event,
            ts_init=message.ts_init,
            cause_id=message.cause_id,
            correlation_id=message.correlation_id,
            key=message.key,
            payload=payload,
        ).SerializeToString()
    except (TypeError, ValueError) as error:
        raise CodecError(f"{message.type}: {error}", reason=DeadLetterReason.BAD_VALUE) from error
    _check_size(message.type, len(data), max_bytes)
    return data


def decode(data: bytes, *, max_bytes: int = MAX_BYTES) -> Message:
    """Return the message that the bytes are; `CodecError` says why they are none."""
    _check_size("the message", len(data), max_bytes)
    try:
        wire = _Envelope.FromString(data)
    except DecodeError as error:
        raise CodecError(f"the envelope: {error}", reason=_reason(data)) from error
    if not wire.HasField("payload"):
        raise CodecError("the bytes end before the payload", reason=DeadLetterReason.TRUNCATED)
    if len(wire.id) != _ID_LENGTH:
        raise CodecError("the message's id is not 32 hex digits", reason=DeadLetterReason.MALFORMED)
    return Message(
        id=wire.id,
        type=wire.type,
        schema_version=wire.schema_version,
        ts_event=wire.ts_event,
        ts_init=wire.ts_init,
        cause_id=wire.cause_id,
        correlation_id=wire.correlation_id,
        key=wire.key,
        payload=decode_payload(wire.type, wire.schema_version, wire.payload),
    )


def dead_letter(data: bytes, error: CodecError, *, source: str, ts: int) -> Message:
    """Make the fact that these bytes could not be handled; the same bytes of the same source are the same fact."""
    digest = sha256(data).hexdigest()
    letter = DeadLetter(
        source=source,
        reason=error.reason,
        detail=error.message,
        size_bytes=len(data),
        content_sha256=digest,
        head=data[:HEAD_BYTES],
    )
    return fact(letter, natural_key=f"{source}:{digest}:{error.reason}", ts_event=ts, ts_init=ts)


def _check_size(what: str, size: int, limit: int) -> None:
    if size > limit:
        text = f"{what} has {size} bytes, more than the limit of {limit}"
        raise CodecError(text, reason=DeadLetterReason.OVERSIZED)


def _reason(data: bytes) -> DeadLetterReason:
    """Tell bytes that end too early from bytes that are wrong, by walking the outermost fields."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire_type = tag & 7
        if wire_type == 0:
            _, at = _varint(data, at)
        elif wire_type == _LENGTH_DELIMITED:
            length, at = _varint(data, at)
            at += length
        elif wire_type in _FIXED_BYTES:
            at += _FIXED_BYTES[wire_type]
        else:
            return DeadLetterReason.MALFORMED
    return DeadLetterReason.TRUNCATED if at > len(data) else DeadLetterReason.MALFORMED


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a number; the position behind it lies beyond the end where the bytes end inside it."""
    value = shift = 0
    while at < len(data):
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    return value, len(data) + 1
