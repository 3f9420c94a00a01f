"""Both outcomes of a market in our hands are merged: once, all that is confirmed and free, nothing that is on sale."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.tapes import MARKET, NO, YES
from tests.support.trading import ACCOUNT, approved, execution, market_terms, resolution
from tests.unit.agents.test_execution import SECOND, filled, fire, names, report
from whaletrader.agents.execution import MAX_ASKS
from whaletrader.messages.orders import MergePositions, OrderReport, RedeemPosition, SettlementUpdated, SubmitOrder
from whaletrader.messages.risk import OperatorCommand

RESUME = OperatorCommand(account_id=ACCOUNT, command="RESUME", argument="", operator="me")
SHARE = 1_000_000


class Account:
    """Execution, in whose name orders are made, filled and settled by short words."""

    def __init__(self):
        self.harness = execution()
        self.harness.tell(market_terms(), at=90)
        self.n = 0

    @property
    def state(self):
        return self.harness.state

    def order(self, token, shares=20, side="BUY"):
        self.n += 1
        worst = 600_000 if side == "BUY" else 400_000
        return self.harness.tell(
            approved(
                approval_id=f"{self.n:032x}",
                token_id=token,
                side=side,
                max_size_micro=shares * SHARE,
                worst_price_micro=worst,
            ),
            at=100 + 10 * self.n,
        )[0]

    def match(self, order, shares=20):
        self.harness.tell(filled(order, shares * SHARE, f"t{self.n}"))
        return f"t{self.n}"

    def settle(self, order, trade_id, kind="SETTLED"):
        return self.harness.tell(report(order, kind, trade_id=trade_id))

    def buy(self, token, shares=20):
        """Buy, filled at once and confirmed; returns what follows from the confirmation."""
        order = self.order(token, shares)
        return self.settle(order, self.match(order, shares))

    def close(self, order, filled_micro=0):
        return self.harness.tell(report(order, "CANCELLED", size_micro=filled_micro))

    @property
    def merge_id(self):
        return next(each.id for each in reversed(self.harness.published) if each.type == "MergePositions")

    def answer(self, kind="MERGED", cash=-1, reason=""):
        merge = self.harness.said(MergePositions)[-1]
        cash = merge.size_micro if kind == "MERGED" and cash < 0 else max(cash, 0)
        return self.harness.tell(
            OrderReport(
                account_id=ACCOUNT, order_hash=self.merge_id, market_id=MARKET, token_id="", kind=kind,
                exchange_event_id=f"{self.merge_id}/{kind}", trade_id="", price_micro=0, size_micro=0, fee_micro=0,
                role="", cash_micro=cash, reason=reason,
            )
        )  # fmt: skip

    def merged(self):
        return [each.size_micro // SHARE for each in self.harness.said(MergePositions)]


@pytest.fixture
def account():
    return Account()


def test_the_second_outcome_confirmed_is_merged_with_the_first(account):
    assert names(account.buy(YES, 20)) == ["SettlementUpdated"]
    settled, merge = account.buy(NO, 8)
    assert settled.status == "CONFIRMED"
    assert merge == MergePositions(account_id=ACCOUNT, market_id=MARKET, token_ids=(YES, NO), size_micro=8 * SHARE)
    assert {token: held.size_micro for token, held in account.state.held.items()} == {YES: 12 * SHARE}


def test_what_is_matched_and_not_confirmed_is_not_merged(account):
    account.buy(YES)
    account.match(account.order(NO))
    assert account.merged() == []


def test_a_merge_that_came_through_is_told_as_one_settlement_of_both_outcomes(account):
    account.buy(YES)
    account.buy(NO, 8)
    (settled,) = account.answer()
    assert (settled.status, settled.order_hash, settled.market_id) == ("MERGED", account.merge_id, MARKET)
    assert (settled.token_id, settled.size_micro, settled.cash_micro) == ("", 8 * SHARE, 8 * SHARE)
    assert not account.state.merges
    assert account.state.held[YES].size_micro == 12 * SHARE


def test_a_merge_that_brought_less_is_told_as_an_anomaly(account):
    account.buy(YES)
    account.buy(NO, 8)
    settled, error = account.answer(cash=7 * SHARE)
    assert (settled.cash_micro, error.reason) == (7 * SHARE, "MERGED_FOR_LESS")


def test_one_merge_of_a_market_is_under_way_at_a_time_and_the_next_takes_what_came_meanwhile(account):
    account.buy(YES, 20)
    account.buy(NO, 5)
    account.buy(NO, 5)
    account.buy(NO, 5)
    assert account.merged() == [5]
    assert names(account.answer()) == ["SettlementUpdated", "MergePositions"]
    assert account.merged() == [5, 10]
    assert names(account.answer()) == ["SettlementUpdated"]
    assert {token: held.size_micro for token, held in account.state.held.items()} == {YES: 5 * SHARE}


@pytest.mark.parametrize("kind", ["FAILED", "NOT_SENT"])
def test_a_merge_that_failed_gives_the_shares_back_and_is_not_tried_again_by_itself(account, kind):
    account.buy(YES)
    account.buy(NO, 8)
    (error,) = account.answer(kind, reason="KILL_LATCH")
    assert (error.reason, error.order_hash) == ("MERGE_FAILED", account.merge_id)
    assert {token: held.size_micro for token, held in account.state.held.items()} == {YES: 20 * SHARE, NO: 8 * SHARE}
    assert account.harness.tell(market_terms()) == []


def test_a_merge_that_failed_is_asked_for_again_by_the_operator_and_by_the_next_settlement(account):
    account.buy(YES)
    account.buy(NO, 8)
    account.answer("NOT_SENT", reason="KILL_LATCH")
    assert names(account.harness.tell(RESUME)) == ["MergePositions"]
    assert account.harness.tell(RESUME) == [], "it is under way"
    account.answer("FAILED")
    account.buy(NO, 5)
    assert account.merged() == [8, 8, 13]


def test_shares_that_are_on_sale_are_not_merged_and_those_that_come_free_are(account):
    account.buy(YES, 20)
    sale = account.order(YES, 15, "SELL")
    account.buy(NO, 20)
    assert account.merged() == [5]
    account.answer()
    assert names(account.close(sale)) == ["OrderSubmitted", "OrderCancelled", "MergePositions"]
    assert account.merged() == [5, 15]


def test_a_sale_that_is_filled_in_part_frees_the_rest_only(account):
    account.buy(YES, 20)
    sale = account.order(YES, 20, "SELL")
    account.buy(NO, 20)
    account.match(sale, 12)
    assert account.merged() == []
    account.close(sale, 12 * SHARE)
    assert account.merged() == [8]


def test_a_sale_of_unknown_outcome_keeps_its_shares_for_ever(account):
    account.buy(YES, 20)
    sale = account.order(YES, 20, "SELL")
    due = sale.arrive_ts // SECOND + 10
    for _ in range(MAX_ASKS):
        due = fire(account.harness, sale, due)[1].due_ts // SECOND
    assert names(account.buy(NO, 20)) == ["SettlementUpdated"]


def test_a_sale_that_turns_out_void_makes_complete_what_it_had_taken(account):
    account.buy(YES, 20)
    sale = account.order(YES, 20, "SELL")
    trade = account.match(sale)
    account.buy(NO, 20)
    assert account.merged() == []
    assert names(account.settle(sale, trade, "FAILED")) == ["SettlementUpdated", "MergePositions"]


def test_while_sets_are_merged_a_sale_leaves_their_shares_alone(account):
    account.buy(YES, 20)
    account.buy(NO, 8)
    sale = account.order(YES, 20, "SELL")
    assert sale.size_micro == 12 * SHARE
    error, rejection = account.harness.tell(approved(approval_id="9" * 32, token_id=NO, side="SELL"))
    assert (error.reason, rejection.reason) == ("BELOW_VENUE_MINIMUM", "BELOW_VENUE_MINIMUM")


def test_a_sale_of_shares_that_are_bought_and_not_confirmed_is_not_cut(account):
    account.buy(YES, 8)
    account.buy(NO, 8)
    account.match(account.order(YES, 10), 10)
    assert account.order(YES, 10, "SELL").size_micro == 10 * SHARE
    error, _ = account.harness.tell(approved(approval_id="9" * 32, token_id=YES, side="SELL"))
    assert error.reason == "BELOW_VENUE_MINIMUM", "what one sale takes is not there for another"


def test_without_a_merge_a_sale_is_ordered_as_approved(account):
    account.buy(YES, 8)
    assert account.order(YES, 20, "SELL").size_micro == 20 * SHARE


def test_when_the_market_ends_what_is_not_being_merged_is_redeemed(account):
    account.buy(YES, 20)
    account.buy(NO, 8)
    (redeem,) = account.harness.tell(resolution())
    assert (redeem.token_id, redeem.size_micro) == (YES, 12 * SHARE)
    assert names(account.answer()) == ["SettlementUpdated"]
    assert account.state.resolved, "the redemption is awaited"


def test_a_merge_that_fails_after_the_end_leaves_its_shares_to_be_redeemed(account):
    account.buy(YES, 20)
    account.buy(NO, 20)
    assert account.harness.tell(resolution()) == []
    error, redeem, written_off = account.answer("FAILED")
    assert error.reason == "MERGE_FAILED"
    assert (redeem.token_id, redeem.size_micro) == (YES, 20 * SHARE)
    assert (written_off.token_id, written_off.cash_micro, written_off.size_micro) == (NO, 0, 20 * SHARE)
    assert not account.state.held


def test_after_the_end_nothing_is_merged(account):
    account.buy(YES, 20)
    order = account.order(NO, 20)
    trade = account.match(order)
    account.harness.tell(resolution())
    assert names(account.settle(order, trade)) == ["SettlementUpdated", "SettlementUpdated"], "the loser is written off"


def test_a_market_with_more_than_two_outcomes_is_left_alone():
    account = Account()
    account.harness.tell(market_terms(token_ids=(YES, NO, "3")))
    account.buy(YES)
    account.buy(NO)
    assert account.merged() == []


TOKENS = st.sampled_from([YES, NO])
WORDS = st.one_of(
    st.tuples(st.just("buy"), TOKENS, st.integers(5, 30)),
    st.tuples(st.just("sell"), TOKENS, st.integers(5, 30)),
    st.tuples(st.sampled_from(["match", "close", "SETTLED", "FAILED"]), st.integers(0, 5), st.integers(1, 30)),
    st.tuples(st.sampled_from(["MERGED", "NOT_SENT", "resume", "restart", "resolve"]), st.none(), st.none()),
)


class Venue:
    """Orders and trades that the words of a story are about; what makes no sense is left out."""

    def __init__(self):
        self.account, self.orders, self.trades = Account(), [], []

    def say(self, what, which, shares):
        if what in {"buy", "sell"}:
            self.order(which, shares, what.upper())
        elif what in {"match", "close"}:
            if self.orders:
                getattr(self, what)(self.orders[which % len(self.orders)], shares)
        elif what in {"SETTLED", "FAILED"}:
            if self.trades:
                self.account.settle(*self.trades[which % len(self.trades)], what)
        else:
            self.happen(what)

    def order(self, token, shares, side):
        state = self.account.state
        made = self.account.order(token, shares, side)
        held = state.held.get(token)
        if not isinstance(made, SubmitOrder):
            return
        if side == "BUY" or (held.size_micro if held else 0) >= state.on_sale_micro(token):
            self.orders.append(made)
        else:
            self.account.harness.tell(report(made, "REJECTED", reason="NOT_ENOUGH_BALANCE"))

    def match(self, order, shares):
        working = self.account.state.orders.get(order.order_hash)
        if working is not None and working.left_micro >= shares * SHARE:
            self.account.n += 1
            self.trades.append((order, self.account.match(order, shares)))

    def close(self, order, _):
        working = self.account.state.orders.get(order.order_hash)
        if working is not None and not working.life.terminal:
            self.account.close(order, working.life.filled_micro)

    def happen(self, what):
        account = self.account
        if what in {"MERGED", "NOT_SENT"} and account.state.merges:
            account.answer(what)
        elif what == "resume":
            account.harness.tell(RESUME)
        elif what == "restart":
            account.harness.restart()
        elif what == "resolve" and not account.state.resolved:
            account.harness.tell(resolution())


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, max_size=25))
def test_whatever_happens_no_share_is_merged_redeemed_or_sold_twice(words):
    venue = Venue()
    for word in words:
        venue.say(*word)
        check(venue.account)


def check(account):
    """What was paid out, or is about to be, was confirmed, and is on sale nowhere."""
    state, harness = account.state, account.harness
    assert len(state.merges) <= 1
    paid = {YES: 0, NO: 0}
    for each in harness.said(SettlementUpdated):
        if each.status == "MERGED":
            paid = {token: size + each.size_micro for token, size in paid.items()}
        elif each.status == "REDEEMED":
            paid[each.token_id] += each.size_micro
    assert all(size <= confirmed(account, token) for token, size in paid.items())
    for token in (YES, NO):
        merging = sum(each.size_micro for each in state.merges.values())
        redeeming = sum(each.size_micro for each in state.payments.values() if each.token_id == token)
        held = state.held[token].size_micro if token in state.held else 0
        assert held + merging + redeeming + paid[token] == confirmed(account, token)
    assert all(each.size_micro >= SHARE for each in harness.said(MergePositions))
    assert sum(each.payout_micro > 0 for each in harness.said(RedeemPosition)) == len(harness.said(RedeemPosition))


def confirmed(account, token):
    """Shares that were bought and confirmed, less those sold and not void, folded from the orders alone."""
    total, state = 0, account.state
    for working in [*state.orders.values(), *state.finished.values()]:
        if working.token_id == token:
            for trade in working.life.trades:
                if working.side == "BUY":
                    total += trade.size_micro if trade.status == "CONFIRMED" else 0
                else:
                    total -= trade.size_micro if trade.status != "FAILED" else 0
    return total
