"""The newest approvals by id, so that an order can be signed within its bounds; the seal itself lies in the store."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from whaletrader.messages.envelope import Message
from whaletrader.messages.risk import ApprovalBounds, ApprovedTrade
from whaletrader.ports.store import EventStore
from whaletrader.runtime.effects import Sealed
from whaletrader.runtime.projections.fold import Fold

MAX_KEPT = 1_000
"""An order is sent right after its approval; older approvals have none to send."""


class Approved(msgspec.Struct, frozen=True, array_like=True):
    """The message that approved, and what it allows."""

    message_id: str
    bounds: ApprovalBounds


class ApprovalsState(msgspec.Struct, kw_only=True):
    """By approval id, oldest first."""

    kept: dict[str, Approved] = {}


class Approvals(Fold[ApprovalsState]):
    """Folds approvals, and finds an approval's bounds and seal."""

    name = "approvals"

    def __init__(self, store: EventStore) -> None:
        super().__init__(ApprovalsState())
        self._store = store

    def handlers(self) -> Mapping[str, Callable[[Message, Any], None]]:
        """Return what is folded."""
        return {"ApprovedTrade": self._approved}

    def sealed(self, approval_id: str) -> Sealed | None:
        """Return bounds, seal and key of an approval, None where one of them is unknown."""
        approved = self.state.kept.get(approval_id)
        seal = self._store.seal_of(approved.message_id) if approved else None
        if approved is None or seal is None:
            return None
        return approved.bounds, seal.signature, seal.key_id

    def _approved(self, message: Message, approval: ApprovedTrade) -> None:
        kept = self.state.kept
        kept[approval.bounds.approval_id] = Approved(message.id, approval.bounds)
        if len(kept) > MAX_KEPT:
            del kept[next(iter(kept))]
