"""One signal or one refusal for each leader's event."""

import pytest

from tests.support.harness import SECOND, Harness
from tests.support.payloads import (
    ALICE,
    BOB,
    MARKET,
    NO,
    UNIT,
    YES,
    discovered,
    filled,
    market_data,
    observed,
    resolved,
    score,
    settled,
    terms,
)
from whaletrader.agents.copy_signal import make
from whaletrader.config.tree import Settings
from whaletrader.messages.leaders import CopySignal, SignalSkipped, WhalePruned, WhaleScoreUpdated
from whaletrader.messages.orchestration import OrchestratorDecision
from whaletrader.messages.orders import ExecutionError, OrderCancelled, OrderRejected
from whaletrader.messages.risk import ApprovalBounds, ApprovedTrade, RejectedTrade, TradeProposal, TradingStateChanged

HALF = 10_000
"""Half-spread of a crypto market at 0.5."""


@pytest.fixture
def agent():
    harness = Harness(make(Settings()))
    harness.tell_all([discovered(), discovered(kind="position"), market_data()])
    return harness


def reason(outs):
    (out,) = outs
    assert isinstance(out, SignalSkipped), out
    return out.reason


def signal(outs):
    (out,) = outs
    assert isinstance(out, CopySignal), out
    return out


def approved(approval_id="approval", **changes):
    bounds = ApprovalBounds(
        approval_id=approval_id,
        account_id="paper",
        market_id=MARKET,
        token_id=changes.pop("token_id", YES),
        side="BUY",
        worst_price_micro=1,
        max_size_micro=1,
        max_cost_micro=1,
        expires_ts=1,
        max_children=1,
        decision_hash="",
    )
    values = {
        "account_id": "paper",
        "proposal_id": "proposal",
        "wallet": ALICE,
        "kind": "fill",
        "event_group_id": "group",
        "reduce_only": False,
        "reference_price_micro": 1,
        "bounds": bounds,
        "binding_limit": "KELLY",
        "reserved_micro": 1,
    }
    return ApprovedTrade(**{**values, **changes})


def denied(**changes):
    values = {
        "account_id": "paper",
        "proposal_id": "proposal",
        "wallet": ALICE,
        "kind": "fill",
        "market_id": MARKET,
        "token_id": YES,
        "side": "BUY",
        "reasons": ("CASH",),
    }
    return RejectedTrade(**{**values, **changes})


def decision(graph_id, kind="STOP"):
    return OrchestratorDecision(
        graph_id=graph_id,
        kind=kind,
        account_id="paper",
        market_id=MARKET,
        reason="",
        multiplier_micro=0,
        nodes=(),
    )


def proposed(agent):
    """The orchestrator proposes the last signal; returns the proposal's id."""
    proposal = TradeProposal(
        account_id="paper",
        wallet=ALICE,
        kind="fill",
        market_id=MARKET,
        token_id=YES,
        event_group_id="group",
        side="BUY",
        reduce_only=False,
        reference_price_micro=1,
        limit_price_micro=1,
        edge_micro=1,
        desired_size_micro=0,
        size_multiplier_micro=UNIT,
        signal_id=agent.published[-1].id,
        expires_ts=1,
    )
    message = agent.message(proposal)
    agent.feed(message)
    return message.id


def ordered(agent):
    """The orchestrator proposes the last signal and the kernel approves it."""
    agent.tell(approved(proposal_id=proposed(agent)))


def cancelled(filled_micro=0):
    return OrderCancelled(
        account_id="paper",
        order_hash="0x0a",
        approval_id="approval",
        market_id=MARKET,
        token_id=YES,
        filled_micro=filled_micro,
        reason="EXPIRED",
    )


def hold(agent, size=100 * UNIT, **changes):
    """Copy Alice's BUY of YES and have it filled."""
    signal(agent.tell(observed(**changes)))
    ordered(agent)
    agent.tell(filled(size_micro=size))


