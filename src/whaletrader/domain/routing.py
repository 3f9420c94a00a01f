"""How an approval becomes an order: the simplest correct route, one child at the worst price with a short life.

It takes what is offered at once and rests for the remainder until its time is over. Makers' routes and icebergs are
not built here yet.
"""

from dataclasses import dataclass

from whaletrader.domain.amounts import (
    SIZE_STEP_MICRO,
    Amounts,
    below_minimum,
    floor_size,
    known_tick,
    limit_amounts,
    price_within,
)
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.reasons import ExecutionReason
from whaletrader.domain.settlement import fill_cash_micro
from whaletrader.domain.values import NANOS, Side

GTD = "GTD"
GTD_LEAD_S = 60
"""The venue ends a GTD order so long before its `expiration` (FACTS 1.5)."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What may be ordered, and under which terms of the market."""

    side: Side
    worst_price_micro: int
    max_size_micro: int
    max_cost_micro: int
    """Collateral for a BUY, fee included."""
    tick_micro: int
    """-1 where unknown."""
    min_order_micro: int
    fees: FeeSchedule


@dataclass(frozen=True, slots=True)
class Route:
    """One child order."""

    order_type: str
    price_micro: int
    size_micro: int
    amounts: Amounts
    end_ts: int
    """When the exchange ends it."""
    expiration_s: int
    """What is sent: `end_ts` and the venue's lead."""


def route(ticket: Ticket, arrive_ts: int, ttl_s: int) -> Route | ExecutionReason:
    """Route an approval as one good-till-date order at the best admissible price within its worst one.

    Parameters
    ----------
    ticket : Ticket
        Bounds and terms, micro-units.
    arrive_ts : int
        When the order reaches the exchange, UTC nanoseconds.
    ttl_s : int
        How long it lives from then, > 0; ends are cut to whole seconds.

    Returns
    -------
    Route or ExecutionReason
        The order's cost at its limit price, taker fee included, is within `max_cost_micro`; never rounded up past a
        bound.
    """
    tick = known_tick(ticket.tick_micro)
    price = price_within(ticket.side, ticket.worst_price_micro, tick)
    if price is None:
        return ExecutionReason.PRICE_OUT_OF_RANGE
    size = floor_size(ticket.max_size_micro)
    if ticket.side is Side.BUY:
        size = affordable_size(ticket, price)
    if below_minimum(ticket.side, price, size, ticket.min_order_micro):
        return ExecutionReason.BELOW_VENUE_MINIMUM
    end_s = arrive_ts // NANOS + ttl_s
    amounts = limit_amounts(ticket.side, price, size, tick)
    return Route(GTD, price, size, amounts, end_s * NANOS, end_s + GTD_LEAD_S)


def affordable_size(ticket: Ticket, price_micro: int) -> int:
    """Greatest size of a BUY whose cost and taker fee at `price_micro` stay within the ticket, two decimals.

    Parameters
    ----------
    ticket : Ticket
        Bounds and fee schedule.
    price_micro : int
        Limit price; cost per share grows with the price, so a better fill costs less.
    """
    low, high = 0, ticket.max_size_micro // SIZE_STEP_MICRO
    while low < high:
        middle = (low + high + 1) // 2
        size = middle * SIZE_STEP_MICRO
        fee = taker_fee_micro(ticket.fees, price_micro, size)
        if -fill_cash_micro(Side.BUY, price_micro, size, fee) <= ticket.max_cost_micro:
            low = middle
        else:
            high = middle - 1
    return low * SIZE_STEP_MICRO
