"""What goes to the exchange is sealed, signed and stopped by the latch; what comes back knows its order's story."""

import pytest

from tests.support.messages import example, seen
from whaletrader.domain.order import ReportKind
from whaletrader.errors import ExchangeError, SignerRefusal
from whaletrader.messages.orders import (
    CancelOrder,
    MergePositions,
    OrderOrigin,
    OrderOutcomeUnknown,
    OrderReport,
    RedeemPosition,
    SubmitOrder,
)
from whaletrader.messages.risk import ApprovalBounds, ApprovedTrade
from whaletrader.ports.exchange import ExchangeEvent
from whaletrader.ports.store import StoredSeal
from whaletrader.runtime.approvals import MAX_KEPT, Approvals
from whaletrader.runtime.effects import OrderEffects
from whaletrader.runtime.exchange_source import MAX_STORIES, ExchangeSource
from whaletrader.runtime.latch import KillLatch


class Exchange:
    """Notes what it was asked, and tells the events that it was given."""

    def __init__(self):
        self.asked = []
        self.events = []
        self.looks = 0
        self.dead = False

    def submit(self, order):
        if self.dead:
            raise ExchangeError("nobody answers", retryable=True)
        self.asked.append(("submit", order.order_hash, order.signature, order.leader_wallet))

    def cancel(self, account_id, order_hash, arrive_ts):
        self.asked.append(("cancel", order_hash, arrive_ts))

    def ask(self, account_id, order_hash, arrive_ts):
        self.asked.append(("ask", order_hash, arrive_ts))

    def redeem(self, command_id, account_id, token_id, size_micro, arrive_ts):
        self.asked.append(("redeem", command_id, arrive_ts))

    def merge(self, command_id, account_id, market_id, size_micro, arrive_ts):
        self.asked.append(("merge", command_id, arrive_ts))

    def next_event(self, after_ts, after_id):
        self.looks += 1
        return next((event for event in self.events if (event.ts, event.event_id) > (after_ts, after_id)), None)


class Signer:
    """Signs, or refuses."""

    refuses = False

    def sign(self, order, bounds, seal, key_id):
        if self.refuses:
            raise SignerRefusal("outside its approval")
        return f"0x{order.order_hash}/{bounds.approval_id}/{seal.decode()}/{key_id}"


@pytest.fixture
def desk(tmp_path):
    exchange, signer, latch = Exchange(), Signer(), KillLatch(tmp_path / "kill.latch")
    answers = ExchangeSource(exchange)
    known = {"a1": (example(ApprovalBounds, approval_id="a1"), b"seal", "key")}
    effects = OrderEffects(exchange, signer, latch, answers, known.get, latency_ms=5)
    return exchange, signer, latch, answers, effects


def submit(approval="a1"):
    origin = example(OrderOrigin, approval_id=approval, wallet="leader", account_id="paper")
    return seen(example(SubmitOrder, order_hash="h1", origin=origin, arrive_ts=77), 50)


def event(event_id, ts, order_hash="h1"):
    return ExchangeEvent(
        event_id=event_id,
        ts=ts,
        kind=ReportKind.ACCEPTED,
        account_id="paper",
        order_hash=order_hash,
        market_id="m",
        token_id="t",
    )


ARRIVES = 50 + 5_000_000
SENDS = (
    submit(),
    seen(example(RedeemPosition, account_id="paper", token_id="t"), 50),
    seen(example(MergePositions, account_id="paper", market_id="m"), 50),
)


def test_an_order_is_signed_within_its_seal_and_says_whose_prints_are_not_ours(desk):
    exchange, *_, effects = desk
    effects.carry_out(submit(), again=False)
    assert exchange.asked == [("submit", "h1", "0xh1/a1/seal/key", "leader")]


def test_an_order_without_a_seal_is_not_sent_and_that_is_told(desk):
    exchange, _, _, answers, effects = desk
    effects.carry_out(submit("other"), again=False)
    assert exchange.asked == []
    report = answers.take()
    assert (report.payload.kind, answers.peek()) == (ReportKind.NOT_SENT, 50)
    assert "no seal" in report.payload.reason
    assert report.correlation_id == submit("other").correlation_id
    answers.observe(report)
    assert answers.peek() is None


def test_what_the_signer_refuses_is_told_with_its_reason(desk):
    exchange, signer, _, answers, effects = desk
    signer.refuses = True
    effects.carry_out(submit(), again=False)
    assert exchange.asked == []
    assert answers.take().payload.reason == "SIGNER_REFUSED: outside its approval"


@pytest.mark.parametrize("command", SENDS, ids=lambda command: command.type)
def test_the_latch_stops_every_send_and_tells_it(desk, command):
    exchange, _, latch, answers, effects = desk
    latch.throw("why", 1)
    effects.carry_out(command, again=False)
    assert exchange.asked == []
    assert (answers.take().payload.kind, answers.take().payload.reason) == (ReportKind.NOT_SENT, "KILL_LATCH")


