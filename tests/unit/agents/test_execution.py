import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.tapes import LEADER, MARKET, NO, YES
from tests.support.trading import ACCOUNT, TRADER, approved, execution, market_terms, resolution
from whaletrader.agents.execution import MAX_ASKS, Execution
from whaletrader.agents.execution_state import MAX_FINISHED, MAX_TERMS
from whaletrader.config.tree import ExecutionSettings
from whaletrader.domain.order_hash import MAX_SALT, OrderStruct, order_hash
from whaletrader.domain.values import Side
from whaletrader.messages.orchestration import ScheduleTimer, TimerFired
from whaletrader.messages.orders import (
    CancelOrder,
    ExecutionError,
    OrderCancelled,
    OrderFilled,
    OrderOutcomeUnknown,
    OrderRejected,
    OrderReport,
    OrderSubmitted,
    RedeemPosition,
    SettlementUpdated,
    SubmitOrder,
)
from whaletrader.messages.risk import KillSwitchThrown, OperatorCommand

SECOND = 1_000_000_000


def ordered(at=100, **changes):
    """Execution after it sent one order at `at` seconds, and the order."""
    harness = execution()
    harness.tell(market_terms(), at=90)
    order = harness.tell(approved(**changes), at=at)[0]
    assert isinstance(order, SubmitOrder)
    return harness, order


def report(order, kind, **changes):
    values = {
        "account_id": ACCOUNT, "order_hash": order.order_hash, "market_id": MARKET, "token_id": order.token_id,
        "kind": kind, "exchange_event_id": f"{kind}{sorted(changes.items())}", "trade_id": "", "price_micro": 0,
        "size_micro": 0, "fee_micro": 0, "role": "", "cash_micro": 0, "reason": "",
    }  # fmt: skip
    return OrderReport(**{**values, **changes})


def filled(order, size=20_000_000, trade_id="t1"):
    return report(order, "FILL", trade_id=trade_id, price_micro=560_000, size_micro=size, fee_micro=10, role="taker")


def bought(size=20_000_000, at=100, **changes):
    """Execution that holds confirmed shares."""
    harness, order = ordered(at, **changes)
    harness.tell(report(order, "ACCEPTED"), at=at + 5)
    harness.tell(filled(order, size), at=at + 6)
    harness.tell(report(order, "SETTLED", trade_id="t1"), at=at + 8)
    if size < order.size_micro:
        harness.tell(report(order, "EXPIRED", size_micro=size), at=at + 65)
    return harness


def fire(harness, order, at):
    return harness.tell(TimerFired(owner="execution", name=order.order_hash, due_ts=at * SECOND), at=at)


def names(payloads):
    return [type(payload).__name__ for payload in payloads]


def test_an_approval_becomes_an_order_whose_hash_is_the_venues():
    _, order = ordered()
    struct = OrderStruct(
        order.salt, order.maker, order.signer, order.token_id, order.maker_amount, order.taker_amount,
        Side(order.side), order.signature_type, order.timestamp_ms, order.metadata,
    )  # fmt: skip
    assert order.order_hash == order_hash(struct, neg_risk=False)
    assert (order.price_micro, order.size_micro, order.order_type) == (600_000, 20_000_000, "GTD")
    assert (order.arrive_ts, order.expiration_s, order.timestamp_ms) == (105 * SECOND, 225, 100_000)
    assert 0 < order.salt <= MAX_SALT
    assert order.metadata == "cd" * 32
    assert (order.origin.wallet, order.origin.kind, order.child) == (LEADER, "fill", 0)
    assert (order.maker, order.signer) == (TRADER.maker, TRADER.signer)


def test_the_same_approval_at_the_same_time_is_the_same_order():
    assert ordered()[1] == ordered()[1]
    assert ordered()[1].order_hash != ordered(approval_id="00" * 16)[1].order_hash


def test_a_neg_risk_market_has_its_own_exchange():
    harness = execution()
    harness.tell(market_terms(neg_risk=True), at=90)
    order = harness.tell(approved(), at=100)[0]
    assert order.neg_risk
    assert order.order_hash != ordered()[1].order_hash


