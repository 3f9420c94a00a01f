"""Generated from the declarations in whaletrader/messages by scripts/generate_messages.py; do not edit."""

from collections.abc import Callable
from typing import Any

from whaletrader.messages.intelligence import AnomalyAlert, MarketRegimeChange
from whaletrader.messages.leaders import CopySignal, FunnelStep, LeaderOutcomes, LeaderScore, ScanUniverse, SettledOutcome, SignalSkipped, UniverseScanned, WhaleDiscovered, WhalePruned, WhaleScoreUpdated
from whaletrader.messages.market import MarketDataUpdate, MarketResolved, MarketTerms, SegmentSealed, WhalePositionChanged, WhaleTradeObserved
from whaletrader.messages.orchestration import AgentHealthAlert, AgentHeartbeat, DeadLetter, NodeResult, OrchestratorDecision, RunMarked, ScheduleTimer, TaskAssigned, TaskCompleted, TimerFired
from whaletrader.messages.orders import CancelOrder, ExecutionError, MergePositions, OrderCancelled, OrderFilled, OrderOrigin, OrderOutcomeUnknown, OrderRejected, OrderReport, OrderSubmitted, RedeemPosition, SettlementUpdated, SubmitOrder
from whaletrader.messages.portfolio import LeaderAttribution, PortfolioAttribution, RebalancingRecommendation
from whaletrader.messages.risk import ApprovalBounds, ApprovedTrade, CircuitBreakerTripped, EmergencyDeRisk, KillSwitchThrown, OperatorCommand, RejectedTrade, ReservationReleased, RiskAlert, TradeProposal, TradingStateChanged
from whaletrader.messages._generated import messages_pb2 as pb


def to_AgentHealthAlert(v):
    return pb.AgentHealthAlert(
        agent=v.agent,
        last_seen_ts=v.last_seen_ts,
        missed=v.missed,
    )


def from_AgentHealthAlert(m):
    return AgentHealthAlert(
        agent=m.agent,
        last_seen_ts=m.last_seen_ts,
        missed=m.missed,
    )


def to_AgentHeartbeat(v):
    return pb.AgentHeartbeat(
        agent=v.agent,
        offset=v.offset,
    )


def from_AgentHeartbeat(m):
    return AgentHeartbeat(
        agent=m.agent,
        offset=m.offset,
    )


def to_AnomalyAlert(v):
    return pb.AnomalyAlert(
        severity=v.severity,
        kind=v.kind,
        market_id=v.market_id,
        wallet=v.wallet,
        observed_micro=v.observed_micro,
        baseline_micro=v.baseline_micro,
        z_micro=v.z_micro,
        until_ts=v.until_ts,
    )


def from_AnomalyAlert(m):
    return AnomalyAlert(
        severity=m.severity,
        kind=m.kind,
        market_id=m.market_id,
        wallet=m.wallet,
        observed_micro=m.observed_micro,
        baseline_micro=m.baseline_micro,
        z_micro=m.z_micro,
        until_ts=m.until_ts,
    )


def to_ApprovalBounds(v):
    return pb.ApprovalBounds(
        approval_id=v.approval_id,
        account_id=v.account_id,
        market_id=v.market_id,
        token_id=v.token_id,
        side=v.side,
        worst_price_micro=v.worst_price_micro,
        max_size_micro=v.max_size_micro,
        max_cost_micro=v.max_cost_micro,
        expires_ts=v.expires_ts,
        max_children=v.max_children,
        decision_hash=v.decision_hash,
    )


def from_ApprovalBounds(m):
    return ApprovalBounds(
        approval_id=m.approval_id,
        account_id=m.account_id,
        market_id=m.market_id,
        token_id=m.token_id,
        side=m.side,
        worst_price_micro=m.worst_price_micro,
        max_size_micro=m.max_size_micro,
        max_cost_micro=m.max_cost_micro,
        expires_ts=m.expires_ts,
        max_children=m.max_children,
        decision_hash=m.decision_hash,
    )


def to_ApprovedTrade(v):
    return pb.ApprovedTrade(
        account_id=v.account_id,
        proposal_id=v.proposal_id,
        wallet=v.wallet,
        kind=v.kind,
        event_group_id=v.event_group_id,
        reduce_only=v.reduce_only,
        reference_price_micro=v.reference_price_micro,
        bounds=to_ApprovalBounds(v.bounds),
        binding_limit=v.binding_limit,
        reserved_micro=v.reserved_micro,
    )


def from_ApprovedTrade(m):
    if not m.HasField("bounds"):
        raise ValueError("bounds is missing")
    return ApprovedTrade(
        account_id=m.account_id,
        proposal_id=m.proposal_id,
        wallet=m.wallet,
        kind=m.kind,
        event_group_id=m.event_group_id,
        reduce_only=m.reduce_only,
        reference_price_micro=m.reference_price_micro,
        bounds=from_ApprovalBounds(m.bounds),
        binding_limit=m.binding_limit,
        reserved_micro=m.reserved_micro,
    )


def to_CancelOrder(v):
    return pb.CancelOrder(
        order_hash=v.order_hash,
        market_id=v.market_id,
        account_id=v.account_id,
    )


def from_CancelOrder(m):
    return CancelOrder(
        order_hash=m.order_hash,
        market_id=m.market_id,
        account_id=m.account_id,
    )


def to_CircuitBreakerTripped(v):
    return pb.CircuitBreakerTripped(
        account_id=v.account_id,
        loss_micro=v.loss_micro,
        threshold_micro=v.threshold_micro,
        stale_marks=v.stale_marks,
    )


def from_CircuitBreakerTripped(m):
    return CircuitBreakerTripped(
        account_id=m.account_id,
        loss_micro=m.loss_micro,
        threshold_micro=m.threshold_micro,
        stale_marks=m.stale_marks,
    )


