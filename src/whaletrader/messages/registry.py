"""Which bytes are which message: the codec of every (type, version) that can be read."""

from collections.abc import Callable
from typing import Any

import msgspec

from whaletrader.domain.reasons import DeadLetterReason
from whaletrader.errors import CodecError
from whaletrader.messages._generated import conversion
from whaletrader.messages.envelope import Payload


class PayloadCodec(msgspec.Struct, frozen=True):
    """Turns payloads of one type and version into protobuf bytes and back."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Payload]


REGISTRY: dict[tuple[str, int], PayloadCodec] = {
    name: PayloadCodec(encode, conversion.DECODE[name]) for name, encode in conversion.ENCODE.items()
}
"""Every (type, schema version) that can be read. A type whose meaning changes keeps its older versions here."""
_TYPES = frozenset(name for name, _ in REGISTRY)


def codec_of(type_name: str, version: int) -> PayloadCodec:
    """Return the codec; `CodecError` UNKNOWN_TYPE or UNKNOWN_VERSION where there is none."""
    found = REGISTRY.get((type_name, version))
    if found is not None:
        return found
    if type_name in _TYPES:
        known = ", ".join(str(number) for name, number in REGISTRY if name == type_name)
        text = f"{type_name} has no schema version {version}; known: {known}"
        raise CodecError(text, reason=DeadLetterReason.UNKNOWN_VERSION)
    raise CodecError(f"there is no message type {type_name[:64]!r}", reason=DeadLetterReason.UNKNOWN_TYPE)
