"""One decision from a leader's trade to its attribution, through all agents."""

import pytest

from tests.support.chain import Chain
from tests.support.payloads import (
    ALICE,
    BOB,
    MARKET,
    NO,
    UNIT,
    YES,
    market_data,
    observed,
    operator,
    resolved,
    score,
    terms,
)
from whaletrader.messages.leaders import CopySignal, ScanUniverse, SignalSkipped, UniverseScanned, WhaleDiscovered
from whaletrader.messages.orchestration import OrchestratorDecision
from whaletrader.messages.orders import OrderFilled, OrderReport, RedeemPosition, SettlementUpdated, SubmitOrder
from whaletrader.messages.portfolio import PortfolioAttribution
from whaletrader.messages.risk import ApprovedTrade, RejectedTrade, TradeProposal

START = 10_000 * UNIT


@pytest.fixture
def chain():
    agents = Chain()
    agents.tell(operator("START"))
    agents.tell(scanned(score(), score(wallet=BOB)))
    agents.tell(market_data())
    agents.tell(market_data(token_id=NO, outcome_index=1))
    return agents


def scanned(*scores):
    return UniverseScanned(as_of_ts=0, source="bundle", n_wallets=10, n_qualified=len(scores), scores=scores, funnel=())


def report(order, kind, **changes):
    values = {
        "account_id": "paper",
        "order_hash": order.order_hash,
        "market_id": order.market_id,
        "token_id": order.token_id,
        "kind": kind,
        "exchange_event_id": f"{kind}/{order.order_hash}",
        "trade_id": "",
        "price_micro": 0,
        "size_micro": 0,
        "fee_micro": 0,
        "role": "",
        "cash_micro": 0,
        "reason": "",
    }
    return OrderReport(**{**values, **changes})


def fill(chain, order, price, fee=0):
    """The exchange accepts the order and fills all of it."""
    chain.tell(report(order, "ACCEPTED"))
    told = {"trade_id": f"t/{order.order_hash}", "price_micro": price, "size_micro": order.size_micro, "role": "taker"}
    return chain.tell(report(order, "FILL", fee_micro=fee, **told))


def settle(chain, order):
    """The fill is confirmed."""
    return chain.tell(report(order, "SETTLED", trade_id=f"t/{order.order_hash}", size_micro=order.size_micro))


def copied(chain, **changes):
    """A leader's BUY that becomes an order."""
    chain.tell(observed(**changes))
    return chain.said(SubmitOrder)[-1]


def figures(chain):
    chain.tell(operator("END"))
    return chain.said(PortfolioAttribution)[-1]


def test_a_run_begins_with_a_scan_and_follows_who_is_found(chain):
    assert len(chain.said(ScanUniverse)) == 1
    assert [found.wallet for found in chain.said(WhaleDiscovered)] == [ALICE, BOB]


def test_a_leaders_buy_becomes_an_order_within_the_limits(chain):
    chain.tell(observed())
    signal, decision, proposal, approval, order = (
        chain.said(kind)[-1] for kind in (CopySignal, OrchestratorDecision, TradeProposal, ApprovedTrade, SubmitOrder)
    )
    assert (decision.kind, proposal.signal_id) == ("PROPOSE", decision.graph_id)
    assert (order.market_id, order.token_id, order.side) == (MARKET, YES, "BUY")
    assert order.price_micro <= proposal.limit_price_micro <= signal.reference_price_micro + 20_000
    assert order.price_micro * order.size_micro // UNIT <= START * 2 // 100
    assert approval.bounds.max_cost_micro <= START * 2 // 100


def test_one_correlation_runs_from_the_leaders_trade_to_the_order(chain):
    chain.tell(observed())
    trade = next(message for message in chain.log if message.payload == observed())
    followed = [message for message in chain.log if message.correlation_id == trade.correlation_id]
    assert {"CopySignal", "TradeProposal", "ApprovedTrade", "SubmitOrder"} <= {message.type for message in followed}


def test_the_token_of_the_order_is_the_leaders_token(chain):
    assert copied(chain, token_id=NO, outcome_index=1).token_id == NO


