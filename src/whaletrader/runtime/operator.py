"""The source "operator": START and END of a run, and what a person asked for in between.

A command is a small JSON file in the control folder (`write_command`); it is picked up between facts, recorded once
under the file's name, and its file removed when the run is left. Its time is the run's clock when it was picked up. A
file that is no command is recorded as a dead letter, and put aside when the run is left.
"""

import json
import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec

from whaletrader.domain.reasons import DeadLetterReason
from whaletrader.errors import StorageError, UsageError
from whaletrader.messages.envelope import Message, Payload, fact, hash_id
from whaletrader.messages.orchestration import DeadLetter
from whaletrader.messages.risk import OperatorCommand
from whaletrader.runtime.components import FactSource

RANK = 0
COMMANDS = frozenset({"KILL", "RESUME", "RESET_BREAKER", "PRUNE"})
_POLL_EVERY = 64
_MAX_BYTES = 16_384
_HEAD_BYTES = 256
_MAX_ARGUMENT = 500
"""Characters of an argument; written as JSON they always fit into a file that is read."""


class ControlFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked for."""

    command: str
    argument: str = ""
    operator: str = ""


class OperatorState(msgspec.Struct, kw_only=True):
    """What a snapshot must hold."""

    clock: int = 0
    started: str = ""
    """The run's description, once START is recorded."""
    ended: bool = False
    taken: list[str] = []
    """Ids of the commands, and of the dead letters about what is none, that are recorded."""


class Operator:
    """Fills the protocol `FactSource` from the control folder."""

    name = "operator"
    rank = RANK

    def __init__(
        self,
        control: Path,
        *,
        account_id: str,
        description: str,
        first_ts: int,
        others: Sequence[FactSource] = (),
        endless: bool = False,
    ) -> None:
        """`endless` runs follow the world: nothing ends them, and the folder is looked at whenever they are asked."""
        self._control = control
        self._account = account_id
        self._description = description
        self._first_ts = first_ts
        self._state = OperatorState()
        self._waiting: dict[str, tuple[str, Payload]] = {}
        self._polls = 0
        self._others = others
        self._endless = endless

    @property
    def keeps_alive(self) -> bool:
        """A run is not over before END."""
        return not self._state.ended

    @property
    def started(self) -> str:
        """The description that START carried, "" before it."""
        return self._state.started

    @property
    def ended(self) -> bool:
        """Whether END is recorded."""
        return self._state.ended

    def peek(self) -> int | None:
        """Return the time of the next command; END comes when no other source has anything to tell."""
        if not self._state.started:
            return self._first_ts
        if self._state.ended:
            return None
        self._polls += 1
        over = not self._waiting and self._is_over()
        if over or self._endless or self._polls % _POLL_EVERY == 1:
            # Before the end too: a command that came last must not be left to the next run.
            self._poll()
        return self._state.clock if self._waiting or over else None

    def _is_over(self) -> bool:
        return not self._endless and all(other.peek() is None for other in self._others)

    def take(self) -> Message:
        """Return the next command."""
        if not self._state.started:
            asked = ControlFile(command="START", argument=self._description, operator="up")
            return self._fact("START", self._command(asked))
        if self._waiting:
            return self._fact(*next(iter(self._waiting.values())))
        return self._fact("END", self._command(ControlFile(command="END", operator="up")))

    def observe(self, message: Message) -> None:
        """Fold a recorded message: every one moves the clock."""
        self._state.clock = max(self._state.clock, message.ts_init)
        payload = message.payload
        if isinstance(payload, DeadLetter) and payload.source == self.name:
            self._taken(message.id)
        if not isinstance(payload, OperatorCommand):
            return
        if payload.command == "START":
            self._state.started = payload.argument
        elif payload.command == "END":
            self._state.ended = True
        else:
            self._taken(message.id)

    def tidy(self) -> None:
        """Remove the files of recorded commands, and put aside those that were none; call it when the log is closed."""
        for path in _files(self._control):
            with suppress(OSError):
                if self._id(OperatorCommand, path.name) in self._state.taken:
                    path.unlink(missing_ok=True)
                elif self._id(DeadLetter, path.name) in self._state.taken:
                    path.replace(path.with_suffix(".refused"))

    def snapshot(self) -> bytes:
        """Return the state as bytes."""
        return msgspec.msgpack.encode(self._state)

    def restore(self, state: bytes) -> None:
        """Take the state from a snapshot's bytes."""
        self._state = msgspec.msgpack.decode(state, type=OperatorState)

    def _taken(self, message_id: str) -> None:
        self._state.taken.append(message_id)
        self._waiting.pop(message_id, None)

    def _poll(self) -> None:
        for path in _files(self._control):
            known = {self._id(kind, path.name) for kind in (OperatorCommand, DeadLetter)}
            if known.isdisjoint(self._state.taken) and known.isdisjoint(self._waiting):
                told = self._read(path)
                if told is not None:
                    self._waiting[self._id(type(told), path.name)] = (path.name, told)

    def _read(self, path: Path) -> Payload | None:
        """Return what a file asks for, or that it is no command; None where it cannot be read (now)."""
        try:
            raw = path.read_bytes()
        except OSError:
            return None
        if len(raw) > _MAX_BYTES:
            return _refused(path, raw, DeadLetterReason.OVERSIZED)
        try:
            asked = msgspec.json.decode(raw, type=ControlFile)
        except msgspec.DecodeError:
            return _refused(path, raw, DeadLetterReason.MALFORMED)
        return self._command(asked) if asked.command in COMMANDS else _refused(path, raw, DeadLetterReason.UNKNOWN_TYPE)

    def _command(self, asked: ControlFile) -> OperatorCommand:
        return OperatorCommand(
            account_id=self._account, command=asked.command, argument=asked.argument, operator=asked.operator
        )

    def _id(self, kind: type[Payload], name: str) -> str:
        return hash_id("fact", kind.__name__, self._key(name))

    def _key(self, name: str) -> str:
        return f"operator/{self._account}/{name}"

    def _fact(self, name: str, payload: Payload) -> Message:
        now = self._state.clock if self._state.started else self._first_ts
        return fact(payload, natural_key=self._key(name), ts_event=now, ts_init=now)


