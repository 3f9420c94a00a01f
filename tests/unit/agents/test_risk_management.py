"""The risk agent: approvals and their reservations, the breaker, the ladder, the kill switch, and the operator."""

import msgspec
import pytest

from tests.support.payloads import (
    ALICE,
    BOB,
    MARKET,
    NO,
    UNIT,
    YES,
    filled,
    market_data,
    resolved,
    settled,
    terms,
)
from tests.support.risk_agent import DAY, EQUITY, bought, kinds, priced, proposed, started
from whaletrader.agents.risk_mapping import decision_hash
from whaletrader.agents.risk_state import MAX_MARKETS
from whaletrader.domain.values import DAY_NS
from whaletrader.messages.envelope import hash_id
from whaletrader.messages.orders import ExecutionError, OrderCancelled, OrderRejected
from whaletrader.messages.risk import (
    ApprovedTrade,
    RejectedTrade,
    ReservationReleased,
    RiskAlert,
)


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

    def test_a_market_whose_end_was_told_before_its_first_price_is_resolved_all_the_same(self):
        harness = started()
        harness.tell(resolved(market_id="m0", token_ids=("yes0", "no0")))
        harness.tell(priced(0))
        harness.restart()
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
