"""The exchange's answers are told in its order, each once, also after a restart, in the story of their order."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import example, seen
from whaletrader.domain.order import ReportKind
from whaletrader.messages.envelope import Message
from whaletrader.messages.orders import (
    CancelOrder,
    MergePositions,
    OrderOrigin,
    OrderOutcomeUnknown,
    OrderReport,
    OrderSubmitted,
    RedeemPosition,
    SubmitOrder,
)
from whaletrader.ports.exchange import Exchange, ExchangeEvent, SignedOrder
from whaletrader.runtime.exchange_source import ExchangeSource


class Told(Exchange):
    """Tells a list of events that may grow, and counts how often it is asked."""

    def __init__(self, events: list[ExchangeEvent] | None = None) -> None:
        self.events = events or []
        self.asked = 0

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        self.asked += 1
        behind = [event for event in self.events if (event.ts, event.event_id) > (after_ts, after_id)]
        return min(behind, key=lambda event: (event.ts, event.event_id), default=None)

    def submit(self, order: SignedOrder) -> None:
        raise AssertionError("a source sends nothing")

    def cancel(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        raise AssertionError("a source sends nothing")

    def ask(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        raise AssertionError("a source sends nothing")

    def redeem(self, command_id: str, account_id: str, token_id: str, size_micro: int, arrive_ts: int) -> None:
        raise AssertionError("a source sends nothing")

    def merge(self, command_id: str, account_id: str, market_id: str, size_micro: int, arrive_ts: int) -> None:
        raise AssertionError("a source sends nothing")


def event(ts: int, name: str, order_hash: str = "o", kind: str = ReportKind.ACCEPTED, **more: Any) -> ExchangeEvent:
    place = {"account_id": "paper", "market_id": "m", "token_id": "t"}
    return ExchangeEvent(ts=ts, event_id=name, order_hash=order_hash, kind=kind, **place, **more)


def drain(source: ExchangeSource) -> list[Message]:
    told = []
    while (ts := source.peek()) is not None:
        message = source.take()
        assert message.ts_init == ts
        source.observe(message)
        told.append(message)
    return told


def submitted(order_hash: str, ts: int = 0) -> Message:
    return seen(example(SubmitOrder, order_hash=order_hash, origin=example(OrderOrigin, account_id="paper")), ts)


def test_an_event_is_told_in_full() -> None:
    given = {
        "trade_id": "x",
        "price_micro": 1,
        "size_micro": 2,
        "fee_micro": 3,
        "role": "taker",
        "cash_micro": 4,
        "reason": "why",
    }
    (told,) = drain(ExchangeSource(Told([event(7, "e", kind=ReportKind.FILL, **given)])))
    report = told.payload
    assert isinstance(report, OrderReport)
    assert {name: getattr(report, name) for name in given} == given
    assert (report.exchange_event_id, report.kind, report.order_hash) == ("e", "FILL", "o")
    assert (told.ts_event, told.ts_init) == (7, 7)


def test_events_of_one_instant_come_in_the_order_of_their_ids_whatever_the_exchange_took_first() -> None:
    events = [event(5, "b"), event(5, "c"), event(5, "a"), event(4, "z")]
    told = drain(ExchangeSource(Told(events)))
    assert [message.payload.exchange_event_id for message in told] == ["z", "a", "b", "c"]


def test_peeking_and_taking_do_not_advance_and_ask_once() -> None:
    exchange = Told([event(5, "a"), event(6, "b")])
    source = ExchangeSource(exchange)
    assert [source.peek() for _ in range(3)] == [5] * 3
    assert source.take() == source.take()
    assert exchange.asked == 1


@pytest.mark.parametrize(
    "command",
    [
        example(SubmitOrder),
        example(CancelOrder),
        example(OrderOutcomeUnknown),
        example(RedeemPosition),
        example(MergePositions),
    ],
    ids=lambda payload: type(payload).__name__,
)
def test_whatever_may_change_the_answers_makes_it_ask_again(command: Any) -> None:
    exchange = Told()
    source = ExchangeSource(exchange)
    assert source.peek() is None
    source.observe(seen(command, 1))
    exchange.events.append(event(5, "a"))
    assert source.peek() == 5


def test_other_messages_cost_no_question() -> None:
    exchange = Told()
    source = ExchangeSource(exchange)
    for number in range(10):
        source.observe(seen(example(OrderSubmitted, order_hash=str(number)), number))
        source.peek()
    assert exchange.asked == 1


def test_an_answer_belongs_to_the_story_of_its_order() -> None:
    source = ExchangeSource(Told([event(5, "a", "o1"), event(6, "b", "stray")]))
    order = submitted("o1")
    source.observe(order)
    known, stray = drain(source)
    assert (known.cause_id, known.correlation_id) == (order.id, order.correlation_id)
    assert (stray.cause_id, stray.correlation_id) == ("", stray.id)


def test_a_payments_answer_belongs_to_the_story_of_its_command() -> None:
    exchange = Told()
    source = ExchangeSource(exchange)
    command = seen(example(RedeemPosition, token_id="t"), 1)
    source.observe(command)
    exchange.events.append(event(5, "a", command.id, ReportKind.REDEEMED))
    (told,) = drain(source)
    assert told.cause_id == command.id


def test_our_own_word_that_nothing_was_sent_goes_before_later_answers_and_moves_no_cursor() -> None:
    source = ExchangeSource(Told([event(5, "a")]))
    refused = submitted("o2", 4)
    source.refuse(refused, "KILL_LATCH")
    first, second = drain(source)
    assert (first.payload.kind, first.payload.order_hash) == ("NOT_SENT", "o2")
    assert second.payload.exchange_event_id == "a"


def test_refusals_are_told_in_the_order_in_which_they_were_refused() -> None:
    source = ExchangeSource(Told())
    for name in ("c", "a", "b"):
        source.refuse(submitted(name, 4), "KILL_LATCH")
    assert [message.payload.order_hash for message in drain(source)] == ["c", "a", "b"]


def test_the_id_of_an_answer_depends_on_the_exchanges_id_alone() -> None:
    first, second = (drain(ExchangeSource(Told([event(5, "a", kind=kind)])))[0] for kind in ("FILL", "SETTLED"))
    assert first.id == second.id


def test_the_run_goes_on_while_answers_are_to_come() -> None:
    assert ExchangeSource(Told()).keeps_alive


def late_answer(cursor_ts: int) -> tuple[ExchangeSource, Message]:
    """A source whose cursor stands at a time, and a redemption of time 4 that the exchange answers at 6."""
    exchange = Told([event(cursor_ts, "other")])
    source = ExchangeSource(exchange)
    command = seen(example(RedeemPosition, token_id="t"), 4)
    source.observe(command)
    drain(source)
    exchange.events.append(event(6, "paid", command.id, ReportKind.REDEEMED))
    return source, command


def test_a_payment_whose_answer_the_cursor_has_passed_is_told_all_the_same() -> None:
    source, command = late_answer(cursor_ts=50)
    assert source.peek() is None, "it lies behind the cursor"
    assert source.tell_late(command)
    (told,) = drain(source)
    assert (told.payload.exchange_event_id, told.cause_id, told.ts_event) == ("paid", command.id, 6)


def test_a_late_answer_does_not_move_the_cursor_back() -> None:
    source, command = late_answer(cursor_ts=50)
    before = source.snapshot()
    source.tell_late(command)
    drain(source)
    assert source.snapshot() == before


def test_an_answer_that_is_still_to_come_is_not_late() -> None:
    source, command = late_answer(cursor_ts=5)
    source.ask_again()
    assert not source.tell_late(command)
    assert [message.payload.exchange_event_id for message in drain(source)] == ["paid"]


def test_nothing_is_late_where_the_exchange_did_not_answer() -> None:
    source, _ = late_answer(cursor_ts=50)
    assert not source.tell_late(seen(example(RedeemPosition, token_id="u"), 4))


EVENTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), max_size=20, unique=True).map(
    lambda found: [event(ts, f"{number:02d}", f"o{number % 3}") for ts, number in found]
)


@settings(max_examples=80, deadline=None)
@given(EVENTS, st.integers(0, 20))
def test_a_restart_at_any_answer_loses_none_and_tells_none_twice(events: list[ExchangeEvent], cut: int) -> None:
    unique = list({each.event_id: each for each in events}.values())
    whole = ExchangeSource(Told(unique))
    whole.observe(submitted("o1"))
    expected = drain(whole)
    assert [m.payload.exchange_event_id for m in expected] == [
        each.event_id for each in sorted(unique, key=lambda each: (each.ts, each.event_id))
    ]
    first = ExchangeSource(Told(unique))
    first.observe(submitted("o1"))
    told = []
    while first.peek() is not None and len(told) < cut:
        told.append(first.take())
        first.observe(told[-1])
    restored, folded = ExchangeSource(Told(unique)), ExchangeSource(Told(unique))
    restored.restore(first.snapshot())
    for message in (submitted("o1"), *told):
        folded.observe(message)
    assert [*told, *drain(restored)] == expected
    assert [*told, *drain(folded)] == expected