def test_an_order_that_may_have_been_sent_before_is_asked_for_and_never_called_not_sent(desk):
    exchange, _, latch, answers, effects = desk
    latch.throw("why", 1)
    effects.carry_out(submit(), again=True)
    assert exchange.asked == [("ask", "h1", 77)]
    assert answers.peek() is None


@pytest.mark.parametrize(
    ("payload", "asked"),
    [
        (example(CancelOrder, order_hash="h1"), ("cancel", "h1", ARRIVES)),
        (example(OrderOutcomeUnknown, order_hash="h1"), ("ask", "h1", ARRIVES)),
    ],
)
def test_cancels_and_questions_pass_the_latch(desk, payload, asked):
    exchange, _, latch, _, effects = desk
    latch.throw("why", 1)
    effects.carry_out(seen(payload, 50), again=False)
    assert exchange.asked == [asked]


def test_redemptions_and_merges_are_known_by_their_commands(desk):
    exchange, *_, effects = desk
    for command in SENDS[1:]:
        effects.carry_out(command, again=False)
    assert exchange.asked == [("redeem", SENDS[1].id, ARRIVES), ("merge", SENDS[2].id, ARRIVES)]


def test_an_exchange_that_does_not_answer_is_no_rejection(desk):
    exchange, _, _, answers, effects = desk
    exchange.dead = True
    with pytest.raises(ExchangeError):
        effects.carry_out(submit(), again=False)
    assert answers.peek() is None


def test_events_come_in_order_once_and_belong_to_their_orders_story(desk):
    exchange, _, _, answers, _ = desk
    exchange.events = [event("e1", 60), event("e2", 60), event("e3", 70, "unknown")]
    command = submit()
    answers.observe(command)
    told = []
    while answers.peek() is not None:
        told.append(answers.take())
        answers.observe(told[-1])
    assert [report.payload.exchange_event_id for report in told] == ["e1", "e2", "e3"]
    assert {report.correlation_id for report in told[:2]} == {command.correlation_id}
    assert told[2].correlation_id == told[2].id


def test_the_exchange_is_looked_at_again_only_after_something_changed(desk):
    exchange, _, _, answers, _ = desk
    for _ in range(5):
        assert answers.peek() is None
    assert exchange.looks == 1
    answers.observe(submit())
    answers.peek()
    assert exchange.looks == 2


def test_a_restart_goes_on_behind_the_last_recorded_event(desk):
    exchange, _, _, answers, _ = desk
    exchange.events = [event("e1", 60), event("e2", 61)]
    answers.observe(submit())
    answers.observe(answers.take())
    restored = ExchangeSource(exchange)
    restored.restore(answers.snapshot())
    assert restored.take() == answers.take()
    assert restored.take().payload.exchange_event_id == "e2"


def test_whose_story_is_remembered_for_a_bounded_number_of_commands(desk):
    _, _, _, answers, _ = desk
    for number in range(MAX_STORIES + 5):
        answers.observe(seen(example(RedeemPosition, account_id="paper"), 50, name=str(number)))
    empty = ExchangeSource(Exchange())
    empty.restore(answers.snapshot())
    assert empty.snapshot() == answers.snapshot()
    assert len(answers.snapshot()) < 200 * MAX_STORIES


class Seals:
    """A store that knows one seal."""

    def seal_of(self, message_id):
        return StoredSeal(message_id=message_id, key_id="key", signature=b"seal") if message_id != "none" else None


def approved(approval_id, name=""):
    bounds = example(ApprovalBounds, approval_id=approval_id)
    return seen(example(ApprovedTrade, bounds=bounds), 1, name=name)


def test_an_approvals_bounds_and_seal_are_found_by_its_id():
    approvals = Approvals(Seals())
    approvals.observe(approved("a1"))
    bounds, seal, key = approvals.sealed("a1")
    assert (bounds.approval_id, seal, key) == ("a1", b"seal", "key")
    assert approvals.sealed("a2") is None
    again = Approvals(Seals())
    again.restore(approvals.snapshot())
    assert again.sealed("a1") == approvals.sealed("a1")


def test_only_the_newest_approvals_are_kept():
    approvals = Approvals(Seals())
    for number in range(MAX_KEPT + 1):
        approvals.observe(approved(str(number), name=str(number)))
    assert approvals.sealed("0") is None
    assert approvals.sealed(str(MAX_KEPT)) is not None


def test_reports_that_others_recorded_move_the_cursor(desk):
    exchange, _, _, answers, _ = desk
    exchange.events = [event("e1", 60)]
    answers.observe(seen(example(OrderReport, exchange_event_id="e1"), 60))
    assert answers.peek() is None
