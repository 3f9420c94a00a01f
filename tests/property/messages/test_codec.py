"""Every message survives the wire, and no bytes raise anything but a codec error."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import example, messages, values
from whaletrader.domain.reasons import DeadLetterReason
from whaletrader.errors import CodecError
from whaletrader.messages import codec
from whaletrader.messages._generated import messages_pb2
from whaletrader.messages.catalogue import CATALOGUE
from whaletrader.messages.envelope import Message


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_payload_comes_back_as_it_was(name: str) -> None:
    cls = CATALOGUE[name]

    @settings(max_examples=25, deadline=None)
    @given(payload=values(cls))
    def check(payload: object) -> None:
        data = codec.encode_payload(payload)
        assert codec.decode_payload(name, cls.VERSION, data) == payload
        assert codec.encode_payload(codec.decode_payload(name, cls.VERSION, data)) == data

    check()


@pytest.mark.parametrize("name", CATALOGUE)
def test_protobuf_by_itself_reads_the_same_field_values(name: str) -> None:
    payload = example(CATALOGUE[name])
    wire = getattr(messages_pb2, name).FromString(codec.encode_payload(payload))
    for field in wire.DESCRIPTOR.fields:
        ours = getattr(payload, field.name)
        if field.message_type is None:
            theirs = getattr(wire, field.name)
            assert (tuple(theirs) if field.is_repeated else theirs) == ours


@settings(max_examples=150, deadline=None)
@given(message=messages())
def test_every_envelope_comes_back_as_it_was(message: Message) -> None:
    data = codec.encode(message)
    assert codec.decode(data) == message
    assert codec.encode(codec.decode(data)) == data


@settings(max_examples=150, deadline=None)
@given(message=messages(), share=st.floats(0, 1, exclude_max=True))
def test_a_message_cut_anywhere_is_truncated(message: Message, share: float) -> None:
    data = codec.encode(message)
    with pytest.raises(CodecError) as caught:
        codec.decode(data[: int(len(data) * share)])
    assert caught.value.reason == DeadLetterReason.TRUNCATED


@settings(max_examples=300, deadline=None)
@given(message=messages(), place=st.integers(0, 10**6), mask=st.integers(1, 255))
def test_a_flipped_byte_gives_another_message_or_a_codec_error(message: Message, place: int, mask: int) -> None:
    data = bytearray(codec.encode(message))
    data[place % len(data)] ^= mask
    assert_a_message_or_a_codec_error(bytes(data))


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_give_a_message_or_a_codec_error(data: bytes) -> None:
    assert_a_message_or_a_codec_error(data)


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=60), name=st.sampled_from(list(CATALOGUE)))
def test_any_payload_bytes_give_a_payload_or_a_codec_error(data: bytes, name: str) -> None:
    payload = attempt(lambda: codec.decode_payload(name, 1, data))
    assert payload in set(DeadLetterReason) or type(payload) is CATALOGUE[name]


def assert_a_message_or_a_codec_error(data: bytes) -> None:
    """Decode; what comes out is a message, or an error with a known reason."""
    found = attempt(lambda: codec.decode(data))
    assert found in set(DeadLetterReason) or codec.decode(codec.encode(found)) == found


def attempt(decoding: Callable[[], object]) -> Any:
    """What was decoded, or the reason of the codec error; anything else fails the test."""
    try:
        return decoding()
    except CodecError as error:
        return error.reason