def to_CopySignal(v):
    return pb.CopySignal(
        wallet=v.wallet,
        kind=v.kind,
        market_id=v.market_id,
        token_id=v.token_id,
        event_group_id=v.event_group_id,
        side=v.side,
        leader_price_micro=v.leader_price_micro,
        leader_size_micro=v.leader_size_micro,
        reference_price_micro=v.reference_price_micro,
        edge_micro=v.edge_micro,
        exit_size_micro=v.exit_size_micro,
    )


def from_CopySignal(m):
    return CopySignal(
        wallet=m.wallet,
        kind=m.kind,
        market_id=m.market_id,
        token_id=m.token_id,
        event_group_id=m.event_group_id,
        side=m.side,
        leader_price_micro=m.leader_price_micro,
        leader_size_micro=m.leader_size_micro,
        reference_price_micro=m.reference_price_micro,
        edge_micro=m.edge_micro,
        exit_size_micro=m.exit_size_micro,
    )


def to_DeadLetter(v):
    return pb.DeadLetter(
        source=v.source,
        reason=v.reason,
        detail=v.detail,
        size_bytes=v.size_bytes,
        content_sha256=v.content_sha256,
        head=v.head,
    )


def from_DeadLetter(m):
    return DeadLetter(
        source=m.source,
        reason=m.reason,
        detail=m.detail,
        size_bytes=m.size_bytes,
        content_sha256=m.content_sha256,
        head=m.head,
    )


def to_EmergencyDeRisk(v):
    return pb.EmergencyDeRisk(
        account_id=v.account_id,
        reason=v.reason,
        drawdown_micro=v.drawdown_micro,
        fraction_micro=v.fraction_micro,
    )


def from_EmergencyDeRisk(m):
    return EmergencyDeRisk(
        account_id=m.account_id,
        reason=m.reason,
        drawdown_micro=m.drawdown_micro,
        fraction_micro=m.fraction_micro,
    )


def to_ExecutionError(v):
    return pb.ExecutionError(
        account_id=v.account_id,
        approval_id=v.approval_id,
        order_hash=v.order_hash,
        market_id=v.market_id,
        reason=v.reason,
    )


def from_ExecutionError(m):
    return ExecutionError(
        account_id=m.account_id,
        approval_id=m.approval_id,
        order_hash=m.order_hash,
        market_id=m.market_id,
        reason=m.reason,
    )


def to_FunnelStep(v):
    return pb.FunnelStep(
        kind=v.kind,
        step=v.step,
        count=v.count,
    )


def from_FunnelStep(m):
    return FunnelStep(
        kind=m.kind,
        step=m.step,
        count=m.count,
    )


def to_KillSwitchThrown(v):
    return pb.KillSwitchThrown(
        account_id=v.account_id,
        reason=v.reason,
    )


def from_KillSwitchThrown(m):
    return KillSwitchThrown(
        account_id=m.account_id,
        reason=m.reason,
    )


def to_LeaderAttribution(v):
    return pb.LeaderAttribution(
        wallet=v.wallet,
        kind=v.kind,
        realised_micro=v.realised_micro,
        marked_micro=v.marked_micro,
        fees_micro=v.fees_micro,
        n_fills=v.n_fills,
        n_closed=v.n_closed,
        n_won=v.n_won,
    )


def from_LeaderAttribution(m):
    return LeaderAttribution(
        wallet=m.wallet,
        kind=m.kind,
        realised_micro=m.realised_micro,
        marked_micro=m.marked_micro,
        fees_micro=m.fees_micro,
        n_fills=m.n_fills,
        n_closed=m.n_closed,
        n_won=m.n_won,
    )


def to_LeaderOutcomes(v):
    return pb.LeaderOutcomes(
        wallet=v.wallet,
        kind=v.kind,
        outcomes=[to_SettledOutcome(x) for x in v.outcomes],
        n_untold=v.n_untold,
    )


def from_LeaderOutcomes(m):
    return LeaderOutcomes(
        wallet=m.wallet,
        kind=m.kind,
        outcomes=tuple([from_SettledOutcome(x) for x in m.outcomes]),
        n_untold=m.n_untold,
    )


def to_LeaderScore(v):
    return pb.LeaderScore(
        wallet=v.wallet,
        kind=v.kind,
        verdict=v.verdict,
        n_bets=v.n_bets,
        n_groups=v.n_groups,
        edge_micro=v.edge_micro,
        edge_lower_micro=v.edge_lower_micro,
        edge_upper_micro=v.edge_upper_micro,
        edge_shrunk_micro=v.edge_shrunk_micro,
        psr_micro=v.psr_micro,
        rank=v.rank,
        weight_micro=v.weight_micro,
    )


def from_LeaderScore(m):
    given = dict(
        wallet=m.wallet,
        kind=m.kind,
        verdict=m.verdict,
        n_bets=m.n_bets,
        n_groups=m.n_groups,
        edge_micro=m.edge_micro,
        edge_lower_micro=m.edge_lower_micro,
        edge_upper_micro=m.edge_upper_micro,
        edge_shrunk_micro=m.edge_shrunk_micro,
        psr_micro=m.psr_micro,
        rank=m.rank,
    )
    if m.HasField("weight_micro"):
        given["weight_micro"] = m.weight_micro
    return LeaderScore(**given)


def to_MarketDataUpdate(v):
    return pb.MarketDataUpdate(
        market_id=v.market_id,
        token_id=v.token_id,
        outcome_index=v.outcome_index,
        price_micro=v.price_micro,
        bid_micro=v.bid_micro,
        ask_micro=v.ask_micro,
        bid_size_micro=v.bid_size_micro,
        ask_size_micro=v.ask_size_micro,
        quote_assumed=v.quote_assumed,
        print_wallet=v.print_wallet,
        terms=to_MarketTerms(v.terms),
        segment_id=v.segment_id,
        row=v.row,
    )


