"""Execution and an exchange, wired as the engine wires them but without a log: facts in the order of the clock."""

from tests.support.harness import Harness
from tests.support.payloads import terms
from tests.support.tapes import LEADER, MARKET, NO, YES
from whaletrader.agents.execution import Execution, Trader
from whaletrader.config.tree import ExecutionSettings
from whaletrader.messages.market import MarketDataUpdate, MarketResolved
from whaletrader.messages.orchestration import ScheduleTimer, TimerFired
from whaletrader.messages.orders import (
    CancelOrder,
    MergePositions,
    OrderOutcomeUnknown,
    OrderReport,
    RedeemPosition,
    SubmitOrder,
)
from whaletrader.messages.risk import ApprovalBounds, ApprovedTrade
from whaletrader.ports.exchange import SignedOrder

ACCOUNT = "paper"
TRADER = Trader(ACCOUNT, "0x" + "01" * 20, "0x" + "01" * 20)
SECOND = 1_000_000_000
UNSIGNED = "0x" + "00" * 65


def bounds(**changes):
    values = {
        "approval_id": "ab" * 16,
        "account_id": ACCOUNT,
        "market_id": MARKET,
        "token_id": YES,
        "side": "BUY",
        "worst_price_micro": 600_000,
        "max_size_micro": 20_000_000,
        "max_cost_micro": 15_000_000,
        "expires_ts": 1_000_000 * SECOND,
        "max_children": 1,
        "decision_hash": "cd" * 32,
    }
    return ApprovalBounds(**{**values, **changes})


def approved(**changes):
    return ApprovedTrade(
        account_id=ACCOUNT,
        proposal_id="ef" * 16,
        wallet=LEADER,
        kind="fill",
        event_group_id="group",
        reduce_only=changes.get("side") == "SELL",
        reference_price_micro=550_000,
        bounds=bounds(**changes),
        binding_limit="KELLY",
        reserved_micro=15_000_000,
    )


def market_terms(**changes):
    return MarketDataUpdate(
        market_id=MARKET,
        token_id=YES,
        outcome_index=0,
        price_micro=550_000,
        bid_micro=-1,
        ask_micro=-1,
        bid_size_micro=-1,
        ask_size_micro=-1,
        quote_assumed=True,
        print_wallet="",
        terms=terms(**changes),
        segment_id="",
        row=0,
    )


def resolution(payouts=(1_000_000, 0)):
    return MarketResolved(market_id=MARKET, event_group_id="group", token_ids=(YES, NO), payouts_micro=payouts)


def execution(**settings):
    return Harness(Execution(ExecutionSettings(**settings), TRADER))


def signed(order: SubmitOrder, signature: str = UNSIGNED) -> SignedOrder:
    """The order as the runtime sends it."""
    names = set(SignedOrder.__struct_fields__) & set(SubmitOrder.__struct_fields__)
    return SignedOrder(
        account_id=order.origin.account_id,
        leader_wallet=order.origin.wallet,
        reduce_only=order.origin.reduce_only,
        signature=signature,
        **{name: getattr(order, name) for name in names},
    )


def report_of(event) -> OrderReport:
    return OrderReport(
        account_id=event.account_id,
        order_hash=event.order_hash,
        market_id=event.market_id,
        token_id=event.token_id,
        kind=event.kind,
        exchange_event_id=event.event_id,
        trade_id=event.trade_id,
        price_micro=event.price_micro,
        size_micro=event.size_micro,
        fee_micro=event.fee_micro,
        role=event.role,
        cash_micro=event.cash_micro,
        reason=event.reason,
    )


class Desk:
    """Runs facts, timers, commands and the exchange's events in the order of the run's clock."""

    def __init__(self, exchange, **settings) -> None:
        self.exchange = exchange
        self.harness = execution(**settings)
        self.latency = self.harness.agent.settings.latency_ms * 1_000_000
        self.facts: list = []
        self.timers: dict[str, int] = {}
        self.cursor = (-1, "")

    def at(self, seconds: int, payload) -> None:
        """Plan a fact."""
        self.facts.append((seconds * SECOND, len(self.facts), payload))

    def run(self, until_s: int = 10**9) -> None:
        """Handle everything up to a time; timers alone keep it going too."""
        while (turn := self._next()) is not None and turn[0] <= until_s * SECOND:
            ts, _, payload = turn
            self.harness.clock = max(self.harness.clock, ts)
            for out in self.harness.feed(self.harness.message(payload)):
                self._carry_out(out)

    def _next(self):
        turns = []
        if self.facts:
            ts, _, payload = min(self.facts, key=lambda each: each[:2])
            turns.append((ts, 0, payload))
        event = self.exchange.next_event(*self.cursor)
        if event is not None:
            turns.append((event.ts, 1, report_of(event)))
        if self.timers:
            name, due = min(self.timers.items(), key=lambda each: (each[1], each[0]))
            turns.append((due, 2, TimerFired(owner="execution", name=name, due_ts=due)))
        if not turns:
            return None
        turn = min(turns, key=lambda each: each[:2])
        if turn[1] == 0:
            self.facts.remove(min(self.facts, key=lambda each: each[:2]))
        elif turn[1] == 1:
            self.cursor = (event.ts, event.event_id)
        else:
            del self.timers[turn[2].name]
        return turn

    def _carry_out(self, message) -> None:
        payload, arrival = message.payload, message.ts_init + self.latency
        if isinstance(payload, SubmitOrder):
            self.exchange.submit(signed(payload))
        elif isinstance(payload, CancelOrder):
            self.exchange.cancel(payload.account_id, payload.order_hash, arrival)
        elif isinstance(payload, OrderOutcomeUnknown):
            self.exchange.ask(payload.account_id, payload.order_hash, arrival)
        elif isinstance(payload, RedeemPosition):
            self.exchange.redeem(message.id, payload.account_id, payload.token_id, payload.size_micro, arrival)
        elif isinstance(payload, MergePositions):
            self.exchange.merge(message.id, payload.account_id, payload.market_id, payload.size_micro, arrival)
        elif isinstance(payload, ScheduleTimer):
            self.timers[payload.name] = payload.due_ts
