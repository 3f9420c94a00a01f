"""Who is followed, on which evidence, and what copying each earned us."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from whaletrader.messages.envelope import Message
from whaletrader.messages.leaders import (
    FunnelStep,
    LeaderScore,
    UniverseScanned,
    WhaleDiscovered,
    WhalePruned,
    WhaleScoreUpdated,
)
from whaletrader.messages.portfolio import LeaderAttribution, PortfolioAttribution
from whaletrader.runtime.projections.fold import Fold, count

MAX_LISTED = 50


class Followed(msgspec.Struct, kw_only=True):
    """A leader that we follow, or followed and whose copies we still account for."""

    score: LeaderScore
    since_ts: int
    until_ts: int = 0
    """When he was pruned, 0 while he is followed."""
    prune_reason: str = ""
    earned: LeaderAttribution | None = None


class LeadersState(msgspec.Struct, kw_only=True):
    """Leaders by "kind wallet", and the last scan."""

    leaders: dict[str, Followed] = {}
    best: tuple[LeaderScore, ...] = ()
    """The head of the last scan, followed or not."""
    funnel: tuple[FunnelStep, ...] = ()
    verdicts: dict[str, int] = {}
    """Among the wallets that the last scan lists."""
    scanned_ts: int = 0
    n_wallets: int = 0
    n_qualified: int = 0
    n_scans: int = 0


class LeadersView(Fold[LeadersState]):
    """Folds scans, the watch list and the attribution per leader."""

    name = "leaders"

    def __init__(self) -> None:
        super().__init__(LeadersState())

    def handlers(self) -> Mapping[str, Callable[[Message, Any], None]]:
        """Return what is folded."""
        return {
            "UniverseScanned": self._scanned,
            "WhaleDiscovered": self._discovered,
            "WhaleScoreUpdated": self._updated,
            "WhalePruned": self._pruned,
            "PortfolioAttribution": self._attributed,
        }

    def _scanned(self, _message: Message, scan: UniverseScanned) -> None:
        state = self.state
        state.scanned_ts, state.n_wallets, state.n_qualified = scan.as_of_ts, scan.n_wallets, scan.n_qualified
        state.n_scans += 1
        state.best, state.funnel, state.verdicts = scan.scores[:MAX_LISTED], scan.funnel, {}
        for score in scan.scores:
            count(state.verdicts, score.verdict)

    def _discovered(self, _message: Message, found: WhaleDiscovered) -> None:
        known = self.state.leaders.get(_key(found.wallet, found.kind))
        earned = known.earned if known else None
        leader = Followed(score=found.score, since_ts=found.as_of_ts, earned=earned)
        self.state.leaders[_key(found.wallet, found.kind)] = leader

    def _updated(self, _message: Message, update: WhaleScoreUpdated) -> None:
        leader = self.state.leaders.get(_key(update.wallet, update.kind))
        if leader is not None:
            leader.score = update.score

    def _pruned(self, _message: Message, pruned: WhalePruned) -> None:
        leader = self.state.leaders.get(_key(pruned.wallet, pruned.kind))
        if leader is None:
            return
        leader.until_ts, leader.prune_reason = pruned.as_of_ts, pruned.reason
        if leader.earned is None:
            del self.state.leaders[_key(pruned.wallet, pruned.kind)]

    def _attributed(self, _message: Message, worth: PortfolioAttribution) -> None:
        for share in worth.leaders:
            leader = self.state.leaders.get(_key(share.wallet, share.kind))
            if leader is not None:
                leader.earned = share


def _key(wallet: str, kind: str) -> str:
    return f"{kind} {wallet}"