def from_MarketDataUpdate(m):
    if not m.HasField("terms"):
        raise ValueError("terms is missing")
    return MarketDataUpdate(
        market_id=m.market_id,
        token_id=m.token_id,
        outcome_index=m.outcome_index,
        price_micro=m.price_micro,
        bid_micro=m.bid_micro,
        ask_micro=m.ask_micro,
        bid_size_micro=m.bid_size_micro,
        ask_size_micro=m.ask_size_micro,
        quote_assumed=m.quote_assumed,
        print_wallet=m.print_wallet,
        terms=from_MarketTerms(m.terms),
        segment_id=m.segment_id,
        row=m.row,
    )


def to_MarketRegimeChange(v):
    return pb.MarketRegimeChange(
        market_id=v.market_id,
        regime=v.regime,
        previous=v.previous,
        statistic_micro=v.statistic_micro,
    )


def from_MarketRegimeChange(m):
    return MarketRegimeChange(
        market_id=m.market_id,
        regime=m.regime,
        previous=m.previous,
        statistic_micro=m.statistic_micro,
    )


def to_MarketResolved(v):
    return pb.MarketResolved(
        market_id=v.market_id,
        event_group_id=v.event_group_id,
        token_ids=v.token_ids,
        payouts_micro=v.payouts_micro,
    )


def from_MarketResolved(m):
    return MarketResolved(
        market_id=m.market_id,
        event_group_id=m.event_group_id,
        token_ids=tuple(m.token_ids),
        payouts_micro=tuple(m.payouts_micro),
    )


def to_MarketTerms(v):
    return pb.MarketTerms(
        event_group_id=v.event_group_id,
        token_ids=v.token_ids,
        category=v.category,
        market_version=v.market_version,
        neg_risk=v.neg_risk,
        tick_micro=v.tick_micro,
        min_order_micro=v.min_order_micro,
        fee_rate_micro=v.fee_rate_micro,
        fee_exponent=v.fee_exponent,
        fee_times_price=v.fee_times_price,
        fee_provenance=v.fee_provenance,
        end_ts=v.end_ts,
    )


def from_MarketTerms(m):
    return MarketTerms(
        event_group_id=m.event_group_id,
        token_ids=tuple(m.token_ids),
        category=m.category,
        market_version=m.market_version,
        neg_risk=m.neg_risk,
        tick_micro=m.tick_micro,
        min_order_micro=m.min_order_micro,
        fee_rate_micro=m.fee_rate_micro,
        fee_exponent=m.fee_exponent,
        fee_times_price=m.fee_times_price,
        fee_provenance=m.fee_provenance,
        end_ts=m.end_ts,
    )


def to_MergePositions(v):
    return pb.MergePositions(
        account_id=v.account_id,
        market_id=v.market_id,
        token_ids=v.token_ids,
        size_micro=v.size_micro,
    )


def from_MergePositions(m):
    return MergePositions(
        account_id=m.account_id,
        market_id=m.market_id,
        token_ids=tuple(m.token_ids),
        size_micro=m.size_micro,
    )


def to_NodeResult(v):
    return pb.NodeResult(
        node=v.node,
        outcome=v.outcome,
        reason=v.reason,
        multiplier_micro=v.multiplier_micro,
    )


def from_NodeResult(m):
    return NodeResult(
        node=m.node,
        outcome=m.outcome,
        reason=m.reason,
        multiplier_micro=m.multiplier_micro,
    )


def to_OperatorCommand(v):
    return pb.OperatorCommand(
        account_id=v.account_id,
        command=v.command,
        argument=v.argument,
        operator=v.operator,
    )


def from_OperatorCommand(m):
    return OperatorCommand(
        account_id=m.account_id,
        command=m.command,
        argument=m.argument,
        operator=m.operator,
    )


def to_OrchestratorDecision(v):
    return pb.OrchestratorDecision(
        graph_id=v.graph_id,
        kind=v.kind,
        account_id=v.account_id,
        market_id=v.market_id,
        reason=v.reason,
        multiplier_micro=v.multiplier_micro,
        nodes=[to_NodeResult(x) for x in v.nodes],
    )


def from_OrchestratorDecision(m):
    return OrchestratorDecision(
        graph_id=m.graph_id,
        kind=m.kind,
        account_id=m.account_id,
        market_id=m.market_id,
        reason=m.reason,
        multiplier_micro=m.multiplier_micro,
        nodes=tuple([from_NodeResult(x) for x in m.nodes]),
    )


def to_OrderCancelled(v):
    return pb.OrderCancelled(
        account_id=v.account_id,
        order_hash=v.order_hash,
        approval_id=v.approval_id,
        market_id=v.market_id,
        token_id=v.token_id,
        filled_micro=v.filled_micro,
        reason=v.reason,
    )


def from_OrderCancelled(m):
    return OrderCancelled(
        account_id=m.account_id,
        order_hash=m.order_hash,
        approval_id=m.approval_id,
        market_id=m.market_id,
        token_id=m.token_id,
        filled_micro=m.filled_micro,
        reason=m.reason,
    )


def to_OrderFilled(v):
    return pb.OrderFilled(
        account_id=v.account_id,
        order_hash=v.order_hash,
        approval_id=v.approval_id,
        trade_id=v.trade_id,
        wallet=v.wallet,
        kind=v.kind,
        market_id=v.market_id,
        token_id=v.token_id,
        event_group_id=v.event_group_id,
        side=v.side,
        price_micro=v.price_micro,
        size_micro=v.size_micro,
        fee_micro=v.fee_micro,
        role=v.role,
        reference_price_micro=v.reference_price_micro,
        final=v.final,
    )


def from_OrderFilled(m):
    return OrderFilled(
        account_id=m.account_id,
        order_hash=m.order_hash,
        approval_id=m.approval_id,
        trade_id=m.trade_id,
        wallet=m.wallet,
        kind=m.kind,
        market_id=m.market_id,
        token_id=m.token_id,
        event_group_id=m.event_group_id,
        side=m.side,
        price_micro=m.price_micro,
        size_micro=m.size_micro,
        fee_micro=m.fee_micro,
        role=m.role,
        reference_price_micro=m.reference_price_micro,
        final=m.final,
    )


