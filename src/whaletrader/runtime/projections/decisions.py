"""Every decision with its reason: the newest ones in full, all of them as counts."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from whaletrader.messages.envelope import Message
from whaletrader.messages.leaders import CopySignal, SignalSkipped
from whaletrader.messages.market import MarketDataUpdate, WhalePositionChanged, WhaleTradeObserved
from whaletrader.messages.orchestration import OrchestratorDecision
from whaletrader.messages.orders import (
    ExecutionError,
    OrderCancelled,
    OrderFilled,
    OrderOutcomeUnknown,
    OrderRejected,
)
from whaletrader.messages.risk import ApprovedTrade, RejectedTrade
from whaletrader.runtime.projections.fold import Fold, count

MAX_NEWEST = 300
MAX_MARKETS = 20_000
"""Markets whose fee provenance is remembered; the oldest goes first."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about a leader's event."""

    ts: int
    what: str
    """SKIPPED, STOPPED, DENIED, APPROVED, FILLED, CANCELLED, REJECTED, UNKNOWN or ERROR."""
    reason: str
    market_id: str
    token_id: str
    side: str
    wallet: str
    price_micro: int
    size_micro: int
    message_id: str
    correlation_id: str


class DecisionsState(msgspec.Struct, kw_only=True):
    """Counts over the whole run, and the newest decisions."""

    events: dict[str, int] = {}
    """Leaders' events that we looked at, by kind."""
    skipped: dict[str, int] = {}
    stopped: dict[str, int] = {}
    denied: dict[str, int] = {}
    approved: dict[str, int] = {}
    """By binding limit."""
    orders: dict[str, int] = {}
    """Fills, cancellations, rejections, unknown outcomes and errors."""
    fee_provenance: dict[str, int] = {}
    """Fills by the provenance of the market's fee schedule."""
    quotes: dict[str, int] = {}
    """Leaders' events by whether a fresh quote was known or the spread is assumed."""
    signals: int = 0
    newest: list[Decision] = []
    provenance_of: dict[str, str] = {}
    last_assumed: bool = True
    """Whether the newest price came without a quote."""


class DecisionsView(Fold[DecisionsState]):
    """Folds skips, stops, denials, approvals and the fate of orders."""

    name = "decisions"

    def __init__(self) -> None:
        super().__init__(DecisionsState())

    def handlers(self) -> Mapping[str, Callable[[Message, Any], None]]:
        """Return what is folded."""
        return {
            "MarketDataUpdate": self._priced,
            "WhaleTradeObserved": self._observed,
            "WhalePositionChanged": self._changed,
            "SignalSkipped": self._skipped,
            "CopySignal": self._signalled,
            "OrchestratorDecision": self._decided,
            "ApprovedTrade": self._approved,
            "RejectedTrade": self._denied,
            "OrderFilled": self._filled,
            "OrderCancelled": self._ended,
            "OrderRejected": self._ended,
            "OrderOutcomeUnknown": self._unknown,
            "ExecutionError": self._failed,
        }

    def _priced(self, _message: Message, update: MarketDataUpdate) -> None:
        self.state.last_assumed = update.quote_assumed
        known = self.state.provenance_of
        known[update.market_id] = update.terms.fee_provenance
        if len(known) > MAX_MARKETS:
            del known[next(iter(known))]

    def _observed(self, _message: Message, event: WhaleTradeObserved) -> None:
        count(self.state.events, event.kind)
        count(self.state.quotes, "assumed" if self.state.last_assumed else "quoted")

    def _changed(self, _message: Message, event: WhalePositionChanged) -> None:
        count(self.state.events, event.change)

    def _skipped(self, message: Message, skip: SignalSkipped) -> None:
        count(self.state.skipped, skip.reason)
        self._add(message, "SKIPPED", skip.reason, skip, price=skip.price_micro)

    def _signalled(self, _message: Message, _signal: CopySignal) -> None:
        self.state.signals += 1

    def _decided(self, message: Message, decision: OrchestratorDecision) -> None:
        if decision.kind == "STOP":
            count(self.state.stopped, decision.reason)
            self._add(message, "STOPPED", decision.reason, decision)

    def _approved(self, message: Message, approval: ApprovedTrade) -> None:
        count(self.state.approved, approval.binding_limit)
        bounds = approval.bounds
        self._add(
            message,
            "APPROVED",
            approval.binding_limit,
            bounds,
            price=bounds.worst_price_micro,
            size=bounds.max_size_micro,
            wallet=approval.wallet,
        )

    def _denied(self, message: Message, denial: RejectedTrade) -> None:
        for reason in denial.reasons:
            count(self.state.denied, reason)
        self._add(message, "DENIED", ", ".join(denial.reasons), denial)

    def _filled(self, message: Message, fill: OrderFilled) -> None:
        count(self.state.orders, "FILLED")
        count(self.state.fee_provenance, self.state.provenance_of.get(fill.market_id, "unknown"))
        self._add(message, "FILLED", fill.role, fill, price=fill.price_micro, size=fill.size_micro)

    def _ended(self, message: Message, end: OrderCancelled | OrderRejected) -> None:
        what = "CANCELLED" if isinstance(end, OrderCancelled) else "REJECTED"
        count(self.state.orders, what)
        self._add(message, what, end.reason, end)

    def _unknown(self, message: Message, unknown: OrderOutcomeUnknown) -> None:
        count(self.state.orders, "UNKNOWN")
        self._add(message, "UNKNOWN", f"asked {unknown.asked} times before", unknown)

    def _failed(self, message: Message, failed: ExecutionError) -> None:
        count(self.state.orders, "ERROR")
        self._add(message, "ERROR", failed.reason, failed)

    def _add(
        self, message: Message, what: str, reason: str, about: Any, *, price: int = -1, size: int = 0, wallet: str = ""
    ) -> None:
        decision = Decision(
            ts=message.ts_init,
            what=what,
            reason=reason,
            market_id=about.market_id,
            token_id=getattr(about, "token_id", ""),
            side=getattr(about, "side", ""),
            wallet=wallet or getattr(about, "wallet", ""),
            price_micro=price,
            size_micro=size,
            message_id=message.id,
            correlation_id=message.correlation_id,
        )
        self.state.newest.append(decision)
        if len(self.state.newest) > 2 * MAX_NEWEST:
            self.state.newest = self.state.newest[-MAX_NEWEST:]
