"""What execution knows: terms, orders that may still change, what we hold, and what is being paid out.

It folds messages; what follows from them is decided in `execution`.
"""

from collections.abc import Iterable
from itertools import chain

import msgspec
from msgspec.structs import replace

from whaletrader.agents.base import AgentState
from whaletrader.domain.fees import WORST_CASE, FeeSchedule
from whaletrader.domain.order import ReportKind
from whaletrader.domain.order_life import (
    Filled,
    Happening,
    NotFound,
    Order,
    Report,
    Settled,
    TradeStatus,
    mark_unknown,
    step,
)
from whaletrader.domain.reasons import ExecutionReason
from whaletrader.domain.routing import GTD_LEAD_S
from whaletrader.domain.values import NANOS, FeeProvenance, Side
from whaletrader.messages.envelope import Message
from whaletrader.messages.market import MarketDataUpdate, MarketResolved, MarketTerms
from whaletrader.messages.orders import (
    CancelOrder,
    ExecutionError,
    MergePositions,
    OrderOutcomeUnknown,
    OrderRejected,
    OrderReport,
    RedeemPosition,
    SettlementUpdated,
    SubmitOrder,
)
from whaletrader.messages.risk import ApprovedTrade

MAX_TERMS = 4_096
"""Markets whose terms are remembered beside those in use."""
MAX_FINISHED = 128
"""Finished orders remembered for late reports."""


class Terms(msgspec.Struct, frozen=True):
    """What an order needs to know of its market."""

    tick_micro: int
    min_order_micro: int
    neg_risk: bool
    fee_rate_micro: int
    fee_exponent: int
    fee_times_price: bool
    token_ids: tuple[str, ...]

    @property
    def fees(self) -> FeeSchedule:
        """The fee schedule; the worst case where none is known."""
        if self.fee_rate_micro < 0:
            return WORST_CASE
        return FeeSchedule(self.fee_rate_micro, max(self.fee_exponent, 0), self.fee_times_price, FeeProvenance.INFERRED)


class Approval(msgspec.Struct, frozen=True):
    """What of an approval the order's fills must tell."""

    event_group_id: str
    reference_price_micro: int


class Working(msgspec.Struct, frozen=True, kw_only=True):
    """One of our orders."""

    life: Order
    approval_id: str
    account_id: str
    wallet: str
    kind: str
    market_id: str
    token_id: str
    event_group_id: str
    side: str
    reference_price_micro: int
    end_ts: int
    asked: int = 0
    cancelling: bool = False

    @property
    def dead_ts(self) -> int:
        """After this no exchange accepts the order any more."""
        return self.end_ts + GTD_LEAD_S * NANOS

    @property
    def left_micro(self) -> int:
        """What may still be filled."""
        return 0 if self.life.terminal else max(self.life.size_micro - self.life.filled_micro, 0)


class Holding(msgspec.Struct, frozen=True):
    """Confirmed shares of a token, less what was sold of them."""

    market_id: str
    size_micro: int


class Resolution(msgspec.Struct, frozen=True):
    """How a market that still concerns us paid out."""

    token_ids: tuple[str, ...]
    payouts_micro: tuple[int, ...]


class ExecutionState(AgentState):
    """The state of execution; every table is bounded by what is open, or by a constant."""

    terms: dict[str, Terms] = msgspec.field(default_factory=dict)
    approvals: dict[str, Approval] = msgspec.field(default_factory=dict)
    """Only between an approval and its order."""
    orders: dict[str, Working] = msgspec.field(default_factory=dict)
    finished: dict[str, Working] = msgspec.field(default_factory=dict)
    held: dict[str, Holding] = msgspec.field(default_factory=dict)
    resolved: dict[str, Resolution] = msgspec.field(default_factory=dict)
    payments: dict[str, RedeemPosition] = msgspec.field(default_factory=dict)
    merges: dict[str, MergePositions] = msgspec.field(default_factory=dict)
    """Asked for and not answered, by the command's id: at most one in a market."""

    def order(self, order_hash: str) -> Working | None:
        """Return an order of ours, finished ones included while they are remembered."""
        return self.orders.get(order_hash) or self.finished.get(order_hash)

    def concerns(self, market_id: str) -> bool:
        """Whether we hold, have orders in, or wait for a payment of a market."""
        ours: Iterable[Working | Holding | RedeemPosition | MergePositions]
        ours = chain(self.orders.values(), self.held.values(), self.payments.values(), self.merges.values())
        return any(each.market_id == market_id for each in ours)

    def merging(self, market_id: str) -> bool:
        """Whether complete sets of a market are being merged."""
        return any(each.market_id == market_id for each in self.merges.values())

    def on_sale_micro(self, token_id: str) -> int:
        """Shares that sales of ours may still take."""
        sales = (each for each in self.orders.values() if each.token_id == token_id and each.side == Side.SELL)
        return sum(each.left_micro for each in sales)

    def unconfirmed_micro(self, token_id: str) -> int:
        """Shares that were bought and are not confirmed yet."""
        buys = (each for each in self.orders.values() if each.token_id == token_id and each.side == Side.BUY)
        trades = (trade for each in buys for trade in each.life.trades)
        return sum(trade.size_micro for trade in trades if trade.status == TradeStatus.MATCHED)


def advance(working: Working, report: OrderReport, now: int) -> tuple[Working, tuple[Happening, ...]]:
    """Fold a report into an order; one that the exchange does not know after its end never arrived."""
    told = Report(
        kind=report.kind,
        event_id=report.exchange_event_id,
        trade_id=report.trade_id,
        price_micro=report.price_micro,
        size_micro=report.size_micro,
        fee_micro=report.fee_micro,
        role=report.role,
        reason=report.reason,
    )
    life, happened = step(working.life, told)
    if any(isinstance(each, NotFound) for each in happened) and now > working.dead_ts:
        life, happened = step(life, Report(kind=ReportKind.REJECTED.value, reason=ExecutionReason.NEVER_ARRIVED.value))
    return replace(working, life=life), happened


