"""The read models say what the messages said; they survive bytes and stay bounded."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import example, seen
from whaletrader.messages.leaders import (
    LeaderScore,
    SignalSkipped,
    UniverseScanned,
    WhaleDiscovered,
    WhalePruned,
    WhaleScoreUpdated,
)
from whaletrader.messages.market import MarketDataUpdate, MarketTerms, WhalePositionChanged, WhaleTradeObserved
from whaletrader.messages.orchestration import OrchestratorDecision, RunMarked
from whaletrader.messages.orders import OrderCancelled, OrderFilled, SettlementUpdated, SubmitOrder
from whaletrader.messages.portfolio import LeaderAttribution, PortfolioAttribution
from whaletrader.messages.risk import (
    ApprovalBounds,
    ApprovedTrade,
    KillSwitchThrown,
    OperatorCommand,
    RejectedTrade,
    TradingStateChanged,
)
from whaletrader.runtime.projections import account, decisions
from whaletrader.runtime.projections.account import AccountView
from whaletrader.runtime.projections.decisions import DecisionsView
from whaletrader.runtime.projections.leaders import LeadersView
from whaletrader.runtime.projections.positions import PositionsView

UNIT = 1_000_000
START = 10_000 * UNIT


def told(view, *payloads, ts=1):
    for number, payload in enumerate(payloads):
        view.observe(seen(payload, ts + number, name=f"{number}"))
    return view.state


def worth(equity, high=0):
    return example(PortfolioAttribution, equity_micro=equity * UNIT, high_water_micro=high * UNIT)


def fill(size, price, *, side="BUY", fee=0, trade="t", final=True, token="1"):
    return example(
        OrderFilled,
        token_id=token,
        market_id="m",
        side=side,
        size_micro=size * UNIT,
        price_micro=round(price * UNIT),
        fee_micro=fee,
        trade_id=trade,
        final=final,
        order_hash="o",
    )


def settled(status, size=0, cash=0, trade=""):
    return example(
        SettlementUpdated, token_id="1", status=status, size_micro=size * UNIT, cash_micro=cash * UNIT, trade_id=trade
    )


def test_before_anything_happened_equity_is_what_we_began_with():
    state = AccountView(START).state
    assert (state.equity_micro, state.cash_micro, state.high_water_micro) == (START, START, START)


def test_drawdown_is_the_greatest_fall_below_the_high_water_mark():
    state = told(AccountView(START), worth(12_000, 12_000), worth(9_000, 12_000), worth(11_000, 12_000))
    assert state.max_drawdown_micro == 250_000
    assert [point.equity_micro for point in state.curve] == [12_000 * UNIT, 9_000 * UNIT, 11_000 * UNIT]


def test_the_curve_is_thinned_and_not_cut():
    view = AccountView(START)
    for number in range(3 * account.MAX_POINTS):
        view.observe(seen(worth(number, number), number, name=str(number)))
    curve = view.state.curve
    assert account.MAX_POINTS / 2 <= len(curve) <= account.MAX_POINTS
    gaps = {after.ts - before.ts for before, after in itertools.pairwise(curve)}
    assert gaps == {view.state.stride}
    assert curve[0].ts == 0


def test_kill_and_states_are_shown_with_their_reasons():
    view = AccountView(START)
    state = told(
        view,
        example(OperatorCommand, command="START", argument="what", account_id="paper"),
        example(KillSwitchThrown, reason="hand"),
        example(TradingStateChanged, state="HALTED", reason="KILLED"),
    )
    assert (state.killed, state.trading_state, state.description) == (True, "HALTED", "what")
    assert [event.kind for event in state.events] == ["KILLED", "HALTED"]
    assert not told(view, example(TradingStateChanged, state="ACTIVE", reason="RESUMED"), ts=9).killed
    assert told(view, example(OperatorCommand, command="RESET_BREAKER"), ts=10).resumed_ts == 0
    assert told(view, example(OperatorCommand, command="RESUME"), ts=11).resumed_ts == 11


def test_operations_do_not_count_as_messages_of_the_domain():
    state = told(AccountView(START), example(RunMarked), worth(1), example(RunMarked))
    assert state.messages == 1


def test_the_events_stay_bounded():
    view = AccountView(START)
    told(view, *[example(KillSwitchThrown, reason=str(n)) for n in range(3 * account.MAX_EVENTS)])
    assert len(view.state.events) == account.MAX_EVENTS


def test_a_position_has_its_average_cost_fees_included_and_its_newest_price():
    view = PositionsView()
    state = told(
        view,
        fill(10, 0.4, fee=100, trade="a"),
        fill(10, 0.6, trade="b"),
        example(MarketDataUpdate, token_id="1", price_micro=700_000, terms=example(MarketTerms)),
        example(MarketDataUpdate, token_id="2", price_micro=1, terms=example(MarketTerms)),
        example(MarketDataUpdate, token_id="1", price_micro=-1, terms=example(MarketTerms)),
    )
    held = state.held["1"]
    assert (held.size_micro, held.cost_micro, held.price_micro) == (20 * UNIT, 10 * UNIT + 100, 700_000)


def test_selling_realises_against_the_average_cost():
    state = told(PositionsView(), fill(10, 0.4), fill(5, 0.8, side="SELL", fee=1_000, trade="s"))
    held = state.held["1"]
    assert (held.size_micro, held.cost_micro, held.realised_micro) == (5 * UNIT, 2 * UNIT, 2 * UNIT - 1_000)


@pytest.mark.parametrize(("cash", "won"), [(10, 1), (0, 0)])
def test_a_redeemed_position_is_closed_with_what_it_paid(cash, won):
    state = told(PositionsView(), fill(10, 0.4), settled("REDEEMED", 10, cash))
    assert not state.held
    assert (state.n_closed, state.n_won, state.closed[0].realised_micro) == (1, won, (cash - 4) * UNIT)


def test_a_fill_that_failed_to_settle_leaves_nothing_behind():
    state = told(PositionsView(), fill(10, 0.4, trade="a"), settled("FAILED", trade="a"))
    assert not state.held


def test_a_settled_fill_can_no_longer_fail():
    state = told(
        PositionsView(), fill(10, 0.4, trade="a"), settled("CONFIRMED", trade="a"), settled("FAILED", trade="a")
    )
    assert state.held["1"].size_micro == 10 * UNIT


def test_an_order_is_shown_until_it_is_over():
    submitted = example(SubmitOrder, order_hash="o", token_id="1")
    view = PositionsView()
    assert list(told(view, submitted).orders) == ["o"]
    assert list(told(view, fill(1, 0.5, final=False), ts=5).orders) == ["o"]
    assert not told(view, example(OrderCancelled, order_hash="o"), ts=9).orders


def discovered(wallet="w", **score):
    return example(WhaleDiscovered, wallet=wallet, kind="fill", score=example(LeaderScore, wallet=wallet, **score))


def attribution(wallet="w"):
    share = example(LeaderAttribution, wallet=wallet, kind="fill", realised_micro=5)
    return example(PortfolioAttribution, leaders=(share,))


def test_a_leader_without_copies_is_forgotten_when_he_is_pruned_and_one_with_copies_stays():
    pruned = example(WhalePruned, wallet="w", kind="fill", reason="EDGE_GONE", as_of_ts=7)
    assert not told(LeadersView(), discovered(), pruned).leaders
    state = told(LeadersView(), discovered(), attribution(), pruned)
    leader = state.leaders["fill w"]
    assert (leader.until_ts, leader.prune_reason, leader.earned.realised_micro) == (7, "EDGE_GONE", 5)


def test_a_leader_found_again_keeps_what_he_earned():
    pruned = example(WhalePruned, wallet="w", kind="fill", as_of_ts=7)
    state = told(LeadersView(), discovered(), attribution(), pruned, discovered(rank=3))
    assert (state.leaders["fill w"].earned.realised_micro, state.leaders["fill w"].until_ts) == (5, 0)


def test_a_changed_score_replaces_the_old_one_of_a_followed_leader_only():
    new = example(LeaderScore, wallet="w", rank=9)
    update = example(WhaleScoreUpdated, wallet="w", kind="fill", score=new)
    assert told(LeadersView(), discovered(), update).leaders["fill w"].score.rank == 9
    assert not told(LeadersView(), update).leaders


def test_a_scan_is_shown_with_its_verdicts():
    scores = tuple(example(LeaderScore, verdict=verdict) for verdict in ("A", "B", "A"))
    state = told(LeadersView(), example(UniverseScanned, scores=scores, n_wallets=7, n_qualified=3))
    assert (state.verdicts, state.n_wallets, state.n_scans) == ({"A": 2, "B": 1}, 7, 1)


def test_every_refusal_is_counted_by_its_reason():
    bounds = example(ApprovalBounds)
    state = told(
        DecisionsView(),
        example(WhaleTradeObserved, kind="fill"),
        example(SignalSkipped, reason="STALE"),
        example(SignalSkipped, reason="STALE"),
        example(OrchestratorDecision, kind="STOP", reason="ANOMALY"),
        example(OrchestratorDecision, kind="PROPOSE"),
        example(RejectedTrade, reasons=("CASH", "PER_TRADE")),
        example(ApprovedTrade, binding_limit="KELLY", bounds=bounds),
    )
    assert (state.skipped, state.stopped) == ({"STALE": 2}, {"ANOMALY": 1})
    assert (state.denied, state.approved) == ({"CASH": 1, "PER_TRADE": 1}, {"KELLY": 1})
    assert [decision.what for decision in state.newest] == ["SKIPPED", "SKIPPED", "STOPPED", "DENIED", "APPROVED"]


def test_changes_without_a_trade_are_counted_by_what_they_are():
    state = told(
        DecisionsView(),
        example(WhaleTradeObserved, kind="fill"),
        example(WhalePositionChanged, kind="fill", change="MERGE"),
        example(WhalePositionChanged, kind="fill", change="MERGE"),
        example(WhalePositionChanged, kind="fill", change="SPLIT"),
    )
    assert state.events == {"fill": 1, "MERGE": 2, "SPLIT": 1}


def test_fills_are_counted_by_how_well_their_fee_is_known():
    terms = example(MarketTerms, fee_provenance="inferred")
    state = told(
        DecisionsView(),
        example(MarketDataUpdate, market_id="m", terms=terms, quote_assumed=False),
        example(WhaleTradeObserved, kind="fill"),
        fill(1, 0.5),
        example(OrderFilled, market_id="other"),
    )
    assert state.fee_provenance == {"inferred": 1, "unknown": 1}
    assert state.quotes == {"quoted": 1}


def test_the_newest_decisions_stay_bounded():
    view = DecisionsView()
    told(view, *[example(SignalSkipped, reason="STALE", price_micro=n) for n in range(5 * decisions.MAX_NEWEST)])
    assert len(view.state.newest) <= 2 * decisions.MAX_NEWEST
    assert view.state.newest[-1].price_micro == 5 * decisions.MAX_NEWEST - 1


ANYTHING = (
    fill(10, 0.4, trade="a"),
    fill(3, 0.6, side="SELL", trade="b"),
    fill(2, 0.5, trade="c", token="2", final=False),
    settled("FAILED", trade="a"),
    settled("CONFIRMED", trade="c"),
    settled("REDEEMED", 5, 5),
    worth(9_000, 11_000),
    discovered(),
    attribution(),
    example(WhalePruned, wallet="w", kind="fill", as_of_ts=7),
    example(SubmitOrder, order_hash="o", token_id="1"),
    example(SignalSkipped, reason="STALE"),
    example(RejectedTrade, reasons=("CASH",)),
    example(MarketDataUpdate, token_id="1", price_micro=700_000, terms=example(MarketTerms)),
    example(KillSwitchThrown, reason="hand"),
    example(OperatorCommand, command="END"),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ANYTHING), max_size=30), st.integers(0, 30))
def test_a_snapshot_anywhere_changes_nothing(payloads, cut):
    stream = [seen(payload, number, name=str(number)) for number, payload in enumerate(payloads)]
    for make in (lambda: AccountView(START), PositionsView, LeadersView, DecisionsView):
        whole, first, second = make(), make(), make()
        for message in stream:
            whole.observe(message)
        for message in stream[:cut]:
            first.observe(message)
        second.restore(first.snapshot())
        for message in stream[cut:]:
            second.observe(message)
        assert second.snapshot() == whole.snapshot()
        assert all(held.size_micro > 0 for held in getattr(whole.state, "held", {}).values())
