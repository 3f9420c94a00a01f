"""The account as it stands: trading state, equity and its curve, drawdown, what risk and operators did."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from whaletrader.domain.values import MICRO, TradingState
from whaletrader.messages.catalogue import OPERATIONS
from whaletrader.messages.envelope import Message
from whaletrader.messages.portfolio import PortfolioAttribution
from whaletrader.messages.risk import (
    CircuitBreakerTripped,
    EmergencyDeRisk,
    KillSwitchThrown,
    OperatorCommand,
    RiskAlert,
    TradingStateChanged,
)
from whaletrader.runtime.projections.fold import Fold

MAX_POINTS = 2_000
"""The curve is thinned to every other point when it grows beyond; its lowest and highest are kept apart."""
MAX_EVENTS = 100


class EquityPoint(msgspec.Struct, frozen=True, array_like=True):
    """The account's worth at a time."""

    ts: int
    equity_micro: int
    high_water_micro: int


class RiskEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that risk or an operator did."""

    ts: int
    kind: str
    detail: str


class AccountState(msgspec.Struct, kw_only=True):
    """Everything that the page shows of the account."""

    account_id: str = ""
    description: str = ""
    first_ts: int = 0
    clock_ts: int = 0
    ended: bool = False
    trading_state: str = TradingState.ACTIVE.value
    state_reason: str = ""
    killed: bool = False
    resumed_ts: int = 0
    """When an operator last asked to trade again."""
    starting_equity_micro: int = 0
    equity_micro: int = 0
    cash_micro: int = 0
    positions_micro: int = 0
    realised_micro: int = 0
    fees_micro: int = 0
    open_positions: int = 0
    high_water_micro: int = 0
    max_drawdown_micro: int = 0
    """Greatest fall below the high-water mark so far, a share of it."""
    curve: list[EquityPoint] = []
    stride: int = 1
    n_points: int = 0
    events: list[RiskEvent] = []
    messages: int = 0
    """Of the domain stream."""


class AccountView(Fold[AccountState]):
    """Folds the account."""

    name = "account"

    def __init__(self, starting_equity_micro: int) -> None:
        start = AccountState(
            starting_equity_micro=starting_equity_micro,
            equity_micro=starting_equity_micro,
            cash_micro=starting_equity_micro,
            high_water_micro=starting_equity_micro,
        )
        super().__init__(start)

    def handlers(self) -> Mapping[str, Callable[[Message, Any], None]]:
        """Return what is folded."""
        return {
            "OperatorCommand": self._operator,
            "PortfolioAttribution": self._worth,
            "TradingStateChanged": self._trading_state,
            "KillSwitchThrown": self._killed,
            "CircuitBreakerTripped": self._breaker,
            "EmergencyDeRisk": self._derisk,
            "RiskAlert": self._alert,
        }

    def observe(self, message: Message) -> None:
        """Fold a recorded message: every one moves the clock."""
        self.state.messages += message.type not in OPERATIONS
        self.state.clock_ts = max(self.state.clock_ts, message.ts_init)
        super().observe(message)

    def _operator(self, message: Message, command: OperatorCommand) -> None:
        if command.command == "START":
            self.state.account_id, self.state.description = command.account_id, command.argument
            self.state.first_ts = message.ts_init
        elif command.command == "END":
            self.state.ended = True
        else:
            if command.command == "RESUME":
                self.state.resumed_ts = message.ts_init
            self._event(message, command.command, f"{command.argument} by {command.operator or 'an operator'}".strip())

    def _worth(self, message: Message, worth: PortfolioAttribution) -> None:
        state = self.state
        state.equity_micro, state.cash_micro = worth.equity_micro, worth.cash_micro
        state.positions_micro, state.realised_micro = worth.positions_micro, worth.realised_micro
        state.fees_micro, state.open_positions = worth.fees_micro, worth.open_positions
        state.high_water_micro = max(state.high_water_micro, worth.high_water_micro)
        if state.high_water_micro > 0:
            fall = MICRO * (state.high_water_micro - worth.equity_micro) // state.high_water_micro
            state.max_drawdown_micro = max(state.max_drawdown_micro, fall)
        if state.n_points % state.stride == 0:
            state.curve.append(EquityPoint(message.ts_init, worth.equity_micro, state.high_water_micro))
        state.n_points += 1
        if len(state.curve) > MAX_POINTS:
            state.curve, state.stride = state.curve[::2], state.stride * 2

    def _trading_state(self, message: Message, change: TradingStateChanged) -> None:
        self.state.trading_state, self.state.state_reason = change.state, change.reason
        self.state.killed = self.state.killed and change.state == TradingState.HALTED
        self._event(message, change.state, change.reason)

    def _killed(self, message: Message, kill: KillSwitchThrown) -> None:
        self.state.killed = True
        self._event(message, "KILLED", kill.reason)

    def _breaker(self, message: Message, breaker: CircuitBreakerTripped) -> None:
        share = f"loss {breaker.loss_micro / 1e6:.2f}, limit {breaker.threshold_micro / 1e6:.2f}"
        self._event(message, "BREAKER", share + (", with stale marks" if breaker.stale_marks else ""))

    def _derisk(self, message: Message, cut: EmergencyDeRisk) -> None:
        self._event(message, "DE_RISK", f"{cut.reason}, cut by {cut.fraction_micro / 1e4:.0f} %")

    def _alert(self, message: Message, alert: RiskAlert) -> None:
        self._event(message, "ALERT", alert.limit)

    def _event(self, message: Message, kind: str, detail: str) -> None:
        self.state.events = [*self.state.events, RiskEvent(ts=message.ts_init, kind=kind, detail=detail)][-MAX_EVENTS:]