def held_change(working: Working, happened: Iterable[Happening]) -> int:
    """Return the change of confirmed shares: a buy counts once confirmed, a sale from its match on."""
    change = 0
    for each in happened:
        if isinstance(each, Filled) and working.side == Side.SELL:
            change -= each.trade.size_micro
        elif isinstance(each, Settled):
            buys, failed = working.side == Side.BUY, each.trade.status == TradeStatus.FAILED
            change += each.trade.size_micro if buys != failed else 0
    return change


def fold(state: ExecutionState, message: Message) -> ExecutionState:
    """Fold an input or an output of execution."""
    payload = message.payload
    match payload:
        case MarketDataUpdate():
            _learn(state, payload.market_id, payload.terms)
        case ApprovedTrade():
            approval = Approval(payload.event_group_id, payload.reference_price_micro)
            state.approvals[payload.bounds.approval_id] = approval
        case SubmitOrder():
            _sent(state, payload)
        case OrderReport():
            _reported(state, payload, message.ts_init)
        case MarketResolved():
            if state.concerns(payload.market_id):
                state.resolved[payload.market_id] = Resolution(payload.token_ids, payload.payouts_micro)
        case ExecutionError() | OrderRejected():
            state.approvals.pop(payload.approval_id, None)
        case _:
            _commanded(state, message)
    return state


def _commanded(state: ExecutionState, message: Message) -> None:
    payload = message.payload
    match payload:
        case CancelOrder():
            state.orders[payload.order_hash] = replace(state.orders[payload.order_hash], cancelling=True)
        case OrderOutcomeUnknown():
            working = state.orders[payload.order_hash]
            life = mark_unknown(working.life)
            state.orders[payload.order_hash] = replace(working, life=life, asked=working.asked + 1)
        case RedeemPosition():
            state.payments[message.id] = payload
            _hold(state, payload.token_id, payload.market_id, -payload.size_micro)
        case MergePositions():
            state.merges[message.id] = payload
            for token_id in payload.token_ids:
                _hold(state, token_id, payload.market_id, -payload.size_micro)
        case SettlementUpdated() if not payload.order_hash:
            _hold(state, payload.token_id, payload.market_id, -payload.size_micro)
            _forget(state, payload.market_id)
        case _:
            pass


def _learn(state: ExecutionState, market_id: str, terms: MarketTerms) -> None:
    """Remember terms, newest last; the oldest market that does not concern us is forgotten."""
    state.terms.pop(market_id, None)
    state.terms[market_id] = Terms(
        terms.tick_micro,
        terms.min_order_micro,
        terms.neg_risk,
        terms.fee_rate_micro,
        terms.fee_exponent,
        terms.fee_times_price,
        terms.token_ids,
    )
    if len(state.terms) > MAX_TERMS:
        oldest = next((each for each in state.terms if not state.concerns(each)), market_id)
        del state.terms[oldest]


def _sent(state: ExecutionState, order: SubmitOrder) -> None:
    approval = state.approvals.pop(order.origin.approval_id)
    state.orders[order.order_hash] = Working(
        life=Order(order_hash=order.order_hash, size_micro=order.size_micro),
        approval_id=order.origin.approval_id,
        account_id=order.origin.account_id,
        wallet=order.origin.wallet,
        kind=order.origin.kind,
        market_id=order.market_id,
        token_id=order.token_id,
        event_group_id=approval.event_group_id,
        side=order.side,
        reference_price_micro=approval.reference_price_micro,
        end_ts=(order.expiration_s - GTD_LEAD_S) * NANOS,
    )


def _reported(state: ExecutionState, report: OrderReport, now: int) -> None:
    if _answered(state, report):
        return
    working = state.order(report.order_hash)
    if working is None:
        return
    working, happened = advance(working, report, now)
    change = held_change(working, happened)
    if change:
        _hold(state, working.token_id, working.market_id, change)
    state.finished.pop(report.order_hash, None)
    if not working.life.finished:
        state.orders[report.order_hash] = working
        return
    state.orders.pop(report.order_hash, None)
    state.finished[report.order_hash] = working
    if len(state.finished) > MAX_FINISHED:
        del state.finished[next(iter(state.finished))]
    _forget(state, working.market_id)


def _answered(state: ExecutionState, report: OrderReport) -> bool:
    """Fold the answer to a redemption or a merge, the shares of one that failed are ours again; False for an order."""
    payment, merge = state.payments.pop(report.order_hash, None), state.merges.pop(report.order_hash, None)
    if payment is not None and report.kind != ReportKind.REDEEMED:
        _hold(state, payment.token_id, payment.market_id, payment.size_micro)
    if merge is not None and report.kind != ReportKind.MERGED:
        for token_id in merge.token_ids:
            _hold(state, token_id, merge.market_id, merge.size_micro)
    asked = payment or merge
    if asked is not None:
        _forget(state, asked.market_id)
    return asked is not None


def _hold(state: ExecutionState, token_id: str, market_id: str, change: int) -> None:
    before = state.held.pop(token_id, None)
    size = (before.size_micro if before else 0) + change
    if size:
        state.held[token_id] = Holding(market_id, size)


def _forget(state: ExecutionState, market_id: str) -> None:
    """Forget a resolution once nothing of ours is left in its market."""
    if market_id in state.resolved and not state.concerns(market_id):
        del state.resolved[market_id]
