"""The source "exchange": what the exchange answers becomes `OrderReport`; so does our own word that nothing was sent.

The cursor into the exchange's events is folded from the reports that were recorded, so a restart goes on behind the
last one. The exchange is asked again only after something that can have changed its answer.
"""

import msgspec

from whaletrader.domain.order import ReportKind
from whaletrader.messages.envelope import Message, fact
from whaletrader.messages.orders import (
    CancelOrder,
    MergePositions,
    OrderOutcomeUnknown,
    OrderReport,
    RedeemPosition,
    SubmitOrder,
)
from whaletrader.ports.exchange import Exchange, ExchangeEvent

RANK = 5
_ASKING = (SubmitOrder, CancelOrder, OrderOutcomeUnknown, RedeemPosition, MergePositions)


class Cursor(msgspec.Struct, kw_only=True):
    """The last event that was recorded."""

    ts: int = -1
    event_id: str = ""


class ExchangeSource:
    """Fills the protocol `FactSource` from an exchange."""

    name = "exchange"
    rank = RANK

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._cursor = Cursor()
        self._event: ExchangeEvent | None = None
        self._known = False
        self._unsent: list[Message] = []

    @property
    def keeps_alive(self) -> bool:
        """The run goes on while answers are to come."""
        return True

    def refuse(self, command: Message, reason: str) -> None:
        """Tell that a command was not sent."""
        self._unsent.append(_not_sent(command, reason))

    def peek(self) -> int | None:
        """Return the time of the next event."""
        if self._unsent:
            return self._unsent[0].ts_init
        event = self._next()
        return event.ts if event else None

    def take(self) -> Message:
        """Return the next event as a report."""
        if self._unsent:
            return self._unsent[0]
        event = self._next()
        assert event is not None, "the exchange has nothing to tell"
        payload = OrderReport(
            account_id=event.account_id,
            order_hash=event.order_hash,
            market_id=event.market_id,
            token_id=event.token_id,
            kind=event.kind,
            exchange_event_id=event.event_id,
            trade_id=event.trade_id,
            price_micro=event.price_micro,
            size_micro=event.size_micro,
            fee_micro=event.fee_micro,
            role=event.role,
            cash_micro=event.cash_micro,
            reason=event.reason,
        )
        return fact(payload, natural_key=f"exchange/{event.event_id}", ts_event=event.ts, ts_init=event.ts)

    def observe(self, message: Message) -> None:
        """Fold a recorded message."""
        payload = message.payload
        if isinstance(payload, OrderReport):
            if payload.exchange_event_id:
                self._cursor = Cursor(ts=message.ts_event, event_id=payload.exchange_event_id)
            self._unsent = [unsent for unsent in self._unsent if unsent.id != message.id]
            self._known = False
        elif isinstance(payload, _ASKING):
            self._known = False

    def snapshot(self) -> bytes:
        """Return the state as bytes."""
        return msgspec.msgpack.encode(self._cursor)

    def restore(self, state: bytes) -> None:
        """Take the state from a snapshot's bytes."""
        self._cursor = msgspec.msgpack.decode(state, type=Cursor)
        self._known = False

    def _next(self) -> ExchangeEvent | None:
        if not self._known:
            self._event = self._exchange.next_event(self._cursor.ts, self._cursor.event_id)
            self._known = True
        return self._event


def _not_sent(command: Message, reason: str) -> Message:
    payload = command.payload
    assert isinstance(payload, SubmitOrder | RedeemPosition | MergePositions)
    account_id = payload.origin.account_id if isinstance(payload, SubmitOrder) else payload.account_id
    report = OrderReport(
        account_id=account_id,
        order_hash=payload.order_hash if isinstance(payload, SubmitOrder) else command.id,
        market_id=payload.market_id,
        token_id="" if isinstance(payload, MergePositions) else payload.token_id,
        kind=ReportKind.NOT_SENT,
        exchange_event_id="",
        trade_id="",
        price_micro=0,
        size_micro=0,
        fee_micro=0,
        role="",
        cash_micro=0,
        reason=reason,
    )
    return fact(
        report, natural_key=f"not_sent/{command.id}", ts_event=command.ts_init, ts_init=command.ts_init, cause=command
    )
