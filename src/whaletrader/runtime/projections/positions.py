"""What we hold and have ordered: size, average cost and newest price by token, realised results of closed tokens."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from whaletrader.domain.complete_sets import merged_cash
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


class Unsettled(msgspec.Struct, frozen=True, array_like=True):
    """What a fill changed, to take it back where it turns out void."""

    token_id: str
    size_micro: int
    cost_micro: int
    realised_micro: int


class PositionsState(msgspec.Struct, kw_only=True):
    """By token and by order hash."""

    held: dict[str, Position] = {}
    orders: dict[str, OpenOrder] = {}
    closed: list[Position] = []
    """The newest closed ones."""
    n_closed: int = 0
    n_won: int = 0
    unsettled: dict[str, Unsettled] = {}
    """By trade id, until the fill is settled."""


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
        size, cost, realised = held.size_micro, held.cost_micro, held.realised_micro
        if fill.side == Side.BUY:
            held.size_micro += fill.size_micro
            held.cost_micro += worth + fill.fee_micro
        else:
            self._take_out(held, fill.size_micro, worth - fill.fee_micro)
        self.state.unsettled[fill.trade_id] = Unsettled(
            fill.token_id, held.size_micro - size, held.cost_micro - cost, held.realised_micro - realised
        )
        if fill.final:
            self.state.orders.pop(fill.order_hash, None)
        self._close_if_empty(held)

    def _settled(self, _message: Message, settled: SettlementUpdated) -> None:
        fill = self.state.unsettled.pop(settled.trade_id, None)
        if settled.status == "FAILED":
            if fill is not None:
                self._void(fill)
            return
        if settled.status == "MERGED":
            self._merged(settled)
            return
        held = self.state.held.get(settled.token_id)
        if held is not None and settled.status == "REDEEMED":
            self._take_out(held, settled.size_micro, settled.cash_micro)
            self._close_if_empty(held)

    def _merged(self, settled: SettlementUpdated) -> None:
        both = [each for _, each in sorted(self.state.held.items()) if each.market_id == settled.market_id][:2]
        prices = [*(each.price_micro for each in both), -1, -1]
        for held, cash in zip(both, merged_cash(settled.cash_micro, prices[0], prices[1]), strict=False):
            self._take_out(held, settled.size_micro, cash)
            self._close_if_empty(held)

    def _void(self, fill: Unsettled) -> None:
        """Take a fill back; a sale that had closed its position opens it again."""
        held = self.state.held.get(fill.token_id)
        if held is None and fill.size_micro < 0:
            held = self._reopened(fill.token_id)
        if held is None:
            return
        held.size_micro -= fill.size_micro
        held.cost_micro -= fill.cost_micro
        held.realised_micro -= fill.realised_micro
        if held.size_micro <= 0 and not held.realised_micro:
            del self.state.held[held.token_id]  # a position that never was is none that closed
        else:
            self._close_if_empty(held)

    def _reopened(self, token_id: str) -> Position | None:
        held = next((closed for closed in reversed(self.state.closed) if closed.token_id == token_id), None)
        if held is not None:
            self.state.closed = [closed for closed in self.state.closed if closed is not held]
            self.state.n_closed -= 1
            self.state.n_won -= held.realised_micro > 0
            self.state.held[token_id] = held
        return held

    def _priced(self, message: Message, update: MarketDataUpdate) -> None:
        held = self.state.held.get(update.token_id)
        if held is not None and update.price_micro >= 0:
            held.price_micro, held.price_ts = update.price_micro, message.ts_event

    def _take_out(self, held: Position, size_micro: int, received_micro: int) -> None:
        """Take shares out at their average cost."""
        size = min(size_micro, held.size_micro)
        cost = held.cost_micro * size // held.size_micro if held.size_micro else 0
        held.size_micro -= size
        held.cost_micro -= cost
        held.realised_micro += received_micro - cost

    def _close_if_empty(self, held: Position) -> None:
        if held.size_micro > 0:
            return
        self.state.held.pop(held.token_id, None)
        self.state.n_closed += 1
        self.state.n_won += held.realised_micro > 0
        self.state.closed = [*self.state.closed, held][-MAX_CLOSED:]
