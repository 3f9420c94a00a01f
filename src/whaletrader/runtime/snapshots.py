"""Snapshots: every agent's, source's and projection's state as one blob, taken when nothing is left to handle.

A snapshot is a cache. One whose checksum, versions, names or bytes do not fit what runs now is discarded as a whole.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec

from whaletrader.agents.base import AnyAgent
from whaletrader.runtime.components import FactSource, Projection

CHECKSUM_BYTES = 32


class _AgentPart(msgspec.Struct, frozen=True):
    """One agent's state, with the version of its meaning."""

    name: str
    version: int
    state: bytes


class _Whole(msgspec.Struct, frozen=True):
    """Everything that recovery would otherwise fold."""

    clock: int
    agents: list[_AgentPart]
    others: list[tuple[str, bytes]]


class Restored(msgspec.Struct, frozen=True):
    """The states that a snapshot held."""

    clock: int
    states: list[Any]


Observer = FactSource | Projection


def pack(clock: int, agents: Sequence[AnyAgent], states: Sequence[Any], observers: Sequence[Observer]) -> bytes:
    """Write all states as bytes."""
    parts = [
        _AgentPart(agent.name, agent.state_version, msgspec.msgpack.encode(state))
        for agent, state in zip(agents, states, strict=True)
    ]
    others = [(observer.name, observer.snapshot()) for observer in observers]
    body = msgspec.msgpack.encode(_Whole(clock, parts, others))
    return sha256(body).digest() + body


def unpack(blob: bytes, agents: Sequence[AnyAgent], observers: Sequence[Observer]) -> Restored | None:
    """Read all states, and give the observers theirs; None, and nothing changed, where the snapshot does not fit."""
    checksum, body = blob[:CHECKSUM_BYTES], blob[CHECKSUM_BYTES:]
    if sha256(body).digest() != checksum:
        return None
    try:
        whole = msgspec.msgpack.decode(body, type=_Whole)
        if [(part.name, part.version) for part in whole.agents] != [(a.name, a.state_version) for a in agents]:
            return None
        if [name for name, _ in whole.others] != [observer.name for observer in observers]:
            return None
        states = [
            msgspec.msgpack.decode(part.state, type=agent.state_type)
            for part, agent in zip(whole.agents, agents, strict=True)
        ]
    except msgspec.MsgspecError:
        return None
    return Restored(whole.clock, states) if _restore(observers, [state for _, state in whole.others]) else None


def _restore(observers: Sequence[Observer], states: Sequence[bytes]) -> bool:
    """Give each its state; where one cannot read his, all are as they were before."""
    before = [observer.snapshot() for observer in observers]
    try:
        for observer, state in zip(observers, states, strict=True):
            observer.restore(state)
    except msgspec.MsgspecError:
        for observer, state in zip(observers, before, strict=True):
            observer.restore(state)
        return False
    return True
