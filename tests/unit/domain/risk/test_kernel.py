"""The kernel's decisions: every limit binds, cuts or denies; sales are judged by risk after against risk before."""

import msgspec
import pytest

from tests.support.risk import (
    EQUITY,
    FEE,
    FREE,
    LEADER,
    NOW,
    fill,
    hold,
    limits,
    market,
    proposal,
    reservation,
    reserved,
    sale,
    slow_cvar,
    world,
)
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.reasons import BindingLimit, DenyReason
from whaletrader.domain.risk.kernel import decide
from whaletrader.domain.risk.model import MAX_UNSETTLED_FILLS, Controls
from whaletrader.domain.risk.sizing import all_in_price_micro, cost_micro, kelly_size_micro
from whaletrader.domain.values import DAY_NS, MICRO, FeeProvenance, Side, TradingState

M = market()
WIDE = limits(cvar_limit_micro=1_000_000)


def asked(state=None, **changes):
    return decide(state or world([M], [500_000]), proposal(M, **changes))


def reasons(state=None, **changes):
    return asked(state, **changes).reasons


class TestGates:
    """Whatever is unknown, stale, missing or malformed is denied."""

    def test_another_account_is_denied(self):
        assert reasons(account_id="live") == (DenyReason.UNKNOWN_ACCOUNT,)

    def test_an_expired_proposal_is_denied(self):
        assert reasons(expires_ts=NOW) == (DenyReason.EXPIRED,)

    def test_an_unknown_market_or_token_is_denied(self):
        assert reasons(market_id="0xelse") == (DenyReason.UNKNOWN_MARKET,)
        assert reasons(token_id="9") == (DenyReason.UNKNOWN_MARKET,)

    def test_a_market_with_three_tokens_is_no_market_we_know(self):
        odd = market(token_ids=("m0", "m1", "m2"))
        assert decide(world([M], [500_000], markets={"m": odd}), proposal(M)).reasons == (DenyReason.UNKNOWN_MARKET,)

    @pytest.mark.parametrize("version", ["v3", "V2", "unknown", ""])
    def test_an_unknown_market_version_is_denied(self, version):
        view = market(version=version)
        assert decide(world([view], [500_000]), proposal(view)).reasons == (DenyReason.UNKNOWN_MARKET_VERSION,)

    def test_a_version_that_disagrees_with_the_form_of_the_ids_is_denied(self):
        view = market(version="v2")
        assert decide(world([view], [500_000]), proposal(view)).reasons == (DenyReason.UNKNOWN_MARKET_VERSION,)
        positions = tuple(str((1 << 248) | (77 << 120) | outcome) for outcome in (0, 1))
        named_old = market(version="v1", token_ids=positions)
        denied = decide(world([named_old], [500_000]), proposal(named_old)).reasons
        assert denied == (DenyReason.UNKNOWN_MARKET_VERSION,)

    def test_positions_of_the_second_protocol_can_be_traded(self):
        positions = tuple(str((1 << 248) | (77 << 120) | outcome) for outcome in (0, 1))
        view = market(version="v2", token_ids=positions)
        assert decide(world([view], [500_000]), proposal(view)).approved

    def test_a_resolved_market_is_denied_for_both_sides(self):
        view = market(resolved=True)
        state = hold(world([view], [500_000]), view)
        assert DenyReason.MARKET_RESOLVED in decide(state, proposal(view)).reasons
        assert DenyReason.MARKET_RESOLVED in decide(state, sale(view)).reasons

    def test_a_token_without_a_price_is_denied(self):
        assert reasons(world([M], [500_000], quotes={})) == (DenyReason.STALE_DATA,)

    def test_an_old_price_is_denied(self):
        state = world([M], [500_000], now_ts=NOW + DAY_NS)
        assert asked(state, expires_ts=NOW + 2 * DAY_NS).approved
        late = world([M], [500_000], now_ts=NOW + DAY_NS + 1)
        assert reasons(late, expires_ts=NOW + 2 * DAY_NS) == (DenyReason.STALE_DATA,)

    def test_too_many_fills_without_a_settlement_are_denied(self):
        state = world([M], [500_000])
        for number in range(MAX_UNSETTLED_FILLS + 1):
            state.book.fill(fill(M, size_micro=10_000, name=str(number)))
        state.book.mark("m0", state.quotes["m0"])
        assert reasons(state) == (DenyReason.STALE_DATA,)

    def test_a_missing_fee_schedule_is_denied(self):
        view = market(fee=None)
        assert decide(world([view], [500_000]), proposal(view)).reasons == (DenyReason.NO_FEE_SCHEDULE,)

    def test_a_fee_schedule_of_too_weak_a_provenance_is_denied(self):
        live = limits(accept_fee_provenance=("market",))
        assert reasons(world([M], [500_000], limits=live)) == (DenyReason.NO_FEE_SCHEDULE,)
        known = market(fee=FeeSchedule(50_000, provenance=FeeProvenance.MARKET))
        assert decide(world([known], [500_000], limits=live), proposal(known)).approved

    @pytest.mark.parametrize(
        "change",
        [
            {"reference_price_micro": 0},
            {"reference_price_micro": MICRO},
            {"limit_price_micro": -1},
            {"limit_price_micro": MICRO},
            {"limit_price_micro": 9_999},
            {"size_multiplier_micro": -1},
            {"size_multiplier_micro": MICRO + 1},
            {"desired_size_micro": -1},
            {"side": "HOLD"},
            {"side": "SELL"},
            {"edge_micro": 490_000},
        ],
        ids=str,
    )
    def test_numbers_that_make_no_sense_are_denied(self, change):
        assert DenyReason.MALFORMED in reasons(**change)

    @pytest.mark.parametrize(
        ("controls", "reason"),
        [
            (Controls(killed=True, state=TradingState.HALTED), DenyReason.KILLED),
            (Controls(breaker=True, state=TradingState.HALTED), DenyReason.HALTED),
            (Controls(breaker=True), DenyReason.HALTED),
            (Controls(state=TradingState.HALTED), DenyReason.HALTED),
        ],
    )
    def test_a_halted_account_denies_both_sides(self, controls, reason):
        state = hold(world([M], [500_000], controls=controls), M)
        assert reason in decide(state, proposal(M)).reasons
        assert reason in decide(state, sale(M)).reasons

    def test_a_reducing_account_takes_sales_only(self):
        state = hold(world([M], [500_000], controls=Controls(state=TradingState.REDUCING)), M)
        assert reasons(state) == (DenyReason.REDUCING_ONLY,)
        assert decide(state, sale(M)).approved

    def test_a_drawdown_that_nobody_has_told_of_yet_denies_all_the_same(self):
        state = world([M], [500_000])
        state.book.high_water_micro = EQUITY * 10 // 9 + 1
        assert reasons(state) == (DenyReason.DRAWDOWN,)

    def test_a_daily_loss_that_nobody_has_told_of_yet_denies_all_the_same(self):
        state = world([M], [500_000])
        state.book.day_base_micro = EQUITY * 100 // 95 + 1
        assert reasons(state) == (DenyReason.DAILY_LOSS,)

    def test_a_reduce_only_buy_is_denied(self):
        assert reasons(reduce_only=True) == (DenyReason.NOT_RISK_REDUCING,)

    def test_a_correlated_bet_is_denied(self):
        views = [market(name, "g") for name in ("a", "b")]
        state = hold(world(views, (500_000, 500_000)), views[0])
        assert decide(state, proposal(views[1])).reasons == (DenyReason.CORRELATION,)

    def test_several_reasons_are_all_told(self):
        found = reasons(world([M], [500_000], controls=Controls(killed=True)), account_id="live", market_id="else")
        assert found == (DenyReason.UNKNOWN_ACCOUNT, DenyReason.KILLED, DenyReason.UNKNOWN_MARKET)


