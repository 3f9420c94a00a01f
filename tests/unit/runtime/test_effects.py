"""Commands go out once they are sealed and the latch is open; what is refused is told as exactly one report."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.messages import example, seen
from whaletrader.domain.order import ReportKind
from whaletrader.errors import ExchangeError, SignerRefusal
from whaletrader.messages.envelope import Message, Payload
from whaletrader.messages.orders import (
    CancelOrder,
    MergePositions,
    OrderOrigin,
    OrderOutcomeUnknown,
    OrderReport,
    RedeemPosition,
    SubmitOrder,
)
from whaletrader.messages.risk import ApprovalBounds
from whaletrader.ports.exchange import Exchange, ExchangeEvent, SignedOrder
from whaletrader.ports.signer import Signer
from whaletrader.runtime.effects import OrderEffects, Sealed
from whaletrader.runtime.exchange_source import ExchangeSource
from whaletrader.runtime.latch import KillLatch

BOUNDS = example(ApprovalBounds, approval_id="approval")
SEALED: Sealed = (BOUNDS, b"seal", "key")
NOW, LATENCY = 1_000, 5_000_000_000


class Calls(Exchange):
    """Notes what it is asked to do."""

    def __init__(self) -> None:
        self.made: list[tuple[Any, ...]] = []

    def submit(self, order: SignedOrder) -> None:
        self.made.append(("submit", order))

    def cancel(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        self.made.append(("cancel", account_id, order_hash, arrive_ts))

    def ask(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        self.made.append(("ask", account_id, order_hash, arrive_ts))

    def redeem(self, command_id: str, account_id: str, token_id: str, size_micro: int, arrive_ts: int) -> None:
        self.made.append(("redeem", command_id, account_id, token_id, size_micro, arrive_ts))

    def merge(self, command_id: str, account_id: str, market_id: str, size_micro: int, arrive_ts: int) -> None:
        self.made.append(("merge", command_id, account_id, market_id, size_micro, arrive_ts))

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        return None


class Pen(Signer):
    """Signs everything, or refuses everything with one reason."""

    def __init__(self) -> None:
        self.refusal = ""
        self.asked: list[tuple[str, ApprovalBounds, bytes, str]] = []

    def sign(self, order: SubmitOrder, bounds: ApprovalBounds, seal: bytes, key_id: str) -> str:
        self.asked.append((order.order_hash, bounds, seal, key_id))
        if self.refusal:
            raise SignerRefusal(self.refusal)
        return f"0x{order.order_hash}"


class Desk:
    """Effects with everything around them."""

    def __init__(self, folder: Path) -> None:
        self.exchange, self.signer = Calls(), Pen()
        self.latch = KillLatch(folder / "kill.latch")
        self.answers = ExchangeSource(self.exchange)
        self.seals = {"approval": SEALED}
        self.effects = OrderEffects(
            self.exchange, self.signer, self.latch, self.answers, self.seals.get, latency_ms=LATENCY // 1_000_000
        )

    def do(self, payload: Payload, *, again: bool = False) -> Message:
        command = seen(payload, NOW)
        self.refused = self.effects.carry_out(command, again=again)
        return command

    def reports(self) -> list[Message]:
        """Every report that is to be recorded."""
        found = []
        while self.answers.peek() is not None:
            found.append(self.answers.take())
            self.answers.observe(found[-1])
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def submit(**changes: Any) -> SubmitOrder:
    origin = OrderOrigin(account_id="paper", approval_id="approval", wallet="0xleader", kind="fill", reduce_only=False)
    given = {"order_hash": "aa", "market_id": "m", "token_id": "t", "origin": origin, "arrive_ts": 77, "salt": 5}
    return example(SubmitOrder, **(given | changes))


REDEEM = RedeemPosition(account_id="paper", market_id="m", token_id="t", size_micro=9, payout_micro=1_000_000)
MERGE = MergePositions(account_id="paper", market_id="m", token_ids=("t", "u"), size_micro=9)
CANCEL = CancelOrder(order_hash="aa", market_id="m", account_id="paper")
UNKNOWN = example(OrderOutcomeUnknown, order_hash="aa", account_id="paper")


def test_an_order_is_signed_with_its_approvals_seal_and_sent_as_it_is(desk: Desk) -> None:
    order = submit(price_micro=400_000, size_micro=5_000_000, neg_risk=True, metadata="decision")
    desk.do(order)
    ((what, sent),) = desk.exchange.made
    assert what == "submit"
    assert desk.signer.asked == [("aa", *SEALED)]
    assert (sent.signature, sent.account_id, sent.leader_wallet, sent.arrive_ts) == ("0xaa", "paper", "0xleader", 77)
    assert sent.reduce_only is order.origin.reduce_only
    same = set(order.__struct_fields__) & set(sent.__struct_fields__)
    assert {name: getattr(sent, name) for name in same} == {name: getattr(order, name) for name in same}
    assert desk.reports() == []
    assert not desk.refused


@pytest.mark.parametrize(
    ("payload", "call"),
    [
        (CANCEL, ("cancel", "paper", "aa", NOW + LATENCY)),
        (UNKNOWN, ("ask", "paper", "aa", NOW + LATENCY)),
    ],
)
@pytest.mark.parametrize("thrown", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_cancels_and_questions_pass_whatever_the_latch_says(
    desk: Desk, payload: Payload, call: tuple[Any, ...], thrown: bool, again: bool
) -> None:
    if thrown:
        desk.latch.throw("why", 1)
    desk.do(payload, again=again)
    assert desk.exchange.made == [call]
    assert (desk.reports(), desk.refused) == ([], False)


@pytest.mark.parametrize("again", [False, True])
def test_payments_are_known_by_their_commands_id(desk: Desk, again: bool) -> None:
    redeem, merge = desk.do(REDEEM, again=again), desk.do(MERGE, again=again)
    assert desk.exchange.made == [
        ("redeem", redeem.id, "paper", "t", 9, NOW + LATENCY),
        ("merge", merge.id, "paper", "m", 9, NOW + LATENCY),
    ]


@pytest.mark.parametrize("payload", [submit(), REDEEM, MERGE], ids=["order", "redemption", "merge"])
def test_what_the_latch_refuses_becomes_exactly_one_report_in_the_story_of_its_command(
    desk: Desk, payload: Payload
) -> None:
    desk.latch.throw("why", 1)
    command = desk.do(payload)
    assert desk.refused
    (told,) = desk.reports()
    report = told.payload
    assert isinstance(report, OrderReport)
    assert (report.kind, report.reason, report.account_id) == (ReportKind.NOT_SENT, "KILL_LATCH", "paper")
    assert (told.cause_id, told.correlation_id, told.ts_init) == (command.id, command.correlation_id, NOW)
    assert report.order_hash == (payload.order_hash if isinstance(payload, SubmitOrder) else command.id)
    assert (desk.exchange.made, desk.signer.asked) == ([], [])


def test_a_command_that_is_refused_twice_is_told_once(desk: Desk) -> None:
    desk.latch.throw("why", 1)
    desk.do(submit())
    desk.do(submit())
    assert len(desk.reports()) == 1


def test_an_order_whose_approval_has_no_seal_is_not_sent(desk: Desk) -> None:
    desk.seals.clear()
    desk.do(submit())
    (told,) = desk.reports()
    assert told.payload.reason == "SIGNER_REFUSED: the approval has no seal"
    assert desk.exchange.made == []


def test_what_the_signer_refuses_is_not_sent_and_says_why(desk: Desk) -> None:
    desk.signer.refusal = "Outside the bounds."
    desk.do(submit())
    (told,) = desk.reports()
    assert told.payload.reason == "SIGNER_REFUSED: Outside the bounds."
    assert desk.exchange.made == []


@pytest.mark.parametrize("hindrance", ["latch", "seal", "signer"])
def test_an_order_that_may_have_been_sent_before_a_crash_is_asked_for_and_never_called_unsent(
    desk: Desk, hindrance: str
) -> None:
    if hindrance == "latch":
        desk.latch.throw("why", 1)
    elif hindrance == "seal":
        desk.seals.clear()
    else:
        desk.signer.refusal = "no"
    desk.do(submit(), again=True)
    assert desk.exchange.made == [("ask", "paper", "aa", 77)]
    assert (desk.reports(), desk.refused) == ([], False)


def test_an_order_is_sent_again_after_a_crash_where_nothing_hinders_it(desk: Desk) -> None:
    desk.do(submit())
    desk.do(submit(), again=True)
    assert [call[0] for call in desk.exchange.made] == ["submit", "submit"]
    assert desk.exchange.made[0] == desk.exchange.made[1], "the same bytes"


@pytest.mark.parametrize("payload", [REDEEM, MERGE], ids=["redemption", "merge"])
def test_a_payment_that_may_have_been_made_before_a_crash_waits_for_the_latch(desk: Desk, payload: Payload) -> None:
    desk.latch.throw("why", 1)
    with pytest.raises(ExchangeError, match="waits for the kill latch") as waiting:
        desk.do(payload, again=True)
    assert waiting.value.retryable
    assert (desk.reports(), desk.exchange.made) == ([], [])
    desk.latch.clear()
    desk.do(payload, again=True)
    assert len(desk.exchange.made) == 1


def test_the_latch_is_looked_at_before_every_send(desk: Desk) -> None:
    desk.do(submit())
    desk.latch.throw("why", 1)
    desk.do(submit(order_hash="bb"))
    desk.latch.clear()
    desk.do(submit(order_hash="cc"))
    assert [call[1].order_hash for call in desk.exchange.made] == ["aa", "cc"]
    assert [told.payload.order_hash for told in desk.reports()] == ["bb"]


def test_a_latch_thrown_while_the_signer_works_is_the_signers_to_see(desk: Desk) -> None:
    class Late(Pen):
        """Throws the latch while it holds the order, as another process may."""

        def sign(self, order: SubmitOrder, bounds: ApprovalBounds, seal: bytes, key_id: str) -> str:
            desk.latch.throw("late", 1)
            raise SignerRefusal("The kill latch is thrown.")

    desk.effects = OrderEffects(desk.exchange, Late(), desk.latch, desk.answers, desk.seals.get, latency_ms=0)
    desk.do(submit())
    assert [told.payload.kind for told in desk.reports()] == [ReportKind.NOT_SENT]
    assert desk.exchange.made == []


def test_every_command_with_an_effect_on_the_exchange_is_carried(desk: Desk) -> None:
    commands = {type(payload).__name__ for payload in (submit(), CANCEL, UNKNOWN, REDEEM, MERGE)}
    assert commands == OrderEffects.carries


def test_nobody_answering_is_passed_on(desk: Desk) -> None:
    class Silent(Calls):
        """Answers nothing."""

        def cancel(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
            raise ExchangeError("nobody answered", retryable=True)

    desk.effects = OrderEffects(Silent(), desk.signer, desk.latch, desk.answers, desk.seals.get, latency_ms=0)
    with pytest.raises(ExchangeError):
        desk.do(CANCEL)


def test_a_signed_order_travels_as_bytes_and_back(desk: Desk) -> None:
    desk.do(submit())
    sent = desk.exchange.made[0][1]
    assert msgspec.json.decode(msgspec.json.encode(sent), type=SignedOrder) == sent


@pytest.mark.parametrize("payload", [submit(), CANCEL, UNKNOWN, REDEEM, MERGE], ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("lost", [False, True])
def test_whatever_went_to_the_exchange_makes_the_source_look_again(desk: Desk, payload: Payload, lost: bool) -> None:
    class Asked(Calls):
        """Counts how often it is asked for its next event, and may lose its answers to everything else."""

        asked = 0

        def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
            self.asked += 1
            return None

        def __getattribute__(self, name: str) -> Any:
            if lost and name in {"submit", "cancel", "ask", "redeem", "merge"}:
                raise ExchangeError("the answer was lost", retryable=True)
            return super().__getattribute__(name)

    exchange = Asked()
    answers = ExchangeSource(exchange)
    effects = OrderEffects(exchange, desk.signer, desk.latch, answers, desk.seals.get, latency_ms=0)
    answers.peek()
    answers.peek()
    assert exchange.asked == 1
    with suppress(ExchangeError):
        effects.carry_out(seen(payload, NOW), again=False)
    answers.peek()
    assert exchange.asked == 2
