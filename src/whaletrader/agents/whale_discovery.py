"""Whale discovery: asks for a scan of the universe at intervals, and says which leaders are followed, and why no more.

It does not score: it selects by the scan's lower confidence bounds, of leaders whose shrunk edge is positive too. Each
scan also tells what the followed leaders' bets brought since the last one, copied or not; from these it prunes who lost
his edge, and shares out the sizes of the others. Whoever was pruned so is not followed again in this run: his long
history would outvote what was found out since.
"""

from collections.abc import Sequence

import msgspec

from whaletrader.agents.base import AgentState
from whaletrader.agents.bounded import leader_key, remember
from whaletrader.agents.leader_watch import LeaderWatch, Watches, WatchRules, after_scan, begun, weights
from whaletrader.config.tree import Settings
from whaletrader.domain.pruning import prune_reason
from whaletrader.domain.reasons import PruneReason
from whaletrader.domain.values import DAY_NS, LeaderEventKind
from whaletrader.messages.envelope import Message, Payload, Publisher
from whaletrader.messages.leaders import (
    LeaderScore,
    ScanUniverse,
    UniverseScanned,
    WhaleDiscovered,
    WhalePruned,
    WhaleScoreUpdated,
)
from whaletrader.messages.orchestration import ScheduleTimer, TimerFired
from whaletrader.messages.portfolio import RebalancingRecommendation
from whaletrader.messages.risk import OperatorCommand

NAME = Publisher.WHALE_DISCOVERY.value
SCAN_TIMER = "scan"
INSUFFICIENT_DATA, LIKELY_LUCK = "INSUFFICIENT_DATA", "LIKELY_LUCK"
MAX_BARRED = 10_000
"""How many wallets barred by an operator, by their own copies' losses or by a lost edge are remembered."""


class WhaleDiscoveryState(AgentState, kw_only=True):
    """Who is followed (at most `max_leaders`), with his last score, and who is not to be followed again in this run."""

    followed: dict[str, LeaderScore] = msgspec.field(default_factory=dict)
    barred: dict[str, str] = msgspec.field(default_factory=dict)
    """`PruneReason` by wallet (both kinds) or by leader key (one kind)."""
    seed: int = 0
    """Of the allocation's draws."""
    told_ts: int = 0
    """Up to when outcomes were told."""
    watches: dict[str, LeaderWatch] = msgspec.field(default_factory=dict)
    """Belief and detectors by leader key, of everybody who is followed."""


