"""Performance attribution: the account at each mark, and which leader's doing it is.

Every amount comes from fills, settlements, resolutions and prices that were told; the leaders' sums are the account's
profit to the micro-unit. Positions are marked at the best bid, else at the last price less the assumed half-spread,
else at cost. Shapley values and information coefficients are not here.
"""

from collections.abc import Sequence

import msgspec

from whaletrader.agents.attribution_book import READS, AttributionBook, fold, open_tokens, position_value
from whaletrader.agents.base import AgentState
from whaletrader.agents.bounded import remember
from whaletrader.config.tree import Settings
from whaletrader.domain.attribution import LeaderLedger
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.messages.envelope import Message, Payload, Publisher
from whaletrader.messages.orchestration import ScheduleTimer, TimerFired
from whaletrader.messages.portfolio import LeaderAttribution, PortfolioAttribution, RebalancingRecommendation
from whaletrader.messages.risk import OperatorCommand

NAME = Publisher.PERFORMANCE_ATTRIBUTION.value
MARK_TIMER = "mark"
REDUCE_LOSS_MICRO, REDUCE_LEAST_CLOSED = 10_000, 5
"""A leader's size is to be reduced when at least 5 closed bets together lost 1 % of starting equity, fees included."""
DROP_LOSS_MICRO, DROP_LEAST_CLOSED = 20_000, 10
"""He is to be dropped when at least 10 lost 2 %."""
MAX_RECOMMENDED = 10_000


class PerformanceAttributionState(AgentState, kw_only=True):
    """The account's book, its high-water mark, and what was recommended already."""

    book: AttributionBook
    high_water_micro: int
    changed: bool = True
    recommended: dict[str, str] = msgspec.field(default_factory=dict)


class PerformanceAttribution:
    """The agent."""

    name = NAME
    state_version = 1
    state_type = PerformanceAttributionState
    subscribes = READS | {"OperatorCommand", "TimerFired"}

    def __init__(self, settings: Settings) -> None:
        self._account = settings.account.name
        self._start_micro = settings.account.starting_equity_micro
        self._interval_ns = settings.runtime.mark_interval_s * NANOS

    def initial(self) -> PerformanceAttributionState:
        """Return the state before the first message: starting cash and nothing else."""
        book = AttributionBook(account_id=self._account, cash_micro=self._start_micro)
        return PerformanceAttributionState(book=book, high_water_micro=self._start_micro)

    def decide(self, state: PerformanceAttributionState, message: Message) -> Sequence[Payload]:
        """Return the account's figures when a mark is due and something changed, and at the end of the run."""
        match message.payload:
            case OperatorCommand(command="START"):
                return [self._timer(message.ts_init)]
            case OperatorCommand(command="END"):
                return [self._figures(state)]
            case TimerFired(owner=owner, name=timer) if (owner, timer) == (NAME, MARK_TIMER):
                figures: list[Payload] = [self._figures(state)] if state.changed else []
                return [*figures, *self._recommendations(state), self._timer(message.ts_init)]
        return []

    def evolve(self, state: PerformanceAttributionState, message: Message) -> PerformanceAttributionState:
        """Fold what happened to the account, and our own figures into the high-water mark."""
        match message.payload:
            case PortfolioAttribution(equity_micro=equity):
                state.high_water_micro = max(state.high_water_micro, equity)
                state.changed = False
            case RebalancingRecommendation(wallet=wallet, kind=kind, action=action):
                remember(state.recommended, f"{kind}/{wallet}", action, MAX_RECOMMENDED)
            case _:
                state.changed = fold(state.book, message.payload) or state.changed
        return state

    def _timer(self, now: int) -> ScheduleTimer:
        return ScheduleTimer(owner=NAME, name=MARK_TIMER, due_ts=now + self._interval_ns)

    def _figures(self, state: PerformanceAttributionState) -> PortfolioAttribution:
        book = state.book
        positions = sum(position_value(book, ledger) for ledger in book.leaders.values())
        equity = book.cash_micro + positions
        return PortfolioAttribution(
            account_id=self._account,
            equity_micro=equity,
            cash_micro=book.cash_micro,
            positions_micro=positions,
            realised_micro=sum(ledger.realised_micro for ledger in book.leaders.values()),
            fees_micro=sum(ledger.fees_micro for ledger in book.leaders.values()),
            open_positions=len(open_tokens(book)),
            high_water_micro=max(state.high_water_micro, equity),
            leaders=tuple(_leader(book, key, ledger) for key, ledger in sorted(book.leaders.items())),
        )

    def _recommendations(self, state: PerformanceAttributionState) -> list[Payload]:
        found: list[Payload] = []
        for key, ledger in sorted(state.book.leaders.items()):
            action = self._action(ledger)
            if action and state.recommended.get(key) not in {action, "DROP"}:
                found.append(
                    RebalancingRecommendation(
                        account_id=self._account,
                        wallet=ledger.wallet,
                        kind=ledger.kind,
                        action=action,
                        realised_micro=ledger.closed_result_micro,
                        n_closed=ledger.n_closed,
                    )
                )
        return found

    def _action(self, ledger: LeaderLedger) -> str:
        lost = -ledger.closed_result_micro * MICRO
        if ledger.n_closed >= DROP_LEAST_CLOSED and lost >= DROP_LOSS_MICRO * self._start_micro:
            return "DROP"
        if ledger.n_closed >= REDUCE_LEAST_CLOSED and lost >= REDUCE_LOSS_MICRO * self._start_micro:
            return "REDUCE"
        return ""


def make(settings: Settings) -> PerformanceAttribution:
    """Build the agent from the settings that concern it."""
    return PerformanceAttribution(settings)


def _leader(book: AttributionBook, key: str, ledger: LeaderLedger) -> LeaderAttribution:
    cost = sum(lot.cost_micro for lots in ledger.lots.values() for lot in lots)
    return LeaderAttribution(
        wallet=ledger.wallet,
        kind=ledger.kind,
        realised_micro=ledger.realised_micro,
        marked_micro=position_value(book, book.leaders[key]) - cost,
        fees_micro=ledger.fees_micro,
        n_fills=ledger.n_fills,
        n_closed=ledger.n_closed,
        n_won=ledger.n_won,
    )
