"""The cash that our log says we have, and what of it the chain may not have moved yet; nothing is decided here.

A deposit, a rebate or any other money that did not come by a fill, a redemption or a merge is not in it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from whaletrader.domain.order import ReportKind
from whaletrader.domain.order_life import TradeStatus
from whaletrader.domain.settlement import fill_cash_micro
from whaletrader.domain.values import Side
from whaletrader.messages.envelope import Message
from whaletrader.messages.orders import OrderFilled, SettlementUpdated
from whaletrader.runtime.projections.fold import Fold

_CHANGES = (ReportKind.REDEEMED, ReportKind.MERGED, TradeStatus.FAILED)


class CashState(msgspec.Struct, kw_only=True):
    """Micro-units."""

    cash_micro: int
    """Every fill counted, settled or not, void ones taken back."""
    unsettled_micro: dict[str, int] = {}
    """Trade id -> what a matched fill changed, until it is confirmed or void."""

    @property
    def coming_micro(self) -> int:
        """Of the cash: what sales bring that are not settled yet."""
        return sum(change for change in self.unsettled_micro.values() if change > 0)

    @property
    def going_micro(self) -> int:
        """Not of the cash any more, though the wallet may still hold it: what purchases cost that are not settled."""
        return -sum(change for change in self.unsettled_micro.values() if change < 0)


class CashView(Fold[CashState]):
    """Folds cash from what moved it."""

    name = "cash"

    def __init__(self, starting_equity_micro: int) -> None:
        super().__init__(CashState(cash_micro=starting_equity_micro))

    def handlers(self) -> Mapping[str, Callable[[Message, Any], None]]:
        """Return what is folded."""
        return {"OrderFilled": self._filled, "SettlementUpdated": self._settled}

    def _filled(self, _message: Message, fill: OrderFilled) -> None:
        change = fill_cash_micro(Side(fill.side), fill.price_micro, fill.size_micro, fill.fee_micro)
        self.state.unsettled_micro[fill.trade_id] = change
        self.state.cash_micro += change

    def _settled(self, _message: Message, settled: SettlementUpdated) -> None:
        self.state.unsettled_micro.pop(settled.trade_id, None)
        if settled.status in _CHANGES:
            self.state.cash_micro += settled.cash_micro
