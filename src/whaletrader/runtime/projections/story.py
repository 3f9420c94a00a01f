"""The whole story of a leader's event, an order or a fill, read from the log: who decided what, when and why.

Everything that one leader's event led to carries its correlation id, so a story is one selection over the log. How the
market ended, and what was paid out for the tokens that were filled, belongs to it as well.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from whaletrader.domain.values import MICRO, NANOS
from whaletrader.errors import UsageError
from whaletrader.messages.envelope import Message
from whaletrader.ports.chain import Record
from whaletrader.ports.store import EventStore
from whaletrader.runtime.records import to_message
from whaletrader.runtime.routing import publisher_of

_NAMED = ("SubmitOrder", "OrderFilled", "OrderReport", "ApprovedTrade", "WhaleTradeObserved", "WhalePositionChanged")
"""Types whose payloads hold ids that a person may have at hand."""
_ID_FIELDS = ("order_hash", "trade_id", "tx_hash", "exchange_event_id")
_ENDINGS = ("MarketResolved", "RedeemPosition", "MergePositions")
"""Types that belong to the story of a filled token whatever they were caused by."""
_PAYMENTS = ("OrderReport", "SettlementUpdated")
MAX_STEPS = 1_000


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded message, told in a sentence."""

    offset: int
    ts: int
    type: str
    publisher: str
    sentence: str
    message_id: str
    cause_id: str
    payload: dict[str, Any]


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that carries one correlation id, in the order of the log."""

    asked: str
    correlation_id: str
    steps: tuple[Step, ...]
    truncated: bool = False


def explain(store: EventStore, asked: str) -> Story:
    """Tell the story of a message id, an order hash, a trade id or a transaction; `UsageError` when nobody knows it."""
    correlation_id = _correlation_of(store, asked)
    steps: list[Step] = []
    for record in _of_correlation(store, correlation_id):
        if len(steps) == MAX_STEPS:
            return Story(asked=asked, correlation_id=correlation_id, steps=tuple(steps), truncated=True)
        steps.append(_step(record))
    return Story(asked=asked, correlation_id=correlation_id, steps=tuple(steps))


def _correlation_of(store: EventStore, asked: str) -> str:
    record = store.find(asked)
    if record is not None:
        return record.correlation_id
    for candidate in store.read():
        if candidate.correlation_id == asked:
            return asked
        if candidate.type in _NAMED and _names(candidate, asked):
            return candidate.correlation_id
    raise UsageError(
        f"no message, order, trade or transaction of this run has the id {asked}; "
        "`whaletrader status` lists the newest decisions with theirs"
    )


def _names(record: Record, asked: str) -> bool:
    payload = to_message(record).payload
    bounds = getattr(payload, "bounds", None)
    if bounds is not None and asked in (bounds.approval_id, bounds.decision_hash):
        return True
    return any(getattr(payload, name, "") == asked for name in _ID_FIELDS)


def _of_correlation(store: EventStore, correlation_id: str) -> Iterator[Record]:
    """Yield the story's records; how the market of a filled token ended is told too, and what was paid for it."""
    filled: set[str] = set()
    redeemed: set[str] = set()
    for record in store.read():
        if record.correlation_id == correlation_id:
            if record.type == "OrderFilled":
                filled |= _tokens(record)
            yield record
        elif filled and record.type in _ENDINGS and filled & _tokens(record):
            if record.type != "MarketResolved":
                redeemed.add(record.id)
            yield record
        elif redeemed and record.type in _PAYMENTS and _paid_for(record) in redeemed:
            yield record


def _paid_for(record: Record) -> str:
    return str(getattr(to_message(record).payload, "order_hash", ""))


def _tokens(record: Record) -> set[str]:
    payload = to_message(record).payload
    many: tuple[str, ...] = getattr(payload, "token_ids", ())
    return set(many) or {getattr(payload, "token_id", "")}


def _step(record: Record) -> Step:
    message = to_message(record)
    return Step(
        offset=record.offset,
        ts=message.ts_init,
        type=message.type,
        publisher=publisher_of(message.payload),
        sentence=sentence(message),
        message_id=message.id,
        cause_id=message.cause_id,
        payload=msgspec.to_builtins(message.payload),
    )


