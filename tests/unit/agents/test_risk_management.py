"""The risk agent: approvals and their reservations, the breaker, the ladder, the kill switch, and the operator."""

import msgspec
import pytest

from tests.support.harness import SECOND, Harness
from tests.support.payloads import (
    ALICE,
    BOB,
    MARKET,
    NO,
    UNIT,
    YES,
    filled,
    market_data,
    operator,
    resolved,
    settled,
    terms,
)
from whaletrader.agents.risk_management import RiskManagement
from whaletrader.agents.risk_mapping import decision_hash
from whaletrader.agents.risk_state import MAX_MARKETS
from whaletrader.config.tree import AccountSettings, Settings
from whaletrader.domain.risk.limits import RiskLimits
from whaletrader.domain.values import DAY_NS, TradingState
from whaletrader.messages.envelope import hash_id
from whaletrader.messages.orchestration import OrchestratorDecision, ScheduleTimer, TimerFired
from whaletrader.messages.orders import ExecutionError, OrderCancelled, OrderRejected
from whaletrader.messages.risk import (
    ApprovedTrade,
    CircuitBreakerTripped,
    EmergencyDeRisk,
    KillSwitchThrown,
    RejectedTrade,
    ReservationReleased,
    RiskAlert,
    TradeProposal,
    TradingStateChanged,
)

EQUITY = 10_000 * UNIT
DAY = DAY_NS // SECOND


def started(**limits):
    settings = Settings(account=AccountSettings(starting_equity_micro=EQUITY), limits=RiskLimits(**limits))
    harness = Harness(RiskManagement(settings))
    harness.tell(operator("START"), at=1)
    return harness


def names(index):
    return f"m{index}", f"yes{index}", f"no{index}"


def priced(index, price=500_000, **changes):
    name, yes, no = names(index)
    own = terms(event_group_id=f"g{index}", token_ids=(yes, no), category="sports")
    return market_data(market_id=name, token_id=yes, price_micro=price, terms=own, **changes)


def proposed(index=0, **changes):
    name, yes, _ = names(index)
    values = {
        "account_id": "paper",
        "wallet": ALICE,
        "kind": "fill",
        "market_id": name,
        "token_id": yes,
        "event_group_id": f"g{index}",
        "side": "BUY",
        "reduce_only": False,
        "reference_price_micro": 510_000,
        "limit_price_micro": 530_000,
        "edge_micro": 30_000,
        "desired_size_micro": 0,
        "size_multiplier_micro": UNIT,
        "signal_id": "signal",
        "expires_ts": 10**18,
    }
    return TradeProposal(**{**values, **changes})


def bought(harness, index=0, size=1_000, price=500_000, **changes):
    """A settled position whose bid is what it cost."""
    name, yes, _ = names(index)
    quote = {"bid_micro": price, "ask_micro": price + 20_000, "quote_assumed": False}
    harness.tell(priced(index, price, **quote))
    about = {"order_hash": f"0x{index}", "market_id": name, "token_id": yes}
    harness.tell(filled(size_micro=size * UNIT, price_micro=price, event_group_id=f"g{index}", **{**about, **changes}))
    harness.tell(settled(size_micro=size * UNIT, **about))


def bid(harness, price, index=0, at=None):
    quote = {"bid_micro": price, "ask_micro": price + 20_000, "quote_assumed": False}
    return harness.tell(priced(index, price, **quote), at=at)


def kinds(outs):
    return [type(out).__name__ for out in outs]


