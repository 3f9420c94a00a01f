import pytest

from whaletrader.domain.order import OrderStatus, ReportKind
from whaletrader.domain.order_life import (
    MAX_EARLY,
    Closed,
    Filled,
    Incomplete,
    NotFound,
    Order,
    Refused,
    Report,
    Settled,
    Strange,
    Submitted,
    mark_unknown,
    step,
)
from whaletrader.domain.reasons import ExecutionReason

ORDER = Order(order_hash="0x1", size_micro=10)
ACCEPTED = Report(kind="ACCEPTED")
EXPIRED = Report(kind="EXPIRED", size_micro=4)
REJECTED = Report(kind="REJECTED", reason="no")


def fill(trade_id="a", size=4, price=5):
    return Report(kind="FILL", trade_id=trade_id, size_micro=size, price_micro=price)


def settled(trade_id="a", kind="SETTLED"):
    return Report(kind=kind, trade_id=trade_id)


def live(*reports, order=ORDER):
    happened = []
    for report in reports:
        order, more = step(order, report)
        happened += more
    return order, happened


def kinds(happened):
    return [type(each).__name__ for each in happened]


def anomalies(happened):
    return [each.anomaly for each in happened if isinstance(each, Strange)]


def test_an_order_is_accepted_filled_and_settled():
    order, happened = live(ACCEPTED, fill(size=10), settled())
    assert kinds(happened) == ["Submitted", "Filled", "Settled"]
    assert happened[1].final
    assert order.status == OrderStatus.FILLED
    assert order.finished


def test_a_fill_before_the_submit_response_is_an_acknowledgement():
    order, happened = live(fill(), ACCEPTED)
    assert kinds(happened) == ["Submitted", "Filled"]
    assert order.status == OrderStatus.LIVE


def test_a_cancel_before_the_id_is_known_closes_the_order():
    order, happened = live(Report(kind="CANCELLED", size_micro=0), ACCEPTED)
    assert kinds(happened) == ["Submitted", "Closed"]
    assert order.status == OrderStatus.CANCELLED


def test_a_fill_told_twice_is_one_fill():
    order, happened = live(ACCEPTED, fill(), fill(), fill())
    assert kinds(happened) == ["Submitted", "Filled"]
    assert order.filled_micro == 4


def test_the_same_trade_with_another_price_is_an_anomaly_and_changes_nothing():
    order, happened = live(ACCEPTED, fill(price=5), fill(price=6))
    assert anomalies(happened) == [ExecutionReason.CONFLICTING_FILL]
    assert order.trades[0].price_micro == 5


def test_without_a_trade_id_the_event_names_the_fill():
    one = Report(kind="FILL", event_id="e1", size_micro=4, price_micro=5)
    order, _ = live(one, one, Report(kind="FILL", event_id="e2", size_micro=4, price_micro=5))
    assert [trade.trade_id for trade in order.trades] == ["e1", "e2"]


@pytest.mark.parametrize("size", [11, 0, -1])
def test_no_order_fills_beyond_its_size_or_by_nothing(size):
    order, happened = live(ACCEPTED, fill(size=size))
    assert anomalies(happened) == [ExecutionReason.OVERFILL]
    assert not order.trades
    order, happened = live(ACCEPTED, fill("a", 6), fill("b", 5))
    assert order.filled_micro == 6


def test_an_expiry_that_says_more_was_filled_than_we_know_leaves_the_outcome_unknown():
    order, happened = live(ACCEPTED, EXPIRED)
    assert kinds(happened) == ["Submitted", "Incomplete"]
    assert order.status == OrderStatus.UNKNOWN
    order, happened = live(EXPIRED, ACCEPTED, fill(), order=order)
    assert kinds(happened) == ["Filled", "Closed"]
    assert happened[1] == Closed(4, "EXPIRED")
    assert order.status == OrderStatus.CANCELLED
    assert not order.finished


def test_a_settlement_told_before_its_fill_waits_for_it():
    order, happened = live(ACCEPTED, settled())
    assert kinds(happened) == ["Submitted", "Incomplete"]
    order, happened = live(settled(), fill(size=10), order=order)
    assert kinds(happened) == ["Filled", "Settled"]
    assert order.finished