def test_a_followed_leaders_fresh_buy_with_edge_is_copied(agent):
    out = signal(agent.tell(observed()))
    assert (out.wallet, out.kind, out.side, out.token_id) == (ALICE, "fill", "BUY", YES)
    assert out.reference_price_micro == 500_000 + HALF
    assert out.edge_micro == 40_000
    assert out.exit_size_micro == 0


def test_the_token_decides_not_the_index_of_the_outcome(agent):
    agent.tell(market_data(token_id=NO, outcome_index=1, price_micro=480_000))
    out = signal(agent.tell(observed(token_id=NO, outcome_index=0, price_micro=470_000)))
    assert out.token_id == NO
    assert out.reference_price_micro == 480_000 + HALF


def test_a_price_of_the_other_outcome_is_never_taken_for_this_ones():
    agent = Harness(make(Settings()))
    agent.tell_all([discovered(), market_data(token_id=YES, price_micro=900_000)])
    out = signal(agent.tell(observed(token_id=NO, outcome_index=1, price_micro=100_000)))
    assert out.reference_price_micro == 100_000 + 5_000


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"price_micro": 510_000}, 510_000 + HALF),
        ({"price_micro": 490_000}, 500_000 + HALF),
        ({"price_micro": -1}, 500_000 + HALF),
        ({"price_micro": 510_000, "print_wallet": ALICE}, 500_000 + HALF),
        ({"price_micro": 500_000, "bid_micro": 490_000, "ask_micro": 520_000}, 520_000),
        ({"price_micro": 500_000, "bid_micro": 499_000, "ask_micro": 501_000}, 501_000),
    ],
    ids=["others paid more", "others paid less", "no print", "leader's own print", "wide quote", "tight quote"],
)
def test_the_reference_is_the_worse_price_and_the_half_spread(agent, told, expected):
    agent.tell(market_data(**told))
    assert signal(agent.tell(observed())).reference_price_micro == expected


def test_a_price_older_than_an_event_may_be_is_not_fresh(agent):
    agent.tell(market_data(price_micro=520_000), at=10)
    assert signal(agent.tell(observed(), at=71)).reference_price_micro == 500_000 + HALF


def test_the_drift_beyond_what_scoring_assumed_is_taken_off_the_edge(agent):
    agent.tell(market_data(price_micro=520_000))
    assert signal(agent.tell(observed())).edge_micro == 20_000


def test_what_the_drift_leaves_below_the_least_edge_is_skipped_and_told(agent):
    agent.tell(market_data(price_micro=536_000))
    (out,) = agent.tell(observed())
    assert (out.reason, out.edge_micro) == ("NO_EDGE_AFTER_COSTS", 4_000)


def test_a_negative_edge_is_never_copied_even_with_no_least_edge():
    settings = Settings()
    agent = Harness(make(type(settings)(copy=type(settings.copy)(min_edge_micro=0))))
    agent.tell_all([discovered(edge_shrunk_micro=0), market_data()])
    assert reason(agent.tell(observed())) == "NO_EDGE_AFTER_COSTS"


def test_a_stranger_is_not_followed(agent):
    assert reason(agent.tell(observed(wallet=BOB))) == "NOT_FOLLOWED"


def test_a_leader_in_one_kind_is_a_stranger_in_the_other():
    agent = Harness(make(Settings()))
    agent.tell_all([discovered(kind="position"), market_data()])
    assert reason(agent.tell(observed(kind="fill"))) == "NOT_FOLLOWED"


def test_a_pruned_leader_is_not_copied(agent):
    agent.tell(WhalePruned(wallet=ALICE, kind="fill", reason="EDGE_GONE", as_of_ts=0))
    assert reason(agent.tell(observed())) == "NOT_FOLLOWED"


def test_a_score_update_changes_the_edge_that_is_counted_on(agent):
    changed = score(edge_shrunk_micro=9_000)
    agent.tell(WhaleScoreUpdated(wallet=ALICE, kind="fill", score=changed, as_of_ts=0))
    assert signal(agent.tell(observed())).edge_micro == 9_000