def test_when_the_tick_changes_the_next_order_has_the_new_one_and_the_old_ones_rejection_is_told():
    harness, order = ordered()
    harness.tell(market_terms(tick_micro=1_000), at=101)
    (rejected,) = harness.tell(report(order, "REJECTED", reason="BREAKS_TICK_SIZE"), at=105)
    assert rejected.reason == "BREAKS_TICK_SIZE"
    finer = harness.tell(approved(approval_id="2" * 32, worst_price_micro=605_500), at=110)[0]
    assert finer.price_micro == 605_000


def test_the_token_of_the_approval_is_bought_whatever_its_outcome_is_called():
    assert ordered(token_id=NO)[1].token_id == NO
    assert ordered(token_id=NO)[1].order_hash != ordered(token_id=YES)[1].order_hash


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"expires_ts": 99 * SECOND}, "EXPIRED"),
        ({"market_id": "0xother"}, "UNKNOWN_MARKET"),
        ({"worst_price_micro": 5_000}, "PRICE_OUT_OF_RANGE"),
        ({"max_size_micro": 4_000_000}, "BELOW_VENUE_MINIMUM"),
        ({"max_cost_micro": 900_000}, "BELOW_VENUE_MINIMUM"),
    ],
)
def test_what_cannot_be_ordered_is_rejected_with_a_reason_and_its_reservation_freed(changes, reason):
    harness = execution()
    harness.tell(market_terms(), at=90)
    error, rejection = harness.tell(approved(**changes), at=100)
    assert isinstance(error, ExecutionError)
    assert isinstance(rejection, OrderRejected)
    assert (error.reason, rejection.reason, rejection.order_hash) == (reason, reason, "")
    assert rejection.approval_id == approved().bounds.approval_id
    assert not harness.state.orders
    assert not harness.state.approvals


def test_another_accounts_approval_and_one_that_was_ordered_lead_to_no_order():
    harness, _ = ordered()
    again = harness.tell(approved(), at=101)
    assert [(type(out), out.reason) for out in again] == [(ExecutionError, "DUPLICATE_APPROVAL")]
    other = Execution(ExecutionSettings(), TRADER)
    stranger = type(TRADER)("other", TRADER.maker, TRADER.signer)
    harness.agent = Execution(other.settings, stranger)
    assert [out.reason for out in harness.tell(approved(approval_id="1"), at=102)] == ["UNKNOWN_ACCOUNT"]


def test_an_acknowledged_order_is_told_filled_and_settled():
    harness, order = ordered()
    assert names(harness.tell(report(order, "ACCEPTED"), at=105)) == ["OrderSubmitted"]
    (fill,) = harness.tell(filled(order), at=106)
    assert isinstance(fill, OrderFilled)
    assert (fill.final, fill.size_micro, fill.fee_micro, fill.wallet) == (True, 20_000_000, 10, LEADER)
    assert (fill.event_group_id, fill.reference_price_micro) == ("group", 550_000)
    (settled,) = harness.tell(report(order, "SETTLED", trade_id="t1"), at=108)
    assert (settled.status, settled.size_micro, settled.cash_micro) == ("CONFIRMED", 20_000_000, 0)
    assert harness.state.held[YES].size_micro == 20_000_000
    assert not harness.state.orders


def test_a_failed_settlement_voids_the_fill_and_gives_back_what_it_cost():
    harness, order = ordered()
    harness.tell(filled(order), at=106)
    (void,) = harness.tell(report(order, "FAILED", trade_id="t1"), at=108)
    assert (void.status, void.size_micro, void.cash_micro) == ("FAILED", 20_000_000, 11_200_010)
    assert not harness.state.held


def test_the_rest_of_an_order_expires_and_what_was_filled_is_kept():
    harness, order = ordered()
    harness.tell(filled(order, 8_000_000), at=106)
    (ended,) = harness.tell(report(order, "EXPIRED", size_micro=8_000_000), at=165)
    assert isinstance(ended, OrderCancelled)
    assert (ended.filled_micro, ended.reason) == (8_000_000, "EXPIRED")


