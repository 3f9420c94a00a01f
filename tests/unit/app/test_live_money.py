"""Before real money moves: our ledger against any state of the chain that honest settlement can bring about."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_rows import MARKET, WALLET
from whaletrader.adapters.polymarket.allowances import Allowances
from whaletrader.adapters.polymarket.reconcile import Findings, Ledger, Snapshot, differences, require_agreement
from whaletrader.app.live_money import agree, alarm_words, hear_answers, ledger_of, require_money, traded
from whaletrader.domain.reverts import RevertAlarm, Reverts
from whaletrader.errors import ExchangeError, UsageError
from whaletrader.runtime.projections.cash import CashState
from whaletrader.runtime.projections.positions import Position, PositionsState, Unsettled

TRADES = st.lists(st.tuples(st.sampled_from("ab"), st.integers(-9, 9).filter(bool), st.booleans()), max_size=8)


def held(**sizes):
    return {
        token: Position(token_id=token, market_id=MARKET, wallet=WALLET, kind="fill", size_micro=size)
        for token, size in sizes.items()
    }


def snapshot(tokens, **more):
    values = {"open_orders": (), "collateral_micro": 5, "believed_micro": 5, "allowances": Allowances()}
    return Snapshot(tokens_micro=tokens, **{**values, **more})


@settings(max_examples=150, deadline=None)
@given(st.tuples(st.integers(0, 50), st.integers(0, 50)), TRADES)
def test_whichever_trades_are_mined_already_our_ledger_agrees_and_a_missing_share_does_not(settled, trades):
    had = dict(zip("ab", settled, strict=True))
    now = {token: size + sum(t[1] for t in trades if t[0] == token) for token, size in had.items()}
    unsettled = {f"t{n}": Unsettled(token, size, 0, 0) for n, (token, size, _) in enumerate(trades)}
    ledger = ledger_of(PositionsState(held=held(**now), unsettled=unsettled), CashState(cash_micro=5))
    assert ledger.settled_micro == had
    mined = {token: size + sum(t[1] for t in trades if t[0] == token and t[2]) for token, size in had.items()}
    assert differences(ledger, snapshot(mined)) == []
    least = {token: size + sum(min(t[1], 0) for t in trades if t[0] == token) for token, size in had.items()}
    most = {token: size + sum(max(t[1], 0) for t in trades if t[0] == token) for token, size in had.items()}
    (lacking,) = differences(ledger, snapshot(most | {"a": least["a"] - 1}))
    (strange,) = differences(ledger, snapshot(least | {"b": most["b"] + 1}))
    assert (lacking.finding, lacking.subject, lacking.grave) == (Findings.MISSING_SHARES, "a", True)
    assert (strange.finding, strange.subject, strange.grave) == (Findings.FOREIGN_SHARES, "b", False)


def test_a_start_is_refused_by_one_sentence_that_counts_the_grave_differences():
    ledger = Ledger(settled_micro={"a": 5, "b": 7}, cash_micro=5)
    found = differences(ledger, snapshot({"a": 4, "b": 0, "c": 9}, believed_micro=4))
    assert [each.finding for each in found] == ["MISSING_SHARES"] * 2 + ["FOREIGN_SHARES", "STALE_BALANCE"]
    with pytest.raises(ExchangeError) as told:
        require_agreement(found)
    assert told.value.message.endswith("MISSING_SHARES a: ours 5, theirs 4 (and 1 more)")
    assert not told.value.retryable
    require_agreement(found[2:])


CHANGES = st.lists(st.tuples(st.integers(-(10**9), 10**9).filter(bool), st.booleans()), max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**10), CHANGES)
def test_whichever_trades_are_mined_already_our_cash_agrees_and_less_than_all_of_them_does_not(had, trades):
    state = CashState(
        cash_micro=had + sum(change for change, _ in trades),
        unsettled_micro={f"t{n}": change for n, (change, _) in enumerate(trades)},
    )
    ledger = ledger_of(PositionsState(), state)
    mined = had + sum(change for change, done in trades if done)
    assert differences(ledger, snapshot({}, collateral_micro=mined, believed_micro=mined)) == []
    least = had + sum(change for change, _ in trades if change < 0)
    most = had + sum(change for change, _ in trades if change > 0)
    for there, finding in ((least - 10_001, Findings.MISSING_CASH), (most + 10_001, Findings.FOREIGN_CASH)):
        (told,) = differences(ledger, snapshot({}, collateral_micro=there, believed_micro=there))
        assert (told.finding, told.grave) == (finding, finding is Findings.MISSING_CASH)


def wallet_with(micro):
    return SimpleNamespace(oracle=SimpleNamespace(collateral_micro=lambda: micro))


def test_a_wallet_with_less_than_the_starting_equity_is_refused_with_both_sums():
    require_money(wallet_with(1_000_000_000), 1_000_000_000)
    with pytest.raises(UsageError, match=r"holds 999\.99 pUSD.*\(1,000\.00\)"):
        require_money(wallet_with(999_990_000), 1_000_000_000)


def test_a_run_has_traded_once_any_fill_moved_money():
    assert not traded(PositionsState())
    assert traded(PositionsState(held=held(a=1)))
    assert traded(PositionsState(unsettled={"t": Unsettled("a", 1, 0, 0)}))
    assert traded(PositionsState(n_closed=1))


class Answers:
    """Events of the exchange with times, a later one of which comes only when asked again."""

    def __init__(self, *batches):
        self.batches, self.waiting = list(batches), []

    def ask_again(self):
        self.waiting += self.batches.pop(0) if self.batches else []

    def peek(self):
        return self.waiting[0] if self.waiting else None


def test_what_was_told_while_we_were_away_is_folded_to_its_end_and_the_future_is_left():
    future = 2**62
    answers, done = Answers([5, 6], [7], [future]), []

    def step(ts):
        done.append(ts)
        answers.waiting.pop(0)

    hear_answers(SimpleNamespace(answers=answers, engine=SimpleNamespace(step=step)))
    assert done == [5, 6, 7]
    assert answers.peek() == future


class Account:
    """A live account whose chain has moved what the run's log does not say before its answers are heard again."""

    def __init__(self, there, answer):
        self.there, self.refreshed = there, 0
        self.state = PositionsState(held=held(a=7))
        self.answers, self.answer = Answers([5]), answer
        self.watch = SimpleNamespace(look=lambda: SimpleNamespace(alarm=RevertAlarm.NONE, counts=Reverts()))
        self.views = SimpleNamespace(
            positions=SimpleNamespace(state=self.state), cash=SimpleNamespace(state=CashState(cash_micro=5))
        )
        self.exchange, self.engine = SimpleNamespace(refresh=self.refresh), SimpleNamespace(step=self.step)

    def refresh(self):
        self.refreshed += 1

    def step(self, _ts):
        self.answers.waiting.pop(0)
        self.state.held = held(a=self.answer)

    def reconcile(self, ledger):
        return differences(ledger, snapshot({"a": self.there}))


def test_what_moves_between_hearing_and_reading_is_no_difference_and_what_stays_is():
    paid = Account(there=3, answer=3)
    agree(paid, paid, print)
    assert (paid.refreshed, paid.state.held["a"].size_micro) == (1, 3)
    quiet = Account(there=7, answer=7)
    agree(quiet, quiet, print)
    assert quiet.refreshed == 0
    gone = Account(there=3, answer=7)
    with pytest.raises(ExchangeError, match="MISSING_SHARES a: ours 7, theirs 3"):
        agree(gone, gone, print)


def test_an_alarm_says_how_many_failed_and_how_the_gate_opens_again():
    words = alarm_words(RevertAlarm.ADVERSE, Reverts(settled=17, failed=3))
    assert words.startswith("ALARM: ADVERSE_REVERTS: 3 of 20 settlements failed")
    assert "`whaletrader resume`" in words
