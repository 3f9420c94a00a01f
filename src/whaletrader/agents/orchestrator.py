"""Orchestrator: runs each copy signal through the task graph and proposes a trade, or says why not.

Every node of the graph is a pure function of what this agent has folded, so a graph is decided at once and no task is
assigned to another agent. Exits skip the graph: nothing may keep us in. It sizes nothing but by multipliers; the risk
kernel decides.
"""

from collections.abc import Sequence

import msgspec

from whaletrader.agents.base import AgentState
from whaletrader.agents.bounded import leader_key, remember
from whaletrader.agents.copy_graph import COPY_GRAPH, CopyFacts
from whaletrader.config.tree import Settings
from whaletrader.domain.amounts import known_tick
from whaletrader.domain.follower import limit_price_micro
from whaletrader.domain.regime import Regime
from whaletrader.domain.task_graph import Outcome, evaluate, first_obstacle
from whaletrader.domain.values import MICRO, NANOS, Side
from whaletrader.messages.envelope import Message, Payload, Publisher
from whaletrader.messages.intelligence import AnomalyAlert, MarketRegimeChange
from whaletrader.messages.leaders import CopySignal, WhaleDiscovered, WhalePruned, WhaleScoreUpdated
from whaletrader.messages.market import MarketDataUpdate, MarketResolved, WhalePositionChanged, WhaleTradeObserved
from whaletrader.messages.orchestration import NodeResult, OrchestratorDecision
from whaletrader.messages.portfolio import RebalancingRecommendation
from whaletrader.messages.risk import TradeProposal

MAX_MARKETS = 5_000
"""Markets remembered; the one that was quiet longest goes first."""
MAX_HOLDERS = 32
"""Leaders' holdings remembered per market, oldest out first."""
MAX_REDUCED = 1_000
REDUCED_MULTIPLIER_MICRO = MICRO // 2
"""What is left of the size of a leader whose copies lost beyond the first bound."""


class MarketView(msgspec.Struct):
    """What is known of one market."""

    tick_micro: int = -1
    regime: str = Regime.UNKNOWN.value
    severe_until_ts: int = 0
    churn_until_ts: dict[str, int] = msgspec.field(default_factory=dict)
    """By wallet."""
    holders: dict[str, str] = msgspec.field(default_factory=dict)
    """Token that a followed leader holds, by leader and token."""


class OrchestratorState(AgentState, kw_only=True):
    """Markets, who is followed with what share, and whose size is reduced."""

    markets: dict[str, MarketView] = msgspec.field(default_factory=dict)
    followed: dict[str, str] = msgspec.field(default_factory=dict)
    """Wallet by leader key."""
    weights: dict[str, int] = msgspec.field(default_factory=dict)
    """What the allocation leaves of a leader's size, by leader key."""
    reduced: dict[str, bool] = msgspec.field(default_factory=dict)