def to_OrderOrigin(v):
    return pb.OrderOrigin(
        account_id=v.account_id,
        approval_id=v.approval_id,
        wallet=v.wallet,
        kind=v.kind,
        reduce_only=v.reduce_only,
    )


def from_OrderOrigin(m):
    return OrderOrigin(
        account_id=m.account_id,
        approval_id=m.approval_id,
        wallet=m.wallet,
        kind=m.kind,
        reduce_only=m.reduce_only,
    )


def to_OrderOutcomeUnknown(v):
    return pb.OrderOutcomeUnknown(
        account_id=v.account_id,
        order_hash=v.order_hash,
        approval_id=v.approval_id,
        market_id=v.market_id,
        token_id=v.token_id,
        asked=v.asked,
    )


def from_OrderOutcomeUnknown(m):
    return OrderOutcomeUnknown(
        account_id=m.account_id,
        order_hash=m.order_hash,
        approval_id=m.approval_id,
        market_id=m.market_id,
        token_id=m.token_id,
        asked=m.asked,
    )


def to_OrderRejected(v):
    return pb.OrderRejected(
        account_id=v.account_id,
        order_hash=v.order_hash,
        approval_id=v.approval_id,
        market_id=v.market_id,
        token_id=v.token_id,
        reason=v.reason,
    )


def from_OrderRejected(m):
    return OrderRejected(
        account_id=m.account_id,
        order_hash=m.order_hash,
        approval_id=m.approval_id,
        market_id=m.market_id,
        token_id=m.token_id,
        reason=m.reason,
    )


def to_OrderReport(v):
    return pb.OrderReport(
        account_id=v.account_id,
        order_hash=v.order_hash,
        market_id=v.market_id,
        token_id=v.token_id,
        kind=v.kind,
        exchange_event_id=v.exchange_event_id,
        trade_id=v.trade_id,
        price_micro=v.price_micro,
        size_micro=v.size_micro,
        fee_micro=v.fee_micro,
        role=v.role,
        cash_micro=v.cash_micro,
        reason=v.reason,
    )


def from_OrderReport(m):
    return OrderReport(
        account_id=m.account_id,
        order_hash=m.order_hash,
        market_id=m.market_id,
        token_id=m.token_id,
        kind=m.kind,
        exchange_event_id=m.exchange_event_id,
        trade_id=m.trade_id,
        price_micro=m.price_micro,
        size_micro=m.size_micro,
        fee_micro=m.fee_micro,
        role=m.role,
        cash_micro=m.cash_micro,
        reason=m.reason,
    )


def to_OrderSubmitted(v):
    return pb.OrderSubmitted(
        account_id=v.account_id,
        order_hash=v.order_hash,
        approval_id=v.approval_id,
        market_id=v.market_id,
        token_id=v.token_id,
    )


def from_OrderSubmitted(m):
    return OrderSubmitted(
        account_id=m.account_id,
        order_hash=m.order_hash,
        approval_id=m.approval_id,
        market_id=m.market_id,
        token_id=m.token_id,
    )


def to_PortfolioAttribution(v):
    return pb.PortfolioAttribution(
        account_id=v.account_id,
        equity_micro=v.equity_micro,
        cash_micro=v.cash_micro,
        positions_micro=v.positions_micro,
        realised_micro=v.realised_micro,
        fees_micro=v.fees_micro,
        open_positions=v.open_positions,
        high_water_micro=v.high_water_micro,
        leaders=[to_LeaderAttribution(x) for x in v.leaders],
    )


def from_PortfolioAttribution(m):
    return PortfolioAttribution(
        account_id=m.account_id,
        equity_micro=m.equity_micro,
        cash_micro=m.cash_micro,
        positions_micro=m.positions_micro,
        realised_micro=m.realised_micro,
        fees_micro=m.fees_micro,
        open_positions=m.open_positions,
        high_water_micro=m.high_water_micro,
        leaders=tuple([from_LeaderAttribution(x) for x in m.leaders]),
    )


def to_RebalancingRecommendation(v):
    return pb.RebalancingRecommendation(
        account_id=v.account_id,
        wallet=v.wallet,
        kind=v.kind,
        action=v.action,
        realised_micro=v.realised_micro,
        n_closed=v.n_closed,
    )


def from_RebalancingRecommendation(m):
    return RebalancingRecommendation(
        account_id=m.account_id,
        wallet=m.wallet,
        kind=m.kind,
        action=m.action,
        realised_micro=m.realised_micro,
        n_closed=m.n_closed,
    )


def to_RedeemPosition(v):
    return pb.RedeemPosition(
        account_id=v.account_id,
        market_id=v.market_id,
        token_id=v.token_id,
        size_micro=v.size_micro,
        payout_micro=v.payout_micro,
    )


def from_RedeemPosition(m):
    return RedeemPosition(
        account_id=m.account_id,
        market_id=m.market_id,
        token_id=m.token_id,
        size_micro=m.size_micro,
        payout_micro=m.payout_micro,
    )


def to_RejectedTrade(v):
    return pb.RejectedTrade(
        account_id=v.account_id,
        proposal_id=v.proposal_id,
        wallet=v.wallet,
        kind=v.kind,
        market_id=v.market_id,
        token_id=v.token_id,
        side=v.side,
        reasons=v.reasons,
    )


def from_RejectedTrade(m):
    return RejectedTrade(
        account_id=m.account_id,
        proposal_id=m.proposal_id,
        wallet=m.wallet,
        kind=m.kind,
        market_id=m.market_id,
        token_id=m.token_id,
        side=m.side,
        reasons=tuple(m.reasons),
    )


def to_ReservationReleased(v):
    return pb.ReservationReleased(
        account_id=v.account_id,
        approval_id=v.approval_id,
        released_micro=v.released_micro,
    )