class TestEntry:
    """The size of a buy."""

    @pytest.mark.parametrize("edge", [0, -1, -400_000])
    def test_a_kelly_floor_never_bets_without_an_edge(self, edge):
        assert reasons(edge_micro=edge) == (DenyReason.NO_EDGE,)

    def test_the_greatest_edge_there_can_be_is_taken_and_one_more_is_not(self):
        greatest = MICRO - 980_000 - taker_fee_micro(FEE, 980_000, MICRO)
        state = world([M], [980_000])
        dear = {"reference_price_micro": 980_000, "limit_price_micro": 980_000}
        assert asked(state, edge_micro=greatest, **dear).approved
        assert reasons(state, edge_micro=greatest + 1, **dear) == (DenyReason.MALFORMED,)

    def test_a_price_that_its_fee_lifts_to_one_has_no_edge(self):
        dear = market(fee=FeeSchedule(MICRO, 0, provenance=FeeProvenance.MARKET))
        assert decide(world([dear], [500_000]), proposal(dear)).reasons == (DenyReason.NO_EDGE,)

    def test_quarter_kelly_on_the_cost_adjusted_edge_decides_a_small_edge(self):
        decision = asked(edge_micro=10_000)
        all_in = all_in_price_micro(FEE, 500_000)
        kelly = kelly_size_micro(250_000, EQUITY, 10_000, all_in)
        assert decision.binding is BindingLimit.KELLY
        assert kelly - 10_000 < decision.size_micro <= kelly

    def test_the_task_graphs_multiplier_scales_the_size(self):
        whole, half = asked(edge_micro=10_000), asked(edge_micro=10_000, size_multiplier_micro=500_000)
        assert abs(whole.size_micro - 2 * half.size_micro) <= 20_000
        assert reasons(size_multiplier_micro=0) == (DenyReason.BELOW_VENUE_MINIMUM,)

    def test_no_trade_costs_more_than_two_percent_fee_included(self):
        decision = asked(world([M], [500_000], limits=WIDE), edge_micro=200_000)
        assert decision.binding is BindingLimit.PER_TRADE
        assert decision.max_cost_micro <= EQUITY * 2 // 100
        assert cost_micro(FEE, 520_000, decision.size_micro + 10_000) > EQUITY * 2 // 100

    def test_the_wanted_size_is_never_exceeded(self):
        decision = asked(desired_size_micro=7_777_777)
        assert (decision.size_micro, decision.binding) == (7_770_000, BindingLimit.DESIRED_SIZE)

    def test_a_leader_may_not_put_more_than_thirty_percent_at_risk(self):
        views = [market(f"m{i}") for i in range(17)]
        state = world(views, [500_000] * 17, limits=WIDE)
        for view in views[:15]:
            hold(state, view, size_micro=396 * MICRO)
        decision = decide(state, proposal(views[15], edge_micro=200_000))
        assert decision.binding is BindingLimit.PER_LEADER
        state.book.reserve("1", reserved(proposal(views[15]), views[15], decision))
        assert state.book.leader_exposure_micro(LEADER) <= EQUITY * 30 // 100
        again = decide(state, proposal(views[16], edge_micro=200_000))
        assert set(again.reasons) <= {DenyReason.PER_LEADER, DenyReason.BELOW_VENUE_MINIMUM}
        assert DenyReason.PER_LEADER in again.reasons
        assert decide(state, proposal(views[16], edge_micro=200_000, wallet="0xother")).approved

    def test_the_twenty_first_position_is_denied_but_more_of_a_held_token_is_not(self):
        views = [market(f"m{i}") for i in range(21)]
        state = world(views, [500_000] * 21)
        for view in views[:20]:
            hold(state, view, size_micro=10 * MICRO)
        assert decide(state, proposal(views[20])).reasons == (DenyReason.OPEN_POSITIONS,)
        assert decide(state, proposal(views[19])).approved

    def test_a_paid_out_position_is_not_counted_as_open(self):
        views = [market(f"m{i}") for i in range(21)]
        state = world(views, [500_000] * 21)
        for view in views[:20]:
            hold(state, view, size_micro=10 * MICRO)
        state.book.marks["m00"] = msgspec.structs.replace(state.book.marks["m00"], final=True)
        assert decide(state, proposal(views[20])).approved

    def test_free_cash_bounds_the_cost(self):
        state = world([M], [500_000])
        state.book.reserve("else", reservation(market("x"), reserved_micro=EQUITY - 20 * MICRO))
        state = msgspec.structs.replace(state, limits=WIDE)
        state.markets["x"] = market("x")
        decision = decide(state, proposal(M, wallet="0xother"))
        assert decision.binding is BindingLimit.CASH
        assert decision.max_cost_micro <= 20 * MICRO

    def test_unconfirmed_proceeds_are_not_spent(self):
        state = hold(world([M, market("x")], [500_000, 500_000]), M, size_micro=19_990 * MICRO)
        state.book.fill(fill(M, side=Side.SELL, size_micro=19_990 * MICRO, name="sold"))
        assert state.book.cash_micro == EQUITY
        assert state.book.free_cash_micro == 5 * MICRO
        decision = decide(state, proposal(market("x"), wallet="0xother"))
        assert decision.max_cost_micro <= 5 * MICRO
        state.book.confirm("order/sold")
        assert decide(state, proposal(market("x"), wallet="0xother")).max_cost_micro > 5 * MICRO

    def test_cvar_cuts_to_the_largest_admissible_size(self):
        views = [market(f"m{i}", fee=FREE) for i in range(4)]
        state = world(views, [500_000] * 4)
        for view in views[:3]:
            hold(state, view, size_micro=300 * MICRO)
        trade = proposal(views[3], edge_micro=200_000, wallet="0xother")
        decision = decide(state, trade)
        assert decision.binding is BindingLimit.PORTFOLIO_CVAR
        groups = [([view], [500_000], False) for view in views]
        bounds = [decision.size_micro, decision.size_micro + 10_000]
        risks = [slow_cvar(state, groups, (views[3], "m30", size, cost_micro(FREE, 520_000, size))) for size in bounds]
        assert risks[0] < EQUITY * 5 // 100 <= risks[1] + 1_000
        assert risks[0] <= decision.cvar_micro <= risks[0] + 1_000

    def test_a_book_above_its_cvar_limit_takes_no_new_risk(self):
        view = market("big")
        state = hold(world([M, view], [500_000, 500_000]), view, size_micro=1_100 * MICRO)
        assert decide(state, proposal(M)).reasons == (DenyReason.PORTFOLIO_CVAR,)

    def test_in_a_neg_risk_group_rivals_net_against_each_other(self):
        views = [market(name, "g", neg_risk=True) for name in ("a", "b")]
        prices = (500_000, 500_000)
        hedged = hold(world(views, prices), views[0], size_micro=800 * MICRO)
        apart = hold(world([market("a"), market("b")], prices), market("a"), size_micro=800 * MICRO)
        trade = proposal(views[1], edge_micro=300_000)
        sizes = [decide(state, trade).size_micro for state in (hedged, apart)]
        assert sizes[0] > sizes[1]

    @pytest.mark.parametrize(("tick", "limit", "worst"), [(10_000, 525_000, 520_000), (1_000, 525_000, 525_000)])
    def test_the_limit_is_tightened_to_the_tick(self, tick, limit, worst):
        view = market(tick_micro=tick)
        assert decide(world([view], [500_000]), proposal(view, limit_price_micro=limit)).worst_price_micro == worst

    def test_an_unknown_tick_is_taken_as_the_usual_one(self):
        view = market(tick_micro=-1)
        assert decide(world([view], [500_000]), proposal(view, limit_price_micro=525_000)).worst_price_micro == 520_000

    def test_what_is_below_the_venues_minimum_is_denied_never_rounded_up(self):
        assert reasons(desired_size_micro=4_990_000) == (DenyReason.BELOW_VENUE_MINIMUM,)
        assert asked(desired_size_micro=5_000_000).size_micro == 5_000_000

    def test_the_token_is_the_identity_whichever_outcome_it_is(self):
        state = world([M], [300_000])
        yes = decide(state, proposal(M, 0, reference_price_micro=300_000, limit_price_micro=310_000))
        mirrored = world([M], [700_000])
        no = decide(mirrored, proposal(M, 1, reference_price_micro=300_000, limit_price_micro=310_000))
        assert yes.approved
        assert (yes.size_micro, yes.cvar_micro) == (no.size_micro, no.cvar_micro)

    def test_a_decision_leaves_the_state_alone(self):
        state = hold(world([M], [500_000]), M)
        before = msgspec.json.encode(state)
        decide(state, proposal(M))
        decide(state, sale(M))
        assert msgspec.json.encode(state) == before


