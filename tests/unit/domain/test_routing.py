from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.amounts import AMOUNT_DECIMALS
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.reasons import ExecutionReason
from whaletrader.domain.routing import Ticket, affordable_size, route
from whaletrader.domain.settlement import fill_cash_micro
from whaletrader.domain.values import MICRO, NANOS, Side

FEES = FeeSchedule(70_000)
TICKET = Ticket(Side.BUY, 605_000, 20_000_000, 100_000_000, 10_000, 5_000_000, FEES)
ARRIVE = 105 * NANOS


def test_a_buy_is_routed_at_the_tick_below_its_worst_price():
    planned = route(TICKET, ARRIVE, 60)
    assert (planned.price_micro, planned.size_micro) == (600_000, 20_000_000)
    assert (planned.amounts.maker, planned.amounts.taker) == (12_000_000, 20_000_000)


def test_a_sale_is_routed_at_the_tick_above_its_worst_price_and_ignores_cost():
    planned = route(replace(TICKET, side=Side.SELL, max_cost_micro=0), ARRIVE, 60)
    assert (planned.price_micro, planned.amounts.maker, planned.amounts.taker) == (610_000, 20_000_000, 12_200_000)


def test_the_expiration_leaves_the_venue_its_minute():
    planned = route(TICKET, ARRIVE + 5, 60)
    assert planned.end_ts == 165 * NANOS
    assert planned.expiration_s == 225


def test_what_cannot_be_ordered_is_refused_with_a_reason():
    assert route(replace(TICKET, worst_price_micro=9_999), ARRIVE, 60) is ExecutionReason.PRICE_OUT_OF_RANGE
    assert route(replace(TICKET, max_size_micro=4_999_999), ARRIVE, 60) is ExecutionReason.BELOW_VENUE_MINIMUM
    assert route(replace(TICKET, max_cost_micro=1_000_000), ARRIVE, 60) is ExecutionReason.BELOW_VENUE_MINIMUM
    assert route(replace(TICKET, max_cost_micro=0), ARRIVE, 60) is ExecutionReason.BELOW_VENUE_MINIMUM


@settings(max_examples=200, deadline=None)
@given(
    side=st.sampled_from(Side),
    worst=st.integers(1, MICRO - 1),
    size=st.integers(0, 10**10),
    cost=st.integers(0, 10**10),
    tick=st.sampled_from([-1, *AMOUNT_DECIMALS]),
    rate=st.integers(0, 300_000),
)
def test_no_route_goes_beyond_price_size_or_cost(side, worst, size, cost, tick, rate):
    ticket = Ticket(side, worst, size, cost, tick, -1, FeeSchedule(rate))
    planned = route(ticket, ARRIVE, 60)
    if isinstance(planned, ExecutionReason):
        return
    assert planned.size_micro <= size
    assert planned.size_micro % 10_000 == 0
    if side is Side.BUY:
        assert planned.price_micro <= worst
        fee = taker_fee_micro(ticket.fees, planned.price_micro, planned.size_micro)
        assert -fill_cash_micro(side, planned.price_micro, planned.size_micro, fee) <= cost
    else:
        assert planned.price_micro >= worst


@settings(max_examples=100, deadline=None)
@given(price=st.integers(1, 99), cost=st.integers(0, 10**8), size=st.integers(0, 10**9))
def test_the_affordable_size_is_the_greatest(price, cost, size):
    ticket = replace(TICKET, max_cost_micro=cost, max_size_micro=size)
    found, more = affordable_size(ticket, price * 10_000), 0
    more = found + 10_000
    fee = taker_fee_micro(FEES, price * 10_000, more)
    assert more > size or -fill_cash_micro(Side.BUY, price * 10_000, more, fee) > cost