class Orchestrator:
    """The agent."""

    name = Publisher.ORCHESTRATOR.value
    state_version = 2
    state_type = OrchestratorState
    subscribes = frozenset(
        {
            "CopySignal",
            "WhaleDiscovered",
            "WhaleScoreUpdated",
            "WhalePruned",
            "WhalePositionChanged",
            "WhaleTradeObserved",
            "MarketDataUpdate",
            "MarketResolved",
            "AnomalyAlert",
            "MarketRegimeChange",
            "RebalancingRecommendation",
        }
    )

    def __init__(self, settings: Settings) -> None:
        self._account = settings.account.name
        self._slippage_micro = settings.execution.max_slippage_micro
        self._ttl_ns = settings.execution.order_ttl_s * NANOS

    def initial(self) -> OrchestratorState:
        """Return the state before the first message."""
        return OrchestratorState()

    def decide(self, state: OrchestratorState, message: Message) -> Sequence[Payload]:
        """Return the decision on a copy signal and, unless it stops, the proposal."""
        signal = message.payload
        if not isinstance(signal, CopySignal):
            return []
        market = state.markets.get(signal.market_id) or MarketView()
        if signal.side == Side.SELL:
            proposal = self._proposal(signal, market, message, MICRO)
            return [self._decision(signal, message, {}, MICRO), proposal]
        results = evaluate(COPY_GRAPH, _facts(state, market, signal, message.ts_init))
        left = results["propose"].multiplier_micro
        decision = self._decision(signal, message, results, left)
        return [decision] if decision.kind == "STOP" else [decision, self._proposal(signal, market, message, left)]

    def evolve(self, state: OrchestratorState, message: Message) -> OrchestratorState:
        """Fold what the graph's nodes look at."""
        match message.payload:
            case WhaleDiscovered(score=score) | WhaleScoreUpdated(score=score):
                state.followed[leader_key(score.wallet, score.kind)] = score.wallet
                state.weights[leader_key(score.wallet, score.kind)] = score.weight_micro
            case WhalePruned(wallet=wallet, kind=kind):
                state.followed.pop(leader_key(wallet, kind), None)
                state.weights.pop(leader_key(wallet, kind), None)
            case RebalancingRecommendation(action="REDUCE", wallet=wallet, kind=kind):
                remember(state.reduced, leader_key(wallet, kind), True, MAX_REDUCED)
            case MarketResolved(market_id=market_id):
                state.markets.pop(market_id, None)
            case WhalePositionChanged(side="SELL", wallet=wallet, token_id=token, market_id=market_id):
                if market_id in state.markets:
                    state.markets[market_id].holders.pop(f"{wallet}/{token}", None)
            case MarketDataUpdate() | MarketRegimeChange() | AnomalyAlert() | WhaleTradeObserved() as about:
                market = state.markets.get(about.market_id) or MarketView()
                remember(state.markets, about.market_id, market, MAX_MARKETS)
                _fold_market(state, market, about, message.ts_init)
        return state

    def _decision(
        self, signal: CopySignal, message: Message, results: dict[str, Outcome], left_micro: int
    ) -> OrchestratorDecision:
        obstacle = first_obstacle(results)
        return OrchestratorDecision(
            graph_id=message.id,
            kind="PROPOSE" if obstacle is None else "STOP",
            account_id=self._account,
            market_id=signal.market_id,
            reason="" if obstacle is None else obstacle.reason,
            multiplier_micro=left_micro,
            nodes=tuple(
                NodeResult(
                    node=name,
                    outcome=outcome.status.value,
                    reason=outcome.reason,
                    multiplier_micro=outcome.multiplier_micro,
                )
                for name, outcome in results.items()
            ),
        )

    def _proposal(self, signal: CopySignal, market: MarketView, message: Message, left_micro: int) -> TradeProposal:
        side = Side(signal.side)
        # An entry never goes so far that nothing of its edge is left; an exit goes as far as it may.
        slippage = min(self._slippage_micro, signal.edge_micro) if side is Side.BUY else self._slippage_micro
        tick = known_tick(market.tick_micro)
        return TradeProposal(
            account_id=self._account,
            wallet=signal.wallet,
            kind=signal.kind,
            market_id=signal.market_id,
            token_id=signal.token_id,
            event_group_id=signal.event_group_id,
            side=signal.side,
            reduce_only=side is Side.SELL,
            reference_price_micro=signal.reference_price_micro,
            limit_price_micro=limit_price_micro(side, signal.reference_price_micro, slippage, tick),
            edge_micro=signal.edge_micro,
            desired_size_micro=signal.exit_size_micro,
            size_multiplier_micro=left_micro,
            signal_id=message.id,
            expires_ts=message.ts_init + self._ttl_ns,
        )


def make(settings: Settings) -> Orchestrator:
    """Build the agent from the settings that concern it."""
    return Orchestrator(settings)


def _facts(state: OrchestratorState, market: MarketView, signal: CopySignal, now: int) -> CopyFacts:
    wallets = set(state.followed.values())
    leader = leader_key(signal.wallet, signal.kind)
    weight = state.weights.get(leader, MICRO)
    return CopyFacts(
        regime=market.regime,
        severe_anomaly=now < market.severe_until_ts,
        churning=now < market.churn_until_ts.get(signal.wallet, 0),
        opposed=any(
            token != signal.token_id and holder.split("/")[0] != signal.wallet and holder.split("/")[0] in wallets
            for holder, token in market.holders.items()
        ),
        leader_multiplier_micro=weight * REDUCED_MULTIPLIER_MICRO // MICRO if leader in state.reduced else weight,
    )


def _fold_market(
    state: OrchestratorState,
    market: MarketView,
    about: MarketDataUpdate | MarketRegimeChange | AnomalyAlert | WhaleTradeObserved,
    now: int,
) -> None:
    match about:
        case MarketDataUpdate(terms=terms):
            market.tick_micro = terms.tick_micro
        case MarketRegimeChange(regime=regime):
            market.regime = regime
        case AnomalyAlert(kind="CHURN", wallet=wallet, until_ts=until):
            standing = {who: end for who, end in market.churn_until_ts.items() if now < end}
            market.churn_until_ts = {**standing, wallet: until}
        case AnomalyAlert(severity="P1", until_ts=until):
            market.severe_until_ts = max(market.severe_until_ts, until)
        case WhaleTradeObserved(side="BUY", wallet=wallet, token_id=token, kind=kind):
            if leader_key(wallet, kind) in state.followed:
                remember(market.holders, f"{wallet}/{token}", token, MAX_HOLDERS)
        case WhaleTradeObserved(wallet=wallet, token_id=token):
            market.holders.pop(f"{wallet}/{token}", None)
