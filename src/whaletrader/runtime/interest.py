"""Which tokens matter to us now: a fold over our orders and fills; no prices, no money."""

import msgspec

from whaletrader.domain.values import Side
from whaletrader.messages.envelope import Message
from whaletrader.messages.orders import OrderCancelled, OrderFilled, OrderRejected, SettlementUpdated, SubmitOrder


class Interest(msgspec.Struct, kw_only=True):
    """Open orders by hash, and what we hold by token."""

    orders: dict[str, str] = {}
    """Order hash -> token, while anything of the order may still fill."""
    holdings: dict[str, int] = {}
    """Token -> shares in micro-units, never 0."""
    fills: dict[str, tuple[str, int]] = {}
    """Trade id -> (token, signed shares) until it is settled, to take it back if it fails."""

    def tokens(self) -> list[str]:
        """Return the tokens of open orders and positions, each once, in the order in which they came."""
        return list(dict.fromkeys([*self.holdings, *self.orders.values()]))

    def has(self, token_id: str) -> bool:
        """Tell whether a token is held or ordered."""
        return token_id in self.holdings or token_id in self.orders.values()

    def fold(self, message: Message) -> str:
        """Take a message in; return the token whose standing may have changed, "" when none did."""
        match message.payload:
            case SubmitOrder() as order:
                self.orders[order.order_hash] = order.token_id
                return order.token_id
            case OrderFilled() as fill:
                self._fill(fill)
                return fill.token_id
            case OrderCancelled() | OrderRejected() as end:
                self.orders.pop(end.order_hash, None)
                return end.token_id
            case SettlementUpdated() as settled:
                self._settle(settled)
                return settled.token_id
        return ""

    def drop(self, token_id: str) -> None:
        """Forget a token whose market ended: its price no longer changes."""
        self.holdings.pop(token_id, None)
        for order_hash in [key for key, token in self.orders.items() if token == token_id]:
            del self.orders[order_hash]

    def _fill(self, fill: OrderFilled) -> None:
        change = fill.size_micro if fill.side == Side.BUY else -fill.size_micro
        self._add(fill.token_id, change)
        self.fills[fill.trade_id] = (fill.token_id, change)
        if fill.final:
            self.orders.pop(fill.order_hash, None)

    def _settle(self, settled: SettlementUpdated) -> None:
        token_id, change = self.fills.pop(settled.trade_id, (settled.token_id, 0))
        if settled.status == "FAILED":
            self._add(token_id, -change)
        elif settled.status in {"REDEEMED", "MERGED"}:
            self._add(settled.token_id, -settled.size_micro)

    def _add(self, token_id: str, change: int) -> None:
        left = self.holdings.get(token_id, 0) + change
        if left > 0:
            self.holdings[token_id] = left
        else:
            self.holdings.pop(token_id, None)