def test_a_winner_is_bought_redeemed_and_attributed_to_its_leader(chain):
    order = copied(chain)
    fill(chain, order, 500_000)
    assert chain.said(OrderFilled)[-1].wallet == ALICE
    assert figures(chain).open_positions == 1
    chain.tell(resolved())
    assert chain.said(RedeemPosition) == [], "what is not settled cannot be redeemed"
    settle(chain, order)
    redeem = chain.said(RedeemPosition)[-1]
    assert (redeem.token_id, redeem.size_micro, redeem.payout_micro) == (YES, order.size_micro, UNIT)
    command = next(message for message in chain.log if message.payload == redeem)
    cash = redeem.size_micro
    chain.tell(report(order, "REDEEMED", order_hash=command.id, size_micro=cash, cash_micro=cash))
    out = figures(chain)
    (leader,) = out.leaders
    assert (leader.wallet, leader.n_closed, leader.n_won) == (ALICE, 1, 1)
    assert leader.realised_micro == order.size_micro // 2
    assert (out.equity_micro, out.positions_micro) == (START + order.size_micro // 2, 0)


def test_a_loser_is_realised_and_leaves_no_position(chain):
    order = copied(chain)
    fill(chain, order, 500_000, fee=1_000)
    settle(chain, order)
    chain.tell(resolved(payouts_micro=(0, UNIT)))
    out = figures(chain)
    assert out.equity_micro == START - order.size_micro // 2 - 1_000
    assert (out.open_positions, out.leaders[0].n_won) == (0, 0)
    assert chain.said(SettlementUpdated)[-1].cash_micro == 0


def test_the_leaders_sale_sells_what_we_hold(chain):
    entry = copied(chain)
    fill(chain, entry, 500_000)
    settle(chain, entry)
    chain.tell(observed(side="SELL", price_micro=600_000), at=3_000)
    out = chain.said(SubmitOrder)[-1]
    assert (out.side, out.token_id, out.size_micro) == ("SELL", YES, entry.size_micro)
    assert out.origin.reduce_only


def test_a_void_fill_leaves_cash_and_leader_as_they_were(chain):
    order = copied(chain)
    fill(chain, order, 500_000, fee=1_000)
    chain.tell(report(order, "FAILED", trade_id=f"t/{order.order_hash}", size_micro=order.size_micro))
    out = figures(chain)
    assert (out.equity_micro, out.cash_micro, out.open_positions) == (START, START, 0)
    assert [(each.realised_micro, each.fees_micro, each.n_fills) for each in out.leaders] == [(0, 0, 0)]


def test_an_order_that_was_rejected_may_be_tried_again(chain):
    order = copied(chain)
    chain.tell(report(order, "REJECTED", reason="SIZE_BELOW_MINIMUM"))
    again = copied(chain)
    assert again.order_hash != order.order_hash


def test_a_second_buy_while_the_order_lives_is_skipped(chain):
    copied(chain)
    chain.tell(observed())
    assert chain.said(SignalSkipped)[-1].reason == "ALREADY_COPIED"
    assert len(chain.said(SubmitOrder)) == 1


def test_leaders_against_each_other_are_not_both_copied(chain):
    copied(chain)
    chain.tell(observed(wallet=BOB, token_id=NO, outcome_index=1))
    assert chain.said(OrchestratorDecision)[-1].reason == "LEADER_CONFLICT"
    assert len(chain.said(SubmitOrder)) == 1


def test_a_market_that_the_kernel_does_not_trade_is_denied_not_ordered(chain):
    combo = "0x" + "c3" * 31
    chain.tell(market_data(market_id=combo, token_id="9", terms=terms(token_ids=("9", "10"), market_version="unknown")))
    chain.tell(observed(market_id=combo, token_id="9"))
    assert "UNKNOWN_MARKET_VERSION" in chain.said(RejectedTrade)[-1].reasons
    assert chain.said(SubmitOrder) == []


def test_after_the_kill_nothing_is_copied_any_more(chain):
    chain.tell(operator("KILL"))
    chain.tell(observed())
    assert chain.said(SubmitOrder) == []


def test_eighty_leaders_in_a_burst_do_not_over_commit_the_account():
    chain = Chain()
    chain.tell(operator("START"))
    wallets = [f"0x{index:040x}" for index in range(1, 81)]
    chain.tell(
        scanned(*(score(wallet=wallet, edge_lower_micro=10_000 + index) for index, wallet in enumerate(wallets)))
    )
    for index, wallet in enumerate(wallets):
        tokens = (f"{index}1", f"{index}2")
        market = f"0x{index:064x}"
        own = terms(token_ids=tokens, event_group_id=market)
        chain.tell(market_data(market_id=market, token_id=tokens[0], terms=own))
        chain.tell(observed(market_id=market, token_id=tokens[0], wallet=wallet))
    reserved = sum(approval.reserved_micro for approval in chain.said(ApprovedTrade))
    assert 0 < len(chain.said(ApprovedTrade)) <= 20
    assert reserved <= START


def test_the_same_facts_lead_to_the_same_log_with_and_without_restarts():
    def told(restarting):
        chain = Chain()
        chain.tell(operator("START"))
        for step in (scanned(score()), market_data(), observed(), observed(side="SELL"), resolved()):
            chain.tell(step)
            if restarting:
                chain.restart()
        return chain.log

    assert told(restarting=True) == told(restarting=False)
