"""Which tokens matter to us now, and on whose word: a fold over our orders and fills; no prices, no money."""

import msgspec

from whaletrader.domain.complete_sets import merged_shares
from whaletrader.domain.values import Side
from whaletrader.messages.envelope import Message
from whaletrader.messages.orders import (
    MergePositions,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    SettlementUpdated,
    SubmitOrder,
)


class Interest(msgspec.Struct, kw_only=True):
    """Open orders by hash, and what we hold by token."""

    orders: dict[str, str] = {}
    """Order hash -> token, while anything of the order may still fill."""
    holdings: dict[str, int] = {}
    """Token -> shares in micro-units, never 0."""
    fills: dict[str, tuple[str, int, str]] = {}
    """Trade id -> (token, signed shares, leader) until it is settled, to take it back if it fails."""
    ordered_for: dict[str, str] = {}
    """Order hash -> leader as "kind:wallet", while anything of the order may still fill."""
    lots: dict[str, dict[str, int]] = {}
    """Leader -> token -> what we hold on his word, in micro-units, never 0; leaders without lots are not kept."""
    merges: dict[str, tuple[str, ...]] = {}
    """Id of a merge that may still succeed -> the tokens whose complete sets it takes."""

    def tokens(self) -> list[str]:
        """Return the tokens of open orders and positions, each once, in the order in which they came."""
        return list(dict.fromkeys([*self.holdings, *self.orders.values()]))

    def has(self, token_id: str) -> bool:
        """Tell whether a token is held or ordered."""
        return token_id in self.holdings or token_id in self.orders.values()

    def leaders(self) -> list[str]:
        """Return the leaders ("kind:wallet") on whose word we hold or have ordered something, each once."""
        return list(dict.fromkeys([*self.lots, *self.ordered_for.values()]))

    def fold(self, message: Message) -> tuple[str, ...]:
        """Take a message in; return the tokens whose standing may have changed."""
        match message.payload:
            case SubmitOrder() as order:
                self.orders[order.order_hash] = order.token_id
                self.ordered_for[order.order_hash] = f"{order.origin.kind}:{order.origin.wallet}"
                return (order.token_id,)
            case OrderFilled() as fill:
                self._fill(fill)
                return (fill.token_id,)
            case OrderCancelled() | OrderRejected() as end:
                self._order_ended(end.order_hash)
                return (end.token_id,)
            case MergePositions() as merge:
                # Only one merge of a market is under way: a former one that is remembered has failed.
                self.merges = {each: kept for each, kept in self.merges.items() if kept != merge.token_ids}
                self.merges[message.id] = merge.token_ids
            case SettlementUpdated(status="MERGED") as settled:
                return self._merge(settled)
            case SettlementUpdated() as settled:
                self._settle(settled)
                return (settled.token_id,)
        return ()

    def drop(self, token_id: str) -> None:
        """Forget a token whose market ended: its price no longer changes."""
        self._add(token_id, -self.holdings.get(token_id, 0), "")
        self.merges = {each: tokens for each, tokens in self.merges.items() if token_id not in tokens}
        for order_hash in [key for key, token in self.orders.items() if token == token_id]:
            self._order_ended(order_hash)

    def _order_ended(self, order_hash: str) -> None:
        self.orders.pop(order_hash, None)
        self.ordered_for.pop(order_hash, None)

    def _fill(self, fill: OrderFilled) -> None:
        change = fill.size_micro if fill.side == Side.BUY else -fill.size_micro
        leader = f"{fill.kind}:{fill.wallet}"
        self._add(fill.token_id, change, leader)
        self.fills[fill.trade_id] = (fill.token_id, change, leader)
        if fill.final:
            self._order_ended(fill.order_hash)

    def _settle(self, settled: SettlementUpdated) -> None:
        token_id, change, leader = self.fills.pop(settled.trade_id, (settled.token_id, 0, ""))
        if settled.status == "FAILED":
            self._add(token_id, -change, leader)
        elif settled.status == "REDEEMED":
            self._add(settled.token_id, -settled.size_micro, "")

    def _merge(self, settled: SettlementUpdated) -> tuple[str, ...]:
        tokens = self.merges.pop(settled.order_hash, ())
        sides = [{leader: lots.get(token, 0) for leader, lots in self.lots.items()} for token in tokens]
        if len(sides) == 2:
            for token, taken in zip(tokens, merged_shares(sides[0], sides[1], settled.size_micro), strict=True):
                for leader, size in taken.items():
                    self._add(token, -size, leader)
        return tokens

    def _add(self, token_id: str, change: int, leader: str) -> None:
        """Change what is held; without a leader his lots stay until nothing of the token is left."""
        _change(self.holdings, token_id, change)
        if leader:
            _change(self.lots.setdefault(leader, {}), token_id, change)
        if token_id not in self.holdings:
            for lots in self.lots.values():
                lots.pop(token_id, None)
        self.lots = {each: lots for each, lots in self.lots.items() if lots}


def _change(held: dict[str, int], token_id: str, change: int) -> None:
    left = held.get(token_id, 0) + change
    if left > 0:
        held[token_id] = left
    else:
        held.pop(token_id, None)
