"""Splits, merges, redemptions and conversions: what may be moved, and that nothing is made or lost on the way."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_orders import CONDITION, NO, START, YES, Orders, market, wallet
from whaletrader.adapters.paper.server import positions
from whaletrader.adapters.paper.server.types import PositionMoved, Refusal, SettlementFaults, VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import MICRO, NANOS

SECOND = NANOS
EVENT = "0x" + "ee" * 31 + "00"
LATER = START + 60 * SECOND


def question(number: int) -> Any:
    return market(
        condition_id=f"0x{number:064x}",
        token_ids=(f"20{number}0", f"20{number}1"),
        question_id=f"0x{'ee' * 31}{number:02x}",
        neg_risk=True,
        neg_risk_market_id=EVENT,
    )


def make(*more: Any, faults: SettlementFaults | None = None) -> tuple[Venue, list[PositionMoved]]:
    rules = VenueRules(genesis_ns=START, faults=faults or SettlementFaults())
    venue, moved = Venue(rules), []
    venue.listen(lambda event: moved.append(event) if isinstance(event, PositionMoved) else None)
    for each in (market(), *more):
        venue.add_market(each, START)
    venue.open_account(wallet(1), cash_micro=100 * MICRO)
    return venue, moved


def test_nothing_moves_before_its_block_and_what_goes_out_is_taken_at_once() -> None:
    venue, moved = make()
    transaction = venue.split(wallet(1), CONDITION, 60 * MICRO, START)
    assert isinstance(transaction, str)
    assert (venue.receipt(transaction), moved, venue.accounts[wallet(1)].tokens) == (None, [], {})
    assert venue.available_cash(wallet(1)) == 40 * MICRO
    assert venue.split(wallet(1), CONDITION, 41 * MICRO, START) == positions.NOT_ENOUGH
    venue.advance(LATER)
    assert venue.accounts[wallet(1)].tokens == {YES: 60 * MICRO, NO: 60 * MICRO}
    assert [(event.kind, event.transaction_hash) for event in moved] == [("SPLIT", transaction)]


def test_a_merge_needs_both_outcomes_and_counts_what_is_on_its_way_out() -> None:
    venue, _ = make()
    venue.deposit(wallet(1), tokens={YES: 10 * MICRO, NO: 6 * MICRO})
    assert venue.merge(wallet(1), CONDITION, 7 * MICRO, START) == positions.NOT_ENOUGH
    assert isinstance(venue.merge(wallet(1), CONDITION, 4 * MICRO, START), str)
    assert venue.merge(wallet(1), CONDITION, 3 * MICRO, START) == positions.NOT_ENOUGH
    assert isinstance(venue.merge(wallet(1), CONDITION, 2 * MICRO, START), str)
    venue.advance(LATER)
    assert venue.accounts[wallet(1)].tokens == {YES: 4 * MICRO}
    assert venue.accounts[wallet(1)].cash_micro == 106 * MICRO


@pytest.mark.parametrize("amount", [0, -1])
def test_amounts_that_are_not_positive_and_unknown_markets_are_refused(amount: int) -> None:
    venue, _ = make(question(0))
    assert venue.split(wallet(1), CONDITION, amount, START) == positions.NO_AMOUNT
    assert venue.merge(wallet(1), CONDITION, amount, START) == positions.NO_AMOUNT
    assert venue.convert(wallet(1), [question(0).condition_id], amount, START) == positions.NOT_CONVERTIBLE
    for told in (venue.split, venue.merge):
        assert told(wallet(1), "0x9", MICRO, START) == positions.NO_AMOUNT
    assert venue.redeem(wallet(1), "0x9", START) == positions.NOT_RESOLVED


def test_an_address_that_nobody_opened_holds_nothing_to_move() -> None:
    venue, _ = make(question(0), question(1))
    answers = [
        venue.split(wallet(9), CONDITION, MICRO, START),
        venue.merge(wallet(9), CONDITION, MICRO, START),
        venue.convert(wallet(9), [question(0).condition_id], MICRO, START),
    ]
    venue.resolve(CONDITION, (MICRO, 0), START)
    assert answers == [positions.NOT_ENOUGH] * 3
    assert venue.redeem(wallet(9), CONDITION, START) == positions.NO_POSITION


@pytest.mark.parametrize(
    ("payouts", "cash"), [((MICRO, 0), 7_000_001), ((0, MICRO), 3_000_001), ((MICRO // 2, MICRO // 2), 5_000_000)]
)
def test_a_redemption_pays_each_outcome_rounded_down_and_only_once(payouts: tuple[int, int], cash: int) -> None:
    venue, moved = make()
    venue.deposit(wallet(1), tokens={YES: 7_000_001, NO: 3_000_001})
    assert venue.redeem(wallet(1), CONDITION, START) == positions.NOT_RESOLVED
    venue.resolve(CONDITION, payouts, START)
    assert isinstance(venue.redeem(wallet(1), CONDITION, START), str)
    assert venue.redeem(wallet(1), CONDITION, START) == positions.NO_POSITION
    venue.advance(LATER)
    assert venue.redeem(wallet(1), CONDITION, LATER) == positions.NO_POSITION
    assert (venue.accounts[wallet(1)].cash_micro, venue.accounts[wallet(1)].tokens) == (100 * MICRO + cash, {})
    assert [(event.kind, event.amount_micro, event.cash_micro) for event in moved] == [("REDEEM", 10_000_002, cash)]


def test_worthless_shares_are_burnt_for_nothing() -> None:
    venue, moved = make()
    venue.deposit(wallet(1), tokens={NO: 5 * MICRO})
    venue.resolve(CONDITION, (MICRO, 0), START)
    venue.redeem(wallet(1), CONDITION, START)
    venue.advance(LATER)
    assert (venue.accounts[wallet(1)].cash_micro, venue.accounts[wallet(1)].tokens) == (100 * MICRO, {})
    assert moved[0].cash_micro == 0


def test_shares_that_a_match_has_taken_cannot_be_moved_again() -> None:
    venue, _ = make()
    orders = Orders()
    venue.open_account(wallet(2), cash_micro=100 * MICRO)
    venue.deposit(wallet(1), tokens={YES: 10 * MICRO, NO: 10 * MICRO})
    venue.place(orders.limit(1, "SELL", YES, 0.4, 10), START)
    venue.place(orders.limit(2, "BUY", YES, 0.4, 10), START)
    assert venue.merge(wallet(1), CONDITION, MICRO, START) == positions.NOT_ENOUGH
    venue.resolve(CONDITION, (MICRO, 0), START)
    venue.redeem(wallet(1), CONDITION, START)
    venue.advance(LATER)
    assert venue.accounts[wallet(1)].tokens == {}
    assert venue.accounts[wallet(1)].cash_micro == 104 * MICRO


def test_a_block_that_is_undone_takes_its_positions_back_until_the_next_one() -> None:
    venue, moved = make(faults=SettlementFaults(reorg_micro=MICRO))
    venue.split(wallet(1), CONDITION, 60 * MICRO, START)
    cash = venue.accounts[wallet(1)].cash_micro
    for blocks in (1, 2, 3):
        venue.advance(START + 2 * blocks * SECOND)
        assert venue.accounts[wallet(1)].tokens == {YES: 60 * MICRO, NO: 60 * MICRO}
        assert venue.accounts[wallet(1)].cash_micro == cash - 60 * MICRO
        venue.advance(START + 2 * (blocks + 1) * SECOND - 1)
        assert venue.accounts[wallet(1)].tokens == {}
        assert venue.available_cash(wallet(1)) == cash - 60 * MICRO
        assert venue.accounts[wallet(1)].cash_micro == cash
        assert len(moved) == blocks


def test_only_questions_of_one_event_are_converted_together() -> None:
    stranger = market(condition_id="0x7", token_ids=("71", "72"), neg_risk=True, neg_risk_market_id="0x" + "f" * 64)
    venue, _ = make(question(0), question(1), stranger)
    first = question(0).condition_id
    for asked in ([], ["0x9"], [CONDITION], [first, CONDITION], [first, "0x9"], [first, "0x7"]):
        assert venue.convert(wallet(1), asked, MICRO, START) == positions.NOT_CONVERTIBLE, asked
    assert venue.convert(wallet(1), [first], MICRO, START) == positions.NOT_ENOUGH


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.sets(st.integers(0, 4), min_size=1), st.integers(1, 20))
def test_a_conversion_is_worth_the_same_whichever_question_comes_true(
    questions: int, chosen: set[int], shares: int
) -> None:
    """The oracle: No of k questions pays k, less one if one of them comes true; so must what is got for it."""
    chosen = {number for number in chosen if number < questions} or {0}
    venue, _ = make(*(question(number) for number in range(questions)))
    venue.deposit(wallet(1), tokens={f"20{number}1": 20 * MICRO for number in chosen})
    asked = [question(number).condition_id for number in sorted(chosen)]
    before = worths(venue, questions)
    assert isinstance(venue.convert(wallet(1), asked * 2, shares * MICRO, START), str)
    venue.advance(LATER)
    assert worths(venue, questions) == before
    assert all(venue.accounts[wallet(1)].tokens.get(f"20{number}1", 0) == (20 - shares) * MICRO for number in chosen)


def worths(venue: Venue, questions: int) -> list[int]:
    """What the account would have after each question's coming true, all others false."""
    account = venue.accounts[wallet(1)]
    held = Counter(account.tokens)
    return [
        account.cash_micro + sum(held[f"20{each}{0 if each == true else 1}"] for each in range(questions))
        for true in range(questions)
    ]


def test_every_refusal_is_the_contracts_own_in_one_line() -> None:
    refusals = [each for each in vars(positions).values() if isinstance(each, Refusal)]
    assert len(refusals) == 5
    assert all(each.status == 400 and each.message.startswith("execution reverted: ") for each in refusals)
