"""What the kernel keeps for every book: limits recomputed by a slow oracle, monotonicity, reservations within cash."""

from fractions import Fraction
from itertools import pairwise

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.risk import (
    EQUITY,
    FEE,
    FREE,
    hold,
    limits,
    market,
    proposal,
    reserved,
    sale,
    slow_cvar,
    world,
)
from whaletrader.domain.reasons import DenyReason
from whaletrader.domain.risk.groups import payoff_scenarios
from whaletrader.domain.risk.kernel import decide
from whaletrader.domain.risk.scenarios import deviation_risk
from whaletrader.domain.values import MICRO, Side

SHARE = MICRO
PRICES = st.integers(2, 97).map(lambda cents: cents * 10_000)
SIZES = st.integers(1, 400).map(lambda shares: shares * SHARE)
LEADERS = st.sampled_from(["0xa", "0xb", "0xc"])
FEES = st.sampled_from([FEE, FREE])
BELOW = DenyReason.BELOW_VENUE_MINIMUM


class World:
    """A book in lone markets and one neg-risk group, what the oracle must know of it, and a market to trade in."""

    def __init__(self, draw):
        self.lone = [market(f"m{i}", fee=draw(FEES)) for i in range(draw(st.integers(1, 3)))]
        self.rivals = [market(f"r{i}", "g", neg_risk=True, fee=draw(FEES)) for i in range(draw(st.integers(0, 3)))]
        self.views = [*self.lone, *self.rivals]
        self.prices = [draw(PRICES) for _ in self.views]
        rules = limits(
            cvar_limit_micro=draw(st.sampled_from([20_000, 50_000, 150_000])),
            max_correlation_micro=draw(st.sampled_from([700_000, MICRO])),
        )
        self.state = world(self.views, self.prices, limits=rules)
        for number in range(draw(st.integers(0, 4))):
            view, outcome = draw(st.sampled_from(self.views)), draw(st.integers(0, 1))
            hold(self.state, view, outcome, size_micro=draw(SIZES), wallet=draw(LEADERS), name=str(number))

    def groups(self):
        lone = [([view], [price], False) for view, price in zip(self.lone, self.prices, strict=False)]
        return [*lone, (self.rivals, self.prices[len(self.lone) :], True)] if self.rivals else lone

    def trade(self, draw, **changes):
        place, outcome = draw(st.integers(0, len(self.views) - 1)), draw(st.integers(0, 1))
        price = self.prices[place] if outcome == 0 else MICRO - self.prices[place]
        values = {
            "wallet": draw(LEADERS),
            "reference_price_micro": price,
            "limit_price_micro": min(price + draw(st.sampled_from([0, 10_000, 20_000])), 990_000),
            "edge_micro": draw(st.integers(1, 60_000)),
            "desired_size_micro": draw(st.sampled_from([0, 6 * SHARE, 40 * SHARE, 4_000 * SHARE])),
        }
        return self.views[place], proposal(self.views[place], outcome, **{**values, **changes})


@st.composite
def worlds(draw):
    return World(draw), draw(st.data())


def accept(state, view, trade, decision, name):
    state.book.reserve(name, reserved(trade, view, decision))


@settings(max_examples=120, deadline=None)
@given(worlds())
def test_an_approval_exceeds_no_limit_when_a_slow_oracle_recomputes_them(drawn):
    own, data = drawn
    for number in range(2):
        view, trade = own.trade(data.draw)
        state = own.state
        decision = decide(state, trade)
        if not decision.approved:
            continue
        equity = Fraction(state.book.value(state.now_ts, state.mark_rule).equity_micro)
        cost, size, rules = decision.max_cost_micro, decision.size_micro, state.limits
        fee = Fraction(
            view.fee.rate_micro * decision.worst_price_micro * (MICRO - decision.worst_price_micro), MICRO**3
        )
        notional = Fraction(decision.worst_price_micro * size, MICRO)
        assert notional <= cost <= notional + size * fee + 1
        assert cost <= equity * rules.per_trade_micro / MICRO
        assert cost + state.book.leader_exposure_micro(trade.wallet) <= equity * rules.per_leader_micro / MICRO
        assert cost + state.book.reserved_micro <= state.book.cash_micro
        price = Fraction(trade.reference_price_micro, MICRO)
        all_in = price + Fraction(view.fee.rate_micro, MICRO) * price * (1 - price)
        kelly = Fraction(rules.kelly_fraction_micro, MICRO) * Fraction(trade.edge_micro, MICRO) / (1 - all_in)
        assert size * all_in <= kelly * equity * Fraction(1_005, 1_000) + 1
        assert size <= (trade.desired_size_micro or size)
        assert size >= 5 * SHARE
        assert size % 10_000 == 0
        assert decision.worst_price_micro <= trade.limit_price_micro
        risk = slow_cvar(state, own.groups(), (view, trade.token_id, size, cost))
        assert risk * MICRO < equity * rules.cvar_limit_micro
        accept(state, view, trade, decision, str(number))
        assert len(state.book.open_tokens()) <= rules.max_open_positions


