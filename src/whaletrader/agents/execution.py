"""Execution: approvals become orders whose hash is known before they are sent; reports become fills and settlements.

A timer is never a rejection: an order that nobody acknowledged is *unknown* and is asked for, ever more rarely, at most
`MAX_ASKS` times. Shares of a resolved market are redeemed where they pay; worthless ones are written off by a
`SettlementUpdated(REDEEMED)` of our own with no cash and no command. Shares below the venue's minimum cannot be sold
and are kept until then. Where we hold both outcomes of a market, the complete sets are merged as soon as they are
confirmed and free, one merge at a time; one that failed is asked for again when something of the market settles, or an
operator resumes. The first form has one child per approval.
"""

from collections.abc import Sequence

import msgspec

from whaletrader.agents.execution_outputs import error_of, merged, not_ordered, paid, pay_out, tell, unknown
from whaletrader.agents.execution_state import ExecutionState, Working, advance, fold, held_change
from whaletrader.config.tree import ExecutionSettings
from whaletrader.domain.complete_sets import mergeable_micro
from whaletrader.domain.order import ReportKind
from whaletrader.domain.order_hash import MAX_SALT, OrderStruct, order_hash
from whaletrader.domain.order_life import Incomplete
from whaletrader.domain.reasons import ExecutionReason
from whaletrader.domain.routing import Route, Ticket, route
from whaletrader.domain.values import NANOS, Side
from whaletrader.messages.envelope import Message, Payload, Publisher, hash_id
from whaletrader.messages.market import MarketResolved
from whaletrader.messages.orchestration import ScheduleTimer, TimerFired
from whaletrader.messages.orders import (
    CancelOrder,
    ExecutionError,
    MergePositions,
    OrderOrigin,
    OrderReport,
    SubmitOrder,
)
from whaletrader.messages.risk import ApprovalBounds, ApprovedTrade, KillSwitchThrown, OperatorCommand

MAX_ASKS = 12
"""How often an order's outcome is asked for; the pause doubles each time."""
_MILLIS = 1_000_000


class Trader(msgspec.Struct, frozen=True):
    """In whose name orders are made: the funder's address, the signing address and how it signs."""

    account_id: str
    maker: str
    signer: str
    signature_type: int = 0