def when(ts: int) -> str:
    """UTC nanoseconds as a person reads them."""
    return datetime.fromtimestamp(ts / NANOS, UTC).strftime("%Y-%m-%d %H:%M:%S")


def sentence(message: Message) -> str:
    """Say a message in one sentence; a type without words of its own is told by its fields."""
    fields = {name: getattr(message.payload, name) for name in message.payload.__struct_fields__}
    nested = fields.get("bounds")
    if nested is not None:
        fields |= {name: getattr(nested, name) for name in nested.__struct_fields__}
    template = _SENTENCES.get(message.type)
    if template is None:
        return ", ".join(f"{name} {value}" for name, value in fields.items() if isinstance(value, str | int))
    return template.format_map({name: _told(name, value) for name, value in fields.items()})


def _told(name: str, value: object) -> str:
    if name.endswith("_micro") and isinstance(value, int):
        return "unknown" if value == -1 else f"{value / MICRO:.6f}".rstrip("0").rstrip(".")
    if name in {"wallet", "order_hash", "token_id", "print_wallet", "market_id"} and isinstance(value, str):
        return value if len(value) <= 14 else f"{value[:8]}…{value[-4:]}"
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return str(value)


_SENTENCES = {
    "MarketDataUpdate": "token {token_id}: newest price {price_micro}, bid {bid_micro}, ask {ask_micro}",
    "WhaleTradeObserved": "leader {wallet} ({kind}) {side} {size_micro} shares of {token_id} at {price_micro}",
    "WhalePositionChanged": "leader {wallet}: {change} of {size_micro} shares of {token_id} ({side})",
    "CopySignal": "worth copying: {side} at a reference price of {reference_price_micro}, edge {edge_micro} a share",
    "SignalSkipped": "skipped: {reason} (price {price_micro}, edge {edge_micro})",
    "OrchestratorDecision": "task graph: {kind} {reason}, {multiplier_micro} of the size left",
    "TradeProposal": "proposed: {side} {token_id} at {limit_price_micro} or better, edge {edge_micro}",
    "ApprovedTrade": "approved: {side} at most {max_size_micro} shares at {worst_price_micro} or better, "
    "cost at most {max_cost_micro}; bound by {binding_limit}",
    "RejectedTrade": "denied: {reasons}",
    "ReservationReleased": "{released_micro} of the reservation is free again",
    "SubmitOrder": "order {order_hash}: {side} {size_micro} at {price_micro} ({order_type})",
    "CancelOrder": "cancel what is left of {order_hash}",
    "OrderReport": "the exchange says {kind} for {order_hash}: {size_micro} at {price_micro} {reason}",
    "OrderSubmitted": "acknowledged: {order_hash}",
    "OrderRejected": "rejected by the venue or not sent: {reason}",
    "OrderOutcomeUnknown": "no answer in time: the outcome of {order_hash} is unknown, the exchange is asked",
    "OrderFilled": "filled: {side} {size_micro} at {price_micro}, fee {fee_micro}",
    "OrderCancelled": "over with {filled_micro} filled: {reason}",
    "ExecutionError": "execution: {reason}",
    "RedeemPosition": "redeem {size_micro} of {token_id} at {payout_micro}",
    "MergePositions": "merge {size_micro} of both outcomes of {market_id}",
    "SettlementUpdated": "{status}: {size_micro} of {token_id}, cash {cash_micro}",
    "MarketResolved": "market {market_id} paid out",
    "AnomalyAlert": "{severity} {kind}: {observed_micro} beside {baseline_micro}",
    "MarketRegimeChange": "regime {regime}, before {previous}",
    "ScheduleTimer": "{owner} wants to be woken: {name}",
    "TimerFired": "{owner} is woken: {name}",
    "WhaleDiscovered": "followed from now on: {wallet} ({kind})",
    "WhalePruned": "followed no more: {wallet} ({kind}), {reason}",
}
