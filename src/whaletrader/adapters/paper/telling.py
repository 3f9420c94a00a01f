"""Everything the paper exchange will tell about one order, computed at once from the order, its cancel and the asks.

The same order, cancel and asks give the same events whatever the order of their arrival and whenever it is computed.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from whaletrader.adapters.paper.faults import NO_FAULTS, FaultPlan
from whaletrader.domain.amounts import Amounts, floor_size, known_tick, limit_amounts
from whaletrader.domain.fees import taker_fee_micro
from whaletrader.domain.matching.later_prints import PARTICIPATION_MICRO, not_ours, step
from whaletrader.domain.order import ReportKind
from whaletrader.domain.order_hash import order_hash, struct_of
from whaletrader.domain.routing import GTD, GTD_LEAD_S
from whaletrader.domain.spread import half_spread_micro
from whaletrader.domain.values import MICRO, NANOS, Role, Side
from whaletrader.ports.exchange import ExchangeEvent, SignedOrder
from whaletrader.ports.tape import NO_TRANSACTION, PrintTape, TapeMarket

SETTLE_NS = 2 * NANOS
"""From a match to its settlement."""
REPEAT_NS = NANOS
LOST_WHEN_DROPPED = frozenset(
    {ReportKind.ACCEPTED, ReportKind.REJECTED, ReportKind.FILL, ReportKind.CANCELLED, ReportKind.EXPIRED}
)


@dataclass(frozen=True, slots=True)
class Rules:
    """How the paper exchange matches and which answers it loses."""

    faults: FaultPlan = NO_FAULTS
    participation_micro: int = PARTICIPATION_MICRO


def events_of(
    order: SignedOrder, cancel_ts: int | None, asks: tuple[int, ...], tape: PrintTape, rules: Rules
) -> list[ExchangeEvent]:
    """Return every event of an order, sorted by (ts, event_id)."""
    truth = _truth(order, cancel_ts, tape, rules)
    told = [each for sequence, event in enumerate(truth) for each in _told(event, sequence, rules.faults)]
    for ask_ts in asks:
        told += _answers(order, truth, ask_ts)
    return sorted(told, key=lambda event: (event.ts, event.event_id))


def unknown_order(account_id: str, asked_hash: str, ask_ts: int) -> ExchangeEvent:
    """Return the answer about an order that had not arrived when somebody asked."""
    return ExchangeEvent(
        event_id=f"{asked_hash}:ask:{ask_ts:019d}:unknown",
        ts=ask_ts + 1,
        kind=ReportKind.UNKNOWN_ORDER,
        account_id=account_id,
        order_hash=asked_hash,
        market_id="",
        token_id="",
    )


def _truth(order: SignedOrder, cancel_ts: int | None, tape: PrintTape, rules: Rules) -> list[ExchangeEvent]:
    """What happens to the order, without faults; an event's place in the list is its sequence number."""
    market = tape.market(order.market_id)
    reason = refusal_of(order, market)
    if market is None or reason:
        return [event_of(order, "0000", order.arrive_ts + 1, ReportKind.REJECTED, reason=reason)]
    events = [event_of(order, "0000", order.arrive_ts + 1, ReportKind.ACCEPTED)]
    end_ts = _end_ts(order)
    until = end_ts if cancel_ts is None else min(end_ts, max(cancel_ts, order.arrive_ts))
    filled = 0
    for number, fill in enumerate(_fills(order, until, market, tape, rules)):
        fails = rules.faults.fails(order.order_hash, number)
        kind = ReportKind.FAILED if fails else ReportKind.SETTLED
        settled = msgspec.structs.replace(
            fill, event_id=f"{fill.event_id}:settled", ts=fill.ts + SETTLE_NS, kind=kind, reason="REVERTED" * fails
        )
        events += [fill, settled]
        filled += fill.size_micro
    if filled < order.size_micro:
        cancelled = cancel_ts is not None and cancel_ts < end_ts
        kind = ReportKind.CANCELLED if cancelled else ReportKind.EXPIRED
        closed = event_of(order, "closed", max(until, order.arrive_ts) + 2, kind, reason=kind)
        events.append(msgspec.structs.replace(closed, size_micro=filled))
    return events


