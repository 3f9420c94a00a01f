"""The risk agent: the single writer of an account's approvals, its breaker, its drawdown ladder and its kill switch.

It maps messages to the kernel and back. Whatever the kernel does not know it denies. Seals, the kill latch and orders
are not its business.
"""

from collections.abc import Sequence

import msgspec

from whaletrader.agents.risk_mapping import approval_id, approved, kernel_proposal, rejected, reservation
from whaletrader.agents.risk_state import (
    RiskManagementState,
    fold_book,
    fold_controls,
    fold_day,
    fold_markets,
)
from whaletrader.config.tree import Settings
from whaletrader.domain.amounts import SIZE_STEP_MICRO, known_tick
from whaletrader.domain.portfolio import Portfolio, Valuation
from whaletrader.domain.position import Lot, Position
from whaletrader.domain.reasons import DenyReason
from whaletrader.domain.risk.kernel import decide as kernel_decides
from whaletrader.domain.risk.ladder import HALVE_MICRO, Demand, demand
from whaletrader.domain.risk.model import Alert, Controls, Proposal, RiskState, StopReason, denied, mark_rule
from whaletrader.domain.risk.sizing import minimum_size_micro
from whaletrader.domain.values import DAY_NS, MICRO, NANOS, Side, TradingState
from whaletrader.messages.envelope import Message, Payload, Publisher
from whaletrader.messages.market import MarketDataUpdate, MarketResolved
from whaletrader.messages.orchestration import OrchestratorDecision, ScheduleTimer, TimerFired
from whaletrader.messages.orders import (
    ExecutionError,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    SettlementUpdated,
)
from whaletrader.messages.risk import (
    ApprovedTrade,
    CircuitBreakerTripped,
    EmergencyDeRisk,
    KillSwitchThrown,
    OperatorCommand,
    ReservationReleased,
    RiskAlert,
    TradeProposal,
    TradingStateChanged,
)

DAY_TIMER = "day"
Payloads = list[Payload]


