"""Market intelligence: alerts on unusual leader trades, price jumps and churn, and each market's regime.

Each alert stands for a while; a second one of the same kind and market, no more severe, is not said meanwhile. All
baselines exclude what they judge. It stops nothing itself: the orchestrator's task graph does.
"""

from collections.abc import Sequence

import msgspec

from whaletrader.agents.base import AgentState
from whaletrader.agents.bounded import remember
from whaletrader.config.tree import Settings
from whaletrader.domain.anomaly import Baseline, Severity, absorb, severity_of, z_micro
from whaletrader.domain.regime import WINDOW, Regime, classify
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.messages.envelope import Message, Payload, Publisher
from whaletrader.messages.intelligence import AnomalyAlert, MarketRegimeChange
from whaletrader.messages.market import MarketDataUpdate, MarketResolved, WhaleTradeObserved

MAX_MARKETS = 5_000
"""Markets remembered; the one that was quiet longest goes first."""
ALERT_STANDS_NS = 3_600 * NANOS
"""How long an alert stands."""
MAX_ALERTS_PER_WINDOW = 60
"""More alerts than this within `ALERT_STANDS_NS`, over all markets, is a storm: only P1 is said on."""
JUMP_LEAST_MICRO = 50_000
"""A smaller move is no jump, however quiet the market was."""
MOVE_DEVIATION_MICRO, SIZE_DEVIATION_MICRO = 10_000, MICRO
"""Least standard deviations: a tick for moves, a dollar for sizes; a market that stood still knows no better."""
CHURN_WINDOW_NS = 60 * NANOS
"""A wallet that buys and sells one token, or buys both outcomes, within this time turns shares over."""
MAX_RECENT_TRADES = 16
"""Leader trades of one market that are looked at for churn."""
SPARSE_NS = 86_400 * NANOS
"""A newest print older than this makes a market illiquid."""


class RecentTrade(msgspec.Struct, frozen=True):
    """A leader's trade, for churn."""

    ts: int
    wallet: str
    token_id: str
    side: str


class WatchedMarket(msgspec.Struct):
    """What is remembered of one market; marks are prices of outcome 0."""

    sizes: Baseline = Baseline()
    moves: Baseline = Baseline()
    marks: list[int] = msgspec.field(default_factory=list)
    regime: str = Regime.UNKNOWN.value
    trades: list[RecentTrade] = msgspec.field(default_factory=list)
    alerts: dict[str, tuple[str, int]] = msgspec.field(default_factory=dict)
    """Severity and end of the alert that stands, by kind (for churn: kind and wallet)."""


class MarketIntelligenceState(AgentState, kw_only=True):
    """Every watched market, and the times of the last alerts."""

    markets: dict[str, WatchedMarket] = msgspec.field(default_factory=dict)
    alert_times: list[int] = msgspec.field(default_factory=list)


class MarketIntelligence:
    """The agent."""

    name = Publisher.MARKET_INTELLIGENCE.value
    state_version = 1
    state_type = MarketIntelligenceState
    subscribes = frozenset({"WhaleTradeObserved", "MarketDataUpdate", "MarketResolved"})

    def initial(self) -> MarketIntelligenceState:
        """Return the state before the first message."""
        return MarketIntelligenceState()

    def decide(self, state: MarketIntelligenceState, message: Message) -> Sequence[Payload]:
        """Return the alerts and the change of regime that an event or a price brings."""
        now = message.ts_init
        match message.payload:
            case WhaleTradeObserved() as trade:
                market = state.markets.get(trade.market_id) or WatchedMarket()
                found = [_unusual_size(market, trade, now), _churn(market, trade, now)]
            case MarketDataUpdate() as update:
                market = state.markets.get(update.market_id) or WatchedMarket()
                found = [_jump(market, update, now)]
            case _:
                return []
        alerts: list[Payload] = [alert for alert in found if alert and _may_be_said(state, market, alert, now)]
        if isinstance(message.payload, MarketDataUpdate):
            alerts += _regime_change(market, message.payload, message)
        return alerts

    def evolve(self, state: MarketIntelligenceState, message: Message) -> MarketIntelligenceState:
        """Fold the observation into the baselines, and our own alerts into what stands."""
        payload = message.payload
        if isinstance(payload, MarketResolved):
            state.markets.pop(payload.market_id, None)
            return state
        if not isinstance(payload, WhaleTradeObserved | MarketDataUpdate | AnomalyAlert | MarketRegimeChange):
            return state
        market = state.markets.get(payload.market_id) or WatchedMarket()
        remember(state.markets, payload.market_id, market, MAX_MARKETS)
        match payload:
            case WhaleTradeObserved() as trade:
                market.sizes = absorb(market.sizes, _notional(trade))
                recent = RecentTrade(message.ts_event, trade.wallet, trade.token_id, trade.side)
                market.trades = [*market.trades, recent][-MAX_RECENT_TRADES:]
            case MarketDataUpdate() as update:
                _mark(market, update)
            case AnomalyAlert() as alert:
                _prune_alerts(market, message.ts_init)
                market.alerts[_slot(alert)] = (alert.severity, alert.until_ts)
                state.alert_times = [*state.alert_times, message.ts_init][-MAX_ALERTS_PER_WINDOW:]
            case MarketRegimeChange(regime=regime):
                market.regime = regime
        return state


