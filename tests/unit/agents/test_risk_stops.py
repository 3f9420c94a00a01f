"""The risk agent stops: breaker, ladder, emergency and kill switch, and what an operator lifts."""

import msgspec

from tests.support.payloads import (
    UNIT,
    operator,
)
from tests.support.risk_agent import DAY, EQUITY, bid, bought, derisk_wish, kinds, priced, proposed, started
from whaletrader.domain.values import DAY_NS, TradingState
from whaletrader.messages.orchestration import ScheduleTimer, TimerFired
from whaletrader.messages.risk import (
    CircuitBreakerTripped,
    EmergencyDeRisk,
    KillSwitchThrown,
    TradingStateChanged,
)


class TestStops:
    """Breaker, ladder and kill switch: they fail closed, and only an operator lifts them."""

    def test_a_daily_loss_of_five_percent_trips_the_breaker_once(self):
        harness = started()
        bought(harness, 0, size=2_000)
        outs = bid(harness, 240_000)
        assert kinds(outs) == ["CircuitBreakerTripped", "TradingStateChanged"]
        assert (outs[0].loss_micro, outs[0].threshold_micro, outs[0].stale_marks) == (520 * UNIT, 500 * UNIT, False)
        assert (outs[1].state, outs[1].previous, outs[1].reason) == ("HALTED", "ACTIVE", "DAILY_LOSS")
        assert bid(harness, 230_000) == []

    def test_the_breaker_says_when_a_stale_mark_did_it(self):
        harness = started()
        for index in range(6):
            bought(harness, index, size=1_800)
        harness.tell(priced(9), at=3 * DAY)
        outs = harness.tell(proposed(9))
        assert kinds(outs) == ["CircuitBreakerTripped", "TradingStateChanged", "RejectedTrade"]
        assert outs[0].stale_marks
        assert "HALTED" in outs[2].reasons

    def test_a_breaker_does_not_reset_itself_when_the_loss_is_made_good_or_the_day_ends(self):
        harness = started()
        bought(harness, 0, size=2_000)
        bid(harness, 240_000)
        assert bid(harness, 900_000) == []
        due = TimerFired(owner="risk_management", name="day", due_ts=DAY_NS)
        assert kinds(harness.tell(due, at=DAY)) == ["ScheduleTimer"]
        harness.tell(priced(1))
        (denial,) = harness.tell(proposed(1))
        assert "HALTED" in denial.reasons

    def test_resuming_does_not_reset_the_breaker_and_resetting_it_does(self):
        harness = started()
        bought(harness, 0, size=2_000)
        bid(harness, 240_000)
        assert harness.tell(operator("RESUME")) == []
        assert harness.state.controls.breaker
        outs = harness.tell(operator("RESET_BREAKER"))
        assert [(out.state, out.reason) for out in outs] == [("ACTIVE", "RECOVERED")]
        assert bid(harness, 235_000) == []
        assert kinds(bid(harness, 1_000)) == ["CircuitBreakerTripped", "TradingStateChanged"]

    def test_the_daily_loss_is_measured_from_midnight(self):
        harness = started()
        bought(harness, 0, size=2_000)
        bid(harness, 300_000)
        harness.tell(TimerFired(owner="risk_management", name="day", due_ts=DAY_NS), at=DAY)
        assert harness.state.book.day_base_micro == EQUITY - 400 * UNIT
        assert bid(harness, 200_000) == []

    def test_the_day_timer_is_set_at_the_start_and_again_each_midnight(self):
        harness = started()
        assert harness.said(ScheduleTimer) == [ScheduleTimer(owner="risk_management", name="day", due_ts=DAY_NS)]
        outs = harness.tell(TimerFired(owner="risk_management", name="day", due_ts=DAY_NS), at=DAY)
        assert outs == [ScheduleTimer(owner="risk_management", name="day", due_ts=2 * DAY_NS)]
        assert harness.tell(TimerFired(owner="risk_management", name="else", due_ts=DAY_NS)) == []
        assert harness.tell(TimerFired(owner="execution", name="day", due_ts=DAY_NS)) == []

    def test_a_drawdown_of_ten_percent_reduces_and_a_recovery_ends_it(self):
        harness = started(daily_loss_micro=UNIT)
        bought(harness, 0, size=4_000)
        outs = bid(harness, 240_000)
        assert [(out.state, out.reason) for out in outs] == [("REDUCING", "DRAWDOWN")]
        harness.tell(priced(1))
        (denial,) = harness.tell(proposed(1))
        assert denial.reasons == ("REDUCING_ONLY", "DRAWDOWN")
        assert [out.state for out in bid(harness, 400_000)] == ["ACTIVE"]

    def emergency(self):
        harness = started(daily_loss_micro=UNIT)
        bought(harness, 0, size=8_000)
        bought(harness, 1, size=100)
        return harness, harness.feed(harness.message(priced(0, 240_000)))

    def test_a_drawdown_of_twenty_percent_orders_an_emergency(self):
        harness, outs = self.emergency()
        assert kinds(out.payload for out in outs) == ["TradingStateChanged", "EmergencyDeRisk"]
        order = outs[1].payload
        assert (order.reason, order.fraction_micro) == ("DRAWDOWN", 500_000)
        assert order.drawdown_micro >= 200_000
        assert bid(harness, 235_000) == []

    def test_the_emergency_causes_a_reduce_only_sale_of_half_of_each_position(self):
        harness, outs = self.emergency()
        sales = harness.feed(outs[1])
        assert {sale.cause_id for sale in sales} == {outs[1].id}
        halves = {sale.payload.bounds.token_id: sale.payload.bounds.max_size_micro for sale in sales}
        assert halves == {"yes0": 4_000 * UNIT, "yes1": 50 * UNIT}
        assert all(sale.payload.reduce_only for sale in sales)
        assert len({sale.payload.bounds.approval_id for sale in sales}) == 2
        assert harness.state.controls.derisked

    def test_an_emergency_told_twice_sells_once(self):
        harness, outs = self.emergency()
        harness.feed(outs[1])
        again = harness.feed(outs[1])
        assert kinds(out.payload for out in again) == ["RejectedTrade", "RejectedTrade"]

    def test_a_lot_too_small_to_halve_is_sold_whole_and_one_below_the_minimum_is_told(self):
        harness = started(daily_loss_micro=UNIT)
        bought(harness, 0, size=8)
        bought(harness, 1, size=4)
        outs = harness.feed(harness.message(derisk_wish()))
        sales = [out.payload for out in harness.feed(outs[0])]
        assert [type(sale).__name__ for sale in sales] == ["ApprovedTrade", "RejectedTrade"]
        assert sales[0].bounds.max_size_micro == 5 * UNIT
        assert sales[1].reasons == ("BELOW_VENUE_MINIMUM",)

    def test_the_orchestrator_may_ask_for_a_de_risk_but_not_of_a_halted_account(self):
        harness = started()
        (order,) = harness.tell(derisk_wish())
        assert (order.reason, order.fraction_micro) == ("ORCHESTRATOR", 500_000)
        assert harness.tell(derisk_wish(kind="STOP")) == []
        harness.tell(operator("KILL"))
        (alert,) = harness.tell(derisk_wish())
        assert alert.limit == "DERISK_BLOCKED"

    def test_a_drawdown_of_a_quarter_throws_the_kill_switch(self):
        harness = started(daily_loss_micro=UNIT)
        bought(harness, 0, size=8_000)
        outs = bid(harness, 150_000)
        assert kinds(outs) == ["KillSwitchThrown", "TradingStateChanged"]
        assert (outs[0].reason, outs[1].state, outs[1].reason) == ("DRAWDOWN", "HALTED", "KILLED")
        assert bid(harness, 900_000) == []

    def test_an_operator_who_resumes_after_the_ladders_kill_accepts_the_drawdown(self):
        harness = started(daily_loss_micro=UNIT)
        bought(harness, 0, size=8_000)
        bid(harness, 150_000)
        (change,) = harness.tell(operator("RESUME"))
        assert change.state == "ACTIVE"
        assert harness.state.book.high_water_micro == EQUITY - 8_000 * UNIT * 35 // 100
        assert not harness.state.controls.derisked

    def test_an_operator_who_resumes_his_own_kill_does_not_lift_the_ladder(self):
        harness = started(daily_loss_micro=UNIT)
        bought(harness, 0, size=4_000)
        bid(harness, 240_000)
        assert kinds(harness.tell(operator("KILL"))) == ["KillSwitchThrown", "TradingStateChanged"]
        (change,) = harness.tell(operator("RESUME"))
        assert (change.state, change.previous) == ("REDUCING", "HALTED")
        (change,) = harness.tell(operator("RESUME"))
        assert change.state == "ACTIVE"

    def test_a_thrown_kill_switch_denies_everything_until_an_operator_resumes(self):
        harness = started()
        bought(harness, 0)
        outs = harness.tell(operator("KILL"))
        assert outs == [
            KillSwitchThrown(account_id="paper", reason="OPERATOR"),
            TradingStateChanged(account_id="paper", state="HALTED", previous="ACTIVE", reason="KILLED"),
        ]
        assert harness.tell(operator("KILL")) == []
        harness.restart()
        harness.tell(priced(1))
        sale = proposed(0, side="SELL", reduce_only=True, limit_price_micro=450_000)
        for wish in (proposed(1), sale):
            (denial,) = harness.tell(wish)
            assert "KILLED" in denial.reasons
        harness.tell(operator("RESUME"))
        assert harness.state.controls.state is TradingState.ACTIVE
        assert kinds(harness.tell(sale)) == ["ApprovedTrade"]

    def test_a_command_for_another_account_is_not_ours(self):
        harness = started()
        other = msgspec.structs.replace(operator("KILL"), account_id="live")
        assert harness.tell(other) == []
        assert not harness.state.controls.killed


def test_daily_marks_are_kept_of_held_tokens_and_bounded():
    harness = started(max_mark_age_s=10**9)
    bought(harness, 0)
    for day in range(1, 100):
        harness.tell(TimerFired(owner="risk_management", name="day", due_ts=day * DAY_NS), at=day * DAY)
    assert {token: len(marks) for token, marks in harness.state.daily.items()} == {"yes0": 90}


def test_every_alarm_is_under_our_account():
    harness = started(daily_loss_micro=UNIT)
    bought(harness, 0, size=8_000)
    bid(harness, 240_000)
    bid(harness, 150_000)
    harness.tell(operator("RESET_BREAKER"))
    alarms = [EmergencyDeRisk, KillSwitchThrown, TradingStateChanged, CircuitBreakerTripped]
    said = [each for kind in alarms for each in harness.said(kind)]
    assert said
    assert {each.account_id for each in said} == {"paper"}