class TestApprovals:
    """Proposals become approvals with bounds, or denials with reasons."""

    def test_a_proposal_with_an_edge_is_approved_with_market_side_price_and_size(self):
        harness = started()
        harness.tell(priced(0))
        (trade,) = harness.tell(proposed())
        bounds = trade.bounds
        assert isinstance(trade, ApprovedTrade)
        assert (bounds.market_id, bounds.token_id, bounds.side) == ("m0", "yes0", "BUY")
        assert bounds.worst_price_micro == 530_000
        assert bounds.max_size_micro >= 5 * UNIT
        assert bounds.max_cost_micro == trade.reserved_micro > 0
        assert (bounds.expires_ts, bounds.max_children) == (10**18, 1)
        assert (trade.event_group_id, trade.wallet, trade.kind) == ("g0", ALICE, "fill")

    def test_the_approvals_id_comes_from_the_proposal(self):
        harness = started()
        harness.tell(priced(0))
        message = harness.message(proposed())
        (out,) = harness.feed(message)
        assert out.payload.bounds.approval_id == hash_id("approval", message.id)
        assert out.payload.proposal_id == message.id

    def test_the_decision_hash_covers_every_bound(self):
        harness = started()
        harness.tell(priced(0))
        (trade,) = harness.tell(proposed())
        bounds = trade.bounds
        assert len(bounds.decision_hash) == 64
        assert decision_hash(bounds) == bounds.decision_hash
        for name in bounds.__struct_fields__:
            if name != "decision_hash":
                value = getattr(bounds, name)
                other = value + 1 if isinstance(value, int) else value + "x"
                assert decision_hash(msgspec.structs.replace(bounds, **{name: other})) != bounds.decision_hash

    def test_the_same_proposal_twice_is_not_approved_twice(self):
        harness = started()
        harness.tell(priced(0))
        message = harness.message(proposed())
        assert kinds(out.payload for out in harness.feed(message)) == ["ApprovedTrade"]
        assert kinds(out.payload for out in harness.feed(message)) == ["RejectedTrade"]

    def test_an_unknown_market_is_denied(self):
        (denial,) = started().tell(proposed())
        assert isinstance(denial, RejectedTrade)
        assert denial.reasons == ("UNKNOWN_MARKET",)

    def test_another_accounts_proposal_is_denied(self):
        harness = started()
        harness.tell(priced(0))
        (denial,) = harness.tell(proposed(account_id="live"))
        assert (denial.account_id, denial.reasons) == ("paper", ("UNKNOWN_ACCOUNT",))

    def test_no_edge_no_trade(self):
        harness = started()
        harness.tell(priced(0))
        (denial,) = harness.tell(proposed(edge_micro=0))
        assert denial.reasons == ("NO_EDGE",)

    @pytest.mark.parametrize(
        "change",
        [{"fee_rate_micro": -1}, {"fee_exponent": 9}, {"fee_provenance": ""}, {"fee_provenance": "guessed"}],
        ids=str,
    )
    def test_a_fee_schedule_that_is_unknown_or_odd_is_none(self, change):
        harness = started()
        own = terms(token_ids=("yes0", "no0"), **change)
        harness.tell(market_data(market_id="m0", token_id="yes0", terms=own))
        (denial,) = harness.tell(proposed())
        assert denial.reasons == ("NO_FEE_SCHEDULE",)

    @pytest.mark.parametrize("price", [-1, -7, 1_200_000])
    def test_a_price_that_is_unknown_or_impossible_is_no_price(self, price):
        harness = started()
        harness.tell(priced(0, price))
        (denial,) = harness.tell(proposed())
        assert denial.reasons == ("STALE_DATA",)

    def test_the_age_of_a_print_is_its_own_not_that_of_its_telling(self):
        harness = started()
        harness.tell(priced(0), at=3 * DAY, ts_event=DAY)
        (denial,) = harness.tell(proposed())
        assert denial.reasons == ("STALE_DATA",)

    def test_a_resolved_market_is_denied_and_stays_resolved(self):
        harness = started()
        harness.tell(priced(0))
        harness.tell(resolved(market_id="m0", token_ids=("yes0", "no0")))
        harness.tell(priced(0))
        (denial,) = harness.tell(proposed())
        assert denial.reasons == ("MARKET_RESOLVED",)

    def test_eighty_approvals_of_two_percent_cannot_over_commit_the_book(self):
        harness = started(cvar_limit_micro=UNIT, max_open_positions=100, per_leader_micro=UNIT)
        for index in range(80):
            harness.tell(priced(index))
        outs = [harness.tell(proposed(index, edge_micro=200_000, wallet=f"0x{index}"))[0] for index in range(80)]
        trades = [out for out in outs if isinstance(out, ApprovedTrade)]
        denials = [out for out in outs if isinstance(out, RejectedTrade)]
        assert sum(trade.bounds.max_cost_micro for trade in trades) <= EQUITY
        assert 48 <= len(trades) <= 51
        assert all("CASH" in denial.reasons for denial in denials)

    def test_eighty_approvals_in_a_burst_keep_the_default_limits_too(self):
        harness = started()
        for index in range(80):
            harness.tell(priced(index))
        for index in range(80):
            harness.tell(proposed(index))
        reserved = harness.state.book.reserved_micro
        assert 0 < reserved < EQUITY * 5 // 100 + 1
        assert harness.said(RejectedTrade)

    def test_the_state_survives_a_restart_in_the_middle(self):
        first, second = started(), started()
        for harness in (first, second):
            bought(harness, 1)
            harness.tell(priced(0))
        second.restart()
        assert first.tell(proposed()) == second.tell(proposed())

    def test_markets_are_forgotten_beyond_a_limit_but_never_those_that_we_are_in(self):
        harness = started()
        bought(harness, 0)
        view = harness.state.markets["m0"]
        for index in range(1, MAX_MARKETS):
            harness.state.markets[f"m{index}"] = view
        harness.tell(priced(MAX_MARKETS + 5))
        assert len(harness.state.markets) == MAX_MARKETS
        assert "m0" in harness.state.markets
        assert "m1" not in harness.state.markets