def make(settings: Settings) -> MarketIntelligence:  # noqa: ARG001 - every agent is made the same way
    """Build the agent; its bounds are this module's."""
    return MarketIntelligence()


def _notional(trade: WhaleTradeObserved) -> int:
    return trade.price_micro * trade.size_micro // MICRO


def _unusual_size(market: WatchedMarket, trade: WhaleTradeObserved, now: int) -> AnomalyAlert | None:
    value = _notional(trade)
    score = z_micro(market.sizes, value, floor_micro=SIZE_DEVIATION_MICRO)
    severity = None if score is None else severity_of(score)
    if score is None or severity is None:
        return None
    # A leader who bets big is news, not danger: size alone does not stop copying.
    severity = Severity.P2 if severity is Severity.P1 else severity
    return _alert("TRADE_SIZE", severity, trade.market_id, trade.wallet, (value, market.sizes.mean_micro, score, now))


def _jump(market: WatchedMarket, update: MarketDataUpdate, now: int) -> AnomalyAlert | None:
    if update.price_micro < 0 or not market.marks:
        return None
    move = abs(_mark_price(update) - market.marks[-1])
    score = z_micro(market.moves, move, floor_micro=MOVE_DEVIATION_MICRO)
    severity = None if score is None else severity_of(score)
    if score is None or severity is None or move < JUMP_LEAST_MICRO:
        return None
    return _alert("PRICE_JUMP", severity, update.market_id, "", (move, market.moves.mean_micro, score, now))


def _churn(market: WatchedMarket, trade: WhaleTradeObserved, now: int) -> AnomalyAlert | None:
    turned = sum(
        1
        for past in market.trades
        if past.wallet == trade.wallet
        and now - past.ts <= CHURN_WINDOW_NS
        and (past.token_id == trade.token_id) == (past.side != trade.side)
    )
    if not turned:
        return None
    return _alert("CHURN", Severity.P2, trade.market_id, trade.wallet, (turned * MICRO, 0, 0, now))


def _alert(
    kind: str, severity: Severity, market_id: str, wallet: str, measured: tuple[int, int, int, int]
) -> AnomalyAlert:
    observed, baseline, score, now = measured
    return AnomalyAlert(
        severity=severity.value,
        kind=kind,
        market_id=market_id,
        wallet=wallet,
        observed_micro=observed,
        baseline_micro=baseline,
        z_micro=score,
        until_ts=now + ALERT_STANDS_NS,
    )


def _slot(alert: AnomalyAlert) -> str:
    return f"{alert.kind}/{alert.wallet}" if alert.kind == "CHURN" else alert.kind


def _may_be_said(state: MarketIntelligenceState, market: WatchedMarket, alert: AnomalyAlert, now: int) -> bool:
    standing, until = market.alerts.get(_slot(alert), ("P9", 0))
    if now < until and alert.severity >= standing:
        return False
    recent = sum(1 for ts in state.alert_times if now - ts < ALERT_STANDS_NS)
    return alert.severity == Severity.P1 or recent < MAX_ALERTS_PER_WINDOW


def _prune_alerts(market: WatchedMarket, now: int) -> None:
    market.alerts = {slot: (severity, until) for slot, (severity, until) in market.alerts.items() if now < until}


def _mark_price(update: MarketDataUpdate) -> int:
    # Both outcomes' prices are one path, so that a print of the other token is no jump.
    first = update.terms.token_ids[:1] == (update.token_id,)
    return update.price_micro if first else MICRO - update.price_micro


def _mark(market: WatchedMarket, update: MarketDataUpdate) -> None:
    if update.price_micro < 0:
        return
    price = _mark_price(update)
    if market.marks:
        market.moves = absorb(market.moves, abs(price - market.marks[-1]))
    market.marks = [*market.marks, price][-WINDOW:]


def _regime_change(market: WatchedMarket, update: MarketDataUpdate, message: Message) -> list[Payload]:
    if update.price_micro < 0 or message.ts_init - message.ts_event > SPARSE_NS:
        regime, statistic = Regime.LOW_LIQUIDITY, len(market.marks)
    else:
        regime, statistic = classify([*market.marks, _mark_price(update)][-WINDOW:])
    if regime == market.regime:
        return []
    return [
        MarketRegimeChange(
            market_id=update.market_id, regime=regime.value, previous=market.regime, statistic_micro=statistic
        )
    ]
