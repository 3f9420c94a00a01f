"""Scans of the universe: carries out `ScanUniverse` and brings the answer back as `UniverseScanned`.

It is an effect and a source in one, because the answer is a pure function of the command: an answer that a crash lost
is computed again, and is the same. Where scans are carried out elsewhere, a run that follows the world goes on
meanwhile.
"""

from collections.abc import Callable

import msgspec

from whaletrader.messages.envelope import Message, fact
from whaletrader.messages.leaders import ScanUniverse, UniverseScanned
from whaletrader.ports.whale_source import WhaleSource

RANK = 20
Ready = Callable[[int, tuple[str, ...], int], int | None]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A scan that is not answered yet."""

    command_id: str
    correlation_id: str
    as_of_ts: int
    asked_ts: int
    since_ts: int = 0
    followed: tuple[str, ...] = ()


class ScanState(msgspec.Struct, kw_only=True):
    """What a snapshot must hold."""

    asked: list[Asked] = []


class Scans:
    """Fills `Effect` and `FactSource` from a whale source."""

    name = "scans"
    rank = RANK
    carries = frozenset({"ScanUniverse"})

    def __init__(self, whales: WhaleSource, ready: Ready | None = None) -> None:
        """`ready(as_of_ts, followed, since_ts)` begins a scan elsewhere; it says since when its answer is there."""
        self._whales = whales
        self._ready = ready
        self._state = ScanState()
        self._answers: dict[str, UniverseScanned] = {}

    @property
    def keeps_alive(self) -> bool:
        """A scan that was asked for is answered before the run ends."""
        return True

    def carry_out(self, command: Message, *, again: bool) -> None:  # noqa: ARG002
        """Scan now, or begin to; `again` makes no difference."""
        assert isinstance(command.payload, ScanUniverse)
        asked = _asked(command, command.payload)
        if self._ready is None:
            self._answer(asked)
        else:
            self._ready(asked.as_of_ts, asked.followed, asked.since_ts)

    def peek(self) -> int | None:
        """Return when the oldest open scan was asked for; of one elsewhere, when its answer came: None before that."""
        return self._answered_ts(self._state.asked[0]) if self._state.asked else None

    def take(self) -> Message:
        """Return the answer to the oldest open scan."""
        asked = self._state.asked[0]
        told = fact(
            self._answer(asked),
            natural_key=f"scan/{asked.command_id}",
            ts_event=asked.asked_ts,
            ts_init=self._answered_ts(asked) or asked.asked_ts,
        )
        return msgspec.structs.replace(told, cause_id=asked.command_id, correlation_id=asked.correlation_id)

    def observe(self, message: Message) -> None:
        """Fold a command or an answer."""
        payload = message.payload
        if isinstance(payload, ScanUniverse):
            self._state.asked.append(_asked(message, payload))
        elif isinstance(payload, UniverseScanned):
            self._state.asked = [asked for asked in self._state.asked if asked.command_id != message.cause_id]
            self._answers.pop(message.cause_id, None)

    def snapshot(self) -> bytes:
        """Return the state as bytes."""
        return msgspec.msgpack.encode(self._state)

    def restore(self, state: bytes) -> None:
        """Take the state from a snapshot's bytes."""
        self._state = msgspec.msgpack.decode(state, type=ScanState)

    def _answered_ts(self, asked: Asked) -> int | None:
        if self._ready is None:
            return asked.asked_ts
        there_ts = self._ready(asked.as_of_ts, asked.followed, asked.since_ts)
        return None if there_ts is None else max(asked.asked_ts, there_ts)

    def _answer(self, asked: Asked) -> UniverseScanned:
        if asked.command_id not in self._answers:
            found = self._whales.scan(asked.as_of_ts, asked.followed, asked.since_ts)
            self._answers[asked.command_id] = found
        return self._answers[asked.command_id]


def _asked(command: Message, scan: ScanUniverse) -> Asked:
    return Asked(
        command_id=command.id,
        correlation_id=command.correlation_id,
        as_of_ts=scan.as_of_ts,
        asked_ts=command.ts_init,
        since_ts=scan.since_ts,
        followed=scan.followed,
    )
