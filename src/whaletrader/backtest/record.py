"""Writes down what a report needs of one run while it happens: counts by kind, fills, equity, who was followed.

It is a read model like the others: it decides nothing, and two runs of the same bytes give the same record.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from whaletrader.backtest.closed import FOLDED, ClosedBets, Groups
from whaletrader.messages.envelope import Message
from whaletrader.messages.leaders import (
    CopySignal,
    SignalSkipped,
    UniverseScanned,
    WhaleDiscovered,
    WhalePruned,
)
from whaletrader.messages.market import MarketDataUpdate, WhalePositionChanged, WhaleTradeObserved
from whaletrader.messages.orchestration import OrchestratorDecision
from whaletrader.messages.orders import OrderFilled
from whaletrader.messages.portfolio import LeaderAttribution, PortfolioAttribution
from whaletrader.messages.risk import ApprovedTrade, RejectedTrade, TradeProposal

Counts = dict[str, dict[str, int]]
"""By kind of leader event, then by reason."""


class Fill(msgspec.Struct, frozen=True, array_like=True):
    """One fill of one of our orders."""

    ts: int
    kind: str
    wallet: str
    token_id: str
    side: str
    price_micro: int
    size_micro: int
    fee_micro: int


class Scanned(msgspec.Struct, frozen=True, array_like=True):
    """What a scan found, and how many leaders were followed after it."""

    as_of_ts: int
    n_wallets: int
    n_qualified: int
    followed: dict[str, int]
    """By kind."""


class RunRecord(msgspec.Struct, kw_only=True):
    """One run, as far as the report tells of it."""

    scans: list[Scanned] = []
    equity: list[tuple[int, int]] = []
    """(time, equity in micro-units) at every mark."""
    fills: list[Fill] = []
    events: Counts = {}
    """By the event's side."""
    signals: Counts = {}
    skipped: Counts = {}
    stopped: Counts = {}
    proposals: Counts = {}
    approved: Counts = {}
    """By binding limit."""
    approved_entries: Counts = {}
    """By side."""
    denied: Counts = {}
    leaders: tuple[LeaderAttribution, ...] = ()
    closed: Groups = {}
    """Closed bets by kind and event group, at the time of the newest figures of the leaders."""
    bets: ClosedBets = msgspec.field(default_factory=ClosedBets)
    followed: dict[str, str] = {}
    """"kind wallet" -> kind, of those who are followed now."""
    ever_followed: dict[str, int] = {}
    """"kind wallet" -> when first."""
    kind_of: dict[str, str] = {}
    """Correlation id -> kind of the leader's event: a stopped decision does not say it."""
    provenance_of: dict[str, str] = {}
    """Market -> provenance of its fee schedule, of the markets that were looked at."""
    fee_provenance: Counts = {}
    """Fills by it."""

    def closed_groups(self, kind: str = "") -> list[int]:
        """Closed bets per event group, of one kind of leader event or of all."""
        sizes: dict[str, int] = {}
        for of_kind in [self.closed.get(kind, {})] if kind else self.closed.values():
            for group, n in of_kind.items():
                sizes[group] = sizes.get(group, 0) + n
        return [sizes[group] for group in sorted(sizes)]