def from_ReservationReleased(m):
    return ReservationReleased(
        account_id=m.account_id,
        approval_id=m.approval_id,
        released_micro=m.released_micro,
    )


def to_RiskAlert(v):
    return pb.RiskAlert(
        account_id=v.account_id,
        limit=v.limit,
        value_micro=v.value_micro,
        threshold_micro=v.threshold_micro,
    )


def from_RiskAlert(m):
    return RiskAlert(
        account_id=m.account_id,
        limit=m.limit,
        value_micro=m.value_micro,
        threshold_micro=m.threshold_micro,
    )


def to_RunMarked(v):
    return pb.RunMarked(
        source=v.source,
        event=v.event,
        detail=v.detail,
    )


def from_RunMarked(m):
    return RunMarked(
        source=m.source,
        event=m.event,
        detail=m.detail,
    )


def to_ScanUniverse(v):
    return pb.ScanUniverse(
        as_of_ts=v.as_of_ts,
        since_ts=v.since_ts,
        followed=v.followed,
    )


def from_ScanUniverse(m):
    given = dict(
        as_of_ts=m.as_of_ts,
        followed=tuple(m.followed),
    )
    if m.HasField("since_ts"):
        given["since_ts"] = m.since_ts
    return ScanUniverse(**given)


def to_ScheduleTimer(v):
    return pb.ScheduleTimer(
        owner=v.owner,
        name=v.name,
        due_ts=v.due_ts,
    )


def from_ScheduleTimer(m):
    return ScheduleTimer(
        owner=m.owner,
        name=m.name,
        due_ts=m.due_ts,
    )


def to_SegmentSealed(v):
    return pb.SegmentSealed(
        segment_id=v.segment_id,
        source=v.source,
        sha256=v.sha256,
        first_row=v.first_row,
        rows=v.rows,
        first_ts=v.first_ts,
        last_ts=v.last_ts,
    )


def from_SegmentSealed(m):
    return SegmentSealed(
        segment_id=m.segment_id,
        source=m.source,
        sha256=m.sha256,
        first_row=m.first_row,
        rows=m.rows,
        first_ts=m.first_ts,
        last_ts=m.last_ts,
    )


def to_SettledOutcome(v):
    return pb.SettledOutcome(
        event_group_id=v.event_group_id,
        settled_ts=v.settled_ts,
        n_bets=v.n_bets,
        edge_micro=v.edge_micro,
        cost_micro=v.cost_micro,
    )


def from_SettledOutcome(m):
    return SettledOutcome(
        event_group_id=m.event_group_id,
        settled_ts=m.settled_ts,
        n_bets=m.n_bets,
        edge_micro=m.edge_micro,
        cost_micro=m.cost_micro,
    )


def to_SettlementUpdated(v):
    return pb.SettlementUpdated(
        account_id=v.account_id,
        order_hash=v.order_hash,
        trade_id=v.trade_id,
        market_id=v.market_id,
        token_id=v.token_id,
        status=v.status,
        size_micro=v.size_micro,
        cash_micro=v.cash_micro,
    )


def from_SettlementUpdated(m):
    return SettlementUpdated(
        account_id=m.account_id,
        order_hash=m.order_hash,
        trade_id=m.trade_id,
        market_id=m.market_id,
        token_id=m.token_id,
        status=m.status,
        size_micro=m.size_micro,
        cash_micro=m.cash_micro,
    )


def to_SignalSkipped(v):
    return pb.SignalSkipped(
        wallet=v.wallet,
        kind=v.kind,
        market_id=v.market_id,
        token_id=v.token_id,
        side=v.side,
        reason=v.reason,
        price_micro=v.price_micro,
        edge_micro=v.edge_micro,
    )


def from_SignalSkipped(m):
    return SignalSkipped(
        wallet=m.wallet,
        kind=m.kind,
        market_id=m.market_id,
        token_id=m.token_id,
        side=m.side,
        reason=m.reason,
        price_micro=m.price_micro,
        edge_micro=m.edge_micro,
    )


def to_SubmitOrder(v):
    return pb.SubmitOrder(
        order_hash=v.order_hash,
        origin=to_OrderOrigin(v.origin),
        child=v.child,
        market_id=v.market_id,
        token_id=v.token_id,
        side=v.side,
        order_type=v.order_type,
        post_only=v.post_only,
        price_micro=v.price_micro,
        size_micro=v.size_micro,
        maker_amount=v.maker_amount,
        taker_amount=v.taker_amount,
        salt=v.salt,
        timestamp_ms=v.timestamp_ms,
        expiration_s=v.expiration_s,
        metadata=v.metadata,
        maker=v.maker,
        signer=v.signer,
        signature_type=v.signature_type,
        neg_risk=v.neg_risk,
        arrive_ts=v.arrive_ts,
    )


def from_SubmitOrder(m):
    if not m.HasField("origin"):
        raise ValueError("origin is missing")
    return SubmitOrder(
        order_hash=m.order_hash,
        origin=from_OrderOrigin(m.origin),
        child=m.child,
        market_id=m.market_id,
        token_id=m.token_id,
        side=m.side,
        order_type=m.order_type,
        post_only=m.post_only,
        price_micro=m.price_micro,
        size_micro=m.size_micro,
        maker_amount=m.maker_amount,
        taker_amount=m.taker_amount,
        salt=m.salt,
        timestamp_ms=m.timestamp_ms,
        expiration_s=m.expiration_s,
        metadata=m.metadata,
        maker=m.maker,
        signer=m.signer,
        signature_type=m.signature_type,
        neg_risk=m.neg_risk,
        arrive_ts=m.arrive_ts,
    )


def to_TaskAssigned(v):
    return pb.TaskAssigned(
        graph_id=v.graph_id,
        node=v.node,
        agent=v.agent,
        timeout_s=v.timeout_s,
    )