def test_an_event_that_reached_us_late_is_stale(agent):
    assert reason(agent.tell(observed(), at=100, ts_event=39)) == "STALE"
    assert signal(agent.tell(observed(), at=100, ts_event=40))


def test_a_position_is_stale_when_the_looks_lie_too_far_apart(agent):
    day = 86_400
    late = observed(kind="position", prev_seen_ts=9 * SECOND)
    assert reason(agent.tell(late, at=day + 10)) == "STALE"
    soon = observed(kind="position", prev_seen_ts=10 * SECOND)
    assert signal(agent.tell(soon, at=day + 10)).kind == "position"


def test_a_position_without_a_look_before_is_stale(agent):
    assert reason(agent.tell(observed(kind="position", prev_seen_ts=0), at=90_000)) == "STALE"


def test_a_market_that_was_never_described_is_unknown():
    agent = Harness(make(Settings()))
    agent.tell(discovered())
    assert reason(agent.tell(observed())) == "MARKET_UNKNOWN"


def test_a_token_that_is_not_the_markets_is_unknown(agent):
    assert reason(agent.tell(observed(token_id="777"))) == "MARKET_UNKNOWN"


def test_a_resolved_market_is_not_entered(agent):
    agent.tell(resolved())
    assert reason(agent.tell(observed())) == "MARKET_RESOLVED"


@pytest.mark.parametrize("price", [0, 995_000, UNIT])
def test_a_price_outside_the_ticks_is_refused(agent, price):
    agent.tell(market_data(price_micro=-1))
    assert reason(agent.tell(observed(price_micro=price))) in {"PRICE_OUT_OF_RANGE"}


def test_an_unknown_tick_counts_as_a_cent(agent):
    agent.tell(market_data(terms=terms(tick_micro=-1), price_micro=-1))
    assert reason(agent.tell(observed(price_micro=989_000))) == "PRICE_OUT_OF_RANGE"
    assert signal(agent.tell(observed(price_micro=980_000)))


def test_without_any_price_there_is_no_quote(agent):
    agent.tell(market_data(price_micro=-1))
    assert reason(agent.tell(observed(price_micro=-1))) == "NO_QUOTE"


@pytest.mark.parametrize("state", ["REDUCING", "HALTED"])
def test_no_new_bet_while_trading_is_not_active(agent, state):
    change = TradingStateChanged(account_id="paper", state=state, previous="ACTIVE", reason="")
    agent.tell(change)
    assert reason(agent.tell(observed())) == "TRADING_HALTED"


def test_trading_goes_on_when_the_state_is_active_again(agent):
    for state in ("HALTED", "ACTIVE"):
        agent.tell(TradingStateChanged(account_id="paper", state=state, previous="", reason=""))
    assert signal(agent.tell(observed()))


def test_a_second_buy_of_the_same_token_is_already_copied(agent):
    signal(agent.tell(observed()))
    assert reason(agent.tell(observed(price_micro=490_000))) == "ALREADY_COPIED"


def test_another_leader_or_kind_or_token_is_another_bet(agent):
    agent.tell_all([discovered(wallet=BOB), market_data(token_id=NO)])
    signal(agent.tell(observed()))
    assert signal(agent.tell(observed(wallet=BOB)))
    assert signal(agent.tell(observed(kind="position", prev_seen_ts=1)))
    assert signal(agent.tell(observed(token_id=NO, outcome_index=1)))


def test_a_stopped_or_denied_or_unfilled_bet_may_be_tried_again(agent):
    def stopped():
        agent.tell(decision(agent.published[-1].id))

    def passed_then_denied():
        agent.tell(decision(agent.published[-1].id, "PROPOSE"))
        agent.tell(denied(proposal_id=proposed(agent)))

    def expired():
        ordered(agent)
        agent.tell(cancelled())

    def rejected():
        fields = {"account_id": "paper", "order_hash": "0x0a", "approval_id": "approval"}
        ordered(agent)
        agent.tell(OrderRejected(**fields, market_id=MARKET, token_id=YES, reason=""))

    def never_made():
        fields = {"account_id": "paper", "approval_id": "approval", "order_hash": ""}
        ordered(agent)
        agent.tell(ExecutionError(**fields, market_id=MARKET, reason=""))

    for end in (stopped, passed_then_denied, expired, rejected, never_made):
        signal(agent.tell(observed()))
        end()
    assert signal(agent.tell(observed()))


