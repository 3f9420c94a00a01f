"""A leader who leaves one outcome by buying the other: we follow, merge and have our money back, through all agents."""

import pytest

from tests.integration.test_decision_chain import START, copied, figures, fill, report, scanned, settle
from tests.support.chain import Chain
from tests.support.payloads import (
    ALICE,
    MARKET,
    NO,
    UNIT,
    YES,
    changed,
    market_data,
    observed,
    operator,
    resolved,
    score,
)
from whaletrader.messages.leaders import SignalSkipped
from whaletrader.messages.orders import MergePositions, RedeemPosition, SettlementUpdated, SubmitOrder
from whaletrader.messages.risk import ApprovedTrade


@pytest.fixture
def chain():
    agents = Chain()
    agents.tell(operator("START"))
    agents.tell(scanned(score()))
    agents.tell(market_data())
    agents.tell(market_data(token_id=NO, outcome_index=1, price_micro=490_000))
    return agents


def both(chain):
    """Follow the leader into YES and, when that is no churn any more, into NO; both are filled and confirmed."""
    first = copied(chain)
    fill(chain, first, 500_000, fee=11)
    settle(chain, first)
    chain.tell(market_data(token_id=NO, outcome_index=1, price_micro=480_000), at=10_000)
    chain.tell(market_data())
    second = copied(chain, token_id=NO, outcome_index=1, price_micro=480_000)
    assert second.token_id == NO
    fill(chain, second, 480_000, fee=7)
    settle(chain, second)
    return first, second


def answered(chain, order, kind="MERGED"):
    """The exchange answers the newest merge."""
    command = next(message for message in reversed(chain.log) if message.type == "MergePositions")
    size = command.payload.size_micro
    told = {"size_micro": size, "cash_micro": size if kind == "MERGED" else 0, "token_id": ""}
    return chain.tell(report(order, kind, order_hash=command.id, exchange_event_id=f"{command.id}/{kind}", **told))


def test_the_money_of_both_outcomes_is_free_again_and_the_leader_has_his_profit(chain):
    first, second = both(chain)
    (merge,) = chain.said(MergePositions)
    sets = min(first.size_micro, second.size_micro)
    assert (merge.market_id, merge.token_ids, merge.size_micro) == (MARKET, (YES, NO), sets)
    paid = -(-first.size_micro * 500_000 // UNIT) + -(-second.size_micro * 480_000 // UNIT) + 18
    assert figures(chain).cash_micro == START - paid
    answered(chain, second)
    out = figures(chain)
    (leader,) = out.leaders
    assert out.cash_micro == START - paid + sets
    assert (leader.wallet, leader.fees_micro) == (ALICE, 18)
    assert leader.realised_micro + leader.marked_micro - leader.fees_micro == out.equity_micro - START
    risk = next(agent for agent in chain.agents if agent.agent.name == "risk_management").state.book
    assert risk.cash_micro == out.cash_micro
    assert sum(each.size_micro for each in risk.positions.values()) == first.size_micro + second.size_micro - 2 * sets


def test_when_the_leader_leaves_what_is_left_only_that_is_sold(chain):
    first, second = both(chain)
    answered(chain, second)
    left = first.size_micro - min(first.size_micro, second.size_micro)
    more = second.size_micro - min(first.size_micro, second.size_micro)
    sales = len(chain.said(SubmitOrder))
    chain.tell(observed(side="SELL", token_id=YES, price_micro=500_000), at=20_000)
    chain.tell(observed(side="SELL", token_id=NO, price_micro=480_000), at=20_000)
    approved = [each.bounds.max_size_micro for each in chain.said(ApprovedTrade) if each.bounds.side == "SELL"]
    assert all(size in {left, more} for size in approved)
    assert all(order.size_micro in {left, more} for order in chain.said(SubmitOrder)[sales:])


def test_a_merge_refused_by_the_kill_latch_is_made_when_the_operator_resumes(chain):
    _, second = both(chain)
    answered(chain, second, "NOT_SENT")
    assert len(chain.said(MergePositions)) == 1
    chain.tell(operator("RESUME"))
    assert len(chain.said(MergePositions)) == 2
    answered(chain, second)
    assert [each.status for each in chain.said(SettlementUpdated)][-1] == "MERGED"


def test_a_restart_at_any_point_changes_nothing(chain):
    whole = Chain()
    for agents, restarts in ((whole, False), (chain, True)):
        if agents is whole:
            agents.tell(operator("START"))
            agents.tell(scanned(score()))
            agents.tell(market_data())
            agents.tell(market_data(token_id=NO, outcome_index=1, price_micro=490_000))
        if restarts:
            agents.restart()
        _, second = both(agents)
        if restarts:
            agents.restart()
        answered(agents, second)
        if restarts:
            agents.restart()
        agents.tell(resolved())
    assert [message.payload for message in whole.log] == [message.payload for message in chain.log]
    assert len(chain.said(MergePositions)) == 1
    assert all(redeem.size_micro > 0 for redeem in chain.said(RedeemPosition))


def test_a_leaders_merge_of_a_part_has_us_sell_that_part(chain):
    entry = copied(chain)
    fill(chain, entry, 500_000)
    settle(chain, entry)
    chain.tell(market_data(), at=20_000)
    chain.tell(changed(size_micro=40 * UNIT))
    out = chain.said(SubmitOrder)[-1]
    assert (out.side, out.token_id, out.origin.reduce_only) == ("SELL", YES, True)
    assert out.size_micro == entry.size_micro * 40 // 100 // 10_000 * 10_000
    change = next(message for message in chain.log if message.type == "WhalePositionChanged")
    order = next(message for message in reversed(chain.log) if message.type == "SubmitOrder")
    assert order.correlation_id == change.id


def test_a_leaders_merge_of_what_we_merge_ourselves_sells_nothing(chain):
    first, second = both(chain)
    sales = len(chain.said(SubmitOrder))
    chain.tell(changed(size_micro=1))
    chain.tell(changed(size_micro=1, token_id=NO, outcome_index=1))
    assert [each.reason for each in chain.said(SignalSkipped)][-2:] == ["MERGED_INSTEAD"] * 2
    assert len(chain.said(SubmitOrder)) == sales
    answered(chain, second)
    assert first.size_micro != second.size_micro
