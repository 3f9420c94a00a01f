"""Pair each recorded input with the outputs that were recorded for it: what recovery folds and replay compares.

Outputs are appended in the order in which their causes were handled, and a fact is recorded only when everything
before it was handled; so one pass that reads ahead to the next fact at most finds them all.
"""

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from whaletrader.errors import CorruptLogError
from whaletrader.messages.catalogue import OPERATIONS
from whaletrader.messages.envelope import Message
from whaletrader.runtime.routing import published_by_agent

Entry = tuple[int, Message]
"""A message with its offset."""
_NO_BOUNDARY = OPERATIONS | {"DeadLetter"}
"""Recorded by the runtime while something before may still be unhandled."""


class Handled(msgspec.Struct, frozen=True):
    """A message that was handled, with what was decided because of it, in order."""

    offset: int
    message: Message
    outputs: tuple[Entry, ...]


class _Ahead:
    """What was read and not yet yielded."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._source = iter(entries)
        self.inputs: deque[Entry] = deque()
        self.outputs: deque[Entry] = deque()
        self._facts = 0

    def read_one(self) -> bool:
        """Read the next entry; False at the end."""
        entry = next(self._source, None)
        if entry is None:
            return False
        self.inputs.append(entry)
        if published_by_agent(entry[1]):
            self.outputs.append(entry)
        else:
            self._facts += entry[1].type not in _NO_BOUNDARY
        return True

    def next_input(self) -> Entry | None:
        """Take the next entry."""
        if not self.inputs and not self.read_one():
            return None
        entry = self.inputs.popleft()
        if not published_by_agent(entry[1]):
            self._facts -= entry[1].type not in _NO_BOUNDARY
        return entry

    def outputs_of(self, cause_id: str) -> tuple[Entry, ...]:
        """Take the outputs of the entry that was taken last."""
        found = []
        while self.outputs or (not self._facts and self.read_one()):
            if self.outputs:
                if self.outputs[0][1].cause_id != cause_id:
                    break
                found.append(self.outputs.popleft())
        return tuple(found)


def walk(entries: Iterable[Entry], handled: int) -> Iterator[Handled]:
    """Yield every entry up to offset `handled` with its outputs; `entries` are in offset order.

    `CorruptLogError` where an output's cause is not in the log, or not in the order in which causes were handled.
    """
    ahead = _Ahead(entries)
    while True:
        entry = ahead.next_input()
        if entry is None or entry[0] > handled:
            break
        offset, message = entry
        yield Handled(offset, message, ahead.outputs_of(message.id))
    if ahead.outputs:
        offset, message = ahead.outputs[0]
        raise CorruptLogError(f"record {offset} ({message.type}) names a cause that was not handled before it")
