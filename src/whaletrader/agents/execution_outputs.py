"""How execution says what happened: happenings of an order's life as messages; nothing is decided here."""

from whaletrader.agents.execution_state import Working
from whaletrader.domain.order import ReportKind
from whaletrader.domain.order_life import Closed, Filled, Happening, Refused, Settled, Strange, Submitted, TradeStatus
from whaletrader.domain.reasons import ExecutionReason
from whaletrader.domain.settlement import voided_cash_micro
from whaletrader.domain.values import Side
from whaletrader.messages.envelope import Payload
from whaletrader.messages.orders import (
    ExecutionError,
    MergePositions,
    OrderCancelled,
    OrderFilled,
    OrderOutcomeUnknown,
    OrderRejected,
    OrderReport,
    OrderSubmitted,
    RedeemPosition,
    SettlementUpdated,
)
from whaletrader.messages.risk import ApprovedTrade


def tell(working: Working, happening: Happening) -> list[Payload]:
    """Return what others must know of a happening; asking for what is missing is the agent's decision."""
    about = _about(working)
    match happening:
        case Submitted():
            return [OrderSubmitted(**about)]
        case Filled():
            return [_filled(working, happening)]
        case Closed(filled, reason):
            return [OrderCancelled(filled_micro=filled, reason=reason, **about)]
        case Refused(reason):
            return [OrderRejected(reason=reason, **about)]
        case Settled():
            return [_settled(working, happening)]
        case Strange(anomaly):
            return [error_of(working, anomaly)]
    return []


def unknown(working: Working) -> OrderOutcomeUnknown:
    """Return the tidings that an order's outcome is unknown."""
    return OrderOutcomeUnknown(asked=working.asked, **_about(working))


def error_of(working: Working, reason: str) -> ExecutionError:
    """Return an error about an order."""
    return ExecutionError(
        account_id=working.account_id,
        approval_id=working.approval_id,
        order_hash=working.life.order_hash,
        market_id=working.market_id,
        reason=str(reason),
    )


def not_ordered(approved: ApprovedTrade, reason: str) -> list[Payload]:
    """Return that an approval led to no order: an error, and a rejection that frees what it had reserved."""
    bounds = approved.bounds
    return [
        ExecutionError(
            account_id=approved.account_id,
            approval_id=bounds.approval_id,
            order_hash="",
            market_id=bounds.market_id,
            reason=str(reason),
        ),
        OrderRejected(
            account_id=approved.account_id,
            order_hash="",
            approval_id=bounds.approval_id,
            market_id=bounds.market_id,
            token_id=bounds.token_id,
            reason=str(reason),
        ),
    ]


def paid(payment: RedeemPosition, report: OrderReport) -> list[Payload]:
    """Return what a redemption's report means; winnings that pay nothing are an anomaly."""
    if report.kind != ReportKind.REDEEMED:
        return [_payment_error(payment, report, ExecutionReason.REDEMPTION_FAILED)]
    settled = _received(payment, report, token_id=payment.token_id)
    odd = report.cash_micro <= 0 < payment.payout_micro
    return [settled, _payment_error(payment, report, ExecutionReason.REDEEMED_NOTHING)] if odd else [settled]


def merged(merge: MergePositions, report: OrderReport) -> list[Payload]:
    """Return what a merge's report means: one settlement for both outcomes."""
    if report.kind != ReportKind.MERGED:
        return [_payment_error(merge, report, ExecutionReason.MERGE_FAILED)]
    settled = _received(merge, report, token_id="")
    odd = report.cash_micro < merge.size_micro
    return [settled, _payment_error(merge, report, ExecutionReason.MERGED_FOR_LESS)] if odd else [settled]


def pay_out(account_id: str, market_id: str, token_id: str, size_micro: int, payout_micro: int) -> list[Payload]:
    """Return the redemption of a resolved holding, or its write-off where it is worthless."""
    if size_micro <= 0:
        return []
    if payout_micro > 0:
        return [
            RedeemPosition(
                account_id=account_id,
                market_id=market_id,
                token_id=token_id,
                size_micro=size_micro,
                payout_micro=payout_micro,
            )
        ]
    return [
        SettlementUpdated(
            account_id=account_id,
            order_hash="",
            trade_id=f"writeoff:{token_id}",
            market_id=market_id,
            token_id=token_id,
            status=ReportKind.REDEEMED.value,
            size_micro=size_micro,
            cash_micro=0,
        )
    ]


def _about(working: Working) -> dict[str, str]:
    return {
        "account_id": working.account_id,
        "order_hash": working.life.order_hash,
        "approval_id": working.approval_id,
        "market_id": working.market_id,
        "token_id": working.token_id,
    }


def _filled(working: Working, happening: Filled) -> OrderFilled:
    trade = happening.trade
    return OrderFilled(
        account_id=working.account_id,
        order_hash=working.life.order_hash,
        approval_id=working.approval_id,
        trade_id=trade.trade_id,
        wallet=working.wallet,
        kind=working.kind,
        market_id=working.market_id,
        token_id=working.token_id,
        event_group_id=working.event_group_id,
        side=working.side,
        price_micro=trade.price_micro,
        size_micro=trade.size_micro,
        fee_micro=trade.fee_micro,
        role=trade.role,
        reference_price_micro=working.reference_price_micro,
        final=happening.final,
    )


def _settled(working: Working, happening: Settled) -> SettlementUpdated:
    trade, cash = happening.trade, 0
    if trade.status == TradeStatus.FAILED:
        cash = voided_cash_micro(Side(working.side), trade.price_micro, trade.size_micro, trade.fee_micro)
    return SettlementUpdated(
        account_id=working.account_id,
        order_hash=working.life.order_hash,
        trade_id=trade.trade_id,
        market_id=working.market_id,
        token_id=working.token_id,
        status=trade.status,
        size_micro=trade.size_micro,
        cash_micro=cash,
    )


def _received(payment: RedeemPosition | MergePositions, report: OrderReport, *, token_id: str) -> SettlementUpdated:
    return SettlementUpdated(
        account_id=payment.account_id,
        order_hash=report.order_hash,
        trade_id="",
        market_id=payment.market_id,
        token_id=token_id,
        status=report.kind,
        size_micro=payment.size_micro,
        cash_micro=report.cash_micro,
    )


def _payment_error(payment: RedeemPosition | MergePositions, report: OrderReport, reason: str) -> ExecutionError:
    return ExecutionError(
        account_id=payment.account_id,
        approval_id="",
        order_hash=report.order_hash,
        market_id=payment.market_id,
        reason=str(reason),
    )