class RiskManagement:
    """Decides on proposals and watches one account's value; a value made from settings."""

    name = Publisher.RISK_MANAGEMENT.value
    state_version = 2
    state_type = RiskManagementState
    subscribes = frozenset(
        cls.__name__
        for cls in (
            TradeProposal,
            MarketDataUpdate,
            MarketResolved,
            OrderFilled,
            OrderRejected,
            OrderCancelled,
            ExecutionError,
            SettlementUpdated,
            TimerFired,
            OperatorCommand,
            OrchestratorDecision,
            EmergencyDeRisk,
        )
    )
    """Its own `EmergencyDeRisk` too: that message is the cause of the sales that it leads to."""

    def __init__(self, settings: Settings) -> None:
        self._account = settings.account
        self._limits = settings.limits
        self._rule = mark_rule(settings.limits)

    def initial(self) -> RiskManagementState:
        """Return a book of cash."""
        return RiskManagementState(book=Portfolio.opened(self._account.starting_equity_micro))

    def decide(self, state: RiskManagementState, message: Message) -> Sequence[Payload]:
        """Return approvals, denials, releases and alarms."""
        payload = message.payload
        if not self._concerns(state, message):
            return ()
        match payload:
            case TradeProposal():
                return self._on_proposal(state, message, payload)
            case EmergencyDeRisk():
                return self._on_derisk(state, message, payload)
            case OrchestratorDecision():
                return self._on_derisk_wish(state)
            case OrderRejected() | OrderCancelled() | ExecutionError():
                return self._release(state.book, payload.approval_id)
        alarms, _ = self._watch(state, message)
        return [*self._own_answer(state, message), *alarms]

    def evolve(self, state: RiskManagementState, message: Message) -> RiskManagementState:
        """Fold an input or one of the agent's own outputs."""
        if not self._concerns(state, message):
            fold_markets(state, message)
            return state
        fold_markets(state, message)
        fold_book(state.book, state, message, self._rule)
        state.controls = fold_controls(state.controls, message.payload)
        if isinstance(message.payload, TimerFired):
            fold_day(state)
        if isinstance(
            message.payload, MarketDataUpdate | MarketResolved | OrderFilled | SettlementUpdated | TimerFired
        ):
            state.book.raise_high_water(state.book.value(message.ts_init, self._rule).equity_micro)
        return state

    def risk_state(self, state: RiskManagementState, now_ts: int, controls: Controls | None = None) -> RiskState:
        """Return what the kernel reads."""
        return RiskState(
            account_id=self._account.name,
            now_ts=now_ts,
            limits=self._limits,
            book=state.book,
            markets=state.markets,
            quotes=state.quotes,
            controls=controls or state.controls,
            daily=state.daily,
        )

    def _concerns(self, state: RiskManagementState, message: Message) -> bool:
        """Whether a message can change the book, the controls, or needs an answer."""
        match message.payload:
            case MarketDataUpdate(token_id=token):
                return token in state.book.positions
            case MarketResolved(token_ids=tokens):
                return any(token in state.book.positions for token in tokens)
            case TimerFired(owner=owner, name=name):
                return owner == self.name and name == DAY_TIMER
            case OrchestratorDecision(kind=kind, account_id=account):
                return kind == "DE_RISK" and account in ("", self._account.name)
            case OperatorCommand(account_id=account):
                return account in ("", self._account.name)
            case ExecutionError(order_hash=order, account_id=account):
                return not order and account == self._account.name
            case OrderFilled() | OrderRejected() | OrderCancelled() | SettlementUpdated() as about:
                return about.account_id == self._account.name
        return True

    def _own_answer(self, state: RiskManagementState, message: Message) -> Payloads:
        """What a message asks for apart from what the book's new value demands."""
        match message.payload:
            case OrderFilled(final=True, approval_id=approval):
                book = state.book.copy()
                fold_book(book, state, message, self._rule)
                return self._release(book, approval)
            case SettlementUpdated(status="FAILED", size_micro=size):
                return [self._alert(Alert.SETTLEMENT_FAILED, size, 0)]
            case OperatorCommand(command="START"):
                return [self._day_timer(message.ts_init)]
            case OperatorCommand(command="KILL") if not state.controls.killed:
                return [KillSwitchThrown(account_id=self._account.name, reason=StopReason.OPERATOR)]
            case TimerFired(due_ts=due):
                return [self._day_timer(max(message.ts_init, due))]
        return []

    def _on_proposal(self, state: RiskManagementState, message: Message, proposal: TradeProposal) -> Payloads:
        alarms, controls = self._watch(state, message)
        wanted = kernel_proposal(proposal)
        return [*alarms, self._judged(self.risk_state(state, message.ts_init, controls), message, wanted, ())]

    def _judged(self, view: RiskState, cause: Message, wanted: Proposal, part: tuple[str, ...]) -> Payload:
        """The kernel's decision as a message; `part` tells the several approvals of one cause apart."""
        decision = kernel_decides(view, wanted)
        own_id = approval_id(cause.id, *part)
        if decision.approved and own_id in view.book.reservations:
            decision = denied(DenyReason.MALFORMED)  # the same proposal twice must not be approved twice
        if not decision.approved:
            return rejected(cause, self._account.name, wanted, decision)
        return approved(cause, wanted, decision, own_id, view.markets[wanted.market_id])

    def _watch(self, state: RiskManagementState, message: Message) -> tuple[Payloads, Controls]:
        """Alarms that the book's value after a message demands, and the controls after them."""
        book, controls = state.book, fold_controls(state.controls, message.payload)
        if not isinstance(message.payload, TimerFired | TradeProposal):  # a day is judged against its own base
            book = state.book.copy()
            fold_book(book, state, message, self._rule)
        value = book.value(message.ts_init, self._rule)
        for own in self._operator_kill(state, message):
            controls = fold_controls(controls, own)
        due = demand(controls, book, value, self._limits)
        alarms = self._alarms(controls, book, value, due)
        for alarm in alarms:
            controls = fold_controls(controls, alarm)
        return alarms, controls

    def _operator_kill(self, state: RiskManagementState, message: Message) -> Payloads:
        answer = self._own_answer(state, message) if isinstance(message.payload, OperatorCommand) else []
        return [own for own in answer if isinstance(own, KillSwitchThrown)]

    def _alarms(self, controls: Controls, book: Portfolio, value: Valuation, due: Demand) -> Payloads:
        account, limits, found = self._account.name, self._limits, list[Payload]()
        if due.trip_breaker:
            threshold = book.day_base_micro * limits.daily_loss_micro // MICRO
            stale = value.stale_positions > 0
            found.append(
                CircuitBreakerTripped(
                    account_id=account, loss_micro=due.loss_micro, threshold_micro=threshold, stale_marks=stale
                )
            )
        if due.throw_kill:
            found.append(KillSwitchThrown(account_id=account, reason=StopReason.DRAWDOWN))
        if due.state is not controls.state:
            reason = _why(due, controls)
            found.append(
                TradingStateChanged(account_id=account, state=due.state, previous=controls.state, reason=reason)
            )
        if due.derisk:
            found.append(self._derisk_order(StopReason.DRAWDOWN, due.drawdown_micro))
        return found

    def _on_derisk_wish(self, state: RiskManagementState) -> Payloads:
        if state.controls.state is TradingState.HALTED:
            return [self._alert(Alert.DERISK_BLOCKED, 1, 0)]  # a halted account sends nothing but cancels
        return [self._derisk_order(StopReason.ORCHESTRATOR, 0)]

    def _on_derisk(self, state: RiskManagementState, message: Message, order: EmergencyDeRisk) -> Payloads:
        """A reduce-only sale for every lot, each judged with the ones before it reserved."""
        found: Payloads = []
        view = self.risk_state(state, message.ts_init)
        view = msgspec.structs.replace(view, book=state.book.copy())
        for position in list(state.book.positions.values()):
            for lot in position.lots:
                if lot.size_micro > 0 and not state.book.is_final(position.token_id):
                    wanted = self._sale(view, position, lot, order.fraction_micro)
                    part = (position.token_id, lot.wallet, lot.kind)
                    answer = self._judged(view, message, wanted, part)
                    if isinstance(answer, ApprovedTrade):
                        view.book.reserve(answer.bounds.approval_id, reservation(answer))
                    found.append(answer)
        return found

    def _sale(self, view: RiskState, position: Position, lot: Lot, fraction_micro: int) -> Proposal:
        """The wish to sell a fraction of a lot, at least what the venue takes, at a limit below the bid."""
        market, mark = view.markets.get(position.market_id), view.book.marks.get(position.token_id)
        tick = known_tick(market.tick_micro if market else -1)
        bid = mark.bid_micro if mark else tick
        limit = max(bid - self._limits.derisk_slippage_micro, tick) // tick * tick
        least = minimum_size_micro(Side.SELL, limit, market.min_order_micro if market else -1)
        part = -(-lot.size_micro * fraction_micro // (MICRO * SIZE_STEP_MICRO)) * SIZE_STEP_MICRO
        return Proposal(
            account_id=self._account.name,
            wallet=lot.wallet,
            kind=lot.kind,
            market_id=position.market_id,
            token_id=position.token_id,
            side=Side.SELL,
            reduce_only=True,
            reference_price_micro=min(max(bid, tick), MICRO - tick),
            limit_price_micro=min(limit, MICRO - tick),
            edge_micro=0,
            desired_size_micro=max(part, least),
            size_multiplier_micro=MICRO,
            expires_ts=view.now_ts + self._limits.derisk_ttl_s * NANOS,
        )

    def _release(self, book: Portfolio, approval: str) -> Payloads:
        reserved = book.reservations.get(approval)
        if reserved is None:
            return []
        return [
            ReservationReleased(
                account_id=self._account.name, approval_id=approval, released_micro=reserved.reserved_micro
            )
        ]

    def _derisk_order(self, reason: StopReason, drawdown_micro: int) -> EmergencyDeRisk:
        return EmergencyDeRisk(
            account_id=self._account.name,
            reason=reason,
            drawdown_micro=drawdown_micro,
            fraction_micro=HALVE_MICRO,
        )

    def _day_timer(self, after_ts: int) -> ScheduleTimer:
        return ScheduleTimer(owner=self.name, name=DAY_TIMER, due_ts=(after_ts // DAY_NS + 1) * DAY_NS)

    def _alert(self, limit: Alert, value_micro: int, threshold_micro: int) -> RiskAlert:
        return RiskAlert(
            account_id=self._account.name, limit=limit, value_micro=value_micro, threshold_micro=threshold_micro
        )


def _why(due: Demand, controls: Controls) -> StopReason:
    """Why the trading state changes."""
    if due.throw_kill or controls.killed:
        return StopReason.KILLED
    if due.trip_breaker or controls.breaker:
        return StopReason.DAILY_LOSS
    return StopReason.DRAWDOWN if due.state is TradingState.REDUCING else StopReason.RECOVERED
