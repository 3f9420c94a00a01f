"""Strategies for every declared message, built from the declarations, and short makers for tests of the runtime."""

from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from whaletrader.messages.catalogue import CATALOGUE
from whaletrader.messages.envelope import Message, Part, Payload, fact

INT64 = st.integers(-(2**63), 2**63 - 1)
INTEGERS = st.one_of(st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63)]), st.integers(-(10**9), 10**9), INT64)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
IDS = st.text("0123456789abcdef", min_size=32, max_size=32)
SCALARS: dict[object, st.SearchStrategy[Any]] = {
    int: INTEGERS,
    str: TEXTS,
    bool: st.booleans(),
    bytes: st.binary(max_size=32),
}


def values(cls: type[Payload] | type[Part]) -> st.SearchStrategy[Any]:
    """Every value of a declared payload or part."""
    hints = get_type_hints(cls)
    fields = {info.name: _of_hint(hints[info.name]) for info in msgspec.structs.fields(cls)}
    return st.builds(cls, **fields)


def _of_hint(hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) is tuple:
        return st.lists(_of_hint(get_args(hint)[0]), max_size=3).map(tuple)
    return SCALARS[hint] if hint in SCALARS else values(hint)


def payloads() -> st.SearchStrategy[Payload]:
    """A payload of any declared type."""
    return st.sampled_from(list(CATALOGUE.values())).flatmap(values)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """A message of any type; its ids need not come from anything."""
    payload = draw(payloads())
    return Message(
        id=draw(IDS),
        type=type(payload).__name__,
        schema_version=payload.VERSION,
        ts_event=draw(INT64),
        ts_init=draw(INT64),
        cause_id=draw(st.one_of(st.just(""), IDS)),
        correlation_id=draw(IDS),
        key=payload.key,
        payload=payload,
    )


def example(cls: type[Payload] | type[Part], **given: Any) -> Any:
    """A value of a declared type: what is not given is 0, empty, False or an example of its part."""
    return cls(**{**_plain_fields(cls), **given})


@cache
def _plain_fields(cls: type[Payload] | type[Part]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {info.name: _plain(hints[info.name]) for info in msgspec.structs.fields(cls)}


def _plain(hint: Any) -> Any:
    if get_origin(hint) is tuple:
        return ()
    return hint() if hint in SCALARS else example(hint)


def seen(payload: Payload, ts: int, name: str = "") -> Message:
    """A fact at a time; its natural key is its content unless named."""
    return fact(payload, natural_key=name or repr(payload), ts_event=ts, ts_init=ts)
