"""The exchange's calls, written down before they are carried out, so that they can be carried out again.

The exchange is deterministic: the same calls at the same times give the same books, balances, ids and blocks. Each line
has the exchange's time before the call, how many hashes it had drawn by then, and the call; reading the lines back
compares both, so that a file that does not fit (other code, other options, a changed line) is refused, never half
believed. A line is with the kernel when the call begins: a killed process loses no call that was answered, a machine
that loses its power may lose the last ones.
"""

import fcntl
import inspect
import os
from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec

from whaletrader.errors import BusyError, UsageError

_Result = TypeVar("_Result")
_Head = TypeVar("_Head", bound=msgspec.Struct)
_encode = msgspec.json.Encoder().encode


def form_of(name: str, call: Callable[..., object]) -> type[msgspec.Struct]:
    """The arguments of a call as a struct that bears its name; they need annotations."""
    hints = get_type_hints(call)
    fields: list[Any] = []
    for parameter in inspect.signature(call).parameters.values():
        field = (parameter.name, hints[parameter.name])
        fields.append(field if parameter.default is inspect.Parameter.empty else (*field, parameter.default))
    return msgspec.defstruct(name, fields, tag=name, array_like=True)


class Journal:
    """One file; whoever opened it has it alone."""

    def __init__(self, path: Path) -> None:
        """Open or make the file; BusyError where another process has it, UsageError where it cannot be used."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab+", buffering=0)
        except OSError as error:
            raise UsageError(f"The state {path} cannot be opened ({error.strerror}).") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise BusyError(
                f"The state {path} is in use by another exchange; give this one a file of its own."
            ) from None
        self._drop_cut_line()
        self._calls: dict[str, Callable[..., object]] = {}
        self._forms: dict[str, type[msgspec.Struct]] = {}
        self.writing = False
        """Whether calls are written down; not while they are read back."""

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _drop_cut_line(self) -> None:
        """Drop what a kill left of a line: its call was never begun."""
        told = self._path.read_bytes()
        whole = told.rfind(b"\n") + 1
        if whole < len(told):
            os.truncate(self._path, whole)

    def head(self, fresh: _Head) -> _Head:
        """Return the first line's options, `fresh` in a new file; UsageError where the file was made with others."""
        with self._path.open("rb") as file:
            line = file.readline()
        if not line:
            self._file.write(_encode(fresh) + b"\n")
            return fresh
        try:
            return msgspec.json.decode(line, type=type(fresh))
        except msgspec.MsgspecError:
            raise self._unusable("its first line is none of an exchange") from None

    def kept(
        self, calls: Mapping[str, Callable[..., object]], seen: Callable[[], tuple[int, int]]
    ) -> dict[str, Callable[..., Any]]:
        """Return calls by name that are written down before they are made; `seen` tells (time, hashes drawn)."""
        self._calls |= calls
        self._forms |= {name: form_of(name, call) for name, call in calls.items()}
        return {name: self._keeping(call, self._forms[name], seen) for name, call in calls.items()}

    def _keeping(
        self, call: Callable[..., _Result], form: type[msgspec.Struct], seen: Callable[[], tuple[int, int]]
    ) -> Callable[..., _Result]:
        def keep(*told: Any, **named: Any) -> _Result:
            if self.writing:
                self._file.write(_encode((*seen(), form(*told, **named))) + b"\n")
            return call(*told, **named)

        return keep

    def play(self, advance: Callable[[int], None], seen: Callable[[], tuple[int, int]]) -> int:
        """Make every call of the file again, each at its time; return how many there were, and write from now on.

        UsageError where a line cannot be read or does not fit to what came of those before it.
        """
        line_type: Any = tuple[int, int, reduce(or_, self._forms.values())]  # type: ignore[misc]
        decoder = msgspec.json.Decoder(line_type)
        count = 0
        with self._path.open("rb") as file:
            file.readline()
            for count, line in enumerate(file, 1):
                try:
                    at, drawn, told = decoder.decode(line)
                except msgspec.MsgspecError:
                    raise self._unusable(f"line {count + 1} cannot be read") from None
                advance(at)
                if seen() != (at, drawn):
                    raise self._unusable(f"line {count + 1} does not fit to the lines before it")
                name = type(told).__struct_config__.tag
                self._calls[str(name)](**{field: getattr(told, field) for field in told.__struct_fields__})
        self.writing = True
        return count

    def _unusable(self, why: str) -> UsageError:
        return UsageError(f"The state {self._path} cannot be used: {why}. Start with another file.")