def drop_commands(control: Path) -> int:
    """Forget the commands that wait; return how many there were. The kill latch is not among them."""
    waiting = _files(control)
    for path in waiting:
        path.unlink(missing_ok=True)
    return len(waiting)


def write_command(control: Path, command: str, *, argument: str = "", operator: str = "", now_ns: int) -> Path:
    """Ask for something: KILL, RESUME, RESET_BREAKER, or PRUNE with a wallet; return the file that says so."""
    if command not in COMMANDS:
        raise UsageError(f"there is no operator command {command}; there are {', '.join(sorted(COMMANDS))}")
    path = control / f"{now_ns:020d}-{uuid.uuid4().hex}.json"
    partial = path.with_suffix(".partial")
    try:
        with partial.open("w") as file:
            json.dump({"command": command, "argument": _plain(argument), "operator": _plain(operator)}, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write the command into {control}: {error.strerror}") from None
    return path


def _plain(text: str) -> str:
    """Cut what is too long, and replace bytes of a command line that are no text: a KILL is never refused for them."""
    return text[:_MAX_ARGUMENT].encode("utf-8", "replace").decode()


def _files(control: Path) -> list[Path]:
    try:
        return sorted(path for path in control.iterdir() if path.suffix == ".json")
    except OSError:
        return []


def _refused(path: Path, raw: bytes, reason: DeadLetterReason) -> DeadLetter:
    return DeadLetter(
        source=Operator.name,
        reason=reason,
        detail=f"{_plain(path.name)} is no command; there are {', '.join(sorted(COMMANDS))}",
        size_bytes=len(raw),
        content_sha256=sha256(raw).hexdigest(),
        head=raw[:_HEAD_BYTES],
    )
