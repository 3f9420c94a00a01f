"""Bytes that are no message: each with its reason, and as a dead letter."""

from hashlib import sha256

import pytest

from tests.support.messages import example, seen
from whaletrader.domain.reasons import DeadLetterReason
from whaletrader.errors import CodecError
from whaletrader.messages import codec
from whaletrader.messages._generated import messages_pb2
from whaletrader.messages.leaders import WhaleDiscovered
from whaletrader.messages.orchestration import DeadLetter, RunMarked
from whaletrader.messages.registry import REGISTRY, codec_of

MESSAGE = seen(RunMarked(source="test", event="MARK", detail="detail"), 5)


def reason_of(data: bytes, **given: int) -> str:
    with pytest.raises(CodecError) as caught:
        codec.decode(data, **given)
    return caught.value.reason


def envelope(**changed: object) -> bytes:
    wire = messages_pb2.Envelope.FromString(codec.encode(MESSAGE))
    for name, value in changed.items():
        setattr(wire, name, value)
    return wire.SerializeToString()


def test_an_unknown_type_is_told_as_such() -> None:
    assert reason_of(envelope(type="NoSuchMessage")) == DeadLetterReason.UNKNOWN_TYPE


def test_an_unknown_version_of_a_known_type_is_told_as_such() -> None:
    assert reason_of(envelope(schema_version=99)) == DeadLetterReason.UNKNOWN_VERSION


def test_no_bytes_are_a_truncated_message() -> None:
    assert reason_of(b"") == DeadLetterReason.TRUNCATED


def test_every_cut_of_a_message_is_truncated() -> None:
    data = codec.encode(MESSAGE)
    assert {reason_of(data[:length]) for length in range(len(data))} == {DeadLetterReason.TRUNCATED}


def test_bytes_that_are_no_protobuf_are_malformed() -> None:
    assert reason_of(b"\x07\x07\x07\x07") == DeadLetterReason.MALFORMED


def test_text_that_is_no_utf8_is_malformed() -> None:
    data = codec.encode(MESSAGE).replace(b"MARK", b"\xff\xfe\xfd\xfc")
    assert reason_of(data) == DeadLetterReason.MALFORMED


def test_an_id_that_is_not_32_digits_is_malformed() -> None:
    assert reason_of(envelope(id="abc")) == DeadLetterReason.MALFORMED


def test_a_missing_part_is_malformed() -> None:
    payload = messages_pb2.WhaleDiscovered(wallet="0x1").SerializeToString()
    with pytest.raises(CodecError, match="score is missing") as caught:
        codec.decode_payload(WhaleDiscovered.__name__, 1, payload)
    assert caught.value.reason == DeadLetterReason.MALFORMED


def test_a_message_beyond_the_limit_is_oversized_in_both_directions() -> None:
    data = codec.encode(MESSAGE)
    assert codec.decode(data, max_bytes=len(data)) == MESSAGE
    assert reason_of(data, max_bytes=len(data) - 1) == DeadLetterReason.OVERSIZED
    with pytest.raises(CodecError) as caught:
        codec.encode(MESSAGE, max_bytes=len(data) - 1)
    assert caught.value.reason == DeadLetterReason.OVERSIZED


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 1.5, "1"])
def test_a_value_that_is_no_64_bit_integer_is_a_bad_value(value: object) -> None:
    with pytest.raises(CodecError) as caught:
        codec.encode_payload(example(DeadLetter, size_bytes=value))
    assert caught.value.reason == DeadLetterReason.BAD_VALUE


def test_a_lone_surrogate_is_a_bad_value() -> None:
    with pytest.raises(CodecError) as caught:
        codec.encode_payload(example(RunMarked, detail="\ud800"))
    assert caught.value.reason == DeadLetterReason.BAD_VALUE


def test_a_field_that_a_newer_version_added_is_passed_over() -> None:
    newer = codec.encode_payload(MESSAGE.payload) + b"\xa2\x06\x03abc"
    assert codec.decode_payload("RunMarked", 1, newer) == MESSAGE.payload


def test_a_dead_letter_holds_what_is_needed_to_find_the_bytes_again() -> None:
    data = b"\x07" * 1_000
    error = CodecError("no message", reason=DeadLetterReason.MALFORMED)
    letter = codec.dead_letter(data, error, source="rtds", ts=9)
    assert letter.payload == DeadLetter(
        source="rtds",
        reason="MALFORMED",
        detail="no message",
        size_bytes=1_000,
        content_sha256=sha256(data).hexdigest(),
        head=data[:256],
    )
    assert (letter.ts_event, letter.ts_init) == (9, 9)
    assert codec.decode(codec.encode(letter)) == letter


def test_the_same_bytes_are_the_same_dead_letter() -> None:
    error = CodecError("no message", reason=DeadLetterReason.MALFORMED)
    first, second = (codec.dead_letter(b"x", error, source="rtds", ts=ts) for ts in (1, 2))
    assert first.id == second.id
    assert codec.dead_letter(b"y", error, source="rtds", ts=1).id != first.id


def test_the_registry_names_the_versions_that_it_knows() -> None:
    assert codec_of("RunMarked", 1) is REGISTRY["RunMarked", 1]
    with pytest.raises(CodecError, match="known: 1"):
        codec_of("RunMarked", 2)
