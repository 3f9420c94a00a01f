"""The life of one order: a pure, total function from (order, report) to (order, what happened).

Reports come late, twice, in any order, or not at all. Fills are the truth: a new fill within the order's size always
counts, whatever was told before. A closing report (cancelled, expired) says how much was filled in all; the order is
closed only when that much is known, and is *unknown* until then. What makes no sense is an anomaly, never dropped.
"""

from enum import StrEnum

import msgspec

from whaletrader.domain.order import OrderStatus, ReportKind
from whaletrader.domain.reasons import ExecutionReason

TERMINAL = frozenset({OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED})
MAX_EARLY = 64
"""Settlements remembered for fills that were not told yet."""
_UNTOLD = -1


class TradeStatus(StrEnum):
    """How far a fill is settled: a matched fill is provisional, a failed one is void."""

    MATCHED = "MATCHED"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was told about an order."""

    kind: str
    """`ReportKind`."""
    event_id: str = ""
    trade_id: str = ""
    """Of a fill or its settlement; the event's id stands in where it is empty."""
    price_micro: int = 0
    size_micro: int = _UNTOLD
    """Of a fill: its shares; of a closing report: shares filled in all, -1 where untold."""
    fee_micro: int = 0
    role: str = ""
    reason: str = ""


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One fill."""

    trade_id: str
    price_micro: int
    size_micro: int
    fee_micro: int
    role: str
    status: str = TradeStatus.MATCHED.value


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an order."""

    order_hash: str
    size_micro: int
    status: str = OrderStatus.PENDING.value
    acked: bool = False
    not_found: bool = False
    """The exchange was asked and did not know the order."""
    trades: tuple[Trade, ...] = ()
    early: tuple[tuple[str, str], ...] = ()
    """(trade id, settlement) told before the fill."""
    closing_micro: int = _UNTOLD
    """Shares filled in all, as a closing report said before all of them were known."""
    closing_reason: str = ""

    @property
    def filled_micro(self) -> int:
        """Shares matched, void ones included: the exchange does not offer those again."""
        return sum(trade.size_micro for trade in self.trades)

    @property
    def terminal(self) -> bool:
        """Whether nothing of it lives."""
        return self.status in TERMINAL

    @property
    def finished(self) -> bool:
        """Whether nothing more is to come: terminal, and every fill settled."""
        return self.terminal and not self.early and all(t.status != TradeStatus.MATCHED for t in self.trades)


class Submitted(msgspec.Struct, frozen=True):
    """The exchange has the order."""


class Filled(msgspec.Struct, frozen=True):
    """A new fill; `final` when the order has nothing left."""

    trade: Trade
    final: bool


class Closed(msgspec.Struct, frozen=True):
    """What was left is gone."""

    filled_micro: int
    reason: str


class Refused(msgspec.Struct, frozen=True):
    """The order never lived."""

    reason: str


class Settled(msgspec.Struct, frozen=True):
    """A fill was confirmed, or failed and is void."""

    trade: Trade


class Incomplete(msgspec.Struct, frozen=True):
    """A fill must exist that was not told: the exchange is to be asked."""


class NotFound(msgspec.Struct, frozen=True):
    """The exchange does not know the order (yet)."""


class Strange(msgspec.Struct, frozen=True):
    """A report that contradicts what is known; `anomaly` is an `ExecutionReason`."""

    anomaly: str


Happening = Submitted | Filled | Closed | Refused | Settled | Incomplete | NotFound | Strange
Step = tuple[Order, tuple[Happening, ...]]


def step(order: Order, report: Report) -> Step:
    """Fold one report into an order.

    Parameters
    ----------
    order : Order
        What is known.
    report : Report
        What was told; the same report twice is once.

    Returns
    -------
    (Order, tuple of Happening)
        What is known now, and what happened, in order. Total: every report gives an answer.
    """
    kind = report.kind
    if kind == ReportKind.ACCEPTED:
        return _accepted(order)
    if kind == ReportKind.FILL:
        return _fill(order, report)
    if kind in (ReportKind.CANCELLED, ReportKind.EXPIRED):
        return _closing(order, report)
    if kind in (ReportKind.REJECTED, ReportKind.NOT_SENT):
        return _refused(order, report)
    if kind in (ReportKind.SETTLED, ReportKind.FAILED):
        return _settlement(order, report)
    if kind == ReportKind.UNKNOWN_ORDER:
        return _unknown(order)
    return order, (Strange(ExecutionReason.MEANINGLESS.value),)


def mark_unknown(order: Order) -> Order:
    """Return the order as one whose outcome is unknown, where nothing is known of it; never as rejected."""
    if order.status == OrderStatus.PENDING:
        return msgspec.structs.replace(order, status=OrderStatus.UNKNOWN.value)
    return order


def _accepted(order: Order) -> Step:
    if order.acked or order.terminal:
        return order, ()
    live = msgspec.structs.replace(order, acked=True, not_found=False, status=_status_if_open(order))
    return live, (Submitted(),)


def _status_if_open(order: Order) -> str:
    """Live, unless a closing report waits for fills that were not told."""
    return (OrderStatus.LIVE if order.closing_micro == _UNTOLD else OrderStatus.UNKNOWN).value


