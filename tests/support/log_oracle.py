"""A slow second opinion of a run, from its log alone: who said what, what it cost, and whether a limit was broken.

It shares no arithmetic with the agents: sums, lots, scenarios and tails are written again, as plainly as possible.
Only the table of assumed half-spreads and the ids' hash are the product's. Every fault is a sentence.
"""

from collections import defaultdict
from pathlib import Path

from tests.support.log_money import Money
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.config.tree import Settings
from whaletrader.messages.catalogue import CATALOGUE, OPERATIONS
from whaletrader.messages.envelope import Message, Publisher, hash_id
from whaletrader.messages.orders import OrderCancelled, OrderFilled, OrderRejected, SettlementUpdated, SubmitOrder
from whaletrader.messages.risk import ApprovedTrade
from whaletrader.runtime.records import to_message

FACTS = {Publisher.INGEST, Publisher.RUNTIME, Publisher.OPERATOR}
ABOUT_AN_ORDER = ("OrderSubmitted", "OrderFilled", "OrderCancelled", "OrderRejected")


def read_log(log: Path) -> list[Message]:
    """Every domain message of a log, in order."""
    store = SqliteEventStore.open_reader(log)
    found = [to_message(record) for record in store.read() if record.type not in OPERATIONS]
    store.close(clean=False)
    return found