class TestReduction:
    """Sales: bounded by the lot, never more risk than before."""

    def test_a_sale_without_a_size_sells_the_whole_lot_at_the_limit(self):
        decision = decide(hold(world([M], [500_000]), M, size_micro=33_339_999), sale(M))
        assert (decision.side, decision.size_micro) == (Side.SELL, 33_330_000)
        assert (decision.worst_price_micro, decision.max_cost_micro) == (400_000, 0)
        assert decision.binding is BindingLimit.POSITION

    def test_a_wanted_part_is_sold(self):
        decision = decide(hold(world([M], [500_000]), M), sale(M, desired_size_micro=10 * MICRO))
        assert (decision.size_micro, decision.binding) == (10 * MICRO, BindingLimit.DESIRED_SIZE)

    def test_no_sale_is_larger_than_the_lot(self):
        decision = decide(hold(world([M], [500_000]), M), sale(M, desired_size_micro=10**12))
        assert (decision.size_micro, decision.binding) == (100 * MICRO, BindingLimit.POSITION)

    def test_another_leaders_lot_is_not_sold(self):
        state = hold(world([M], [500_000]), M)
        assert decide(state, sale(M, wallet="0xother")).reasons == (DenyReason.NOT_RISK_REDUCING,)

    def test_what_is_on_sale_already_is_not_sold_twice(self):
        state = hold(world([M], [500_000]), M)
        state.book.reserve("1", reservation(M, side=Side.SELL, size_micro=80 * MICRO, reserved_micro=0))
        assert decide(state, sale(M)).size_micro == 20 * MICRO
        state.book.reserve("2", reservation(M, side=Side.SELL, size_micro=20 * MICRO, reserved_micro=0))
        assert decide(state, sale(M)).reasons == (DenyReason.NOT_RISK_REDUCING,)

    def test_no_sale_is_larger_than_what_all_lots_together_hold(self):
        state = hold(world([M], [500_000]), M)
        position = state.book.positions["m0"]
        state.book.positions["m0"] = position.changed("0xother", "fill", -70 * MICRO, 0)
        assert decide(state, sale(M)).size_micro == 30 * MICRO

    def test_a_rest_below_the_venues_minimum_is_not_sold(self):
        state = hold(world([M], [500_000]), M, size_micro=4 * MICRO)
        assert decide(state, sale(M)).reasons == (DenyReason.BELOW_VENUE_MINIMUM,)

    def test_selling_one_leg_of_a_hedge_is_no_reduction(self):
        state = hold(hold(world([M], [500_000]), M, 0), M, 1)
        assert decide(state, sale(M, 1)).reasons == (DenyReason.NOT_RISK_REDUCING,)

    def test_the_unhedged_part_may_be_sold_and_mirrored_but_no_more(self):
        state = hold(hold(world([M], [500_000]), M, 0, size_micro=100 * MICRO), M, 1, size_micro=70 * MICRO)
        assert decide(state, sale(M)).size_micro == 60 * MICRO

    @pytest.mark.parametrize(
        "change",
        [{"quotes": {}}, {"limits": limits(accept_fee_provenance=())}],
    )
    def test_an_exit_needs_neither_a_fresh_price_nor_a_fee(self, change):
        state = msgspec.structs.replace(hold(world([M], [500_000]), M), **change)
        assert decide(state, sale(M)).approved

    def test_a_sale_below_every_tick_is_malformed(self):
        state = hold(world([market(tick_micro=100_000)], [500_000]), M)
        assert decide(state, sale(M, limit_price_micro=999_999)).reasons == (DenyReason.MALFORMED,)