class Recorder:
    """Fills the protocol `Projection`."""

    name = "backtest_record"

    def __init__(self) -> None:
        self.record = RunRecord()
        self._handlers: Mapping[str, Any] = {
            "UniverseScanned": self._scanned,
            "WhaleDiscovered": self._discovered,
            "WhalePruned": self._pruned,
            "MarketDataUpdate": self._priced,
            "WhaleTradeObserved": self._observed,
            "WhalePositionChanged": self._changed,
            "CopySignal": self._signalled,
            "SignalSkipped": self._skipped,
            "OrchestratorDecision": self._decided,
            "TradeProposal": self._proposed,
            "ApprovedTrade": self._approved,
            "RejectedTrade": self._denied,
            "OrderFilled": self._filled,
            "PortfolioAttribution": self._worth,
        }

    def observe(self, message: Message) -> None:
        """Fold a recorded message."""
        if message.type in FOLDED:
            self.record.bets.fold(message.payload)
        handler = self._handlers.get(message.type)
        if handler is not None:
            handler(message, message.payload)

    def snapshot(self) -> bytes:
        """Return the record as bytes."""
        return msgspec.msgpack.encode(self.record)

    def restore(self, state: bytes) -> None:
        """Take the record from a snapshot's bytes."""
        self.record = msgspec.msgpack.decode(state, type=RunRecord)

    def finished(self) -> RunRecord:
        """Return the record with the last scan's leaders counted."""
        self._close_scan()
        return self.record

    def _scanned(self, _message: Message, scan: UniverseScanned) -> None:
        self._close_scan()
        self.record.scans.append(Scanned(scan.as_of_ts, scan.n_wallets, scan.n_qualified, {}))

    def _close_scan(self) -> None:
        """Count who is followed in the window that ends now: the leaders change only right after a scan, or go."""
        if not self.record.scans:
            return
        last = self.record.scans[-1]
        if not last.followed:
            last.followed.update(_tally(self.record.followed))

    def _discovered(self, message: Message, found: WhaleDiscovered) -> None:
        key = f"{found.kind} {found.wallet}"
        self.record.followed[key] = found.kind
        self.record.ever_followed.setdefault(key, message.ts_init)

    def _pruned(self, _message: Message, pruned: WhalePruned) -> None:
        self.record.followed.pop(f"{pruned.kind} {pruned.wallet}", None)

    def _priced(self, _message: Message, update: MarketDataUpdate) -> None:
        self.record.provenance_of[update.market_id] = update.terms.fee_provenance

    def _observed(self, message: Message, event: WhaleTradeObserved) -> None:
        self.record.kind_of[message.correlation_id] = event.kind
        _count(self.record.events, event.kind, event.side)

    def _changed(self, message: Message, event: WhalePositionChanged) -> None:
        self.record.kind_of[message.correlation_id] = event.kind
        _count(self.record.events, event.kind, event.change)

    def _signalled(self, _message: Message, signal: CopySignal) -> None:
        _count(self.record.signals, signal.kind, signal.side)

    def _skipped(self, _message: Message, skip: SignalSkipped) -> None:
        _count(self.record.skipped, skip.kind, skip.reason)

    def _decided(self, message: Message, decision: OrchestratorDecision) -> None:
        if decision.kind == "STOP":
            kind = self.record.kind_of.get(message.correlation_id, "unknown")
            _count(self.record.stopped, kind, decision.reason)

    def _proposed(self, _message: Message, proposal: TradeProposal) -> None:
        _count(self.record.proposals, proposal.kind, proposal.side)

    def _approved(self, _message: Message, approval: ApprovedTrade) -> None:
        _count(self.record.approved, approval.kind, approval.binding_limit)
        _count(self.record.approved_entries, approval.kind, approval.bounds.side)

    def _denied(self, _message: Message, denial: RejectedTrade) -> None:
        for reason in denial.reasons:
            _count(self.record.denied, denial.kind, reason)

    def _filled(self, message: Message, fill: OrderFilled) -> None:
        told = (fill.kind, fill.wallet, fill.token_id, fill.side, fill.price_micro, fill.size_micro, fill.fee_micro)
        self.record.fills.append(Fill(message.ts_init, *told))
        _count(self.record.fee_provenance, fill.kind, self.record.provenance_of.get(fill.market_id, "unknown"))

    def _worth(self, message: Message, worth: PortfolioAttribution) -> None:
        self.record.equity.append((message.ts_init, worth.equity_micro))
        self.record.leaders = worth.leaders
        self.record.closed = {kind: dict(groups) for kind, groups in self.record.bets.groups.items()}


def _count(counts: Counts, kind: str, reason: str) -> None:
    of_kind = counts.setdefault(kind, {})
    of_kind[reason] = of_kind.get(reason, 0) + 1


def _tally(followed: dict[str, str]) -> dict[str, int]:
    return {kind: list(followed.values()).count(kind) for kind in sorted(set(followed.values()))}