@settings(max_examples=100, deadline=None)
@given(worlds(), st.integers(6, 500), st.integers(1, 500))
def test_wanting_more_never_turns_a_denial_into_an_approval(drawn, wanted, more):
    own, data = drawn
    _, trade = own.trade(data.draw, desired_size_micro=wanted * SHARE)
    less = decide(own.state, trade)
    larger = decide(own.state, msgspec.structs.replace(trade, desired_size_micro=(wanted + more) * SHARE))
    assume(BELOW not in less.reasons)
    assert less.approved >= larger.approved
    if less.approved:
        assert less.size_micro <= larger.size_micro


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_more_of_the_same_bet_held_at_its_mark_never_turns_a_denial_into_an_approval(data):
    view = market(fee=data.draw(FEES))
    price, outcome = data.draw(PRICES), data.draw(st.integers(0, 1))
    mine = price if outcome == 0 else MICRO - price
    trade = proposal(
        view,
        outcome,
        reference_price_micro=mine,
        limit_price_micro=min(mine + 10_000, 990_000),
        edge_micro=data.draw(st.integers(1, 20_000)),
        desired_size_micro=data.draw(SIZES),
    )
    found = []
    for held in sorted([0, *data.draw(st.lists(st.integers(1, 4_000), min_size=1, max_size=2))]):
        state = world([view], [price])
        if held:
            hold(state, view, outcome, size_micro=held * SHARE)
        assert state.book.value(state.now_ts, state.mark_rule).equity_micro == EQUITY
        found.append(decide(state, trade))
    for before, after in pairwise(found):
        if BELOW not in before.reasons:
            assert before.approved >= after.approved
        if before.approved and after.approved:
            assert after.size_micro <= before.size_micro


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_another_independent_loser_never_turns_a_denial_into_an_approval(data):
    """A book of bets on one side each; one more of them, paid at its mark, in a group of its own."""
    views = [market(f"m{i}", fee=FREE) for i in range(4)]
    prices = [data.draw(PRICES) for _ in views]
    trade = proposal(
        views[0],
        reference_price_micro=prices[0],
        limit_price_micro=prices[0],
        edge_micro=data.draw(st.integers(1, 20_000)),
    )
    state = world(views, prices)
    before = decide(state, trade)
    for view in views[1:]:
        hold(state, view, data.draw(st.integers(0, 1)), size_micro=data.draw(SIZES))
        after = decide(state, trade)
        if BELOW not in before.reasons:
            assert before.approved >= after.approved
        before = after


@settings(max_examples=60, deadline=None)
@given(worlds(), st.integers(5, 30))
def test_a_burst_never_reserves_more_than_there_is(drawn, burst):
    own, data = drawn
    state = own.state
    for number in range(burst):
        view, trade = own.trade(data.draw, edge_micro=data.draw(st.integers(-5_000, 200_000)))
        decision = decide(state, trade)
        if decision.approved:
            accept(state, view, trade, decision, str(number))
        assert state.book.reserved_micro <= state.book.cash_micro
    assert state.book.reserved_micro >= 0


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_a_sale_never_leaves_more_risk_than_before(drawn):
    own, _ = drawn
    state = own.state
    for token, position in list(state.book.positions.items()):
        view = state.markets[position.market_id]
        for lot in position.lots:
            wish = sale(view, view.token_ids.index(token), wallet=lot.wallet, kind=lot.kind, limit_price_micro=10_000)
            decision = decide(state, wish)
            risks = [
                deviation_risk(payoff_scenarios(state, view.event_group_id, token, size), 975_000)
                for size in (0, decision.size_micro)
            ]
            assert risks[1] <= risks[0]
            assert decision.size_micro <= lot.size_micro
            assert decision.side is Side.SELL or not decision.approved


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_without_an_edge_nothing_is_bought(drawn):
    own, data = drawn
    _, trade = own.trade(data.draw, edge_micro=data.draw(st.integers(-100_000, 0)))
    assert not decide(own.state, trade).approved


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_a_decision_depends_on_its_arguments_only(drawn):
    own, data = drawn
    _, trade = own.trade(data.draw)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(own.state), type=type(own.state))
    assert decide(own.state, trade) == decide(again, trade)
