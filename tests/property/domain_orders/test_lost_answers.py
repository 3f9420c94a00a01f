"""Execution against a paper exchange that loses, delays and repeats answers: what we know in the end is what it did."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.tapes import LEADER, NO, OTHER, YES, MemoryTape, Print, tape_market
from tests.support.trading import Desk, approved, market_terms, resolution
from whaletrader.adapters.paper.exchange import PaperExchange
from whaletrader.adapters.paper.faults import FaultPlan
from whaletrader.adapters.paper.telling import Rules, events_of
from whaletrader.messages.orders import (
    ExecutionError,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    SettlementUpdated,
    SubmitOrder,
)
from whaletrader.messages.risk import KillSwitchThrown

ends = st.sampled_from([150, 330, 1_000])
"""The market resolves so many seconds in: in the middle of orders, right after, or long after."""

prints = st.builds(
    Print,
    ts=st.integers(90, 400),
    price=st.sampled_from([0.40, 0.50, 0.55, 0.58, 0.70]),
    size=st.sampled_from([1.0, 8.0, 30.0, 200.0]),
    wallet=st.sampled_from([OTHER, OTHER, LEADER]),
    outcome=st.sampled_from([0, 1]),
)
shares = st.sampled_from([0, 300_000, 1_000_000])
plans = st.builds(
    FaultPlan, drop_micro=shares, delay_micro=shares, repeat_micro=shares, delay_s=st.integers(1, 60), fail_micro=shares
)
entries = st.lists(st.tuples(st.integers(95, 300), st.sampled_from([YES, NO])), min_size=1, max_size=5)


def run(tape, plan, orders, kill_at=None):
    end_s = tape.markets[0].resolved_ts // 10**9
    exchange = PaperExchange(":memory:", tape, Rules(plan))
    desk = Desk(exchange)
    desk.at(90, market_terms())
    for number, (second, token) in enumerate(orders):
        desk.at(second, approved(approval_id=f"{number:032x}", token_id=token, worst_price_micro=600_000))
    if kill_at:
        desk.at(kill_at, KillSwitchThrown(account_id="paper", reason="operator"))
    desk.at(end_s, resolution())
    desk.run()
    return desk, exchange


def told(desk, kind):
    return desk.harness.said(kind)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(prints, max_size=25), plan=plans, orders=entries, end=ends, kill_at=st.none() | st.integers(100, 350)
)
def test_whatever_answers_are_lost_every_fill_is_told_once_and_the_book_ends_empty(rows, plan, orders, end, kill_at):
    tape = MemoryTape(rows, [tape_market(resolved_ts=end * 10**9)])
    desk, exchange = run(tape, plan, orders, kill_at)
    sent, taken = told(desk, SubmitOrder), exchange.orders()
    assert sorted(order.order_hash for order in sent) == [order.order_hash for order, _ in taken]
    assert len({order.order_hash for order in sent}) == len(orders)
    truth = {}
    for order, _ in taken:
        cancel = exchange._store.cancel_ts(order.order_hash)
        for event in events_of(order, cancel, (), tape, Rules(FaultPlan(fail_micro=plan.fail_micro))):
            if event.kind == "FILL":
                truth[event.trade_id] = (event.price_micro, event.size_micro, event.fee_micro)
    fills = told(desk, OrderFilled)
    assert {fill.trade_id: (fill.price_micro, fill.size_micro, fill.fee_micro) for fill in fills} == truth
    assert len(fills) == len(truth)
    check_one_end_each(desk)
    assert not desk.harness.state.orders
    assert not desk.harness.state.held
    assert not told(desk, ExecutionError)


def check_one_end_each(desk):
    """Each order is acknowledged once and ends once, and every fill is settled once."""
    hashes = [order.order_hash for order in told(desk, SubmitOrder)]
    ended = [each.order_hash for kind in (OrderCancelled, OrderRejected) for each in told(desk, kind)]
    ended += [fill.order_hash for fill in told(desk, OrderFilled) if fill.final]
    assert sorted(ended) == sorted(hashes)
    acknowledged = [each.order_hash for each in told(desk, OrderSubmitted)]
    rejected = {each.order_hash for each in told(desk, OrderRejected)}
    assert sorted(acknowledged) == sorted(set(hashes) - rejected)
    settled = [each.trade_id for each in told(desk, SettlementUpdated) if each.status in ("CONFIRMED", "FAILED")]
    assert sorted(settled) == sorted(fill.trade_id for fill in told(desk, OrderFilled))


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(prints, min_size=5, max_size=25), plan=plans, orders=entries, end=ends)
def test_lost_answers_change_no_fill_and_no_payment(rows, plan, orders, end):
    tape = MemoryTape(rows, [tape_market(resolved_ts=end * 10**9)])
    plain = run(tape, FaultPlan(fail_micro=plan.fail_micro), orders)[0]
    faulty = run(tape, plan, orders)[0]
    assert money(faulty) == money(plain)


def money(desk):
    fills = sorted(
        (fill.trade_id, fill.price_micro, fill.size_micro, fill.fee_micro) for fill in told(desk, OrderFilled)
    )
    paid = sum(each.cash_micro for each in told(desk, SettlementUpdated))
    return fills, paid