def test_an_answer_that_made_no_sense_does_not_end_an_order(agent):
    signal(agent.tell(observed()))
    odd = ExecutionError(account_id="paper", approval_id="approval", order_hash="0x0a", market_id=MARKET, reason="")
    ordered(agent)
    agent.tell(odd)
    assert reason(agent.tell(observed())) == "ALREADY_COPIED"


def test_a_partly_filled_bet_stands_after_its_order_expired(agent):
    signal(agent.tell(observed()))
    ordered(agent)
    agent.tell_all([filled(size_micro=10 * UNIT, final=False), cancelled(10 * UNIT)])
    assert reason(agent.tell(observed())) == "ALREADY_COPIED"
    assert signal(agent.tell(observed(side="SELL"))).exit_size_micro == 10 * UNIT


def test_the_leaders_sale_sells_our_lot(agent):
    hold(agent)
    out = signal(agent.tell(observed(side="SELL", price_micro=600_000, size_micro=1)))
    assert (out.side, out.exit_size_micro, out.edge_micro) == ("SELL", 100 * UNIT, 0)
    assert out.reference_price_micro == 500_000 - HALF


def test_an_exit_is_followed_late_and_after_pruning_and_while_reducing(agent):
    hold(agent)
    agent.tell(WhalePruned(wallet=ALICE, kind="fill", reason="EDGE_GONE", as_of_ts=0))
    agent.tell(TradingStateChanged(account_id="paper", state="REDUCING", previous="ACTIVE", reason=""))
    assert signal(agent.tell(observed(side="SELL"), at=1_000, ts_event=1)).exit_size_micro == 100 * UNIT


def test_an_exit_at_the_end_of_the_range_is_cut_to_it_not_refused(agent):
    hold(agent)
    agent.tell(market_data(price_micro=-1))
    assert signal(agent.tell(observed(side="SELL", price_micro=3_000))).reference_price_micro == 10_000


def test_a_halt_stops_exits_too(agent):
    hold(agent)
    agent.tell(TradingStateChanged(account_id="paper", state="HALTED", previous="ACTIVE", reason=""))
    assert reason(agent.tell(observed(side="SELL"))) == "TRADING_HALTED"


def test_a_sale_of_what_we_do_not_hold_is_nothing_to_exit(agent):
    assert reason(agent.tell(observed(side="SELL"))) == "NOTHING_TO_EXIT"
    assert reason(agent.tell(observed(side="SELL", wallet=BOB))) == "NOT_FOLLOWED"
    hold(agent)
    assert reason(agent.tell(observed(side="SELL", kind="position"))) == "NOTHING_TO_EXIT"
    assert reason(agent.tell(observed(side="SELL", token_id=NO))) == "NOTHING_TO_EXIT"


def test_a_position_signal_has_no_exit_but_the_resolution(agent):
    signal(agent.tell(observed(kind="position", prev_seen_ts=1)))
    agent.tell(filled(kind="position"))
    assert reason(agent.tell(observed(kind="position", side="SELL"))) == "NOTHING_TO_EXIT"


def test_the_bets_of_a_resolved_market_are_forgotten(agent):
    hold(agent)
    agent.tell(resolved())
    assert agent.state.book.bets == {}
    assert agent.state.markets == {}


def test_a_bet_that_is_ordered_but_not_filled_is_nothing_to_exit(agent):
    signal(agent.tell(observed()))
    assert reason(agent.tell(observed(side="SELL"))) == "NOTHING_TO_EXIT"