def _fill(order: Order, report: Report) -> Step:
    trade_id = report.trade_id or report.event_id
    known = _trade(order, trade_id)
    if known is not None:
        same = (known.price_micro, known.size_micro, known.fee_micro) == (
            report.price_micro,
            report.size_micro,
            report.fee_micro,
        )
        return order, () if same else (Strange(ExecutionReason.CONFLICTING_FILL.value),)
    if report.size_micro <= 0 or order.filled_micro + report.size_micro > order.size_micro:
        return order, (Strange(ExecutionReason.OVERFILL.value),)
    happened: list[Happening] = []
    if order.status in (OrderStatus.CANCELLED, OrderStatus.REJECTED):
        happened.append(Strange(ExecutionReason.FILL_AFTER_CLOSE.value))
    if not order.acked:
        happened.append(Submitted())
    trade = Trade(
        trade_id=trade_id,
        price_micro=report.price_micro,
        size_micro=report.size_micro,
        fee_micro=report.fee_micro,
        role=report.role,
    )
    order, more = _with_trade(order, trade)
    return order, (*happened, *more)


def _with_trade(order: Order, trade: Trade) -> Step:
    """Add a fill, apply a settlement that was told before it, close the order if this was the last."""
    full = order.filled_micro + trade.size_micro == order.size_micro
    status = order.status if order.terminal else _status_if_open(order)
    order = msgspec.structs.replace(
        order,
        trades=(*order.trades, trade),
        acked=True,
        not_found=False,
        status=OrderStatus.FILLED.value if full else status,
    )
    happened: list[Happening] = [Filled(trade, full or order.terminal)]
    for told_id, settlement in order.early:
        if told_id == trade.trade_id:
            order = msgspec.structs.replace(order, early=tuple(e for e in order.early if e[0] != told_id))
            order, settled = _settle(order, trade, settlement)
            happened.extend(settled)
    if not order.terminal and _UNTOLD < order.closing_micro <= order.filled_micro:
        order = msgspec.structs.replace(order, status=OrderStatus.CANCELLED.value)
        happened.append(Closed(order.filled_micro, order.closing_reason))
    return order, tuple(happened)


def _closing(order: Order, report: Report) -> Step:
    if order.terminal or order.closing_micro != _UNTOLD:
        return order, ()
    told = report.size_micro if report.size_micro != _UNTOLD else order.filled_micro
    reason = report.reason or report.kind
    if told > order.size_micro:
        return order, (Strange(ExecutionReason.OVERFILL.value),)
    happened: tuple[Happening, ...] = () if order.acked else (Submitted(),)
    order = msgspec.structs.replace(order, acked=True, not_found=False, closing_micro=told, closing_reason=reason)
    if order.filled_micro < told:
        unknown = msgspec.structs.replace(order, status=OrderStatus.UNKNOWN.value)
        return unknown, (*happened, Incomplete())
    closed = msgspec.structs.replace(order, status=OrderStatus.CANCELLED.value)
    return closed, (*happened, Closed(order.filled_micro, reason))


def _refused(order: Order, report: Report) -> Step:
    if order.status == OrderStatus.REJECTED:
        return order, ()
    if order.acked or order.terminal:
        return order, (Strange(ExecutionReason.REJECTED_AFTER_ACCEPTANCE.value),)
    refused = msgspec.structs.replace(order, status=OrderStatus.REJECTED.value)
    return refused, (Refused(report.reason or report.kind),)


def _settlement(order: Order, report: Report) -> Step:
    confirmed = report.kind == ReportKind.SETTLED
    settlement = (TradeStatus.CONFIRMED if confirmed else TradeStatus.FAILED).value
    trade = _trade(order, report.trade_id)
    if trade is not None:
        return _settle(order, trade, settlement)
    if any(told == report.trade_id for told, _ in order.early):
        return order, ()
    if not report.trade_id or len(order.early) >= MAX_EARLY:
        return order, (Strange(ExecutionReason.MEANINGLESS.value),)
    early = (*order.early, (report.trade_id, settlement))
    return msgspec.structs.replace(order, early=early), (Incomplete(),)


def _settle(order: Order, trade: Trade, settlement: str) -> Step:
    if trade.status == settlement:
        return order, ()
    if trade.status != TradeStatus.MATCHED:
        return order, (Strange(ExecutionReason.CONFLICTING_SETTLEMENT.value),)
    settled = msgspec.structs.replace(trade, status=settlement)
    trades = tuple(settled if t.trade_id == trade.trade_id else t for t in order.trades)
    return msgspec.structs.replace(order, trades=trades), (Settled(settled),)


def _unknown(order: Order) -> Step:
    if order.terminal:
        return order, ()
    if order.acked:
        return order, (Strange(ExecutionReason.FORGOTTEN.value),)
    return msgspec.structs.replace(order, not_found=True, status=OrderStatus.UNKNOWN.value), (NotFound(),)


def _trade(order: Order, trade_id: str) -> Trade | None:
    return next((trade for trade in order.trades if trade.trade_id == trade_id), None)
