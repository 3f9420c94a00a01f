"""The exchange's calls, written down before anybody is answered, so that they can be carried out again.

The exchange is deterministic: the same calls at the same times give the same books, balances, ids and blocks. A line
is all that one request called, each call with the exchange's time before it and with how many hashes were drawn by
then, behind a checksum of all lines so far; reading them back compares these, so that a file that does not fit (other
code, other options, a changed line) is refused, never half believed. A line is with the kernel before its request is
answered, or it never was: a killed process loses nothing that was answered and does nothing by halves; a machine that
loses its power may lose the last lines.
"""

import errno
import fcntl
import inspect
import os
from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, TypeVar, get_type_hints
from zlib import crc32

import msgspec

from whaletrader.errors import BusyError, UsageError

_Result = TypeVar("_Result")
_Head = TypeVar("_Head", bound=msgspec.Struct)
_encode = msgspec.json.Encoder().encode
_PIECE = 1 << 16
"""Bytes that are read at once from the end."""


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
        self._calls: dict[str, Callable[..., object]] = {}
        self._forms: dict[str, type[msgspec.Struct]] = {}
        self._group: list[tuple[int, int, msgspec.Struct]] = []
        self._sum = 0
        """Checksum of the lines so far."""
        self._whole = True
        """Whether every line could be written: nothing may follow one that was cut off."""
        self.writing = False
        """Whether calls are written down; not while they are read back."""

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _drop_cut_line(self) -> None:
        """Drop what a kill left of a line: its request was never answered."""
        with self._path.open("rb") as file:
            end = size = file.seek(0, os.SEEK_END)
            cut = -1
            while cut < 0 < end:
                begin = max(0, end - _PIECE)
                file.seek(begin)
                cut = file.read(end - begin).rfind(b"\n")
                end = begin
        if end + cut + 1 < size:
            os.truncate(self._path, end + cut + 1)

    def head(self, fresh: _Head) -> _Head:
        """Return the first line's options, `fresh` in a new file; UsageError where the file was made with others."""
        with self._path.open("rb") as file:
            line = file.readline()
        if not line:
            line = _encode(fresh) + b"\n"
            self._begin(line)
            self._sum = crc32(line)
            return fresh
        try:
            told = msgspec.json.decode(line, type=type(fresh)) if line.endswith(b"\n") else None
        except msgspec.MsgspecError:
            told = None
        if told is None:
            raise self._unusable("its first line is none of an exchange")
        # Only now: a file of something else stays as it is.
        self._drop_cut_line()
        self._sum = crc32(line)
        return told

    def _begin(self, line: bytes) -> None:
        try:
            self._write(line)
        except OSError as error:
            os.truncate(self._path, 0)
            raise UsageError(f"The state {self._path} cannot be written ({error.strerror}).") from None

    def kept(
        self, calls: Mapping[str, Callable[..., object]], seen: Callable[[], tuple[int, int]]
    ) -> dict[str, Callable[..., Any]]:
        """Return calls by name that are written down with the next `flush`; `seen` tells (time, hashes drawn)."""
        self._calls |= calls
        self._forms |= {name: form_of(name, call) for name, call in calls.items()}
        return {name: self._keeping(call, self._forms[name], seen) for name, call in calls.items()}

    def _keeping(
        self, call: Callable[..., _Result], form: type[msgspec.Struct], seen: Callable[[], tuple[int, int]]
    ) -> Callable[..., _Result]:
        def keep(*told: Any, **named: Any) -> _Result:
            if self.writing:
                self._group.append((*seen(), form(*told, **named)))
            return call(*told, **named)

        return keep

    def flush(self) -> None:
        """Write down what was called since the last time; OSError where it cannot be: nobody must be answered then."""
        if self._group or not self._whole:
            line = _encode(self._group) + b"\n"
            self._group = []
            self._sum = crc32(line, self._sum)
            self._write(b"%08x " % self._sum + line)

    def _write(self, line: bytes) -> None:
        whole, self._whole = self._whole, False
        if not whole or self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        self._whole = True

    def play(self, advance: Callable[[int], None], seen: Callable[[], tuple[int, int]]) -> int:
        """Make every call of the file again, each at its time; return how many there were, and write from now on.

        UsageError where a line cannot be read or does not fit to what came of those before it.
        """
        line_type: Any = list[tuple[int, int, reduce(or_, self._forms.values())]]  # type: ignore[misc]
        decoder = msgspec.json.Decoder(line_type)
        count = 0
        with self._path.open("rb") as file:
            file.readline()
            for number, told_line in enumerate(file, 2):
                told_sum, _, line = told_line.partition(b" ")
                self._sum = crc32(line, self._sum)
                if told_sum != b"%08x" % self._sum:
                    raise self._unusable(f"line {number} does not fit to the lines before it")
                try:
                    group = decoder.decode(line)
                except msgspec.MsgspecError:
                    raise self._unusable(f"line {number} cannot be read") from None
                for at, drawn, told in group:
                    advance(at)
                    if seen() != (at, drawn):
                        raise self._unusable(f"line {number} does not fit to the lines before it")
                    self._call(told)
                    count += 1
        self.writing = True
        return count

    def _call(self, told: msgspec.Struct) -> None:
        name = str(type(told).__struct_config__.tag)
        self._calls[name](**{field: getattr(told, field) for field in told.__struct_fields__})

    def _unusable(self, why: str) -> UsageError:
        return UsageError(f"The state {self._path} cannot be used: {why}. Start with another file.")
