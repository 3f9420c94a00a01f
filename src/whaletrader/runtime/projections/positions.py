"""What we hold and have ordered: size, average cost and newest price by token, realised results of closed tokens."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from whaletrader.domain.values import MICRO, Side
from whaletrader.messages.envelope import Message
from whaletrader.messages.market import MarketDataUpdate
from whaletrader.messages.orders import (
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    SettlementUpdated,
    SubmitOrder,
)
from whaletrader.runtime.projections.fold import Fold

MAX_CLOSED = 200


class Position(msgspec.Struct, kw_only=True):
    """One token on our account."""

    token_id: str
    market_id: str
    wallet: str
    """The leader whose bet it copies: of the newest fill, where there were several."""
    kind: str
    size_micro: int = 0
    cost_micro: int = 0
    """Paid for what is still held, fees included."""
    realised_micro: int = 0
    price_micro: int = -1
    price_ts: int = 0
    opened_ts: int = 0
    correlation_id: str = ""


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that may still fill."""

    order_hash: str
    market_id: str
    token_id: str
    side: str
    price_micro: int
    size_micro: int
    ts: int


class PositionsState(msgspec.Struct, kw_only=True):
    """By token and by order hash."""

    held: dict[str, Position] = {}
    orders: dict[str, OpenOrder] = {}
    closed: list[Position] = []
    """The newest closed ones."""
    n_closed: int = 0
    n_won: int = 0
    unsettled: dict[str, tuple[str, int, int]] = {}
    """Trade id -> (token, signed shares, signed cost) until the fill is settled."""


class PositionsView(Fold[PositionsState]):
    """Folds positions at average cost; what a leader earned us is attribution's to say."""

    name = "positions"

    def __init__(self) -> None:
        super().__init__(PositionsState())

    def handlers(self) -> Mapping[str, Callable[[Message, Any], None]]:
        """Return what is folded."""
        return {
            "SubmitOrder": self._submitted,
            "OrderFilled": self._filled,
            "OrderCancelled": self._ended,
            "OrderRejected": self._ended,
            "SettlementUpdated": self._settled,
            "MarketDataUpdate": self._priced,
        }

    def _submitted(self, message: Message, order: SubmitOrder) -> None:
        self.state.orders[order.order_hash] = OpenOrder(
            order_hash=order.order_hash,
            market_id=order.market_id,
            token_id=order.token_id,
            side=order.side,
            price_micro=order.price_micro,
            size_micro=order.size_micro,
            ts=message.ts_init,
        )

    def _ended(self, _message: Message, end: OrderCancelled | OrderRejected) -> None:
        self.state.orders.pop(end.order_hash, None)

    def _filled(self, message: Message, fill: OrderFilled) -> None:
        held = self.state.held.get(fill.token_id)
        if held is None:
            held = Position(
                token_id=fill.token_id,
                market_id=fill.market_id,
                wallet=fill.wallet,
                kind=fill.kind,
                opened_ts=message.ts_init,
                price_micro=fill.price_micro,
                price_ts=message.ts_init,
                correlation_id=message.correlation_id,
            )
            self.state.held[fill.token_id] = held
        worth = fill.size_micro * fill.price_micro // MICRO
        if fill.side == Side.BUY:
            change, cost = fill.size_micro, worth + fill.fee_micro
            held.size_micro += change
            held.cost_micro += cost
        else:
            change, cost = -fill.size_micro, -self._take_out(held, fill.size_micro, worth - fill.fee_micro)
        self.state.unsettled[fill.trade_id] = (fill.token_id, change, cost)
        if fill.final:
            self.state.orders.pop(fill.order_hash, None)
        self._close_if_empty(held)

    def _settled(self, _message: Message, settled: SettlementUpdated) -> None:
        token_id, change, cost = self.state.unsettled.pop(settled.trade_id, (settled.token_id, 0, 0))
        held = self.state.held.get(token_id)
        if held is None:
            return
        if settled.status == "FAILED":
            held.size_micro -= change
            held.cost_micro -= cost
        elif settled.status in {"REDEEMED", "MERGED"}:
            self._take_out(held, settled.size_micro, settled.cash_micro)
        self._close_if_empty(held)

    def _priced(self, message: Message, update: MarketDataUpdate) -> None:
        held = self.state.held.get(update.token_id)
        if held is not None and update.price_micro >= 0:
            held.price_micro, held.price_ts = update.price_micro, message.ts_event

    def _take_out(self, held: Position, size_micro: int, received_micro: int) -> int:
        """Take shares out at their average cost; return that cost."""
        size = min(size_micro, held.size_micro)
        cost = held.cost_micro * size // held.size_micro if held.size_micro else 0
        held.size_micro -= size
        held.cost_micro -= cost
        held.realised_micro += received_micro - cost
        return cost

    def _close_if_empty(self, held: Position) -> None:
        if held.size_micro > 0:
            return
        self.state.held.pop(held.token_id, None)
        self.state.n_closed += 1
        self.state.n_won += held.realised_micro > 0
        self.state.closed = [*self.state.closed, held][-MAX_CLOSED:]