def test_one_exit_at_a_time(agent):
    hold(agent)
    signal(agent.tell(observed(side="SELL")))
    assert reason(agent.tell(observed(side="SELL"))) == "ALREADY_COPIED"


def test_an_exit_that_expired_may_be_tried_again_and_one_that_filled_ends_the_bet(agent):
    hold(agent)
    signal(agent.tell(observed(side="SELL")))
    ordered(agent)
    agent.tell(cancelled())
    signal(agent.tell(observed(side="SELL")))
    ordered(agent)
    agent.tell(filled(side="SELL", trade_id="exit"))
    assert reason(agent.tell(observed(side="SELL"))) == "NOTHING_TO_EXIT"
    assert signal(agent.tell(observed()))


def test_a_void_purchase_leaves_nothing_to_exit(agent):
    hold(agent)
    agent.tell(settled(status="FAILED"))
    assert reason(agent.tell(observed(side="SELL"))) == "NOTHING_TO_EXIT"


def test_a_void_sale_brings_the_lot_back(agent):
    hold(agent)
    signal(agent.tell(observed(side="SELL")))
    ordered(agent)
    agent.tell_all([settled(), filled(side="SELL", trade_id="exit")])
    agent.tell(settled(trade_id="exit", status="FAILED"))
    assert signal(agent.tell(observed(side="SELL"))).exit_size_micro == 100 * UNIT


def test_a_settled_fill_is_not_void_any_more(agent):
    hold(agent)
    agent.tell_all([settled(), settled(status="FAILED")])
    assert signal(agent.tell(observed(side="SELL"))).exit_size_micro == 100 * UNIT


def test_a_sale_that_the_kernel_orders_by_itself_takes_from_the_lot_and_ends_no_order_of_ours(agent):
    hold(agent)
    signal(agent.tell(observed(side="SELL")))
    ordered(agent)
    agent.tell_all([approved("derisk", proposal_id="an emergency"), denied(proposal_id="an emergency", side="SELL")])
    agent.tell(filled(side="SELL", approval_id="derisk", trade_id="half", size_micro=50 * UNIT))
    assert reason(agent.tell(observed(side="SELL"))) == "ALREADY_COPIED"
    agent.tell(cancelled())
    assert signal(agent.tell(observed(side="SELL"))).exit_size_micro == 50 * UNIT


def test_a_sale_of_all_by_the_kernel_ends_the_bet(agent):
    hold(agent)
    agent.tell(filled(side="SELL", approval_id="derisk", trade_id="all"))
    assert signal(agent.tell(observed()))


def test_an_edge_is_never_more_than_half_of_what_can_be_won(agent):
    agent.tell(market_data(price_micro=-1, terms=terms(tick_micro=1_000, fee_rate_micro=0)))
    assert signal(agent.tell(observed(price_micro=965_000))).edge_micro == 15_000


def test_an_assumed_quote_is_no_quote(agent):
    agent.tell(market_data(bid_micro=1, ask_micro=999_999))
    assert reason(agent.tell(observed())) == "PRICE_OUT_OF_RANGE"
    assumed = market_data()
    agent.tell(type(assumed)(**{**fields(assumed), "bid_micro": 1, "ask_micro": 999_999}))
    assert signal(agent.tell(observed())).reference_price_micro == 500_000 + HALF


def test_an_unknown_fee_counts_as_the_worst_case(agent):
    agent.tell(market_data(price_micro=-1, terms=terms(tick_micro=1_000, fee_rate_micro=-1)))
    assert signal(agent.tell(observed(price_micro=955_000))).edge_micro == (45_000 - 5_000 - 2_680) // 2


def fields(payload):
    return {name: getattr(payload, name) for name in payload.__struct_fields__}


def test_everything_survives_a_restart(agent):
    hold(agent)
    agent.restart()
    assert reason(agent.tell(observed())) == "ALREADY_COPIED"
    assert signal(agent.tell(observed(side="SELL"))).exit_size_micro == 100 * UNIT