def test_an_expiry_that_counts_a_fill_we_never_heard_of_is_asked_about_at_once():
    harness, order = ordered()
    harness.tell(report(order, "ACCEPTED"), at=105)
    asked = harness.tell(report(order, "EXPIRED", size_micro=8_000_000), at=165)
    assert names(asked) == ["OrderOutcomeUnknown", "ScheduleTimer"]
    told = harness.tell(filled(order, 8_000_000), at=171)
    assert names(told) == ["OrderFilled", "OrderCancelled"]


def test_silence_is_unknown_and_never_a_rejection():
    harness, order = ordered()
    asked, timer = fire(harness, order, 115)
    assert isinstance(asked, OrderOutcomeUnknown)
    assert (asked.asked, asked.approval_id) == (0, approved().bounds.approval_id)
    assert timer.due_ts == 130 * SECOND
    assert harness.state.orders[order.order_hash].life.status == "UNKNOWN"
    assert names(harness.tell(report(order, "ACCEPTED"), at=121)) == ["OrderSubmitted"]
    assert not harness.said(OrderRejected)


def test_each_further_question_waits_twice_as_long_and_they_end_with_an_error():
    harness, order = ordered()
    due, waits = 115, []
    for number in range(MAX_ASKS):
        asked, timer = fire(harness, order, due)
        assert asked.asked == number
        waits.append(timer.due_ts // SECOND - due - 5)
        due = timer.due_ts // SECOND
    assert waits == [10 * 2**number for number in range(MAX_ASKS)]
    (error,) = fire(harness, order, due)
    assert error.reason == "OUTCOME_STILL_UNKNOWN"
    assert not harness.said(OrderRejected)
    assert order.order_hash in harness.state.orders


def test_an_order_that_never_arrived_is_rejected_only_when_it_can_no_longer_arrive():
    harness, order = ordered()
    fire(harness, order, 115)
    assert harness.tell(report(order, "UNKNOWN_ORDER"), at=120) == []
    late = harness.tell(report(order, "UNKNOWN_ORDER", reason="again"), at=226)
    assert [(type(out), out.reason) for out in late] == [(OrderRejected, "NEVER_ARRIVED")]
    assert not harness.state.orders


def test_an_order_that_should_have_expired_is_cancelled_and_then_asked_for():
    harness, order = ordered()
    harness.tell(report(order, "ACCEPTED"), at=105)
    (later,) = fire(harness, order, 115)
    assert later == ScheduleTimer(owner="execution", name=order.order_hash, due_ts=175 * SECOND)
    cancel, timer = fire(harness, order, 175)
    assert isinstance(cancel, CancelOrder)
    assert names(fire(harness, order, timer.due_ts // SECOND)) == ["OrderOutcomeUnknown", "ScheduleTimer"]
    assert len(harness.said(CancelOrder)) == 1


def test_a_rejected_order_and_one_that_was_not_sent_are_told_as_rejected():
    for kind, reason in (("REJECTED", "MARKET_RESOLVED"), ("NOT_SENT", "KILL_LATCH")):
        harness, order = ordered()
        (rejected,) = harness.tell(report(order, kind, reason=reason), at=105)
        assert (type(rejected), rejected.reason) == (OrderRejected, reason)
        assert fire(harness, order, 115) == []


def test_reports_told_again_change_nothing_even_after_the_order_is_finished():
    harness, order = ordered()
    reports = [report(order, "ACCEPTED"), filled(order), report(order, "SETTLED", trade_id="t1")]
    harness.tell_all(reports)
    assert harness.tell_all([*reports, *reports]) == []
    assert harness.state.held[YES].size_micro == 20_000_000


def test_a_report_about_an_order_that_is_not_ours_is_an_error():
    harness, order = ordered()
    (error,) = harness.tell(report(order, "FILL", order_hash="0xstranger"), at=106)
    assert (error.reason, error.order_hash) == ("UNKNOWN_ORDER_REPORT", "0xstranger")


def test_the_kill_switch_cancels_every_open_order_once():
    harness, order = ordered()
    second = harness.tell(approved(approval_id="2" * 32, token_id=NO), at=101)[0]
    harness.tell(report(order, "ACCEPTED"), at=105)
    kill = KillSwitchThrown(account_id=ACCOUNT, reason="operator")
    cancels = [out for out in harness.tell(kill, at=107) if isinstance(out, CancelOrder)]
    assert [cancel.order_hash for cancel in cancels] == [order.order_hash, second.order_hash]
    assert harness.tell(kill, at=108) == []
    told = harness.tell(report(order, "CANCELLED", size_micro=0, reason="CANCELLED"), at=112)
    assert names(told) == ["OrderCancelled"]


def test_a_winning_position_is_redeemed_once_and_its_cash_is_told():
    harness = bought()
    (redeem,) = harness.tell(resolution(), at=500)
    assert isinstance(redeem, RedeemPosition)
    assert (redeem.token_id, redeem.size_micro, redeem.payout_micro) == (YES, 20_000_000, 1_000_000)
    assert harness.tell(resolution(), at=501) == []
    command_id = harness.published[-1].id
    (paid,) = harness.tell(receipt_of(command_id, "REDEEMED", cash=20_000_000), at=506)
    assert (paid.status, paid.order_hash, paid.cash_micro) == ("REDEEMED", command_id, 20_000_000)
    assert not harness.state.held
    assert not harness.state.resolved
    assert not harness.state.payments


def receipt_of(command_id, kind, *, cash=0, reason=""):
    return OrderReport(
        account_id=ACCOUNT, order_hash=command_id, market_id=MARKET, token_id=YES, kind=kind, exchange_event_id="r",
        trade_id="", price_micro=0, size_micro=0, fee_micro=0, role="", cash_micro=cash, reason=reason,
    )  # fmt: skip


def test_a_worthless_position_is_written_off_without_a_command():
    harness = bought()
    (written_off,) = harness.tell(resolution((0, 1_000_000)), at=500)
    assert isinstance(written_off, SettlementUpdated)
    assert (written_off.status, written_off.order_hash, written_off.cash_micro) == ("REDEEMED", "", 0)
    assert written_off.size_micro == 20_000_000
    assert not harness.state.held
    assert not harness.state.resolved


def test_a_split_resolution_redeems_both_outcomes_at_a_half():
    harness = bought()
    order = harness.tell(approved(approval_id="2" * 32, token_id=NO), at=200)[0]
    harness.tell(filled(order), at=206)
    merge = harness.feed(harness.message(report(order, "SETTLED", trade_id="t1"), at=208))[-1]
    harness.tell(receipt_of(merge.id, "NOT_SENT", reason="KILL_LATCH"), at=208)
    redeemed = harness.tell(resolution((500_000, 500_000)), at=500)
    assert [(out.token_id, out.payout_micro) for out in redeemed] == [(YES, 500_000), (NO, 500_000)]


def test_winnings_below_a_dollar_are_redeemed_too():
    harness = bought(size=10_000)
    (redeem,) = harness.tell(resolution(), at=500)
    assert (redeem.size_micro, redeem.payout_micro) == (10_000, 1_000_000)


def test_winnings_that_pay_nothing_are_an_anomaly():
    harness = bought()
    harness.tell(resolution(), at=500)
    paid, error = harness.tell(receipt_of(harness.published[-1].id, "REDEEMED"), at=506)
    assert (paid.cash_micro, error.reason) == (0, "REDEEMED_NOTHING")


def test_a_redemption_that_was_not_sent_is_sent_again_when_the_operator_resumes():
    harness = bought()
    harness.tell(resolution(), at=500)
    (error,) = harness.tell(receipt_of(harness.published[-1].id, "NOT_SENT", reason="KILL_LATCH"), at=501)
    assert error.reason == "REDEMPTION_FAILED"
    assert harness.state.held[YES].size_micro == 20_000_000
    resume = OperatorCommand(account_id=ACCOUNT, command="RESUME", argument="", operator="me")
    assert names(harness.tell(resume, at=600)) == ["RedeemPosition"]
    assert harness.tell(resume, at=601) == []


def test_shares_still_unsettled_at_resolution_are_redeemed_when_they_settle():
    harness, order = ordered()
    harness.tell(filled(order, 8_000_000), at=106)
    assert names(harness.tell(resolution(), at=120)) == ["CancelOrder", "ScheduleTimer"]
    assert names(harness.tell(report(order, "CANCELLED", size_micro=8_000_000), at=125)) == ["OrderCancelled"]
    settled, redeem = harness.tell(report(order, "SETTLED", trade_id="t1"), at=126)
    assert settled.status == "CONFIRMED"
    assert (redeem.size_micro, redeem.payout_micro) == (8_000_000, 1_000_000)


def test_an_order_asked_for_in_vain_does_not_keep_winnings_from_being_redeemed():
    harness = bought()
    order = harness.tell(approved(approval_id="2" * 32), at=200)[0]
    assert names(harness.tell(resolution(), at=201)) == ["CancelOrder", "ScheduleTimer"]
    due = 216
    for _ in range(MAX_ASKS):
        due = fire(harness, order, due)[1].due_ts // SECOND
    error, redeem = fire(harness, order, due)
    assert error.reason == "OUTCOME_STILL_UNKNOWN"
    assert (type(redeem), redeem.size_micro) == (RedeemPosition, 20_000_000)


def test_a_sale_lowers_what_is_redeemed_and_a_void_sale_brings_it_back():
    for kind, left in (("SETTLED", 12_000_000), ("FAILED", 20_000_000)):
        harness = bought()
        sale = approved(approval_id="3" * 32, side="SELL", worst_price_micro=500_000, max_size_micro=8_000_000)
        order = harness.tell(sale, at=200)[0]
        assert (order.side, order.maker_amount, order.taker_amount) == ("SELL", 8_000_000, 4_000_000)
        harness.tell(filled(order, 8_000_000, "s1"), at=206)
        harness.tell(report(order, kind, trade_id="s1"), at=208)
        (redeem,) = harness.tell(resolution(), at=500)
        assert redeem.size_micro == left


def test_a_market_that_does_not_concern_us_leaves_no_trace():
    harness = execution()
    assert harness.tell(resolution(), at=500) == []
    assert not harness.state.resolved


def test_memory_of_markets_and_finished_orders_is_bounded():
    harness = execution()
    for number in range(MAX_TERMS + 10):
        update = market_terms()
        harness.state = harness.agent.evolve(
            harness.state, harness.message(type(update)(**{**as_dict(update), "market_id": str(number)}), at=1)
        )
    assert len(harness.state.terms) == MAX_TERMS
    harness.tell(market_terms(), at=90)
    for number in range(MAX_FINISHED + 10):
        order = harness.tell(approved(approval_id=f"{number:032x}"), at=100)[0]
        harness.tell(report(order, "REJECTED", reason="no"), at=105)
    assert len(harness.state.finished) == MAX_FINISHED
    assert not harness.state.orders


def as_dict(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


@settings(max_examples=60, deadline=None)
@given(
    kinds=st.lists(
        st.sampled_from(["ACCEPTED", "FILL", "SETTLED", "FAILED", "CANCELLED", "EXPIRED", "REJECTED", "UNKNOWN_ORDER",
                         "NOT_SENT", "timer", "kill", "resolved", "restart"]),
        max_size=14,
    )
)  # fmt: skip
def test_no_sequence_of_events_breaks_the_agent_or_sells_what_it_does_not_hold(kinds):
    harness, order = ordered()
    for number, kind in enumerate(kinds):
        at = 105 + 20 * number
        if kind == "timer":
            fire(harness, order, at)
        elif kind == "kill":
            harness.tell(KillSwitchThrown(account_id=ACCOUNT, reason="operator"), at=at)
        elif kind == "resolved":
            harness.tell(resolution(), at=at)
        elif kind == "restart":
            harness.restart()
        else:
            trade = "t1" if kind in ("FILL", "SETTLED", "FAILED") else ""
            harness.tell(report(order, kind, trade_id=trade, price_micro=560_000, size_micro=8_000_000), at=at)
    redeemed = sum(redeem.size_micro for redeem in harness.said(RedeemPosition))
    confirmed = sum(s.size_micro for s in harness.said(SettlementUpdated) if s.status == "CONFIRMED")
    assert redeemed <= confirmed <= 8_000_000
    assert len(harness.said(SubmitOrder)) == 1
    assert len(harness.said(OrderSubmitted)) <= 1
