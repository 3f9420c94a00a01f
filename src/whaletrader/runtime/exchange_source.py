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


MAX_STORIES = 2_000
"""Of so many of the newest commands it is known whose story an answer belongs to."""


class ExchangeState(msgspec.Struct, kw_only=True):
    """What a snapshot must hold: the last event that was recorded, and whose story each command belongs to."""

    ts: int = -1
    event_id: str = ""
    stories: dict[str, tuple[str, str]] = {}
    """Order hash, or id of a redemption or merge -> (command's message id, correlation id)."""


class ExchangeSource:
    """Fills the protocol `FactSource` from an exchange."""

    name = "exchange"
    rank = RANK

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._state = ExchangeState()
        self._event: ExchangeEvent | None = None
        self._known = False
        self._aside: list[Message] = []

    @property
    def keeps_alive(self) -> bool:
        """The run goes on while answers are to come."""
        return True

    def refuse(self, command: Message, reason: str) -> None:
        """Tell that a command was not sent."""
        self._aside.append(_not_sent(command, reason))

    def ask_again(self) -> None:
        """Note that the exchange was asked to do something: what it tells next may have changed."""
        self._known = False

    def tell_late(self, command: Message) -> bool:
        """Find the answer to a payment that was sent so late that the cursor is past it; True where there is one."""
        ts, event_id = command.ts_init, ""
        while (event := self._exchange.next_event(ts, event_id)) is not None:
            ts, event_id = event.ts, event.event_id
            if (ts, event_id) > (self._state.ts, self._state.event_id):
                return False
            if event.order_hash == command.id:
                told = self._report(event)
                story = {"cause_id": command.id, "correlation_id": command.correlation_id}
                self._aside.append(msgspec.structs.replace(told, **story))
                return True
        return False

    def peek(self) -> int | None:
        """Return the time of the next event."""
        if self._aside:
            return self._aside[0].ts_init
        event = self._next()
        return event.ts if event else None

    def take(self) -> Message:
        """Return the next event as a report."""
        if self._aside:
            return self._aside[0]
        event = self._next()
        assert event is not None, "the exchange has nothing to tell"
        return self._report(event)

    def observe(self, message: Message) -> None:
        """Fold a recorded message."""
        payload = message.payload
        if isinstance(payload, OrderReport):
            if payload.exchange_event_id:
                here = self._state.ts, self._state.event_id
                self._state.ts, self._state.event_id = max(here, (message.ts_event, payload.exchange_event_id))
            self._aside = [report for report in self._aside if report.id != message.id]
            self._known = False
        elif isinstance(payload, _ASKING):
            self._known = False
            if isinstance(payload, SubmitOrder):
                self._remember(payload.order_hash, message)
            elif isinstance(payload, RedeemPosition | MergePositions):
                self._remember(message.id, message)

    def snapshot(self) -> bytes:
        """Return the state as bytes."""
        return msgspec.msgpack.encode(self._state)

    def restore(self, state: bytes) -> None:
        """Take the state from a snapshot's bytes."""
        self._state = msgspec.msgpack.decode(state, type=ExchangeState)
        self._known = False

    def _report(self, event: ExchangeEvent) -> Message:
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
        told = fact(payload, natural_key=f"exchange/{event.event_id}", ts_event=event.ts, ts_init=event.ts)
        cause_id, correlation_id = self._state.stories.get(event.order_hash, ("", told.id))
        return msgspec.structs.replace(told, cause_id=cause_id, correlation_id=correlation_id)

    def _remember(self, subject: str, command: Message) -> None:
        stories = self._state.stories
        stories[subject] = (command.id, command.correlation_id)
        if len(stories) > MAX_STORIES:
            del stories[next(iter(stories))]

    def _next(self) -> ExchangeEvent | None:
        if not self._known:
            self._event = self._exchange.next_event(self._state.ts, self._state.event_id)
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
