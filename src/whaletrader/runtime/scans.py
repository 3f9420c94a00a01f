"""Scans of the universe: carries out `ScanUniverse` and brings the answer back as `UniverseScanned`.

It is an effect and a source in one, because the answer is a pure function of the command: an answer that a crash lost
is computed again, and is the same.
"""

import msgspec

from whaletrader.messages.envelope import Message, fact
from whaletrader.messages.leaders import ScanUniverse, UniverseScanned
from whaletrader.ports.whale_source import WhaleSource

RANK = 20


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A scan that is not answered yet."""

    command_id: str
    correlation_id: str
    as_of_ts: int
    asked_ts: int


class ScanState(msgspec.Struct, kw_only=True):
    """What a snapshot must hold."""

    asked: list[Asked] = []


class Scans:
    """Fills `Effect` and `FactSource` from a whale source."""

    name = "scans"
    rank = RANK
    carries = frozenset({"ScanUniverse"})

    def __init__(self, whales: WhaleSource) -> None:
        self._whales = whales
        self._state = ScanState()
        self._answers: dict[int, UniverseScanned] = {}

    @property
    def keeps_alive(self) -> bool:
        """A scan that was asked for is answered before the run ends."""
        return True

    def carry_out(self, command: Message, *, again: bool) -> None:  # noqa: ARG002
        """Scan now; `again` makes no difference."""
        assert isinstance(command.payload, ScanUniverse)
        self._answer(command.payload.as_of_ts)

    def peek(self) -> int | None:
        """Return when the oldest open scan was asked for."""
        return self._state.asked[0].asked_ts if self._state.asked else None

    def take(self) -> Message:
        """Return the answer to the oldest open scan."""
        asked = self._state.asked[0]
        told = fact(
            self._answer(asked.as_of_ts),
            natural_key=f"scan/{asked.command_id}",
            ts_event=asked.asked_ts,
            ts_init=asked.asked_ts,
        )
        return msgspec.structs.replace(told, cause_id=asked.command_id, correlation_id=asked.correlation_id)

    def observe(self, message: Message) -> None:
        """Fold a command or an answer."""
        payload = message.payload
        if isinstance(payload, ScanUniverse):
            asked = Asked(
                command_id=message.id,
                correlation_id=message.correlation_id,
                as_of_ts=payload.as_of_ts,
                asked_ts=message.ts_init,
            )
            self._state.asked.append(asked)
        elif isinstance(payload, UniverseScanned):
            self._state.asked = [asked for asked in self._state.asked if asked.command_id != message.cause_id]
            self._answers.pop(payload.as_of_ts, None)

    def snapshot(self) -> bytes:
        """Return the state as bytes."""
        return msgspec.msgpack.encode(self._state)

    def restore(self, state: bytes) -> None:
        """Take the state from a snapshot's bytes."""
        self._state = msgspec.msgpack.decode(state, type=ScanState)

    def _answer(self, as_of_ts: int) -> UniverseScanned:
        if as_of_ts not in self._answers:
            self._answers[as_of_ts] = self._whales.scan(as_of_ts)
        return self._answers[as_of_ts]
