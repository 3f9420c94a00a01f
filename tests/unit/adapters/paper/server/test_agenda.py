from tests.support.venue_orders import run_until
from whaletrader.adapters.paper.server.agenda import FOREVER_NS, Agenda


def test_calls_are_made_in_the_order_of_their_time_then_of_their_coming():
    agenda, made = Agenda(), []
    for ts, name in ((5, "b"), (3, "a"), (5, "c"), (9, "later")):
        agenda.add(ts, lambda at, name=name: made.append((at, name)))
    run_until(agenda, 8)
    assert made == [(3, "a"), (5, "b"), (5, "c")]
    assert agenda.next_ns() == 9


def test_a_call_may_put_down_another_that_is_due_at_once():
    agenda, made = Agenda(), []
    agenda.add(1, lambda at: agenda.add(at + 1, made.append))
    run_until(agenda, 2)
    assert made == [2]
    assert agenda.next_ns() == FOREVER_NS