def from_TaskAssigned(m):
    return TaskAssigned(
        graph_id=m.graph_id,
        node=m.node,
        agent=m.agent,
        timeout_s=m.timeout_s,
    )


def to_TaskCompleted(v):
    return pb.TaskCompleted(
        graph_id=v.graph_id,
        node=v.node,
        outcome=v.outcome,
        reason=v.reason,
        multiplier_micro=v.multiplier_micro,
    )


def from_TaskCompleted(m):
    return TaskCompleted(
        graph_id=m.graph_id,
        node=m.node,
        outcome=m.outcome,
        reason=m.reason,
        multiplier_micro=m.multiplier_micro,
    )


def to_TimerFired(v):
    return pb.TimerFired(
        owner=v.owner,
        name=v.name,
        due_ts=v.due_ts,
    )


def from_TimerFired(m):
    return TimerFired(
        owner=m.owner,
        name=m.name,
        due_ts=m.due_ts,
    )


def to_TradeProposal(v):
    return pb.TradeProposal(
        account_id=v.account_id,
        wallet=v.wallet,
        kind=v.kind,
        market_id=v.market_id,
        token_id=v.token_id,
        event_group_id=v.event_group_id,
        side=v.side,
        reduce_only=v.reduce_only,
        reference_price_micro=v.reference_price_micro,
        limit_price_micro=v.limit_price_micro,
        edge_micro=v.edge_micro,
        desired_size_micro=v.desired_size_micro,
        size_multiplier_micro=v.size_multiplier_micro,
        signal_id=v.signal_id,
        expires_ts=v.expires_ts,
    )


def from_TradeProposal(m):
    return TradeProposal(
        account_id=m.account_id,
        wallet=m.wallet,
        kind=m.kind,
        market_id=m.market_id,
        token_id=m.token_id,
        event_group_id=m.event_group_id,
        side=m.side,
        reduce_only=m.reduce_only,
        reference_price_micro=m.reference_price_micro,
        limit_price_micro=m.limit_price_micro,
        edge_micro=m.edge_micro,
        desired_size_micro=m.desired_size_micro,
        size_multiplier_micro=m.size_multiplier_micro,
        signal_id=m.signal_id,
        expires_ts=m.expires_ts,
    )


def to_TradingStateChanged(v):
    return pb.TradingStateChanged(
        account_id=v.account_id,
        state=v.state,
        previous=v.previous,
        reason=v.reason,
    )


def from_TradingStateChanged(m):
    return TradingStateChanged(
        account_id=m.account_id,
        state=m.state,
        previous=m.previous,
        reason=m.reason,
    )


def to_UniverseScanned(v):
    return pb.UniverseScanned(
        as_of_ts=v.as_of_ts,
        source=v.source,
        n_wallets=v.n_wallets,
        n_qualified=v.n_qualified,
        scores=[to_LeaderScore(x) for x in v.scores],
        funnel=[to_FunnelStep(x) for x in v.funnel],
        since_ts=v.since_ts,
        settled=[to_LeaderOutcomes(x) for x in v.settled],
    )


def from_UniverseScanned(m):
    given = dict(
        as_of_ts=m.as_of_ts,
        source=m.source,
        n_wallets=m.n_wallets,
        n_qualified=m.n_qualified,
        scores=tuple([from_LeaderScore(x) for x in m.scores]),
        funnel=tuple([from_FunnelStep(x) for x in m.funnel]),
        settled=tuple([from_LeaderOutcomes(x) for x in m.settled]),
    )
    if m.HasField("since_ts"):
        given["since_ts"] = m.since_ts
    return UniverseScanned(**given)


def to_WhaleDiscovered(v):
    return pb.WhaleDiscovered(
        wallet=v.wallet,
        kind=v.kind,
        score=to_LeaderScore(v.score),
        as_of_ts=v.as_of_ts,
    )


def from_WhaleDiscovered(m):
    if not m.HasField("score"):
        raise ValueError("score is missing")
    return WhaleDiscovered(
        wallet=m.wallet,
        kind=m.kind,
        score=from_LeaderScore(m.score),
        as_of_ts=m.as_of_ts,
    )


def to_WhalePositionChanged(v):
    return pb.WhalePositionChanged(
        kind=v.kind,
        wallet=v.wallet,
        market_id=v.market_id,
        token_id=v.token_id,
        outcome_index=v.outcome_index,
        change=v.change,
        side=v.side,
        size_micro=v.size_micro,
        tx_hash=v.tx_hash,
        segment_id=v.segment_id,
        row=v.row,
    )


def from_WhalePositionChanged(m):
    return WhalePositionChanged(
        kind=m.kind,
        wallet=m.wallet,
        market_id=m.market_id,
        token_id=m.token_id,
        outcome_index=m.outcome_index,
        change=m.change,
        side=m.side,
        size_micro=m.size_micro,
        tx_hash=m.tx_hash,
        segment_id=m.segment_id,
        row=m.row,
    )


def to_WhalePruned(v):
    return pb.WhalePruned(
        wallet=v.wallet,
        kind=v.kind,
        reason=v.reason,
        as_of_ts=v.as_of_ts,
    )


def from_WhalePruned(m):
    return WhalePruned(
        wallet=m.wallet,
        kind=m.kind,
        reason=m.reason,
        as_of_ts=m.as_of_ts,
    )


def to_WhaleScoreUpdated(v):
    return pb.WhaleScoreUpdated(
        wallet=v.wallet,
        kind=v.kind,
        score=to_LeaderScore(v.score),
        as_of_ts=v.as_of_ts,
    )


def from_WhaleScoreUpdated(m):
    if not m.HasField("score"):
        raise ValueError("score is missing")
    return WhaleScoreUpdated(
        wallet=m.wallet,
        kind=m.kind,
        score=from_LeaderScore(m.score),
        as_of_ts=m.as_of_ts,
    )


