"""Counts how our trades settle and closes the gate when the good ones fail; it opens again by the operator only."""

import threading
from collections.abc import Callable

from whaletrader.domain.order import ReportKind
from whaletrader.domain.reverts import RevertAlarm, Reverts, revert_alarm, with_trade
from whaletrader.domain.values import Side
from whaletrader.ports.exchange import ExchangeEvent, SignedOrder


class RevertWatch:
    """Give it to `Tidings` as `settled`; `mark` is a token's present price in micro-units, -1 where unknown."""

    def __init__(self, mark: Callable[[str], int], tell: Callable[[RevertAlarm, Reverts], object]) -> None:
        self._mark, self._tell = mark, tell
        self._lock = threading.Lock()
        self.counts = Reverts()
        self.alarm = RevertAlarm.NONE

    def __call__(self, order: SignedOrder, event: ExchangeEvent) -> None:
        """Count a fill that settled or failed."""
        mark, bought = self._mark(order.token_id), order.side == Side.BUY
        moved = mark - event.price_micro if bought else event.price_micro - mark
        in_favour = None if mark < 0 or moved == 0 else moved > 0
        with self._lock:
            self.counts = with_trade(self.counts, failed=event.kind == ReportKind.FAILED, in_favour=in_favour)
            alarm = revert_alarm(self.counts)
            new = alarm is not RevertAlarm.NONE and self.alarm is RevertAlarm.NONE
            if new:
                self.alarm = alarm
        if new:
            self._tell(alarm, self.counts)

    def gate(self) -> str:
        """Why no order may be sent, "" where nothing speaks against it."""
        return self.alarm.value

    def clear(self) -> None:
        """Forget what was counted: the operator has looked at it."""
        with self._lock:
            self.counts, self.alarm = Reverts(), RevertAlarm.NONE