class TestReservations:
    """What an approval reserved is free again when its order is final."""

    def approved(self):
        harness = started()
        harness.tell(priced(0))
        (trade,) = harness.tell(proposed())
        return harness, trade

    def about(self, trade):
        return {
            "account_id": "paper",
            "approval_id": trade.bounds.approval_id,
            "market_id": "m0",
            "token_id": "yes0",
            "order_hash": "0x01",
        }

    def test_a_final_fill_releases_the_rest(self):
        harness, trade = self.approved()
        size = trade.bounds.max_size_micro
        fill = filled(**self.about(trade), price_micro=500_000, size_micro=size, fee_micro=0, event_group_id="g0")
        outs = harness.tell(fill)
        assert outs == [
            ReservationReleased(
                account_id="paper",
                approval_id=trade.bounds.approval_id,
                released_micro=trade.reserved_micro - size // 2,
            )
        ]
        assert harness.state.book.reservations == {}

    def test_a_partial_fill_keeps_the_rest_reserved(self):
        harness, trade = self.approved()
        part = trade.bounds.max_size_micro // 2
        assert harness.tell(filled(**self.about(trade), size_micro=part, final=False)) == []
        spent = -(-part * 500_000 // UNIT)
        assert harness.state.book.reserved_micro == trade.reserved_micro - spent

    @pytest.mark.parametrize("how", ["cancelled", "rejected", "never an order"])
    def test_an_order_that_ends_without_a_fill_releases_all(self, how):
        harness, trade = self.approved()
        about = self.about(trade)
        ends = {
            "cancelled": OrderCancelled(**about, filled_micro=0, reason="EXPIRED"),
            "rejected": OrderRejected(**about, reason="FOK"),
            "never an order": ExecutionError(
                account_id="paper",
                approval_id=trade.bounds.approval_id,
                order_hash="",
                market_id="m0",
                reason="NO_TICK",
            ),
        }
        (released,) = harness.tell(ends[how])
        assert released.released_micro == trade.reserved_micro
        assert harness.state.book.free_cash_micro == EQUITY
        assert harness.tell(ends[how]) == []

    def test_an_error_about_a_living_order_releases_nothing(self):
        harness, trade = self.approved()
        error = ExecutionError(
            account_id="paper",
            approval_id=trade.bounds.approval_id,
            order_hash="0x01",
            market_id="m0",
            reason="ODD_ANSWER",
        )
        assert harness.tell(error) == []
        assert harness.state.book.reserved_micro == trade.reserved_micro

    def test_the_fills_of_another_account_are_not_ours(self):
        harness = started()
        harness.tell(priced(0))
        assert harness.tell(filled(account_id="live")) == []
        assert harness.state.book.positions == {}

    def test_a_leaders_exit_sells_his_lot_only(self):
        harness = started()
        bought(harness, 0)
        bought(harness, 0, wallet=BOB, order_hash="0xbob", size=50)
        exit_ = proposed(side="SELL", reduce_only=True, wallet=BOB, limit_price_micro=450_000, edge_micro=0)
        (trade,) = harness.tell(exit_)
        assert (trade.bounds.side, trade.bounds.max_size_micro, trade.reserved_micro) == ("SELL", 50 * UNIT, 0)
        (denial,) = harness.tell(exit_)
        assert denial.reasons == ("NOT_RISK_REDUCING",)


class TestSettlement:
    """Matched is not settled."""

    def test_a_failed_settlement_voids_the_fill_and_raises_an_alert(self):
        harness = started()
        harness.tell(priced(0))
        harness.tell(filled(market_id="m0", token_id="yes0"))
        outs = harness.tell(settled(market_id="m0", token_id="yes0", status="FAILED"))
        assert outs == [
            RiskAlert(account_id="paper", limit="SETTLEMENT_FAILED", value_micro=100 * UNIT, threshold_micro=0)
        ]
        assert (harness.state.book.cash_micro, harness.state.book.positions) == (EQUITY, {})

    def test_a_voided_sale_leaves_a_marked_position(self):
        harness = started()
        bought(harness, 0)
        about = {"market_id": "m0", "token_id": "yes0", "order_hash": "0xsale"}
        harness.tell(filled(**about, side="SELL", size_micro=1_000 * UNIT))
        assert harness.state.book.marks == {}
        harness.tell(settled(**about, size_micro=1_000 * UNIT, status="FAILED"))
        assert harness.state.book.marks["yes0"].bid_micro == 500_000

    def test_a_redemption_brings_the_payout(self):
        harness = started()
        bought(harness, 0)
        harness.tell(resolved(market_id="m0", token_ids=("yes0", "no0")))
        assert (
            harness.state.book.value(harness.clock + 99 * DAY_NS, harness.agent._rule).equity_micro
            == EQUITY + 500 * UNIT
        )
        harness.tell(
            settled(
                market_id="m0", token_id="yes0", status="REDEEMED", size_micro=1_000 * UNIT, cash_micro=1_000 * UNIT
            )
        )
        assert (harness.state.book.cash_micro, harness.state.book.positions) == (EQUITY + 500 * UNIT, {})

    def test_a_merge_takes_both_outcomes(self):
        harness = started()
        harness.tell(market_data())
        harness.tell(filled(order_hash="1"))
        harness.tell(filled(order_hash="2", token_id=NO))
        merged = settled(market_id=MARKET, token_id=YES, status="MERGED", size_micro=100 * UNIT, cash_micro=100 * UNIT)
        harness.tell(merged)
        assert (harness.state.book.cash_micro, harness.state.book.positions) == (EQUITY, {})


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


def derisk_wish(kind="DE_RISK"):
    return OrchestratorDecision(
        graph_id="g",
        kind=kind,
        account_id="paper",
        market_id="",
        reason="REGIME",
        multiplier_micro=0,
        nodes=(),
    )


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