class Oracle:
    """All messages of a run, indexed; `faults` says what is wrong with them."""

    def __init__(self, messages: list[Message], settings: Settings) -> None:
        self.messages = messages
        self.settings = settings
        self.by_id = {message.id: message for message in messages}
        self.outputs: dict[str, list[Message]] = defaultdict(list)
        for message in messages:
            if publisher(message) not in FACTS:
                self.outputs[message.cause_id].append(message)
        self.approvals = {m.payload.bounds.approval_id: m for m in messages if isinstance(m.payload, ApprovedTrade)}
        self.orders = {m.payload.order_hash: m for m in messages if isinstance(m.payload, SubmitOrder)}
        self.money = Money(settings)

    def faults(self) -> list[str]:
        """Return everything that does not hold."""
        found = self.envelopes() + self.answers() + self.order_bounds() + self.order_ends() + self.stories()
        for message in self.messages:
            found += self.money.fold(message, self.outputs[message.id])
        return found

    def envelopes(self) -> list[str]:
        """Ids are unique and made of their origin; causes come first; time never goes back."""
        found, seen, clock = [], set[str](), 0
        for message in self.messages:
            if message.id in seen:
                found.append(f"{name(message)} is there twice")
            if message.cause_id and message.cause_id not in seen:
                found.append(f"{name(message)} comes before its cause")
            if message.ts_init < clock:
                found.append(f"{name(message)} goes back in time")
            seen.add(message.id)
            clock = max(clock, message.ts_init)
        for cause, outputs in self.outputs.items():
            found += self._origins(self.by_id.get(cause), outputs)
        return found

    def _origins(self, cause: Message | None, outputs: list[Message]) -> list[str]:
        if cause is None:
            return [f"{name(message)} has no cause" for message in outputs]
        found, numbers = [], defaultdict[str, int](int)
        for message in outputs:
            agent = publisher(message)
            own_id = hash_id(self.settings.account.name, agent, cause.id, numbers[agent])
            numbers[agent] += 1
            if message.id != own_id:
                found.append(f"{name(message)} was not published by {agent}")
            if (message.ts_event, message.ts_init) != (cause.ts_init, cause.ts_init):
                found.append(f"{name(message)} is not of its cause's time")
            if message.correlation_id != cause.correlation_id:
                found.append(f"{name(message)} left the story of its cause")
        return found

    def answers(self) -> list[str]:
        """Every event, signal, proposal and approval has exactly one answer."""
        found = []
        for message in self.messages:
            kinds = [each.type for each in self.outputs[message.id]]
            signals, decisions = _count(kinds, "CopySignal", "SignalSkipped"), _count(kinds, "OrchestratorDecision")
            verdicts, proposals = _count(kinds, "ApprovedTrade", "RejectedTrade"), _count(kinds, "TradeProposal")
            proposed = [each for each in self.outputs[message.id] if getattr(each.payload, "kind", "") == "PROPOSE"]
            gave_up = getattr(message.payload, "side", "") == "SELL"
            expected = {
                "WhaleTradeObserved": (1, 0, 0, 0),
                "WhalePositionChanged": (int(gave_up), 0, 0, 0),
                "CopySignal": (0, 1, 0, len(proposed)),
                "TradeProposal": (0, 0, 1, 0),
                "EmergencyDeRisk": (0, 0, verdicts, 0),
            }.get(message.type, (0, 0, 0, 0))
            if (signals, decisions, verdicts, proposals) != expected:
                found.append(f"{name(message)} was answered with {kinds}")
            if message.type == "ApprovedTrade" and _count(kinds, "SubmitOrder", "OrderRejected") != 1:
                found.append(f"{name(message)} led to {kinds}")
        return found

    def order_bounds(self) -> list[str]:
        """Every order lies within its approval, which it is the only one of."""
        found, used = [], set[str]()
        for message in self.orders.values():
            order = message.payload
            approved = self.approvals.get(order.origin.approval_id)
            if approved is None or order.origin.approval_id in used:
                found.append(f"{name(message)} has no approval of its own")
                continue
            used.add(order.origin.approval_id)
            bounds, buys = approved.payload.bounds, order.side == "BUY"
            same = (order.market_id, order.token_id, order.side, order.metadata, order.origin.account_id)
            if same != (bounds.market_id, bounds.token_id, bounds.side, bounds.decision_hash, bounds.account_id):
                found.append(f"{name(message)} is another trade than was approved")
            worse = (
                order.price_micro > bounds.worst_price_micro if buys else order.price_micro < bounds.worst_price_micro
            )
            dear = buys and order.maker_amount > bounds.max_cost_micro
            if worse or dear or order.size_micro > bounds.max_size_micro or message.ts_init > bounds.expires_ts:
                found.append(f"{name(message)} goes beyond its approval")
        return found

    def order_ends(self) -> list[str]:
        """Fills stay within their order; what an approval reserved is released once, when its order has ended."""
        found = []
        filled: dict[str, int] = defaultdict(int)
        ended, released, trades = set[str](), set[str](), set[str]()
        for message in self.messages:
            payload = message.payload
            if isinstance(payload, OrderFilled):
                order = self.orders[payload.order_hash].payload
                filled[payload.order_hash] += payload.size_micro
                sign = 1 if order.side == "BUY" else -1
                if sign * payload.price_micro > sign * order.price_micro or payload.trade_id in trades:
                    found.append(f"{name(message)} is worse than its limit, or was told before")
                if filled[payload.order_hash] > order.size_micro:
                    found.append(f"{name(message)} fills more than was ordered")
                trades.add(payload.trade_id)
            if isinstance(payload, OrderRejected | OrderCancelled) or (
                isinstance(payload, OrderFilled) and payload.final
            ):
                ended.add(payload.approval_id)
            if isinstance(payload, OrderCancelled) and payload.filled_micro != filled[payload.order_hash]:
                found.append(f"{name(message)} was filled with {filled[payload.order_hash]}")
            if message.type == "ReservationReleased":
                if payload.approval_id in released or payload.approval_id not in ended:
                    found.append(f"{name(message)} releases too early or again")
                released.add(payload.approval_id)
        return found + [f"approval {each} ended and holds its reservation" for each in sorted(ended - released)]

    def stories(self) -> list[str]:
        """From the leader's event to the settlement it is one story."""
        found = []
        for message in self.messages:
            payload = message.payload
            of_order = message.type in ABOUT_AN_ORDER or (isinstance(payload, SettlementUpdated) and payload.order_hash)
            sent = self.orders.get(payload.order_hash) if of_order else None
            if sent is not None and payload.order_hash and message.correlation_id != sent.correlation_id:
                paid = isinstance(payload, SettlementUpdated) and payload.status in {"REDEEMED", "MERGED"}
                found += [] if paid else [f"{name(message)} left its order's story"]
            begun = self.by_id.get(message.correlation_id)
            leaders = {"WhaleTradeObserved", "WhalePositionChanged"}
            if message.type == "TradeProposal" and (begun is None or begun.type not in leaders):
                found.append(f"{name(message)} does not begin with a leader's event")
        return found

    def open_orders(self) -> set[str]:
        """The orders of which the log tells no end."""
        ended = {
            message.payload.order_hash
            for message in self.messages
            if isinstance(message.payload, OrderRejected | OrderCancelled)
            or (isinstance(message.payload, OrderFilled) and message.payload.final)
        }
        return set(self.orders) - ended


def publisher(message: Message) -> str:
    """Who may have said it, by its declaration; a timer's owner."""
    declared = CATALOGUE[message.type].PUBLISHER
    return message.payload.owner if declared is Publisher.ANY_AGENT else declared.value


def name(message: Message) -> str:
    """A message as a person finds it again."""
    return f"{message.type} {message.id[:8]}"


def _count(kinds: list[str], *wanted: str) -> int:
    return sum(kind in wanted for kind in kinds)
