"""The risk agent's state and how it folds messages; it decides nothing.

Everything that touches the book goes through `fold_book`, and everything that stops or frees trading through
`fold_controls`, so that `decide` can look at what a message will lead to on a copy.
"""

import msgspec

from whaletrader.agents.base import AgentState
from whaletrader.agents.bounded import remember
from whaletrader.agents.risk_mapping import book_fill, fill_id, mark_of, market_view, reservation
from whaletrader.domain.portfolio import Mark, MarkRule, Portfolio
from whaletrader.domain.risk.correlation import MAX_DAYS
from whaletrader.domain.risk.model import Controls, MarketView, StopReason
from whaletrader.domain.values import TradingState
from whaletrader.messages.envelope import Message, Payload
from whaletrader.messages.market import MarketDataUpdate, MarketResolved
from whaletrader.messages.orchestration import TimerFired
from whaletrader.messages.orders import OrderFilled, SettlementUpdated
from whaletrader.messages.risk import (
    ApprovedTrade,
    CircuitBreakerTripped,
    EmergencyDeRisk,
    KillSwitchThrown,
    OperatorCommand,
    ReservationReleased,
    TradingStateChanged,
)

MAX_MARKETS = 4_096
"""Markets that are remembered; those that we hold or have ordered are never forgotten."""
MAX_RESOLVED = 50_000
"""Markets that are known to have paid out, held or not."""


class RiskManagementState(AgentState, kw_only=True):
    """The account's book, what is known of the markets, and what stops trading."""

    book: Portfolio
    markets: dict[str, MarketView] = msgspec.field(default_factory=dict)
    quotes: dict[str, Mark] = msgspec.field(default_factory=dict)
    controls: Controls = Controls()
    daily: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)
    resolved: dict[str, bool] = msgspec.field(default_factory=dict)
    """Also of markets whose terms are not known (any more): a price that comes late opens none of them again."""


def fold_book(book: Portfolio, state: RiskManagementState, message: Message, rule: MarkRule) -> None:
    """Fold one message into a book (the state's own, or a copy of it); the rest of the state is only read."""
    match message.payload:
        case MarketDataUpdate() as update:
            mark = mark_of(update, message.ts_event, message.ts_init)
            if mark is not None:
                book.mark(update.token_id, mark)
        case MarketResolved() as resolved:
            for token, mark in final_marks(resolved, message.ts_init).items():
                book.mark(token, mark)
        case OrderFilled() as filled:
            book.fill(book_fill(filled, state.markets.get(filled.market_id)))
            _mark_from_quotes(book, state, filled.token_id)
        case SettlementUpdated() as settled:
            _fold_settlement(book, state, settled)
        case ApprovedTrade() as trade:
            book.reserve(trade.bounds.approval_id, reservation(trade))
        case ReservationReleased() as released:
            book.release(released.approval_id)
        case TimerFired():
            book.day_base_micro = book.value(message.ts_init, rule).equity_micro
        case OperatorCommand(command="RESUME") if accepts_drawdown(state.controls):
            book.high_water_micro = book.value(message.ts_init, rule).equity_micro
        case OperatorCommand(command="RESET_BREAKER") if state.controls.breaker:
            book.day_base_micro = book.value(message.ts_init, rule).equity_micro


def accepts_drawdown(controls: Controls) -> bool:
    """Tell whether RESUME means that the operator accepts a drawdown: the high-water mark starts anew."""
    by_ladder = controls.killed and not controls.killed_by_operator
    return by_ladder or (controls.state is TradingState.REDUCING and not controls.killed)


def fold_controls(controls: Controls, payload: Payload) -> Controls:
    """Return the controls after a message; only an operator's command lifts the breaker or the kill switch."""
    changed = msgspec.structs.replace
    match payload:
        case CircuitBreakerTripped():
            return changed(controls, breaker=True)
        case KillSwitchThrown(reason=reason):
            return changed(controls, killed=True, killed_by_operator=reason == StopReason.OPERATOR)
        case TradingStateChanged(state=state):
            new = TradingState(state)
            return changed(controls, state=new, derisked=controls.derisked and new is not TradingState.ACTIVE)
        case EmergencyDeRisk(reason=reason):
            return changed(controls, derisked=controls.derisked or reason == StopReason.DRAWDOWN)
        case OperatorCommand(command="RESUME"):
            again = controls.derisked and not accepts_drawdown(controls)
            return changed(controls, killed=False, killed_by_operator=False, derisked=again)
        case OperatorCommand(command="RESET_BREAKER"):
            return changed(controls, breaker=False)
    return controls


def fold_markets(state: RiskManagementState, message: Message) -> None:
    """Remember what a message tells of a market and its tokens."""
    match message.payload:
        case MarketDataUpdate() as update:
            view = market_view(update.market_id, update.terms, resolved=update.market_id in state.resolved)
            remember(state.markets, update.market_id, view, len(state.markets) + 1)
            mark = mark_of(update, message.ts_event, message.ts_init)
            old = state.quotes.get(update.token_id)
            if mark is not None and (old is None or (not old.final and mark.ts >= old.ts)):
                state.quotes[update.token_id] = mark
            _forget(state)
        case MarketResolved() as payout:
            remember(state.resolved, payout.market_id, True, MAX_RESOLVED)
            view_or_none = state.markets.get(payout.market_id)
            if view_or_none is not None:
                state.markets[payout.market_id] = msgspec.structs.replace(view_or_none, resolved=True)
                state.quotes.update(final_marks(payout, message.ts_init))


def fold_day(state: RiskManagementState) -> None:
    """Keep one mark a day of every held token, for measured correlations."""
    kept = {}
    for token in state.book.positions:
        mark = state.book.marks.get(token)
        if mark is not None and not mark.final:
            kept[token] = (*state.daily.get(token, ()), mark.mid_micro)[-MAX_DAYS:]
    state.daily = kept


def final_marks(resolved: MarketResolved, ts: int) -> dict[str, Mark]:
    """Return each outcome's mark after the payout."""
    pairs = zip(resolved.token_ids, resolved.payouts_micro, strict=False)
    return {token: Mark(bid_micro=paid, mid_micro=paid, ts=ts, final=True) for token, paid in pairs}


def _fold_settlement(book: Portfolio, state: RiskManagementState, settled: SettlementUpdated) -> None:
    own = fill_id(settled.order_hash, settled.trade_id)
    match settled.status:
        case "CONFIRMED":
            book.confirm(own)
        case "FAILED":
            change = book.void(own)
            if change is not None:
                _mark_from_quotes(book, state, change.token_id)
        case "REDEEMED":
            book.redeem(settled.token_id, settled.size_micro, settled.cash_micro)
        case "MERGED":
            book.merge(settled.market_id, settled.size_micro, settled.cash_micro)


def _mark_from_quotes(book: Portfolio, state: RiskManagementState, token_id: str) -> None:
    quote = state.quotes.get(token_id)
    if quote is not None:
        book.mark(token_id, quote)


def _forget(state: RiskManagementState) -> None:
    """Drop the market that was told of longest ago and that the book is not in."""
    if len(state.markets) <= MAX_MARKETS:
        return
    kept = {each.market_id for each in state.book.positions.values()}
    kept |= {each.market_id for each in state.book.reservations.values()}
    oldest = next((market for market in state.markets if market not in kept), None)
    if oldest is not None:
        for token in state.markets.pop(oldest).token_ids:
            state.quotes.pop(token, None)
