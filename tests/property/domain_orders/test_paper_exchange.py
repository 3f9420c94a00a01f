"""The paper exchange under any order of arrival, repeats and restarts: the same content tells the same story."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.tapes import LEADER, NO, OTHER, YES, MemoryTape, Print
from tests.support.trading import approved, execution, market_terms, signed
from whaletrader.adapters.paper.exchange import PaperExchange
from whaletrader.adapters.paper.faults import FaultPlan
from whaletrader.adapters.paper.telling import Rules
from whaletrader.domain.values import NANOS


def make_orders():
    harness = execution()
    harness.tell(market_terms(), at=90)
    sent = []
    for number, (token, side) in enumerate([(YES, "BUY"), (NO, "BUY"), (YES, "SELL")]):
        worst = 400_000 if side == "SELL" else 650_000
        changes = {"approval_id": f"{number:032x}", "token_id": token, "side": side, "worst_price_micro": worst}
        sent.append(signed(harness.tell(approved(**changes), at=100 + 10 * number)[0]))
    return sent


ORDERS = make_orders()
prints = st.builds(
    Print,
    ts=st.integers(100, 190),
    price=st.sampled_from([0.40, 0.50, 0.55, 0.62]),
    size=st.sampled_from([1.0, 8.0, 200.0]),
    wallet=st.sampled_from([OTHER, LEADER]),
    outcome=st.sampled_from([0, 1]),
    transaction=st.sampled_from([0xFFFFFFFF, 1, 2, 3]),
)
tapes = st.lists(prints, max_size=20).map(MemoryTape)
shares = st.sampled_from([0, 500_000, 1_000_000])
plans = st.builds(FaultPlan, drop_micro=shares, delay_micro=shares, repeat_micro=shares, fail_micro=shares)
which = st.integers(0, len(ORDERS) - 1)
seconds = st.integers(100, 200)
operations = st.one_of(
    st.tuples(st.just("submit"), which, st.just(0)),
    st.tuples(st.just("cancel"), which, seconds),
    st.tuples(st.just("ask"), which, seconds),
    st.tuples(st.just("redeem"), which, st.just(20_000)),
)


def carry_out(exchange, operation):
    name, number, second = operation
    order, ts = ORDERS[number], second * NANOS
    if name == "submit":
        exchange.submit(order)
    elif name == "redeem":
        exchange.redeem(f"redeem {number}", "paper", order.token_id, 5_000_000, ts)
    else:
        getattr(exchange, name)("paper", order.order_hash, ts)


def story(exchange):
    found, after = [], (-1, "")
    while (event := exchange.next_event(*after)) is not None:
        found.append(event)
        after = (event.ts, event.event_id)
    return found


def told(tape, plan, done):
    exchange = PaperExchange(":memory:", tape, Rules(plan))
    for operation in done:
        carry_out(exchange, operation)
    found = story(exchange)
    exchange.close()
    return found


@settings(max_examples=50, deadline=None)
@given(tape=tapes, plan=plans, done=st.lists(operations, max_size=12), data=st.data())
def test_the_order_of_arrival_and_repeats_change_nothing(tape, plan, done, data):
    repeats = data.draw(st.lists(st.sampled_from(done), max_size=5)) if done else []
    shuffled = data.draw(st.permutations([*done, *repeats]))
    assert told(tape, plan, shuffled) == told(tape, plan, done)


@settings(max_examples=50, deadline=None)
@given(tape=tapes, plan=plans, done=st.lists(operations, max_size=12))
def test_a_trade_is_always_the_same_trade_and_orders_never_overfill(tape, plan, done):
    trades = {}
    for event in told(tape, plan, done):
        if event.kind == "FILL":
            numbers = (event.order_hash, event.price_micro, event.size_micro, event.fee_micro)
            assert trades.setdefault(event.trade_id, numbers) == numbers
    for order in ORDERS:
        mine = [numbers for numbers in trades.values() if numbers[0] == order.order_hash]
        assert sum(size for _, _, size, _ in mine) <= order.size_micro
        for _, price, _, _ in mine:
            assert price <= order.price_micro if order.side == "BUY" else price >= order.price_micro


@settings(max_examples=30, deadline=None)
@given(tape=tapes, plan=plans, done=st.lists(operations, min_size=1, max_size=10), data=st.data())
def test_what_was_told_before_a_command_is_not_changed_by_it(tape, plan, done, data):
    """A reader that stands at the command's time has seen the same either way."""
    *before, last = sorted(done, key=lambda each: arrival(each))
    clock = arrival(last)
    first, second = told(tape, plan, before), told(tape, plan, [*before, last])
    assert [event for event in first if event.ts <= clock] == [event for event in second if event.ts <= clock]


def arrival(operation):
    name, number, second = operation
    return ORDERS[number].arrive_ts if name == "submit" else second * NANOS
