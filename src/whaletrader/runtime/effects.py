"""Carries out execution's commands: signs what was sealed, sends it, asks and cancels.

The kill latch is read before every send; cancels and questions pass. What is not sent is told as a report, so that
execution hears of it like of any other answer. Everything is idempotent by order hash or command id.
"""

from collections.abc import Callable

from whaletrader.domain.values import NANOS
from whaletrader.errors import ExchangeError, SignerRefusal
from whaletrader.messages.envelope import Message
from whaletrader.messages.orders import (
    CancelOrder,
    MergePositions,
    OrderOutcomeUnknown,
    RedeemPosition,
    SubmitOrder,
)
from whaletrader.messages.risk import ApprovalBounds
from whaletrader.ports.exchange import Exchange, SignedOrder
from whaletrader.ports.signer import Signer
from whaletrader.runtime.exchange_source import ExchangeSource
from whaletrader.runtime.latch import KillLatch

KILL_LATCH = "KILL_LATCH"
SIGNER_REFUSED = "SIGNER_REFUSED"
Sealed = tuple[ApprovalBounds, bytes, str]
"""An approval's bounds, its seal, and the name of the key that sealed it."""


class OrderEffects:
    """Fills the protocol `Effect` for everything that goes to the exchange."""

    carries = frozenset({"SubmitOrder", "CancelOrder", "OrderOutcomeUnknown", "RedeemPosition", "MergePositions"})

    def __init__(
        self,
        exchange: Exchange,
        signer: Signer,
        latch: KillLatch,
        answers: ExchangeSource,
        sealed: Callable[[str], Sealed | None],
        *,
        latency_ms: int,
        gate: Callable[[SubmitOrder], str] = lambda _order: "",
    ) -> None:
        """`gate` says why an order must not be sent now, "" where it may; it is asked before the signer is."""
        self._exchange = exchange
        self._signer = signer
        self._latch = latch
        self._answers = answers
        self._sealed = sealed
        self._latency = latency_ms * NANOS // 1_000
        self._gate = gate

    def carry_out(self, command: Message, *, again: bool) -> bool:
        """Do it; True where a report is to be recorded; `ExchangeError` when nobody answered, or it has to wait."""
        try:
            return self._carry_out(command, again=again)
        finally:
            self._answers.ask_again()

    def _carry_out(self, command: Message, *, again: bool) -> bool:
        arrive = command.ts_init + self._latency
        match command.payload:
            case CancelOrder() as cancel:
                self._exchange.cancel(cancel.account_id, cancel.order_hash, arrive)
            case OrderOutcomeUnknown() as unknown:
                self._exchange.ask(unknown.account_id, unknown.order_hash, arrive)
            case RedeemPosition() | MergePositions() if self._latch.thrown():
                if again:
                    # It may have been paid before the crash, and nobody can be asked: it waits for the latch.
                    raise ExchangeError(f"{command.type} {command.id} waits for the kill latch", retryable=True)
                self._answers.refuse(command, KILL_LATCH)
                return True
            case SubmitOrder() as order:
                return self._submit(command, order, again=again)
            case RedeemPosition() as redeem:
                self._exchange.redeem(command.id, redeem.account_id, redeem.token_id, redeem.size_micro, arrive)
                return again and self._answers.tell_late(command)
            case MergePositions() as merge:
                self._exchange.merge(command.id, merge.account_id, merge.market_id, merge.size_micro, arrive)
                return again and self._answers.tell_late(command)
        return False

    def _submit(self, command: Message, order: SubmitOrder, *, again: bool) -> bool:
        signature, why_not = self._sign(order)
        if signature:
            self._exchange.submit(_signed(order, signature))
        elif again:
            # It may have been sent before the crash: only the exchange knows, so "not sent" would be a guess.
            self._exchange.ask(order.origin.account_id, order.order_hash, order.arrive_ts)
        else:
            self._answers.refuse(command, why_not)
            return True
        return False

    def _sign(self, order: SubmitOrder) -> tuple[str, str]:
        """Return the signature, or "" and why there is none."""
        if self._latch.thrown():
            return "", KILL_LATCH
        if closed := self._gate(order):
            return "", closed
        sealed = self._sealed(order.origin.approval_id)
        if sealed is None:
            return "", f"{SIGNER_REFUSED}: the approval has no seal"
        try:
            return self._signer.sign(order, *sealed), ""
        except SignerRefusal as refusal:
            return "", f"{SIGNER_REFUSED}: {refusal.message}"


def _signed(order: SubmitOrder, signature: str) -> SignedOrder:
    return SignedOrder(
        order_hash=order.order_hash,
        account_id=order.origin.account_id,
        market_id=order.market_id,
        token_id=order.token_id,
        side=order.side,
        order_type=order.order_type,
        post_only=order.post_only,
        price_micro=order.price_micro,
        size_micro=order.size_micro,
        maker_amount=order.maker_amount,
        taker_amount=order.taker_amount,
        salt=order.salt,
        timestamp_ms=order.timestamp_ms,
        expiration_s=order.expiration_s,
        metadata=order.metadata,
        maker=order.maker,
        signer=order.signer,
        signature_type=order.signature_type,
        neg_risk=order.neg_risk,
        signature=signature,
        arrive_ts=order.arrive_ts,
        reduce_only=order.origin.reduce_only,
        leader_wallet=order.origin.wallet,
    )