def to_WhaleTradeObserved(v):
    return pb.WhaleTradeObserved(
        kind=v.kind,
        wallet=v.wallet,
        market_id=v.market_id,
        token_id=v.token_id,
        outcome_index=v.outcome_index,
        side=v.side,
        role=v.role,
        price_micro=v.price_micro,
        size_micro=v.size_micro,
        tx_hash=v.tx_hash,
        prev_seen_ts=v.prev_seen_ts,
        segment_id=v.segment_id,
        row=v.row,
    )


def from_WhaleTradeObserved(m):
    return WhaleTradeObserved(
        kind=m.kind,
        wallet=m.wallet,
        market_id=m.market_id,
        token_id=m.token_id,
        outcome_index=m.outcome_index,
        side=m.side,
        role=m.role,
        price_micro=m.price_micro,
        size_micro=m.size_micro,
        tx_hash=m.tx_hash,
        prev_seen_ts=m.prev_seen_ts,
        segment_id=m.segment_id,
        row=m.row,
    )


ENCODE: dict[tuple[str, int], Callable[[Any], bytes]] = {
    ("AgentHealthAlert", 1): lambda v: to_AgentHealthAlert(v).SerializeToString(),
    ("AgentHeartbeat", 1): lambda v: to_AgentHeartbeat(v).SerializeToString(),
    ("AnomalyAlert", 1): lambda v: to_AnomalyAlert(v).SerializeToString(),
    ("ApprovedTrade", 1): lambda v: to_ApprovedTrade(v).SerializeToString(),
    ("CancelOrder", 1): lambda v: to_CancelOrder(v).SerializeToString(),
    ("CircuitBreakerTripped", 1): lambda v: to_CircuitBreakerTripped(v).SerializeToString(),
    ("CopySignal", 1): lambda v: to_CopySignal(v).SerializeToString(),
    ("DeadLetter", 1): lambda v: to_DeadLetter(v).SerializeToString(),
    ("EmergencyDeRisk", 1): lambda v: to_EmergencyDeRisk(v).SerializeToString(),
    ("ExecutionError", 1): lambda v: to_ExecutionError(v).SerializeToString(),
    ("KillSwitchThrown", 1): lambda v: to_KillSwitchThrown(v).SerializeToString(),
    ("MarketDataUpdate", 1): lambda v: to_MarketDataUpdate(v).SerializeToString(),
    ("MarketRegimeChange", 1): lambda v: to_MarketRegimeChange(v).SerializeToString(),
    ("MarketResolved", 1): lambda v: to_MarketResolved(v).SerializeToString(),
    ("MergePositions", 1): lambda v: to_MergePositions(v).SerializeToString(),
    ("OperatorCommand", 1): lambda v: to_OperatorCommand(v).SerializeToString(),
    ("OrchestratorDecision", 1): lambda v: to_OrchestratorDecision(v).SerializeToString(),
    ("OrderCancelled", 1): lambda v: to_OrderCancelled(v).SerializeToString(),
    ("OrderFilled", 1): lambda v: to_OrderFilled(v).SerializeToString(),
    ("OrderOutcomeUnknown", 1): lambda v: to_OrderOutcomeUnknown(v).SerializeToString(),
    ("OrderRejected", 1): lambda v: to_OrderRejected(v).SerializeToString(),
    ("OrderReport", 1): lambda v: to_OrderReport(v).SerializeToString(),
    ("OrderSubmitted", 1): lambda v: to_OrderSubmitted(v).SerializeToString(),
    ("PortfolioAttribution", 1): lambda v: to_PortfolioAttribution(v).SerializeToString(),
    ("RebalancingRecommendation", 1): lambda v: to_RebalancingRecommendation(v).SerializeToString(),
    ("RedeemPosition", 1): lambda v: to_RedeemPosition(v).SerializeToString(),
    ("RejectedTrade", 1): lambda v: to_RejectedTrade(v).SerializeToString(),
    ("ReservationReleased", 1): lambda v: to_ReservationReleased(v).SerializeToString(),
    ("RiskAlert", 1): lambda v: to_RiskAlert(v).SerializeToString(),
    ("RunMarked", 1): lambda v: to_RunMarked(v).SerializeToString(),
    ("ScanUniverse", 1): lambda v: to_ScanUniverse(v).SerializeToString(),
    ("ScheduleTimer", 1): lambda v: to_ScheduleTimer(v).SerializeToString(),
    ("SegmentSealed", 1): lambda v: to_SegmentSealed(v).SerializeToString(),
    ("SettlementUpdated", 1): lambda v: to_SettlementUpdated(v).SerializeToString(),
    ("SignalSkipped", 1): lambda v: to_SignalSkipped(v).SerializeToString(),
    ("SubmitOrder", 1): lambda v: to_SubmitOrder(v).SerializeToString(),
    ("TaskAssigned", 1): lambda v: to_TaskAssigned(v).SerializeToString(),
    ("TaskCompleted", 1): lambda v: to_TaskCompleted(v).SerializeToString(),
    ("TimerFired", 1): lambda v: to_TimerFired(v).SerializeToString(),
    ("TradeProposal", 1): lambda v: to_TradeProposal(v).SerializeToString(),
    ("TradingStateChanged", 1): lambda v: to_TradingStateChanged(v).SerializeToString(),
    ("UniverseScanned", 1): lambda v: to_UniverseScanned(v).SerializeToString(),
    ("WhaleDiscovered", 1): lambda v: to_WhaleDiscovered(v).SerializeToString(),
    ("WhalePositionChanged", 1): lambda v: to_WhalePositionChanged(v).SerializeToString(),
    ("WhalePruned", 1): lambda v: to_WhalePruned(v).SerializeToString(),
    ("WhaleScoreUpdated", 1): lambda v: to_WhaleScoreUpdated(v).SerializeToString(),
    ("WhaleTradeObserved", 1): lambda v: to_WhaleTradeObserved(v).SerializeToString(),
}