class WhaleDiscovery:
    """The agent."""

    name = NAME
    state_version = 2
    state_type = WhaleDiscoveryState
    subscribes = frozenset({"OperatorCommand", "TimerFired", "UniverseScanned", "RebalancingRecommendation"})

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.discovery
        self._seed = settings.seed
        self._rules = WatchRules(settings)

    def initial(self) -> WhaleDiscoveryState:
        """Return the state before the first message: nobody is followed."""
        return WhaleDiscoveryState(seed=self._seed)

    def decide(self, state: WhaleDiscoveryState, message: Message) -> Sequence[Payload]:
        """Return the scan that is due, or what a scan, an operator or a recommendation changes in the list."""
        match message.payload:
            case OperatorCommand(command="START"):
                return self._scan(state, message.ts_init)
            case TimerFired(owner=owner, name=timer) if (owner, timer) == (NAME, SCAN_TIMER):
                return self._scan(state, message.ts_init)
            case OperatorCommand(command="PRUNE", argument=wallet):
                dropped = [score for score in state.followed.values() if score.wallet == wallet.lower()]
                return [_pruned(score, PruneReason.OPERATOR, message.ts_init) for score in dropped]
            case RebalancingRecommendation(action="DROP", wallet=wallet, kind=kind):
                score = state.followed.get(leader_key(wallet, kind))
                return [_pruned(score, PruneReason.COPIES_LOST, message.ts_init)] if score else []
            case UniverseScanned() as scan:
                return self._select(state, scan, message.id)
        return []

    def evolve(self, state: WhaleDiscoveryState, message: Message) -> WhaleDiscoveryState:
        """Fold the list's changes, and whom not to follow again."""
        match message.payload:
            case OperatorCommand(command="PRUNE", argument=wallet):
                remember(state.barred, wallet.lower(), PruneReason.OPERATOR.value, MAX_BARRED)
            case RebalancingRecommendation(action="DROP", wallet=wallet, kind=kind):
                remember(state.barred, leader_key(wallet, kind), PruneReason.COPIES_LOST.value, MAX_BARRED)
            case UniverseScanned(as_of_ts=as_of) as scan:
                state.watches = self._watches(state, scan)
                if scan.since_ts == state.told_ts:
                    state.told_ts = as_of
            case WhaleDiscovered(score=score) | WhaleScoreUpdated(score=score):
                key = leader_key(score.wallet, score.kind)
                state.followed[key] = score
                if key not in state.watches:
                    state.watches[key] = begun(score, self._rules)
            case WhalePruned(wallet=wallet, kind=kind, reason=reason):
                state.followed.pop(leader_key(wallet, kind), None)
                state.watches.pop(leader_key(wallet, kind), None)
                if reason == PruneReason.EDGE_DRIFTED:
                    remember(state.barred, leader_key(wallet, kind), reason, MAX_BARRED)
        return state

    def _scan(self, state: WhaleDiscoveryState, now: int) -> list[Payload]:
        due = now + self._settings.scan_interval_days * DAY_NS
        scan = ScanUniverse(as_of_ts=now, since_ts=state.told_ts, followed=tuple(sorted(state.followed)))
        return [scan, ScheduleTimer(owner=NAME, name=SCAN_TIMER, due_ts=due)]

    def _watches(self, state: WhaleDiscoveryState, scan: UniverseScanned) -> Watches:
        # Outcomes count once: an answer that does not go on where the last one ended is left alone.
        return after_scan(state.watches, scan, self._rules) if scan.since_ts == state.told_ts else state.watches

    def _select(self, state: WhaleDiscoveryState, scan: UniverseScanned, scan_id: str) -> list[Payload]:
        watches = self._watches(state, scan)
        drifted = {key for key, leader in watches.items() if prune_reason(leader.watch, self._rules.pruning)}
        listed = {leader_key(score.wallet, score.kind): score for score in scan.scores}
        fit = [score for key, score in listed.items() if key not in drifted and self._unfit(state, score) is None]
        fit.sort(key=lambda score: (-score.edge_lower_micro, score.wallet, score.kind))
        chosen = {leader_key(score.wallet, score.kind): score for score in fit[: self._settings.max_leaders]}
        changes: list[Payload] = []
        for key, old in state.followed.items():
            if key not in chosen:
                why = PruneReason.EDGE_DRIFTED if key in drifted else self._why_dropped(state, listed.get(key))
                changes.append(_pruned(old, why, scan.as_of_ts))
        kept = {key: watches.get(key) or begun(score, self._rules) for key, score in chosen.items()}
        shares = weights(kept, (state.seed, scan_id), self._rules)
        for key, score in chosen.items():
            new = msgspec.structs.replace(score, weight_micro=shares[key])
            changes.extend(_entered(state.followed.get(key), new, scan.as_of_ts))
        return changes

    def _unfit(self, state: WhaleDiscoveryState, score: LeaderScore) -> PruneReason | None:
        barred = state.barred.get(score.wallet) or state.barred.get(leader_key(score.wallet, score.kind))
        if barred:
            return PruneReason(barred)
        if score.verdict == INSUFFICIENT_DATA or score.n_bets < self._least_bets(score.kind):
            return PruneReason.INSUFFICIENT_DATA
        # The bound is the wallet's own; the shrunk edge also knows that he is the best of many.
        lost = score.verdict == LIKELY_LUCK or min(score.edge_lower_micro, score.edge_shrunk_micro) <= 0
        return PruneReason.EDGE_GONE if lost else None

    def _why_dropped(self, state: WhaleDiscoveryState, score: LeaderScore | None) -> PruneReason:
        if score is None:
            return PruneReason.NOT_IN_SCAN
        return self._unfit(state, score) or PruneReason.OUTRANKED

    def _least_bets(self, kind: str) -> int:
        fills = kind == LeaderEventKind.FILL
        return self._settings.min_resolved_bets_fills if fills else self._settings.min_resolved_bets_signals


def make(settings: Settings) -> WhaleDiscovery:
    """Build the agent from the settings that concern it."""
    return WhaleDiscovery(settings)


def _pruned(score: LeaderScore, reason: PruneReason, now: int) -> WhalePruned:
    return WhalePruned(wallet=score.wallet, kind=score.kind, reason=reason.value, as_of_ts=now)


def _entered(old: LeaderScore | None, new: LeaderScore, now: int) -> list[Payload]:
    if old is None:
        return [WhaleDiscovered(wallet=new.wallet, kind=new.kind, score=new, as_of_ts=now)]
    # A rank moves whenever somebody else's does: alone it is no news of this leader.
    if msgspec.structs.replace(old, rank=new.rank) == new:
        return []
    return [WhaleScoreUpdated(wallet=new.wallet, kind=new.kind, score=new, as_of_ts=now)]