class Execution:
    """The execution agent of one account."""

    name = Publisher.EXECUTION.value
    state_version = 2
    state_type = ExecutionState
    subscribes = frozenset(
        {
            "ApprovedTrade",
            "KillSwitchThrown",
            "MarketDataUpdate",
            "MarketResolved",
            "OperatorCommand",
            "OrderReport",
            "TimerFired",
        }
    )

    def __init__(self, settings: ExecutionSettings, trader: Trader) -> None:
        self.settings = settings
        self.trader = trader

    def initial(self) -> ExecutionState:
        """Nothing ordered, nothing held."""
        return ExecutionState()

    def decide(self, state: ExecutionState, message: Message) -> Sequence[Payload]:
        """Return the orders, cancels, redemptions and tidings that follow."""
        payload = message.payload
        match payload:
            case ApprovedTrade():
                return self._approved(state, payload, message.ts_init)
            case OrderReport():
                return self._reported(state, payload, message.ts_init)
            case TimerFired() if payload.owner == self.name:
                return self._woken(state, payload.name, message.ts_init)
            case MarketResolved() if state.concerns(payload.market_id):
                return self._resolved(state, payload, message.ts_init)
            case OperatorCommand(command="RESUME"):
                return [*self._redeem_rest(state), *self._merge_rest(state)]
            case KillSwitchThrown():
                return [out for each in state.orders.values() for out in self._cancel(each, message.ts_init)]
        return []

    def evolve(self, state: ExecutionState, message: Message) -> ExecutionState:
        """Fold an input or an own output."""
        return fold(state, message)

    def _approved(self, state: ExecutionState, approved: ApprovedTrade, now: int) -> list[Payload]:
        bounds = approved.bounds
        if approved.account_id != self.trader.account_id:
            return not_ordered(approved, ExecutionReason.UNKNOWN_ACCOUNT)[:1]
        everything = (*state.orders.values(), *state.finished.values())
        if any(working.approval_id == bounds.approval_id for working in everything):
            return not_ordered(approved, ExecutionReason.DUPLICATE_APPROVAL)[:1]
        planned = self._plan(state, approved, now)
        if isinstance(planned, ExecutionReason):
            return not_ordered(approved, planned)
        order = self._order(state, approved, planned, now)
        return [order, self._timer(order.order_hash, order.arrive_ts + self._ack_ns)]

    def _plan(self, state: ExecutionState, approved: ApprovedTrade, now: int) -> Route | ExecutionReason:
        bounds, terms = approved.bounds, state.terms.get(approved.bounds.market_id)
        if now > bounds.expires_ts:
            return ExecutionReason.EXPIRED
        if terms is None:
            return ExecutionReason.UNKNOWN_MARKET
        ticket = Ticket(
            side=Side(bounds.side),
            worst_price_micro=bounds.worst_price_micro,
            max_size_micro=min(bounds.max_size_micro, _sellable_micro(state, bounds)),
            max_cost_micro=bounds.max_cost_micro,
            tick_micro=terms.tick_micro,
            min_order_micro=terms.min_order_micro,
            fees=terms.fees,
        )
        return route(ticket, self._arrival(now), self.settings.order_ttl_s)

    def _order(self, state: ExecutionState, approved: ApprovedTrade, planned: Route, now: int) -> SubmitOrder:
        """Build the order; salt and timestamp come from the approval, so the same approval is the same order."""
        bounds, child = approved.bounds, 0
        neg_risk = state.terms[bounds.market_id].neg_risk
        struct = OrderStruct(
            salt=int(hash_id("salt", bounds.approval_id, child), 16) & MAX_SALT,
            maker=self.trader.maker,
            signer=self.trader.signer,
            token_id=bounds.token_id,
            maker_amount=planned.amounts.maker,
            taker_amount=planned.amounts.taker,
            side=Side(bounds.side),
            signature_type=self.trader.signature_type,
            timestamp_ms=now // _MILLIS,
            metadata=bounds.decision_hash,
        )
        return SubmitOrder(
            order_hash=order_hash(struct, neg_risk=neg_risk),
            origin=OrderOrigin(
                account_id=approved.account_id,
                approval_id=bounds.approval_id,
                wallet=approved.wallet,
                kind=approved.kind,
                reduce_only=approved.reduce_only,
            ),
            child=child,
            market_id=bounds.market_id,
            token_id=bounds.token_id,
            side=bounds.side,
            order_type=planned.order_type,
            post_only=False,
            price_micro=planned.price_micro,
            size_micro=planned.size_micro,
            maker_amount=planned.amounts.maker,
            taker_amount=planned.amounts.taker,
            salt=struct.salt,
            timestamp_ms=struct.timestamp_ms,
            expiration_s=planned.expiration_s,
            metadata=bounds.decision_hash,
            maker=self.trader.maker,
            signer=self.trader.signer,
            signature_type=self.trader.signature_type,
            neg_risk=neg_risk,
            arrive_ts=self._arrival(now),
        )

    def _reported(self, state: ExecutionState, report: OrderReport, now: int) -> list[Payload]:
        payment, merge = state.payments.get(report.order_hash), state.merges.get(report.order_hash)
        if payment is not None:
            return paid(payment, report)
        if merge is not None:
            return [*merged(merge, report), *self._after_merge(state, merge, done=report.kind == ReportKind.MERGED)]
        working = state.order(report.order_hash)
        if working is None:
            stray = ExecutionError(
                account_id=report.account_id,
                approval_id="",
                order_hash=report.order_hash,
                market_id=report.market_id,
                reason=ExecutionReason.UNKNOWN_ORDER_REPORT.value,
            )
            return [stray]
        after, happened = advance(working, report, now)
        outs: list[Payload] = []
        for each in happened:
            outs += self._ask(working, now) if isinstance(each, Incomplete) else tell(working, each)
        change = held_change(after, happened)
        return [*outs, *self._redeem_late(state, after, change), *self._merge_late(state, working, after, change)]

    def _redeem_late(self, state: ExecutionState, working: Working, change: int) -> list[Payload]:
        """Pay out a token of a resolved market once the last order in it is finished."""
        resolution = state.resolved.get(working.market_id)
        if resolution is None or not working.life.finished:
            return []
        if _has_open_orders(state, working.token_id, beside=working.life.order_hash):
            return []
        holding = state.held.get(working.token_id)
        size = (holding.size_micro if holding else 0) + change
        payout = resolution.payouts_micro[resolution.token_ids.index(working.token_id)]
        return pay_out(self.trader.account_id, working.market_id, working.token_id, size, payout)

    def _woken(self, state: ExecutionState, name: str, now: int) -> list[Payload]:
        working = state.orders.get(name)
        if working is None or (working.life.terminal and not working.life.early):
            return []
        if working.asked >= MAX_ASKS:
            return [*self._ask(working, now), *self._redeem_rest(state)]
        life, due = working.life, working.end_ts + self._ack_ns
        if not life.acked or life.closing_micro >= 0 or life.early:
            return self._ask(working, now)
        if now < due:
            return [self._timer(name, due)]
        return self._ask(working, now) if working.cancelling else self._cancel(working, now)

    def _resolved(self, state: ExecutionState, resolved: MarketResolved, now: int) -> list[Payload]:
        here = [working for working in state.orders.values() if working.market_id == resolved.market_id]
        outs = [out for working in here for out in self._cancel(working, now)]
        for token_id, payout in zip(resolved.token_ids, resolved.payouts_micro, strict=True):
            holding = state.held.get(token_id)
            if holding is not None and not _has_open_orders(state, token_id):
                outs += pay_out(self.trader.account_id, resolved.market_id, token_id, holding.size_micro, payout)
        return outs

    def _redeem_rest(self, state: ExecutionState) -> list[Payload]:
        """Redeem what a kill, a failure or an order asked for in vain left unredeemed."""
        outs: list[Payload] = []
        for token_id, holding in state.held.items():
            resolution = state.resolved.get(holding.market_id)
            if resolution is not None and not _has_open_orders(state, token_id):
                payout = resolution.payouts_micro[resolution.token_ids.index(token_id)]
                outs += pay_out(self.trader.account_id, holding.market_id, token_id, holding.size_micro, payout)
        return outs

    def _merge_late(self, state: ExecutionState, before: Working, after: Working, change: int) -> list[Payload]:
        """Merge what a settled purchase made complete, or what the end of a sale set free."""
        freed = change + (before.left_micro - after.left_micro if after.side == Side.SELL else 0)
        if freed <= 0 or state.merging(after.market_id):
            return []
        return self._merge(state, after.market_id, {after.token_id: freed})

    def _after_merge(self, state: ExecutionState, merge: MergePositions, *, done: bool) -> list[Payload]:
        """Merge what became complete meanwhile; the shares of a failed merge are paid out where the market ended."""
        if done:
            return self._merge(state, merge.market_id, {})
        resolution, outs = state.resolved.get(merge.market_id), list[Payload]()
        for token_id in merge.token_ids if resolution else ():
            assert resolution is not None
            holding, payout = state.held.get(token_id), resolution.payouts_micro[resolution.token_ids.index(token_id)]
            if not _has_open_orders(state, token_id):
                size = merge.size_micro + (holding.size_micro if holding else 0)
                outs += pay_out(merge.account_id, merge.market_id, token_id, size, payout)
        return outs

    def _merge_rest(self, state: ExecutionState) -> list[Payload]:
        """Merge what a kill or a failure left unmerged."""
        markets = dict.fromkeys(holding.market_id for holding in state.held.values())
        return [out for each in markets if not state.merging(each) for out in self._merge(state, each, {})]

    def _merge(self, state: ExecutionState, market_id: str, changes: dict[str, int]) -> list[Payload]:
        """Merge the complete sets of a market that are confirmed and promised to no sale."""
        terms = state.terms.get(market_id)
        if terms is None or market_id in state.resolved or len(terms.token_ids) != 2:
            return []
        free = [
            (state.held[token].size_micro if token in state.held else 0)
            + changes.get(token, 0)
            - state.on_sale_micro(token)
            for token in terms.token_ids
        ]
        size = mergeable_micro(free[0], free[1])
        if not size:
            return []
        account = self.trader.account_id
        return [MergePositions(account_id=account, market_id=market_id, token_ids=terms.token_ids, size_micro=size)]

    def _cancel(self, working: Working, now: int) -> list[Payload]:
        if working.life.terminal or working.cancelling:
            return []
        cancel = CancelOrder(
            order_hash=working.life.order_hash, market_id=working.market_id, account_id=working.account_id
        )
        return [cancel, self._timer(working.life.order_hash, self._arrival(now) + self._ack_ns)]

    def _ask(self, working: Working, now: int) -> list[Payload]:
        """Ask for an order whose outcome is unknown, each time after twice the pause; give up with an error."""
        if working.asked >= MAX_ASKS:
            return [error_of(working, ExecutionReason.OUTCOME_STILL_UNKNOWN)]
        due = self._arrival(now) + (self._ack_ns << working.asked)
        return [unknown(working), self._timer(working.life.order_hash, due)]

    def _timer(self, order_hash: str, due_ts: int) -> ScheduleTimer:
        return ScheduleTimer(owner=self.name, name=order_hash, due_ts=due_ts)

    def _arrival(self, now: int) -> int:
        return now + self.settings.latency_ms * _MILLIS

    @property
    def _ack_ns(self) -> int:
        return self.settings.ack_timeout_s * NANOS


def _sellable_micro(state: ExecutionState, bounds: ApprovalBounds) -> int:
    """Return how much of an approval may be ordered: while sets are merged, a sale leaves their shares alone."""
    if bounds.side != Side.SELL or not state.merging(bounds.market_id):
        return bounds.max_size_micro
    token, holding = bounds.token_id, state.held.get(bounds.token_id)
    held = (holding.size_micro if holding else 0) + state.unconfirmed_micro(token)
    return max(held - state.on_sale_micro(token), 0)


def _has_open_orders(state: ExecutionState, token_id: str, *, beside: str = "") -> bool:
    """Whether an order may still change what we hold of a token; one that was asked for in vain does not count."""
    return any(
        working.token_id == token_id and order_hash_ != beside and working.asked < MAX_ASKS
        for order_hash_, working in state.orders.items()
    )
