"""Counts how our trades settle and closes the gate when the good ones fail; it opens again by the operator only.

The counts lie in the gateway's store and are written together with the settlement that they count: a restart neither
forgets a failure nor counts it twice.
"""

from collections.abc import Callable

import msgspec

from whaletrader.adapters.polymarket.exchange_store import ExchangeStore
from whaletrader.domain.order import ReportKind
from whaletrader.domain.reverts import RevertAlarm, Reverts, revert_alarm, with_trade
from whaletrader.domain.values import Side
from whaletrader.ports.exchange import ExchangeEvent, SignedOrder

_NOTE = "reverts"


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept."""

    counts: Reverts = Reverts()
    alarm: RevertAlarm = RevertAlarm.NONE
    since_ts: int = 0
    """When the operator resumed last: counted is what settled after that."""


class RevertWatch:
    """Give it to `Tidings` as `settled`; thread-safe as the store is.

    `mark` is a token's present price in micro-units, -1 where unknown; `resumed_ts` says when the operator last asked
    to trade again, which forgets what was counted before.
    """

    def __init__(
        self,
        store: ExchangeStore,
        mark: Callable[[str], int],
        tell: Callable[[RevertAlarm, Reverts], object],
        resumed_ts: Callable[[], int] = lambda: 0,
    ) -> None:
        self._store, self._mark, self._tell, self._resumed_ts = store, mark, tell, resumed_ts

    def __call__(self, order: SignedOrder, event: ExchangeEvent) -> None:
        """Count a fill that settled or failed."""
        mark, bought = self._mark(order.token_id), order.side == Side.BUY
        moved = mark - event.price_micro if bought else event.price_micro - mark
        in_favour = None if mark < 0 or moved == 0 else moved > 0
        with self._store.writing():
            known = self.look()
            counts = with_trade(known.counts, failed=event.kind == ReportKind.FAILED, in_favour=in_favour)
            alarm = known.alarm or revert_alarm(counts)
            self._keep(msgspec.structs.replace(known, counts=counts, alarm=alarm))
        if alarm and not known.alarm:
            self._tell(alarm, counts)

    def look(self) -> Watched:
        """Return what was counted since the operator resumed last."""
        known, resumed_ts = self._kept(), self._resumed_ts()
        if resumed_ts <= known.since_ts:
            return known
        with self._store.writing():
            if resumed_ts > self._kept().since_ts:
                self._keep(Watched(since_ts=resumed_ts))
            return self._kept()

    def gate(self) -> str:
        """Why no order may be sent, "" where nothing speaks against it."""
        return self.look().alarm.value

    def _kept(self) -> Watched:
        kept = self._store.note(_NOTE)
        return msgspec.msgpack.decode(kept, type=Watched) if kept else Watched()

    def _keep(self, watched: Watched) -> None:
        self._store.keep_note(_NOTE, msgspec.msgpack.encode(watched))