def test_remembered_settlements_are_bounded():
    order, happened = live(*[settled(str(number)) for number in range(MAX_EARLY + 5)])
    assert len(order.early) == MAX_EARLY
    assert anomalies(happened) == [ExecutionReason.MEANINGLESS] * 5


def test_a_failed_settlement_voids_the_fill_once():
    order, happened = live(ACCEPTED, fill(size=10), settled(kind="FAILED"), settled(kind="FAILED"))
    assert [each.trade.status for each in happened if isinstance(each, Settled)] == ["FAILED"]
    assert order.finished
    assert order.filled_micro == 10


def test_a_settlement_that_contradicts_an_earlier_one_is_an_anomaly():
    _, happened = live(fill(), settled(), settled(kind="FAILED"))
    assert anomalies(happened) == [ExecutionReason.CONFLICTING_SETTLEMENT]


def test_a_rejection_is_final_and_told_once():
    order, happened = live(REJECTED, REJECTED, ACCEPTED)
    assert happened == [Refused("no")]
    assert order.status == OrderStatus.REJECTED
    assert order.finished


def test_an_order_that_was_accepted_cannot_be_rejected():
    order, happened = live(ACCEPTED, REJECTED)
    assert anomalies(happened) == [ExecutionReason.REJECTED_AFTER_ACCEPTANCE]
    assert order.status == OrderStatus.LIVE


def test_a_fill_after_a_rejection_counts_because_money_moved():
    order, happened = live(Report(kind="NOT_SENT", reason="KILL_LATCH"), fill())
    assert anomalies(happened) == [ExecutionReason.FILL_AFTER_CLOSE]
    assert kinds(happened) == ["Refused", "Strange", "Submitted", "Filled"]
    assert order.filled_micro == 4


def test_a_timeout_is_never_a_rejection():
    order = mark_unknown(ORDER)
    assert order.status == OrderStatus.UNKNOWN
    assert not order.terminal
    order, happened = live(ACCEPTED, order=order)
    assert happened == [Submitted()]
    assert order.status == OrderStatus.LIVE
    assert mark_unknown(order).status == OrderStatus.LIVE


def test_an_order_that_the_exchange_does_not_know_stays_unknown_and_may_still_arrive():
    order, happened = live(Report(kind="UNKNOWN_ORDER"))
    assert happened == [NotFound()]
    assert order.not_found
    order, happened = live(ACCEPTED, order=order)
    assert order.status == OrderStatus.LIVE
    assert not order.not_found


def test_an_exchange_that_forgets_a_live_order_is_an_anomaly():
    _, happened = live(ACCEPTED, Report(kind="UNKNOWN_ORDER"))
    assert anomalies(happened) == [ExecutionReason.FORGOTTEN]
    _, happened = live(REJECTED, Report(kind="UNKNOWN_ORDER"))
    assert kinds(happened) == ["Refused"]


def test_a_closing_report_without_a_total_closes_with_what_is_known():
    order, happened = live(fill(), Report(kind="CANCELLED"))
    assert kinds(happened) == ["Submitted", "Filled", "Closed"]
    assert order.status == OrderStatus.CANCELLED
    late, happened = live(fill("late", 2), order=order)
    assert anomalies(happened) == [ExecutionReason.FILL_AFTER_CLOSE]
    assert isinstance(happened[1], Filled)
    assert late.filled_micro == 6


def test_a_closing_report_beyond_the_order_is_an_anomaly():
    order, happened = live(Report(kind="EXPIRED", size_micro=11))
    assert anomalies(happened) == [ExecutionReason.OVERFILL]
    assert order == ORDER


@pytest.mark.parametrize("kind", [*ReportKind, "nonsense"])
def test_every_report_gives_an_answer_in_every_state(kind):
    states = [ORDER, mark_unknown(ORDER), live(ACCEPTED)[0], live(fill())[0], live(REJECTED)[0], live(EXPIRED)[0]]
    for before in states:
        order, happened = step(before, Report(kind=kind, trade_id="t", size_micro=3))
        assert order.filled_micro <= order.size_micro
        assert all(not isinstance(each, Incomplete) or not order.finished for each in happened)
