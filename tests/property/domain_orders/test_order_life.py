"""Every interleaving of an order's reports, with repeats, ends in the same truth."""

from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.order import OrderStatus
from whaletrader.domain.order_life import Closed, Filled, Order, Refused, Report, Settled, Strange, Submitted, step

SIZE = 100


@st.composite
def histories(draw):
    """What really happened to an order, in order."""
    if draw(st.booleans()) and draw(st.booleans()):
        return [Report(kind="REJECTED", reason="no")]
    sizes = draw(st.lists(st.integers(1, 40), max_size=4))
    reports, filled = [Report(kind="ACCEPTED")], 0
    for number, wanted in enumerate(sizes):
        size = min(wanted, SIZE - filled)
        if not size:
            break
        filled += size
        trade = {"trade_id": f"t{number}", "price_micro": 10 + number}
        reports.append(Report(kind="FILL", size_micro=size, **trade))
        reports.append(Report(kind=draw(st.sampled_from(["SETTLED", "FAILED"])), trade_id=f"t{number}"))
    if filled < SIZE:
        reports.append(Report(kind=draw(st.sampled_from(["CANCELLED", "EXPIRED"])), size_micro=filled))
    return reports


@st.composite
def tellings(draw):
    """A history, and the same reports in any order with repeats."""
    history = draw(histories())
    repeats = draw(st.lists(st.sampled_from(history), max_size=5))
    return history, draw(st.permutations([*history, *repeats]))


def fold(reports):
    order, happened = Order(order_hash="0x1", size_micro=SIZE), []
    for report in reports:
        order, more = step(order, report)
        assert order.filled_micro <= SIZE
        happened += more
    return order, happened


def count(happened, kind):
    return sum(isinstance(each, kind) for each in happened)


def truth(order):
    return order.status, sorted((t.trade_id, t.price_micro, t.size_micro, t.status) for t in order.trades)


@settings(max_examples=300, deadline=None)
@given(tellings())
def test_the_order_of_telling_and_repeats_do_not_matter(telling):
    history, told = telling
    expected, _ = fold(history)
    order, happened = fold(told)
    assert truth(order) == truth(expected)
    assert order.finished
    assert not count(happened, Strange)


@settings(max_examples=300, deadline=None)
@given(tellings())
def test_each_thing_is_told_exactly_once(telling):
    _, told = telling
    order, happened = fold(told)
    rejected = order.status == OrderStatus.REJECTED
    assert count(happened, Submitted) == (0 if rejected else 1)
    assert count(happened, Refused) == (1 if rejected else 0)
    assert count(happened, Filled) == count(happened, Settled) == len(order.trades)
    finals = count(happened, Closed) + count(happened, Refused)
    finals += sum(isinstance(each, Filled) and each.final for each in happened)
    assert finals == 1
    assert sum(each.trade.size_micro for each in happened if isinstance(each, Filled)) == order.filled_micro


@settings(max_examples=300, deadline=None)
@given(tellings(), st.data())
def test_with_reports_missing_nothing_is_invented_and_nothing_ends_too_early(telling, data):
    history, told = telling
    kept = data.draw(st.lists(st.sampled_from(told), max_size=len(told)))
    full, _ = fold(history)
    order, _ = fold(kept)
    assert set(truth(order)[1]) <= {(*t[:3], s) for t in truth(full)[1] for s in (t[3], "MATCHED")}
    if order.finished:
        assert order.filled_micro == full.filled_micro


reports = st.builds(
    Report,
    kind=st.sampled_from(
        ["ACCEPTED", "REJECTED", "FILL", "CANCELLED", "EXPIRED", "SETTLED", "FAILED", "UNKNOWN_ORDER", "NOT_SENT", "X"]
    ),
    trade_id=st.sampled_from(["", "a", "b", "c"]),
    event_id=st.sampled_from(["e", "f"]),
    price_micro=st.integers(0, 3),
    size_micro=st.integers(-1, 120),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(reports, max_size=15))
def test_any_nonsense_is_survived_and_no_fill_is_ever_taken_back(told):
    order, known = Order(order_hash="0x1", size_micro=SIZE), 0
    for report in told:
        before = order
        order, _ = step(order, report)
        assert known <= order.filled_micro <= SIZE
        known = order.filled_micro
        assert step(order, report)[0] == order or report.kind == "X"
        if before.status == OrderStatus.FILLED:
            assert order.status == OrderStatus.FILLED
