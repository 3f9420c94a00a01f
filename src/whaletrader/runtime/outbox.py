"""Carrying commands out: each at least once, by things that know the same command when they see it again."""

import time
from collections.abc import Callable, Sequence

from whaletrader.errors import ExchangeError
from whaletrader.messages.envelope import Message
from whaletrader.messages.orders import OrderReport
from whaletrader.runtime.commit import GroupCommit
from whaletrader.runtime.components import Effect
from whaletrader.runtime.failpoints import POINTS

ATTEMPTS = 3
"""How often a command is sent at once before it has to wait."""
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0


class Outbox:
    """Sends committed commands; those that nobody answered wait, and the same bytes are sent again."""

    def __init__(self, effects: Sequence[Effect], commit: GroupCommit, mark: Callable[[str, str], None]) -> None:
        self._effects: dict[str, Effect] = {}
        for effect in effects:
            for name in effect.carries:
                assert name not in self._effects, f"two effects carry out {name}"
                self._effects[name] = effect
        self._commit = commit
        self._mark = mark
        self.waiting: dict[int, Message] = {}
        self._reported: dict[str, int] = {}
        self._next_try_s = 0.0
        self._wait_s = FIRST_WAIT_S

    def send(self, offset: int, command: Message, *, again: bool) -> None:
        """Carry one command out; where nobody answers it waits for `send_waiting`."""
        effect = self._effects.get(command.type)
        assert effect is not None, f"nothing carries out {command.type}"
        for _ in range(ATTEMPTS):
            POINTS.hit("before_send")
            try:
                reported = effect.carry_out(command, again=again)
            except ExchangeError as error:
                if not error.retryable:
                    raise
                again = True
                continue
            POINTS.hit("after_send")
            self.waiting.pop(offset, None)
            if reported:
                self._reported[command.id] = offset
            else:
                self._commit.done(offset)
            return
        self.waiting[offset] = command

    def observe(self, message: Message) -> None:
        """Close a command's entry together with the report that it waits for: neither is lost alone."""
        if self._reported and isinstance(message.payload, OrderReport):
            offset = self._reported.pop(message.cause_id, None)
            if offset is not None:
                self._commit.done(offset)

    def send_waiting(self) -> None:
        """Try those again that nobody answered, at growing intervals."""
        if not self.waiting or time.monotonic() < self._next_try_s:
            return
        for offset, command in list(self.waiting.items()):
            self._mark("RESENT", f"{command.type} {command.id}")
            self.send(offset, command, again=True)
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S) if self.waiting else FIRST_WAIT_S
        self._next_try_s = time.monotonic() + self._wait_s