def refusal_of(order: SignedOrder, market: TapeMarket | None) -> str:
    """Why the venue would answer 400; empty when it takes the order."""
    if market is None or order.token_id not in market.token_ids:
        return "MARKET_NOT_FOUND"
    if market.resolved and 0 <= market.resolved_ts <= order.arrive_ts:
        return "MARKET_RESOLVED"
    if market.neg_risk != order.neg_risk or order.order_hash != order_hash(struct_of(order), neg_risk=order.neg_risk):
        return "INVALID_SIGNATURE"
    tick = known_tick(market.tick_micro)
    if order.price_micro % tick or not tick <= order.price_micro <= MICRO - tick:
        return "BREAKS_TICK_SIZE"
    if order.size_micro <= 0 or order.size_micro < market.min_order_micro:
        return "SIZE_BELOW_MINIMUM"
    signed = Amounts(order.maker_amount, order.taker_amount)
    meant = limit_amounts(Side(order.side), order.price_micro, order.size_micro, tick)
    if signed != meant or floor_size(order.size_micro) != order.size_micro:
        return "INVALID_AMOUNTS"
    expires = order.order_type == GTD or order.expiration_s
    return "INVALID_EXPIRATION" if expires and _end_ts(order) <= order.arrive_ts else ""


def _end_ts(order: SignedOrder) -> int:
    return (order.expiration_s - GTD_LEAD_S) * NANOS


def _fills(order: SignedOrder, until: int, market: TapeMarket, tape: PrintTape, rules: Rules) -> list[ExchangeEvent]:
    if market.resolved and market.resolved_ts >= 0:
        until = min(until, market.resolved_ts - 1)
    # From the start of the second: the leader's print may lie in it just before our order arrives.
    prints = tape.prints(order.market_id, order.arrive_ts // NANOS * NANOS, until)
    leader = tape.wallet_code(order.leader_wallet) if order.leader_wallet else -1
    excluded = not_ours(prints.ts, prints.wallet, prints.transaction, leader, NO_TRANSACTION)
    excluded[prints.ts < order.arrive_ts] = 1
    ours = prints.outcome_index == market.token_ids.index(order.token_id)
    price = np.where(ours, prints.price_micro, MICRO - prints.price_micro).astype(np.int64)
    spread = [half_spread_micro(min(max(p, 0), MICRO), market.category) for p in price.tolist()]
    columns = np.stack([price, prints.size_micro, np.array(spread, np.int64), excluded])
    found = step(columns, order.price_micro, order.size_micro, rules.participation_micro, order.side == Side.BUY)
    return [
        _fill_event(order, number, int(prints.ts[i]), (paid, size), tape)
        for number, (i, paid, size) in enumerate(found)
    ]


def _fill_event(order: SignedOrder, number: int, ts: int, matched: tuple[int, int], tape: PrintTape) -> ExchangeEvent:
    price, size = matched
    fee = taker_fee_micro(tape.fee_schedule(order.market_id, ts), price, size)
    event = event_of(order, f"{number + 1:04d}", max(ts, order.arrive_ts + 1), ReportKind.FILL)
    return msgspec.structs.replace(
        event,
        trade_id=f"{order.order_hash}:{number + 1:04d}",
        price_micro=price,
        size_micro=size,
        fee_micro=fee,
        role=Role.TAKER,
    )


def event_of(order: SignedOrder, name: str, ts: int, kind: ReportKind, reason: str = "") -> ExchangeEvent:
    """Return an event of an order; its name makes its id."""
    return ExchangeEvent(
        event_id=f"{order.order_hash}:{name}",
        ts=ts,
        kind=kind,
        account_id=order.account_id,
        order_hash=order.order_hash,
        market_id=order.market_id,
        token_id=order.token_id,
        reason=reason,
    )


def _told(event: ExchangeEvent, sequence: int, faults: FaultPlan) -> list[ExchangeEvent]:
    """The event as it is told: lost, late, or twice."""
    if event.kind in LOST_WHEN_DROPPED and faults.drops(event.order_hash, sequence):
        return []
    if faults.delays(event.order_hash, sequence):
        event = msgspec.structs.replace(event, ts=event.ts + faults.delay_s * NANOS)
    if not faults.repeats(event.order_hash, sequence):
        return [event]
    return [event, msgspec.structs.replace(event, event_id=f"{event.event_id}:again", ts=event.ts + REPEAT_NS)]


def _answers(order: SignedOrder, truth: list[ExchangeEvent], ask_ts: int) -> list[ExchangeEvent]:
    """Everything that had happened when somebody asked, told again right after."""
    past = [event for event in truth if event.ts <= ask_ts]
    if not past:
        return [unknown_order(order.account_id, order.order_hash, ask_ts)]
    return [
        msgspec.structs.replace(event, event_id=f"{order.order_hash}:ask:{ask_ts:019d}:{number:04d}", ts=ask_ts + 1)
        for number, event in enumerate(past)
    ]