DECODE: dict[tuple[str, int], Callable[[bytes], Any]] = {
    ("AgentHealthAlert", 1): lambda b: from_AgentHealthAlert(pb.AgentHealthAlert.FromString(b)),
    ("AgentHeartbeat", 1): lambda b: from_AgentHeartbeat(pb.AgentHeartbeat.FromString(b)),
    ("AnomalyAlert", 1): lambda b: from_AnomalyAlert(pb.AnomalyAlert.FromString(b)),
    ("ApprovedTrade", 1): lambda b: from_ApprovedTrade(pb.ApprovedTrade.FromString(b)),
    ("CancelOrder", 1): lambda b: from_CancelOrder(pb.CancelOrder.FromString(b)),
    ("CircuitBreakerTripped", 1): lambda b: from_CircuitBreakerTripped(pb.CircuitBreakerTripped.FromString(b)),
    ("CopySignal", 1): lambda b: from_CopySignal(pb.CopySignal.FromString(b)),
    ("DeadLetter", 1): lambda b: from_DeadLetter(pb.DeadLetter.FromString(b)),
    ("EmergencyDeRisk", 1): lambda b: from_EmergencyDeRisk(pb.EmergencyDeRisk.FromString(b)),
    ("ExecutionError", 1): lambda b: from_ExecutionError(pb.ExecutionError.FromString(b)),
    ("KillSwitchThrown", 1): lambda b: from_KillSwitchThrown(pb.KillSwitchThrown.FromString(b)),
    ("MarketDataUpdate", 1): lambda b: from_MarketDataUpdate(pb.MarketDataUpdate.FromString(b)),
    ("MarketRegimeChange", 1): lambda b: from_MarketRegimeChange(pb.MarketRegimeChange.FromString(b)),
    ("MarketResolved", 1): lambda b: from_MarketResolved(pb.MarketResolved.FromString(b)),
    ("MergePositions", 1): lambda b: from_MergePositions(pb.MergePositions.FromString(b)),
    ("OperatorCommand", 1): lambda b: from_OperatorCommand(pb.OperatorCommand.FromString(b)),
    ("OrchestratorDecision", 1): lambda b: from_OrchestratorDecision(pb.OrchestratorDecision.FromString(b)),
    ("OrderCancelled", 1): lambda b: from_OrderCancelled(pb.OrderCancelled.FromString(b)),
    ("OrderFilled", 1): lambda b: from_OrderFilled(pb.OrderFilled.FromString(b)),
    ("OrderOutcomeUnknown", 1): lambda b: from_OrderOutcomeUnknown(pb.OrderOutcomeUnknown.FromString(b)),
    ("OrderRejected", 1): lambda b: from_OrderRejected(pb.OrderRejected.FromString(b)),
    ("OrderReport", 1): lambda b: from_OrderReport(pb.OrderReport.FromString(b)),
    ("OrderSubmitted", 1): lambda b: from_OrderSubmitted(pb.OrderSubmitted.FromString(b)),
    ("PortfolioAttribution", 1): lambda b: from_PortfolioAttribution(pb.PortfolioAttribution.FromString(b)),
    ("RebalancingRecommendation", 1): lambda b: from_RebalancingRecommendation(pb.RebalancingRecommendation.FromString(b)),
    ("RedeemPosition", 1): lambda b: from_RedeemPosition(pb.RedeemPosition.FromString(b)),
    ("RejectedTrade", 1): lambda b: from_RejectedTrade(pb.RejectedTrade.FromString(b)),
    ("ReservationReleased", 1): lambda b: from_ReservationReleased(pb.ReservationReleased.FromString(b)),
    ("RiskAlert", 1): lambda b: from_RiskAlert(pb.RiskAlert.FromString(b)),
    ("RunMarked", 1): lambda b: from_RunMarked(pb.RunMarked.FromString(b)),
    ("ScanUniverse", 1): lambda b: from_ScanUniverse(pb.ScanUniverse.FromString(b)),
    ("ScheduleTimer", 1): lambda b: from_ScheduleTimer(pb.ScheduleTimer.FromString(b)),
    ("SegmentSealed", 1): lambda b: from_SegmentSealed(pb.SegmentSealed.FromString(b)),
    ("SettlementUpdated", 1): lambda b: from_SettlementUpdated(pb.SettlementUpdated.FromString(b)),
    ("SignalSkipped", 1): lambda b: from_SignalSkipped(pb.SignalSkipped.FromString(b)),
    ("SubmitOrder", 1): lambda b: from_SubmitOrder(pb.SubmitOrder.FromString(b)),
    ("TaskAssigned", 1): lambda b: from_TaskAssigned(pb.TaskAssigned.FromString(b)),
    ("TaskCompleted", 1): lambda b: from_TaskCompleted(pb.TaskCompleted.FromString(b)),
    ("TimerFired", 1): lambda b: from_TimerFired(pb.TimerFired.FromString(b)),
    ("TradeProposal", 1): lambda b: from_TradeProposal(pb.TradeProposal.FromString(b)),
    ("TradingStateChanged", 1): lambda b: from_TradingStateChanged(pb.TradingStateChanged.FromString(b)),
    ("UniverseScanned", 1): lambda b: from_UniverseScanned(pb.UniverseScanned.FromString(b)),
    ("WhaleDiscovered", 1): lambda b: from_WhaleDiscovered(pb.WhaleDiscovered.FromString(b)),
    ("WhalePositionChanged", 1): lambda b: from_WhalePositionChanged(pb.WhalePositionChanged.FromString(b)),
    ("WhalePruned", 1): lambda b: from_WhalePruned(pb.WhalePruned.FromString(b)),
    ("WhaleScoreUpdated", 1): lambda b: from_WhaleScoreUpdated(pb.WhaleScoreUpdated.FromString(b)),
    ("WhaleTradeObserved", 1): lambda b: from_WhaleTradeObserved(pb.WhaleTradeObserved.FromString(b)),
}
